//! What the fast extension adds to a connection (BEP 6).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fast::TakenBack;
use messages::Bitfield;
use metainfo::InfoHash;

use crate::Time;

/// Pieces that a peer may let us ask for while it chokes us; more are not remembered. BEP 6 says ten.
pub(crate) const MOST_ALLOWED: usize = 100;

/// A piece that a peer says it has, and will not send, is not asked of it for so long; the next time for
/// twice as long,
const FIRST_REST: Duration = Duration::from_secs(1);

/// and so on, up to this. After as long without another refusal it is forgotten.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// Who refuses so many pieces and sends nothing between is let go. More than a window of requests can be
/// for: some clients reject them before they say that they choke us.
const MOST_REFUSED: u32 = 1_000;

/// And so is who has refused for so long, and sent nothing.
const REFUSING: Duration = Duration::from_secs(120);

/// Who rejects so often what was not asked of it, and sends nothing between, is let go.
const MOST_STRAY: u32 = 64;

/// The half of BEP 6 that is about us, and the half that is about the peer.
#[derive(Debug)]
pub(crate) struct Fast {
    pub info_hash: InfoHash,
    /// Pieces that it sends us also while it chokes us, if it has them.
    pub allowed: BTreeSet<u32>,
    /// Pieces that it has and would not send though it does not choke us.
    refused: BTreeMap<u32, Refusal>,
    /// How often it has refused a piece since the last block, and since when.
    refusals: u32,
    refuses_since: Option<Time>,
    /// How many rejects since the last block were for nothing that was asked of it.
    strays: u32,
    /// What was cancelled and is still to be answered.
    pub taken_back: TakenBack,
    /// Whether it has said what it has.
    pub has_told: bool,
    /// Pieces that we send it also while we choke it, and how many bytes of each it has asked for.
    pub granted: BTreeMap<u32, u64>,
}

/// A piece that a peer would not send.
#[derive(Debug)]
struct Refusal {
    /// Whether it is not asked of it at the moment.
    rests: bool,
    until: Time,
    rest: Duration,
}

impl Fast {
    pub fn new(info_hash: InfoHash) -> Fast {
        Fast {
            info_hash,
            allowed: BTreeSet::new(),
            refused: BTreeMap::new(),
            refusals: 0,
            refuses_since: None,
            strays: 0,
            taken_back: TakenBack::default(),
            has_told: false,
            granted: BTreeMap::new(),
        }
    }

    /// It would not send this piece though it does not choke us. False if it has refused too many.
    pub fn refuses(&mut self, piece: u32, now: Time) -> bool {
        let rest = match self.refused.get(&piece) {
            Some(refusal) if refusal.rests => return true, // of what was asked for before
            Some(refusal) => (refusal.rest * 2).min(LONGEST_REST),
            None => FIRST_REST,
        };
        let refusal = Refusal {
            rests: true,
            until: now + rest,
            rest,
        };
        self.refused.insert(piece, refusal);
        self.refusals += 1;
        let since = *self.refuses_since.get_or_insert(now);
        self.refusals < MOST_REFUSED && now.since(since) < REFUSING
    }

    /// It chokes us. What it has refused just before may have been refused because of that.
    pub fn choked(&mut self) {
        self.refused.clear();
        self.refusals = 0;
        self.refuses_since = None;
    }

    /// It has rejected what was not asked of it. False if it has done so too often.
    pub fn strays(&mut self) -> bool {
        self.strays += 1;
        self.strays < MOST_STRAY
    }

    /// It has sent a block.
    pub fn delivered(&mut self) {
        self.refusals = 0;
        self.refuses_since = None;
        self.strays = 0;
    }

    /// Pieces that were refused long enough ago may be asked for again; whether there are any.
    pub fn forgive(&mut self, now: Time) -> bool {
        let mut any = false;
        self.refused.retain(|_, refusal| {
            let is_over = refusal.until <= now;
            any |= is_over && std::mem::take(&mut refusal.rests);
            !is_over || now.since(refusal.until) < LONGEST_REST
        });
        any
    }

    /// Whether it is not to be asked for this piece at the moment.
    pub fn rests(&self, piece: u32) -> bool {
        self.refused
            .get(&piece)
            .is_some_and(|refusal| refusal.rests)
    }

    /// Whether it may have so many bytes more of a piece that it was granted. It can ask for all of it
    /// once, and again if a part was wrong, but not for ever.
    pub fn may_have(&mut self, piece: u32, bytes: u32, length: u32) -> bool {
        let Some(given) = self.granted.get_mut(&piece) else {
            return false;
        };
        let may = *given + u64::from(bytes) <= 2 * u64::from(length);
        *given += if may { bytes.into() } else { 0 };
        may
    }

    /// The pieces that it is not to be asked for at the moment.
    fn resting(&self) -> impl Iterator<Item = u32> {
        let resting = self.refused.iter().filter(|(_, refusal)| refusal.rests);
        resting.map(|(&piece, _)| piece)
    }

    /// Whether there is such a piece.
    pub fn refuses_any(&self) -> bool {
        self.resting().next().is_some()
    }

    /// What it can be asked for while it does not choke us, of what it has.
    pub fn without_refused(&self, has: &Bitfield) -> Bitfield {
        let mut rest = has.clone();
        for piece in self.resting() {
            rest.clear(piece);
        }
        rest
    }

    /// What it can be asked for while it chokes us, of what it has; `None` if that is nothing.
    pub fn while_choked(&self, has: &Bitfield) -> Option<Bitfield> {
        let mut pieces = self
            .allowed
            .iter()
            .filter(|piece| has.get(**piece))
            .peekable();
        pieces.peek()?;
        let mut some = Bitfield::new(has.len());
        for &piece in pieces {
            some.set(piece);
        }
        Some(some)
    }
}
