//! Bytes, for a person to read.

use std::io::{self, Write};

use encryption::Outline;
use encryption::limits::KEY_LEN;
use handshake::Handshake;

/// How many bytes stand in a line.
const ROW: usize = 10;

/// No more lines than this are shown of one field.
const MAX_ROWS: usize = 2;

/// All that passed on a connection.
#[derive(Default)]
pub struct Heard {
    /// What we sent, each time.
    pub sent: Vec<Vec<u8>>,
    /// What came, all of it.
    pub came: Vec<u8>,
}

/// A handshake in hex, each field with what it means.
pub fn handshake(out: &mut impl Write, handshake: &Handshake) -> io::Result<()> {
    let bytes = &handshake.to_bytes();
    let client = match handshake.peer_id.client() {
        Some(client) => format!("peer id: {} ({client})", handshake.peer_id),
        None => format!("peer id: {}", handshake.peer_id),
    };
    let mut fields = Fields { out, bytes, at: 0 };
    fields.next(1, "19, the length of the name")?;
    fields.next(19, "\"BitTorrent protocol\"")?;
    fields.next(8, "reserved: a bit for each extension")?;
    fields.next(20, "info-hash: which torrent")?;
    fields.next(20, &client)
}

/// An exchange, as far as it has come: what was sent and what came, in turn.
pub fn exchange(out: &mut impl Write, heard: &Heard, outline: &Outline) -> io::Result<()> {
    if let Some(bytes) = heard.sent.first() {
        writeln!(out, "\nWe send {} bytes:\n", bytes.len())?;
        let mut fields = Fields { out, bytes, at: 0 };
        fields.next(KEY_LEN, "our public key: 2 to the power of our private key")?;
        fields.rest("pad A: random bytes, as many as we like")?;
    }
    let came = &heard.came[..];
    let (first, then) = came.split_at(
        came.len()
            .min(KEY_LEN + outline.pad_b.unwrap_or(came.len())),
    );
    if !first.is_empty() {
        writeln!(out, "\nThe peer sends {} bytes:\n", first.len())?;
        let mut fields = Fields {
            out,
            bytes: first,
            at: 0,
        };
        fields.next(KEY_LEN, "its public key")?;
        let pad = match outline.pad_b {
            Some(_) => "pad B; where it ends is known when the zeros are found",
            None => "not understood",
        };
        fields.rest(pad)?;
    }
    if let Some(bytes) = heard.sent.get(1) {
        writeln!(
            out,
            "\nBoth know the secret now. We send {} bytes:\n",
            bytes.len()
        )?;
        request(&mut Fields { out, bytes, at: 0 }, outline)?;
    }
    if !then.is_empty() {
        writeln!(out, "\nThe peer sends {} bytes:\n", then.len())?;
        answer(
            &mut Fields {
                out,
                bytes: then,
                at: 0,
            },
            outline,
        )?;
    }
    out.flush()
}

/// What we send when the secret is known.
fn request(fields: &mut Fields<'_, impl Write>, outline: &Outline) -> io::Result<()> {
    fields.next(
        20,
        "HASH('req1', S): here the pad ends, and we know the secret",
    )?;
    fields.next(
        20,
        "HASH('req2', SKEY) xor HASH('req3', S): the torrent, masked",
    )?;
    fields.next(8, "from here on RC4, with our key: eight zeros")?;
    let offered = outline.offered.map(|offered| offered.to_string());
    fields.next(
        4,
        &format!("we offer to go on in {}", offered.unwrap_or_default()),
    )?;
    let pad = outline.pad_c.unwrap_or(0);
    fields.next(2, &format!("length of pad C: {pad} bytes"))?;
    fields.next(pad, "pad C: zeros, encrypted")?;
    let initial = outline.initial.unwrap_or(0);
    fields.next(
        2,
        &format!("length of the initial payload: {initial} bytes"),
    )?;
    fields.next(initial, "our handshake, the same as above")
}

/// What the peer answers.
fn answer(fields: &mut Fields<'_, impl Write>, outline: &Outline) -> io::Result<()> {
    fields.next(
        8,
        "RC4, with its key: eight zeros, by which we find this place",
    )?;
    let selected = outline.selected.map(|selected| selected.to_string());
    let selected = selected.map_or("its choice".to_owned(), |method| {
        format!("it chooses {method}")
    });
    fields.next(4, &selected)?;
    let pad = outline.pad_d.unwrap_or(0);
    fields.next(2, &format!("length of pad D: {pad} bytes"))?;
    fields.next(pad, "pad D")?;
    fields.rest("what it has to say: its handshake, or the beginning of it")
}

/// Bytes and how far they have been shown.
struct Fields<'a, W> {
    out: &'a mut W,
    bytes: &'a [u8],
    at: usize,
}

impl<W: Write> Fields<'_, W> {
    /// Shows the next so many bytes, if they are there, with a comment on the first line of them.
    fn next(&mut self, len: usize, comment: &str) -> io::Result<()> {
        let end = self.at.saturating_add(len).min(self.bytes.len());
        for (index, row) in self.bytes[self.at..end].chunks(ROW).enumerate() {
            let at = self.at + ROW * index;
            if index == MAX_ROWS {
                writeln!(self.out, "        … and {} bytes more", end - at)?;
                break;
            }
            let comment = if index == 0 { comment } else { "" };
            let line = format!("  {at:4}  {:29}   {comment}", hex(row));
            writeln!(self.out, "{}", line.trim_end())?;
        }
        self.at = end;
        Ok(())
    }

    /// Shows all that is left, if anything is.
    fn rest(&mut self, comment: &str) -> io::Result<()> {
        self.next(self.bytes.len() - self.at, comment)
    }
}

/// Bytes as two hex digits each.
fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ")
}
