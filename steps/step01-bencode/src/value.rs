//! The decoded document: a flat list of nodes over the input, and the values that read it.

use std::ops::Range;

use crate::error::Quirk;

// ANCHOR: node
/// One value, in 16 bytes. Everything else is read from the input when it is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    /// Where the value starts in the input.
    pub start: u32,
    /// One past its last byte.
    pub end: u32,
    /// Where the content starts: after the colon of a string, after the letter of the others.
    pub content: u32,
    /// The index of the node after this value and all that is inside it.
    pub next: u32,
}
// ANCHOR_END: node

// ANCHOR: document
/// A decoded input. Its values are nodes in one flat list, in the order of their first bytes:
/// the children of a list follow it at once, then comes what stands after the list.
#[derive(Debug)]
pub struct Document<'a> {
    pub(crate) input: &'a [u8],
    pub(crate) nodes: Vec<Node>,
    pub(crate) quirks: Vec<Quirk>,
}
// ANCHOR_END: document

impl<'a> Document<'a> {
    /// The outermost value.
    pub fn root(&self) -> Value<'_, 'a> {
        Value {
            document: self,
            index: 0,
        }
    }

    /// What lenient decoding forgave, in the order of the input; at most the first 100 of them.
    /// Always empty after strict decoding.
    pub fn quirks(&self) -> &[Quirk] {
        &self.quirks
    }

    /// How many values there are, dictionary keys included.
    pub fn value_count(&self) -> usize {
        self.nodes.len()
    }
}

/// The four kinds of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A byte string, `4:spam`. Bytes, not text: any byte may occur.
    Bytes,
    /// An integer, `i42e`.
    Int,
    /// A list, `l4:spami42ee`.
    List,
    /// A dictionary, `d3:bar4:spam3:fooi42ee`.
    Dict,
}

// ANCHOR: value
/// One value of a [`Document`].
#[derive(Clone, Copy)]
pub struct Value<'d, 'a> {
    document: &'d Document<'a>,
    index: u32,
}

impl<'d, 'a> Value<'d, 'a> {
    /// Where the value stands in the input, from its first byte to one past its last.
    pub fn span(self) -> Range<usize> {
        let node = self.node();
        node.start as usize..node.end as usize
    }

    /// The bytes the value was written with, exactly as they are in the input.
    pub fn raw(self) -> &'a [u8] {
        &self.document.input[self.span()]
    }

    /// Which of the four kinds it is: the first byte tells.
    pub fn kind(self) -> Kind {
        match self.document.input[self.node().start as usize] {
            b'i' => Kind::Int,
            b'l' => Kind::List,
            b'd' => Kind::Dict,
            _ => Kind::Bytes,
        }
    }
}
// ANCHOR_END: value

impl<'d, 'a> Value<'d, 'a> {
    fn node(self) -> Node {
        self.document.nodes[self.index as usize]
    }

    // ANCHOR: read
    /// The content, if this is a byte string.
    pub fn as_bytes(self) -> Option<&'a [u8]> {
        let node = self.node();
        let content = &self.document.input[node.content as usize..node.end as usize];
        (self.kind() == Kind::Bytes).then_some(content)
    }

    /// The content, if this is a byte string that holds UTF-8.
    pub fn as_str(self) -> Option<&'a str> {
        std::str::from_utf8(self.as_bytes()?).ok()
    }

    /// The number as it is written, if this is an integer. It may be too long for any type.
    pub fn digits(self) -> Option<&'a str> {
        if self.kind() != Kind::Int {
            return None;
        }
        let node = self.node();
        let digits = &self.document.input[node.content as usize..node.end as usize - 1];
        std::str::from_utf8(digits).ok()
    }

    /// The number, if this is an integer between -2^63 and 2^63 - 1.
    pub fn as_int(self) -> Option<i64> {
        self.digits()?.parse().ok()
    }
    // ANCHOR_END: read

    // ANCHOR: inside
    /// The values of the list, if this is a list.
    pub fn list(self) -> Option<List<'d, 'a>> {
        (self.kind() == Kind::List).then(|| List(self.children()))
    }

    /// The keys and values of the dictionary in the order of the input, if this is a dictionary.
    pub fn dict(self) -> Option<Dict<'d, 'a>> {
        (self.kind() == Kind::Dict).then(|| Dict(self.children()))
    }

    /// The value under a key, if this is a dictionary that has it. It reads the keys one by one.
    pub fn get(self, key: impl AsRef<[u8]>) -> Option<Value<'d, 'a>> {
        let mut pairs = self.dict()?;
        let (_, value) = pairs.find(|(found, _)| *found == key.as_ref())?;
        Some(value)
    }
    // ANCHOR_END: inside

    /// The values directly inside this one: of a list its values, of a dictionary key, value, key,
    /// value and so on, of a string or an integer none.
    pub fn children(self) -> Children<'d, 'a> {
        Children {
            document: self.document,
            next: self.index + 1,
            end: self.node().next,
        }
    }
}

impl std::fmt::Debug for Value<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = &self.raw()[..self.raw().len().min(60)];
        write!(
            f,
            "{:?} {:?} {}",
            self.span(),
            self.kind(),
            shown.escape_ascii()
        )
    }
}

/// Iterator over the values directly inside a list or a dictionary.
#[derive(Debug, Clone)]
pub struct Children<'d, 'a> {
    document: &'d Document<'a>,
    next: u32,
    end: u32,
}

impl<'d, 'a> Iterator for Children<'d, 'a> {
    type Item = Value<'d, 'a>;

    fn next(&mut self) -> Option<Value<'d, 'a>> {
        // ANCHOR: yours_next (chapter 1, "Asking a value")
        if self.next == self.end {
            return None;
        }
        let child = Value {
            document: self.document,
            index: self.next,
        };
        self.next = child.node().next;
        Some(child)
        // ANCHOR_END: yours_next
    }
}

/// Iterator over the values of a list.
#[derive(Debug, Clone)]
pub struct List<'d, 'a>(Children<'d, 'a>);

impl<'d, 'a> Iterator for List<'d, 'a> {
    type Item = Value<'d, 'a>;

    fn next(&mut self) -> Option<Value<'d, 'a>> {
        self.0.next()
    }
}

/// Iterator over the keys and values of a dictionary, in the order of the input.
#[derive(Debug, Clone)]
pub struct Dict<'d, 'a>(Children<'d, 'a>);

impl<'d, 'a> Iterator for Dict<'d, 'a> {
    type Item = (&'a [u8], Value<'d, 'a>);

    fn next(&mut self) -> Option<(&'a [u8], Value<'d, 'a>)> {
        let key = self.0.next()?.as_bytes()?;
        Some((key, self.0.next()?))
    }
}
