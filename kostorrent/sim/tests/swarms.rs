//! What must hold in every swarm, whatever its seed. A failure names the scenario and the seed:
//! `kostorrent sim SCENARIO --seed N` shows it again.

use std::time::Duration;

use sim::scenario::{Finds, Group, PeerStory, Role, Scenario, Story};
use sim::{Line, Tcp, Vice, World};

const SEEDS: u64 = 6;

/// Runs a scenario with several seeds.
fn runs(name: &str, seeds: u64) -> Vec<Story> {
    let scenario = Scenario::named(name).expect("a scenario");
    (0..seeds).map(|seed| scenario.run(seed)).collect()
}

/// What must hold in every swarm.
#[track_caller]
fn assert_sound(story: &Story) {
    let about = format!("{} --seed {}", story.scenario, story.seed);
    for peer in &story.peers {
        let about = format!("{about}: {}", peer.name);
        assert!(
            !peer.is_to_finish || peer.finished.is_some(),
            "{about} is not done"
        );
        let banned = peer.banned_by.len();
        assert!(
            peer.vice != Vice::None || banned == 0,
            "{about} was banned, and is honest"
        );
        let memory = engine::PIECE_MEMORY.max(2 * story.piece_length);
        let held = peer.most_open as u64 * story.piece_length;
        assert!(held <= memory, "{about} held {held} bytes");
        if peer.role == Role::Leecher && peer.finished.is_some() {
            assert!(peer.received >= story.size, "{about} got {}", peer.received);
        }
    }
}

/// How many times the ideal it took those who give what they have: who takes alone is meant to wait.
fn times_ideal(story: &Story) -> f64 {
    let honest = story.peers.iter().filter(|peer| !peer.free_rides);
    let last = honest.filter_map(|peer| peer.finished).max();
    last.expect("all are done").as_secs_f64() / story.ideal.as_secs_f64()
}

#[track_caller]
fn assert_fast(story: &Story, most: f64) {
    let times = times_ideal(story);
    let (name, seed) = (&story.scenario, story.seed);
    assert!(
        times <= most,
        "{name} --seed {seed}: {times:.2} times the ideal"
    );
    assert!(
        times >= 0.999,
        "{name} --seed {seed}: faster than the ideal, {times:.3}"
    );
}

#[test]
fn a_swarm_that_its_lines_bound_is_done_within_a_fifth_of_the_ideal() {
    for name in ["one", "far", "slow-disk"] {
        for story in runs(name, SEEDS) {
            assert_sound(&story);
            assert_fast(&story, 1.2);
        }
    }
}

#[test]
fn a_swarm_of_traders_is_done_within_a_fifth_of_the_ideal() {
    for (name, seeds) in [
        ("flash", 3),
        ("liars", SEEDS),
        ("free-rider", SEEDS),
        ("churn", 4),
    ] {
        for story in runs(name, seeds) {
            assert_sound(&story);
            assert_fast(&story, 1.2);
        }
    }
}

/// Where lines differ much a short swarm takes longer: it is three seconds until those with fast lines have
/// pieces enough to give, of which the ideal knows nothing, and of those with slow lines one lags behind at
/// the end, whom nobody can send more than its line takes in.
#[test]
fn a_swarm_of_fast_and_slow_peers_is_done_within_a_fifth_of_the_ideal_if_it_is_not_too_short() {
    let swarm = Scenario::named("swarm").unwrap();
    for story in runs("swarm", 3) {
        assert_sound(&story);
        assert_fast(&story, 1.2);
    }
    let mut short = swarm;
    short.size /= 4;
    for seed in 0..2 {
        let story = short.run(seed);
        assert_sound(&story);
        assert_fast(&story, 1.35);
    }
}

/// Eight that come at once to a seeder that is no faster than any of them: all wait for its first copy
/// of everything, and what it sends twice holds up all.
fn a_crowd() -> Scenario {
    let line = Line {
        latency: Duration::from_millis(15),
        up: Some(2_000_000),
        down: Some(10_000_000),
        ..Line::default()
    };
    let group = |name: &str, role, count| Group {
        line,
        ..Group::new(name, role, count)
    };
    Scenario {
        name: "a crowd".to_owned(),
        about: String::new(),
        size: 48 << 20,
        piece_length: 256 << 10,
        until: Duration::from_secs(3600),
        groups: vec![
            group("seeder", Role::Seeder, 1),
            group("leecher", Role::Leecher, 8),
        ],
    }
}

#[test]
fn a_lone_seeder_sends_a_crowd_everything_about_once() {
    let scenario = a_crowd();
    for seed in 0..4 {
        let story = scenario.run(seed);
        assert_sound(&story);
        assert_fast(&story, 1.12);
        assert!(
            sent(&story) < 1.1,
            "--seed {seed}: {:.3} times",
            sent(&story)
        );
    }
}

#[test]
fn one_that_super_seeds_sends_it_less_and_nobody_waits_longer() {
    let mut scenario = a_crowd();
    scenario.groups[0].super_seeds = true;
    for seed in 0..4 {
        let story = scenario.run(seed);
        assert_sound(&story);
        assert_fast(&story, 1.12);
        assert!(
            sent(&story) < 1.05,
            "--seed {seed}: {:.3} times",
            sent(&story)
        );
    }
}

/// How many times all that is in the torrent its first peer has sent.
fn sent(story: &Story) -> f64 {
    story.peers[0].sent as f64 / story.size as f64
}

/// The mean time at which the peers of a group had everything, in seconds.
fn mean(story: &Story, group: &str) -> f64 {
    let peers = story
        .peers
        .iter()
        .filter(|peer| peer.name.starts_with(group));
    let times: Vec<f64> = peers
        .filter_map(|peer| Some(peer.finished?.as_secs_f64()))
        .collect();
    times.iter().sum::<f64>() / times.len() as f64
}

#[test]
fn every_liar_that_did_damage_is_banned_by_whom_it_damaged() {
    for story in runs("liars", SEEDS) {
        let lies = |peer: &&PeerStory| peer.vice == Vice::Lies;
        assert_eq!(story.peers.iter().filter(lies).count(), 2);
        for liar in story.peers.iter().filter(lies) {
            let about = format!("--seed {}: {}", story.seed, liar.name);
            assert!(liar.sent > 0, "{about} did nothing");
            let damaged = story
                .peers
                .iter()
                .filter(|peer| peer.failed_pieces > 0)
                .count();
            assert!(damaged > 0, "{about}");
            assert_eq!(liar.banned_by.len(), damaged, "{about}");
        }
    }
}

/// A failed piece that a peer was to fetch that never sends anything was waited for, at the very end.
#[test]
fn nobody_waits_long_at_the_end_for_a_peer_that_has_never_sent_anything() {
    let liars = Scenario::named("liars").unwrap();
    let story = liars.run(183);
    assert_sound(&story);
    assert_fast(&story, 1.2);
}

#[test]
fn a_free_rider_waits_longer_than_those_who_give() {
    let (mut gave, mut rode) = (0.0, 0.0);
    for story in runs("free-rider", SEEDS) {
        let (gives, rides) = (mean(&story, "leecher"), mean(&story, "free-rider"));
        assert!(
            rides > gives,
            "--seed {}: {rides} and {gives} s",
            story.seed
        );
        gave += gives;
        rode += rides;
    }
    assert!(rode > 1.1 * gave, "{rode} and {gave} s in all");
}

/// Bytes a second that the peers of a group got, in the mean, from peers that were fetching
/// themselves, until they had everything.
fn rate_of_trade(story: &Story, group: &str) -> f64 {
    let peers = story
        .peers
        .iter()
        .filter(|peer| peer.name.starts_with(group));
    let rates: Vec<f64> = peers
        .filter_map(|peer| {
            let took = peer.finished?.saturating_sub(peer.joined);
            Some(peer.traded as f64 / took.as_secs_f64())
        })
        .collect();
    rates.iter().sum::<f64>() / rates.len() as f64
}

/// Counted is what came from peers that were fetching themselves: a seeder asks for nothing in return.
/// Compared are those who give over the same line.
#[test]
fn in_every_swarm_a_free_rider_gets_less_of_those_who_trade() {
    for (name, group) in [
        ("swarm", "slow"),
        ("flash", "leecher"),
        ("churn", "leecher"),
    ] {
        let mut scenario = Scenario::named(name).unwrap();
        let like = scenario.groups.iter().find(|like| like.name == group);
        let riders = Group {
            name: "rider".to_owned(),
            count: 2,
            free_rides: true,
            ..like.unwrap().clone()
        };
        scenario.groups.push(riders);
        for seed in 0..2 {
            let story = scenario.run(seed);
            assert_sound(&story);
            let (gave, rode) = (rate_of_trade(&story, group), rate_of_trade(&story, "rider"));
            eprintln!("{name} --seed {seed}: {gave:.0} and {rode:.0} bytes a second");
            assert!(
                rode < gave,
                "{name} --seed {seed}: {gave:.0} and {rode:.0} bytes a second"
            );
        }
    }
}

#[test]
fn who_is_away_comes_back_with_what_it_had() {
    for story in runs("churn", 3) {
        let guests = story
            .peers
            .iter()
            .filter(|peer| peer.name.starts_with("guest"));
        for guest in guests {
            let about = format!("--seed {}: {}", story.seed, guest.name);
            let grows = guest.had.windows(2).all(|pair| pair[0] <= pair[1]);
            assert!(grows, "{about} has lost pieces");
            // No more is fetched twice than what was on its way when lines broke.
            assert!(
                guest.received < story.size * 5 / 4,
                "{about}: {}",
                guest.received
            );
        }
    }
}

#[test]
fn the_same_seed_is_the_same_story_and_another_is_another() {
    let churn = Scenario::named("churn").unwrap();
    let (one, again, other) = (churn.run(7), churn.run(7), churn.run(8));
    assert!(one == again);
    assert!(one.took() != other.took());
}

#[test]
fn swarms_with_any_mixture_of_faults_are_done() {
    for seed in 0..40 {
        let scenario = mixture(seed);
        let story = scenario.run(seed);
        assert_sound(&story);
    }
}

/// Lines that lose packets, break and are busy, and peers that go: nothing stands still for ever.
#[test]
fn the_same_swarms_are_done_over_lines_like_tcps() {
    for seed in 0..40 {
        let mut scenario = mixture(seed);
        for group in &mut scenario.groups {
            group.line.tcp = Some(Tcp {
                loss: (seed as u32 % 4) * 2_000,
                ..Tcp::default()
            });
        }
        assert_sound(&scenario.run(seed));
    }
}

/// With the fast extension some or all of them answer every request, and a choke forgets nothing.
#[test]
fn the_same_swarms_are_done_with_the_fast_extension() {
    for seed in 0..40 {
        let mut scenario = mixture(seed);
        for (number, group) in scenario.groups.iter_mut().enumerate() {
            group.fast = seed % 2 == 0 || !(number as u64 + seed).is_multiple_of(3);
        }
        assert_sound(&scenario.run(seed));
    }
}

/// A small swarm, made up from a number: whatever it is, one honest seeder is there and stays.
fn mixture(seed: u64) -> Scenario {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d;
    let mut below = |most: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % most
    };
    let mut line = |shaky: bool| Line {
        latency: Duration::from_millis(1 + below(200)),
        up: Some(100_000 + below(1_000_000)),
        down: Some(500_000 + below(5_000_000)),
        jitter: Duration::from_millis(if shaky { below(100) } else { 0 }),
        breaks: shaky.then(|| Duration::from_secs(20 + below(100))),
        ..Line::default()
    };
    let lines: Vec<Line> = (0..5).map(|number| line(number % 2 == 1)).collect();
    let group = |name: &str, role, count, line| Group {
        line,
        ..Group::new(name, role, count)
    };
    let liar = Group {
        vice: [Vice::Lies, Vice::LiesOnce, Vice::Stalls][below(3) as usize],
        ..group("liar", Role::Seeder, 1, lines[1])
    };
    let guest = Group {
        joins: Duration::from_secs(below(20)),
        leaves: Some(Duration::from_secs(5 + below(30))),
        away: Some(Duration::from_secs(5 + below(60))),
        ..group("guest", Role::Leecher, 2, lines[3])
    };
    let mut failing = group("failing disk", Role::Leecher, 1, lines[4]);
    let from = below(20);
    failing.disk.fault = Some((
        Duration::from_secs(from),
        Duration::from_secs(from + below(40)),
    ));
    let rider = Group {
        free_rides: true,
        ..group("free-rider", Role::Leecher, 1, lines[0])
    };
    Scenario {
        name: "mixture".to_owned(),
        about: String::new(),
        size: 4_000_000 + below(4_000_000),
        piece_length: 16_384 << below(4),
        until: Duration::from_secs(3_600),
        groups: vec![
            group("seeder", Role::Seeder, 1, lines[0]),
            group("leecher", Role::Leecher, 4, lines[2]),
            liar,
            guest,
            failing,
            rider,
        ],
    }
}

#[test]
fn what_goes_over_a_shaky_connection_stays_in_its_order() {
    // A block behind a choke, or a `have` before the bitfield, would not be what a connection brings:
    // the engine would close it, or count the block as unasked.
    let mut world = World::seeded(blocks::Geometry::new(2_000_000, 32_768).unwrap(), 3);
    world.line = Line {
        jitter: Duration::from_millis(400),
        up: Some(400_000),
        ..Line::default()
    };
    let seeder = world.seeder();
    let leecher = world.leecher();
    world.run_until(Duration::from_secs(60), |world| world.is_complete(leecher));
    assert!(world.is_complete(leecher));
    assert!(world.nodes[seeder].sent < 2_000_000 + 4 * 16_384);
}

#[test]
fn a_connection_that_breaks_is_noticed_by_both_and_made_again() {
    let mut world = World::seeded(blocks::Geometry::new(4_000_000, 32_768).unwrap(), 3);
    world.line = Line {
        breaks: Some(Duration::from_secs(4)),
        up: Some(200_000),
        ..Line::default()
    };
    let seeder = world.seeder();
    let leecher = world.leecher();
    world.run_until(Duration::from_secs(300), |world| world.is_complete(leecher));
    assert!(world.is_complete(leecher), "it calls again");
    let took = world.now.since_start();
    assert!(took > Duration::from_secs(25), "it had to wait: {took:?}");
    assert!(world.nodes[seeder].outcome.is_none());
}

/// One seeder and three that look for others in these ways.
fn found_by(finds: Finds, magnet: bool) -> Scenario {
    let group = |role, count| Group {
        finds,
        magnet,
        joins: Duration::from_secs(if role == Role::Leecher { 1 } else { 0 }),
        every: Duration::from_secs(40),
        ..Group::new("peer", role, count)
    };
    Scenario {
        name: "found".to_owned(),
        about: String::new(),
        size: 1 << 20,
        piece_length: 1 << 15,
        until: Duration::from_secs(900),
        groups: vec![group(Role::Seeder, 1), group(Role::Leecher, 3)],
    }
}

#[test]
fn a_link_and_the_dht_or_the_local_network_alone_are_enough() {
    let dht = Finds {
        dht: true,
        ..Finds::nobody()
    };
    let local = Finds {
        local: true,
        ..Finds::nobody()
    };
    for finds in [dht, local, Finds::default()] {
        for magnet in [false, true] {
            let story = found_by(finds, magnet).run(1);
            assert_sound(&story);
            assert!(story.is_good(), "{finds:?}, {magnet}");
        }
    }
    // Who finds nobody has nothing.
    assert_eq!(found_by(Finds::nobody(), false).run(1).took(), None);
}

#[test]
fn a_crowd_with_a_link_alone_is_done_hardly_later() {
    for story in runs("link", 2) {
        assert_sound(&story);
        let took = story.took().unwrap();
        assert!(
            took < story.ideal.mul_f64(1.7),
            "{took:?} {:?}",
            story.ideal
        );
    }
}

#[test]
fn who_was_away_goes_on_with_what_its_link_had_led_to() {
    let mut scenario = found_by(Finds::default(), true);
    scenario.groups[0].line.up = Some(64 * 1024);
    scenario.groups[1].leaves = Some(Duration::from_secs(12));
    scenario.groups[1].away = Some(Duration::from_secs(10));
    let story = scenario.run(1);
    assert_sound(&story);
    let first = &story.peers[1];
    assert!(first.received < story.size * 3 / 2, "{}", first.received);
}
