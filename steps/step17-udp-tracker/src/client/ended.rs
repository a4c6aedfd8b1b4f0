//! How a request ends, or does not begin.

use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use tracker::AnnounceReply;

use super::RequestId;
use crate::Scraped;
use crate::limits::{MAX_REQUESTS, MAX_SCRAPED, MAX_URL_DATA};

/// A request has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Which one.
    pub id: RequestId,
    /// The tracker that was asked.
    pub tracker: SocketAddr,
    /// What it says, or why it says nothing.
    pub result: Result<Answer, Failure>,
}

/// What a tracker answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// To an announce: the same that an HTTP tracker would have said.
    Announced(AnnounceReply),
    /// To a scrape: the counts of the torrents in the order in which they were asked for. The last ones
    /// may be missing, if the tracker takes fewer at a time.
    Scraped(Vec<Scraped>),
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum Failure {
    /// The tracker refused.
    #[error("the tracker refused: {reason}")]
    Refused {
        /// Its words, fit for a terminal, at most
        /// [`MAX_TEXT`](tracker::limits::MAX_TEXT) characters.
        reason: String,
    },
    /// Nothing came, or nothing that could be believed.
    #[error("the tracker did not answer within {} s", patience.as_secs_f32())]
    TimedOut {
        /// How long we waited.
        patience: Duration,
    },
}

/// Why a request cannot begin.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StartError {
    /// There are enough.
    #[error("{MAX_REQUESTS} requests to trackers are under way already")]
    TooMany,
    /// There can be no tracker.
    #[error("there can be no tracker at {tracker}")]
    Nowhere {
        /// Its address.
        tracker: SocketAddr,
    },
    /// A scrape of nothing, or of too much.
    #[error("a scrape is about 1 to {MAX_SCRAPED} torrents, not {torrents}")]
    Scrape {
        /// How many it is about.
        torrents: usize,
    },
    /// A path and query that do not fit.
    #[error("path and query of a tracker's URL have {bytes} bytes, more than {MAX_URL_DATA}")]
    UrlData {
        /// Its length in bytes.
        bytes: usize,
    },
}
