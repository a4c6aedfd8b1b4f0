//! Peers that choke us, and peers that keep us waiting.

use std::time::Duration;

use blocks::Window;
use picker::PeerKey;

use super::{Download, take_back};
use crate::CloseReason;
use crate::content::{Content, NOBODY};
use crate::cx::Cx;
use crate::peer::Peer;
use crate::swarm::Swarm;
use crate::timers::Timer;

/// How often a download looks after its peers.
pub(crate) const WATCH: Duration = Duration::from_secs(1);

/// How often it does in the end game, while peers have nothing to do.
pub(crate) const END_GAME_WATCH: Duration = Duration::from_millis(250);

// ANCHOR: patience
/// A peer that owes us a block for so long is snubbed, and others are asked instead.
const STALL: Duration = Duration::from_secs(20);

/// A snubbed peer has so long to deliver one block before we hang up.
const LAST_CHANCE: Duration = Duration::from_secs(100);
// ANCHOR_END: patience

impl Download {
    /// Who chokes us owes us nothing. It has dropped every request that is out, without a word: they are
    /// asked again, here or elsewhere. With the fast extension it has dropped none, and answers each.
    pub fn choked(&mut self, cx: &mut Cx, peer: &mut Peer, content: &mut Content) {
        let down = &mut peer.down;
        if std::mem::replace(&mut down.peer_choking, true) {
            return;
        }
        down.choked_since = cx.now;
        down.snubbed_at = None;
        down.asked_at = None;
        if down.has_delivered {
            down.window.choked();
        } else {
            // An unchoke that brought nothing: the next one is tried with few requests, or a peer
            // could have hundreds sent with every ten bytes. (libtorrent chokes and unchokes once
            // while a connection is young: then few are what there is anyway.)
            down.window = Window::new();
        }
        peer.down.starved = false;
        self.starved.remove(&peer.key);
        // What it can be asked for is another than before.
        content.picker.look_again(peer.key);
        if let Some(fast) = &mut peer.fast {
            fast.choked();
            self.ask_soon(peer.key);
            return;
        }
        let void = content.picker.release_all(peer.key);
        let bytes = void.iter().map(|block| u64::from(block.len)).sum();
        self.give_back(cx, bytes);
    }

    /// It answers requests from now on.
    pub fn unchoked(&mut self, cx: &mut Cx, peer: &mut Peer, content: &mut Content) {
        if std::mem::replace(&mut peer.down.peer_choking, false) {
            self.ask_anew(cx, peer, content);
            content.picker.look_again(peer.key);
            peer.down.has_delivered = false;
            self.ask_soon(peer.key);
        }
    }

    /// What a peer was asked for before it choked us, and has neither sent nor rejected, it has dropped, as
    /// without the fast extension.
    fn ask_anew(&mut self, cx: &mut Cx, peer: &mut Peer, content: &mut Content) {
        let Some(fast) = &peer.fast else {
            return;
        };
        let owed = content.picker.asked(peer.key);
        let dropped = owed.filter(|block| !fast.allowed.contains(&block.piece));
        for block in dropped.collect::<Vec<_>>() {
            content.picker.release(peer.key, block);
            self.give_back(cx, u64::from(block.len));
            take_back(cx, peer, block);
        }
    }

    /// From now on a peer owes us a block.
    pub(super) fn begins_to_owe(&mut self, cx: &mut Cx, peer: &mut Peer) {
        peer.down.begins_to_owe(cx.now);
        cx.timers.set_earlier(Timer::Watch, cx.now + STALL);
    }

    /// Looks whether a peer keeps us waiting too long; true when it has just been snubbed for it.
    ///
    /// # Errors
    ///
    /// When it has had its last chance.
    pub fn watch(
        &mut self,
        cx: &mut Cx,
        peer: &mut Peer,
        content: &mut Content,
    ) -> Result<bool, CloseReason> {
        if let Some(since) = peer.down.snubbed_at {
            return match cx.now.since(since) >= LAST_CHANCE {
                true => Err(CloseReason::AnswersNothing),
                false => Ok(false),
            };
        }
        let out = content.picker.asked_of(peer.key);
        if peer.down.overdue(out, cx.now) < STALL {
            return Ok(false);
        }
        peer.down.snubbed_at = Some(cx.now);
        peer.down.window.snub();
        // One request stays out, so that a peer that comes back shows it.
        let mut owed = content.picker.asked(peer.key);
        let stays = owed.next();
        let given_back: Vec<_> = owed.collect();
        for block in given_back {
            content.picker.release(peer.key, block);
            self.give_back(cx, u64::from(block.len));
            take_back(cx, peer, block);
        }
        if let Some(block) = stays {
            content.picker.yield_to_others(peer.key, block);
        }
        Ok(true)
    }

    /// Hands failed pieces over to a peer with nothing to do, if whoever fetches them has choked us
    /// for long, or is far slower.
    pub fn review_parole(&mut self, cx: &mut Cx, swarm: &mut Swarm, content: &mut Content) {
        for (piece, to) in content.better_owners(swarm, cx.now) {
            self.hand_over(cx, swarm, content, piece, Some(to));
            self.ask_soon(to);
        }
    }

    /// This peer fetches no piece alone any more: it is gone, or has stopped delivering.
    pub fn end_parole_of(
        &mut self,
        cx: &mut Cx,
        swarm: &mut Swarm,
        content: &mut Content,
        key: PeerKey,
    ) {
        for piece in content.integrity.parole.of(key) {
            if !content.is_under_way(piece) {
                self.hand_over(cx, swarm, content, piece, None);
            }
        }
    }

    /// A failed piece gets another owner, or waits for one. What the former one sent is kept the
    /// first time: with honest peers the piece passes, and shows who had lied before. If such a
    /// mixture has failed, a liar hides behind changes of owner, and every owner begins anew.
    fn hand_over(
        &mut self,
        cx: &mut Cx,
        swarm: &mut Swarm,
        content: &mut Content,
        piece: u32,
        to: Option<PeerKey>,
    ) {
        let former = content.integrity.parole.take(piece);
        if content.integrity.blame.failures(piece) > 1 {
            self.forget(cx, swarm, content, piece);
        }
        let owner = to.unwrap_or(NOBODY);
        let void = content.picker.only_from(piece, Some(owner));
        self.cancel(cx, swarm, void);
        if let Some(peer) = to {
            content.integrity.parole.give(piece, peer, former, cx.now);
        }
    }

    /// Gives up the blocks of an open piece that nobody can finish while its memory is needed.
    pub fn free_stuck_pieces(&mut self, cx: &mut Cx, swarm: &mut Swarm, content: &mut Content) {
        let idle = |peer: &Peer| peer.serves() && content.picker.asked_of(peer.key) == 0;
        if !swarm.iter().any(idle) {
            return;
        }
        let stuck = content.picker.stuck_open(|piece| {
            let mut peers = swarm.iter();
            peers.any(|peer| peer.would_send(piece))
        });
        if let Some(piece) = stuck.filter(|&piece| !content.is_under_way(piece)) {
            self.forget(cx, swarm, content, piece);
        }
    }
}
