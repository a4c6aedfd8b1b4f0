//! Who can be asked: the peers of the link, and those that its trackers know.

use std::net::SocketAddr;

use handshake::Handshake;
use rand::RngExt;
use thiserror::Error;
use tracker::blocking::{LookUpError, NoPeers, find_peers, free_port, look_up};
use tracker::{AnnounceEvent, AnnounceRequest, PeerAddr, Tiers, printable};

use crate::Magnet;

/// Why there is nobody to ask.
#[derive(Debug, Error)]
pub enum FindError {
    /// A name leads nowhere.
    #[error(transparent)]
    LookUp(#[from] LookUpError),
    /// The link names nobody.
    #[error("the link names neither a peer nor a tracker: name a peer with --peer ADDR")]
    NoSource,
    /// The trackers know nobody.
    #[error("{}", of_a_link(.0))]
    NoPeers(#[from] NoPeers),
}

/// The words of step 4, which speaks of torrents.
fn of_a_link(why: &NoPeers) -> String {
    why.to_string().replace("the torrent", "the link")
}

/// Where to look for peers: at `peers`, if there are any, else where the link and its trackers say; each
/// address once, in order. `say` hears, line by line, what is being done.
///
/// # Errors
///
/// When there is nobody, and why.
pub fn find(
    magnet: &Magnet,
    ours: &Handshake,
    peers: &[PeerAddr],
    say: &mut dyn FnMut(String),
) -> Result<Vec<SocketAddr>, FindError> {
    let mut addrs = Vec::new();
    for peer in peers {
        addrs.extend(look_up(peer)?);
    }
    if addrs.is_empty() {
        for peer in &magnet.peers {
            match look_up(peer) {
                Ok(found) => addrs.extend(found),
                Err(error) => say(error.to_string()),
            }
        }
        match trackers(magnet, ours, say) {
            Ok(found) => addrs.extend(found),
            Err(error) if addrs.is_empty() => return Err(error),
            Err(FindError::NoSource) => {}
            Err(error) => say(error.to_string()),
        }
    }
    addrs.sort_unstable();
    addrs.dedup();
    Ok(addrs)
}

/// Asks the trackers.
fn trackers(
    magnet: &Magnet,
    ours: &Handshake,
    say: &mut dyn FnMut(String),
) -> Result<Vec<SocketAddr>, FindError> {
    if magnet.trackers.is_empty() {
        return Err(FindError::NoSource);
    }
    let rng = &mut rand::rng();
    let tiers: Vec<Vec<String>> = magnet
        .trackers
        .iter()
        .map(|url| vec![url.clone()])
        .collect();
    let request = AnnounceRequest {
        info_hash: ours.info_hash,
        peer_id: ours.peer_id,
        port: free_port(),
        uploaded: 0,
        downloaded: 0,
        // We do not know how much there is; 0 would make us a seeder.
        left: 1,
        event: Some(AnnounceEvent::Started),
        numwant: None,
        key: rng.random(),
        tracker_id: None,
    };
    let (url, peers) = find_peers(&mut Tiers::new(&tiers, rng), &request)?;
    let url = printable(url.as_bytes());
    say(match peers.len() {
        1 => format!("{url} names one peer"),
        count => format!("{url} names {count} peers"),
    });
    Ok(peers)
}
