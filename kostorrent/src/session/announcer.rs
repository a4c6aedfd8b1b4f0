//! Announces, over HTTP and HTTPS.

use std::rc::Rc;

use metainfo::InfoHash;
use peer_id::PeerId;
use tokio::sync::OnceCell;
use tracker::{AnnounceError, AnnounceReply, AnnounceRequest, MAX_REPLY, TIMEOUT, http};

use engine::Announcement;

/// Who we are to the trackers.
#[derive(Clone)]
pub(super) struct Announcer {
    info_hash: InfoHash,
    peer_id: PeerId,
    port: u16,
    /// Random, the same for all announces: a tracker knows us by it when our address changes.
    key: u32,
    clients: Clients,
}

/// An HTTP client for each kind of tracker that is set up in a way of its own, made when the first
/// of the kind is asked: with TLS or without, on this machine or elsewhere.
type Clients = Rc<[OnceCell<reqwest::Client>; 4]>;

impl Announcer {
    pub fn new(info_hash: InfoHash, peer_id: PeerId, port: u16) -> Announcer {
        Announcer {
            info_hash,
            peer_id,
            port,
            key: rand::random(),
            clients: Rc::default(),
        }
    }

    /// Announces.
    pub async fn announce(
        &self,
        tracker: &str,
        news: Announcement,
    ) -> Result<AnnounceReply, AnnounceError> {
        let request = AnnounceRequest {
            info_hash: self.info_hash,
            peer_id: self.peer_id,
            port: self.port,
            uploaded: news.uploaded,
            downloaded: news.downloaded,
            left: news.left,
            event: news.event,
            numwant: Some(news.numwant),
            key: self.key,
            tracker_id: news.tracker_id,
        };
        self.ask(tracker, &request).await
    }

    /// One announce, in bounded time and memory.
    async fn ask(
        &self,
        tracker: &str,
        request: &AnnounceRequest,
    ) -> Result<AnnounceReply, AnnounceError> {
        let url = tracker::announce_url(tracker, request)?;
        let failed = |error: reqwest::Error| http::failure(&url, TIMEOUT, &error);
        let client = self.client(&url).await?;
        let mut response = client.get(&url).send().await.map_err(failed)?;
        let mut body = Vec::new();
        while body.len() <= MAX_REPLY {
            let Some(chunk) = response.chunk().await.map_err(failed)? else {
                break;
            };
            let room = MAX_REPLY + 1 - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        http::read_answer(&url, response.status().as_u16(), &body)
    }

    /// The client for a URL. It is made on another thread: reading the system's certificates takes
    /// a while, in which connections would stand still.
    async fn client(&self, url: &str) -> Result<&reqwest::Client, AnnounceError> {
        let (plain, here) = (url.starts_with("http:"), tracker::is_loopback(url));
        let kind = usize::from(plain) + 2 * usize::from(here);
        self.clients[kind]
            .get_or_try_init(|| async {
                let for_thread = url.to_owned();
                let make = move || http::client(&for_thread, TIMEOUT, |settings| settings.build());
                match tokio::task::spawn_blocking(make).await {
                    Ok(client) => client,
                    // Only a panic ends it otherwise, and it goes on here.
                    Err(error) => std::panic::resume_unwind(error.into_panic()),
                }
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_is_made_once_for_each_kind_of_tracker() {
        let id = PeerId::generate(&mut rand::rng());
        let announcer = Announcer::new(InfoHash([0; 20]), id, 1);
        let again = announcer.clone();
        let here = announcer.client("http://127.0.0.1:1/a").await.unwrap();
        let same = again.client("http://localhost/b").await.unwrap();
        let there = again.client("http://t.example/a").await.unwrap();
        assert!(std::ptr::eq(here, same));
        assert!(!std::ptr::eq(here, there));
    }
}
