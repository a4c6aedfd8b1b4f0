//! Who can be asked: the peers of the link, and those that its trackers know.

use std::net::SocketAddr;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Instant;

use handshake::Handshake;
use rand::RngExt;
use thiserror::Error;
use tracker::blocking::{LookUpError, find_peers, free_port, look_up, others};
use tracker::limits::{BESIDE, GOODBYE, MAX_ASKED};
use tracker::{AnnounceEvent, AnnounceRequest, PeerAddr, TIMEOUT, Tiers, printable};
use udp_tracker::blocking::{Line, addresses};
use udp_tracker::{Announce, Answer, Ask, TrackerUrl};

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
    #[error("the trackers name no peer: {0}; name one with --peer ADDR")]
    NoPeers(String),
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
        match ask_trackers(magnet, ours, say) {
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

/// Asks the trackers, those by UDP beside those by HTTP. When one has named peers, the others have
/// [`BESIDE`] to do so too.
fn ask_trackers(
    magnet: &Magnet,
    ours: &Handshake,
    say: &mut dyn FnMut(String),
) -> Result<Vec<SocketAddr>, FindError> {
    let (udp, http): (Vec<&String>, Vec<&String>) =
        magnet.trackers.iter().partition(|url| is_udp(url));
    let request = first_announce(ours);
    let (sender, answers) = channel();
    for url in udp.into_iter().take(MAX_ASKED) {
        let (url, request, sender) = (url.clone(), request.clone(), sender.clone());
        thread::spawn(move || {
            let peers = ask_udp(&url, &request).map(|peers| (url, peers));
            sender.send(peers)
        });
    }
    if !http.is_empty() {
        let tiers: Vec<Vec<String>> = http.into_iter().map(|url| vec![url.clone()]).collect();
        let (request, sender) = (request.clone(), sender.clone());
        thread::spawn(move || {
            let mut tiers = Tiers::new(&tiers, &mut rand::rng());
            let peers = find_peers(&mut tiers, &request);
            sender.send(peers.map_err(|error| error.to_string()))
        });
    }
    drop(sender);

    let mut found: Vec<SocketAddr> = Vec::new();
    let mut errors = Vec::new();
    let mut since: Option<Instant> = None;
    loop {
        let answer = match since {
            Some(since) => answers.recv_timeout(BESIDE.saturating_sub(since.elapsed())),
            None => answers.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match answer {
            Ok(Ok((url, peers))) => {
                let url = printable(url.as_bytes());
                say(match peers.len() {
                    1 => format!("{url} names one peer"),
                    count => format!("{url} names {count} peers"),
                });
                found.extend(peers);
                since.get_or_insert_with(Instant::now);
            }
            Ok(Err(error)) => errors.push(error),
            Err(_) if !found.is_empty() => return Ok(found),
            Err(_) if errors.is_empty() => return Err(FindError::NoSource),
            Err(_) => return Err(FindError::NoPeers(errors.join("; "))),
        }
    }
}

fn is_udp(url: &str) -> bool {
    let scheme = url.get(.."udp:".len());
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("udp:"))
}

/// The announce of someone who has nothing yet, and takes no calls.
fn first_announce(ours: &Handshake) -> AnnounceRequest {
    AnnounceRequest {
        info_hash: ours.info_hash,
        peer_id: ours.peer_id,
        port: free_port(),
        uploaded: 0,
        downloaded: 0,
        // We do not know how much there is; 0 would make us a seeder.
        left: 1,
        event: Some(AnnounceEvent::Started),
        numwant: None,
        key: rand::rng().random(),
        tracker_id: None,
    }
}

/// Asks one tracker by UDP, at each of its addresses, and leaves again. Only its host is named in an
/// error: a tracker's URL may hold its user's key.
fn ask_udp(url: &str, request: &AnnounceRequest) -> Result<Vec<SocketAddr>, String> {
    let url: TrackerUrl = url.parse().map_err(|error| format!("{error}"))?;
    let mut announce = Announce {
        request: request.clone(),
        url_data: url.url_data.clone().map(String::into_bytes),
    };
    let mut found = Vec::new();
    let mut last = format!(
        "the tracker {} knows of no other peer",
        printable(url.host.as_bytes())
    );
    for addr in addresses(&url).map_err(|error| error.to_string())? {
        let asked = Line::open(addr).and_then(|mut line| {
            announce.request.event = Some(AnnounceEvent::Started);
            let ask = Ask::Announce(announce.clone());
            let answer = line.ask(ask, TIMEOUT, &mut |_| {})?;
            announce.request.event = Some(AnnounceEvent::Stopped);
            let _ = line.ask(Ask::Announce(announce.clone()), GOODBYE, &mut |_| {});
            Ok(answer)
        });
        match asked {
            Ok(Answer::Announced(reply)) => found.extend(others(&reply, request)),
            Ok(Answer::Scraped(_)) => {}
            Err(error) => last = error.to_string(),
        }
    }
    match found.is_empty() {
        true => Err(last),
        false => Ok(found),
    }
}
