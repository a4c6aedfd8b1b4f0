//! Swarms over lines like TCP's. The bounds are those of many seeds, and near what whole clients need over
//! such lines: `cargo run --release -p kostorrent-sim --example wan` prints the figures.

use std::time::Duration;

use engine::{Command, Event};
use pretty_assertions::assert_eq;
use sim::scenario::{Scenario, Story};

const SEEDS: u64 = 2;

fn scenario(name: &str) -> Scenario {
    Scenario::named(name).expect("a scenario")
}

/// How long the last of those whose time counts took.
fn seconds(story: &Story) -> f64 {
    story.longest().expect("all are done").as_secs_f64()
}

/// A client is done within so many times what the lines alone take, and so much comes to it.
#[track_caller]
fn assert_client(name: &str, most: f64, most_received: f64) {
    let scenario = scenario(name);
    for seed in 0..SEEDS {
        let story = scenario.run(seed);
        let bare = scenario.bare(seed).expect("it comes").as_secs_f64();
        let (times, received) = (seconds(&story) / bare, story.packets_for_a_byte());
        let about = format!(
            "{name} --seed {seed}: {times:.3} times the lines alone, {received:.3} received"
        );
        assert!(story.is_good(), "{about}");
        assert!(times > 0.98 && times <= most, "{about}");
        // Headers alone are 3.6 per cent.
        assert!(received > 1.036 && received <= most_received, "{about}");
    }
}

#[test]
fn a_line_that_is_long_is_filled_as_soon_as_tcp_can() {
    assert_client("wan-far1", 1.05, 1.04);
    assert_client("wan-far4", 1.09, 1.045);
}

#[test]
fn a_line_that_loses_packets_is_filled_all_the_same() {
    assert_client("wan-lossy", 1.15, 1.045);
}

#[test]
fn slow_seeders_do_not_hold_up_the_end() {
    assert_client("wan-mixed", 1.18, 1.09);
}

#[test]
fn who_uploads_at_home_downloads_all_the_same() {
    assert_client("wan-home", 1.08, 1.06);
    assert_client("wan-busy", 1.15, 1.06);
}

/// How long the client of `wan-busy` takes if it uploads at most so many bytes a second; and how many of
/// them have come to the others, a second.
fn busy(seed: u64, limit: Option<u64>) -> (Duration, u64) {
    let scenario = scenario("wan-busy");
    let mut members = scenario.members();
    let client = members.position(|(group, _)| group.name == "client");
    let client = client.expect("a client");
    let mut world = scenario.world(seed);
    let joined = world.nodes[client].joined.since_start();
    world.run_until(joined, |_| false);
    let limits = Command::Limits {
        down: None,
        up: limit,
    };
    world.tell(client, Event::Command(limits));
    world.run_until(scenario.until, |world| world.is_complete(client));
    assert!(world.is_complete(client));
    let took = world.now.since_start() - joined;
    let given: u64 = world.nodes.iter().map(|node| node.traded).sum();
    (took, given * 1000 / took.as_millis() as u64)
}

/// The queue of a full uplink holds up the answers to all that is downloaded. A limit a little below what
/// the line carries costs next to nothing of the upload, and keeps it short.
#[test]
fn a_limit_just_below_the_uplink_gives_the_download_its_line_back() {
    const SOME: u64 = 6;
    let sum = |limit| {
        let all = (0..SOME).map(|seed| busy(seed, limit));
        all.fold((Duration::ZERO, 0), |sum, one| {
            (sum.0 + one.0, sum.1 + one.1)
        })
    };
    let ((full, given), (limited, still_given)) = (sum(None), sum(Some(830_000)));
    assert!(limited < full * 97 / 100, "{limited:?} and {full:?}");
    assert!(still_given > given * 97 / 100, "{still_given} and {given}");
}

#[test]
fn a_flash_crowd_trades_and_spares_its_seeder() {
    let scenario = scenario("wan-flash");
    for seed in 0..SEEDS {
        let story = scenario.run(seed);
        let times = seconds(&story) / story.ideal.as_secs_f64();
        let upload = story.peers[0].sent as f64 / story.size as f64;
        let received = story.packets_for_a_byte();
        let about = format!(
            "--seed {seed}: {times:.2} times the ideal, {upload:.2} copies from the seeder, {received:.3} received"
        );
        assert!(story.is_good(), "{about}");
        assert!((1.0..1.25).contains(&times), "{about}");
        assert!((1.0..1.16).contains(&upload), "{about}");
        assert!(received > 1.036 && received < 1.1, "{about}");
    }
}

#[test]
fn the_same_seed_is_the_same_story_and_another_is_another() {
    let mut lossy = scenario("wan-lossy");
    lossy.size /= 8;
    let (one, again, other) = (lossy.run(7), lossy.run(7), lossy.run(8));
    assert!(one == again);
    assert!(one.took() != other.took());
    assert_eq!(lossy.bare(7), lossy.bare(7));
    assert!(lossy.bare(7) != lossy.bare(8));
}

/// Ten segments, then twenty, and so on: the time is that of the round trips, not of the line.
#[test]
fn a_short_way_through_a_wide_line_takes_the_round_trips_of_slow_start() {
    let mut far = scenario("wan-far1");
    for (segments, trips) in [(10, 1), (30, 2), (70, 3), (150, 4)] {
        far.size = segments * 1448;
        far.piece_length = 16_384;
        let took = far.bare(0).expect("it comes");
        // The handshake is one more.
        let least = Duration::from_millis(250) * (trips + 1);
        let most = least + Duration::from_millis(30);
        assert!((least..most).contains(&took), "{segments}: {took:?}");
    }
}

/// CUBIC takes a loss for a full line, and BBR does not.
#[test]
fn losses_slow_down_who_takes_them_for_a_full_line() {
    let mut lossy = scenario("wan-lossy");
    lossy.size /= 4;
    let bbr = lossy.bare(0).expect("it comes");
    for group in &mut lossy.groups {
        let tcp = group.line.tcp.as_mut().expect("a line like TCP's");
        tcp.control = sim::Control::Cubic;
    }
    let cubic = lossy.bare(0).expect("it comes");
    assert!(cubic > bbr * 4, "{cubic:?} and {bbr:?}");
    // Over lines that lose nothing both fill them.
    for group in &mut lossy.groups {
        group.line.tcp = Some(sim::Tcp::default());
    }
    let clean = lossy.bare(0).expect("it comes");
    assert!(clean < bbr * 11 / 10, "{clean:?} and {bbr:?}");
}
