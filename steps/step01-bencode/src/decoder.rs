//! The decoder: one loop over the input and a list of what is open, instead of functions that
//! call themselves.

use crate::canonical::Canonical;
use crate::error::{Error, Problem};
use crate::value::{Document, Kind, Node};
use crate::{Mode, Options};

// ANCHOR: decoder
pub(crate) struct Decoder<'a> {
    input: &'a [u8],
    /// The offset of the next byte to read.
    at: usize,
    nodes: Vec<Node>,
    /// The lists and dictionaries that have begun and not ended, outermost first.
    open: Vec<Open>,
    /// The rules of canonical bencode, and what broke them.
    canonical: Canonical,
    options: Options,
}

/// A list or dictionary that has begun and not ended.
struct Open {
    /// Its node.
    node: usize,
    kind: Kind,
    /// In a dictionary: the node of the last key, if there was one.
    last_key: Option<usize>,
    /// In a dictionary: a key has been read, and its value must follow.
    needs_value: bool,
}
// ANCHOR_END: decoder

impl<'a> Decoder<'a> {
    pub fn new(input: &'a [u8], options: Options) -> Decoder<'a> {
        Decoder {
            input,
            at: 0,
            nodes: Vec::new(),
            open: Vec::new(),
            canonical: Canonical::new(options.mode == Mode::Strict),
            options,
        }
    }

    // ANCHOR: run
    /// Reads value after value until the outermost one has ended.
    pub fn run(mut self) -> Result<Document<'a>, Error> {
        self.check_size()?;
        loop {
            match self.peek()? {
                b'i' => self.integer()?,
                b'0'..=b'9' => self.string()?,
                b'l' => self.begin(Kind::List)?,
                b'd' => self.begin(Kind::Dict)?,
                b'e' => self.end()?,
                byte => return Err(self.error(Problem::UnexpectedByte(byte))),
            }
            if self.open.is_empty() {
                break;
            }
        }
        self.canonical.at_the_end(self.at, self.input.len())?;
        Ok(Document {
            input: self.input,
            nodes: self.nodes,
            quirks: self.canonical.into_quirks(),
        })
    }
    // ANCHOR_END: run

    // ANCHOR: containers
    /// `l` or `d`: from here on, values go inside.
    fn begin(&mut self, kind: Kind) -> Result<(), Error> {
        let node = self.push(kind, self.at, self.at + 1)?;
        if self.open.len() >= self.options.limits.max_depth {
            return Err(self.error(Problem::TooDeep(self.options.limits.max_depth)));
        }
        self.at += 1;
        self.open.push(Open {
            node,
            kind,
            last_key: None,
            needs_value: false,
        });
        Ok(())
    }

    /// `e`: the innermost list or dictionary is complete.
    fn end(&mut self) -> Result<(), Error> {
        // ANCHOR: yours_end (chapter 1, "The loop")
        match self.open.last() {
            None => return Err(self.error(Problem::NothingToEnd)),
            Some(open) if open.needs_value => return Err(self.error(Problem::KeyWithoutValue)),
            Some(open) => {
                let node = open.node;
                self.at += 1;
                self.nodes[node].end = self.at as u32;
                self.nodes[node].next = self.nodes.len() as u32;
            }
        }
        self.open.pop();
        Ok(())
        // ANCHOR_END: yours_end
    }
    // ANCHOR_END: containers

    // ANCHOR: integer
    /// `i`, a number, `e`.
    fn integer(&mut self) -> Result<(), Error> {
        // ANCHOR: yours_integer (chapter 1, "The loop")
        let start = self.at;
        let node = self.push(Kind::Int, start, start + 1)?;
        self.at += 1;
        if self.peek()? == b'-' {
            self.at += 1;
        }
        self.digits(b'e')?;
        self.canonical.number(self.input, start + 1..self.at)?;
        self.at += 1;
        self.nodes[node].end = self.at as u32;
        Ok(())
        // ANCHOR_END: yours_integer
    }
    // ANCHOR_END: integer

    // ANCHOR: string
    /// A length, `:`, and that many bytes.
    fn string(&mut self) -> Result<(), Error> {
        // ANCHOR: yours_string (chapter 1, "The loop")
        let start = self.at;
        let node = self.push(Kind::Bytes, start, start)?;
        let claimed = self.digits(b':')?;
        self.canonical.number(self.input, start..self.at)?;
        self.at += 1;

        let claimed = claimed.ok_or(Error {
            offset: start,
            problem: Problem::LengthTooLarge,
        })?;
        let left = self.input.len() - self.at;
        if claimed > left as u64 {
            return Err(Error {
                offset: start,
                problem: Problem::StringTooLong { claimed, left },
            });
        }
        self.nodes[node].content = self.at as u32;
        self.at += claimed as usize;
        self.nodes[node].end = self.at as u32;
        self.after_string(node)
        // ANCHOR_END: yours_string
    }
    // ANCHOR_END: string

    // ANCHOR: digits
    /// Reads digits up to the byte that ends them, and stops in front of it. `None` if the number
    /// fits in no 64 bits.
    fn digits(&mut self, end: u8) -> Result<Option<u64>, Error> {
        // ANCHOR: yours_digits (chapter 1, "The loop")
        let first = self.at;
        let mut number = Some(0_u64);
        loop {
            match self.peek()? {
                digit @ b'0'..=b'9' => {
                    number = number
                        .and_then(|number| number.checked_mul(10))
                        .and_then(|number| number.checked_add(u64::from(digit - b'0')));
                    self.at += 1;
                }
                byte if byte == end && self.at > first => return Ok(number),
                byte => return Err(self.error(Problem::NotADigit(byte))),
            }
        }
        // ANCHOR_END: yours_digits
    }
    // ANCHOR_END: digits

    // ANCHOR: push
    /// Adds the node of a value that begins here. In a dictionary it is a key or a key's value, in
    /// turn.
    fn push(&mut self, kind: Kind, start: usize, content: usize) -> Result<usize, Error> {
        if self.nodes.len() >= self.options.limits.max_values {
            let limit = self.options.limits.max_values;
            return Err(self.error(Problem::TooManyValues(limit)));
        }
        if let Some(open) = self.open.last_mut()
            && open.kind == Kind::Dict
        {
            if !open.needs_value && kind != Kind::Bytes {
                let byte = self.input[start];
                return Err(self.error(Problem::KeyNotString(byte)));
            }
            open.needs_value = !open.needs_value;
        }
        let index = self.nodes.len();
        self.nodes.push(Node {
            start: start as u32,
            end: start as u32,
            content: content as u32,
            next: index as u32 + 1,
        });
        Ok(index)
    }
    // ANCHOR_END: push

    /// A string that was a key must stand after the key before it.
    fn after_string(&mut self, node: usize) -> Result<(), Error> {
        let Some(open) = self.open.last_mut() else {
            return Ok(());
        };
        // `push` has turned: a value is needed now, so this string was the key.
        if open.kind == Kind::Dict && open.needs_value {
            let last = open.last_key.replace(node).map(|last| self.nodes[last]);
            self.canonical
                .key(self.input, last.as_ref(), &self.nodes[node])?;
        }
        Ok(())
    }

    fn peek(&self) -> Result<u8, Error> {
        let byte = self.input.get(self.at).copied();
        byte.ok_or_else(|| self.error(Problem::UnexpectedEnd))
    }

    fn error(&self, problem: Problem) -> Error {
        Error {
            offset: self.at,
            problem,
        }
    }

    fn check_size(&self) -> Result<(), Error> {
        let limit = self.options.limits.max_size.min(u32::MAX as usize);
        match self.input.len() {
            0 => Err(self.error(Problem::Empty)),
            size if size > limit => Err(self.error(Problem::TooLarge { size, limit })),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
