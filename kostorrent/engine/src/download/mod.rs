//! Asking for blocks, and taking them in.

mod again;
mod ending;
mod patience;
mod reasons;

use std::collections::{BTreeSet, VecDeque};

use blocks::BLOCK;
use messages::{BlockRequest, Message};
use picker::{PeerKey, Receipt};
use progress::Rate;

use crate::content::Content;
use crate::cx::Cx;
use crate::event::BufKey;
use crate::limit::Bucket;
use crate::peer::Peer;
use crate::swarm::Swarm;
use crate::timers::Timer;
use crate::{Action, Time, Waste, Why};

use ending::Ending;
pub(crate) use patience::WATCH;

/// A peer with fewer requests out has nearly nothing left to do.
const FEW_LEFT: usize = 8;

/// The requests to all peers: how many, and of whom next.
pub(crate) struct Download {
    limit: Bucket,
    /// Who waits for the limit, in turn.
    limited: VecDeque<PeerKey>,
    /// Whether anybody had to wait since the figures were last asked for.
    was_limited: bool,
    /// Who would take more than there was to ask for.
    starved: BTreeSet<PeerKey>,
    /// What the picker said last about whether that may have changed.
    news: u64,
    /// Whose windows are to be looked at before the event is over.
    ask: BTreeSet<PeerKey>,
    /// Room for the picker's answer, kept for the next time.
    picks: Vec<BlockRequest>,
    ending: Ending,
    pub rate: Rate,
    /// Payload bytes that came.
    pub total: u64,
    /// Those that were of no use.
    pub waste: Waste,
    /// When the last useful block came.
    pub useful_at: Option<Time>,
}

impl Download {
    pub fn new(limit: Option<u64>, now: Time) -> Download {
        Download {
            limit: Bucket::new(limit, now),
            limited: VecDeque::new(),
            was_limited: false,
            starved: BTreeSet::new(),
            news: 0,
            ask: BTreeSet::new(),
            picks: Vec::new(),
            ending: Ending::default(),
            rate: Rate::new(),
            total: 0,
            waste: Waste::default(),
            useful_at: None,
        }
    }

    /// Whether anybody waits for the limit, or had to since this was last asked.
    pub fn take_limited(&mut self) -> bool {
        std::mem::take(&mut self.was_limited) || !self.limited.is_empty()
    }

    /// Another limit from now on.
    pub fn set_limit(&mut self, limit: Option<u64>, cx: &mut Cx) {
        self.limit.change(limit, cx.now);
        cx.timers.set_earlier(Timer::Refill, cx.now);
    }

    /// The limit, if it is what holds us back at this rate.
    pub fn held_by_limit(&self, rate: u64) -> Option<u64> {
        self.limit.holds(rate, !self.limited.is_empty())
    }

    /// This peer's window is to be looked at before the event is over.
    pub fn ask_soon(&mut self, key: PeerKey) {
        self.ask.insert(key);
    }

    /// Looks at the windows of those for whom something may have changed: until nothing changes
    /// any more.
    pub fn ask_all(&mut self, cx: &mut Cx, swarm: &mut Swarm, content: &mut Content) {
        loop {
            let news = content.picker.news();
            if news != self.news {
                self.news = news;
                self.ask.extend(&self.starved);
            }
            // Most often there is nobody. An empty set still has its memory, far away.
            if self.ask.is_empty() {
                return;
            }
            let Some(key) = self.ask.pop_first() else {
                return;
            };
            self.fill(cx, swarm, content, key, usize::MAX);
        }
    }

    // ANCHOR: fill
    /// Sends this peer as many requests as its window holds, at most `most`.
    fn fill(
        &mut self,
        cx: &mut Cx,
        swarm: &mut Swarm,
        content: &mut Content,
        key: PeerKey,
        most: usize,
    ) {
        let Some(peer) = swarm.get(key) else {
            return;
        };
        if peer.down.limited || !peer.can_be_asked() {
            return;
        }
        let out = content.picker.asked_of(key);
        let window = self.ending.window(swarm, content, peer, cx.now);
        let mut free = window.saturating_sub(out).min(most);
        // With a large window requests go out in groups: one write for many. What
        // has become free meanwhile is not forgotten: the next blocks ask for it.
        if free == 0 || free < (window / 8).min(most) {
            return self.note_starved(swarm, key, false);
        }
        self.assign_suspects(cx, swarm, content, key, false);
        let allowed = self.limit.available(cx.now) / u64::from(BLOCK);
        let limited = allowed < free as u64;
        if limited {
            free = allowed as usize;
        }
        let mut picks = std::mem::take(&mut self.picks);
        let Some(askable) = swarm.get(key).and_then(|peer| content.askable(peer)) else {
            return;
        };
        let before = reasons::Before::pick(cx, content);
        let picker = &mut content.picker;
        let nothing = picker.has_nothing_for(key, &askable);
        picker.pick_missing(key, &askable, free, &mut cx.rng, &mut picks);
        // Only if the limit was what held us back: else the timer would ring for
        // nothing.
        let held_back = limited && picks.len() == free && !nothing;
        let starved = !held_back && picks.len() < free.max(1);
        if starved && picks.is_empty() && out == 0 {
            self.pick_suspects(cx, swarm, content, key, free, &mut picks);
        }
        if starved {
            self.pick_again(cx, swarm, content, key, free, &mut picks);
        }
        self.note_starved(swarm, key, starved);
        let whys = before.map(|before| before.whys(swarm, content, key, &picks));
        if let Some(peer) = swarm.get_mut(key) {
            self.send_requests(cx, peer, content, &mut picks, out, whys);
            if held_back {
                self.wait_for_limit(cx, peer);
            }
        }
        self.picks = picks;
    }
    // ANCHOR_END: fill

    /// Asks a peer for these blocks; so many requests were out before.
    fn send_requests(
        &mut self,
        cx: &mut Cx,
        peer: &mut Peer,
        content: &mut Content,
        blocks: &mut Vec<BlockRequest>,
        out: usize,
        whys: Option<Vec<Why>>,
    ) {
        let mut whys = whys.into_iter().flatten();
        if out == 0 && !blocks.is_empty() {
            self.begins_to_owe(cx, peer);
        }
        for block in blocks.drain(..) {
            self.limit.take(u64::from(block.len));
            if peer.down.is_snubbed() {
                // It is to show that it is back; nobody is to wait for it.
                content.picker.yield_to_others(peer.key, block);
            }
            if let Some(why) = whys.next() {
                cx.because(|| why);
            }
            cx.send(peer, Message::Request(block));
        }
    }

    fn note_starved(&mut self, swarm: &mut Swarm, key: PeerKey, starved: bool) {
        if let Some(peer) = swarm.get_mut(key) {
            peer.down.starved = starved;
        }
        if starved {
            self.starved.insert(key);
        } else {
            self.starved.remove(&key);
        }
    }

    fn wait_for_limit(&mut self, cx: &mut Cx, peer: &mut Peer) {
        peer.down.limited = true;
        self.limited.push_back(peer.key);
        self.was_limited = true;
        let wait = self.limit.wait_for(u64::from(BLOCK), cx.now);
        cx.timers.set_earlier(Timer::Refill, cx.now + wait);
    }

    /// The limit lets bytes through again: those who wait get their share in turn.
    pub fn refill(&mut self, cx: &mut Cx, swarm: &mut Swarm, content: &mut Content) {
        for _ in 0..self.limited.len() {
            let blocks = self.limit.available(cx.now) / u64::from(BLOCK);
            if blocks == 0 {
                break;
            }
            let share = (blocks as usize / self.limited.len()).max(1);
            let Some(key) = self.limited.pop_front() else {
                break;
            };
            let Some(peer) = swarm.get_mut(key) else {
                continue;
            };
            peer.down.limited = false;
            self.fill(cx, swarm, content, key, share);
            let Some(peer) = swarm.get(key).filter(|peer| !peer.down.limited) else {
                continue;
            };
            let window = self.ending.window(swarm, content, peer, cx.now);
            let room = window > content.picker.asked_of(key);
            let waits = |peer: &&mut Peer| peer.serves() && room && !peer.down.starved;
            if let Some(peer) = swarm.get_mut(key).filter(waits) {
                self.wait_for_limit(cx, peer);
            }
        }
        if !self.limited.is_empty() {
            let wait = self.limit.wait_for(u64::from(BLOCK), cx.now);
            cx.timers.set_earlier(Timer::Refill, cx.now + wait);
        }
    }

    /// These bytes will not come: others may.
    pub fn give_back(&mut self, cx: &mut Cx, bytes: u64) {
        self.limit.give_back(bytes);
        if !self.limited.is_empty() {
            cx.timers.set_earlier(Timer::Refill, cx.now);
        }
    }

    /// For a peer with nothing else to do: what it has sent wrong before.
    fn pick_suspects(
        &mut self,
        cx: &mut Cx,
        swarm: &mut Swarm,
        content: &mut Content,
        key: PeerKey,
        count: usize,
        picks: &mut Vec<BlockRequest>,
    ) {
        self.assign_suspects(cx, swarm, content, key, true);
        if let Some(askable) = swarm.get(key).and_then(|peer| content.askable(peer)) {
            let picker = &mut content.picker;
            picker.pick_missing(key, &askable, count, &mut cx.rng, picks);
        }
    }

    /// Lets this peer fetch, whole and alone, each failed piece that it has and nobody fetches;
    /// `last` as [`Content::free_suspects`] has it.
    fn assign_suspects(
        &mut self,
        cx: &mut Cx,
        swarm: &mut Swarm,
        content: &mut Content,
        key: PeerKey,
        last: bool,
    ) {
        if content.integrity.blame.is_empty() {
            return;
        }
        let Some(peer) = swarm.get(key).filter(|peer| peer.serves()) else {
            return;
        };
        for piece in content.free_suspects(swarm, peer, last, cx.now) {
            content.integrity.parole.give(piece, key, None, cx.now);
            let void = content.picker.only_from(piece, Some(key));
            self.cancel(cx, swarm, void);
        }
    }

    // ANCHOR: block
    /// A whole block has come.
    pub fn block(
        &mut self,
        cx: &mut Cx,
        peer: &mut Peer,
        content: &mut Content,
        block: BlockRequest,
        buf: BufKey,
    ) -> Receipt {
        let bytes = u64::from(block.len);
        peer.payload_at = cx.now;
        peer.down.delivered(block.len, cx.now);
        if let Some(fast) = &mut peer.fast {
            fast.delivered();
        }
        self.came(cx.now, bytes);
        let receipt = content.picker.received(peer.key, block);
        if receipt == Receipt::Unwanted {
            let is_here = content.picker.is_here(block);
            self.waste.in_vain(is_here, bytes);
            cx.act(Action::Drop { buf });
        } else {
            self.useful_at = Some(cx.now);
            cx.act(Action::Keep {
                buf,
                piece: block.piece,
                block: block.offset / BLOCK,
            });
        }
        receipt
    }
    // ANCHOR_END: block

    /// Payload bytes have come, of use or not.
    pub fn came(&mut self, now: Time, bytes: u64) {
        self.total += bytes;
        self.rate.add(now.since_start(), bytes);
    }

    /// Asks this peer for more after a block, if it is worth it. A starved peer is asked when
    /// something has changed, not after every block; but in the end game, and with little left to
    /// do, after every block it is.
    pub fn ask_after_block(&mut self, peer: &Peer, content: &Content) {
        let few = || content.picker.asked_of(peer.key) < FEW_LEFT;
        if !peer.down.starved || (few() && content.picker.in_end_game()) {
            self.ask_soon(peer.key);
        }
    }

    /// Looks at the windows of those who have nothing to do: others may have become far slower than
    /// they are.
    pub fn ask_idle(&mut self, swarm: &Swarm, content: &Content) {
        let idle = |peer: &&Peer| peer.serves() && content.picker.asked_of(peer.key) == 0;
        self.ask
            .extend(swarm.iter().filter(idle).map(|peer| peer.key));
    }

    /// These requests are void: they are taken back from the peers.
    pub fn cancel(&mut self, cx: &mut Cx, swarm: &mut Swarm, void: Vec<(PeerKey, BlockRequest)>) {
        for (key, block) in void {
            self.give_back(cx, u64::from(block.len));
            if let Some(peer) = swarm.get_mut(key) {
                take_back(cx, peer, block);
                self.ask_soon(key);
            }
        }
    }

    /// Takes back all that was asked for, of everybody. What has come stays.
    pub fn cancel_all(&mut self, cx: &mut Cx, swarm: &mut Swarm, content: &mut Content) {
        for peer in swarm.iter_mut() {
            for block in content.picker.release_all(peer.key) {
                self.give_back(cx, u64::from(block.len));
                take_back(cx, peer, block);
            }
            peer.down.snubbed_at = None;
            peer.down.starved = false;
            self.starved.remove(&peer.key);
        }
    }

    /// Drops what has come of an open piece; it is to be fetched anew.
    pub fn forget(&mut self, cx: &mut Cx, swarm: &mut Swarm, content: &mut Content, piece: u32) {
        self.waste.unasked += content.picker.bytes_here(piece);
        let void = content.picker.forget(piece);
        self.cancel(cx, swarm, void);
        cx.act(Action::Forget { piece });
    }

    /// A peer is gone, and with it what it was asked for.
    pub fn left(&mut self, cx: &mut Cx, peer: &Peer, content: &mut Content) {
        let void = content.picker.peer_left(peer.key, &peer.has);
        let bytes = void.iter().map(|block| u64::from(block.len)).sum();
        self.give_back(cx, bytes);
        self.starved.remove(&peer.key);
        self.ask.remove(&peer.key);
    }
}

/// Takes a request back. With the fast extension that is answered, too.
pub(super) fn take_back(cx: &mut Cx, peer: &mut Peer, block: BlockRequest) {
    cx.send(peer, Message::Cancel(block));
    if let Some(fast) = &mut peer.fast {
        fast.taken_back.add(block);
    }
}
