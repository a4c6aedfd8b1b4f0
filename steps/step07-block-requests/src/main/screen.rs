//! What happens between us and a peer, drawn for a person.

use std::io::{self, Write};

use blocks::blocking::{Moment, Seen};
use blocks::{BlockHeader, BlockRequest, Geometry, Part};
use messages::Message;

/// The most columns that the piece is drawn in.
const COLUMNS: usize = 32;

/// A line for each moment: when, what, how many requests are out, and the piece so far.
pub struct Screen<'a, W> {
    geometry: Geometry,
    out: &'a mut W,
    /// Which blocks of the piece are whole, once there is a piece.
    blocks: Vec<bool>,
    /// The first error of `out`; nothing is written after it.
    result: io::Result<()>,
}

impl<'a, W: Write> Screen<'a, W> {
    pub fn new(geometry: Geometry, out: &'a mut W) -> Screen<'a, W> {
        Screen {
            geometry,
            out,
            blocks: Vec::new(),
            result: Ok(()),
        }
    }

    /// This piece is being fetched now.
    pub fn begin(&mut self, piece: u32) {
        let count = self.geometry.blocks_in(piece);
        self.blocks = vec![false; count as usize];
        let last = self.geometry.block(piece, count - 1).len;
        let bytes = self.geometry.piece_len(piece);
        let what = match count {
            1 => format!("piece {piece}: {bytes} bytes, one block"),
            _ => format!("piece {piece}: {bytes} bytes, {count} blocks, the last of {last} bytes"),
        };
        let head = format!(
            "\n{what}\n\n{:>9}     {:<46} on their way",
            "ms after", "what"
        );
        self.line(&head);
    }

    /// Whether all could be written.
    pub fn end(&mut self) -> io::Result<()> {
        std::mem::replace(&mut self.result, Ok(()))
    }

    /// Shows what happened.
    pub fn show(&mut self, Moment { at, seen, out }: Moment<'_>) {
        let (arrow, what) = match seen {
            Seen::Sent(message) => ("->", message.name().to_owned()),
            Seen::Asked(blocks) => ("->", format!("request {}", self.names(blocks))),
            Seen::Heard(message) => ("<-", self.heard(message)),
            Seen::Payload {
                header,
                parts,
                whole,
            } => {
                for &block in whole {
                    self.blocks[number(block)] = true;
                }
                ("<-", self.payload(header, parts, whole))
            }
        };
        let milliseconds = at.as_secs_f64() * 1000.0;
        let bar = self.bar();
        let line = format!("{milliseconds:>9.1}  {arrow} {what:<46} {out:>5}  {bar}");
        self.line(line.trim_end());
    }

    fn line(&mut self, line: &str) {
        if self.result.is_ok() {
            self.result = writeln!(self.out, "{line}").and_then(|()| self.out.flush());
        }
    }

    fn heard(&self, message: &Message) -> String {
        match message {
            Message::Have(piece) => format!("have piece {piece}"),
            Message::Bitfield(bytes) => {
                let count: u32 = bytes.iter().map(|byte| byte.count_ones()).sum();
                format!("bitfield: {count} of {} pieces", self.geometry.pieces())
            }
            Message::Choke => "choke: what was asked for will not come".to_owned(),
            Message::Skipped(id) | Message::Later { id, .. } => {
                format!("{} (skipped)", messages::name(*id))
            }
            other => other.name().to_owned(),
        }
    }

    /// A payload, in words.
    fn payload(&self, header: BlockHeader, parts: &[Part], whole: &[BlockRequest]) -> String {
        let BlockHeader { piece, offset, len } = header;
        if let ([part], [block]) = (parts, whole)
            && part.len == block.len
        {
            return format!("block {}", number(*block));
        }
        let texts: Vec<String> = parts
            .iter()
            .map(|part| Screen::<W>::part(part, whole))
            .collect();
        match parts {
            [Part { target: None, .. }] => {
                format!("{len} bytes of piece {piece} at {offset}: not asked for")
            }
            _ => format!("{len} bytes: {}", texts.join(", ")),
        }
    }

    fn part(part: &Part, whole: &[BlockRequest]) -> String {
        let Some(target) = part.target else {
            return format!("{} not asked for", part.len);
        };
        let block = number(target.request);
        if part.len == target.request.len {
            format!("block {block}")
        } else if whole.contains(&target.request) {
            format!("the rest of block {block}")
        } else {
            format!("a part of block {block}")
        }
    }

    /// Blocks by their numbers in the piece, neighbours together: `blocks 0 to 7, 9`.
    fn names(&self, blocks: &[BlockRequest]) -> String {
        let mut runs: Vec<[usize; 2]> = Vec::new();
        for &block in blocks {
            let index = number(block);
            match runs.last_mut() {
                Some([_, last]) if *last + 1 == index => *last = index,
                _ => runs.push([index, index]),
            }
        }
        let texts: Vec<String> = runs
            .iter()
            .map(|[first, last]| match last - first {
                0 => first.to_string(),
                _ => format!("{first} to {last}"),
            })
            .collect();
        let noun = if blocks.len() == 1 { "block" } else { "blocks" };
        format!("{noun} {}", texts.join(", "))
    }

    /// The piece: a character for each block, or for several where there are many.
    fn bar(&self) -> String {
        let each = self.blocks.len().div_ceil(COLUMNS).max(1);
        self.blocks
            .chunks(each)
            .map(
                |blocks| match blocks.iter().filter(|&&whole| whole).count() {
                    0 => '.',
                    count if count == blocks.len() => '#',
                    _ => '+',
                },
            )
            .collect()
    }
}

/// A block's number in its piece.
fn number(block: BlockRequest) -> usize {
    (block.offset / blocks::BLOCK) as usize
}
