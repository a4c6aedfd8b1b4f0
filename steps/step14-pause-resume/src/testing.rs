//! What the tests share.

use std::path::PathBuf;

use layout::{Kind, Layout};

use crate::{Stamp, UnixTime};

/// Files of these lengths, in pieces of `piece` bytes.
pub fn layout(lengths: &[u64], piece: u64) -> Layout {
    let files = lengths.iter().enumerate().map(|(index, &length)| {
        let kind = Kind::Regular { executable: false };
        (PathBuf::from(index.to_string()), length, kind)
    });
    Layout::new(files, piece).unwrap()
}

/// How a file is that was written to `millis` after an odd second long ago.
pub fn stamp(length: u64, millis: u64) -> Stamp {
    let begin = UnixTime::new(1_700_000_001, 1).unwrap();
    Stamp {
        length,
        modified: begin.plus(std::time::Duration::from_millis(millis)),
        number: Some(7),
        changed: Some(begin),
    }
}
