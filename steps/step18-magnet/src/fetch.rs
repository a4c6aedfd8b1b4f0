//! The side that asks: metadata from several peers at once, none of which is to be believed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use metainfo::InfoHash;
use picker::PeerKey;

use crate::limits::{MAX_METADATA, MAX_PEERS};
use crate::{MetadataError, MetadataMessage, block_count, block_len};

mod assembly;
mod attempt;
mod peer;
mod room;
mod told;

use attempt::{Attempt, Verdict};
use peer::{Due, Peer};
pub use told::{FetchAction, LeaveReason, Lie};

// ANCHOR: fetch
/// Fetches the `info` dictionary of a torrent from peers that say they have it.
///
/// A block cannot be checked, and nor can a size: only the whole has a hash. So nobody is believed.
///
/// * Peers are sorted by the size that they claim. Each size is an attempt of its own, and all of them
///   are under way side by side: a liar about the size is in bad company, or alone.
/// * Within a size each block is asked of one peer, so that all send at once. What somebody owes us for
///   [`ASK_OTHERS`](crate::limits::ASK_OTHERS), and at the end everything that is missing, is asked of
///   others too.
/// * If the whole is wrong, somebody lied. Then each peer has to send all of it on its own: who is
///   right alone is right, and who is wrong alone has lied.
///
/// It is driven from outside: by [`joined`](MetadataFetch::joined), [`left`](MetadataFetch::left),
/// [`handle`](MetadataFetch::handle), and by [`handle_timeout`](MetadataFetch::handle_timeout) when
/// [`poll_timeout`](MetadataFetch::poll_timeout) says. After each of them, what is to be done is fetched
/// from [`poll_action`](MetadataFetch::poll_action) until there is no more. `now` is the time since any
/// moment, always the same; it never goes back.
///
/// Memory is taken for blocks that have come, at most [`MAX_METADATA`] and
/// [`SMALL_SIZES`](crate::limits::SMALL_SIZES) together, and as much again as the metadata have at the
/// moment in which they are put together.
#[derive(Clone, Debug)]
pub struct MetadataFetch {
    info_hash: InfoHash,
    peers: BTreeMap<PeerKey, Peer>,
    /// By the claimed size.
    attempts: BTreeMap<u64, Attempt>,
    actions: VecDeque<FetchAction>,
    now: Duration,
    is_finished: bool,
}
// ANCHOR_END: fetch

impl MetadataFetch {
    /// For the metadata whose SHA-1 this is.
    pub fn new(info_hash: InfoHash) -> MetadataFetch {
        MetadataFetch {
            info_hash,
            peers: BTreeMap::new(),
            attempts: BTreeMap::new(),
            actions: VecDeque::new(),
            now: Duration::ZERO,
            is_finished: false,
        }
    }

    /// Whether the metadata have been found. Nothing happens after that.
    pub fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// How many blocks are here, and of how many, in the attempt that has come furthest. They may be
    /// wrong.
    pub fn progress(&self) -> Option<(u32, u32)> {
        let attempts = self.attempts.iter();
        let progress = attempts.map(|(&size, attempt)| (attempt.progress(), block_count(size)));
        progress.max_by(|(a, of_a), (b, of_b)| {
            let scaled = |blocks: &u32, of: &u32| u64::from(*blocks) * u64::from(*of);
            scaled(a, of_b).cmp(&scaled(b, of_a))
        })
    }

    /// A peer exchanges metadata: it has named `ut_metadata` in its extension handshake, and perhaps
    /// their size. To be called again when a later handshake says more.
    ///
    /// Of more than [`MAX_PEERS`] peers the last ones are not asked.
    pub fn joined(&mut self, key: PeerKey, metadata_size: Option<u64>, now: Duration) {
        if self.is_finished {
            return;
        }
        self.now = now;
        let size = metadata_size.filter(|&size| size > 0);
        if let Some(size) = size.filter(|&size| size > MAX_METADATA) {
            self.forget(key, true);
            let why = LeaveReason::TooLarge { size };
            self.actions
                .push_back(FetchAction::Leave { peer: key, why });
            return;
        }
        match self.peers.get(&key).map(|peer| (peer.size, peer.is_out())) {
            Some((Some(claimed), _)) => {
                if let Some(said) = size.filter(|&size| size != claimed) {
                    self.ban(key, Lie::Contradiction { claimed, said });
                }
            }
            // It had said nothing, and knows more now.
            Some((None, is_out)) => {
                if let Some(peer) = self.peers.get_mut(&key).filter(|_| size.is_some()) {
                    if is_out {
                        *peer = Peer::new(size);
                    }
                    peer.size = size;
                }
            }
            None => {
                if self.peers.len() < MAX_PEERS {
                    self.peers.insert(key, Peer::new(size));
                }
            }
        }
        self.ask();
    }

    /// A peer exchanges no metadata any more: the connection has ended, or a later extension handshake
    /// takes `ut_metadata` back.
    pub fn left(&mut self, key: PeerKey, now: Duration) {
        self.now = now;
        self.forget(key, true);
        self.ask();
    }

    /// A peer has sent a message. What we have not asked for is not looked at, nor is a request, which
    /// is for [`MetadataServe`](crate::MetadataServe).
    ///
    /// With the last block of a copy all of it is hashed, here and now: of 64 MiB that takes some 50 ms.
    pub fn handle(&mut self, key: PeerKey, message: MetadataMessage, now: Duration) {
        self.now = now;
        match message {
            MetadataMessage::Data {
                piece,
                total_size,
                block,
            } => self.handle_block(key, piece, total_size, block),
            MetadataMessage::Reject { piece } => self.handle_refusal(key, piece),
            MetadataMessage::Request { .. } | MetadataMessage::Unknown { .. } => return,
        }
        self.ask();
    }

    /// A peer has sent something that is no message about metadata.
    pub fn handle_broken(&mut self, key: PeerKey, error: MetadataError, now: Duration) {
        self.now = now;
        if self.peers.contains_key(&key) {
            self.leave(key, LeaveReason::Broken(error));
            self.ask();
        }
    }

    /// It is later than it was.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.now = now;
        let due = self.peers.iter_mut();
        let due: Vec<(PeerKey, Due)> = due
            .map(|(&key, peer)| (key, peer.handle_timeout(now)))
            .collect();
        for (key, due) in due {
            if let Due::Silent(silent) = due {
                self.leave(key, LeaveReason::Silent { silent });
            }
        }
        self.ask();
    }

    /// When [`handle_timeout`](MetadataFetch::handle_timeout) is to be called, if nothing happens
    /// before.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let peers = self.peers.values().filter_map(Peer::due);
        let attempts = self.attempts.values();
        let turns = attempts.filter_map(|attempt| attempt.due(self.now));
        peers.chain(turns).min()
    }

    /// The next thing to be done.
    pub fn poll_action(&mut self) -> Option<FetchAction> {
        self.actions.pop_front()
    }

    // ANCHOR: handle_block
    /// A block has come. It is taken if we asked for it, and if it fits to what its sender claims.
    fn handle_block(&mut self, key: PeerKey, piece: u32, total_size: Option<u64>, block: Vec<u8>) {
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        if !peer.answered(piece, self.now) {
            return;
        }
        let size = match (peer.size, total_size) {
            (Some(claimed), Some(said)) if said != claimed => {
                return self.ban(key, Lie::Contradiction { claimed, said });
            }
            (Some(claimed), _) => claimed,
            (None, Some(size)) if size > MAX_METADATA => {
                return self.leave(key, LeaveReason::TooLarge { size });
            }
            (None, None | Some(0)) => return self.leave(key, LeaveReason::NoSize),
            (None, Some(size)) => size,
        };
        let (len, expected) = (block.len(), block_len(size, piece));
        if len != expected {
            let lie = Lie::BlockLength {
                piece,
                len,
                expected,
            };
            return self.ban(key, lie);
        }
        peer.size = Some(size);
        peer.gave();
        self.admit();
        let Some(attempt) = self.attempts.get_mut(&size) else {
            return;
        };
        match attempt.put(key, piece, block, self.info_hash) {
            Verdict::Open => {}
            Verdict::Right(info) => self.finish(info),
            Verdict::Liar(key) => self.ban(key, Lie::WrongHash { size }),
        }
    }
    // ANCHOR_END: handle_block

    fn handle_refusal(&mut self, key: PeerKey, piece: u32) {
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        if peer.answered(piece, self.now) && !peer.refused(self.now) {
            self.leave(key, LeaveReason::Refused);
        }
    }

    /// A peer is left alone for a while.
    fn leave(&mut self, key: PeerKey, why: LeaveReason) {
        if let Some(peer) = self.peers.get_mut(&key) {
            peer.rest(self.now);
        }
        for attempt in self.attempts.values_mut() {
            attempt.forget(key, true);
        }
        self.actions
            .push_back(FetchAction::Leave { peer: key, why });
    }

    /// A peer has lied.
    fn ban(&mut self, key: PeerKey, why: Lie) {
        self.forget(key, false);
        self.actions.push_back(FetchAction::Ban { peer: key, why });
    }

    /// A peer is not there any more, and nothing is to be sent to it.
    fn forget(&mut self, key: PeerKey, is_trusted: bool) {
        self.peers.remove(&key);
        for attempt in self.attempts.values_mut() {
            attempt.forget(key, is_trusted);
        }
        let is_to = |action: &FetchAction| matches!(action, FetchAction::Request { peer, .. } if *peer == key);
        self.actions.retain(|action| !is_to(action));
    }

    // ANCHOR: finish
    /// The metadata are here. By them it is seen who lied.
    fn finish(&mut self, info: Vec<u8>) {
        let right = info.len() as u64;
        let mut liars: BTreeMap<PeerKey, Lie> = BTreeMap::new();
        for (&key, peer) in &self.peers {
            if let Some(claimed) = peer.size.filter(|&claimed| claimed != right) {
                liars.insert(key, Lie::WrongSize { claimed, right });
            }
        }
        if let Some(attempt) = self.attempts.get(&right) {
            let named = attempt.liars(&info).into_iter();
            liars.extend(named.map(|key| (key, Lie::WrongBlock)));
        }
        self.is_finished = true;
        self.peers.clear();
        self.attempts.clear();
        self.actions
            .retain(|action| !matches!(action, FetchAction::Request { .. }));
        self.actions.push_back(FetchAction::Finished { info });
        let bans = liars.into_iter();
        let bans = bans.map(|(peer, why)| FetchAction::Ban { peer, why });
        self.actions.extend(bans);
    }
    // ANCHOR_END: finish

    /// Sees to it that there is an attempt for each size that is claimed, and that those run for which
    /// there is memory.
    fn admit(&mut self) {
        let mut claims: BTreeMap<u64, usize> =
            self.attempts.keys().map(|&size| (size, 0)).collect();
        let mut claimed = BTreeSet::new();
        for peer in self.peers.values() {
            let Some(size) = peer.size else { continue };
            claimed.insert(size);
            *claims.entry(size).or_default() += usize::from(!peer.is_out());
        }
        let admitted = room::admitted(&claims);
        for &size in &claimed {
            self.attempts
                .entry(size)
                .or_insert_with(|| Attempt::new(size));
        }
        for (size, attempt) in &mut self.attempts {
            attempt.set_running(admitted.contains(size));
        }
        // What nobody claims any more is kept for who comes back, if something of it is here.
        self.attempts
            .retain(|size, attempt| claimed.contains(size) || attempt.has_blocks());
    }

    /// Asks whom there is to ask.
    fn ask(&mut self) {
        if self.is_finished {
            return;
        }
        self.admit();
        let mut asked = Vec::new();
        // Who does not say a size says it with a block. Who has no metadata yet refuses, and costs
        // nothing.
        for (&key, peer) in &mut self.peers {
            if peer.size.is_none() && peer.room() > 0 && peer.asked().is_empty() {
                peer.ask(0, self.now);
                asked.push((key, 0));
            }
        }
        let mut members: BTreeMap<u64, Vec<PeerKey>> = BTreeMap::new();
        for (&key, peer) in &self.peers {
            let size = peer.size.into_iter();
            size.for_each(|size| members.entry(size).or_default().push(key));
        }
        for (size, members) in &members {
            if let Some(attempt) = self
                .attempts
                .get_mut(size)
                .filter(|attempt| attempt.is_running())
            {
                asked.extend(attempt.ask(members, &mut self.peers, self.now));
            }
        }
        let requests = asked.into_iter();
        let requests = requests.map(|(peer, piece)| FetchAction::Request { peer, piece });
        self.actions.extend(requests);
    }
}

#[cfg(test)]
mod tests;
