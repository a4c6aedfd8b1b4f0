//! Tasks and messages, as the trace names them.

use std::fmt;

use connection::Heard;
use messages::{BlockRequest, Message};
use picker::PeerKey;

/// A task, as the trace names it.
pub struct Task(pub PeerKey);

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "peer {}", self.0)
    }
}

pub const TORRENT: &str = "torrent";
pub const DISK: &str = "disk";

/// What was heard, in words.
pub fn name(heard: &Heard) -> String {
    match heard {
        Heard::Message(message) => name_of(message),
        Heard::Block { block, .. } => format!("block {}", place(block)),
        Heard::Wasted { bytes, .. } => format!("{bytes} bytes of no use"),
        Heard::Room(bytes) => format!("room for {bytes} bytes"),
        Heard::Unsent(block) => format!("not sent: block {}", place(block)),
        Heard::Closed(why) => format!("closed: {why}"),
    }
}

/// A message, in words.
pub fn name_of(message: &Message) -> String {
    match message {
        Message::Have(piece) => format!("have piece {piece}"),
        Message::Request(block) => format!("request block {}", place(block)),
        Message::Cancel(block) => format!("cancel block {}", place(block)),
        other => other.name().to_owned(),
    }
}

fn place(block: &BlockRequest) -> String {
    format!("{} of piece {}", block.offset / blocks::BLOCK, block.piece)
}
