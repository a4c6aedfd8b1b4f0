//! What can go wrong with an announce.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::reply::and_wish;
use crate::{MAX_REDIRECTS, ReplyError, Retry, UrlError};

/// Why an announce brought no reply. Only the tracker's host is named, never its whole URL: a
/// private tracker's URL holds its user's key.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum AnnounceError {
    /// There is no announcing to such a URL.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// The tracker answered, but not with a list of peers.
    #[error("{host}: {error}")]
    Reply {
        /// The tracker's host and port.
        host: String,
        /// What is wrong with its reply.
        error: ReplyError,
    },
    /// No connection: no such host, refused.
    #[error("cannot reach the tracker {host}: {reason}")]
    Unreachable {
        /// The tracker's host and port.
        host: String,
        /// What the system says.
        reason: String,
    },
    /// A connection, but to somebody who cannot show to be the tracker.
    #[error("the tracker {host} is not trusted: {reason}")]
    Certificate {
        /// The tracker's host and port.
        host: String,
        /// What is wrong with its certificate, and what can be done.
        reason: String,
    },
    /// The answer did not come, or not to its end, in time.
    #[error("the tracker {host} did not answer within {} s", limit.as_secs_f32())]
    TimedOut {
        /// The tracker's host and port.
        host: String,
        /// How long we waited.
        limit: Duration,
    },
    /// The tracker sends us from one URL to the next.
    #[error("the tracker {host} redirects more than {MAX_REDIRECTS} times, or in a circle")]
    Redirects {
        /// The tracker's host and port.
        host: String,
    },
    /// An HTTP status that is no success.
    #[error("the tracker {host} answered with HTTP status {status}{}", and_wish(*.retry))]
    Status {
        /// The tracker's host and port.
        host: String,
        /// The status.
        status: u16,
        /// When it wants to be asked again, if it says so.
        retry: Option<Retry>,
    },
    /// The answer is no HTTP, or broke off, or could not be decompressed.
    #[error("the tracker {host} does not speak proper HTTP: {reason}")]
    Http {
        /// The tracker's host and port.
        host: String,
        /// What the HTTP client says.
        reason: String,
    },
}

impl AnnounceError {
    /// When the tracker wants to be asked again, if it refused and says so.
    pub fn retry(&self) -> Option<Retry> {
        match self {
            AnnounceError::Reply {
                error: ReplyError::Failure { retry, .. },
                ..
            }
            | AnnounceError::Status { retry, .. } => *retry,
            _ => None,
        }
    }
}
