//! A lookup, for a person to read.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use dht::{Announcing, Id, Said, Snapshot, Step, Summary};
use metainfo::InfoHash;

/// No more peers of one answer than this are shown.
const SHOWN: usize = 10;

pub fn head(out: &mut impl Write, info_hash: InfoHash, us: Id) -> io::Result<()> {
    writeln!(out, "we look for  {info_hash}")?;
    writeln!(out, "our own id   {us}\n")?;
    writeln!(out, "hop  distance  id        node                   said")?;
    out.flush()
}

/// Who was asked, and what came of it.
pub fn step(out: &mut impl Write, step: &Step) -> io::Result<()> {
    let distance = step
        .distance
        .map_or("?".to_owned(), |bits| format!("{bits} bits"));
    let id = step
        .id
        .map_or("?".to_owned(), |id| format!("{:.8}", id.to_string()));
    let said = match &step.said {
        Said::Answered { nodes, peers: 0 } => count(*nodes, "node"),
        Said::Answered { nodes, peers } => {
            format!("{}, {}", count(*nodes, "node"), count(*peers, "peer"))
        }
        Said::Refused { code, text } => format!("error {code}: {text}"),
        Said::Nothing => "nothing".to_owned(),
    };
    let addr = step.addr.to_string();
    writeln!(
        out,
        "{:>3}  {distance:>8}  {id:<8}  {addr:<21}  {said}",
        step.hops
    )?;
    out.flush()
}

/// Peers that were not known before.
pub fn peers(out: &mut impl Write, peers: &[SocketAddr]) -> io::Result<()> {
    for peer in peers.iter().take(SHOWN) {
        writeln!(out, "{:>23}  peer {peer}", "")?;
    }
    if let Some(more) = peers.len().checked_sub(SHOWN).filter(|&more| more > 0) {
        writeln!(out, "{:>23}  and {more} more", "")?;
    }
    out.flush()
}

pub fn summary(
    out: &mut impl Write,
    summary: &Summary,
    announce: Option<Announcing>,
    time: Duration,
) -> io::Result<()> {
    let Summary {
        asked,
        answered,
        peers,
        ..
    } = summary;
    let asked = count(*asked, "node");
    writeln!(
        out,
        "\nasked {asked}, {answered} answered, in {:.2} s",
        time.as_secs_f32()
    )?;
    writeln!(out, "found {}", count(*peers, "peer"))?;
    if let Some((seeds, others)) = summary.counts {
        writeln!(
            out,
            "all together about {} and {}",
            count(seeds as usize, "seed"),
            count(others as usize, "other peer")
        )?;
    }
    if let Some(Announcing { port, .. }) = announce {
        writeln!(
            out,
            "announced port {port} at {}",
            count(summary.announced, "node")
        )?;
    }
    out.flush()
}

/// How a node is doing.
pub fn snapshot(out: &mut impl Write, snapshot: &Snapshot) -> io::Result<()> {
    let place = snapshot.v4.as_ref().or(snapshot.v6.as_ref());
    let (good, questionable) = place.map_or((0, 0), |place| (place.good, place.questionable));
    let traffic = snapshot.traffic;
    writeln!(
        out,
        "{}, {questionable} questionable; asked {}, was asked {}; keeps {} of {}",
        count(good, "good node"),
        traffic.questions_out,
        traffic.questions_in,
        count(snapshot.peers, "peer"),
        count(snapshot.torrents, "torrent"),
    )?;
    out.flush()
}

/// So many of something.
pub fn count(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}
