//! Exercise 3a: which clients are in a swarm.

use std::collections::BTreeMap;

use peer_id::PeerId;

// ANCHOR: answer
/// How many peers use each client, its version left out.
fn census(ids: &[PeerId]) -> BTreeMap<String, usize> {
    let mut census = BTreeMap::new();
    for id in ids {
        let client = id.client().map(|client| client.name);
        let name = client.unwrap_or_else(|| "unknown".to_owned());
        *census.entry(name).or_insert(0) += 1;
    }
    census
}
// ANCHOR_END: answer

fn main() {
    let ids = [
        PeerId(*b"-TR4060-k8hj0wgej6ch"),
        PeerId(*b"-qB4650-0wgej6chk8hj"),
        PeerId(*b"-TR3000-8hj0wgej6chk"),
    ];
    for (name, peers) in census(&ids) {
        println!("{peers:>4}  {name}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_a_client_are_counted_together() {
        let ids = [
            PeerId(*b"-TR4060-k8hj0wgej6ch"),
            PeerId(*b"-TR3000-k8hj0wgej6ch"),
            PeerId([0xff; 20]),
        ];
        let expected = [("Transmission".to_owned(), 2), ("unknown".to_owned(), 1)];
        assert_eq!(census(&ids), expected.into());
    }
}
