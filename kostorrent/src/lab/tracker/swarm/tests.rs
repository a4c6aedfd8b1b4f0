use pretty_assertions::assert_eq;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;

const TORRENT: InfoHash = InfoHash([7; 20]);
const INTERVAL: Duration = Duration::from_secs(60);

fn swarms() -> Swarms {
    Swarms::new(Serves::Only(vec![TORRENT]), INTERVAL)
}

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(1)
}

fn from(number: u16, left: u64) -> Announce {
    let mut id = *b"-XX0000-000000000000";
    id[18..].copy_from_slice(&number.to_be_bytes());
    Announce {
        info_hash: TORRENT,
        peer_id: PeerId(id),
        addr: SocketAddr::from(([127, 0, 0, 1], number)),
        left,
        event: None,
        wanted: None,
    }
}

fn ports(answer: &Answer) -> Vec<u16> {
    let mut ports: Vec<_> = answer.peers.iter().map(|(_, addr)| addr.port()).collect();
    ports.sort();
    ports
}

#[test]
fn everybody_hears_of_the_others_and_not_of_himself() {
    let (mut swarms, mut rng) = (swarms(), rng());
    for number in 1..=3 {
        swarms
            .announce(Duration::ZERO, &from(number, 5), &mut rng)
            .unwrap();
    }
    let answer = swarms
        .announce(Duration::ZERO, &from(2, 5), &mut rng)
        .unwrap();
    assert_eq!(ports(&answer), [1, 3]);
    assert_eq!(
        (answer.complete, answer.incomplete, answer.interval),
        (0, 3, INTERVAL)
    );
}

#[test]
fn seeders_hear_of_leechers_only() {
    let (mut swarms, mut rng) = (swarms(), rng());
    for (number, left) in [(1, 0), (2, 0), (3, 5)] {
        swarms
            .announce(Duration::ZERO, &from(number, left), &mut rng)
            .unwrap();
    }
    let answer = swarms
        .announce(Duration::ZERO, &from(1, 0), &mut rng)
        .unwrap();
    assert_eq!(ports(&answer), [3]);
    let answer = swarms
        .announce(Duration::ZERO, &from(3, 5), &mut rng)
        .unwrap();
    assert_eq!(ports(&answer), [1, 2]);
    assert_eq!(swarms.count(Duration::ZERO, TORRENT), Some((2, 1)));
}

#[test]
fn who_stops_is_forgotten_and_gets_no_peers() {
    let (mut swarms, mut rng) = (swarms(), rng());
    swarms
        .announce(Duration::ZERO, &from(1, 5), &mut rng)
        .unwrap();
    swarms
        .announce(Duration::ZERO, &from(2, 5), &mut rng)
        .unwrap();
    let stop = Announce {
        event: Some(AnnounceEvent::Stopped),
        ..from(1, 5)
    };
    let answer = swarms.announce(Duration::ZERO, &stop, &mut rng).unwrap();
    assert!(answer.peers.is_empty());
    assert_eq!(swarms.count(Duration::ZERO, TORRENT), Some((0, 1)));
}

#[test]
fn who_is_silent_for_two_intervals_is_forgotten() {
    let (mut swarms, mut rng) = (swarms(), rng());
    swarms
        .announce(Duration::ZERO, &from(1, 5), &mut rng)
        .unwrap();
    let answer = swarms
        .announce(2 * INTERVAL, &from(2, 5), &mut rng)
        .unwrap();
    assert_eq!(ports(&answer), [1]);
    let later = 2 * INTERVAL + Duration::from_millis(1);
    let answer = swarms.announce(later, &from(2, 5), &mut rng).unwrap();
    assert!(answer.peers.is_empty());
}

#[test]
fn a_client_on_another_port_replaces_itself() {
    let (mut swarms, mut rng) = (swarms(), rng());
    swarms
        .announce(Duration::ZERO, &from(1, 5), &mut rng)
        .unwrap();
    let mut moved = from(1, 5);
    moved.addr.set_port(9);
    swarms.announce(Duration::ZERO, &moved, &mut rng).unwrap();
    let answer = swarms
        .announce(Duration::ZERO, &from(2, 5), &mut rng)
        .unwrap();
    assert_eq!(ports(&answer), [9]);
}

#[test]
fn numwant_is_kept_and_capped() {
    let (mut swarms, mut rng) = (swarms(), rng());
    for number in 1..=300 {
        swarms
            .announce(Duration::ZERO, &from(number, 5), &mut rng)
            .unwrap();
    }
    let mut ask = |wanted| {
        let announce = Announce {
            wanted,
            ..from(1, 5)
        };
        swarms
            .announce(Duration::ZERO, &announce, &mut rng)
            .unwrap()
            .peers
            .len()
    };
    assert_eq!(
        [ask(None), ask(Some(0)), ask(Some(7)), ask(Some(usize::MAX))],
        [50, 0, 7, 200]
    );
}

#[test]
fn memory_is_bounded() {
    let mut rng = rng();
    let mut swarms = Swarms::new(Serves::Any, INTERVAL);
    for number in 1..=2_500 {
        let now = Duration::from_millis(u64::from(number));
        swarms.announce(now, &from(number, 5), &mut rng).unwrap();
    }
    assert_eq!(
        swarms.count(Duration::ZERO, TORRENT),
        Some((0, MAX_REMEMBERED))
    );

    let other = |number: u16| {
        let mut hash = [0; 20];
        hash[..2].copy_from_slice(&number.to_be_bytes());
        Announce {
            info_hash: InfoHash(hash),
            ..from(1, 5)
        }
    };
    for number in 1..500 {
        swarms
            .announce(Duration::ZERO, &other(number), &mut rng)
            .unwrap();
    }
    let refused = swarms.announce(Duration::ZERO, &other(500), &mut rng);
    assert_eq!(refused, Err(Refusal::Full));
    // Torrents without a living peer make room.
    let later = Duration::from_secs(1_000);
    assert!(swarms.announce(later, &other(500), &mut rng).is_ok());
}

#[test]
fn strangers_are_refused_in_words() {
    let (mut swarms, mut rng) = (swarms(), rng());
    let strange = Announce {
        info_hash: InfoHash([1; 20]),
        ..from(1, 5)
    };
    let refused = swarms
        .announce(Duration::ZERO, &strange, &mut rng)
        .unwrap_err();
    assert!(refused.to_string().contains("0101010101"), "{refused}");
    let refused = swarms.announce(Duration::ZERO, &from(0, 5), &mut rng);
    assert_eq!(refused, Err(Refusal::NoPort));
}

#[test]
fn introduced_peers_stay() {
    let (mut swarms, mut rng) = (swarms(), rng());
    let addr = SocketAddr::from(([127, 0, 0, 1], 4000));
    swarms.introduce(TORRENT, addr);
    let answer = swarms
        .announce(100 * INTERVAL, &from(1, 5), &mut rng)
        .unwrap();
    assert_eq!(ports(&answer), [4000]);
}
