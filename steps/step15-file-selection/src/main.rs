//! Chapter 15: only the files asked for.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use handshake::blocking::{PeerAddr, candidates, finish, introduce, read_torrent};
use layout::Layout;
use metainfo::Metainfo;
use selection::{Files, List, Needs, Picker, Selection, terminal};

#[path = "main/disk.rs"]
mod disk;
#[path = "main/download.rs"]
mod download;
#[path = "main/show.rs"]
mod show;

use disk::Folder;
use download::Download;

/// A piece is held in memory; longer ones than 256 MiB are not fetched.
const MOST: u32 = 256 << 20;

/// Downloads the files of a torrent that are asked for, and shows what comes along.
///
/// Pieces do not end where files do, so the end of the file before a wanted one, and the beginning
/// of the next, have to be fetched too. Such bytes of files that nobody wants are kept in one hidden
/// part file. What is in the folder already is checked, and kept where it is good.
///
/// Chapter 15 of the guide: file selection.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The torrent file
    torrent: PathBuf,
    /// Show the files, with their numbers, sizes and pieces, and download nothing
    #[arg(long)]
    list: bool,
    /// The files to download: numbers, ranges, names, folders or patterns, with commas between
    /// them, as in '1,3-5,**/*.pdf,extras/:low,!*.nfo'
    ///
    /// Numbers are those of --list. A folder stands for all files below it. A priority follows a
    /// colon: high, normal, low or skip. `!` takes files away; later entries win. A name with one of
    /// the signs of a list in it is written in quotes.
    #[arg(long, value_name = "LIST")]
    files: Option<List>,
    /// Choose the files on the screen; --files then says what is marked at first
    #[arg(long)]
    choose: bool,
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

fn run(args: &Args, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let torrent = read_torrent(&args.torrent)?;
    let layout = Layout::from_metainfo(&torrent)?;
    let files = Files::new(&layout);
    if args.list {
        return Ok(show::list(&files, &layout, out)?);
    }
    let selection = choose(args, &files)?;
    let needs = Needs::of(&layout, &selection);
    show::choice(&files, &layout, &selection, &needs, out)?;
    download(args, &torrent, layout, &selection, &needs, out)
}

/// What the user asks for: without a list, everything.
fn choose(args: &Args, files: &Files) -> Result<Selection, Box<dyn Error>> {
    let selection = match &args.files {
        Some(list) => list.select(files, None)?,
        None => Selection::all(files),
    };
    if !args.choose {
        return Ok(selection);
    }
    let has_colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let picker = Picker::new(files.clone(), selection);
    Ok(terminal::choose(picker, has_colours)?)
}

fn download(
    args: &Args,
    torrent: &Metainfo,
    layout: Layout,
    selection: &Selection,
    needs: &Needs,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    if layout.geometry().piece_len(0) > MOST {
        return Err(format!("a piece of this torrent has more than {MOST} bytes").into());
    }
    let ours = introduce(torrent)?;
    let mut folder = Folder::open(&args.output, torrent, layout, selection)?;
    let mut download = Download::new(&mut folder, needs, out);
    download.say_what_is_there()?;
    if !download.is_complete() {
        let mut say = |line| drop(writeln!(download.out, "{line}"));
        let candidates = candidates(torrent, &ours, args.peer.as_ref(), &mut say)?;
        download.fetch_from_any(&candidates, &ours)?;
    }
    folder.finish()?;
    Ok(show::on_disk(&folder, out)?)
}
