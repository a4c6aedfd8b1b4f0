//! Whether to encrypt at all: with whom, and who begins.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Methods, Opening};

// ANCHOR: policy
/// Whether connections are encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Policy {
    /// Those whose other side wants it: calls go out in plain text first, and encrypted to who hangs
    /// up on that; both kinds are taken.
    ///
    /// Plain text first, because it costs no exchange of keys and a round trip less, and nearly
    /// everybody takes it. libtorrent does the same; Transmission and aria2 begin the other way round.
    #[default]
    Allow,
    /// All of them, and in RC4 to the end: who requires encryption does not mean plain text after an
    /// encrypted greeting. qBittorrent, Transmission and aria2's `--bt-force-encryption` read it so;
    /// in libtorrent itself it is a choice of its own (`allowed_enc_level`).
    Require,
    /// None: a caller who wants it is turned away, and may come back in plain text.
    Off,
}
// ANCHOR_END: policy

/// How a connection begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// With a handshake.
    Plain,
    /// With a public key.
    Encrypted,
}

impl Way {
    /// The other one.
    pub fn other(self) -> Way {
        match self {
            Way::Plain => Way::Encrypted,
            Way::Encrypted => Way::Plain,
        }
    }
}

/// How a call of ours came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Setback {
    /// There was no connection: nobody listens there.
    NoConnection,
    /// The peer closed the connection before its handshake was whole: what a peer does that does not
    /// like how we began. One that has no room for us or not this torrent does the same.
    HungUp,
    /// The peer began the other way than we did: with something else than a handshake, or with
    /// [`PlainText`](crate::Failure::PlainText) where a public key belongs.
    OtherWay,
    /// Nothing came in time.
    Silent,
    /// The peer answered, but we do not belong together: another torrent, ourselves, an exchange gone
    /// wrong.
    NotForUs,
}

/// What an incoming call is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing yet: a few bytes more will tell.
    Wait,
    /// A handshake.
    Plain,
    /// The exchange, as its responder.
    Encrypted,
    /// Nothing: hang up.
    Refuse(Refusal),
}

/// Why a caller is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum Refusal {
    /// It does not encrypt.
    #[error("the caller speaks plain text, and encryption is required")]
    NotEncrypted,
    /// It encrypts, or does not speak BitTorrent.
    #[error(
        "the caller wants an encrypted connection, or does not speak BitTorrent, and encryption is off"
    )]
    Encrypted,
}

impl Policy {
    // ANCHOR: calls
    /// How a call begins. `known` is the way that the peer is known to like: it worked the last time,
    /// or whoever named the peer said so.
    pub fn first(self, known: Option<Way>) -> Way {
        match self {
            Policy::Allow => known.unwrap_or(Way::Plain),
            Policy::Require => Way::Encrypted,
            Policy::Off => Way::Plain,
        }
    }

    /// How it goes on after a first try that came to nothing: the other way, or not at all. There is
    /// no third try.
    pub fn second(self, first: Way, setback: Setback) -> Option<Way> {
        // ANCHOR: yours_second (chapter 22, "Who begins")
        let may_like_the_other = match setback {
            Setback::HungUp | Setback::OtherWay => true,
            Setback::NoConnection | Setback::Silent | Setback::NotForUs => false,
        };
        (self == Policy::Allow && may_like_the_other).then_some(first.other())
        // ANCHOR_END: yours_second
    }
    // ANCHOR_END: calls

    /// What an incoming call is answered with.
    pub fn answer(self, opening: Opening) -> Answer {
        match (self, opening) {
            (_, Opening::NeedMore) => Answer::Wait,
            (Policy::Require, Opening::Plain) => Answer::Refuse(Refusal::NotEncrypted),
            (Policy::Off, Opening::Encrypted) => Answer::Refuse(Refusal::Encrypted),
            (Policy::Allow | Policy::Off, Opening::Plain) => Answer::Plain,
            (Policy::Allow | Policy::Require, Opening::Encrypted) => Answer::Encrypted,
        }
    }

    /// The methods that are offered in an exchange of ours, and taken in one of others'. Where both
    /// are offered and taken, the responder selects plain text, as libtorrent and aria2 do: it hides
    /// the beginning, where most look, and costs nothing after it.
    pub fn methods(self) -> Methods {
        match self {
            Policy::Allow => Methods::BOTH,
            Policy::Require => Methods::RC4,
            Policy::Off => Methods::NONE,
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Policy::Allow => "allow",
            Policy::Require => "require",
            Policy::Off => "off",
        })
    }
}

/// A word that is no policy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("encryption is one of allow, require and off, not `{0}`")]
pub struct ParsePolicyError(String);

impl FromStr for Policy {
    type Err = ParsePolicyError;

    fn from_str(text: &str) -> Result<Policy, ParsePolicyError> {
        let all = [Policy::Allow, Policy::Require, Policy::Off];
        let found = all.into_iter().find(|policy| policy.to_string() == text);
        found.ok_or_else(|| ParsePolicyError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests;
