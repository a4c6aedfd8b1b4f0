//! A lookup, hop by hop.

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use dht::blocking::{PeerAddr, Wired, read_torrent};
use dht::{Announcing, Event, Family, Search, Summary, torrent_nodes};
use metainfo::InfoHash;

use crate::{Lookup, begin, show};

/// No longer than this without looking at what has happened.
const LOOK: Duration = Duration::from_millis(200);

pub fn run(args: &Lookup, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let (info_hash, mut nodes) = torrent(&args.torrent)?;
    if !args.node.is_empty() {
        nodes.clone_from(&args.node);
    }
    if nodes.is_empty() {
        return Err("no node to begin from: name one with --node HOST:PORT".into());
    }
    let addrs = begin::addresses(&nodes)?;
    let Some(first) = addrs.first() else {
        return Err("the nodes to begin from have no address".into());
    };
    let mut wired = begin::visitor(&addrs)?;
    for &addr in &addrs {
        wired.node.add_seed(addr, Duration::ZERO);
    }
    let announce = args.announce.map(|port| Announcing {
        port,
        implied_port: false,
        seed: false,
    });
    let search = Search {
        announce,
        scrape: args.scrape,
        ..Search::of(info_hash, Family::from(*first))
    };
    let summary = look(&mut wired, search, out)?;
    match summary.answered {
        0 => Err("nobody has answered: is there a node at that address?".into()),
        _ if summary.peers == 0 && announce.is_none() => {
            Err(format!("nobody in the DHT knows a peer of {info_hash}").into())
        }
        _ => Ok(()),
    }
}

/// Looks for the peers, and shows the way.
pub fn look(
    wired: &mut Wired,
    search: Search,
    out: &mut impl Write,
) -> Result<Summary, Box<dyn Error>> {
    let begun = wired.now();
    let us = wired.node.id(search.family).ok_or("no such family")?;
    show::head(out, search.info_hash, us)?;
    let id = wired.node.search(search, begun)?;
    loop {
        while let Some(event) = wired.event() {
            match event {
                Event::Heard { lookup, step } if lookup == id => show::step(out, &step)?,
                Event::Peers { lookup, peers, .. } if lookup == id => show::peers(out, &peers)?,
                Event::Ended { lookup, summary } if lookup == id => {
                    let time = wired.now().saturating_sub(begun);
                    show::summary(out, &summary, search.announce, time)?;
                    return Ok(summary);
                }
                _ => {}
            }
        }
        wired.step(LOOK)?;
    }
}

/// The info-hash, and the nodes that the torrent file names.
fn torrent(text: &str) -> Result<(InfoHash, Vec<PeerAddr>), Box<dyn Error>> {
    if let Ok(info_hash) = text.parse() {
        return Ok((info_hash, Vec::new()));
    }
    let path = Path::new(text);
    if !path.exists() {
        return Err(format!("{text} is no info-hash (40 hex digits), and no file").into());
    }
    let Some(info_hash) = read_torrent(path)?.info_hash_v1 else {
        return Err("this torrent is for BitTorrent v2 only, which is not built yet".into());
    };
    let bytes = metainfo::read_limited(File::open(path)?)?;
    let nodes = torrent_nodes(&bytes).into_iter();
    let nodes = nodes.filter_map(|(host, port)| match host.contains(':') {
        true => format!("[{host}]:{port}").parse().ok(),
        false => format!("{host}:{port}").parse().ok(),
    });
    Ok((info_hash, nodes.collect()))
}
