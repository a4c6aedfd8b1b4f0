//! What the book says of the orders in which pieces are asked for.

#[allow(dead_code)]
#[path = "../examples/common/orders.rs"]
mod orders;

use orders::{IDEAL, PIECES, RULES, Swarm};

/// Other seeds than those of the book's figures.
const SEEDS: [u64; 3] = [100, 101, 102];

/// The mean of a number in the stories of all rules.
fn means(number: impl Fn(orders::Story) -> f64) -> [f64; 4] {
    RULES.map(|rule| {
        let all = SEEDS.map(|seed| number(Swarm::new(rule, seed).run()));
        all.iter().sum::<f64>() / SEEDS.len() as f64
    })
}

#[test]
fn orders_in_sequence_are_far_slower_and_sharing_out_is_near_the_ideal() {
    let [sequential, random, rarest, shared] = means(|story| story.took);
    let all = format!("{sequential} {random} {rarest} {shared}");
    assert!(sequential > 3.0 * random, "{all}");
    assert!(rarest < random && shared < rarest, "{all}");
    assert!(shared < 1.4 * IDEAL as f64, "{all}");
}

#[test]
fn orders_say_how_much_a_seeder_must_send_before_it_may_leave() {
    let [sequential, random, rarest, shared] = means(|story| story.sent);
    let all = format!("{sequential} {random} {rarest} {shared}");
    assert!(sequential > 5.0 && random > 1.5, "{all}");
    assert!(shared < rarest && rarest < random, "{all}");
    // And whoever leaves before that leaves a swarm that cannot live.
    let left = |rule, sent| SEEDS.map(|seed| Swarm::new(rule, seed).without_seeder(sent));
    assert!(left(RULES[0], 1.5).iter().all(|&pieces| pieces < PIECES));
    assert_eq!(left(RULES[3], 1.5), [PIECES; 3]);
}
