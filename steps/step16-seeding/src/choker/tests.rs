use pretty_assertions::assert_eq;
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;

/// A choker among peers, with a clock.
struct Swarm {
    choker: Choker,
    peers: Vec<Candidate>,
    now: Duration,
    rng: ChaCha8Rng,
    /// Why, peer by peer, in the last round.
    reasons: Vec<String>,
}

/// Who is to be unchoked.
fn unchoked(decisions: &[Decision]) -> Vec<PeerKey> {
    let unchoked = decisions.iter().filter(|decision| decision.unchoke);
    unchoked.map(|decision| decision.peer).collect()
}

impl Swarm {
    /// Peers that give so much, all of them interested, and old.
    fn new(slots: usize, rates: &[u64]) -> Swarm {
        let peers = (0..).zip(rates).map(|(key, &rate)| candidate(key, rate));
        Swarm {
            choker: Choker::new(slots),
            peers: peers.collect(),
            now: Duration::from_secs(1000),
            rng: ChaCha8Rng::seed_from_u64(5),
            reasons: Vec::new(),
        }
    }

    /// Asks the choker, does what it says.
    fn round(&mut self, seeding: bool) -> Vec<u32> {
        let decisions = self
            .choker
            .round(self.now, seeding, &self.peers, &mut self.rng);
        let chosen = unchoked(&decisions);
        self.reasons = decisions.iter().map(|d| d.reason.to_string()).collect();
        for peer in &mut self.peers {
            peer.unchoked = chosen.contains(&peer.peer);
        }
        chosen.into_iter().map(|PeerKey(key)| key).collect()
    }

    fn wait(&mut self, seconds: u64) {
        let span = Duration::from_secs(seconds);
        self.now += span;
        for peer in &mut self.peers {
            peer.since += span;
        }
    }

    fn peer(&mut self, key: usize) -> &mut Candidate {
        &mut self.peers[key]
    }

    /// Those with a regular slot.
    fn regular(&mut self) -> Vec<u32> {
        let mut chosen = self.round(false);
        let optimistic = self.choker.optimistic.map(|PeerKey(key)| key);
        chosen.retain(|&key| Some(key) != optimistic);
        chosen
    }
}

/// A host for each peer.
fn host(key: u32) -> IpAddr {
    IpAddr::from(key.to_be_bytes())
}

fn candidate(key: u32, rate: u64) -> Candidate {
    Candidate {
        peer: PeerKey(key),
        host: host(key),
        interested: true,
        unchoked: false,
        rate,
        since: Duration::from_secs(500),
        snubbed: false,
        served: false,
        pieces: 0,
        gave: rate,
        got: 0,
    }
}

#[test]
fn those_who_give_most_get_the_slots_and_one_more_gets_one() {
    let mut swarm = Swarm::new(4, &[10, 50, 20, 40, 30, 0, 0]);
    let chosen = swarm.round(false);
    assert_eq!(chosen.len(), 4);
    assert!(
        [1, 3, 4].iter().all(|key| chosen.contains(key)),
        "{chosen:?}"
    );
}

#[test]
fn between_two_rounds_nobody_loses_a_slot() {
    let mut swarm = Swarm::new(3, &[50, 40, 0, 0]);
    assert_eq!(swarm.regular(), [0, 1]);
    swarm.peer(2).rate = 90;
    swarm.wait(4);
    assert_eq!(swarm.regular(), [0, 1]);
    swarm.wait(6);
    assert_eq!(swarm.regular(), [0, 2]);
}

#[test]
fn a_free_slot_is_given_at_once() {
    let mut swarm = Swarm::new(3, &[50, 40, 30, 20, 10]);
    assert_eq!(swarm.regular(), [0, 1]);
    swarm.wait(1);
    swarm.peer(0).interested = false;
    swarm.choker.optimistic = Some(PeerKey(4));
    assert_eq!(swarm.round(false), [1, 2, 4]);
    swarm.wait(1);
    swarm.peers.remove(1);
    assert_eq!(swarm.round(false), [2, 3, 4]);
}

#[test]
fn a_peer_that_gives_no_more_takes_nobodys_place() {
    let mut swarm = Swarm::new(3, &[20, 20, 10, 20]);
    let regular = swarm.regular();
    swarm.peers.reverse();
    for _ in 0..5 {
        swarm.wait(10);
        assert_eq!(swarm.regular(), regular);
    }
}

#[test]
fn who_snubs_us_loses_its_regular_slot() {
    let mut swarm = Swarm::new(2, &[90, 10]);
    swarm.peer(0).snubbed = true;
    assert_eq!(swarm.regular(), [1]);
    assert_eq!(
        swarm.round(false),
        [0, 1],
        "but has its turn at the optimistic one"
    );
}

#[test]
fn the_optimistic_slot_goes_round_every_thirty_seconds() {
    let mut swarm = Swarm::new(2, &[90, 0, 0, 0, 0]);
    let mut turns = Vec::new();
    for _ in 0..40 {
        let chosen = swarm.round(false);
        assert_eq!((chosen.len(), chosen[0]), (2, 0));
        turns.push(chosen[1]);
        for _ in 0..2 {
            swarm.wait(10);
            assert_eq!(swarm.round(false), chosen);
        }
        swarm.wait(10);
    }
    assert!(turns.windows(2).all(|pair| pair[0] != pair[1]), "{turns:?}");
    assert!((1..5).all(|key| turns.contains(&key)), "{turns:?}");
}

#[test]
fn a_turn_that_begins_between_two_rounds_is_not_longer() {
    for late in 0..10 {
        // The one that had the slot wants nothing any more: another gets it, so many seconds after
        // a round.
        let mut swarm = Swarm::new(2, &[90, 0, 0, 0]);
        let gone = swarm.round(false)[1];
        swarm.wait(10);
        swarm.round(false);
        swarm.wait(late);
        swarm.peer(gone as usize).interested = false;
        let next = swarm.round(false)[1];
        assert_ne!(next, gone);

        // That one has it for three rounds, though the choker is asked every second.
        let mut seconds = 0;
        while seconds < 100 && swarm.round(false)[1] == next {
            swarm.wait(1);
            seconds += 1;
        }
        assert_eq!(seconds, 30 - late);
    }
}

#[test]
fn an_optimistic_peer_that_gives_well_stays_and_another_gets_its_chance() {
    let mut swarm = Swarm::new(2, &[10, 0, 0]);
    let lucky = swarm.round(false)[1];
    swarm.peer(lucky as usize).rate = 100;
    swarm.wait(10);
    assert_eq!(swarm.regular(), [lucky]);
    assert_eq!(swarm.round(false).len(), 2);
}

#[test]
fn a_new_peer_is_three_times_as_likely() {
    let mut firsts = [0; 3];
    for seed in 0..3000 {
        let mut swarm = Swarm::new(1, &[0, 0, 0]);
        swarm.rng = ChaCha8Rng::seed_from_u64(seed);
        swarm.peer(2).since = NEW / 2;
        firsts[swarm.round(false)[0] as usize] += 1;
    }
    assert!((500..700).contains(&firsts[0]), "{firsts:?}");
    assert!((500..700).contains(&firsts[1]), "{firsts:?}");
    assert!((1700..1900).contains(&firsts[2]), "{firsts:?}");
}

/// How often each of these is the next to have the optimistic slot.
fn turns(peers: &[Candidate]) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let all: Vec<&Candidate> = peers.iter().collect();
    let mut turns = vec![0; peers.len()];
    for _ in 0..1_000 {
        let PeerKey(next) = next_optimistic(&all, None, &mut rng).unwrap();
        turns[next as usize] += 1;
    }
    turns
}

#[test]
fn who_took_and_gave_nothing_has_its_turn_when_nobody_else_waits() {
    let mut peers: Vec<Candidate> = (0..3).map(|key| candidate(key, 0)).collect();
    (peers[0].got, peers[1].got) = (16_384, 16_384);
    assert_eq!(turns(&peers), [0, 0, 1_000]);
    peers[2].got = 1;
    assert!(turns(&peers).iter().all(|&turns| turns > 250));
    peers[1].gave = 1;
    assert_eq!(turns(&peers), [0, 1_000, 0]);
}

#[test]
fn every_other_turn_is_for_the_giver_that_lacks_most() {
    let mut peers: Vec<Candidate> = (0..4).map(|key| candidate(key, 5)).collect();
    (peers[0].pieces, peers[1].pieces, peers[2].pieces) = (7, 3, 8);
    // It has given nothing, and its few pieces do not count.
    (peers[3].pieces, peers[3].gave) = (0, 0);
    let turns = turns(&peers);
    assert!((575..675).contains(&turns[1]), "{turns:?}");
    let by_chance = [turns[0], turns[2], turns[3]];
    let fair = 90..160;
    assert!(by_chance.iter().all(|t| fair.contains(t)), "{turns:?}");
}

#[test]
fn more_slots_are_given_at_once() {
    let mut swarm = Swarm::new(3, &[50, 40, 30, 20, 10]);
    swarm.round(false);
    swarm.wait(1);
    swarm.choker.set_slots(5);
    assert_eq!(swarm.round(false).len(), 5);
    swarm.wait(1);
    swarm.choker.set_slots(2);
    assert_eq!(swarm.round(false).len(), 2);
}

#[test]
fn one_peer_alone_keeps_the_optimistic_slot() {
    let mut swarm = Swarm::new(1, &[0]);
    for _ in 0..10 {
        assert_eq!(swarm.round(false), [0]);
        swarm.wait(10);
    }
}

#[test]
fn a_seed_serves_everyone_for_about_the_same_time() {
    let mut swarm = Swarm::new(2, &[100, 1_000, 10, 1, 500]);
    let mut seconds = [0; 5];
    for _ in 0..300 {
        for key in swarm.round(true) {
            seconds[key as usize] += 10;
        }
        swarm.wait(10);
    }
    let fair = 3000 * 2 / 5;
    assert!(
        seconds
            .iter()
            .all(|&time| (fair - 90..fair + 90).contains(&time)),
        "{seconds:?}"
    );
}

#[test]
fn a_turn_lasts_thirty_seconds_on_a_slow_line_if_others_wait_and_longer_if_not() {
    let mut swarm = Swarm::new(1, &[5, 5]);
    let first = swarm.round(true);
    for _ in 0..2 {
        swarm.wait(10);
        assert_eq!(swarm.round(true), first);
    }
    swarm.wait(10);
    let second = swarm.round(true);
    assert_ne!(second, first);
    swarm.peer(first[0] as usize).interested = false;
    for _ in 0..20 {
        swarm.wait(10);
        assert_eq!(swarm.round(true), second);
    }
}

#[test]
fn a_peer_that_has_got_a_whole_piece_makes_room_after_a_round() {
    let mut swarm = Swarm::new(1, &[5, 5]);
    let first = swarm.round(true);
    swarm.peer(first[0] as usize).served = true;
    swarm.wait(5);
    assert_eq!(swarm.round(true), first, "not before");
    swarm.wait(5);
    assert_ne!(swarm.round(true), first);
    // It goes on if nobody else waits.
    let mut alone = Swarm::new(1, &[5]);
    alone.peer(0).served = true;
    for _ in 0..3 {
        assert_eq!(alone.round(true), [0]);
        alone.wait(10);
    }
}

#[test]
fn between_two_rounds_of_a_seed_nobody_loses_a_slot() {
    let mut swarm = Swarm::new(1, &[5, 5, 5]);
    let first = swarm.round(true);
    swarm.wait(4);
    swarm.peer(first[0] as usize).interested = false;
    let second = swarm.round(true);
    assert_ne!(second, first);
    swarm.peer(second[0] as usize).served = true;
    swarm.wait(6);
    assert_eq!(swarm.round(true), second, "six seconds");
    swarm.wait(5);
    assert_eq!(swarm.round(true), second, "eleven, but no round");
    swarm.wait(5);
    assert_ne!(swarm.round(true), second);
}

#[test]
fn of_those_whose_turn_is_over_the_one_that_began_last_goes_on() {
    let mut swarm = Swarm::new(2, &[5, 5, 5]);
    swarm.peer(1).interested = false;
    swarm.peer(2).interested = false;
    assert_eq!(swarm.round(true), [0]);
    swarm.wait(4);
    swarm.peer(1).interested = true;
    for seconds in [6, 10, 10, 5] {
        assert_eq!(swarm.round(true), [0, 1], "nobody else waits");
        swarm.wait(seconds);
    }
    swarm.peer(2).interested = true;
    assert_eq!(swarm.round(true), [0, 1], "no round");
    swarm.wait(5);
    assert_eq!(swarm.round(true), [1, 2]);
}

#[test]
fn a_peer_that_takes_nothing_makes_room_after_a_round() {
    let mut swarm = Swarm::new(1, &[0, 5]);
    swarm.peer(0).since *= 2;
    assert_eq!(swarm.round(true), [0]);
    swarm.wait(5);
    assert_eq!(swarm.round(true), [0]);
    swarm.wait(5);
    assert_eq!(swarm.round(true), [1]);
}

#[test]
fn nobody_loses_a_slot_when_the_download_is_complete() {
    let mut swarm = Swarm::new(3, &[50, 40, 30, 20]);
    let before = swarm.round(false);
    swarm.wait(2);
    assert_eq!(swarm.round(true), before);
}

#[test]
fn no_slots_nobody() {
    let mut swarm = Swarm::new(0, &[1, 2, 3]);
    assert_eq!(swarm.round(false), []);
    swarm.wait(10);
    assert_eq!(swarm.round(true), []);
}

#[test]
fn what_is_known_of_peers_goes_when_they_go() {
    let mut swarm = Swarm::new(3, &[1, 2, 3, 4]);
    swarm.round(true);
    assert_eq!(swarm.choker.changed.len(), 3);
    swarm.peers.clear();
    assert_eq!(swarm.round(true), []);
    assert!(swarm.choker.changed.is_empty());
}

#[test]
fn every_decision_of_a_trade_has_its_reason() {
    let mut swarm = Swarm::new(3, &[50_000, 0, 40_000, 30_000, 90_000, 0]);
    swarm.peer(3).snubbed = true;
    swarm.peer(4).interested = false;
    swarm.round(false);
    let optimistic = swarm.choker.optimistic.unwrap();
    let PeerKey(lucky) = optimistic;
    assert!([1, 3, 5].contains(&lucky));
    let mut expected = vec![
        "gives us 49 KiB/s, first of four",
        "no slot free: gives us nothing, third of four",
        "gives us 39 KiB/s, second of four",
        "snubbed us: it owes us blocks and sends none",
        "not interested",
        "no slot free: gives us nothing, third of four",
    ];
    expected[lucky as usize] = "optimistic: its turn, 30 s";
    assert_eq!(swarm.reasons, expected);
    swarm.wait(10);
    swarm.round(false);
    assert_eq!(swarm.reasons[lucky as usize], "optimistic: its turn, 20 s");
}

#[test]
fn every_decision_of_a_seed_has_its_reason() {
    let mut swarm = Swarm::new(1, &[5, 5]);
    let first = swarm.round(true)[0] as usize;
    assert_eq!(
        swarm.reasons[first],
        "seeder's order: waited longest, 8 m 20 s"
    );
    swarm.wait(10);
    swarm.round(true);
    assert_eq!(
        swarm.reasons[first],
        "seeder's order: its turn, 10 s so far"
    );
    let other = "seeder's order: waits, 8 m 30 s so far";
    assert_eq!(swarm.reasons[1 - first], other);
    swarm.wait(20);
    swarm.round(true);
    let over = "seeder's order: its turn of 30 s is over";
    assert_eq!(swarm.reasons[first], over);
}

/// Whether this is a reason to be unchoked.
fn is_for_unchoking(reason: Reason) -> bool {
    match reason {
        Reason::Gives(_)
        | Reason::Optimistic { .. }
        | Reason::WaitedLongest { .. }
        | Reason::Turn { .. } => true,
        Reason::NotInterested
        | Reason::Snubbed
        | Reason::NoSlot(_)
        | Reason::TurnOver { .. }
        | Reason::Waits { .. } => false,
    }
}

fn any_candidate() -> impl Strategy<Value = Candidate> {
    (
        0u32..20,
        any::<[bool; 4]>(),
        0u64..5,
        0u64..200,
        any::<[u8; 3]>(),
    )
        .prop_map(
            |(key, [interested, unchoked, snubbed, served], rate, since, [pieces, gave, got])| {
                Candidate {
                    peer: PeerKey(key),
                    host: host(key % 7),
                    interested,
                    unchoked,
                    rate,
                    since: Duration::from_secs(since),
                    snubbed,
                    served,
                    pieces: pieces.into(),
                    gave: (gave / 2).into(),
                    got: (got / 2).into(),
                }
            },
        )
}

proptest! {
    #[test]
    fn slots_are_full_and_never_overfull(
        slots in 0usize..6,
        rounds in prop::collection::vec(
            (any::<bool>(), 0u64..20, prop::collection::vec(any_candidate(), 0..12)), 1..20,
        ),
    ) {
        let mut choker = Choker::new(slots);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut now = Duration::ZERO;
        for (seeding, pause, mut peers) in rounds {
            now += Duration::from_secs(pause);
            peers.sort_by_key(|peer| peer.peer);
            peers.dedup_by_key(|peer| peer.peer);
            let mut backwards = peers.clone();
            backwards.reverse();
            let mut other = (choker.clone(), rng.clone());
            let decisions = choker.round(now, seeding, &peers, &mut rng);
            let again = other.0.round(now, seeding, &backwards, &mut other.1);
            prop_assert_eq!(&decisions, &again, "the order of the peers does not matter");
            let keys: Vec<PeerKey> = peers.iter().map(|peer| peer.peer).collect();
            let decided: Vec<PeerKey> = decisions.iter().map(|d| d.peer).collect();
            prop_assert_eq!(keys, decided, "a decision for each");
            for decision in &decisions {
                prop_assert_eq!(decision.unchoke, is_for_unchoking(decision.reason));
            }
            let chosen = unchoked(&decisions);

            prop_assert!(chosen.is_sorted() && chosen.len() <= slots);
            let interested = peers.iter().filter(|peer| peer.interested);
            let is_interested = |key: &PeerKey| interested.clone().any(|peer| peer.peer == *key);
            prop_assert!(chosen.iter().all(is_interested));
            let wanted = if seeding {
                interested.count()
            } else {
                // Those who snub us share the optimistic slot.
                let snubbing = interested.clone().filter(|peer| peer.snubbed).count();
                interested.count() - snubbing + snubbing.min(1)
            };
            prop_assert!(chosen.len() >= wanted.min(slots), "a slot is free while peers wait");
            prop_assert!(choker.next_round() > now);
            prop_assert!(choker.next_round() <= now + ROUND);
        }
    }
}

#[test]
fn a_host_with_many_connections_makes_room_at_once_for_another() {
    let mut choker = Choker::new(8);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let crowd = host(999);
    let mut peers: Vec<Candidate> = (0..100).map(|key| candidate(key, 5_000)).collect();
    peers.iter_mut().for_each(|peer| peer.host = crowd);
    let mut round = |now: u64, peers: &mut Vec<Candidate>| {
        let chosen = unchoked(&choker.round(Duration::from_secs(now), true, peers, &mut rng));
        for peer in peers.iter_mut() {
            peer.unchoked = chosen.contains(&peer.peer);
        }
        chosen
    };
    assert_eq!(round(500, &mut peers).len(), 8, "nobody else wants a slot");
    peers.push(Candidate {
        since: Duration::ZERO,
        ..candidate(100, 0)
    });
    let chosen = round(501, &mut peers);
    assert!(chosen.contains(&PeerKey(100)), "{chosen:?}");
    assert_eq!(chosen.len(), 8, "what is left over is theirs again");
}

#[test]
fn a_host_has_its_share_and_no_more_while_another_waits() {
    let mut peers: Vec<Candidate> = (0..4).map(|key| candidate(key, 5)).collect();
    for peer in &mut peers[..3] {
        peer.host = host(999);
    }
    let order: Vec<&Candidate> = peers.iter().collect();
    let chosen = |slots| -> Vec<u32> {
        let chosen = share(&order, slots).into_iter();
        chosen.map(|PeerKey(key)| key).collect()
    };
    assert_eq!(chosen(2), [0, 3]);
    assert_eq!(chosen(3), [0, 1, 3]);
    assert_eq!(chosen(4), [0, 1, 2, 3]);
}

#[test]
fn many_connections_are_not_many_chances_at_the_optimistic_slot() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut peers: Vec<Candidate> = (0..100).map(|key| candidate(key, 0)).collect();
    peers.iter_mut().for_each(|peer| peer.host = host(999));
    peers.push(candidate(100, 0));
    let all: Vec<&Candidate> = peers.iter().collect();
    let draws = (0..1_000).map(|_| next_optimistic(&all, None, &mut rng));
    let honest = draws.filter(|drawn| *drawn == Some(PeerKey(100))).count();
    assert!((400..600).contains(&honest), "{honest} of 1000");
}
