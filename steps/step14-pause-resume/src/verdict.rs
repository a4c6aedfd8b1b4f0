//! Why a file is trusted, or is not.

use std::fmt;
use std::time::Duration;

/// Why what the resume file says of a file is believed, or why the file is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has no bytes on disk: it is empty, padding or a link. There is nothing to trust.
    NoBytes,
    /// Trusted: length, time and number are what they were when it was recorded.
    AsRecorded,
    /// Trusted, for the pieces that are vouched for: it was written to later, but so soon that it was
    /// we, before the end that was not in order. We do not write to those pieces.
    WrittenOn {
        /// How much later than recorded.
        later: Duration,
    },
    /// It is not there.
    Gone,
    /// To be read: nothing is recorded of it.
    Unknown,
    /// To be read: it is another file under the same name, a copy perhaps.
    AnotherFile,
    /// To be read: it is shorter than it was.
    Shorter {
        /// Bytes that there were, of the torrent.
        of: u64,
        /// Bytes that there are.
        is: u64,
    },
    /// To be read: it is longer than it was, and than it should be.
    Longer {
        /// Bytes that were there.
        was: u64,
        /// Bytes that are.
        is: u64,
    },
    /// To be read: its time is another, though the last life ended in order and nobody should have
    /// written to it.
    Touched,
    /// To be read: its length and time are what they were, and yet something was done to it since. It
    /// was given other rights, or another name; or somebody has written to it, and has set its time
    /// back, as editors of music tags do.
    Altered,
    /// To be read: somebody may have written to it in the moment in which it was looked at, and its
    /// time would not show that.
    Racy,
    /// To be read: all of it was there, so we had nothing more to write to it, and yet its time is
    /// another.
    TouchedWhole,
    /// To be read: its time was set back. A backup may have been put in its place, or the clock was
    /// set.
    Earlier {
        /// By how much.
        by: Duration,
    },
    /// To be read: it was written to so long after the last save that it cannot have been we.
    TooLate {
        /// How long after the save.
        after: Duration,
    },
}

impl Verdict {
    /// Whether the pieces in it that are vouched for are believed to be there.
    pub fn is_trusted(&self) -> bool {
        match self {
            Verdict::NoBytes | Verdict::AsRecorded | Verdict::WrittenOn { .. } => true,
            Verdict::Gone
            | Verdict::Unknown
            | Verdict::AnotherFile
            | Verdict::Shorter { .. }
            | Verdict::Longer { .. }
            | Verdict::Touched
            | Verdict::Altered
            | Verdict::Racy
            | Verdict::TouchedWhole
            | Verdict::Earlier { .. }
            | Verdict::TooLate { .. } => false,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::NoBytes => write!(f, "has no bytes"),
            Verdict::AsRecorded => write!(f, "as it was recorded"),
            Verdict::WrittenOn { later } => {
                write!(f, "written to by us, {} later", span(*later))
            }
            Verdict::Gone => write!(f, "not there"),
            Verdict::Unknown => write!(f, "nothing is recorded of it"),
            Verdict::AnotherFile => write!(f, "another file under the same name"),
            Verdict::Shorter { of, is } => write!(f, "has {is} of {of} bytes"),
            Verdict::Longer { was, is } => write!(f, "had {was} bytes, and has {is}"),
            Verdict::Touched => write!(f, "somebody has written to it since"),
            Verdict::Altered => write!(f, "something was done to it that its time does not show"),
            Verdict::Racy => write!(f, "recorded too soon after a write to be sure"),
            Verdict::TouchedWhole => write!(f, "was complete, and somebody has written to it"),
            Verdict::Earlier { by } => {
                write!(
                    f,
                    "its time was set back by {}: a backup, or the clock",
                    span(*by)
                )
            }
            Verdict::TooLate { after } => {
                write!(
                    f,
                    "written to {} after the last save, so not by us",
                    span(*after)
                )
            }
        }
    }
}

/// A span of time, no finer than a person needs it.
fn span(span: Duration) -> String {
    match span.as_secs() {
        0 => format!("{} ms", span.as_millis()),
        seconds @ 1..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}
