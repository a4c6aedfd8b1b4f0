//! Who else has the torrent: the trackers' tiers, the DHT, the local network, other peers, and the list
//! of addresses that they and the user have named.

mod list;
mod names;
mod search;
mod source;
mod trackers;

use std::net::{IpAddr, SocketAddr};

use tracker::limits::BESIDE;
use tracker::{AnnounceError, AnnounceEvent, AnnounceReply, Counts, host_of};

use crate::cx::Cx;
use crate::ours::Witness;
use crate::swarm::Swarm;
use crate::timers::Timer;
use crate::{Action, Announcement, Config, Report, Time, TrackerDetails, TrackerWord, Why};

use list::PeerList;
use names::Names;
use search::Search;
pub use source::{Source, Sources};
use trackers::{Call, SCRAPE, Trackers};

/// Calls under way at most.
const MOST_DIALLING: usize = 20;

/// How many peers a tracker is asked for.
const NUMWANT: u32 = 100;

/// What a tracker is told about our progress.
#[derive(Clone, Copy)]
pub(crate) struct Totals {
    pub uploaded: u64,
    pub downloaded: u64,
    pub left: u64,
    /// Nothing is missing, and not everything is there (BEP 21).
    pub is_partial_seed: bool,
}

pub(crate) struct Discovery {
    pub list: PeerList,
    trackers: Trackers,
    names: Names,
    /// `None` if the DHT is not searched.
    dht: Option<Search>,
    /// Whether the local network is told of us.
    local: bool,
}

impl Discovery {
    pub fn new(config: &Config, cx: &mut Cx) -> Discovery {
        let mut list = PeerList::new(config.port, config.ranks_peers);
        for &addr in &config.peers {
            list.add(addr, Source::User, cx.now);
        }
        Discovery {
            list,
            dht: config.sources.dht.then(|| Search::new(cx.now)),
            local: config.sources.local,
            trackers: Trackers::new(&config.tiers, cx.now, &mut cx.rng),
            names: Names::new(&config.names, cx.now),
        }
    }

    /// Whether somebody may still be found: by a tracker, in the DHT, by name, or at an address not yet
    /// given up.
    pub fn has_hope(&self) -> bool {
        let in_dht = self.dht.as_ref().is_some_and(Search::has_hope);
        in_dht || self.trackers.any() || self.names.has_hope() || self.list.has_hope()
    }

    /// Begins to look for peers beside the trackers.
    pub fn search(&mut self, cx: &mut Cx) {
        if let Some(dht) = &mut self.dht {
            if dht.begin(cx.now) {
                cx.act(Action::SearchDht);
            }
            if let Some(due) = dht.next() {
                cx.timers.set_earlier(Timer::Search, due);
            }
        }
    }

    /// Has the local network told of us, or not any more.
    pub fn tell_local(&self, cx: &mut Cx, tells: bool) {
        if self.local {
            cx.act(Action::TellLocal { tells });
        }
    }

    /// The search in the DHT is over; so many nodes have answered, and see us at these addresses.
    pub fn searched(&mut self, cx: &mut Cx, answered: usize, seen_at: &[IpAddr]) {
        for &ip in seen_at {
            self.list.told_ours(Witness::Dht, ip);
        }
        if let Some(dht) = &mut self.dht {
            dht.ended(answered, cx.now);
        }
        cx.timers.set(Timer::Search, cx.now);
        cx.timers.set(Timer::Dial, cx.now);
    }

    /// Somebody has named peers.
    pub fn named(&mut self, cx: &mut Cx, swarm: &Swarm, source: Source, peers: &[SocketAddr]) {
        for &addr in peers {
            if !swarm.is_banned(addr) {
                self.list.add(addr, source, cx.now);
            }
        }
        cx.timers.set(Timer::Dial, cx.now);
    }

    /// The torrent turns out to be private: nobody is asked or told but its trackers (BEP 27).
    pub fn keep_private(&mut self, cx: &mut Cx) {
        self.tell_local(cx, false);
        (self.dht, self.local) = (None, false);
        self.list.keep_private();
    }

    /// A name has been looked up. All its addresses are tried.
    pub fn looked_up(
        &mut self,
        cx: &mut Cx,
        name: &str,
        port: u16,
        result: Result<Vec<SocketAddr>, String>,
    ) {
        for addr in self.names.looked_up(cx, name, port, result) {
            self.list.add(addr, Source::User, cx.now);
        }
        cx.timers.set(Timer::Dial, cx.now);
    }

    /// A name of a peer that leads nowhere, and why.
    pub fn lost_name(&self) -> Option<(&str, &str)> {
        self.names.lost()
    }

    /// What the last tracker said, if all have refused for good.
    pub fn refusal(&self) -> Option<&AnnounceError> {
        self.trackers.refusal()
    }

    /// What came of the last announce.
    pub fn word(&self) -> TrackerWord {
        self.trackers.word()
    }

    /// The trackers as a person sees them.
    pub fn trackers(&self, now: Time) -> Vec<TrackerDetails> {
        self.trackers.listed(now)
    }

    /// Has the names looked up that are due, and calls the next addresses, if more connections are
    /// wanted.
    pub fn dial(&mut self, cx: &mut Cx, swarm: &mut Swarm) {
        self.names.look_up(cx);
        while self.list.dialling() < MOST_DIALLING {
            let has_place = swarm.len() + self.list.dialling() < swarm.max_peers();
            let can_replace = || self.list.dialling() == 0 && swarm.idle(false, cx.now).is_some();
            if !has_place && !can_replace() {
                break;
            }
            let Some(addr) = self.list.take_due(cx.now) else {
                break;
            };
            if swarm.is_banned(addr) {
                self.list.banned(addr);
                continue;
            }
            if swarm.has_caller_at(addr) {
                self.list.connected(addr);
                continue;
            }
            if let Some((by, failures)) = self.list.known_of(addr) {
                cx.because(|| Why::Called { by, failures });
            }
            cx.act(Action::Connect { addr });
        }
        for due in [self.list.next_due(cx.now), self.names.next_due()] {
            match due {
                Some(due) if due > cx.now => cx.timers.set_earlier(Timer::Dial, due),
                _ => {}
            }
        }
    }

    /// Nobody that we know of has what we need: a tracker may know others by now.
    pub fn ask_another(&mut self, cx: &mut Cx) {
        if let Some(dht) = &mut self.dht {
            dht.hurry(cx.now);
            if let Some(due) = dht.next() {
                cx.timers.set_earlier(Timer::Search, due);
            }
        }
        let Some(at) = self.trackers.may_ask_another() else {
            return;
        };
        if at <= cx.now {
            self.trackers.ask_another();
            self.set_announce(cx);
            // Who is silent is not waited for alone, here as little as in its turn.
            cx.timers.set_earlier(Timer::Dial, cx.now + BESIDE);
        } else {
            cx.timers.set_earlier(Timer::Dial, at);
        }
    }

    /// Asks the trackers that are due.
    pub fn announce(&mut self, cx: &mut Cx, totals: Totals) {
        while let Some(call) = self.trackers.call(cx.now) {
            tell(cx, call, totals);
        }
        self.set_announce(cx);
    }

    fn set_announce(&self, cx: &mut Cx) {
        match self.trackers.next(cx.now) {
            Some(at) => cx.timers.set(Timer::Announce, at),
            None => cx.timers.stop(Timer::Announce),
        }
    }

    /// A tracker has answered, or has not.
    pub fn announced(
        &mut self,
        cx: &mut Cx,
        swarm: &Swarm,
        tracker: &str,
        result: Result<AnnounceReply, AnnounceError>,
    ) {
        match result {
            Ok(reply) => self.answered(cx, swarm, tracker, &reply),
            Err(why) => {
                self.trackers.failed(tracker, &why, cx.now);
                let tracker = host_of(tracker);
                cx.report(Report::TrackerFailed { tracker, why });
            }
        }
        for tracker in self.trackers.counts.take_due() {
            cx.act(Action::Scrape { tracker });
        }
        // Somebody may have been named; or it may be time to ask another.
        cx.timers.set(Timer::Dial, cx.now);
        self.set_announce(cx);
    }

    fn answered(&mut self, cx: &mut Cx, swarm: &Swarm, tracker: &str, reply: &AnnounceReply) {
        if let Some(ip) = reply.external_ip {
            let tracker = Witness::Tracker(tracker.to_owned());
            self.list.told_ours(tracker, ip);
        }
        self.named(cx, swarm, Source::Tracker, &reply.peers);
        if let Some(warning) = &reply.warning {
            cx.report(Report::TrackerWarning {
                tracker: host_of(tracker),
                warning: warning.clone(),
            });
        }
        self.trackers.answered(tracker, reply, cx.now);
    }

    /// A tracker has told how many have the torrent, or does not tell.
    pub fn scraped(&mut self, tracker: &str, counts: Option<Counts>) {
        self.trackers.counts.scraped(tracker, counts);
    }

    /// How many have the torrent, as far as trackers know.
    pub fn counts(&self) -> Counts {
        self.trackers.counts.most()
    }

    /// Asks all trackers how many have the torrent, now and every while from now on.
    pub fn scrape_all(&mut self, cx: &mut Cx) {
        for tracker in self.trackers.counts.all() {
            cx.act(Action::Scrape { tracker });
        }
        cx.timers.set(Timer::Scrape, cx.now + SCRAPE);
    }

    /// The download is complete: the trackers are told with the next announce, which is due now.
    pub fn complete(&mut self, cx: &mut Cx) {
        self.trackers.complete(cx.now);
        self.set_announce(cx);
    }

    /// Tells each tracker that knows us that we are away, and asks none from now on.
    pub fn pause(&mut self, cx: &mut Cx, totals: Totals) {
        for call in self.trackers.pause(cx.now) {
            tell(cx, call, totals);
        }
        if let Some(dht) = &mut self.dht {
            dht.pause(true);
        }
        self.tell_local(cx, false);
        self.set_announce(cx);
        cx.timers.set_earlier(Timer::Scrape, cx.now + SCRAPE);
    }

    /// We are there again.
    pub fn resume(&mut self, cx: &mut Cx) {
        cx.timers.stop(Timer::Scrape);
        self.trackers.resume(cx.now);
        self.set_announce(cx);
        if let Some(dht) = &mut self.dht {
            dht.pause(false);
        }
        self.tell_local(cx, true);
        cx.timers.set(Timer::Search, cx.now);
    }

    /// Says goodbye to each tracker that knows us.
    pub fn say_goodbyes(&mut self, cx: &mut Cx, totals: Totals) {
        for call in self.trackers.goodbyes(cx.now) {
            tell(cx, call, totals);
        }
        self.tell_local(cx, false);
        self.set_stopped(cx);
    }

    /// A tracker has answered, while we leave, what it was told: what is still to be said to it is
    /// said.
    pub fn goodbye_answered(
        &mut self,
        cx: &mut Cx,
        tracker: &str,
        told: Option<AnnounceEvent>,
        answered: bool,
        totals: Totals,
    ) {
        let call = self.trackers.next_goodbye(tracker, told, answered, cx.now);
        if let Some(call) = call {
            tell(cx, call, totals);
        }
        self.set_stopped(cx);
    }

    /// Says `stopped` to those that have had a while for `completed`.
    pub fn say_stopped(&mut self, cx: &mut Cx, totals: Totals) {
        for call in self.trackers.stopped(cx.now) {
            tell(cx, call, totals);
        }
        self.set_stopped(cx);
    }

    fn set_stopped(&self, cx: &mut Cx) {
        match self.trackers.next_stopped() {
            Some(at) => cx.timers.set(Timer::Announce, at),
            None => cx.timers.stop(Timer::Announce),
        }
    }

    /// Says `stopped` to those that have not answered `completed` in time.
    pub fn last_words(&mut self, cx: &mut Cx, totals: Totals) -> bool {
        let calls = self.trackers.last_words();
        let any = !calls.is_empty();
        for call in calls {
            tell(cx, call, totals);
        }
        self.set_stopped(cx);
        any
    }

    /// Whether every goodbye has been answered.
    pub fn all_said(&self) -> bool {
        self.trackers.all_said()
    }

    /// These addresses lead to a peer that is gone.
    pub fn released(&mut self, addrs: &[SocketAddr], release: Release, now: Time) {
        for &addr in addrs {
            match release {
                Release::UsedUntil(then) => self.list.rest(addr, then),
                Release::Used => self.list.closed(addr, now),
                Release::Useless => self.list.failed(addr, now),
            }
        }
    }
}

/// How a connection to a listed address has ended.
#[derive(Clone, Copy)]
pub(crate) enum Release {
    /// There is nothing to be had there until then.
    UsedUntil(Time),
    /// It was of use, and can be called again soon; or it was we who had no place.
    Used,
    /// It was of no use.
    Useless,
}

fn tell(cx: &mut Cx, call: Call, totals: Totals) {
    let leaving = call.event == Some(AnnounceEvent::Stopped);
    let between = totals.is_partial_seed.then_some(AnnounceEvent::Paused);
    let announcement = Announcement {
        event: call.event.or(between),
        uploaded: totals.uploaded,
        downloaded: totals.downloaded,
        left: totals.left,
        numwant: if leaving { 0 } else { NUMWANT },
        tracker_id: call.tracker_id,
    };
    cx.act(Action::Announce {
        tracker: call.tracker,
        announcement,
    });
}
