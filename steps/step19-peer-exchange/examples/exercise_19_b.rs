//! Exercise 19b: whom to call, when some of those who tell of peers are liars.

use std::collections::BTreeSet;
use std::net::SocketAddr;

// ANCHOR: answer
/// Whom to call of all that were told of, at most so many: one of each teller's in turn, and nobody
/// twice. So a teller decides about its share of our calls, however many it tells of.
fn to_call(told: &[Vec<SocketAddr>], count: usize) -> Vec<SocketAddr> {
    let mut chosen = Vec::new();
    let mut seen = BTreeSet::new();
    let mut lists: Vec<_> = told.iter().map(|list| list.iter()).collect();
    while chosen.len() < count {
        let before = chosen.len();
        for list in &mut lists {
            // What another has told of before costs this one nothing.
            if let Some(&addr) = list.find(|addr| seen.insert(addr.ip()))
                && chosen.len() < count
            {
                chosen.push(addr);
            }
        }
        if chosen.len() == before {
            break; // all lists are at their end
        }
    }
    chosen
}
// ANCHOR_END: answer

fn peers(of: u8, count: u8) -> Vec<SocketAddr> {
    let addr = |n| SocketAddr::from(([10, 0, of, n], 6881));
    (0..count).map(addr).collect()
}

fn main() {
    let told = [peers(1, 3), peers(2, 100), peers(3, 1)];
    for addr in to_call(&told, 8) {
        println!("{addr}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_liar_has_its_share_and_no_more() {
        let told = [peers(1, 20), peers(2, 100), peers(3, 20)];
        let chosen = to_call(&told, 30);
        assert_eq!(chosen.len(), 30);
        let of =
            |teller: &Vec<SocketAddr>| chosen.iter().filter(|addr| teller.contains(addr)).count();
        assert_eq!(told.each_ref().map(of), [10, 10, 10]);
        main();
    }

    #[test]
    fn who_has_little_to_tell_leaves_the_rest_to_others() {
        let told = [peers(1, 3), peers(2, 100), peers(3, 1)];
        let chosen = to_call(&told, 8);
        assert_eq!(chosen.len(), 8);
        assert_eq!(
            chosen.iter().filter(|addr| told[1].contains(addr)).count(),
            4
        );
    }

    #[test]
    fn nobody_is_called_twice_whatever_the_ports_and_it_ends() {
        let mut twice = peers(1, 5);
        let other_port = |addr: SocketAddr| SocketAddr::new(addr.ip(), 7000);
        twice.extend(peers(1, 5).into_iter().map(other_port));
        assert_eq!(to_call(&[twice.clone(), twice], 50), peers(1, 5));
        assert_eq!(to_call(&[], 50), []);
        assert_eq!(to_call(&[peers(1, 5)], 0), []);
    }
}
