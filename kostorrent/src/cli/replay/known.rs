//! What is known of each connection, from what was told and wanted.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use engine::{Action, Event};
use fast::Fast;
use messages::{Bitfield, BlockRequest, Message};

/// A connection, as both ends have shown it.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub addr: SocketAddr,
    pub incoming: bool,
    pub client: String,
    /// Whether both speak the fast extension: then a choke forgets nothing.
    pub fast: bool,
    pub has: Bitfield,
    pub peer_choking: bool,
    pub am_choking: bool,
    /// What it was asked for and has not sent.
    pub out: BTreeSet<BlockRequest>,
    /// Payload bytes that came from it.
    pub got: u64,
    /// Payload bytes that it was given.
    pub given: u64,
}

impl Known {
    pub fn new(
        addr: SocketAddr,
        incoming: bool,
        (client, fast): (String, bool),
        pieces: u32,
    ) -> Known {
        Known {
            addr,
            incoming,
            client,
            fast,
            has: Bitfield::new(pieces),
            peer_choking: true,
            am_choking: true,
            out: BTreeSet::new(),
            got: 0,
            given: 0,
        }
    }

    /// Takes note of what the peer did.
    pub fn heard(&mut self, event: &Event) {
        match event {
            Event::Block { block, .. } => {
                self.out.remove(block);
                self.got = self.got.saturating_add(block.len.into());
            }
            Event::Message { message, .. } => match message {
                Message::Choke => {
                    self.peer_choking = true;
                    if !self.fast {
                        self.out.clear();
                    }
                }
                Message::Later { id, body } => match Fast::read(*id, body, self.has.len()) {
                    Ok(Some(Fast::HaveAll)) => self.has = Bitfield::full(self.has.len()),
                    Ok(Some(Fast::HaveNone)) => self.has = Bitfield::new(self.has.len()),
                    _ => {}
                },
                Message::Unchoke => self.peer_choking = false,
                Message::Have(piece) if *piece < self.has.len() => {
                    self.has.set(*piece);
                }
                Message::Bitfield(bytes) => {
                    if let Ok(has) = Bitfield::from_bytes(self.has.len(), bytes) {
                        self.has = has;
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// Takes note of what we did.
    pub fn done(&mut self, action: &Action) {
        match action {
            Action::Upload { block, .. } => {
                self.given = self.given.saturating_add(block.len.into());
            }
            Action::Rejected { block, .. } => {
                self.out.remove(block);
            }
            Action::Send { message, .. } => match message {
                Message::Request(block) => {
                    self.out.insert(*block);
                }
                Message::Cancel(block) => {
                    self.out.remove(block);
                }
                Message::Choke => self.am_choking = true,
                Message::Unchoke => self.am_choking = false,
                _ => {}
            },
            _ => {}
        }
    }
}
