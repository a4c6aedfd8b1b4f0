//! Exercise 19a: what is new.

use std::collections::BTreeSet;
use std::net::SocketAddr;

// ANCHOR: answer
/// Who is to be added and who dropped, for somebody who was told of some, when these are connected.
fn news(
    told: &BTreeSet<SocketAddr>,
    connected: &BTreeSet<SocketAddr>,
) -> (Vec<SocketAddr>, Vec<SocketAddr>) {
    let added = connected.difference(told).copied().collect();
    let dropped = told.difference(connected).copied().collect();
    (added, dropped)
}
// ANCHOR_END: answer

fn addrs(numbers: impl IntoIterator<Item = u8>) -> BTreeSet<SocketAddr> {
    let addr = |n| SocketAddr::from(([192, 0, 2, n], 6881));
    numbers.into_iter().map(addr).collect()
}

fn main() {
    println!("{:?}", news(&addrs([1, 2]), &addrs([2, 3])));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_changed_is_news() {
        let list = |numbers: &[u8]| Vec::from_iter(addrs(numbers.iter().copied()));
        for (told, connected, added, dropped) in [
            (&[][..], &[1, 2][..], &[1, 2][..], &[][..]),
            (&[1, 2], &[1, 2], &[], &[]),
            (&[1, 2], &[2, 3], &[3], &[1]),
            (&[1, 2], &[], &[], &[1, 2]),
        ] {
            let [told, connected] = [told, connected].map(|n| addrs(n.iter().copied()));
            assert_eq!(news(&told, &connected), (list(added), list(dropped)));
        }
        main();
    }
}
