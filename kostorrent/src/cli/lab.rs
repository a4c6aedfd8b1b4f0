//! `kostorrent lab`: the practice swarm, until Ctrl-C.

use std::io;
use std::path::PathBuf;

use peer_id::PeerId;
use tracker::AnnounceEvent;

use super::args;
use super::failure::Failure;
use super::interrupt::Interrupts;
use super::program::program;
use super::text::printable;
use super::{clock, log, output, running};
use crate::lab::tracker::Announce;
use crate::lab::{Lab, Options, dht, sample};

/// Where the sample's torrent is in the source tree.
const COMMITTED: &str = "kostorrent/sample/kostorrent-sample.torrent";

/// Runs the lab.
pub(crate) fn run(args: &args::Lab) -> Result<(), Failure> {
    log::start(&args.log)?;
    running::block_on(async {
        let mut interrupts = Interrupts::new()?;
        let options = Options {
            port: args.port,
            seeders: args.seeders,
            rare: args.rare,
            trouble: args.trouble,
            fast: args.fast,
            dht: !args.no_dht,
        };
        let mut lab = tokio::select! {
            lab = Lab::start(options) => lab.map_err(Failure::failed)?,
            () = interrupts.next() => return Ok(()),
        };
        let shown = async {
            let torrent = place_torrent(&lab, args.dir.as_ref())?;
            introduce(&lab, &torrent)?;
            loop {
                tokio::select! {
                    () = interrupts.next() => return Ok(()),
                    // Whoever waited for READY alone may be gone; the lab goes on.
                    Some(announce) = lab.next_announce() => drop(note(&announce)),
                }
            }
        };
        let shown = shown.await;
        lab.stop().await;
        shown
    })
}

/// The torrent file to use with this lab: the committed one wherever it will do.
fn place_torrent(lab: &Lab, dir: Option<&PathBuf>) -> Result<PathBuf, Failure> {
    match dir {
        Some(dir) => lab.write_torrent(dir).map_err(Failure::failed),
        None => match std::fs::read(COMMITTED) {
            Ok(bytes) if bytes == lab.torrent() => Ok(COMMITTED.into()),
            _ => Ok(lab.torrent_path()),
        },
    }
}

fn introduce(lab: &Lab, torrent: &std::path::Path) -> Result<(), Failure> {
    let torrent = printable(&torrent.to_string_lossy()).into_owned();
    let quoted = if torrent.contains(' ') {
        format!("\"{torrent}\"")
    } else {
        torrent.clone()
    };
    let me = program();
    output::result(|out| {
        writeln!(
            out,
            "A swarm on this machine shares {}. Ctrl-C ends it.\n",
            sample::NAME
        )?;
        writeln!(out, "  tracker  {}", lab.announce_url())?;
        writeln!(out, "  by UDP   {}", lab.udp_url())?;
        if let Some(router) = lab.router() {
            let nodes = dht::NODES;
            writeln!(
                out,
                "  DHT      {router}, one of {nodes} nodes: --dht-router"
            )?;
        }
        for addr in lab.seeders() {
            writeln!(out, "  seeder   {addr}")?;
        }
        for (trouble, addr) in lab.trouble() {
            writeln!(out, "  trouble  {addr}  {}", trouble.does())?;
        }
        for (mischief, addr) in lab.mischief() {
            writeln!(out, "  trouble  {addr}  {}", mischief.does())?;
        }
        writeln!(out, "  torrent  {torrent}")?;
        writeln!(out, "  magnet   {}\n", lab.magnet())?;
        writeln!(out, "To try in another terminal:\n")?;
        writeln!(out, "  {me} show {quoted}")?;
        writeln!(out, "  {me} download {quoted} --output kostorrent-try")?;
        writeln!(out, "  {me} verify {quoted} --data kostorrent-try")?;
        writeln!(
            out,
            "  {me} download '{}' --output kostorrent-try-2\n",
            lab.magnet()
        )?;
        // For programs that wait for the lab: everything on one line, the torrent last.
        writeln!(out, "READY {} {torrent}", lab.announce_url())
    })
}

/// One line for each announce, so that one sees who comes and goes.
fn note(announce: &Announce) -> Result<(), Failure> {
    let what = match announce.event {
        Some(AnnounceEvent::Started) => "started",
        Some(AnnounceEvent::Completed) => "completed",
        Some(AnnounceEvent::Stopped) => "stopped",
        Some(AnnounceEvent::Paused) => "has what it chose",
        None => "is there",
    };
    let who = client(&announce.peer_id);
    let left = match announce.left {
        0 => "has everything".to_owned(),
        u64::MAX => "does not say what it lacks".to_owned(),
        left => format!("lacks {}", progress::bytes(left)),
    };
    let line = format!(
        "{} {} {what}: {who}, {left}",
        clock::stamp(clock::now()),
        announce.addr
    );
    output::result(|out: &mut dyn io::Write| writeln!(out, "{line}"))
}

fn client(id: &PeerId) -> String {
    match id.client() {
        Some(client) => printable(&client.to_string()).into_owned(),
        None => id.to_string(),
    }
}
