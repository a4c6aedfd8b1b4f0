//! Exercise 5b: the other end of the line, which answers a call.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use handshake::{Handshake, LEN, Reserved};
use metainfo::InfoHash;
use peer_id::PeerId;

// ANCHOR: answer
/// Answers a caller that wants one of our `torrents`. We say nothing before we know
/// which torrent it is about, and nothing at all when we do not have it: an error
/// means hang up.
fn answer(
    stream: &mut (impl Read + Write),
    torrents: &[InfoHash],
    peer_id: PeerId,
) -> io::Result<Handshake> {
    let mut bytes = [0; LEN];
    // Byte by byte as far as the name, so that the first wrong byte is noticed.
    for end in 1..=20 {
        stream.read_exact(&mut bytes[end - 1..end])?;
        Handshake::check_start(&bytes[..end]).map_err(io::Error::other)?;
    }
    // As far as the info-hash. The caller may wait for our answer before it sends its peer id.
    stream.read_exact(&mut bytes[20..48])?;
    let wanted = InfoHash(std::array::from_fn(|i| bytes[28 + i]));
    if !torrents.contains(&wanted) {
        return Err(ErrorKind::NotFound.into());
    }
    let ours = Handshake {
        reserved: Reserved::none(),
        info_hash: wanted,
        peer_id,
    };
    stream.write_all(&ours.to_bytes())?;
    stream.read_exact(&mut bytes[48..])?;
    let theirs = Handshake::parse(&bytes).map_err(io::Error::other)?;
    theirs.accept(&ours).map_err(io::Error::other)?;
    Ok(theirs)
}
// ANCHOR_END: answer

fn main() -> io::Result<()> {
    let torrent = std::env::args().nth(1).and_then(|hex| hex.parse().ok());
    let torrent = torrent.ok_or_else(|| io::Error::other("which info-hash?"))?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("call me at {}", listener.local_addr()?);
    for stream in listener.incoming() {
        let mut stream = stream?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        match answer(&mut stream, &[torrent], PeerId(*b"-XX0001-abcdefghijkl")) {
            Ok(theirs) => println!("{} called", theirs.peer_id),
            Err(error) => println!("hung up: {error}"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A caller whose bytes are known, and what it is told after how many of them.
    struct Caller {
        bytes: Vec<u8>,
        said: usize,
        heard: Vec<(usize, Vec<u8>)>,
    }

    impl Read for Caller {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = (&self.bytes[self.said..]).read(buffer)?;
            self.said += count;
            Ok(count)
        }
    }

    impl Write for Caller {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.heard.push((self.said, bytes.to_vec()));
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const OURS: PeerId = PeerId(*b"-XX0001-abcdefghijkl");

    fn caller(bytes: &[u8]) -> Caller {
        let (bytes, said, heard) = (bytes.to_vec(), 0, Vec::new());
        Caller { bytes, said, heard }
    }

    fn call(torrent: u8, peer_id: PeerId) -> Caller {
        let handshake = Handshake {
            reserved: Reserved::none(),
            info_hash: InfoHash([torrent; 20]),
            peer_id,
        };
        caller(&handshake.to_bytes())
    }

    fn answered(caller: &mut Caller) -> io::Result<Handshake> {
        answer(caller, &[InfoHash([1; 20]), InfoHash([2; 20])], OURS)
    }

    #[test]
    fn the_answer_comes_when_the_torrent_is_known_and_names_it() {
        let mut caller = call(2, PeerId([9; 20]));
        let theirs = answered(&mut caller).unwrap();
        assert_eq!(theirs.peer_id, PeerId([9; 20]));
        let [(after, bytes)] = &caller.heard[..] else {
            panic!("one answer");
        };
        assert_eq!(*after, 48);
        assert_eq!(bytes[28..48], [2; 20]);
    }

    #[test]
    fn a_stranger_hears_nothing() {
        for mut caller in [call(3, OURS), caller(b"GET / HTTP/1.1\r\n"), caller(b"")] {
            assert!(answered(&mut caller).is_err());
            assert!(caller.heard.is_empty());
        }
    }

    #[test]
    fn the_first_wrong_byte_is_the_last_one_read() {
        let mut caller = caller(b"GET / HTTP/1.1\r\n");
        assert!(answered(&mut caller).is_err());
        assert_eq!(caller.said, 1);
    }

    #[test]
    fn ourselves_are_told_who_we_are_and_then_left() {
        let mut caller = call(1, OURS);
        assert!(answered(&mut caller).is_err());
        assert_eq!(caller.heard.len(), 1);
    }
}
