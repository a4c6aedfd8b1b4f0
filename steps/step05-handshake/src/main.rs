//! Chapter 5: a handshake with a real peer, byte by byte.

use std::error::Error;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use handshake::blocking::{
    MeetError, PeerAddr, TIMEOUT, candidates, connect, exchange, finish, introduce, read_torrent,
};
use handshake::{Handshake, LEN};

/// Shakes hands with a peer and shows what both sides say, byte by byte.
///
/// Chapter 5 of the guide: the handshake.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The torrent file
    torrent: PathBuf,
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
    let ours = introduce(&torrent)?;
    writeln!(out, "torrent    {}", torrent.name)?;
    writeln!(out, "info-hash  {}\n", ours.info_hash)?;
    let mut say = |line| drop(writeln!(out, "{line}"));
    let candidates = candidates(&torrent, &ours, args.peer.as_ref(), &mut say)?;
    let mut errors = Vec::new();
    for addr in candidates {
        match shake_hands(addr, &ours, out)? {
            Ok(()) => return Ok(()),
            Err(error) => {
                writeln!(out, "{error}")?;
                errors.push(error);
            }
        }
    }
    Err(MeetError::AllFailed { errors }.into())
}

/// Calls one peer, and shows both handshakes. The outer error is of our output, the inner one is
/// the peer's.
fn shake_hands(
    addr: SocketAddr,
    ours: &Handshake,
    out: &mut impl Write,
) -> io::Result<Result<(), MeetError>> {
    let mut stream = match connect(addr, TIMEOUT) {
        Ok(stream) => stream,
        Err(error) => return Ok(Err(MeetError::Connect { addr, error })),
    };
    writeln!(out, "{addr}: connected\n\nWe say:\n")?;
    show(ours, out)?;
    let theirs = match exchange(&mut stream, ours) {
        Ok(theirs) => theirs,
        Err(error) => return Ok(Err(MeetError::Exchange { addr, error })),
    };
    writeln!(out, "\nThe peer says:\n")?;
    show(&theirs, out)?;
    if let Err(refusal) = theirs.accept(ours) {
        return Ok(Err(MeetError::Refused { addr, refusal }));
    }
    writeln!(
        out,
        "\nThe same torrent, and not ourselves: messages may follow."
    )?;
    Ok(Ok(()))
}

/// A handshake in hex, each field with what it means.
fn show(handshake: &Handshake, out: &mut impl Write) -> io::Result<()> {
    let bytes = handshake.to_bytes();
    let client = match handshake.peer_id.client() {
        Some(client) => format!("peer id: {} ({client})", handshake.peer_id),
        None => format!("peer id: {}", handshake.peer_id),
    };
    let reserved = match handshake.reserved.bits().next() {
        Some(_) => "reserved: a bit for each extension",
        None => "reserved: no extension",
    };
    field(out, &bytes, 0, 1, "19, the length of the name")?;
    field(out, &bytes, 1, 20, "\"BitTorrent protocol\"")?;
    field(out, &bytes, 20, 28, reserved)?;
    for bit in handshake.reserved.bits() {
        let name = bit.name().unwrap_or("unknown");
        let (byte, mask) = (bit.byte, bit.mask);
        writeln!(out, "{:38}byte {byte}, bit {mask:#04x}: {name}", "")?;
    }
    field(out, &bytes, 28, 48, "info-hash: which torrent")?;
    field(out, &bytes, 48, LEN, &client)
}

/// The bytes from `from` to `to`, ten a line, with a comment on the first.
fn field(
    out: &mut impl Write,
    bytes: &[u8; LEN],
    from: usize,
    to: usize,
    comment: &str,
) -> io::Result<()> {
    for (index, row) in bytes[from..to].chunks(10).enumerate() {
        let digits: Vec<String> = row.iter().map(|byte| format!("{byte:02x}")).collect();
        let comment = if index == 0 { comment } else { "" };
        let line = format!(
            "  {:2}  {:29}   {comment}",
            from + 10 * index,
            digits.join(" ")
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
