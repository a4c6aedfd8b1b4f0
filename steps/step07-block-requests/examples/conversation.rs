//! Conversations with peers that are less than ideal, shown as the chapter's program shows them.
//!
//! `cargo run -p step07-block-requests --example conversation -- choke`

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::process::ExitCode;

use blocks::blocking::{Ahead, Peer};
use blocks::{BLOCK, Geometry, Window};
use messages::{Message, piece_header};

#[path = "../src/main/screen.rs"]
mod screen;

use screen::Screen;

/// Pieces of three blocks and a half.
const PIECE: u32 = 57_344;

/// What the peer says, a message at a time; it does not wait for us.
struct Script(VecDeque<Vec<u8>>);

impl Read for Script {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.0.pop_front().ok_or(ErrorKind::TimedOut)?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

impl Write for Script {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `len` bytes of a piece, from `offset` on: the header and the payload.
fn bytes(piece: u32, offset: u32, len: u32) -> Vec<u8> {
    let mut bytes = piece_header(piece, offset, len).to_vec();
    bytes.extend((0..len).map(|at| (offset + at) as u8));
    bytes
}

/// What the peer does after the unchoke.
fn script(name: &str) -> Option<Vec<Vec<u8>>> {
    let block = |index: u32| bytes(0, index * BLOCK, BLOCK.min(PIECE - index * BLOCK));
    let message = |message: Message| {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        bytes
    };
    Some(match name {
        "choke" => vec![
            block(0),
            message(Message::Choke),
            message(Message::KeepAlive),
            message(Message::Unchoke),
            block(1),
            block(2),
            block(3),
        ],
        "large" => vec![
            bytes(0, 0, 2 * BLOCK),
            bytes(0, 2 * BLOCK, PIECE - 2 * BLOCK),
        ],
        "cuts" => vec![
            bytes(0, 20_000, PIECE - 20_000),
            bytes(0, 0, 10_000),
            bytes(0, 5_000, 15_000),
        ],
        "unasked" => vec![
            bytes(1, 0, BLOCK),
            block(0),
            block(0),
            block(1),
            block(2),
            block(3),
        ],
        _ => return None,
    })
}

/// Fetches piece 0 from a peer that follows the script, and shows it.
fn show(script: Vec<Vec<u8>>, out: &mut impl Write) -> io::Result<Vec<u8>> {
    let geometry = Geometry::new(3 * u64::from(PIECE), PIECE.into()).map_err(io::Error::other)?;
    let mut says = Vec::new();
    Message::Bitfield(vec![0b1110_0000]).encode(&mut says);
    let mut says = VecDeque::from([says]);
    let mut unchoke = Vec::new();
    Message::Unchoke.encode(&mut unchoke);
    says.push_back(unchoke);
    says.extend(script);

    let mut peer = Peer::new(Script(says), geometry, Ahead::Window(Window::new()));
    let mut screen = Screen::new(geometry, out);
    peer.wait_for(Some(0), &mut |moment| screen.show(moment))
        .map_err(io::Error::other)?;
    screen.begin(0);
    let data = peer
        .fetch(0, &mut |moment| screen.show(moment))
        .map_err(io::Error::other)?;
    screen.end()?;
    Ok(data)
}

fn main() -> ExitCode {
    let name = std::env::args().nth(1).unwrap_or_default();
    let Some(script) = script(&name) else {
        eprintln!("error: which one? choke, large, cuts, unasked");
        return ExitCode::from(2);
    };
    match show(script, &mut io::stdout().lock()) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_conversation_ends_with_the_right_piece() {
        let right: Vec<u8> = (0..PIECE).map(|at| at as u8).collect();
        for name in ["choke", "large", "cuts", "unasked"] {
            let mut out = Vec::new();
            let data = show(script(name).unwrap(), &mut out).unwrap();
            assert!(data == right, "{name}: {}", String::from_utf8_lossy(&out));
        }
    }
}
