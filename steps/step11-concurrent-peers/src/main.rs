//! Chapter 11: many peers at once, a thread each.

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;

use clap::{Parser, ValueEnum};
use handshake::Handshake;
use handshake::blocking::{PeerAddr, all_candidates, finish, introduce, read_torrent};
use picker::{Order, PeerKey};
use storage::blocking::Store;

#[path = "main/desk.rs"]
mod desk;
#[path = "main/peer.rs"]
mod peer;
#[path = "main/picture.rs"]
mod picture;
#[path = "main/report.rs"]
mod report;
#[path = "main/screen.rs"]
mod screen;
#[path = "main/table.rs"]
mod table;

use desk::Desk;
use screen::Screen;
use table::Shared;

/// So many peers are called at most, each by a thread of its own.
const MOST_PEERS: usize = 50;

/// Downloads a torrent from many peers at once, and shows the pieces by how rare they are.
///
/// Each peer has a thread of its own; all of them ask one picker what to ask for next. What is in
/// the folder already is kept where it is good.
///
/// Chapter 11 of the guide: concurrent peers.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The torrent file
    torrent: PathBuf,
    /// A peer to call, HOST:PORT, as often as you like; without it, the torrent's tracker is asked
    #[arg(long = "peer", value_name = "ADDR")]
    peers: Vec<PeerAddr>,
    /// In which order pieces are asked for
    #[arg(long, value_enum, default_value_t = By::Rarest)]
    order: By,
    /// The folder that receives the torrent's file or folder
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    output: PathBuf,
}

/// An order, as it is named on the command line.
#[derive(Clone, Copy, ValueEnum)]
enum By {
    /// The piece that fewest peers have comes first
    Rarest,
    /// From the first piece to the last
    Sequential,
    /// By chance
    Random,
}

impl From<By> for Order {
    fn from(by: By) -> Order {
        match by {
            By::Rarest => Order::Rarest,
            By::Sequential => Order::Sequential,
            By::Random => Order::Random,
        }
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    finish(run(&args))
}

fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let torrent = read_torrent(&args.torrent)?;
    let ours = introduce(&torrent)?;
    let (store, have) = Store::open(&args.output, &torrent)?;
    let geometry = store.layout().geometry();

    let mut out = io::stdout();
    writeln!(out, "torrent    {}", torrent.name)?;
    let (pieces, length) = (geometry.pieces(), geometry.piece_length());
    writeln!(out, "pieces     {pieces} of {length} bytes")?;
    if have.count() > 0 {
        let count = have.count();
        writeln!(out, "{count} of {pieces} pieces are on disk already")?;
    }
    let place = args.output.join(&torrent.name);
    if !have.is_full() {
        let mut say = |line| drop(writeln!(out, "{line}"));
        let mut addrs = all_candidates(&torrent, &ours, &args.peers, &mut say)?;
        addrs.truncate(MOST_PEERS);
        writeln!(out, "\n# is on disk, o on its way, . missing\n")?;
        let shared = Shared::new(geometry, args.order.into(), &have);
        let screen = Screen::new(out.is_terminal());
        download(store, &shared, &ours, &addrs, screen)?;
    }
    let place = place.display();
    writeln!(out, "\nAll pieces are verified and written: {place}")?;
    Ok(())
}

// ANCHOR: download
/// Starts a thread for each peer; this one stays at the desk.
fn download(
    store: Store,
    shared: &Shared,
    ours: &Handshake,
    addrs: &[SocketAddr],
    screen: Screen,
) -> Result<(), Box<dyn Error>> {
    let (desk, news) = mpsc::channel();
    for (key, &addr) in (0..).map(PeerKey).zip(addrs) {
        let (shared, desk, ours) = (shared.clone(), desk.clone(), *ours);
        thread::spawn(move || peer::call(addr, key, &ours, &shared, &desk));
    }
    // When the last thread has gone, nobody can write to the desk any more, and it notices.
    drop(desk);
    Desk::new(store, shared.clone(), addrs, screen).work(&news)
}
// ANCHOR_END: download
