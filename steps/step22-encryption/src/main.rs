//! Chapter 22: the first bytes of a connection, with and without encryption.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use encryption::blocking::{InitiateError, Passing, SecureStream, initiate};
use encryption::{Initiator, Methods, Secured};
use handshake::Handshake;
use handshake::blocking::{
    MeetError, PeerAddr, TIMEOUT, candidates, connect, exchange, finish, introduce, read_handshake,
    read_torrent,
};

#[path = "main/show.rs"]
mod show;

/// How long a peer may take to close a connection that we have closed.
const GOODBYE: Duration = Duration::from_secs(1);

/// Calls a peer twice, in plain text and encrypted, and shows the first bytes of each.
///
/// Chapter 22 of the guide: encryption.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The torrent file
    torrent: PathBuf,
    /// The peer to call, HOST:PORT; without it, the torrent's tracker is asked for some
    #[arg(long, value_name = "ADDR")]
    peer: Option<PeerAddr>,
    /// Call in plain text only
    #[arg(long, conflicts_with = "offer")]
    plain: bool,
    /// What to go on in after the exchange
    #[arg(long, value_enum, default_value_t = Offer::Both)]
    offer: Offer,
}

/// What to offer.
#[derive(Clone, Copy, ValueEnum)]
enum Offer {
    /// Either of the two; the peer chooses
    Both,
    /// RC4 only
    Rc4,
    /// Plain text only
    Plain,
}

impl Offer {
    fn methods(self) -> Methods {
        match self {
            Offer::Both => Methods::BOTH,
            Offer::Rc4 => Methods::RC4,
            Offer::Plain => Methods::PLAIN,
        }
    }
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
    let mut errors = Vec::new();
    for addr in candidates(&torrent, &ours, args.peer.as_ref(), &mut say)? {
        let stream = match connect(addr, TIMEOUT) {
            Ok(stream) => stream,
            Err(error) => {
                errors.push(MeetError::Connect { addr, error });
                continue;
            }
        };
        writeln!(out, "{addr}: connected\n\nIn plain text")?;
        let plain = call_plain(stream, &ours, out)?;
        if args.plain {
            return plain;
        }
        if let Err(error) = plain {
            writeln!(out, "\n{error}.")?;
        }
        // Some peers know a caller by his id, and are not quick to forget the first call.
        let ours = introduce(&torrent)?;
        return call_encrypted(addr, &ours, args.offer.methods(), out);
    }
    Err(MeetError::AllFailed { errors }.into())
}

/// Shakes hands as in chapter 5. The outer error is of our output, the inner one is the peer's.
fn call_plain(
    mut stream: TcpStream,
    ours: &Handshake,
    out: &mut impl Write,
) -> io::Result<Result<(), Box<dyn Error>>> {
    writeln!(out, "\nWe send 68 bytes:\n")?;
    show::handshake(out, ours)?;
    let theirs = match exchange(&mut stream, ours) {
        Ok(theirs) => theirs,
        Err(error) => return Ok(Err(error.into())),
    };
    writeln!(out, "\nThe peer sends 68 bytes:\n")?;
    show::handshake(out, &theirs)?;
    hang_up(&mut stream);
    match theirs.accept(ours) {
        Ok(()) => writeln!(
            out,
            "\nWhoever looked at the first 20 bytes knows what this is."
        )?,
        Err(refusal) => return Ok(Err(refusal.into())),
    }
    Ok(Ok(()))
}

/// Closes a connection, and waits a moment for the peer to do the same: many take one call at a time
/// from an address.
fn hang_up(stream: &mut TcpStream) {
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.set_read_timeout(Some(GOODBYE));
    let mut buffer = [0; 4_096];
    // A peer that has much to say is not heard to the end.
    for _ in 0..16 {
        if !matches!(stream.read(&mut buffer), Ok(count) if count > 0) {
            return;
        }
    }
}

/// Makes an exchange, shows it, and shakes hands inside.
fn call_encrypted(
    addr: SocketAddr,
    ours: &Handshake,
    offered: Methods,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    writeln!(out, "\nEncrypted")?;
    let mut stream = connect(addr, TIMEOUT).map_err(|error| MeetError::Connect { addr, error })?;
    let initial = ours.to_bytes().to_vec();
    let mut initiator = Initiator::new(ours.info_hash, offered, initial, &mut rand::rng())?;
    let mut heard = show::Heard::default();
    let ended = initiate(
        &mut stream,
        &mut initiator,
        TIMEOUT,
        &mut |passing| match passing {
            Passing::Sent(bytes) => heard.sent.push(bytes.to_vec()),
            Passing::Came(bytes) => heard.came.extend(bytes),
        },
    );
    show::exchange(out, &heard, &initiator.outline())?;
    let secured = ended.map_err(|error| at(addr, error))?;
    writeln!(
        out,
        "\nIt is agreed: this connection goes on in {}.",
        secured.method
    )?;
    inside(addr, stream, secured, ours, out)
}

/// The handshake inside.
fn inside(
    addr: SocketAddr,
    stream: TcpStream,
    secured: Secured,
    ours: &Handshake,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let method = secured.method;
    let mut stream = SecureStream::new(stream, secured);
    let theirs = read_handshake(&mut stream, TIMEOUT)
        .map_err(|error| MeetError::Exchange { addr, error })?;
    writeln!(out, "\nIn {method} the peer says:\n")?;
    show::handshake(out, &theirs)?;
    theirs
        .accept(ours)
        .map_err(|refusal| MeetError::Refused { addr, refusal })?;
    writeln!(
        out,
        "\nThe same torrent, and not ourselves: messages may follow."
    )?;
    Ok(())
}

fn at(addr: SocketAddr, error: InitiateError) -> Box<dyn Error> {
    format!("{addr}: {error}").into()
}
