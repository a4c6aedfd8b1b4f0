//! What the fast extension adds to a connection (BEP 6).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fast::TakenBack;
use messages::Bitfield;
use metainfo::InfoHash;

use crate::Time;

/// Pieces that a peer may let us ask for while it chokes us; more are not remembered. BEP 6 says ten.
pub(crate) const MOST_ALLOWED: usize = 100;

/// A piece that a peer says it has, and will not send, is not asked of it for so long.
pub(crate) const REFUSED: Duration = Duration::from_secs(30);

/// Who refuses so many pieces and sends nothing between is let go.
pub(crate) const MOST_REFUSED: u32 = 64;

/// Who rejects so often what was not asked of it, and sends nothing between, is let go.
pub(crate) const MOST_STRAY: u32 = 64;

/// The half of BEP 6 that is about us, and the half that is about the peer.
#[derive(Debug)]
pub(crate) struct Fast {
    pub info_hash: InfoHash,
    /// Pieces that it sends us also while it chokes us, if it has them.
    pub allowed: BTreeSet<u32>,
    /// Pieces that it has and would not send though it does not choke us, each with the time until which
    /// it is not asked for it.
    refused: BTreeMap<u32, Time>,
    /// How many pieces it has refused since the last block.
    refusals: u32,
    /// How many rejects since the last block were for nothing that was asked of it.
    strays: u32,
    /// What was cancelled and is still to be answered.
    pub taken_back: TakenBack,
    /// Pieces that we send it also while we choke it.
    pub granted: Vec<u32>,
}

impl Fast {
    pub fn new(info_hash: InfoHash) -> Fast {
        Fast {
            info_hash,
            allowed: BTreeSet::new(),
            refused: BTreeMap::new(),
            refusals: 0,
            strays: 0,
            taken_back: TakenBack::default(),
            granted: Vec::new(),
        }
    }

    /// It would not send this piece though it does not choke us. False if it has refused too many.
    pub fn refuses(&mut self, piece: u32, now: Time) -> bool {
        let is_news = self.refused.insert(piece, now + REFUSED).is_none();
        self.refusals += u32::from(is_news);
        self.refusals < MOST_REFUSED
    }

    /// It has rejected what was not asked of it. False if it has done so too often.
    pub fn strays(&mut self) -> bool {
        self.strays += 1;
        self.strays < MOST_STRAY
    }

    /// It has sent a block.
    pub fn delivered(&mut self) {
        self.refusals = 0;
        self.strays = 0;
    }

    /// Pieces that were refused long enough ago may be asked for again; whether there are any.
    pub fn forgive(&mut self, now: Time) -> bool {
        let before = self.refused.len();
        self.refused.retain(|_, until| *until > now);
        self.refused.len() < before
    }

    /// Whether there is a piece that it refuses.
    pub fn refuses_any(&self) -> bool {
        !self.refused.is_empty()
    }

    /// What it can be asked for while it does not choke us, of what it has.
    pub fn without_refused(&self, has: &Bitfield) -> Bitfield {
        let mut rest = has.clone();
        for &piece in self.refused.keys() {
            rest.clear(piece);
        }
        rest
    }

    /// What it can be asked for while it chokes us, of what it has; `None` if that is nothing.
    pub fn while_choked(&self, has: &Bitfield) -> Option<Bitfield> {
        let may = |piece: &&u32| has.get(**piece) && !self.refused.contains_key(piece);
        let mut pieces = self.allowed.iter().filter(may).peekable();
        pieces.peek()?;
        let mut some = Bitfield::new(has.len());
        for &piece in pieces {
            some.set(piece);
        }
        Some(some)
    }
}
