//! Announcing over HTTP and waiting for the answer: what the programs of the steps use.

use std::io::Read;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime};

use reqwest::blocking::{ClientBuilder, Response};

use crate::{
    AnnounceError, AnnounceReply, AnnounceRequest, MAX_REPLY, Retry, TIMEOUT, announce_url, http,
};

mod inquiry;
mod look_up;
mod program;
mod swarm;

pub use inquiry::{Inquiry, Step};
pub use look_up::{LookUpError, look_up};
pub use program::{TorrentError, finish, read_torrent};
pub use swarm::{NoPeers, find_peers, free_port, leave, others, why_nobody};

// ANCHOR: announce
/// Announces to the tracker at `url` and reads its reply.
///
/// # Errors
///
/// Each way in which this can fail is an [`AnnounceError`], after [`TIMEOUT`] at
/// the latest.
pub fn announce(url: &str, request: &AnnounceRequest) -> Result<AnnounceReply, AnnounceError> {
    let url = announce_url(url, request)?;
    let answer = fetch(&url, TIMEOUT)?;
    http::read_answer(&url, answer.status, answer.retry_after, &answer.body)
}
// ANCHOR_END: announce

/// What a web server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status: 200 for success.
    pub status: u16,
    /// When an overloaded server wants to be asked again.
    pub retry_after: Option<Retry>,
    /// The body, decompressed, cut after [`MAX_REPLY`] + 1 bytes: enough to see it is too long.
    pub body: Vec<u8>,
}

// ANCHOR: fetch
/// Sends one GET, and waits at most `limit` for the whole answer.
///
/// # Errors
///
/// When no answer comes: an [`AnnounceError`] of the network or of HTTP.
pub fn fetch(url: &str, limit: Duration) -> Result<Answer, AnnounceError> {
    let asked = url.to_string();
    within(limit, move || get(&asked, limit)).unwrap_or_else(|| {
        let host = crate::host_of(url);
        Err(AnnounceError::TimedOut { host, limit })
    })
}

/// Does the work on a thread of its own, and waits for its result at most `limit`.
/// Not everything can be given up: the system's look-up of a name takes as long as
/// it takes. It can be left behind.
fn within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(work()));
    receiver.recv_timeout(limit).ok()
}
// ANCHOR_END: fetch

/// The GET itself, and another if that leads over to HTTPS.
fn get(url: &str, limit: Duration) -> Result<Answer, AnnounceError> {
    let mut response = send(url, limit)?;
    let (asked, status) = (response.url(), response.status());
    if let Some(there) = http::over_to_tls(asked, status, response.headers()) {
        response = send(&there, limit)?;
    }
    let failed = |error: reqwest::Error| http::failure(url, limit, &error);
    let status = response.status();
    let retry_after = http::retry_after(status, response.headers(), SystemTime::now());
    let mut body = Vec::new();
    response
        .take(MAX_REPLY as u64 + 1)
        .read_to_end(&mut body)
        .map_err(|error| match error.downcast::<reqwest::Error>() {
            Ok(error) => failed(error),
            Err(error) => AnnounceError::Http {
                host: crate::host_of(url),
                reason: error.to_string(),
            },
        })?;
    Ok(Answer {
        status: status.as_u16(),
        retry_after,
        body,
    })
}

fn send(url: &str, limit: Duration) -> Result<Response, AnnounceError> {
    let client = http::client(url, limit, |settings| ClientBuilder::from(settings).build())?;
    let response = client.get(url).send();
    response.map_err(|error| http::failure(url, limit, &error))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn work_that_never_ends_is_left_behind() {
        let forever = || -> u32 {
            loop {
                thread::park();
            }
        };
        assert_eq!(within(Duration::from_millis(20), forever), None);
        assert_eq!(within(Duration::from_secs(60), || 7), Some(7));
    }
}
