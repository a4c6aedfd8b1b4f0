//! Datagrams, for a person to read.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use tracker::{AnnounceReply, compact_v4, compact_v6, printable};
use udp_tracker::blocking::Seen;
use udp_tracker::{Ask, Family, Reply, Request, Said};

/// No more peers than this are shown one by one.
const SHOWN: usize = 50;

/// How many bytes stand in a line.
const ROW: usize = 10;

/// The name of a family.
pub fn name(family: Family) -> &'static str {
    match family {
        Family::V4 => "IPv4",
        Family::V6 => "IPv6",
    }
}

/// A datagram in hex, each field with what it means.
pub fn datagram(out: &mut impl Write, seen: Seen<'_>, family: Family) -> io::Result<()> {
    match seen {
        Seen::Sent(bytes) => {
            writeln!(out, "\nWe send {} bytes:\n", bytes.len())?;
            sent(&mut Fields { out, bytes, at: 0 })?;
        }
        Seen::Came(bytes) => {
            writeln!(out, "\nThe tracker sends {} bytes:\n", bytes.len())?;
            came(&mut Fields { out, bytes, at: 0 }, family)?;
        }
    }
    out.flush()
}

/// A datagram of ours.
fn sent(fields: &mut Fields<'_, impl Write>) -> io::Result<()> {
    match Request::decode(fields.bytes) {
        Ok(Request::Connect { .. }) => {
            fields.next(8, "the same in every first datagram: this protocol")?;
            fields.next(4, "action 0: connect")?;
            fields.next(4, "transaction: a random number, to know the reply by")
        }
        Ok(Request::Ask { ask, .. }) => {
            fields.next(8, "the connection id")?;
            let action = ask.action().number();
            let Ask::Announce(announce) = ask else {
                fields.next(4, "action 2: scrape")?;
                return fields.rest("the rest");
            };
            let request = announce.request;
            fields.next(4, &format!("action {action}: announce"))?;
            fields.next(4, "transaction: another random number")?;
            fields.next(20, "info-hash: which torrent")?;
            fields.next(20, &format!("peer id: {}", request.peer_id))?;
            fields.next(8, &format!("downloaded: {} bytes", request.downloaded))?;
            fields.next(
                8,
                &format!("left: {} bytes; 0 would make us a seeder", request.left),
            )?;
            fields.next(8, &format!("uploaded: {} bytes", request.uploaded))?;
            let event = request.event.map_or("none", |event| event.as_str());
            fields.next(4, &format!("event: {event}"))?;
            fields.next(4, "our address: where this came from, please")?;
            fields.next(4, "a random number to know us by again")?;
            let wanted = request
                .numwant
                .map_or("-1, as you like".to_owned(), |n| n.to_string());
            fields.next(4, &format!("how many peers we want: {wanted}"))?;
            fields.next(
                2,
                &format!("port, where peers would reach us: {}", request.port),
            )?;
            fields.options()
        }
        Err(_) => fields.rest("not understood"),
    }
}

/// A datagram of the tracker's.
fn came(fields: &mut Fields<'_, impl Write>, family: Family) -> io::Result<()> {
    let Ok(reply) = Reply::decode(fields.bytes, family) else {
        return fields.rest("this is no reply, and is dropped");
    };
    let action = reply.said.action().number();
    let what = match reply.said {
        Said::Connected(_) => "connect",
        Said::Announced(_) => "announce",
        Said::Scraped(_) => "scrape",
        Said::Refused(_) => "an error",
    };
    fields.next(4, &format!("action {action}: {what}"))?;
    fields.next(4, "transaction: our number")?;
    match reply.said {
        Said::Connected(_) => fields.next(8, "the connection id")?,
        Said::Announced(announced) => {
            fields.next(4, &format!("ask again in {} s", announced.interval))?;
            fields.next(4, &format!("leechers: {}", announced.leechers))?;
            fields.next(4, &format!("seeders: {}", announced.seeders))?;
            fields.peers(family)?;
        }
        Said::Scraped(_) => fields.rest("the counts")?,
        Said::Refused(reason) => fields.rest(&reason)?,
    }
    fields.rest("more, which we do not know")
}

/// A datagram and how far it has been shown.
struct Fields<'a, W> {
    out: &'a mut W,
    bytes: &'a [u8],
    at: usize,
}

impl<W: Write> Fields<'_, W> {
    /// Shows the next so many bytes, with a comment on the first line of them.
    fn next(&mut self, len: usize, comment: &str) -> io::Result<()> {
        let end = (self.at + len).min(self.bytes.len());
        for (index, row) in self.bytes[self.at..end].chunks(ROW).enumerate() {
            let comment = if index == 0 { comment } else { "" };
            let at = self.at + ROW * index;
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

    /// The options of an announce, which are all ours.
    fn options(&mut self) -> io::Result<()> {
        while let Some(&[kind, length]) = self.bytes[self.at..].first_chunk() {
            self.next(
                2,
                &format!("option {kind}, path and query of the URL: {length} bytes"),
            )?;
            let data = &self.bytes[self.at..];
            let data = &data[..data.len().min(length.into())];
            let text = printable(data);
            self.next(data.len(), &text)?;
        }
        Ok(())
    }

    /// The peers of a reply, a line each.
    fn peers(&mut self, family: Family) -> io::Result<()> {
        let left = &self.bytes[self.at..];
        let peers: Vec<SocketAddr> = match family {
            Family::V4 => compact_v4(left).collect(),
            Family::V6 => compact_v6(left).collect(),
        };
        for peer in peers.iter().take(SHOWN) {
            self.next(family.peer_len(), &peer.to_string())?;
        }
        if let Some(more) = peers.len().checked_sub(SHOWN).filter(|&more| more > 0) {
            writeln!(self.out, "        … and {more} more")?;
            self.at += more * family.peer_len();
        }
        Ok(())
    }
}

/// Bytes as two hex digits each.
fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ")
}

/// What we make of the reply; `ours` is the port that we have announced.
pub fn reply(out: &mut impl Write, reply: &AnnounceReply, ours: u16) -> io::Result<()> {
    writeln!(out, "\nWhat it says:\n")?;
    let count = |count: Option<u32>| count.map_or("not said".to_owned(), |n| n.to_string());
    writeln!(out, "  seeders       {}", count(reply.complete))?;
    writeln!(out, "  leechers      {}", count(reply.incomplete))?;
    writeln!(out, "  ask again in  {}", time(reply.interval))?;
    writeln!(out, "  peers         {}", reply.peers.len())?;
    for peer in reply.peers.iter().take(SHOWN) {
        let us = if peer.port() == ours {
            "  ourselves"
        } else {
            ""
        };
        writeln!(out, "    {peer}{us}")?;
    }
    Ok(())
}

/// A time in minutes and seconds.
fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 60, seconds % 60) {
        (0, s) => format!("{s} s"),
        (m, 0) => format!("{m} min"),
        (m, s) => format!("{m} min {s} s"),
    }
}
