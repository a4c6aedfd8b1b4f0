//! Reading a handshake with one call of `read`: it works at home, where all 68 bytes arrive at
//! once, and fails on the day they come in parts.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use handshake::blocking::read_handshake;
use handshake::{Handshake, LEN, Reserved};
use metainfo::InfoHash;
use peer_id::PeerId;

#[expect(
    clippy::unused_io_amount,
    reason = "this is the mistake; clippy, asked, would have told"
)]
// ANCHOR: naive
/// Reads a peer's handshake. Wrong: one `read` gives what has arrived, and that may
/// be one byte.
fn one_read(stream: &mut impl Read) -> io::Result<Handshake> {
    let mut bytes = [0; LEN];
    stream.read(&mut bytes)?;
    Handshake::parse(&bytes).map_err(io::Error::other)
}
// ANCHOR_END: naive

/// Where the handshake is cut into parts.
const CUTS: [usize; 2] = [1, 48];

/// A peer on loopback that sends its handshake in three parts, each when the one before has been
/// read.
fn peer_in_parts() -> io::Result<(SocketAddr, Sender<()>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let addr = listener.local_addr()?;
    let (read, was_read) = channel();
    thread::spawn(move || -> io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let bytes = handshake().to_bytes();
        for (from, to) in [(0, CUTS[0]), (CUTS[0], CUTS[1]), (CUTS[1], LEN)] {
            stream.write_all(&bytes[from..to])?;
            let _ = was_read.recv();
        }
        Ok(())
    });
    Ok((addr, read))
}

/// A stream that says how many bytes each `read` gave.
struct Watched {
    stream: TcpStream,
    read: Sender<()>,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        println!("  read: {count} of {}", buffer.len());
        let _ = self.read.send(());
        Ok(count)
    }
}

fn watched() -> io::Result<Watched> {
    let (addr, read) = peer_in_parts()?;
    let stream = TcpStream::connect(addr)?;
    Ok(Watched { stream, read })
}

fn handshake() -> Handshake {
    Handshake {
        reserved: Reserved::none(),
        info_hash: InfoHash([7; 20]),
        peer_id: PeerId(*b"-KO0100-abcdefghijkl"),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("one read:");
    match one_read(&mut watched()?) {
        Ok(theirs) => println!("  {}", theirs.peer_id),
        Err(error) => println!("  error: {error}"),
    }
    println!("until 68 bytes are there:");
    let theirs = read_handshake(&mut watched()?, Duration::from_secs(5))?;
    println!("  {}", theirs.peer_id);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_read_is_enough_when_all_arrives_at_once() {
        let bytes = handshake().to_bytes();
        assert_eq!(one_read(&mut bytes.as_slice()).unwrap(), handshake());
    }

    #[test]
    fn one_read_fails_when_it_arrives_in_three_parts() {
        let error = one_read(&mut watched().unwrap()).unwrap_err();
        assert!(error.to_string().contains("byte 1 is 0x00"), "{error}");
    }

    #[test]
    fn reading_until_all_is_there_does_not_mind() {
        let limit = Duration::from_secs(60);
        let theirs = read_handshake(&mut watched().unwrap(), limit).unwrap();
        assert_eq!(theirs, handshake());
    }
}
