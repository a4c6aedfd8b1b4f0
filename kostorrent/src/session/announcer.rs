//! Announces, over HTTP and HTTPS.

use metainfo::InfoHash;
use peer_id::PeerId;
use tracker::{AnnounceError, AnnounceReply, AnnounceRequest, MAX_REPLY, TIMEOUT, http};

use crate::engine::News;

/// Who we are to the trackers.
#[derive(Clone)]
pub(super) struct Announcer {
    info_hash: InfoHash,
    peer_id: PeerId,
    port: u16,
    /// Random, the same for all announces: a tracker knows us by it when our address changes.
    key: u32,
}

impl Announcer {
    pub fn new(info_hash: InfoHash, peer_id: PeerId, port: u16) -> Announcer {
        Announcer {
            info_hash,
            peer_id,
            port,
            key: rand::random(),
        }
    }

    /// Announces; what went wrong is said for a person.
    pub async fn announce(&self, tracker: &str, news: News) -> Result<AnnounceReply, String> {
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
        ask(tracker, &request)
            .await
            .map_err(|error| error.to_string())
    }
}

/// One announce, in bounded time and memory.
async fn ask(tracker: &str, request: &AnnounceRequest) -> Result<AnnounceReply, AnnounceError> {
    let url = tracker::announce_url(tracker, request)?;
    let failed = |error: reqwest::Error| http::failure(&url, TIMEOUT, &error);
    let client = http::client(&url, TIMEOUT, |settings| settings.build())?;
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
