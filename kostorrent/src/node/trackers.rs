//! Announces and scrapes: over HTTP and HTTPS here, by UDP in `udp`.

mod udp;

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use engine::Announcement;
use metainfo::InfoHash;
use peer_id::PeerId;
use reqwest::{ClientBuilder, Response, StatusCode};
use tokio::sync::OnceCell;
use tracker::{
    AnnounceError, AnnounceReply, AnnounceRequest, Counts, MAX_REPLY, Retry, TIMEOUT, http,
};

use super::route::Route;
use super::udp::Udp;
use udp::ByUdp;

/// How long a connection to a tracker is kept for the next announce. Not for the regular ones,
/// which are half an hour apart: all of a short download, or several torrents of one tracker, do not
/// shake hands anew.
const KEPT: Duration = Duration::from_secs(30);

/// The port that trackers are told by who cannot be called: some take 0 for a mistake.
const NO_PORT: u16 = 1;

/// The HTTP clients of the node: one for each kind of tracker that is set up in a way of its own,
/// made when the first of the kind is asked: with TLS or without, on this machine or elsewhere.
#[derive(Clone, Default)]
pub(super) struct Clients(Rc<[OnceCell<reqwest::Client>; 4]>);

/// Who we are to the trackers of one torrent.
#[derive(Clone)]
pub(super) struct Announcer {
    info_hash: InfoHash,
    peer_id: PeerId,
    port: u16,
    /// Random, the same for all announces: a tracker knows us by it when our address changes.
    key: u32,
    clients: Clients,
    by_udp: ByUdp,
    route: Arc<Route>,
}

impl Announcer {
    pub fn new(
        (info_hash, peer_id, port): (InfoHash, PeerId, u16),
        clients: Clients,
        udp: Udp,
        route: &Arc<Route>,
    ) -> Announcer {
        Announcer {
            info_hash,
            peer_id,
            port: if port == 0 { NO_PORT } else { port },
            key: rand::random(),
            clients,
            by_udp: ByUdp::new(udp, route.clone()),
            route: route.clone(),
        }
    }

    /// The port at which we can be called.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Announces.
    pub async fn announce(
        &self,
        tracker: &str,
        told: Announcement,
    ) -> Result<AnnounceReply, AnnounceError> {
        let request = AnnounceRequest {
            info_hash: self.info_hash,
            peer_id: self.peer_id,
            port: self.port,
            uploaded: told.uploaded,
            downloaded: told.downloaded,
            left: told.left,
            event: told.event,
            numwant: Some(told.numwant),
            key: self.key,
            tracker_id: told.tracker_id,
        };
        // An interface that is gone says nothing about a tracker.
        self.route.is_there().await;
        match udp::is_udp(tracker) {
            true => self.by_udp.announce(tracker, &request).await,
            false => self.clients.announce(tracker, &request, &self.route).await,
        }
    }

    /// Asks how many have the torrent (BEP 48; BEP 15, "Scrape").
    pub async fn scrape(&self, tracker: &str) -> Result<Counts, AnnounceError> {
        self.route.is_there().await;
        match udp::is_udp(tracker) {
            true => self.by_udp.scrape(tracker, self.info_hash).await,
            false => {
                let clients = &self.clients;
                clients.scrape(tracker, self.info_hash, &self.route).await
            }
        }
    }
}

/// What an HTTP server has said: the status, when it wants to be asked again, and the body.
type Said = (StatusCode, Option<Retry>, Vec<u8>);

impl Clients {
    /// One announce, in bounded time and memory.
    async fn announce(
        &self,
        tracker: &str,
        request: &AnnounceRequest,
        route: &Arc<Route>,
    ) -> Result<AnnounceReply, AnnounceError> {
        let url = tracker::announce_url(tracker, request)?;
        let (status, retry_after, body) = self.get(&url, route).await?;
        http::read_answer(&url, status.as_u16(), retry_after, &body)
    }

    /// One scrape, likewise.
    async fn scrape(
        &self,
        tracker: &str,
        info_hash: InfoHash,
        route: &Arc<Route>,
    ) -> Result<Counts, AnnounceError> {
        let url = tracker::scrape_url(tracker, info_hash)?;
        let (status, retry_after, body) = self.get(&url, route).await?;
        let read = tracker::parse_scrape(&body, info_hash);
        http::read_as(&url, status.as_u16(), retry_after, read)
    }

    /// A GET, in bounded time.
    async fn get(&self, url: &str, route: &Arc<Route>) -> Result<Said, AnnounceError> {
        let answer = tokio::time::timeout(TIMEOUT, self.get_all(url, route)).await;
        answer.unwrap_or_else(|_| {
            let (host, limit) = (tracker::host_of(url), TIMEOUT);
            Err(AnnounceError::TimedOut { host, limit })
        })
    }

    /// The GET, and another if that leads over to HTTPS; and as much of the body as an answer may have.
    async fn get_all(&self, url: &str, route: &Arc<Route>) -> Result<Said, AnnounceError> {
        let mut response = self.send(url, route).await?;
        let (asked, status) = (response.url(), response.status());
        if let Some(there) = http::over_to_tls(asked, status, response.headers()) {
            response = self.send(&there, route).await?;
        }
        let failed = |error: reqwest::Error| http::failure(url, TIMEOUT, &error);
        let status = response.status();
        let retry_after = http::retry_after(status, response.headers(), SystemTime::now());
        let mut body = Vec::new();
        while body.len() <= MAX_REPLY {
            let Some(chunk) = response.chunk().await.map_err(failed)? else {
                break;
            };
            let room = MAX_REPLY + 1 - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        Ok((status, retry_after, body))
    }

    async fn send(&self, url: &str, route: &Arc<Route>) -> Result<Response, AnnounceError> {
        let client = self.client(url, route).await?;
        let mut response = client.get(url).send().await;
        if response.as_ref().is_err_and(is_broken) {
            // A tracker may close a connection that was kept just as we use it.
            response = client.get(url).send().await;
        }
        response.map_err(|error| http::failure(url, TIMEOUT, &error))
    }

    /// The client for a URL. It is made on another thread: reading the system's certificates for
    /// HTTPS takes a while, in which connections would stand still.
    async fn client(
        &self,
        url: &str,
        route: &Arc<Route>,
    ) -> Result<&reqwest::Client, AnnounceError> {
        self.cell(url)
            .get_or_try_init(|| async {
                let (for_thread, route) = (url.to_owned(), route.clone());
                let make = move || {
                    let way = route.http();
                    let way = way.map_err(|reason| AnnounceError::Unreachable {
                        host: tracker::host_of(&for_thread),
                        reason,
                    })?;
                    http::client(&for_thread, TIMEOUT, |settings| build(way(settings)))
                };
                match tokio::task::spawn_blocking(make).await {
                    Ok(client) => client,
                    // Only a panic ends it otherwise, and it goes on here.
                    Err(error) => std::panic::resume_unwind(error.into_panic()),
                }
            })
            .await
    }

    fn cell(&self, url: &str) -> &OnceCell<reqwest::Client> {
        let (plain, here) = (url.starts_with("http:"), tracker::is_loopback(url));
        &self.0[usize::from(plain) + 2 * usize::from(here)]
    }
}

fn build(settings: ClientBuilder) -> reqwest::Result<reqwest::Client> {
    let settings = settings.pool_max_idle_per_host(1).pool_idle_timeout(KEPT);
    settings.build()
}

/// Whether a request got no answer because its connection broke, after it had stood.
fn is_broken(error: &reqwest::Error) -> bool {
    error.is_request() && !error.is_connect() && !error.is_timeout()
}

#[cfg(test)]
pub(super) mod tests;
