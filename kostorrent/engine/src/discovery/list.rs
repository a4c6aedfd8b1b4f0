//! The peer list: whom we could call, and when again.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::source::Source;
use crate::Time;
use crate::ours::{Ours, Witness};

/// After so many failed calls in a row an address is forgotten, until a tracker names it again.
const MOST_FAILURES: u32 = 5;

/// The pause after the first failed call; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// The longest pause between two calls of an address that the user named.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);

/// The pause after a connection that had worked.
const PAUSE_AFTER_USE: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Free,
    Dialling,
    Connected,
    /// A peer that lied.
    Banned,
    /// Ourselves.
    Never,
}

#[derive(Debug)]
struct Entry {
    state: State,
    failures: u32,
    next_try: Time,
    /// The most trusted of those who named it. What the user named is never forgotten.
    source: Source,
    /// By BEP 40.
    priority: u32,
    /// Whether it was ever called, or is connected.
    is_met: bool,
}

impl Entry {
    /// Whether it may be called, now or later.
    fn is_callable(&self) -> bool {
        self.state == State::Free && (self.is_kept() || self.failures < MOST_FAILURES)
    }

    fn is_kept(&self) -> bool {
        self.source == Source::User
    }

    /// Of those that may be called, the least is called first: one that has failed less often; of these, one
    /// that was never called, and among them the canonical peer priority decides (BEP 40), if it is known; then
    /// who waits longest.
    fn rank(&self) -> (u32, Reverse<u32>, Time) {
        let priority = if self.is_met { 0 } else { self.priority };
        (self.failures, Reverse(priority), self.next_try)
    }

    /// Whether nothing that happens brings it back.
    fn is_out(&self) -> bool {
        matches!(self.state, State::Banned | State::Never)
    }
}

/// Every address that somebody named: libtorrent's peer list.
#[derive(Debug, Default)]
pub(crate) struct PeerList {
    entries: BTreeMap<SocketAddr, Entry>,
    /// How many of them each source has, in the order of [`Source::ALL`].
    counts: [usize; Source::ALL.len()],
    dialling: usize,
    /// Which source was called last.
    last: Option<Source>,
    /// Where we are ourselves.
    ours: Ours,
    /// Whether that is of interest.
    ranks: bool,
}

impl PeerList {
    /// An empty list, of who takes calls at this port; 0 is nowhere. With `ranks`, the canonical priority
    /// decides who is called first.
    pub fn new(port: u16, ranks: bool) -> PeerList {
        PeerList {
            ours: Ours::at(port),
            ranks,
            ..PeerList::default()
        }
    }

    /// Where we are ourselves, as others see us.
    pub fn ours(&self) -> &Ours {
        &self.ours
    }

    /// Somebody says where we are.
    pub fn told_ours(&mut self, by: Witness, ip: IpAddr) {
        if self.ranks && self.ours.told(by, ip) {
            for (&addr, entry) in &mut self.entries {
                entry.priority = self.ours.priority(addr);
            }
        }
    }

    /// Enters an address. One that had been forgotten after its failures gets another chance. Where all
    /// places of its source are taken, it gets that of the worst that has failed, if any has.
    pub fn add(&mut self, addr: SocketAddr, source: Source, now: Time) {
        if addr.port() == 0 || addr.ip().is_unspecified() || addr.ip().is_multicast() {
            return;
        }
        let known = self.entries.get(&addr).map(|entry| entry.source);
        if known.is_some_and(|known| known <= source) {
            return;
        }
        if self.counts[source as usize] >= source.places() && !self.make_room(source) {
            return;
        }
        self.counts[source as usize] += 1;
        if let Some(known) = known {
            self.counts[known as usize] -= 1;
        }
        let entry = self.entries.entry(addr).or_insert(Entry {
            state: State::Free,
            failures: 0,
            next_try: now,
            source,
            priority: self.ours.priority(addr),
            is_met: false,
        });
        entry.source = source;
    }

    /// Forgets the address of a source that has failed most often; whether any had.
    fn make_room(&mut self, source: Source) -> bool {
        let all = self.entries.iter();
        let failed = all.filter(|(_, entry)| {
            entry.source == source && entry.state == State::Free && entry.failures > 0
        });
        let worst = failed.max_by_key(|(_, entry)| (entry.failures, entry.next_try));
        let worst = worst.map(|(&addr, _)| addr);
        worst.inspect(|addr| self.forget(addr)).is_some()
    }

    fn forget(&mut self, addr: &SocketAddr) {
        if let Some(entry) = self.entries.remove(addr) {
            self.counts[entry.source as usize] -= 1;
            self.dialling -= usize::from(entry.state == State::Dialling);
        }
    }

    /// Forgets whom sources have named that a private torrent does not use (BEP 27).
    pub fn keep_private(&mut self) {
        let others = self.entries.iter();
        let others = others.filter(|(_, entry)| !entry.source.is_private() && !entry.is_out());
        let others: Vec<SocketAddr> = others.map(|(&addr, _)| addr).collect();
        for addr in others {
            self.forget(&addr);
        }
    }

    /// How many calls are under way.
    pub fn dialling(&self) -> usize {
        self.dialling
    }

    /// Whether any address may still be called, now or later.
    pub fn has_hope(&self) -> bool {
        self.entries.values().any(|entry| {
            matches!(entry.state, State::Free | State::Dialling) && entry.failures < MOST_FAILURES
        })
    }

    /// Who named this address, and how many calls of it in a row have failed; `None` if it is not listed.
    pub fn known_of(&self, addr: SocketAddr) -> Option<(Source, u32)> {
        let entry = self.entries.get(&addr)?;
        Some((entry.source, entry.failures))
    }

    /// When the next address may be called that may not be called now already; `None` if one may, or
    /// none ever.
    pub fn next_due(&self, now: Time) -> Option<Time> {
        let mut soonest: Option<Time> = None;
        for (_, entry) in self.callable() {
            if entry.next_try <= now {
                return None;
            }
            soonest = Some(soonest.map_or(entry.next_try, |at| at.min(entry.next_try)));
        }
        soonest
    }

    /// Takes the address to call now. Each source has its turn, whoever named the most, but the user comes
    /// first; of a source it is the address of the best [rank](Entry::rank).
    pub fn take_due(&mut self, now: Time) -> Option<SocketAddr> {
        let mut best = [None; Source::ALL.len()];
        for (&addr, entry) in self.callable().filter(|(_, entry)| entry.next_try <= now) {
            let rank = entry.rank();
            let best = &mut best[entry.source as usize];
            if best.is_none_or(|(best, _)| rank < best) {
                *best = Some((rank, addr));
            }
        }
        let last = self.last.map_or(0, |last| last as usize);
        let turns = (1..=best.len()).map(|turn| (last + turn) % best.len());
        let source = std::iter::once(Source::User as usize)
            .chain(turns)
            .find(|&source| best[source].is_some())?;
        self.last = Some(Source::ALL[source]);
        let (_, addr) = best[source]?;
        self.set(addr, State::Dialling);
        Some(addr)
    }

    fn callable(&self) -> impl Iterator<Item = (&SocketAddr, &Entry)> {
        self.entries.iter().filter(|(_, entry)| entry.is_callable())
    }

    /// The call was answered; or whoever listens there is connected to us already.
    pub fn connected(&mut self, addr: SocketAddr) {
        self.set(addr, State::Connected);
    }

    /// The call was not answered, or its connection was of no use.
    pub fn failed(&mut self, addr: SocketAddr, now: Time) {
        let Some(entry) = self.entries.get_mut(&addr) else {
            return;
        };
        if entry.is_out() {
            return;
        }
        entry.failures += 1;
        let pause = FIRST_PAUSE * 2u32.pow(entry.failures.min(10) - 1);
        entry.next_try = now + pause.min(LONGEST_PAUSE);
        let forget = entry.failures >= MOST_FAILURES && !entry.is_kept();
        self.set(addr, State::Free);
        if forget {
            self.forget(&addr);
        }
    }

    /// A connection that had been of use is over, or we have no place for one.
    pub fn closed(&mut self, addr: SocketAddr, now: Time) {
        self.rest(addr, now + PAUSE_AFTER_USE);
    }

    /// Nothing is to be had from this address until `then`.
    pub fn rest(&mut self, addr: SocketAddr, then: Time) {
        if let Some(entry) = self.entries.get_mut(&addr) {
            entry.failures = 0;
            entry.next_try = then;
            self.set(addr, State::Free);
        }
    }

    /// Those that rest are of use again.
    pub fn wake(&mut self, now: Time) {
        for entry in self.entries.values_mut() {
            if entry.state == State::Free && entry.failures == 0 {
                entry.next_try = entry.next_try.min(now);
            }
        }
    }

    /// This address is never to be called: it is our own.
    pub fn never(&mut self, addr: SocketAddr) {
        self.set(addr, State::Never);
    }

    /// This address leads to a peer that is banned.
    pub fn banned(&mut self, addr: SocketAddr) {
        self.set(addr, State::Banned);
    }

    /// Bans have ended: whoever is not banned `still` can be called again.
    pub fn pardon(&mut self, still: impl Fn(SocketAddr) -> bool, now: Time) {
        for (&addr, entry) in &mut self.entries {
            if entry.state == State::Banned && !still(addr) {
                entry.state = State::Free;
                entry.failures = 0;
                entry.next_try = now;
            }
        }
    }

    fn set(&mut self, addr: SocketAddr, state: State) {
        if let Some(entry) = self.entries.get_mut(&addr) {
            if entry.is_out() {
                return;
            }
            self.dialling -= usize::from(entry.state == State::Dialling);
            self.dialling += usize::from(state == State::Dialling);
            entry.is_met |= matches!(state, State::Dialling | State::Connected);
            entry.state = state;
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn at(seconds: u64) -> Time {
        Time::after_start(Duration::from_secs(seconds))
    }

    fn addr(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn next_try(list: &PeerList) -> Time {
        list.callable()
            .map(|(_, entry)| entry.next_try)
            .min()
            .unwrap()
    }

    #[test]
    fn an_address_that_fails_is_called_less_and_less_and_then_forgotten() {
        let mut list = PeerList::default();
        list.add(addr(1), Source::Tracker, at(0));
        let (mut now, mut calls) = (at(0), Vec::new());
        while list.has_hope() {
            now = next_try(&list);
            assert_eq!(list.take_due(now), Some(addr(1)));
            assert_eq!(list.dialling(), 1);
            calls.push(now.since_start().as_secs());
            list.failed(addr(1), now);
            assert_eq!(list.dialling(), 0);
        }
        assert_eq!(calls, [0, 2, 6, 14, 30]);
        list.add(addr(1), Source::Tracker, now);
        assert!(list.has_hope(), "a tracker named it again");
    }

    #[test]
    fn an_address_that_the_user_named_is_never_forgotten() {
        let mut list = PeerList::default();
        list.add(addr(1), Source::User, at(0));
        let mut now = at(0);
        for _ in 0..20 {
            now = next_try(&list);
            assert_eq!(list.take_due(now), Some(addr(1)));
            list.failed(addr(1), now);
        }
        assert!(!list.has_hope(), "it has failed often enough");
        assert!(next_try(&list) <= now + LONGEST_PAUSE);
        assert_eq!(list.next_due(now), Some(next_try(&list)));
        assert_eq!(list.next_due(next_try(&list)), None);
    }

    #[test]
    fn ourselves_and_liars_are_never_called_again() {
        let mut list = PeerList::default();
        list.add(addr(1), Source::Tracker, at(0));
        assert_eq!(list.take_due(at(0)), Some(addr(1)));
        list.never(addr(1));
        list.add(addr(1), Source::Tracker, at(1));
        assert_eq!(list.dialling(), 0);
        assert_eq!(list.take_due(at(1_000_000)), None);
        assert!(!list.has_hope());
    }

    #[test]
    fn a_liar_can_be_called_again_when_its_ban_has_ended_and_ourselves_cannot() {
        let mut list = PeerList::default();
        for port in 1..=3 {
            list.add(addr(port), Source::Tracker, at(0));
        }
        list.never(addr(1));
        list.banned(addr(2));
        list.banned(addr(3));
        list.closed(addr(3), at(1));
        assert!(!list.has_hope());
        list.pardon(|banned| banned == addr(2), at(5));
        assert_eq!(list.take_due(at(5)), Some(addr(3)));
        assert_eq!(list.take_due(at(1_000_000)), None);
    }

    #[test]
    fn a_flood_from_one_source_crowds_out_no_other() {
        let mut list = PeerList::default();
        for port in 1_000..=u16::MAX {
            list.add(addr(port), Source::Exchange, at(0));
        }
        assert_eq!(list.entries.len(), Source::Exchange.places());
        for (port, source) in [(1, Source::Tracker), (2, Source::Dht), (3, Source::Local)] {
            list.add(addr(port), source, at(1));
        }
        // Nor does anybody wait for its turn until the flood is over.
        let called: Vec<u16> = (0..4)
            .filter_map(|_| list.take_due(at(1)))
            .map(|addr| addr.port())
            .collect();
        assert_eq!(called, [1, 3, 2, 1_000]);
        list.add(addr(4), Source::User, at(2));
        assert_eq!(list.take_due(at(2)), Some(addr(4)));
    }

    #[test]
    fn of_a_source_the_canonical_priority_comes_first_and_each_source_has_its_turn_all_the_same() {
        let far = |number: u8| SocketAddr::from(([number, 76, 54, 32], 1));
        let mut list = PeerList::new(6881, true);
        for number in 1..=40 {
            list.add(far(number), Source::Tracker, at(number.into()));
        }
        // Without an address of our own it is the first who was named.
        assert_eq!(list.take_due(at(100)), Some(far(1)));
        list.failed(far(1), at(100));

        let us = "123.213.32.10".parse().unwrap();
        list.told_ours(Witness::Dht, us);
        for number in 41..=100 {
            list.add(far(number), Source::Exchange, at(99));
        }
        let called: Vec<SocketAddr> = std::iter::from_fn(|| list.take_due(at(100)))
            .take(99)
            .collect();
        assert_eq!(
            called.len(),
            99,
            "each once, but for the one that has failed"
        );
        let (trackers, peers): (Vec<_>, Vec<_>) = called.iter().partition(|addr| **addr <= far(40));
        assert!([&trackers, &peers].map(Vec::len) == [39, 60]);
        for one_source in [trackers, peers] {
            let priorities = one_source.iter().map(|addr| list.ours().priority(*addr));
            assert!(priorities.is_sorted_by_key(Reverse));
        }
        // As long as trackers have names, every other call is to one of them.
        let mut turns = called.chunks_exact(2).take(39);
        assert!(turns.all(|two| (two[0] <= far(40)) ^ (two[1] <= far(40))));
        // One that was called, and had its use, waits for those that were not.
        list.closed(called[0], at(100));
        list.add(far(101), Source::Exchange, at(200));
        let next = [(); 3].map(|()| list.take_due(at(200)));
        assert_eq!(next, [far(1), far(101), called[0]].map(Some));
    }

    #[test]
    fn in_a_full_place_the_worst_makes_room_if_it_has_failed() {
        let mut list = PeerList::default();
        let places = Source::Local.places() as u16;
        for port in 1..=places {
            list.add(addr(port), Source::Local, at(0));
        }
        list.add(addr(5_000), Source::Local, at(0));
        assert!(!list.entries.contains_key(&addr(5_000)), "all may be good");
        for _ in 0..2 {
            list.take_due(at(0)).unwrap();
        }
        list.failed(addr(2), at(1));
        list.add(addr(5_000), Source::Local, at(1));
        assert!(!list.entries.contains_key(&addr(2)));
        assert_eq!(list.entries.len(), places.into());
    }

    #[test]
    fn the_most_trusted_who_names_an_address_counts() {
        let mut list = PeerList::default();
        list.add(addr(1), Source::Exchange, at(0));
        list.add(addr(1), Source::Tracker, at(0));
        list.add(addr(1), Source::Dht, at(0));
        assert_eq!(list.known_of(addr(1)), Some((Source::Tracker, 0)));
        assert_eq!(list.counts, [0, 1, 0, 0, 0]);
        list.add(addr(2), Source::Dht, at(0));
        list.keep_private();
        assert_eq!(list.known_of(addr(2)), None);
        assert_eq!(list.counts, [0, 1, 0, 0, 0]);
    }

    #[test]
    fn the_list_is_bounded_and_takes_no_impossible_address() {
        let mut list = PeerList::default();
        for port in 0..=u16::MAX {
            list.add(addr(port), Source::Tracker, at(0));
        }
        assert_eq!(list.entries.len(), Source::Tracker.places());
        list.add(SocketAddr::from(([0, 0, 0, 0], 1)), Source::Tracker, at(0));
        assert_eq!(list.entries.len(), Source::Tracker.places());
    }
}
