//! Chapter 9: the first complete download.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use handshake::blocking::{PeerAddr, candidates, finish, introduce, read_torrent};
use layout::{Kind, Layout};
use metainfo::Metainfo;

#[path = "main/disk.rs"]
mod disk;
#[path = "main/download.rs"]
mod download;

use disk::Disk;
use download::Download;

/// A piece is held in memory; longer ones than 256 MiB are not fetched.
const MOST: u32 = 256 << 20;

/// Downloads a torrent from one peer, piece after piece, each verified before it is written.
///
/// What is in the folder already is kept where it is good, and written over where it is not. A file
/// of another length, or files of which nothing is the torrent's, are somebody else's, and are left
/// alone.
///
/// Chapter 9 of the guide: file layout.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The torrent file
    torrent: PathBuf,
    /// The folder that receives the torrent's file or folder
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    output: PathBuf,
    /// The peer to call, HOST:PORT; without it, the torrent's tracker is asked for some
    #[arg(long, value_name = "ADDR")]
    peer: Option<PeerAddr>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    finish(run(&args, &mut io::stdout().lock()))
}

// ANCHOR: run
fn run(args: &Args, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let torrent = read_torrent(&args.torrent)?;
    let ours = introduce(&torrent)?;
    let layout = Layout::from_metainfo(&torrent)?;
    describe(&torrent, &layout, out)?;

    let disk = Disk::create(&args.output, layout)?;
    let mut download = Download::new(&torrent, &disk, out);
    download.look_at_disk()?;
    if !download.is_complete() {
        let mut say = |line| drop(writeln!(download.out, "{line}"));
        let candidates = candidates(&torrent, &ours, args.peer.as_ref(), &mut say)?;
        download.fetch_from_any(&candidates, &ours)?;
    }
    disk.link()?;

    let place = args.output.join(&torrent.name);
    writeln!(
        out,
        "\nAll pieces are verified and written: {}",
        place.display()
    )?;
    Ok(())
}
// ANCHOR_END: run

/// Says what is going to be downloaded, or why it cannot be.
fn describe(
    torrent: &Metainfo,
    layout: &Layout,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let longest = layout.geometry().piece_len(0);
    if longest > MOST {
        return Err(format!(
            "a piece of this torrent has {longest} bytes; more than {MOST} are not fetched"
        )
        .into());
    }
    let is_file = |kind: &Kind| matches!(kind, Kind::Regular { .. });
    let files = layout
        .files()
        .iter()
        .filter(|file| is_file(&file.kind))
        .count();
    writeln!(out, "torrent    {}", torrent.name)?;
    writeln!(
        out,
        "files      {files}, {} bytes in all",
        torrent.total_length
    )?;
    writeln!(
        out,
        "pieces     {} of {} bytes\n",
        layout.geometry().pieces(),
        torrent.piece_length
    )?;
    Ok(())
}
