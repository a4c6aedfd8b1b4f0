//! Chapter 14: pause, stop, be killed, and go on.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use handshake::blocking::{PeerAddr, finish, introduce, read_torrent};
use layout::Layout;
use metainfo::Metainfo;
use resume::{StateFile, System, folder_bytes, one_name, state_dir};
use storage::Names;

#[path = "main/control.rs"]
mod control;
#[path = "main/download.rs"]
mod download;
#[path = "main/files.rs"]
mod files;
#[path = "main/peers.rs"]
mod peers;
#[path = "main/show.rs"]
mod show;
#[path = "main/start.rs"]
mod start;
#[path = "main/table.rs"]
mod table;

use control::Control;
use download::{Download, Fault};
use peers::{Ended, Trouble};
use start::Start;

/// A piece is held in memory; longer ones than 256 MiB are not fetched.
const MOST: u32 = 256 << 20;

/// What a program says with that it was interrupted, and that everything is saved.
const INTERRUPTED: u8 = 130;

/// Downloads a torrent from one peer at a time, and remembers what is on disk: at the next start
/// nothing is fetched again, and no more is read than has to be.
///
/// `p` and Enter pauses, and goes on. Ctrl-C ends in order; a second one ends at once.
///
/// Chapter 14 of the guide: pause and resume.
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
    /// The folder that keeps the resume file [default: kostorrent in $XDG_STATE_HOME, or in what
    /// stands for it on this system]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Die after so many pieces, without a word and without cleaning up
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    crash: Option<u32>,
    /// Read and hash everything that is on disk, whatever the resume file says
    #[arg(long)]
    check: bool,
    /// Print the resume file, key by key, and do nothing else
    #[arg(long)]
    show: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args, &mut io::stdout().lock()) {
        Ok(Ended::Complete) => ExitCode::SUCCESS,
        Ok(Ended::Stopped) => ExitCode::from(INTERRUPTED),
        Err(error) => finish(Err(error)),
    }
}

fn run(args: &Args, out: &mut impl Write) -> Result<Ended, Box<dyn Error>> {
    let torrent = read_torrent(&args.torrent)?;
    let ours = introduce(&torrent)?;
    let names = Names::of(&torrent)?;
    let root = one_name(&args.output)?;
    let state = match &args.state {
        Some(folder) => folder.clone(),
        None => state_dir(System::HERE, |name| std::env::var_os(name))?,
    };
    let state = StateFile::new(&state, ours.info_hash, folder_bytes(&root));
    if args.show {
        show::show(&state, names.own(), out)?;
        return Ok(Ended::Complete);
    }
    describe(&torrent, names.own(), out)?;

    let Some(_lock) = state.lock()? else {
        return Err(
            "another program is at work on this torrent in this folder: end it first".into(),
        );
    };
    let control = Control::listen()?;
    let start = Start::look(&names, &root, &state, args.check)?;
    start.print(out)?;
    let hashes = torrent.pieces[..].into();
    let download = Download::begin(start, &names, &root, &hashes, state, &control, out);
    let Some(mut download) = download.map_err(|fault| plain(fault.into()))? else {
        return Ok(Ended::Stopped);
    };
    download.crash_after = args.crash;
    let peer = args.peer.as_ref();
    let ended = peers::fetch_all(&mut download, &torrent, &ours, peer, &control);
    let ended = ended.map_err(plain)?;
    match ended {
        Ended::Complete => {
            let place = names.place(&root);
            writeln!(
                download.out,
                "\nall pieces are verified and synced: {}",
                place.display()
            )?;
        }
        Ended::Stopped => {
            writeln!(download.out, "\nstopped, and saved: start again to go on")?;
        }
    }
    Ok(ended)
}

/// A closed pipe is no error, if it is seen to be one.
fn plain(trouble: Trouble) -> Box<dyn Error> {
    match trouble {
        Trouble::Fault(Fault::Output(error)) => error.into(),
        other => other.into(),
    }
}

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
    let pieces = layout.geometry().pieces();
    writeln!(out, "torrent    {}", torrent.name)?;
    writeln!(out, "pieces     {pieces} of {} bytes", torrent.piece_length)?;
    Ok(())
}
