//! Chapter 8: a good piece passes, a poisoned one is caught, and how fast that is.

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use hashing::Digest;
use metainfo::Metainfo;
use tracker::blocking::{finish, read_torrent};

#[path = "main/data.rs"]
mod data;
#[path = "main/speed.rs"]
mod speed;

use data::Data;

/// How much data is hashed side by side at most, in bytes; one piece always is.
const AT_ONCE: u64 = 64 << 20;

/// The longest piece that is held in memory.
const MOST: u64 = 256 << 20;

/// Compares a torrent's data with its piece hashes, shows how one flipped bit is caught, and
/// measures how fast SHA-1 is here: one message after the other, and many side by side.
///
/// Chapter 8 of the guide: SHA-1.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The torrent file
    torrent: PathBuf,
    /// The folder that holds the torrent's file or folder; without it, the torrent file's own
    /// folder
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    finish(run(&args, &mut io::stdout().lock()))
}

fn run(args: &Args, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let torrent = read_torrent(&args.torrent)?;
    if torrent.info_hash_v1.is_none() {
        return Err("this torrent is for BitTorrent v2 only: its pieces have no SHA-1".into());
    }
    if torrent.piece_length > MOST {
        let length = torrent.piece_length;
        return Err(format!(
            "a piece of this torrent has {length} bytes; more than {MOST} are not read"
        )
        .into());
    }
    let beside = args.torrent.parent().unwrap_or(Path::new("."));
    let root = args.data.as_deref().unwrap_or(beside);
    writeln!(out, "torrent    {}", torrent.name)?;
    writeln!(
        out,
        "pieces     {} of {} bytes",
        torrent.pieces.len(),
        torrent.piece_length
    )?;

    let looked_for = root.join(&torrent.name);
    let verdict = if looked_for.exists() {
        writeln!(out, "data       {}\n", looked_for.display())?;
        check(&torrent, root, out)?
    } else if args.data.is_none() {
        writeln!(
            out,
            "\nIts data are not beside it. With --data DIR they are checked."
        )?;
        show_flip(
            "The standard's own example is the message \"abc\".",
            b"abc".to_vec(),
            &ABC,
            out,
        )?;
        None
    } else {
        return Err(format!("there is no {}", looked_for.display()).into());
    };
    speed::measure(out)?;
    match verdict {
        Some(complaint) => Err(complaint.into()),
        None => Ok(()),
    }
}

/// The digest of "abc", as FIPS 180 prints it.
const ABC: Digest = [
    0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e, 0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c,
    0x9c, 0xd0, 0xd8, 0x9d,
];

/// Compares every piece with its hash, many side by side. What is wrong comes back as a sentence.
fn check(
    torrent: &Metainfo,
    root: &Path,
    out: &mut impl Write,
) -> Result<Option<String>, Box<dyn Error>> {
    let at_once = (AT_ONCE / torrent.piece_length).clamp(1, hashing::lane_count() as u64) as usize;
    let mut data = Data::new(torrent, root);
    let mut good = 0;
    let mut example = None;
    for (turn, hashes) in torrent.pieces.chunks(at_once).enumerate() {
        let mut pieces = Vec::new();
        for _ in hashes {
            pieces.push(data.next_piece()?);
        }
        let parts: Vec<Vec<&[u8]>> = pieces
            .iter()
            .map(|piece| piece.iter().map(Vec::as_slice).collect())
            .collect();
        let digests = hashing::digest_many(&parts);
        for (i, piece) in pieces.into_iter().enumerate() {
            let number = turn * at_once + i;
            match piece {
                None => writeln!(out, "piece {number}  missing")?,
                Some(_) if digests[i] != hashes[i] => {
                    writeln!(
                        out,
                        "piece {number}  bad   {} is not {}",
                        hex(&digests[i]),
                        hex(&hashes[i])
                    )?;
                }
                Some(piece) => {
                    good += 1;
                    example = example.or(Some((number, piece)));
                }
            }
        }
    }
    let all = torrent.pieces.len();
    writeln!(out, "{good} of {all} pieces are good.")?;
    if let Some((number, piece)) = example {
        let promised = &torrent.pieces[number];
        show_flip(
            &format!("Piece {number} as it is on disk."),
            piece,
            promised,
            out,
        )?;
    }
    Ok((good < all).then(|| format!("{} of {all} pieces are missing or bad", all - good)))
}

/// Hashes a message, flips one bit in its middle, and hashes it again.
fn show_flip(
    what: &str,
    mut message: Vec<u8>,
    promised: &Digest,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut line = |what: &str, message: &[u8]| {
        let digest = hashing::sha1(message);
        let verdict = if digest == *promised {
            "as promised: good"
        } else {
            "not as promised: thrown away"
        };
        writeln!(
            out,
            "\n{what}\n  promised  {}\n  found     {}  {verdict}",
            hex(promised),
            hex(&digest)
        )
    };
    line(what, &message)?;
    let middle = message.len() / 2;
    message[middle] ^= 0b0000_0100;
    line(
        &format!("The same with one bit flipped, in byte {middle}."),
        &message,
    )
}

fn hex(digest: &Digest) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
