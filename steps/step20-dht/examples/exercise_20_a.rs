//! Exercise 20a: the nearest.

use dht::{Contact, Id};

// ANCHOR: answer
/// The nodes nearest to an id, at most so many, the nearest first.
fn nearest(target: Id, nodes: &[Contact], count: usize) -> Vec<Contact> {
    let mut nodes = nodes.to_vec();
    nodes.sort_by_key(|node| node.id.distance(target));
    nodes.truncate(count);
    nodes
}
// ANCHOR_END: answer

fn main() {
    let node = |n: u8| Contact {
        id: Id([n; 20]),
        addr: ([192, 0, 2, n], 6881).into(),
    };
    let nodes: Vec<Contact> = (0..16).map(node).collect();
    for node in nearest(Id([5; 20]), &nodes, 3) {
        println!("{}", node.addr);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_is_nearest_to_five_then_four_then_seven() {
        let node = |n: u8| Contact {
            id: Id([n; 20]),
            addr: ([192, 0, 2, n], 6881).into(),
        };
        let nodes: Vec<Contact> = (0..16).map(node).collect();
        // 5 is 101 in bits, 4 is 100, 7 is 111, 6 is 110.
        let found = nearest(Id([5; 20]), &nodes, 4);
        assert_eq!(found, [5, 4, 7, 6].map(node));
        assert_eq!(nearest(Id([5; 20]), &nodes, 99).len(), 16);
        assert!(nearest(Id([5; 20]), &[], 3).is_empty());
        main();
    }
}
