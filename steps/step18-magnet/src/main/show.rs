//! What happens, for a person to read.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;

use magnet::blocking::{Moment, OUR_ID, to_wire};
use magnet::{HANDSHAKE_ID, Magnet, MetadataMessage, Selected, block_count};
use metainfo::Metainfo;
use metainfo::text::grouped;
use tracker::printable;

use crate::fields::Fields;

/// A link, taken apart.
pub fn link(out: &mut impl Write, magnet: &Magnet) -> io::Result<()> {
    if let Some(hash) = magnet.info_hash_v1 {
        writeln!(out, "info-hash  {hash}")?;
    }
    if let Some(hash) = magnet.info_hash_v2 {
        let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(out, "version 2  {digits}")?;
    }
    if let Some(name) = &magnet.name {
        writeln!(out, "name       {}", printable(name.as_bytes()))?;
    }
    for url in &magnet.trackers {
        writeln!(out, "tracker    {}", printable(url.as_bytes()))?;
    }
    for url in &magnet.web_seeds {
        writeln!(out, "web seed   {}", printable(url.as_bytes()))?;
    }
    for peer in &magnet.peers {
        writeln!(out, "peer       {peer}")?;
    }
    if let Some(selected) = &magnet.selected {
        writeln!(
            out,
            "files      {}",
            printable(selected.to_string().as_bytes())
        )?;
    }
    Ok(())
}

/// What has come of it.
pub fn written(
    out: &mut impl Write,
    path: &Path,
    torrent: &Metainfo,
    selected: Option<&Selected>,
) -> io::Result<()> {
    let files = torrent.files.iter().filter(|file| !file.padding).count();
    writeln!(
        out,
        "{}: {files} files, {} bytes, {} pieces",
        path.display(),
        grouped(torrent.total_length),
        torrent.piece_count()
    )?;
    let Some(selected) = selected else {
        return Ok(());
    };
    let count = u32::try_from(torrent.files.len()).unwrap_or(u32::MAX);
    for number in selected.files(count).take(50) {
        let path = torrent.files[number as usize].path.join("/");
        writeln!(
            out,
            "  wanted: file {number}, {}",
            printable(path.as_bytes())
        )?;
    }
    Ok(())
}

/// What goes to and fro: with the first peer byte by byte, with the others in a line each.
pub struct Conversation<'w, W> {
    out: &'w mut W,
    /// The peer that is shown byte by byte.
    first: Option<SocketAddr>,
    /// What has been shown of it, to show it once.
    seen: BTreeSet<&'static str>,
    /// What went wrong with our output.
    result: io::Result<()>,
}

impl<'w, W: Write> Conversation<'w, W> {
    pub fn new(out: &'w mut W) -> Conversation<'w, W> {
        Conversation {
            out,
            first: None,
            seen: BTreeSet::new(),
            result: Ok(()),
        }
    }

    /// Whether all could be shown.
    pub fn finish(self) -> io::Result<()> {
        self.result
    }

    pub fn show(&mut self, moment: &Moment<'_>) {
        if self.result.is_ok() {
            self.result = self.try_show(moment);
        }
    }

    fn try_show(&mut self, moment: &Moment<'_>) -> io::Result<()> {
        match *moment {
            Moment::NotMet { why } => writeln!(self.out, "{why}")?,
            Moment::Met { addr, theirs } => {
                let client = theirs.peer_id.client();
                let client =
                    client.map_or("an unknown client".to_owned(), |client| client.to_string());
                writeln!(self.out, "{addr}: {client}")?;
            }
            Moment::Sent { addr, body } => self.sent(addr, body)?,
            Moment::Heard { addr, body } => self.heard(addr, body)?,
            Moment::Gone { addr } => writeln!(self.out, "{addr}: the peer hung up")?,
            Moment::Left { addr, why } => writeln!(self.out, "{addr}: {why}")?,
            Moment::Lied { addr, why } => writeln!(self.out, "{addr}: {why}")?,
        }
        self.out.flush()
    }

    /// Whether this is to be shown byte by byte: each kind of message once, of the first peer.
    fn is_news(&mut self, addr: SocketAddr, kind: &'static str) -> bool {
        *self.first.get_or_insert(addr) == addr && self.seen.insert(kind)
    }

    fn sent(&mut self, addr: SocketAddr, body: &[u8]) -> io::Result<()> {
        let Some((&id, payload)) = body.split_first() else {
            return Ok(());
        };
        let kind = match id {
            HANDSHAKE_ID => "our handshake",
            _ => "our request",
        };
        if !self.is_news(addr, kind) {
            return match MetadataMessage::decode(payload) {
                Ok(MetadataMessage::Request { piece }) => {
                    writeln!(self.out, "{addr}: block {piece}, please")
                }
                _ => Ok(()),
            };
        }
        writeln!(self.out, "\nWe say:\n")?;
        let number = match id {
            HANDSHAKE_ID => "0: the extension handshake".to_owned(),
            _ => format!("{id}: its number for ut_metadata"),
        };
        self.message(body, &number)?;
        writeln!(self.out)
    }

    fn heard(&mut self, addr: SocketAddr, body: &[u8]) -> io::Result<()> {
        let Some((&id, payload)) = body.split_first() else {
            return Ok(());
        };
        match id {
            HANDSHAKE_ID => {
                if !self.is_news(addr, "their handshake") {
                    return Ok(());
                }
                writeln!(self.out, "The peer says:\n")?;
                self.message(body, "0: the extension handshake")
            }
            OUR_ID => {
                let Ok(message) = MetadataMessage::decode(payload) else {
                    return Ok(());
                };
                if self.is_news(addr, "their answer") {
                    writeln!(self.out, "The peer says:\n")?;
                    self.message(body, &format!("{OUR_ID}: our number for ut_metadata"))?;
                    writeln!(self.out)?;
                }
                self.answer(addr, &message)
            }
            _ => Ok(()),
        }
    }

    /// An answer in a line.
    fn answer(&mut self, addr: SocketAddr, message: &MetadataMessage) -> io::Result<()> {
        match message {
            MetadataMessage::Data {
                piece,
                total_size,
                block,
            } => {
                let of =
                    total_size.map_or(String::new(), |size| format!(" of {}", block_count(size)));
                writeln!(self.out, "{addr}: block {piece}{of}, {} bytes", block.len())
            }
            MetadataMessage::Reject { piece } => writeln!(self.out, "{addr}: no block {piece}"),
            MetadataMessage::Request { .. } | MetadataMessage::Unknown { .. } => Ok(()),
        }
    }

    /// A whole message, in rows.
    fn message(&mut self, body: &[u8], number: &str) -> io::Result<()> {
        let bytes = to_wire(body);
        let dictionary = bencode::decode_lenient(&bytes[6..]);
        let fields = &mut Fields {
            out: self.out,
            bytes: &bytes,
            at: 0,
        };
        fields.next(4, &format!("length: {}", bytes.len() - 4))?;
        fields.next(1, "20: extended")?;
        fields.next(1, number)?;
        if let Ok(document) = dictionary {
            fields.dictionary(document.root(), "")?;
        }
        match bytes.len() - fields.at {
            0 => Ok(()),
            more => writeln!(self.out, "        and then the block: {more} bytes"),
        }
    }
}
