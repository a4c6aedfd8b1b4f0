//! Many nodes on loopback, in one process.

use std::error::Error;
use std::io::Write;
use std::net::Ipv4Addr;
use std::thread;
use std::time::{Duration, Instant};

use dht::blocking::Wired;
use dht::{Announcing, Config, Event, Family, Search};
use metainfo::InfoHash;

use crate::lookup::look;
use crate::{Lab, begin, show};

/// The torrent that one of the nodes announces: the SHA-1 of nothing.
const PRACTICE: InfoHash = InfoHash([
    0xda, 0x39, 0xa3, 0xee, 0x5e, 0x6b, 0x4b, 0x0d, 0x32, 0x55, 0xbf, 0xef, 0x95, 0x60, 0x18, 0x90,
    0xaf, 0xd8, 0x07, 0x09,
]);

/// The port that it announces.
const PORT: u16 = 6881;

/// So many begin at a time.
const AT_ONCE: usize = 10;

/// Getting to know each other takes no longer than so long.
const PATIENCE: Duration = Duration::from_secs(60);

pub fn run(args: &Lab, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let mut nodes: Vec<Wired> = Vec::new();
    let begun = Instant::now();
    for number in 0..args.nodes {
        let port = if number == 0 { args.port } else { 0 };
        let wired = Wired::open((Ipv4Addr::LOCALHOST, port).into(), Config::LOCAL);
        let mut wired = wired.map_err(|error| format!("cannot take UDP port {port}: {error}"))?;
        if let Some(first) = nodes.first() {
            wired.node.add_seed(first.addr()?, wired.now());
        }
        nodes.push(wired);
        if nodes.len().is_multiple_of(AT_ONCE) {
            run_until(&mut nodes, begun, all_know_somebody)?;
        }
    }
    run_until(&mut nodes, begun, all_know_somebody)?;
    let first = nodes[0].addr()?;
    announce(&mut nodes, begun)?;
    let count = show::count(nodes.len(), "node");
    writeln!(out, "{count} on loopback; begin from {first}")?;
    writeln!(out, "one of them announces {PRACTICE}, port {PORT}\n")?;
    out.flush()?;
    if args.lookup {
        return show_one(nodes, out);
    }
    loop {
        turn(&mut nodes)?;
    }
}

fn all_know_somebody(nodes: &mut [Wired]) -> bool {
    nodes.iter().all(|wired| {
        let snapshot = wired.node.snapshot(wired.now());
        snapshot.v4.is_some_and(|place| place.good > 0)
    })
}

/// One of the nodes says that it has the torrent.
fn announce(nodes: &mut [Wired], begun: Instant) -> Result<(), Box<dyn Error>> {
    let announce = Announcing {
        port: PORT,
        implied_port: false,
        seed: true,
    };
    let search = Search {
        announce: Some(announce),
        ..Search::of(PRACTICE, Family::V4)
    };
    let last = nodes.len() - 1;
    let now = nodes[last].now();
    nodes[last].node.search(search, now)?;
    run_until(nodes, begun, |nodes| {
        let mut events = std::iter::from_fn(|| nodes[last].event());
        events.any(|event| matches!(event, Event::Ended { .. }))
    })
}

/// Somebody new looks for the torrent, while the others run beside it.
fn show_one(mut nodes: Vec<Wired>, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let first = nodes[0].addr()?;
    let mut visitor = begin::visitor(&[first])?;
    visitor.node.add_seed(first, visitor.now());
    thread::spawn(move || while turn(&mut nodes).is_ok() {});
    look(&mut visitor, Search::of(PRACTICE, Family::V4), out)?;
    Ok(())
}

fn run_until(
    nodes: &mut [Wired],
    begun: Instant,
    mut is_done: impl FnMut(&mut [Wired]) -> bool,
) -> Result<(), Box<dyn Error>> {
    while !is_done(nodes) {
        if begun.elapsed() > PATIENCE {
            return Err("the nodes do not find together: is something between them?".into());
        }
        turn(nodes)?;
    }
    Ok(())
}

/// Each node looks once whether something has come.
fn turn(nodes: &mut [Wired]) -> Result<(), Box<dyn Error>> {
    let mut has_come = false;
    for wired in nodes {
        has_come |= wired.poll()?;
    }
    if !has_come {
        thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}
