//! One piece on its way from the files to the hash.

use layout::{Layout, Span};

use super::files::Files;
use crate::error::DiskError;

/// How far ahead of the reading the system is told what comes next, in bytes.
const AHEAD: u64 = 1024 * 1024;

/// Spans below this are left to the system's own reading ahead.
const WORTH_ANNOUNCING: u64 = 128 * 1024;

/// How far the reading of one piece has come.
#[derive(Debug)]
pub struct Reading {
    /// What is still to be read, the next span last.
    left: Vec<Span>,
    /// Where in the torrent the announcing stands, and where it ends.
    announced: u64,
    position: u64,
    end: u64,
}

impl Reading {
    pub fn new(layout: &Layout, piece: u32) -> Reading {
        let mut left: Vec<Span> = layout.piece_spans(piece).collect();
        left.reverse();
        let position = layout.geometry().piece_offset(piece);
        let end = position + u64::from(layout.geometry().piece_len(piece));
        Reading {
            left,
            announced: position,
            position,
            end,
        }
    }

    /// Announces what comes next, a stretch at a time.
    pub fn announce(&mut self, layout: &Layout, files: &mut Files) -> Result<(), DiskError> {
        if self.position + AHEAD > self.announced && self.announced < self.end {
            let until = (self.announced + 2 * AHEAD).min(self.end);
            for span in layout.spans(self.announced, until - self.announced) {
                if span.len >= WORTH_ANNOUNCING && !files.is_padding(span) {
                    files.announce(span)?;
                }
            }
            self.announced = until;
        }
        Ok(())
    }

    /// Fills the buffer with the next bytes of the piece, or with as many as are left, and says how
    /// many that is.
    pub fn fill(&mut self, files: &mut Files, buffer: &mut [u8]) -> Result<usize, DiskError> {
        let mut filled = 0;
        while filled < buffer.len()
            && let Some(span) = self.left.last_mut()
        {
            let len = span.len.min((buffer.len() - filled) as u64);
            let here = &mut buffer[filled..filled + len as usize];
            if files.is_padding(*span) {
                here.fill(0);
            } else {
                files.read(span.file, span.offset, here)?;
            }
            filled += here.len();
            span.offset += len;
            span.len -= len;
            if span.len == 0 {
                self.left.pop();
            }
        }
        self.position += filled as u64;
        Ok(filled)
    }
}
