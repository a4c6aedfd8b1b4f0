//! One who calls the client, and downloads from it.

use std::io;
use std::sync::Arc;

use handshake::Handshake;
use messages::{BlockRequest, Message};

use super::caller::{Caller, Phone};
use super::tape::{Tape, What};
use crate::lab::peer::{Heard, Line};
use crate::lab::trouble::Content;

/// A line to the client on which blocks are asked for; their bytes are compared with what they should be.
pub struct Leech {
    name: &'static str,
    tape: Tape,
    line: Line,
    content: Arc<Content>,
    /// Whether the client has unchoked us.
    pub unchoked: bool,
}

impl Leech {
    /// Calls the client, and shakes hands.
    ///
    /// # Errors
    ///
    /// When nobody listens, or it does not answer as it should.
    pub async fn call(
        phone: &Phone,
        caller: Caller,
        ours: &Handshake,
        content: Arc<Content>,
    ) -> io::Result<Leech> {
        let mut line = phone.call(caller).await?;
        line.introduce(ours).await?;
        Ok(Leech {
            name: caller.name,
            tape: phone.tape.clone(),
            line,
            content,
            unchoked: false,
        })
    }

    /// Says a message.
    pub fn say(&self, message: &Message) {
        self.line.say(message);
    }

    /// Says many at once.
    pub fn say_all(&self, messages: impl IntoIterator<Item = Message>) {
        let mut bytes = Vec::new();
        for message in messages {
            message.encode(&mut bytes);
        }
        self.line.say_bytes(&bytes);
    }

    /// What comes next; a block is compared, and noted if its bytes are wrong. `None` when the client has hung up.
    ///
    /// # Errors
    ///
    /// When the connection breaks, or what comes is no message.
    pub async fn hear(&mut self) -> io::Result<Option<Heard>> {
        let heard = self.line.hear().await?;
        match &heard {
            Some(Heard::Message(Message::Unchoke)) => self.unchoked = true,
            Some(Heard::Message(Message::Choke)) => self.unchoked = false,
            Some(Heard::Block(header, bytes)) => {
                let block = BlockRequest {
                    piece: header.piece,
                    offset: header.offset,
                    len: header.len,
                };
                if self.content.block(block) != Some(bytes) {
                    self.tape.note(self.name, 1, What::WrongBytes(*header));
                }
            }
            _ => {}
        }
        Ok(heard)
    }

    /// Wants something, and hears what comes until it is unchoked; whether it is, before they hang up.
    ///
    /// # Errors
    ///
    /// When the connection breaks, or what comes is no message.
    pub async fn wait_for_slot(&mut self) -> io::Result<bool> {
        self.say(&Message::Interested);
        while !self.unchoked {
            if self.hear().await?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Fetches these blocks, some of them at a time, also over a choke.
    ///
    /// # Errors
    ///
    /// When the connection breaks or is closed before all are here, or what comes is no message.
    pub async fn fetch(&mut self, blocks: Vec<BlockRequest>, at_once: usize) -> io::Result<()> {
        let mut wanted: Vec<BlockRequest> = blocks.into_iter().rev().collect();
        let mut out: Vec<BlockRequest> = Vec::new();
        while !(wanted.is_empty() && out.is_empty()) {
            while self.unchoked && out.len() < at_once {
                let Some(block) = wanted.pop() else { break };
                out.push(block);
                self.say(&Message::Request(block));
            }
            match self.hear().await? {
                Some(Heard::Block(header, _)) => {
                    out.retain(|block| (block.piece, block.offset) != (header.piece, header.offset))
                }
                Some(Heard::Message(Message::Choke)) => wanted.append(&mut out),
                Some(Heard::Message(_)) => {}
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        Ok(())
    }

    /// Hears all that comes, until they hang up or it is dropped.
    ///
    /// # Errors
    ///
    /// When the connection breaks, or what comes is no message.
    pub async fn listen(&mut self) -> io::Result<()> {
        while self.hear().await?.is_some() {}
        Ok(())
    }

    /// Hangs up when all that was said is out.
    pub async fn hang_up(self) {
        self.line.hang_up().await;
    }
}

/// The blocks of these pieces, in order.
pub fn blocks_of(content: &Content, pieces: impl IntoIterator<Item = u32>) -> Vec<BlockRequest> {
    let geometry = content.geometry();
    let blocks = pieces.into_iter().flat_map(|piece| geometry.blocks(piece));
    blocks.collect()
}
