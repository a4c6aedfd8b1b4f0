//! Swarms to practise with, in the machine and in virtual time.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::{Face, Log};
use crate::cli::sim;
use crate::cli::values::{self, Whose};

/// Run a practice swarm on this machine: a tracker and seeders of a small sample
///
/// Nothing leaves the machine. The lab runs until Ctrl-C, and whatever the guide asks you to run finds its tracker and
/// its peers here.
#[derive(Debug, Args)]
pub(crate) struct Lab {
    /// The tracker's port; 0 takes a free one: --dir then gives a torrent file that knows it
    #[arg(long, value_name = "P", default_value_t = crate::lab::PORT)]
    pub(crate) port: u16,
    /// Write the sample's torrent file, with the tracker's address in it, into this folder; a lab's former one is replaced
    #[arg(long, value_name = "D", value_hint = ValueHint::DirPath)]
    pub(crate) dir: Option<PathBuf>,
    /// How many seeders to run
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(0..=50))]
    pub(crate) seeders: u8,
    /// Give each seeder another part of the pieces, so that some are rare; together they have everything
    #[arg(long)]
    pub(crate) rare: bool,
    /// Add peers and nodes of the DHT that misbehave, each in one way: they lie, stall, choke, reject, flood, break off
    #[arg(long)]
    pub(crate) trouble: bool,
    /// Do not slow the seeders down
    #[arg(long)]
    pub(crate) fast: bool,
    /// Run no nodes of the DHT
    #[arg(long)]
    pub(crate) no_dht: bool,
    #[command(flatten)]
    pub(crate) log: Log,
}

/// See a download from a swarm of its own: the first thing to run
///
/// Runs the lab and a download from it in one process. Nothing leaves the machine.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// The folder that receives the sample
    #[arg(short, long, value_name = "DIR", default_value = "kostorrent-demo", value_hint = ValueHint::DirPath)]
    pub(crate) output: PathBuf,
    /// Begin with a magnet link in the place of a torrent file
    #[arg(long)]
    pub(crate) magnet: bool,
    /// Add the lab's trouble-makers to the swarm
    #[arg(long)]
    pub(crate) trouble: bool,
    /// Do not slow the seeders down
    #[arg(long)]
    pub(crate) fast: bool,
    #[command(flatten)]
    pub(crate) face: Face,
    #[command(flatten)]
    pub(crate) log: Log,
}

/// Let a swarm happen in virtual time, and see what becomes of it
///
/// The peers are the engine that downloads, many times; lines, disks and trackers are arithmetic. An hour takes a moment,
/// and the same seed gives the same again, to the byte. `kostorrent sim --list` names the scenarios.
///
/// Exits with 1 if somebody who should does not have everything in the end, or somebody honest was banned.
#[derive(Debug, Args)]
#[command(after_long_help = sim::FORMATS)]
pub(crate) struct Sim {
    /// A scenario's name, or a file that describes one (its name has a . or a / in it)
    #[arg(required_unless_present = "list", value_hint = ValueHint::FilePath)]
    pub(crate) scenario: Option<String>,
    /// Name the scenarios
    #[arg(long)]
    pub(crate) list: bool,
    /// Write a picture of who had what when
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) svg: Option<PathBuf>,
    /// Write the result as JSON; - is stdout, in place of the table
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) json: Option<PathBuf>,
    /// The number that all chance comes from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Tell the engine a recording again, and print each decision with its reason
///
/// A recording is what `kostorrent download --record FILE` writes. No network is used. It is also said whether this version
/// wants the same as the one that recorded. What can be read of a damaged recording is replayed; then the exit code is 1.
#[derive(Debug, Args)]
#[command(after_long_help = REPLAY_JSON)]
pub(crate) struct Replay {
    /// The recording
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) recording: PathBuf,
    /// Print how things stood at that time after the start, and nothing else: 90, 1.5s, 200ms, 3m or 1h
    #[arg(long, value_name = "TIME", value_parser = values::time, conflicts_with_all = ["until", "peer", "piece"])]
    pub(crate) at: Option<Duration>,
    /// Print only what is about this peer: HOST:PORT, an address, or the number of a connection
    #[arg(long, value_name = "ADDR|KEY", value_parser = values::whose)]
    pub(crate) peer: Option<Whose>,
    /// Print only what is about this piece, counted from 0
    #[arg(long, value_name = "N")]
    pub(crate) piece: Option<u32>,
    /// End at that time after the start
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    pub(crate) until: Option<Duration>,
    /// Print one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

const REPLAY_JSON: &str = "\
With --json, each decision is an object with `event` = `decision`:
    at       seconds after the start
    peer     the number of the connection, or null
    addr     its address, or null
    what     call, connected, no-connection, close, closed, interested, not-interested, choke,
             unchoke, chokes-us, unchokes-us, ask, cancel, store, stored, wrong, not-stored, ban,
             doubt, report, announce, answered, no-answer, command, lost, found, disk-failed,
             finished
    piece    the piece, or null
    blocks   the numbers of the piece's blocks, of ask and cancel
    text     what it is, in words
    why      the engine's reason as data, or null
    because  the reason in words, or null
The last object has `event` = `replayed`:
    version  the version of kostorrent that recorded
    events   how many events were told
    same     whether the engine wants what was recorded; null if no actions were
    differs  where it does not, first; or null
    damage   what is wrong with the file; or null
With --at, there is one with `event` = `standing` before it: at, pieces_have, pieces, open_pieces,
requests, and peers, a list of objects with peer, addr, incoming, client, pieces, chokes_us,
choked, requests, downloaded, uploaded.";
