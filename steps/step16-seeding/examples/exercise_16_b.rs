//! Exercise 16b: a tournament of the prisoner's dilemma.

// ANCHOR: answer
/// What a player does, by what the other has done so far: true is to give.
type Strategy = fn(&[bool]) -> bool;

const STRATEGIES: [(&str, Strategy); 5] = [
    ("always gives", |_| true),
    ("always takes", |_| false),
    ("tit for tat", |other| other.last().copied().unwrap_or(true)),
    ("begins by taking", |other| {
        other.last().copied().unwrap_or(false)
    }),
    ("never forgives", |other| !other.contains(&false)),
];

/// A game of so many rounds: the points of both. To be given to is worth 3, to give costs 1.
fn play(one: Strategy, two: Strategy, rounds: usize) -> (i32, i32) {
    let (mut ones, mut twos) = (Vec::new(), Vec::new());
    let (mut points, mut others) = (0, 0);
    for _ in 0..rounds {
        let (a, b) = (one(&twos), two(&ones));
        points += 3 * i32::from(b) - i32::from(a);
        others += 3 * i32::from(a) - i32::from(b);
        ones.push(a);
        twos.push(b);
    }
    (points, others)
}

/// Everybody plays against all others; so many players of each kind. The points of one of each kind.
fn tournament(players: [i32; 5], rounds: usize) -> [i32; 5] {
    std::array::from_fn(|me| {
        let against = |other: usize| {
            // Nobody plays against himself.
            let count = players[other] - i32::from(other == me);
            count * play(STRATEGIES[me].1, STRATEGIES[other].1, rounds).0
        };
        (0..5).map(against).sum()
    })
}
// ANCHOR_END: answer

fn main() {
    for players in [[1, 1, 1, 1, 1], [20, 5, 0, 0, 0], [0, 5, 20, 0, 0]] {
        println!("{players:?}");
        for ((name, _), points) in STRATEGIES.iter().zip(tournament(players, 20)) {
            println!("  {name:<17}{points:>6}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_give_alone_feed_those_who_take_alone() {
        let [give, take, ..] = tournament([20, 5, 0, 0, 0], 20);
        assert!(take > give, "{take} {give}");
    }

    #[test]
    fn among_those_who_answer_it_does_not_pay_to_take() {
        let [_, take, tit, ..] = tournament([0, 5, 20, 0, 0], 20);
        assert!(tit > 5 * take, "{tit} {take}");
    }

    #[test]
    fn two_who_begin_by_taking_never_get_anything() {
        let begins = STRATEGIES[3].1;
        assert_eq!(play(begins, begins, 20), (0, 0));
        main();
    }
}
