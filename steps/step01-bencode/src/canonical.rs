//! The rules that give every value exactly one spelling (BEP 3). Strict decoding refuses what
//! breaks them; lenient decoding goes on and takes a note.

use std::ops::Range;

use crate::error::{Error, Flaw, Problem, Quirk};
use crate::value::Node;

/// So many quirks are kept: an input made of quirks must not fill the memory with them.
const MAX_QUIRKS: usize = 100;

pub(crate) struct Canonical {
    strict: bool,
    quirks: Vec<Quirk>,
}

impl Canonical {
    pub fn new(strict: bool) -> Canonical {
        Canonical {
            strict,
            quirks: Vec::new(),
        }
    }

    pub fn into_quirks(self) -> Vec<Quirk> {
        self.quirks
    }

    // ANCHOR: rules
    /// A number has no leading zero, and zero has no sign. `span` is not empty.
    pub fn number(&mut self, input: &[u8], span: Range<usize>) -> Result<(), Error> {
        // ANCHOR: yours_number (chapter 1, "Strict or lenient")
        let offset = span.start;
        match &input[span] {
            [b'0'] => Ok(()),
            [b'-', b'0'] => self.broken(offset, Flaw::NegativeZero),
            [b'0', ..] | [b'-', b'0', ..] => self.broken(offset, Flaw::LeadingZero),
            _ => Ok(()),
        }
        // ANCHOR_END: yours_number
    }

    /// Keys stand in the order of their bytes, and none is there twice. Each is compared with the
    /// one before it: among keys without order a second one is noted as out of order only.
    pub fn key(&mut self, input: &[u8], last: Option<&Node>, key: &Node) -> Result<(), Error> {
        let Some(last) = last else {
            return Ok(());
        };
        let content = |node: &Node| &input[node.content as usize..node.end as usize];
        match content(last).cmp(content(key)) {
            std::cmp::Ordering::Less => Ok(()),
            std::cmp::Ordering::Equal => self.broken(key.start as usize, Flaw::RepeatedKey),
            std::cmp::Ordering::Greater => self.broken(key.start as usize, Flaw::UnsortedKey),
        }
    }
    // ANCHOR_END: rules

    /// Nothing follows the outermost value.
    pub fn at_the_end(&mut self, at: usize, size: usize) -> Result<(), Error> {
        match size - at {
            0 => Ok(()),
            more => self.broken(at, Flaw::TrailingBytes(more)),
        }
    }

    fn broken(&mut self, offset: usize, flaw: Flaw) -> Result<(), Error> {
        if self.strict {
            return Err(Error {
                offset,
                problem: Problem::NotCanonical(flaw),
            });
        }
        if self.quirks.len() < MAX_QUIRKS {
            self.quirks.push(Quirk { offset, flaw });
        }
        Ok(())
    }
}
