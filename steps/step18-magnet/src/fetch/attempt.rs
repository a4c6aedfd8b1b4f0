//! One claimed size, and what has come of it.

use std::collections::BTreeMap;
use std::time::Duration;

use metainfo::InfoHash;
use picker::PeerKey;

use super::assembly::{Assembly, digest};
use super::peer::Peer;
use crate::limits::{ALONE, BLOCK, MAX_ALONE, MAX_ASKED, TURN, TURN_BLOCK};

/// Metadata of one size.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    size: u64,
    stage: Stage,
    /// Who gave which block of a common copy that was wrong, with its SHA-1: one of them lied, and when
    /// the right metadata are here it will be seen who.
    evidence: BTreeMap<u32, (PeerKey, [u8; 20])>,
    /// Whether there is memory for it.
    is_running: bool,
}

// ANCHOR: stage
#[derive(Clone, Debug)]
enum Stage {
    /// One copy, of which everybody sends a part.
    Together(Assembly),
    /// That one was wrong. Now each peer sends a copy of its own: who lies, lies alone.
    Alone {
        turns: BTreeMap<PeerKey, Turn>,
        /// What there was of the common copy, until the blocks have been given back to their givers.
        common: Option<Assembly>,
    },
}

/// A peer's turn to send all of it.
#[derive(Clone, Debug)]
struct Turn {
    copy: Assembly,
    begun: Duration,
    /// How many blocks were here when it began.
    had: u32,
    /// How many times as long as the first turn of a peer it may take.
    patience: u32,
}

impl Turn {
    /// When it ends, if others wait for theirs. Each block that comes prolongs it.
    fn until(&self) -> Duration {
        let came = self.copy.len().saturating_sub(self.had);
        let time = (TURN + TURN_BLOCK * came).saturating_mul(self.patience);
        self.begun.saturating_add(time)
    }
}

/// What a block has brought to light.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing yet.
    Open,
    /// These are the metadata.
    Right(Vec<u8>),
    /// All of it came from this peer, and it is wrong.
    Liar(PeerKey),
}
// ANCHOR_END: stage

impl Attempt {
    pub(super) fn new(size: u64) -> Attempt {
        Attempt {
            size,
            stage: Stage::Together(Assembly::new(size)),
            evidence: BTreeMap::new(),
            is_running: false,
        }
    }

    pub(super) fn is_running(&self) -> bool {
        self.is_running
    }

    /// Lets it run, or takes its memory away.
    pub(super) fn set_running(&mut self, runs: bool) {
        self.is_running = runs;
        if !runs {
            match &mut self.stage {
                Stage::Together(copy) => *copy = Assembly::new(self.size),
                Stage::Alone { turns, common } => {
                    turns.clear();
                    *common = None;
                }
            }
        }
    }

    /// Whether it has something that would be a loss if nobody claims this size any more.
    pub(super) fn has_blocks(&self) -> bool {
        matches!(&self.stage, Stage::Together(copy) if !copy.is_empty())
    }

    /// How many blocks are here, in the best of its copies.
    pub(super) fn progress(&self) -> u32 {
        match &self.stage {
            Stage::Together(copy) => copy.len(),
            Stage::Alone { turns, .. } => {
                let turns = turns.values().map(|turn| turn.copy.len());
                turns.max().unwrap_or_default()
            }
        }
    }

    // ANCHOR: put
    /// Takes a block, and looks at the hash when the copy is whole.
    pub(super) fn put(
        &mut self,
        from: PeerKey,
        piece: u32,
        block: Vec<u8>,
        info_hash: InfoHash,
    ) -> Verdict {
        // ANCHOR: yours_put (chapter 18, "Everybody at once, nobody believed")
        if !self.is_running {
            return Verdict::Open;
        }
        let copy = match &mut self.stage {
            Stage::Together(copy) => copy,
            Stage::Alone { turns, .. } => match turns.get_mut(&from) {
                Some(turn) => &mut turn.copy,
                None => return Verdict::Open,
            },
        };
        copy.put(piece, from, block);
        if !copy.is_whole() {
            return Verdict::Open;
        }
        let whole = std::mem::replace(copy, Assembly::new(self.size));
        if whole.info_hash() == info_hash {
            return Verdict::Right(whole.into_bytes());
        }
        let mut givers = whole.givers().into_keys();
        if let (Some(only), None) = (givers.next(), givers.next()) {
            return Verdict::Liar(only);
        }
        let digests = whole.digests();
        self.evidence = digests
            .map(|(piece, from, digest)| (piece, (from, digest)))
            .collect();
        self.stage = Stage::Alone {
            turns: BTreeMap::new(),
            common: Some(whole),
        };
        Verdict::Open
        // ANCHOR_END: yours_put
    }
    // ANCHOR_END: put

    /// A peer takes no part any more. If it is not to be trusted, nor are its blocks.
    pub(super) fn forget(&mut self, peer: PeerKey, is_trusted: bool) {
        if !is_trusted {
            // It has been told that it lied.
            self.evidence.retain(|_, (from, _)| *from != peer);
        }
        match &mut self.stage {
            Stage::Together(copy) if !is_trusted => {
                copy.take_from(peer);
            }
            Stage::Together(_) => {}
            Stage::Alone { turns, .. } => {
                turns.remove(&peer);
            }
        }
    }

    /// Who gave blocks that are not those of the right metadata, if this was their size.
    pub(super) fn liars(&self, right: &[u8]) -> Vec<PeerKey> {
        let right: Vec<[u8; 20]> = right.chunks(BLOCK).map(digest).collect();
        let differs = |piece: u32, found: [u8; 20]| right.get(piece as usize) != Some(&found);
        let copies: Vec<&Assembly> = match &self.stage {
            Stage::Together(copy) => vec![copy],
            Stage::Alone { turns, common } => {
                let turns = turns.values().map(|turn| &turn.copy);
                turns.chain(common).collect()
            }
        };
        let held = copies.into_iter().flat_map(Assembly::digests);
        let evidence = self.evidence.iter();
        let evidence = evidence.map(|(&piece, &(from, digest))| (piece, from, digest));
        let lies = evidence.chain(held);
        let lies = lies.filter(|&(piece, _, digest)| differs(piece, digest));
        lies.map(|(_, from, _)| from).collect()
    }

    /// When a peer's turn ends that is under way after `now`.
    pub(super) fn due(&self, now: Duration) -> Option<Duration> {
        let Stage::Alone { turns, .. } = &self.stage else {
            return None;
        };
        let ends = turns.values().map(Turn::until);
        ends.filter(|&until| until > now).min()
    }

    /// Chooses what to ask its peers for; each question is noted with the peer, and returned.
    pub(super) fn ask(
        &mut self,
        members: &[PeerKey],
        peers: &mut BTreeMap<PeerKey, Peer>,
        now: Duration,
    ) -> Vec<(PeerKey, u32)> {
        if !self.is_running {
            return Vec::new();
        }
        self.give_turns(members, peers, now);
        match &self.stage {
            Stage::Together(copy) => {
                let mut asked = share_out(copy, members, peers, now);
                asked.extend(ask_again(copy, members, peers, now));
                asked
            }
            Stage::Alone { turns, .. } => {
                let mut asked = Vec::new();
                for (&key, turn) in turns {
                    let Some(peer) = peers.get_mut(&key) else {
                        continue;
                    };
                    let missing = turn.copy.missing();
                    let to_ask = missing.filter(|piece| !peer.asked().contains(piece));
                    let to_ask: Vec<u32> = to_ask.take(peer.room()).collect();
                    for piece in to_ask {
                        peer.ask(piece, now);
                        asked.push((key, piece));
                    }
                }
                asked
            }
        }
    }

    /// Gives turns to peers, as many at a time as there is memory for: first to who has had the fewest,
    /// then to who gave most of the common copy, for it is the fastest.
    fn give_turns(
        &mut self,
        members: &[PeerKey],
        peers: &mut BTreeMap<PeerKey, Peer>,
        now: Duration,
    ) {
        let Stage::Alone { turns, common } = &mut self.stage else {
            return;
        };
        let at_once = (ALONE / self.size).clamp(1, MAX_ALONE) as usize;
        let evidence = &self.evidence;
        let gave = |key: PeerKey| evidence.values().filter(|(from, _)| *from == key).count();
        let rank = |key: PeerKey, peer: &Peer| (peer.turns, usize::MAX - gave(key), key);
        let waiting = members.iter().filter(|key| !turns.contains_key(key));
        let waiting = waiting.filter_map(|key| Some((*key, peers.get(key)?)));
        let waiting = waiting.filter(|(_, peer)| peer.room() > 0);
        let mut waiting: Vec<_> = waiting.map(|(key, peer)| rank(key, peer)).collect();
        waiting.sort_unstable();
        for (_, _, key) in waiting {
            if turns.len() >= at_once {
                let is_late = |key: &PeerKey| peers.get(key).is_none_or(Peer::is_late);
                let mut over = turns.iter();
                let over = over.find(|(key, turn)| turn.until() <= now || is_late(key));
                let Some((&over, _)) = over else {
                    break;
                };
                turns.remove(&over);
            }
            let Some(peer) = peers.get_mut(&key) else {
                continue;
            };
            let copy = match common {
                Some(common) => common.take_from(key),
                None => Assembly::new(self.size),
            };
            let turn = Turn {
                begun: now,
                had: copy.len(),
                copy,
                patience: 1 << peer.turns.min(10),
            };
            peer.turns = peer.turns.saturating_add(1);
            turns.insert(key, turn);
        }
        *common = None;
    }
}

// ANCHOR: share_out
/// Asks for each missing block once, of one peer after the other in turn, so that each has a part.
/// What somebody owes us who is late counts as not asked for.
fn share_out(
    copy: &Assembly,
    members: &[PeerKey],
    peers: &mut BTreeMap<PeerKey, Peer>,
    now: Duration,
) -> Vec<(PeerKey, u32)> {
    // ANCHOR: yours_share_out (chapter 18, "Everybody at once, nobody believed")
    let owed = owed(members, peers);
    let mut free = copy.missing().filter(|piece| !owed.contains_key(piece));
    let mut asked = Vec::new();
    loop {
        let before = asked.len();
        for &key in members {
            if let Some(peer) = peers.get_mut(&key).filter(|peer| peer.room() > 0)
                && let Some(piece) = free.next()
            {
                peer.ask(piece, now);
                asked.push((key, piece));
            }
        }
        if asked.len() == before {
            return asked;
        }
    }
    // ANCHOR_END: yours_share_out
}
// ANCHOR_END: share_out

// ANCHOR: ask_again
/// At the end all blocks have been asked for. Whoever has nothing left to do is asked for one that
/// somebody else owes us: whoever is slower has lost, and nobody waits for him.
fn ask_again(
    copy: &Assembly,
    members: &[PeerKey],
    peers: &mut BTreeMap<PeerKey, Peer>,
    now: Duration,
) -> Vec<(PeerKey, u32)> {
    let mut owed = owed(members, peers);
    let mut asked = Vec::new();
    for &key in members {
        let is_idle = |peer: &&mut Peer| peer.room() > 0 && peer.asked().is_empty();
        let Some(peer) = peers.get_mut(&key).filter(is_idle) else {
            continue;
        };
        let by = |piece: u32| owed.get(&piece).copied().unwrap_or(0);
        let few = copy.missing().filter(|&piece| by(piece) < MAX_ASKED);
        if let Some(piece) = few.min_by_key(|&piece| by(piece)) {
            peer.ask(piece, now);
            *owed.entry(piece).or_default() += 1;
            asked.push((key, piece));
        }
    }
    asked
}
// ANCHOR_END: ask_again

/// How many peers owe us each block, without those that are late.
fn owed(members: &[PeerKey], peers: &BTreeMap<PeerKey, Peer>) -> BTreeMap<u32, usize> {
    let mut owed = BTreeMap::new();
    let members = members.iter().filter_map(|key| peers.get(key));
    for peer in members.filter(|peer| !peer.is_late()) {
        for &piece in peer.asked() {
            *owed.entry(piece).or_default() += 1;
        }
    }
    owed
}
