//! What the passing of time brings about.

use std::time::Duration;

use messages::Message;
use picker::PeerKey;

use crate::timers::Timer;
use crate::{CloseReason, Engine, Outcome, download};

// ANCHOR: patience
/// A connection that has said nothing for so long is dead: a live one sends a
/// keep-alive at least every two minutes (BEP 3).
const SILENCE: Duration = Duration::from_secs(180);

/// How long we stay silent before we send a keep-alive.
const KEEP_ALIVE: Duration = Duration::from_secs(100);
// ANCHOR_END: patience

/// How long a connection is kept over which neither side wants anything, and we never shall. Two that fetch
/// the same pieces at the same time do not tell each other of them, so that neither learns that the other
/// has everything now. (libtorrent: `inactivity_timeout`. A peer that is paused comes back sooner.)
const NO_USE: Duration = Duration::from_secs(600);

/// How often connections are looked after while nothing is to be fetched.
pub(crate) const WATCH_IDLE: Duration = Duration::from_secs(10);

/// How long nothing may arrive before the user is told why.
pub(crate) const STALLED: Duration = Duration::from_secs(60);

impl Engine {
    /// Does what is due.
    pub(crate) fn ring(&mut self) {
        while let Some(timer) = self.cx.timers.expired(self.cx.now) {
            match timer {
                Timer::Watch => self.watch_all(),
                Timer::Choke => self.choke_round(),
                Timer::Announce => self.announce(),
                Timer::Dial => self.dial(),
                Timer::Search => self.search(),
                Timer::Scrape => self.discovery.scrape_all(&mut self.cx),
                Timer::Exchange => self.exchange(),
                Timer::Metadata => self.metadata_timeout(),
                Timer::Refill => self.refill(),
                Timer::Stalled => self.stalled(),
                Timer::Doubts => self.check_doubts(),
                Timer::GiveUp => self.give_up(),
                Timer::LetGo => self.let_go(),
                Timer::TakeBack => self.take_back_requests(),
                Timer::TryDisk => self.try_disk(),
            }
        }
    }

    pub(crate) fn choke_round(&mut self) {
        if self.paused {
            return self.upload.choke_all(&mut self.cx, &mut self.swarm);
        }
        let seeding = self.is_finished();
        let geometry = self.content.as_ref().map(|content| content.geometry);
        let piece = geometry.map_or(u64::MAX, |geometry| geometry.piece_length().into());
        let (cx, swarm) = (&mut self.cx, &mut self.swarm);
        self.upload.choke_round(cx, swarm, piece, seeding);
        self.show_all_when_idle();
    }

    /// A speed limit lets bytes through again, in either direction.
    fn refill(&mut self) {
        let fetches = self.fetches();
        let (cx, swarm) = (&mut self.cx, &mut self.swarm);
        self.upload.refill(cx, swarm);
        if let (true, Some(content)) = (fetches, &mut self.content) {
            self.download.refill(cx, swarm, content);
        }
    }

    /// Calls the next addresses, and asks trackers while nobody has what we miss.
    pub(crate) fn dial(&mut self) {
        if !self.fetches() || self.offline.is_some() {
            return;
        }
        self.discovery.dial(&mut self.cx, &mut self.swarm);
        if self.is_lonely() {
            self.discovery.ask_another(&mut self.cx);
        }
        if self.is_starved() {
            self.pardon();
        }
        self.give_up_if_hopeless();
    }

    /// Looks for peers beside the trackers: also for those who want what we have.
    fn search(&mut self) {
        if self.works() {
            self.discovery.search(&mut self.cx);
        }
    }

    /// Whether nobody that we know of has what we miss.
    fn is_lonely(&self) -> bool {
        let offered = || self.swarm.iter().any(|peer| peer.offers > 0);
        !self.is_finished() && !self.discovery.list.has_hope() && !offered()
    }

    /// Whether nobody that we know of gives us what we miss: who has it chokes us.
    fn is_starved(&self) -> bool {
        let served = || {
            let mut peers = self.swarm.iter();
            peers.any(|peer| peer.offers > 0 && !peer.down.peer_choking)
        };
        !self.is_finished() && !self.discovery.list.has_hope() && !served()
    }

    /// Ends with a failure when there is nobody left to ask.
    fn give_up_if_hopeless(&mut self) {
        let at_disk = |c: &crate::content::Content| !c.under_way.is_empty();
        if self.is_finished()
            || self.offline.is_some()
            || !self.swarm.is_empty()
            || self.discovery.has_hope()
            || self.swarm.next_pardon().is_some()
            || self.content.as_ref().is_some_and(at_disk)
        {
            return;
        }
        self.leave(Outcome::Failed(self.why_hopeless()));
    }

    /// Looks after every connection: once a second while we fetch, now and then otherwise.
    fn watch_all(&mut self) {
        for key in self.swarm.keys() {
            if let Err(why) = self.watch(key) {
                self.close(key, why);
            }
        }
        let idle = self.is_finished() || !self.fetches();
        if let (false, Some(content)) = (idle, &mut self.content) {
            let (cx, swarm) = (&mut self.cx, &mut self.swarm);
            self.download.review_parole(cx, swarm, content);
            self.download.free_stuck_pieces(cx, swarm, content);
            content.review_fellows(swarm, cx.now);
            self.download.ask_idle(swarm, content);
            self.upload.follow_line(cx, content);
        }
        if !self.swarm.is_empty() {
            let pause = match idle {
                true => WATCH_IDLE,
                false => download::WATCH,
            };
            self.cx
                .timers
                .set_earlier(Timer::Watch, self.cx.now + pause);
        }
        if !idle {
            self.dial();
        }
    }

    fn watch(&mut self, key: PeerKey) -> Result<(), CloseReason> {
        self.forgive(key);
        let done = self.is_finished() && !self.paused && self.super_seed.is_none();
        let (Some(peer), cx) = (self.swarm.get_mut(key), &mut self.cx) else {
            return Ok(());
        };
        if cx.now.since(peer.heard) >= SILENCE {
            return Err(CloseReason::Silent(SILENCE));
        }
        if !done || peer.is_wanted() {
            peer.wanted_at = cx.now;
        } else if cx.now.since(peer.wanted_at) >= NO_USE {
            return Err(CloseReason::NoUse(NO_USE));
        }
        if cx.now.since(peer.spoke) >= KEEP_ALIVE {
            cx.send(peer, Message::KeepAlive);
        }
        let Some(content) = &mut self.content else {
            return Ok(());
        };
        if self.download.watch(cx, peer, content)? {
            let (cx, swarm) = (&mut self.cx, &mut self.swarm);
            self.download.end_parole_of(cx, swarm, content, key);
            self.upload.choke_soon(cx);
        }
        Ok(())
    }
}
