//! Question and answer, for a person to read.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use bencode::{Kind, Value};
use tracker::{AnnounceReply, compact_v4, compact_v6, printable};

/// No more peers than this are shown one by one.
const SHOWN: usize = 50;

/// The announce, one key of its query a line.
pub fn request(out: &mut impl Write, url: &str) -> io::Result<()> {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    writeln!(out, "\nThe announce is one URL:\n\n  {base}")?;
    for (index, pair) in query.split('&').enumerate() {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let sign = if index == 0 { '?' } else { '&' };
        let pair = format!("{key}={value}");
        match value.len() > 24 {
            true => writeln!(out, "  {sign}{pair}\n  {:31}{}", "", explain(key))?,
            false => writeln!(out, "  {sign}{pair:30}{}", explain(key))?,
        }
    }
    Ok(())
}

/// What a key of the announce's query means.
fn explain(key: &str) -> &'static str {
    match key {
        "info_hash" => "which torrent: its 20 bytes, escaped one by one",
        "peer_id" => "who we are",
        "port" => "where peers would reach us",
        "uploaded" => "bytes sent since `started`",
        "downloaded" => "bytes received since `started`",
        "left" => "bytes we lack; 0 would make us a seeder",
        "compact" => "peers as 6 bytes each, please (BEP 23)",
        "key" => "a random number to know us by again (BEP 7)",
        "event" => "this is our first announce",
        "numwant" => "how many peers we want",
        _ => "part of the torrent's announce URL",
    }
}

/// The answer as it came: each key with its offset, and the bytes of the peers.
pub fn answer(out: &mut impl Write, status: u16, body: &[u8]) -> io::Result<()> {
    writeln!(
        out,
        "\nThe answer: HTTP status {status}, {} bytes\n",
        body.len()
    )?;
    let Ok(document) = bencode::decode_lenient(body) else {
        return Ok(());
    };
    let entries = document.root().dict().into_iter().flatten();
    writeln!(out, "  offset  key               value")?;
    for (key, value) in entries.take(SHOWN) {
        let key = printable(key);
        let at = value.span().start;
        writeln!(out, "  {at:>6}  {key:18}{}", summary(value))?;
        match (key.as_str(), value.as_bytes()) {
            ("peers", Some(bytes)) => compact(out, value, bytes, 6, compact_v4(bytes))?,
            ("peers6", Some(bytes)) => compact(out, value, bytes, 18, compact_v6(bytes))?,
            ("peers", None) => dictionaries(out, value)?,
            _ => {}
        }
    }
    Ok(())
}

/// A value in a few words.
fn summary(value: Value<'_, '_>) -> String {
    match value.kind() {
        Kind::Int => value
            .digits()
            .unwrap_or_default()
            .chars()
            .take(30)
            .collect(),
        Kind::List => format!("a list of {}", value.list().into_iter().flatten().count()),
        Kind::Dict => format!(
            "a dictionary of {}",
            value.dict().into_iter().flatten().count()
        ),
        Kind::Bytes => {
            let bytes = value.as_bytes().unwrap_or_default();
            match std::str::from_utf8(bytes) {
                Ok(text) if !text.contains(char::is_control) => printable(text.as_bytes()),
                _ => format!("{} bytes", bytes.len()),
            }
        }
    }
}

/// Peers in compact form: offset, bytes of address and port, and what they say.
fn compact(
    out: &mut impl Write,
    value: Value<'_, '_>,
    bytes: &[u8],
    size: usize,
    peers: impl Iterator<Item = SocketAddr>,
) -> io::Result<()> {
    let first = value.span().end - bytes.len();
    for (index, (chunk, peer)) in bytes.chunks(size).zip(peers).enumerate() {
        if index == SHOWN {
            let more = bytes.len() / size - SHOWN;
            return writeln!(out, "          … and {more} more");
        }
        let at = first + index * size;
        let (ip, port) = chunk.split_at(size - 2);
        writeln!(out, "  {at:>6}    {}  {}   {peer}", hex(ip), hex(port))?;
    }
    Ok(())
}

/// Peers as dictionaries.
fn dictionaries(out: &mut impl Write, value: Value<'_, '_>) -> io::Result<()> {
    for peer in value.list().into_iter().flatten().take(SHOWN) {
        let ip = peer.get("ip").and_then(|ip| ip.as_bytes());
        let port = peer.get("port").and_then(|port| port.as_int());
        writeln!(
            out,
            "  {:>6}    ip {}, port {}",
            peer.span().start,
            printable(ip.unwrap_or(b"missing")),
            port.map_or("missing".to_string(), |port| port.to_string()),
        )?;
    }
    Ok(())
}

/// Bytes as two hex digits each.
fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ")
}

/// What we make of the answer; `ours` is the port that we have announced.
pub fn reply(out: &mut impl Write, reply: &AnnounceReply, ours: u16) -> io::Result<()> {
    writeln!(out, "\nWhat it says:\n")?;
    let count = |count: Option<u32>| count.map_or("not said".to_string(), |n| n.to_string());
    writeln!(out, "  seeders       {}", count(reply.complete))?;
    writeln!(out, "  others        {}", count(reply.incomplete))?;
    writeln!(out, "  ask again in  {}", time(reply.interval))?;
    if let Some(min) = reply.min_interval {
        writeln!(out, "  not before    {}", time(min))?;
    }
    if let Some(warning) = &reply.warning {
        writeln!(out, "  warning       {warning}")?;
    }
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
