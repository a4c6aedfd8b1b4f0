//! One decision, or what led to it, for a person or a script.

use std::fmt;
use std::net::SocketAddr;

use engine::{Time, Why};
use serde_json::{Value, json};

/// What the engine decided, or was told, at a moment.
#[derive(Clone, Debug)]
pub(super) struct Decision {
    pub at: Time,
    /// The connection's number, if it is about one.
    pub peer: Option<u32>,
    /// The address of its other end, or the one that is called.
    pub addr: Option<SocketAddr>,
    /// A word for its kind: see the help of `replay`.
    pub what: &'static str,
    /// The piece, if it is about one.
    pub piece: Option<u32>,
    /// The numbers of the piece's blocks, if it is about some.
    pub blocks: Vec<u32>,
    /// What was decided, as a part of a sentence.
    pub text: String,
    /// The engine's reason, as data.
    pub why: Option<Why>,
    /// The same reason, or the one that the action itself has, as a part of a sentence.
    pub because: Option<String>,
}

impl Decision {
    pub fn new(at: Time, what: &'static str, text: impl Into<String>) -> Decision {
        Decision {
            at,
            peer: None,
            addr: None,
            what,
            piece: None,
            blocks: Vec::new(),
            text: text.into(),
            why: None,
            because: None,
        }
    }

    pub fn because(mut self, why: Option<Why>) -> Decision {
        self.because = why.as_ref().map(ToString::to_string);
        self.why = why;
        self
    }

    pub fn to_json(&self) -> Value {
        json!({
            "event": "decision",
            "at": self.at.since_start().as_secs_f64(),
            "peer": self.peer,
            "addr": self.addr,
            "what": self.what,
            "piece": self.piece,
            "blocks": self.blocks,
            "text": self.text,
            "why": self.why,
            "because": self.because,
        })
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>9.3} s  ", self.at.since_start().as_secs_f64())?;
        match (self.peer, self.addr) {
            (Some(peer), Some(addr)) => write!(f, "{addr} (#{peer}) ")?,
            (Some(peer), None) => write!(f, "#{peer} ")?,
            (None, Some(addr)) => write!(f, "{addr} ")?,
            (None, None) => {}
        }
        f.write_str(&self.text)?;
        match &self.because {
            Some(because) => write!(f, ": {because}"),
            None => Ok(()),
        }
    }
}
