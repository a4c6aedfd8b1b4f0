//! Chapter 12: the same download, in tasks.

use std::error::Error;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use handshake::Handshake;
use handshake::blocking::{PeerAddr, all_candidates, finish, introduce, read_torrent};
use messages::Bitfield;
use picker::PeerKey;
use storage::blocking::Store;
use tokio::sync::mpsc;
use tokio::task::{LocalSet, spawn_local};

#[path = "main/decide.rs"]
mod decide;
#[path = "main/dial.rs"]
mod dial;
#[path = "main/disk.rs"]
mod disk;
#[path = "main/torrent.rs"]
mod torrent;
#[path = "main/trace.rs"]
mod trace;
#[path = "main/trouble.rs"]
mod trouble;
#[path = "main/words.rs"]
mod words;

use torrent::{Channels, Torrent};
use trace::Trace;

/// So many peers are called at most, each by a task of its own.
const MOST_PEERS: usize = 50;

/// Places in the channel from the connections to the torrent's task.
const HEARD: usize = 8;

/// Places in the channel to the disk. What waits there are whole pieces.
const PIECES: usize = 2;

/// Downloads a torrent from many peers at once, in one thread: a task for each of them, a task that
/// decides, and a disk, with channels between them.
///
/// The channels are bounded. Where one is full, its sender waits: a slow disk stops the task that
/// decides, that stops the connections, and those read no more from their sockets.
///
/// Chapter 12 of the guide: async.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The torrent file
    torrent: PathBuf,
    /// A peer to call, HOST:PORT, as often as you like; without it, the torrent's tracker is asked
    #[arg(long = "peer", value_name = "ADDR")]
    peers: Vec<PeerAddr>,
    /// Show who wakes whom: microseconds, sender and receiver, channel and how full it is, message
    #[arg(long)]
    trace: bool,
    /// Make the disk slower by so many milliseconds a piece, to see channels fill
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=10_000))]
    slow_disk: u64,
    /// The folder that receives the torrent's file or folder
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    output: PathBuf,
}

fn main() -> ExitCode {
    let args = Args::parse();
    finish(run(&args))
}

fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let torrent = read_torrent(&args.torrent)?;
    let ours = introduce(&torrent)?;
    let (store, have) = Store::open(&args.output, &torrent)?;
    let mut out = io::stdout();
    writeln!(out, "torrent    {}", torrent.name)?;
    let (count, pieces) = (have.count(), have.len());
    writeln!(out, "pieces     {pieces}, {count} of them on disk already")?;
    if !have.is_full() {
        // This waits, so it is done before there is a task that it could keep waiting.
        let mut say = |line| drop(writeln!(out, "{line}"));
        let mut addrs = all_candidates(&torrent, &ours, &args.peers, &mut say)?;
        addrs.truncate(MOST_PEERS);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let slow = Duration::from_millis(args.slow_disk);
        let work = download(store, &have, &ours, &addrs, slow, args.trace);
        let result = LocalSet::new().block_on(&runtime, work);
        // Nobody waits for a call that is still ringing.
        runtime.shutdown_background();
        result?;
    }
    let place = args.output.join(&torrent.name);
    writeln!(
        out,
        "\nAll pieces are verified and written: {}",
        place.display()
    )?;
    Ok(())
}

/// Lays the channels, starts the tasks, and becomes the task that decides.
async fn download(
    store: Store,
    have: &Bitfield,
    ours: &Handshake,
    addrs: &[SocketAddr],
    slow: Duration,
    trace: bool,
) -> Result<(), Box<dyn Error>> {
    let geometry = store.layout().geometry();
    let (to_torrent, calls) = mpsc::channel(1);
    let (to_heard, heard) = mpsc::channel(HEARD);
    let (pieces, from_torrent) = mpsc::channel(PIECES);
    let (to_kept, kept) = mpsc::channel(PIECES);
    for (key, &addr) in (0..).map(PeerKey).zip(addrs) {
        spawn_local(dial::call(addr, key, *ours, to_torrent.clone()));
    }
    drop(to_torrent);
    std::thread::spawn(move || disk::work(store, slow, from_torrent, &to_kept));
    let channels = Channels {
        calls,
        heard,
        to_heard,
        pieces,
        kept,
    };
    Torrent::new(geometry, have, addrs, channels, Trace::new(trace))
        .work()
        .await
}
