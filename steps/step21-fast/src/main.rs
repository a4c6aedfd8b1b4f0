//! Chapter 21: what a peer says that speaks the fast extension, and how it answers while it chokes us.

use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use fast::{Fast, IDS};
use handshake::Handshake;
use handshake::blocking::{Meeting, PeerAddr, finish, introduce, meet_someone, read_torrent};
use messages::{BlockRequest, Decoder, Item, Message};

/// Silence of so long ends a part of the conversation.
const QUIET: Duration = Duration::from_millis(1500);

/// What is asked for, in bytes.
const BLOCK: u64 = 16 * 1024;

/// Meets a peer with the fast extension, and asks it for two blocks while it chokes us: one of a piece
/// that it allows, and one of another.
///
/// Chapter 21 of the guide: the fast extension.
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
    let ours = Handshake {
        reserved: ours.reserved.with_fast(),
        ..ours
    };
    let mut say = |line| drop(writeln!(out, "{line}"));
    let meeting = meet_someone(&torrent, &ours, args.peer.as_ref(), &mut say)?;
    let client = meeting.theirs.peer_id.client();
    let client = client.map_or("an unknown client".to_string(), |client| client.to_string());
    writeln!(out, "{}: {client}", meeting.addr)?;
    if !ours.reserved.common(meeting.theirs.reserved).fast() {
        writeln!(out, "It does not speak the fast extension.")?;
        return Ok(());
    }
    writeln!(out, "We both speak the fast extension (BEP 6).\n")?;

    let addr = meeting.addr;
    let mut talk = Talk::new(meeting, torrent.piece_count());
    talk.tell(Fast::HaveNone.into(), "have none", out)?;
    talk.listen(out)
        .map_err(|error| format!("{addr}: {error}"))?;

    let length = |piece: u32| {
        let begins = u64::from(piece) * torrent.piece_length;
        (torrent.total_length - begins).min(BLOCK) as u32
    };
    let first = |piece| BlockRequest {
        piece,
        offset: 0,
        len: length(piece),
    };
    let allowed = talk.allowed.first().copied();
    let other = (0..torrent.piece_count()).find(|piece| !talk.allowed.contains(piece));
    for piece in allowed.into_iter().chain(other) {
        let text = format!("request: piece {piece}, the first block");
        talk.tell(Message::Request(first(piece)), &text, out)?;
    }
    talk.listen(out)
        .map_err(|error| format!("{addr}: {error}"))?;
    Ok(())
}

/// A conversation with one peer.
struct Talk {
    meeting: Meeting,
    decoder: Decoder,
    pieces: u32,
    /// The pieces that it sends us choked or not.
    allowed: Vec<u32>,
    /// What is still to come of a block.
    payload: usize,
}

impl Talk {
    fn new(meeting: Meeting, pieces: u32) -> Talk {
        Talk {
            meeting,
            decoder: Decoder::new(pieces).keeping(IDS),
            pieces,
            allowed: Vec::new(),
            payload: 0,
        }
    }

    /// Says something, and shows it.
    fn tell(&mut self, message: Message, text: &str, out: &mut impl Write) -> io::Result<()> {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        writeln!(out, "us    {:52}  {text}", hex(&bytes))?;
        self.meeting.stream.write_all(&bytes)
    }

    /// Shows what the peer says until it is silent, or gone.
    fn listen(&mut self, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
        self.meeting.stream.set_read_timeout(Some(QUIET))?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            out.flush()?;
            match self.meeting.stream.read(&mut buffer) {
                Ok(0) => {
                    writeln!(out, "The peer has hung up.")?;
                    return Ok(());
                }
                Ok(count) => self.hear(&buffer[..count], out)?,
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => {}
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => return Ok(()),
                    _ => return Err(error.into()),
                },
            }
        }
    }

    // ANCHOR: hear
    fn hear(&mut self, mut bytes: &[u8], out: &mut impl Write) -> Result<(), Box<dyn Error>> {
        loop {
            let skipped = bytes.len().min(self.payload);
            self.payload -= skipped;
            bytes = &bytes[skipped..];
            let (used, item) = self.decoder.next(bytes)?;
            bytes = &bytes[used..];
            let text = match item {
                None => return Ok(()),
                Some(Item::Block(block)) => {
                    self.payload = block.len as usize;
                    format!("piece: {} bytes of piece {}", block.len, block.piece)
                }
                Some(Item::Message(Message::Later { id, body })) => {
                    match Fast::read(id, &body, self.pieces)? {
                        Some(Fast::AllowedFast(piece)) => {
                            self.allowed.push(piece);
                            format!("allowed fast: piece {piece}")
                        }
                        Some(Fast::Reject(block)) => format!("reject: piece {}", block.piece),
                        Some(Fast::Suggest(piece)) => format!("suggest: piece {piece}"),
                        _ => messages::name(id).to_owned(),
                    }
                }
                Some(Item::Message(message)) => message.name().to_owned(),
            };
            writeln!(out, "peer  {text}")?;
        }
    }
    // ANCHOR_END: hear
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ")
}
