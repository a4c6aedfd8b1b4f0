//! Who remembers what was promised, over all lives, and sees whether it is kept.

use std::collections::BTreeSet;

use resume::{Judgement, Resume};

use super::disk::Disk;
use super::driver::Torrent;

#[derive(Clone, Debug, Default)]
pub struct Witness {
    /// The resume files of which the next start may find any, `None` for none at all.
    possible: Vec<Option<Resume>>,
    /// What the one vouches for that this life has found.
    vouched: BTreeSet<u32>,
    /// Pieces that somebody has written to, and that are still on record.
    pub damaged: BTreeSet<u32>,
    fetched: Vec<u32>,
}

impl Witness {
    pub fn new() -> Witness {
        Witness {
            possible: vec![None],
            ..Witness::default()
        }
    }

    /// A start has found these bytes.
    pub fn resume_file(&mut self, bytes: Option<&[u8]>) -> Option<Resume> {
        let found = bytes.map(|bytes| match Resume::decode(bytes) {
            Ok(resume) => resume,
            Err(error) => panic!("a mixture: {error}"),
        });
        assert!(
            self.possible.contains(&found),
            "neither the old resume file nor the new one"
        );
        self.vouched = found.iter().flat_map(|r| r.pieces.iter_ones()).collect();
        self.fetched.clear();
        found
    }

    // ANCHOR: trusted
    pub fn trusted(&self, torrent: &Torrent, disk: &Disk, judgement: &Judgement) {
        for piece in judgement.trusted.iter_ones() {
            assert!(
                torrent.is_there(disk, piece),
                "wrong piece {piece} is trusted"
            );
        }
    }
    // ANCHOR_END: trusted

    pub fn fetched(&mut self, piece: u32) {
        let is_kept = self.vouched.contains(&piece);
        assert!(
            !is_kept,
            "piece {piece} was vouched for, and is fetched again"
        );
        self.fetched.push(piece);
    }

    /// Somebody writes to a piece: it has to be fetched again.
    pub fn damaged(&mut self, piece: u32) {
        self.vouched.remove(&piece);
        self.damaged.insert(piece);
    }

    pub fn saving(&mut self, resume: &Resume) {
        self.possible.push(Some(resume.clone()));
    }

    pub fn saved(&mut self, resume: &Resume) {
        self.possible = vec![Some(resume.clone())];
        self.damaged.clear();
    }

    /// How many pieces this life has fetched.
    pub fn count(&self) -> usize {
        self.fetched.len()
    }
}
