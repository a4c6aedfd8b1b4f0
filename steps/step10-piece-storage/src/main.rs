//! Chapter 10: a download whose memory stays flat.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use handshake::blocking::{PeerAddr, candidates, finish, introduce, read_torrent};
use layout::Layout;
use metainfo::Metainfo;
use storage::blocking::Store;

#[path = "main/download.rs"]
mod download;
#[path = "main/gauge.rs"]
mod gauge;
#[path = "main/ticker.rs"]
mod ticker;

use download::Download;
use gauge::{Gauge, kib};
use ticker::{Figures, Ticker};

/// Downloads a torrent from one peer, and shows, second by second, what is on disk and what is in
/// memory.
///
/// A piece is in memory until it is whole; then it is verified and written, and its memory is free.
/// So the files grow, and the memory does not. What is on disk is checked first: end the program in
/// any way you like, and it goes on with what was written.
///
/// Chapter 10 of the guide: piece storage.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The torrent file
    torrent: PathBuf,
    /// The peer to call, HOST:PORT; without it, the torrent's tracker is asked for some
    #[arg(long, value_name = "ADDR")]
    peer: Option<PeerAddr>,
    /// The folder that receives the torrent's file or folder
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    output: PathBuf,
}

fn main() -> ExitCode {
    let args = Args::parse();
    finish(run(&args, &mut io::stdout()))
}

fn run(args: &Args, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let torrent = read_torrent(&args.torrent)?;
    let ours = introduce(&torrent)?;
    let (store, have) = Store::open(&args.output, &torrent)?;
    let layout = store.layout().clone();
    describe(&torrent, &layout, out)?;

    let (there, all) = (have.count(), have.len());
    writeln!(out, "{there} of {all} pieces are on disk already")?;
    let figures = Arc::new(Figures::default());
    let mut download = Download::new(store, have, &figures);
    if !download.is_complete() {
        let mut say = |line| drop(writeln!(out, "{line}"));
        let candidates = candidates(&torrent, &ours, args.peer.as_ref(), &mut say)?;
        writeln!(out)?;
        let ticker = Ticker::start(Gauge::new(&args.output, &layout), figures.clone())?;
        let fetched = download.fetch_from_any(&candidates, &ours, &ticker);
        let synced = fetched.and_then(|()| download.finish());
        let most = ticker.end()?;
        synced?;
        let (came, most) = (kib(Some(torrent.total_length)), kib(most));
        writeln!(
            out,
            "\nThe torrent has {came}; in memory there were at most {most}."
        )?;
    }

    let place = args.output.join(&torrent.name);
    writeln!(
        out,
        "\nAll pieces are verified and written: {}",
        place.display()
    )?;
    Ok(())
}

/// Says what is going to be downloaded.
fn describe(torrent: &Metainfo, layout: &Layout, out: &mut impl Write) -> io::Result<()> {
    let geometry = layout.geometry();
    let (pieces, length) = (geometry.pieces(), geometry.piece_length());
    writeln!(out, "torrent    {}", torrent.name)?;
    writeln!(out, "bytes      {}", torrent.total_length)?;
    writeln!(out, "pieces     {pieces} of {length} bytes\n")?;
    Ok(())
}
