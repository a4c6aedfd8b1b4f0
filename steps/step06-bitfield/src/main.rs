//! Chapter 6: what a peer says after the handshake, and which pieces it has.

use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use handshake::blocking::{Meeting, PeerAddr, finish, introduce, meet_someone, read_torrent};

#[path = "main/conversation.rs"]
mod conversation;
#[path = "main/show.rs"]
mod show;

use conversation::Conversation;

/// After this long without a word there is no more news to expect.
const QUIET: Duration = Duration::from_secs(5);

/// Meets a peer, shows every message it sends, and which pieces it has.
///
/// Chapter 6 of the guide: bitfield and messages.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The torrent file
    torrent: PathBuf,
    /// The peer to call, HOST:PORT; without it, the torrent's tracker is asked for some
    #[arg(long, value_name = "ADDR")]
    peer: Option<PeerAddr>,
    /// How long to listen, at most; five seconds of silence end it sooner
    #[arg(long, value_name = "N", default_value_t = 20)]
    seconds: u64,
}

fn main() -> ExitCode {
    let args = Args::parse();
    finish(run(&args, &mut io::stdout().lock()))
}

fn run(args: &Args, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let torrent = read_torrent(&args.torrent)?;
    let ours = introduce(&torrent)?;
    let pieces = torrent.piece_count();
    writeln!(out, "torrent    {}", torrent.name)?;
    writeln!(out, "info-hash  {}", ours.info_hash)?;
    writeln!(out, "pieces     {pieces}\n")?;

    let mut say = |line| drop(writeln!(out, "{line}"));
    let meeting = meet_someone(&torrent, &ours, args.peer.as_ref(), &mut say)?;
    let client = meeting.theirs.peer_id.client();
    let client = client.map_or("an unknown client".to_string(), |client| client.to_string());
    writeln!(out, "{}: {client}\n", meeting.addr)?;

    let Meeting { addr, stream, .. } = meeting;
    let mut conversation = Conversation::new(pieces);
    let time = Duration::from_secs(args.seconds);
    let end = listen(stream, time, &mut conversation, out).map_err(|error| {
        match error.downcast::<io::Error>() {
            Ok(output) => output as Box<dyn Error>,
            Err(theirs) => format!("{addr}: {theirs}").into(),
        }
    })?;
    writeln!(out, "\n{end}\n")?;
    show::pieces(out, &conversation)?;
    Ok(())
}

// ANCHOR: listen
/// Listens to a peer until it is silent, gone, or the time is over; says which.
fn listen(
    mut stream: TcpStream,
    time: Duration,
    conversation: &mut Conversation,
    out: &mut impl Write,
) -> Result<&'static str, Box<dyn Error>> {
    let started = Instant::now();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        out.flush()?;
        let left = time.saturating_sub(started.elapsed());
        if left.is_zero() {
            return Ok("The time is over.");
        }
        let _ = stream.set_read_timeout(Some(left.min(QUIET)));
        let count = match stream.read(&mut buffer) {
            Ok(0) if conversation.is_mid_message() => {
                return Ok("The peer hung up in the middle of a message.");
            }
            Ok(0) => return Ok("The peer hung up."),
            Ok(count) => count,
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => continue,
                ErrorKind::WouldBlock | ErrorKind::TimedOut if left < QUIET => continue,
                ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                    return Ok("Nothing new for five seconds.");
                }
                _ => return Ok("The connection broke."),
            },
        };
        conversation.hear(&buffer[..count], out)?;
    }
}
// ANCHOR_END: listen
