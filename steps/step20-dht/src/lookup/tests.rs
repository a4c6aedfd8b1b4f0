use std::net::Ipv4Addr;

use pretty_assertions::assert_eq;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

const TARGET: Id = Id([0; 20]);
const OWN: Id = Id([0xff; 20]);
const ZERO: Duration = Duration::ZERO;

/// What a question costs, and what an answer with eight nodes brings.
const COST: usize = 106;
const ANSWER: usize = 300;

/// An id at this distance, in its first two bytes.
fn id(distance: u16) -> Id {
    let mut id = TARGET;
    id.0[..2].copy_from_slice(&distance.to_be_bytes());
    id
}

/// A node at home, whose id fits: its port is its distance.
fn home(distance: u16) -> Contact {
    let addr = (Ipv4Addr::LOCALHOST, distance).into();
    Contact {
        id: id(distance),
        addr,
    }
}

/// A node outside, whose id does not fit.
fn unfit(distance: u16, host: u8) -> Contact {
    let addr = (Ipv4Addr::new(203, 0, 113, host), 6881).into();
    Contact {
        id: id(distance),
        addr,
    }
}

fn lookup(known: &[Contact]) -> Lookup {
    Lookup::new(TARGET, OWN, known, &[])
}

/// Asks as many as may be asked now.
fn ask(lookup: &mut Lookup, now: Duration) -> Vec<SocketAddr> {
    std::iter::from_fn(|| lookup.next(COST, |_| true, now)).collect()
}

fn ports(addrs: &[SocketAddr]) -> Vec<u16> {
    addrs.iter().map(SocketAddr::port).collect()
}

#[test]
fn the_nearest_are_asked_first_three_at_a_time() {
    let known: Vec<Contact> = [50, 10, 40, 20, 30].map(home).to_vec();
    let mut lookup = lookup(&known);
    assert_eq!(ports(&ask(&mut lookup, ZERO)), [10, 20, 30]);
    assert_eq!(ask(&mut lookup, ZERO), []);
    lookup.answered(home(20), ANSWER, None, &[home(5), home(60)]);
    assert_eq!(ports(&ask(&mut lookup, ZERO)), [5]);
}

#[test]
fn who_is_silent_for_a_second_is_not_waited_for_alone() {
    let known: Vec<Contact> = (1..=8).map(home).collect();
    let mut lookup = lookup(&known);
    ask(&mut lookup, ZERO);
    assert_eq!(lookup.due(), Some(STALL));
    lookup.stall(STALL);
    assert_eq!(ports(&ask(&mut lookup, STALL)), [4, 5, 6]);
    // A late answer is an answer.
    let reached = lookup.answered(home(1), ANSWER, None, &[]);
    assert_eq!(reached.unwrap().hops, 1);
}

#[test]
fn it_ends_when_the_eight_closest_have_answered() {
    let known: Vec<Contact> = (1..=20).map(home).collect();
    let mut lookup = lookup(&known);
    let mut asked = 0;
    while !lookup.is_done(COST) {
        for addr in ask(&mut lookup, ZERO) {
            asked += 1;
            lookup.answered(home(addr.port()), ANSWER, None, &known);
        }
    }
    assert!((8..8 + ALPHA).contains(&asked), "{asked}");
    let closest: Vec<u16> = lookup
        .closest()
        .map(|contact| contact.addr.port())
        .collect();
    assert_eq!(closest[..8], [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn who_is_busy_is_asked_later() {
    let mut lookup = lookup(&[home(1), home(2)]);
    let is_free = |addr: SocketAddr| addr.port() != 1;
    assert_eq!(
        lookup.next(COST, is_free, ZERO).map(|addr| addr.port()),
        Some(2)
    );
    assert_eq!(lookup.next(COST, is_free, ZERO), None);
    assert!(!lookup.is_held_up(COST), "one is waited for");
    lookup.failed(home(2).addr);
    assert!(lookup.is_held_up(COST) && !lookup.is_done(COST));
    assert_eq!(ports(&ask(&mut lookup, ZERO)), [1]);
}

#[test]
fn the_way_is_counted_in_hops() {
    let mut lookup = lookup(&[home(100)]);
    for (asked, next, hops) in [(100, 50, 1), (50, 25, 2), (25, 12, 3)] {
        assert_eq!(ports(&ask(&mut lookup, ZERO)), [asked]);
        let reached = lookup.answered(home(asked), ANSWER, None, &[home(next)]);
        assert_eq!(reached.unwrap().hops, hops);
    }
}

#[test]
fn an_answer_pays_for_two_questions_and_the_reserve_for_some_more() {
    let mut lookup = lookup(&[home(1_000)]);
    ask(&mut lookup, ZERO);
    let named: Vec<Contact> = (1..=40).map(home).collect();
    lookup.answered(home(1_000), ANSWER, None, &named);
    assert_eq!(ports(&ask(&mut lookup, ZERO)), [1, 2]);
    assert_eq!(ask(&mut lookup, ZERO), [], "two are waited for");
    let mut asked = 2;
    lookup.failed(home(1).addr);
    lookup.failed(home(2).addr);
    while !lookup.is_done(COST) {
        for addr in ask(&mut lookup, ZERO) {
            asked += 1;
            lookup.failed(addr);
        }
    }
    assert_eq!(asked, 2 + RESERVE);
}

#[test]
fn who_spent_less_on_naming_somebody_than_a_question_costs_has_nobody_asked() {
    let mut lookup = lookup(&[home(1_000)]);
    ask(&mut lookup, ZERO);
    lookup.answered(home(1_000), COST - 1, None, &[home(1)]);
    assert_eq!(ask(&mut lookup, ZERO), []);
    assert!(lookup.is_done(COST));
}

#[test]
fn somebody_else_may_pay_for_the_same() {
    let mut lookup = lookup(&[home(1_000), home(1_001)]);
    ask(&mut lookup, ZERO);
    let named: Vec<Contact> = (1..=8).map(home).collect();
    lookup.answered(home(1_000), ANSWER, None, &named);
    lookup.answered(home(1_001), ANSWER, None, &named);
    assert_eq!(ports(&ask(&mut lookup, ZERO)), [1, 2, 3]);
    lookup.failed(home(1).addr);
    assert_eq!(ports(&ask(&mut lookup, ZERO)), [4]);
    lookup.failed(home(2).addr);
    assert_eq!(ask(&mut lookup, ZERO), []);
    assert!(!lookup.charge(home(1_000).addr, COST));
}

#[test]
fn who_does_not_fit_its_address_is_asked_last_and_does_not_count() {
    // Somebody outside who knows eight that fit, and eight that are nearer than anybody can be.
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let mut fit: Vec<Contact> = Vec::new();
    for host in 0..8 {
        let ip = Ipv4Addr::new(198, 51, host, 1);
        let id = Id::for_address(ip.into(), rng);
        fit.push(Contact {
            id,
            addr: (ip, 6881).into(),
        });
    }
    let close: Vec<Contact> = (1..=8).map(|n| unfit(n.into(), n)).collect();
    let mut lookup = lookup(&[fit.clone(), close].concat());
    let first = ask(&mut lookup, ZERO);
    let is_fit = |addr: &SocketAddr| fit.iter().any(|contact| contact.addr == *addr);
    assert_eq!(first.iter().filter(|addr| is_fit(addr)).count(), 3);
    // Even if the unfit answer, the eight others are asked.
    let mut asked = first.clone();
    let mut queue = first;
    while let Some(addr) = queue.pop() {
        let contact = fit.iter().find(|contact| contact.addr == addr);
        let contact = contact
            .copied()
            .unwrap_or(unfit(addr.ip().is_ipv4().into(), 1));
        lookup.answered(Contact { addr, ..contact }, ANSWER, Some(vec![1]), &[]);
        let next = ask(&mut lookup, ZERO);
        asked.extend(&next);
        queue.extend(next);
    }
    assert_eq!(asked.iter().filter(|addr| is_fit(addr)).count(), 8);
    let announce = lookup.to_announce();
    assert_eq!(announce.iter().filter(|(addr, _)| is_fit(addr)).count(), 8);
}

#[test]
fn what_a_node_says_of_itself_counts_more_than_what_others_say() {
    // Somebody names a good node with a wrong id.
    let liar = home(1_000);
    let wrong = Contact {
        id: id(1),
        ..home(500)
    };
    let mut lookup = lookup(&[liar]);
    ask(&mut lookup, ZERO);
    lookup.answered(liar, ANSWER, None, &[wrong]);
    ask(&mut lookup, ZERO);
    let reached = lookup.answered(home(500), ANSWER, None, &[]);
    assert_eq!(reached.unwrap().id, Some(id(500)));
    let closest: Vec<Contact> = lookup.closest().collect();
    assert_eq!(closest, [home(500), liar]);
}

#[test]
fn nobody_is_asked_who_cannot_be_there_or_is_none_of_the_namers_business() {
    let namer = unfit(1_000, 1);
    let mut lookup = lookup(&[namer]);
    ask(&mut lookup, ZERO);
    let at = |text: &str| Contact {
        id: id(1),
        addr: text.parse().unwrap(),
    };
    let named = [
        at("192.0.2.1:0"),
        at("224.0.0.1:1"),
        at("0.0.0.0:1"),
        at("127.0.0.1:1"),
        at("192.168.0.1:1"),
        at("[2001:db8::1]:1"),
        Contact {
            id: OWN,
            addr: "192.0.2.7:1".parse().unwrap(),
        },
        // Itself, on another port.
        at("203.0.113.1:9"),
    ];
    lookup.answered(namer, 100_000, None, &named);
    assert_eq!(ask(&mut lookup, ZERO), []);
    assert!(lookup.is_done(COST));
}

#[test]
fn what_nobody_asked_for_changes_nothing() {
    let mut lookup = lookup(&[home(1)]);
    assert_eq!(
        lookup.answered(home(1), ANSWER, None, &[home(2)]),
        None,
        "not yet"
    );
    ask(&mut lookup, ZERO);
    assert!(lookup.answered(home(1), ANSWER, None, &[home(2)]).is_some());
    assert_eq!(
        lookup.answered(home(1), ANSWER, None, &[home(3)]),
        None,
        "not twice"
    );
    assert_eq!(lookup.failed(home(1).addr), None);
}

#[test]
fn one_that_is_only_known_by_its_address_gets_its_id_when_it_answers() {
    let given = home(77);
    let mut lookup = Lookup::new(TARGET, OWN, &[], &[given.addr]);
    assert_eq!(ask(&mut lookup, ZERO), [given.addr]);
    lookup.answered(given, ANSWER, None, &[home(3)]);
    assert_eq!(lookup.closest().collect::<Vec<_>>(), [given]);
    assert_eq!(ports(&ask(&mut lookup, ZERO)), [3]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn among_liars_it_ends_and_asks_no_more_than_was_paid_for(seed: u64, liars in 0u32..=100) {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed);
        let known: Vec<Contact> = (0..8).map(|n| unfit(rng.random(), n)).collect();
        let mut lookup = lookup(&known);
        let (mut spent, mut came, mut now) = (0, 0, ZERO);
        let mut asked: Vec<SocketAddr> = Vec::new();
        let mut open: Vec<SocketAddr> = Vec::new();
        while !lookup.is_done(COST) {
            for addr in ask(&mut lookup, now) {
                prop_assert!(!asked.contains(&addr), "nobody is asked twice");
                spent += COST;
                asked.push(addr);
                open.push(addr);
            }
            prop_assert!(lookup.candidates.len() <= MAX_CANDIDATES);
            prop_assert!(!open.is_empty(), "somebody is waited for");
            let addr = open.swap_remove(rng.random_range(0..open.len()));
            now += Duration::from_millis(300);
            lookup.stall(now);
            if rng.random_range(0..10) == 0 {
                lookup.failed(addr);
                continue;
            }
            let is_liar = rng.random_range(0..100) < liars;
            let node = |rng: &mut ChaCha8Rng| {
                let ip = Ipv4Addr::from_bits(rng.random());
                let id = if is_liar { id(rng.random_range(0..3)) } else { Id::for_address(ip.into(), rng) };
                Contact { id, addr: (ip, 6881).into() }
            };
            let named: Vec<Contact> = (0..16).map(|_| node(rng)).collect();
            came += ANSWER;
            lookup.answered(Contact { id: id(rng.random()), addr }, ANSWER, None, &named);
        }
        prop_assert!(spent <= came + (8 + RESERVE) * COST, "{spent} bytes for {came}");
        prop_assert!(asked.len() <= MAX_QUESTIONS);
    }
}

#[test]
fn whoever_was_asked_is_kept_and_who_has_failed_goes_first() {
    let mut lookup = lookup(&[]);
    for n in 0..MAX_CANDIDATES as u16 {
        let Contact { id, addr } = unfit(10 + n, n as u8);
        lookup.insert(Some(id), addr, 1, None);
        lookup.candidates[usize::from(n)].state = State::Answered { token: None };
    }
    // All have answered, and most do not fit: there is nobody who could go but the new one.
    let far = home(10_000);
    lookup.insert(Some(far.id), far.addr, 1, None);
    assert_eq!(lookup.answers(), MAX_CANDIDATES);
    assert_eq!(lookup.candidates.len(), MAX_CANDIDATES);
    lookup.candidates[3].state = State::Failed;
    lookup.insert(Some(far.id), far.addr, 1, None);
    assert_eq!(lookup.answers(), MAX_CANDIDATES - 1);
    let last = lookup.candidates.last().map(|last| last.addr);
    assert_eq!(last, Some(far.addr));
}

#[test]
fn of_the_reserve_one_network_gets_two_questions() {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    for (is_one, expected) in [(true, 2 + MAX_PER_NETWORK), (false, 16)] {
        let named: Vec<Contact> = (1..=16u8)
            .map(|n| {
                let net = if is_one { 113 } else { n };
                let ip = Ipv4Addr::new(203, 0, net, n);
                let id = Id::for_address(ip.into(), rng);
                let addr = (ip, 6881).into();
                Contact { id, addr }
            })
            .collect();
        let mut lookup = lookup(&[home(1_000)]);
        ask(&mut lookup, ZERO);
        lookup.answered(home(1_000), ANSWER, None, &named);
        let mut asked = 0;
        while !lookup.is_done(COST) {
            for addr in ask(&mut lookup, ZERO) {
                asked += 1;
                lookup.failed(addr);
            }
        }
        assert_eq!(asked, expected, "in one network: {is_one}");
    }
}
