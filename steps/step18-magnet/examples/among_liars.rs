//! The same metadata from the same peers, by a client that believes nobody; in virtual time.

use std::collections::BTreeMap;
use std::time::Duration;

use magnet::limits::{BLOCK, MAX_METADATA};
use magnet::{FetchAction, MetadataFetch, MetadataMessage, block_len};
use metainfo::InfoHash;
use picker::PeerKey;

/// How long a block takes from each peer, and who it is.
const PEERS: [(&str, u64); 4] = [("max", 40), ("eve", 50), ("ada", 60), ("sam", 0)];
const MAX: PeerKey = PeerKey(0);
const EVE: PeerKey = PeerKey(1);
/// Sam takes the question, and says nothing.
const SAM: PeerKey = PeerKey(3);

/// What happened, and when.
fn fetch(blocks: usize) -> Vec<(Duration, String)> {
    let info: Vec<u8> = (0..blocks * BLOCK - 100).map(|n| (n % 251) as u8).collect();
    let size = info.len() as u64;
    let claimed = |key| if key == MAX { MAX_METADATA } else { size };
    let mut fetch = MetadataFetch::new(InfoHash::of(&info));
    let mut said = Vec::new();
    let mut coming: BTreeMap<(Duration, u32), (PeerKey, u32)> = BTreeMap::new();
    let mut free = [Duration::ZERO; PEERS.len()];
    let (mut now, mut count) = (Duration::ZERO, 0);
    for key in (0..).map(PeerKey).take(PEERS.len()) {
        fetch.joined(key, Some(claimed(key)), now);
    }
    loop {
        while let Some(action) = fetch.poll_action() {
            let name = |peer: PeerKey| PEERS[peer.0 as usize].0;
            let line = match action {
                FetchAction::Request { peer, piece } => {
                    let (name, millis) = PEERS[peer.0 as usize];
                    if peer != SAM {
                        let line = &mut free[peer.0 as usize];
                        *line = now.max(*line) + Duration::from_millis(millis);
                        count += 1;
                        coming.insert((*line, count), (peer, piece));
                    }
                    format!("{name}, please: block {piece}")
                }
                FetchAction::Finished { info } => format!("all {} bytes are right", info.len()),
                FetchAction::Leave { peer, why } => format!("{} is left: {why}", name(peer)),
                FetchAction::Ban { peer, why } => format!("{} lied: {why}", name(peer)),
            };
            said.push((now, line));
        }
        let Some(((time, _), (peer, piece))) = coming.pop_first().filter(|_| !fetch.is_finished())
        else {
            return said;
        };
        now = time;
        let mut block = vec![0; block_len(claimed(peer), piece)];
        if peer != EVE && peer != MAX {
            let begin = piece as usize * BLOCK;
            let end = begin + block.len();
            block.copy_from_slice(&info[begin..end]);
        }
        let message = MetadataMessage::Data {
            piece,
            total_size: Some(claimed(peer)),
            block,
        };
        fetch.handle(peer, message, now);
    }
}

fn main() {
    let said = fetch(6);
    let requests = said.iter().filter(|(_, line)| line.contains("please"));
    println!("{} questions, and then:", requests.count());
    for (time, line) in said.iter().filter(|(_, line)| !line.contains("please")) {
        println!("after {} ms: {line}", time.as_millis());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_metadata_come_and_both_liars_are_named() {
        let said = fetch(6);
        let has = |part: &str| said.iter().any(|(_, line)| line.contains(part));
        assert!(
            has("are right") && has("eve lied") && has("max lied"),
            "{said:?}"
        );
        assert!(!has("ada lied") && !has("sam lied"));
        let (last, _) = said.last().unwrap();
        // Ada alone takes 360 ms for six blocks.
        assert!(*last < Duration::from_millis(600), "{last:?}");
    }
}
