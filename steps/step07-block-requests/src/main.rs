//! Chapter 7: one piece arrives, block by block.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use blocks::blocking::{Ahead, FetchError, Peer};
use blocks::{Geometry, MAX_OUTSTANDING, Window};
use clap::Parser;
use handshake::blocking::{
    MeetError, Meeting, PeerAddr, candidates, finish, introduce, meet, read_torrent,
};
use metainfo::Metainfo;
use sha1::{Digest, Sha1};
use thiserror::Error;

#[path = "main/screen.rs"]
mod screen;

use screen::Screen;

/// A piece is held in memory; longer ones than 256 MiB are not fetched.
const MOST: u32 = 256 << 20;

/// Fetches one piece from a peer, shows block by block how it arrives, and compares its hash.
///
/// Chapter 7 of the guide: block requests.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The torrent file
    torrent: PathBuf,
    /// The peer to call, HOST:PORT; without it, the torrent's tracker is asked for some
    #[arg(long, value_name = "ADDR")]
    peer: Option<PeerAddr>,
    /// The piece to fetch, counted from 0; without it, the first that the peer has
    #[arg(long, value_name = "N")]
    piece: Option<u32>,
    /// How many requests to keep on their way; without it, what the peer's speed asks for
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=MAX_OUTSTANDING as i64))]
    window: Option<u32>,
}

/// Why there is no piece.
#[derive(Debug, Error)]
enum PieceError {
    /// No such piece.
    #[error("the torrent has {pieces} pieces, counted from 0: there is no piece {piece}")]
    NoSuchPiece { piece: u32, pieces: u32 },
    /// Nothing to fetch.
    #[error("the torrent's files are all empty: it has no pieces")]
    NoPieces,
    /// More than we hold in memory.
    #[error("a piece of this torrent has {0} bytes; more than {MOST} are not fetched at a time")]
    TooLong(u32),
    /// The peer was met, and then did not give us the piece.
    #[error("{addr}: {error}")]
    Fetch { addr: SocketAddr, error: FetchError },
    /// The piece is not what the torrent says.
    #[error("{addr}: piece {piece} is not what the torrent promises: the peer sent wrong data")]
    WrongHash { addr: SocketAddr, piece: u32 },
}

fn main() -> ExitCode {
    let args = Args::parse();
    finish(run(&args, &mut io::stdout().lock()))
}

fn run(args: &Args, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let torrent = read_torrent(&args.torrent)?;
    let ours = introduce(&torrent)?;
    let geometry = Geometry::new(torrent.total_length, torrent.piece_length)?;
    check(args, geometry)?;
    writeln!(out, "torrent    {}", torrent.name)?;
    writeln!(out, "info-hash  {}", ours.info_hash)?;
    let (pieces, length) = (geometry.pieces(), geometry.piece_length());
    writeln!(out, "pieces     {pieces} of {length} bytes\n")?;

    let mut say = |line| drop(writeln!(out, "{line}"));
    let candidates = candidates(&torrent, &ours, args.peer.as_ref(), &mut say)?;
    let (mut trouble, mut errors) = (None, Vec::new());
    for addr in candidates {
        let meeting = match meet(addr, &ours) {
            Ok(meeting) => meeting,
            Err(error) => {
                writeln!(out, "{error}")?;
                errors.push(error);
                continue;
            }
        };
        match fetch_from(meeting, &torrent, geometry, args, out) {
            Err(error) if !error.is::<io::Error>() => {
                writeln!(out, "{error}\n")?;
                trouble = Some(error);
            }
            done => return done,
        }
    }
    Err(trouble.unwrap_or_else(|| MeetError::AllFailed { errors }.into()))
}

/// Whether there is such a piece, and we can hold it.
fn check(args: &Args, geometry: Geometry) -> Result<(), PieceError> {
    let pieces = geometry.pieces();
    match args.piece {
        _ if pieces == 0 => Err(PieceError::NoPieces),
        Some(piece) if piece >= pieces => Err(PieceError::NoSuchPiece { piece, pieces }),
        _ if geometry.piece_len(0) > MOST => Err(PieceError::TooLong(geometry.piece_len(0))),
        _ => Ok(()),
    }
}

/// Fetches one piece from a peer that has been met.
fn fetch_from(
    meeting: Meeting,
    torrent: &Metainfo,
    geometry: Geometry,
    args: &Args,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let Meeting {
        addr,
        stream,
        theirs,
    } = meeting;
    // A read that waits for long would keep us from noticing how long it has been.
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let client = theirs.peer_id.client();
    let client = client.map_or("an unknown client".to_owned(), |client| client.to_string());
    writeln!(out, "{addr}: {client}\n")?;

    let ahead = match args.window {
        Some(size) => Ahead::Fixed(size as usize),
        None => Ahead::Window(Window::new()),
    };
    let mut peer = Peer::new(stream, geometry, ahead);
    let mut screen = Screen::new(geometry, out);
    let failed = |error| PieceError::Fetch { addr, error };
    let piece = peer
        .wait_for(args.piece, &mut |moment| screen.show(moment))
        .map_err(failed)?;
    screen.begin(piece);
    let data = peer
        .fetch(piece, &mut |moment| screen.show(moment))
        .map_err(failed)?;
    screen.end()?;

    let promised = torrent.pieces[piece as usize];
    let found: [u8; 20] = Sha1::digest(&data).into();
    writeln!(out, "\npiece {piece} is here: {} bytes", data.len())?;
    writeln!(out, "  its SHA-1           {}", hex(&found))?;
    writeln!(out, "  the torrent's       {}", hex(&promised))?;
    if found != promised {
        return Err(PieceError::WrongHash { addr, piece }.into());
    }
    writeln!(out, "They are the same: the piece is good.")?;
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
