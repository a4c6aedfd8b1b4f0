//! Reading a handshake with one call of `read`: it works at home, where all 68 bytes arrive at
//! once, and fails on the day they come in parts.

use std::io::{self, Read};

use handshake::{Handshake, LEN};

#[expect(
    clippy::unused_io_amount,
    reason = "this is the mistake; clippy, asked, would have told"
)]
// ANCHOR: naive
/// Reads a peer's handshake. Wrong: one `read` gives what has arrived, and that may be one byte.
fn one_read(stream: &mut impl Read) -> io::Result<Handshake> {
    let mut bytes = [0; LEN];
    stream.read(&mut bytes)?;
    Handshake::parse(&bytes).map_err(io::Error::other)
}
// ANCHOR_END: naive

fn main() {
    let mut whole: &[u8] = &[0; LEN];
    if let Err(error) = one_read(&mut whole) {
        println!("{error}");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use handshake::Reserved;
    use handshake::blocking::read_handshake;
    use metainfo::InfoHash;
    use peer_id::PeerId;

    use super::*;

    /// A stream whose bytes arrive in parts.
    struct Parts(Vec<Vec<u8>>);

    impl Read for Parts {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            self.0.remove(0).as_slice().read(buffer)
        }
    }

    fn handshake() -> Handshake {
        Handshake {
            reserved: Reserved::none(),
            info_hash: InfoHash([7; 20]),
            peer_id: PeerId(*b"-KO0100-abcdefghijkl"),
        }
    }

    fn three_parts() -> Parts {
        let bytes = handshake().to_bytes();
        Parts(vec![
            bytes[..1].to_vec(),
            bytes[1..48].to_vec(),
            bytes[48..].to_vec(),
        ])
    }

    #[test]
    fn one_read_is_enough_when_all_arrives_at_once() {
        let mut stream = Parts(vec![handshake().to_bytes().to_vec()]);
        assert_eq!(one_read(&mut stream).unwrap(), handshake());
    }

    #[test]
    fn one_read_fails_when_it_arrives_in_three_parts() {
        assert!(one_read(&mut three_parts()).is_err());
    }

    #[test]
    fn reading_until_all_is_there_does_not_mind() {
        let theirs = read_handshake(&mut three_parts(), Duration::from_secs(60)).unwrap();
        assert_eq!(theirs, handshake());
    }
}
