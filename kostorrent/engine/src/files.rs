//! What happens to the files under a running torrent: other programs, and people, delete and change
//! them.

use std::collections::BTreeSet;
use std::time::Duration;

use messages::{BlockRequest, Message};
use picker::PeerKey;

use crate::leaving::Stage;
use crate::pausing::Trial;
use crate::peer::Peer;
use crate::timers::Timer;
use crate::{Action, CloseReason, Engine, Time, download, upload};

/// Pieces of what a peer hung up on are looked at no more often than this: reading a piece anew is
/// dearer than hanging up.
const CHECK_PAUSE: Duration = Duration::from_secs(2);

/// Pieces that wait for that at most.
const MOST_DOUBTS: usize = 16;

/// Pieces that may be wrong on disk.
#[derive(Default)]
pub(crate) struct Doubts {
    pieces: BTreeSet<u32>,
    /// When some were last looked at.
    checked: Option<Time>,
}

impl Engine {
    // ANCHOR: lost
    /// These pieces are not on disk any more. They are offered to nobody, and fetched again if they
    /// are wanted. Trackers hear of it with the next announce.
    pub(crate) fn lost(&mut self, mut pieces: Vec<u32>) {
        let Some(content) = &mut self.content else {
            return;
        };
        pieces.retain(|&piece| content.lost(piece));
        pieces.sort_unstable();
        if pieces.is_empty() || self.stage != Stage::Running {
            return;
        }
        self.stop_super_seeding();
        for key in self.swarm.keys() {
            if let Err(why) = self.take_back(key, &pieces) {
                self.close(key, why);
            }
        }
        if !self.is_finished() {
            self.misses_something();
        }
    }
    // ANCHOR_END: lost

    /// There is something to fetch, and perhaps there was nothing before: who may have it is looked
    /// for.
    pub(crate) fn misses_something(&mut self) {
        if std::mem::take(&mut self.is_complete) {
            self.say_extensions_again();
        }
        let now = self.cx.now;
        self.discovery.list.wake(now);
        let timers = &mut self.cx.timers;
        timers.set_earlier(Timer::Dial, now);
        timers.set_earlier(Timer::Announce, now);
        timers.set_earlier(Timer::Watch, now + download::WATCH);
        self.stalled_again();
    }

    /// Tells a peer that we have these pieces no more. There is no message for that: a new bitfield
    /// says it, which clients take at any time, and a choke voids what it has asked for (BEP 3).
    fn take_back(&mut self, key: PeerKey, pieces: &[u32]) -> Result<(), CloseReason> {
        let (Some(content), Some(peer)) = (&self.content, self.swarm.get_mut(key)) else {
            return Ok(());
        };
        content.count_offers(peer);
        if !peer.is_seed() {
            let bitfield = Message::Bitfield(content.have().to_bytes());
            self.cx.send(peer, bitfield);
        }
        let is_lost = |piece| pieces.binary_search(&piece).is_ok();
        let dropped = peer.up.requests.drop_pieces(is_lost);
        let asks = !dropped.is_empty() || peer.up.in_connection > 0;
        // Who hears of each block that it does not get need not ask anew.
        peer.up.void |= peer.fast.is_none() && !peer.up.am_choking && asks;
        upload::reject(&mut self.cx, peer, dropped);
        self.upload.void_asked(&mut self.cx, peer);
        self.interest(key)
    }

    /// These pieces are on disk after all. What has come of them meanwhile is not needed.
    pub(crate) fn found(&mut self, mut pieces: Vec<u32>) {
        let Some(content) = &mut self.content else {
            return;
        };
        let was_finished = content.is_finished();
        pieces.retain(|&piece| content.is_news(piece));
        for &piece in &pieces {
            if content.picker.is_open(piece) {
                let (cx, swarm) = (&mut self.cx, &mut self.swarm);
                self.download.forget(cx, swarm, content, piece);
            }
            content.integrity.passed(piece);
            content.written(piece);
        }
        if self.stage != Stage::Running {
            return;
        }
        for piece in pieces {
            self.tell_all(piece);
        }
        if self.is_finished() && !was_finished {
            self.settle();
        }
    }

    // ANCHOR: settle
    /// Nothing is missing. Before anybody hears of it, the files are looked at: somebody may have
    /// deleted one while it was written to.
    pub(crate) fn settle(&mut self) {
        self.cx.act(Action::Settle);
    }

    /// The files are as they should be.
    pub(crate) fn settled(&mut self) {
        self.disk_is_well(Trial::Settle);
        if self.stage == Stage::Running && self.is_finished() && !self.is_complete {
            self.complete();
        }
    }
    // ANCHOR_END: settle

    /// A connection could not read what it was to send: it has dropped this block.
    pub(crate) fn unsent(&mut self, key: PeerKey, block: BlockRequest) {
        if let Some(peer) = self.swarm.get_mut(key) {
            peer.up.void = peer.fast.is_none() && !peer.up.am_choking;
            upload::reject(&mut self.cx, peer, [block]);
            self.upload.unsent(&mut self.cx, peer, block.len.into());
        }
    }

    /// A peer has hung up. Of a piece that it got from us, and does not say that it has, some may
    /// have been wrong: it is looked at.
    pub(crate) fn doubt(&mut self, peer: &Peer) {
        let Some(content) = &self.content else {
            return;
        };
        // What it was given last is the likeliest.
        for &piece in peer.up.given.iter().rev() {
            if self.doubts.pieces.len() < MOST_DOUBTS
                && !peer.has.get(piece)
                && content.have().get(piece)
            {
                self.doubts.pieces.insert(piece);
            }
        }
        if !self.doubts.pieces.is_empty() {
            self.check_doubts();
        }
    }

    /// Has the pieces in doubt looked at, now or when the pause is over.
    pub(crate) fn check_doubts(&mut self) {
        let now = self.cx.now;
        let due = self.doubts.checked.map(|at| at + CHECK_PAUSE);
        if let Some(due) = due.filter(|&due| due > now) {
            return self.cx.timers.set(Timer::Doubts, due);
        }
        for piece in std::mem::take(&mut self.doubts.pieces) {
            // It may have been lost meanwhile.
            if self.content.as_ref().is_some_and(|c| c.have().get(piece)) {
                self.doubts.checked = Some(now);
                self.cx.act(Action::Check { piece });
            }
        }
    }
}
