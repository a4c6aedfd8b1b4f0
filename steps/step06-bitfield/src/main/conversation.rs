//! What one peer says: bytes in, lines for a person out.

use std::error::Error;
use std::io::Write;

use messages::{Bitfield, Decoder, Item, Message, name};

/// No more bytes of a message than this are shown.
const SHOWN: usize = 13;

/// One peer's side of a conversation, as far as it has been heard.
pub struct Conversation {
    decoder: Decoder,
    /// The pieces the peer has.
    pub has: Bitfield,
    /// How many of them came with a bitfield.
    pub from_bitfield: u32,
    /// How many came with `have`s.
    pub from_haves: u32,
    /// The first bytes of the message that is being heard, and how many it has so far.
    bytes: Vec<u8>,
    length: usize,
    /// What is still to come of a block that nobody asked for.
    payload: usize,
}

impl Conversation {
    /// With a peer of a torrent of this many pieces.
    pub fn new(pieces: u32) -> Conversation {
        Conversation {
            decoder: Decoder::new(pieces),
            has: Bitfield::new(pieces),
            from_bitfield: 0,
            from_haves: 0,
            bytes: Vec::new(),
            length: 0,
            payload: 0,
        }
    }

    /// Whether the peer is in the middle of a message.
    pub fn is_mid_message(&self) -> bool {
        self.payload > 0 || self.decoder.is_mid_message()
    }

    // ANCHOR: hear
    /// Takes the next bytes of the peer's stream and writes a line for each message
    /// in them.
    pub fn hear(&mut self, mut bytes: &[u8], out: &mut impl Write) -> Result<(), Box<dyn Error>> {
        loop {
            let skipped = bytes.len().min(self.payload);
            self.payload -= skipped;
            bytes = &bytes[skipped..];

            let (used, item) = self.decoder.next(bytes)?;
            self.note(&bytes[..used]);
            bytes = &bytes[used..];
            let Some(item) = item else {
                return Ok(());
            };
            let meaning = self.understand(item)?;
            writeln!(out, "  {:40}  {meaning}", self.hex())?;
            self.bytes.clear();
            self.length = 0;
        }
    }
    // ANCHOR_END: hear

    // ANCHOR: understand
    /// What a message means, in words; and what it tells of the peer's pieces.
    fn understand(&mut self, item: Item) -> Result<String, Box<dyn Error>> {
        Ok(match item {
            Item::Message(Message::Bitfield(bytes)) => {
                let bitfield = Bitfield::from_bytes(self.has.len(), &bytes)?;
                let new = bitfield.iter_ones().filter(|&piece| self.has.set(piece));
                self.from_bitfield += new.count() as u32;
                format!(
                    "bitfield: {} of {} pieces",
                    bitfield.count(),
                    bitfield.len()
                )
            }
            Item::Message(Message::Have(piece)) => {
                self.from_haves += u32::from(self.has.set(piece));
                format!("have: piece {piece}")
            }
            Item::Message(Message::Request(block) | Message::Cancel(block)) => {
                let (piece, offset, len) = (block.piece, block.offset, block.len);
                let name = self.bytes.get(4).map_or("", |&id| name(id));
                format!("{name}: piece {piece}, {len} bytes from {offset}")
            }
            Item::Message(Message::Skipped(id)) => {
                format!("{} (id {id}), {} bytes: skipped", name(id), self.length)
            }
            Item::Message(message) => message.name().to_string(),
            Item::Block(block) => {
                self.payload = block.len as usize;
                format!("piece: {} bytes nobody asked for: skipped", block.len)
            }
        })
    }
    // ANCHOR_END: understand

    /// Remembers the first bytes of a message, and counts the others.
    fn note(&mut self, bytes: &[u8]) {
        let room = SHOWN.saturating_sub(self.bytes.len());
        self.bytes.extend(bytes.iter().take(room));
        self.length += bytes.len();
    }

    /// The message's bytes as hex digits, if there are many only the first of them.
    fn hex(&self) -> String {
        let digits: Vec<String> = self
            .bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let more = if self.length > SHOWN { " …" } else { "" };
        digits.join(" ") + more
    }
}

#[cfg(test)]
mod tests {
    use messages::{BlockRequest, piece_header};

    use super::*;

    /// The lines for these bytes, heard in parts of this size.
    fn lines(bytes: &[u8], cut: usize) -> (Conversation, Vec<String>) {
        let mut conversation = Conversation::new(10);
        let mut out = Vec::new();
        for chunk in bytes.chunks(cut) {
            conversation.hear(chunk, &mut out).unwrap();
        }
        let text = String::from_utf8(out).unwrap();
        let lines = text.lines().map(|line| line.trim().to_string()).collect();
        (conversation, lines)
    }

    #[test]
    fn every_message_is_a_line_however_the_bytes_are_cut() {
        let block = BlockRequest {
            piece: 1,
            offset: 2,
            len: 3,
        };
        let mut bytes = Vec::new();
        Message::Bitfield(vec![0xf0, 0]).encode(&mut bytes);
        Message::Have(9).encode(&mut bytes);
        Message::Have(0).encode(&mut bytes);
        Message::Unchoke.encode(&mut bytes);
        Message::Request(block).encode(&mut bytes);
        Message::Cancel(block).encode(&mut bytes);
        bytes.extend(piece_header(1, 0, 4));
        bytes.extend([0; 4]);
        bytes.extend([0, 0, 0, 3, 20, 0, 0]);
        Message::KeepAlive.encode(&mut bytes);

        for cut in [1, 3, 1000] {
            let (conversation, lines) = lines(&bytes, cut);
            let row = |hex: &str, text: &str| format!("{hex:40}  {text}");
            assert_eq!(
                lines,
                [
                    row("00 00 00 03 05 f0 00", "bitfield: 4 of 10 pieces"),
                    row("00 00 00 05 04 00 00 00 09", "have: piece 9"),
                    row("00 00 00 05 04 00 00 00 00", "have: piece 0"),
                    row("00 00 00 01 01", "unchoke"),
                    row(
                        "00 00 00 0d 06 00 00 00 01 00 00 00 02 …",
                        "request: piece 1, 3 bytes from 2"
                    ),
                    row(
                        "00 00 00 0d 08 00 00 00 01 00 00 00 02 …",
                        "cancel: piece 1, 3 bytes from 2"
                    ),
                    row(
                        "00 00 00 0d 07 00 00 00 01 00 00 00 00",
                        "piece: 4 bytes nobody asked for: skipped"
                    ),
                    row("00 00 00 03 14 00 00", "extended (id 20), 7 bytes: skipped"),
                    row("00 00 00 00", "keep-alive"),
                ]
            );
            assert_eq!(conversation.has.count(), 5);
            assert_eq!(conversation.from_bitfield, 4);
            assert_eq!(conversation.from_haves, 1);
            assert!(!conversation.is_mid_message());
        }
    }

    #[test]
    fn a_bitfield_that_comes_late_adds_to_the_haves() {
        let mut bytes = Vec::new();
        Message::Have(9).encode(&mut bytes);
        Message::Bitfield(vec![0x80, 0]).encode(&mut bytes);
        let (conversation, _) = lines(&bytes, 1000);
        assert_eq!(conversation.has.iter_ones().collect::<Vec<_>>(), [0, 9]);
    }

    #[test]
    fn spare_bits_end_the_conversation() {
        let mut bytes = Vec::new();
        Message::Bitfield(vec![0xff, 0xff]).encode(&mut bytes);
        let error = Conversation::new(10)
            .hear(&bytes, &mut Vec::new())
            .unwrap_err();
        assert!(error.to_string().contains("after the last"), "{error}");
    }
}
