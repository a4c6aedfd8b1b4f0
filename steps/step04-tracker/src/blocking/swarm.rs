//! From a torrent's trackers to addresses of peers.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use thiserror::Error;

use super::fetch;
use super::inquiry::{Inquiry, Step};
use crate::limits::GOODBYE;
use crate::{
    AnnounceError, AnnounceEvent, AnnounceReply, AnnounceRequest, TIMEOUT, Tiers, UrlError,
    announce_url, http,
};

/// Why nobody is known to have the torrent. Each says what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoPeers {
    /// The torrent names no tracker.
    #[error("the torrent names no tracker: name a peer with --peer ADDR")]
    NoTracker,
    /// The torrent names UDP trackers only.
    #[error(
        "the torrent has only UDP trackers, and those are not built yet: name a peer with --peer \
         ADDR"
    )]
    OnlyUdp,
    /// No tracker answered.
    #[error("{}{}", join(.errors), lab_hint(*.loopback))]
    AllFailed {
        /// What went wrong, tracker by tracker.
        errors: Vec<AnnounceError>,
        /// Whether one that did not answer at all is on this machine.
        loopback: bool,
    },
    /// A tracker answered, and knows of nobody.
    #[error("the tracker {host} knows of no other peer{}", lab_hint(*.loopback))]
    Nobody {
        /// The tracker's host and port.
        host: String,
        /// Whether it is on this machine.
        loopback: bool,
    },
}

/// The errors on one line.
fn join(errors: &[AnnounceError]) -> String {
    let texts: Vec<String> = errors.iter().map(AnnounceError::to_string).collect();
    texts.join("; ")
}

/// What is probably wrong when nobody answers on this machine.
fn lab_hint(loopback: bool) -> &'static str {
    match loopback {
        true => ": is `kostorrent lab` running?",
        false => "",
    }
}

// ANCHOR: find_peers
/// Asks the trackers, tier by tier, until one of them names peers. Leaves at once:
/// each tracker that answered hears `stopped`, because the programs of the steps
/// take no calls, and nobody should be sent to them.
///
/// # Errors
///
/// When there is nobody, and why.
pub fn find_peers(
    tiers: &mut Tiers,
    request: &AnnounceRequest,
) -> Result<(String, Vec<SocketAddr>), NoPeers> {
    let ours = request.clone();
    let ask = move |tracker: &str, url: &str| {
        let answer = fetch(url, TIMEOUT)?;
        let reply = http::read_answer(url, answer.status, answer.retry_after, &answer.body)?;
        leave(tracker, &ours, &reply);
        Ok(reply)
    };
    let mut errors = Vec::new();
    let mut nobody = None;
    for step in Inquiry::new(tiers, request, ask) {
        let Step::Heard { tracker, result } = step else {
            continue;
        };
        match result.map(|reply| others(&reply, request)) {
            Ok(others) if others.is_empty() => nobody = nobody.or(Some(tracker)),
            Ok(others) => {
                tiers.answered(&tracker);
                return Ok((tracker, others));
            }
            Err(error) => errors.push(error),
        }
    }
    Err(why_nobody(tiers, errors, nobody))
}
// ANCHOR_END: find_peers

/// The peers of a reply without ourselves: a tracker may name us too. We know our port, but not the
/// address that the tracker sees.
pub fn others(reply: &AnnounceReply, request: &AnnounceRequest) -> Vec<SocketAddr> {
    let peers = reply.peers.iter().copied();
    peers.filter(|peer| peer.port() != request.port).collect()
}

/// Tells a tracker that answered `request` with `reply` that we are gone, and waits [`GOODBYE`] for
/// its answer. Whether it hears is no matter: it forgets us by itself after an interval or two.
pub fn leave(url: &str, request: &AnnounceRequest, reply: &AnnounceReply) {
    let goodbye = AnnounceRequest {
        event: Some(AnnounceEvent::Stopped),
        numwant: Some(0),
        tracker_id: reply.tracker_id.clone(),
        ..request.clone()
    };
    if let Ok(url) = announce_url(url, &goodbye) {
        let _ = fetch(&url, GOODBYE);
    }
}

/// Puts the reason for finding nobody in words.
pub fn why_nobody(tiers: &Tiers, errors: Vec<AnnounceError>, nobody: Option<String>) -> NoPeers {
    if let Some(url) = nobody {
        return NoPeers::Nobody {
            host: crate::host_of(&url),
            loopback: crate::is_loopback(&url),
        };
    }
    if tiers.is_empty() {
        return NoPeers::NoTracker;
    }
    let is_udp = |error: &AnnounceError| matches!(error, AnnounceError::Url(UrlError::Udp { .. }));
    if errors.iter().all(is_udp) {
        return NoPeers::OnlyUdp;
    }
    let is_silent_here = |error: &AnnounceError| match error {
        AnnounceError::Unreachable { host, .. } => crate::is_loopback(&format!("http://{host}/")),
        _ => false,
    };
    NoPeers::AllFailed {
        loopback: errors.iter().any(is_silent_here),
        errors,
    }
}

/// A port that is free on this machine, to announce. The programs of the steps take no calls, but
/// a tracker wants a port; one that another client uses would remove that client from the
/// tracker's list when we leave.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map_or(6881, |addr| addr.port())
}
