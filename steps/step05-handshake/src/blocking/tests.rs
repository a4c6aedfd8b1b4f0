use std::collections::VecDeque;

use pretty_assertions::assert_eq;

use super::*;

const LONG: Duration = Duration::from_secs(60);

/// A stream that gives one result of this list for each read, and takes whatever is written.
struct Script {
    reads: VecDeque<io::Result<Vec<u8>>>,
    written: Vec<u8>,
}

impl Script {
    fn new(reads: impl IntoIterator<Item = io::Result<Vec<u8>>>) -> Script {
        Script {
            reads: reads.into_iter().collect(),
            written: Vec::new(),
        }
    }
}

impl Read for Script {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(bytes) = self.reads.pop_front() else {
            panic!("read after the end of the script");
        };
        bytes?.as_slice().read(buffer)
    }
}

impl Write for Script {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn handshake(id: &[u8; 20]) -> Handshake {
    Handshake {
        reserved: Reserved::none(),
        info_hash: InfoHash([7; 20]),
        peer_id: PeerId(*id),
    }
}

fn theirs() -> Handshake {
    handshake(b"-LT20B0-0123456789ab")
}

#[test]
fn both_handshakes_cross_the_stream() {
    let ours = handshake(b"-KO0100-abcdefghijkl");
    let mut stream = Script::new([Ok(theirs().to_bytes().to_vec())]);
    assert_eq!(exchange(&mut stream, &ours).unwrap(), theirs());
    assert_eq!(stream.written, ours.to_bytes());
}

#[test]
fn the_bytes_may_come_one_at_a_time() {
    let bytes = theirs().to_bytes();
    let mut stream = Script::new(bytes.map(|byte| Ok(vec![byte])));
    assert_eq!(read_handshake(&mut stream, LONG).unwrap(), theirs());
}

#[test]
fn what_follows_the_handshake_is_left_in_the_stream() {
    let mut bytes = theirs().to_bytes().to_vec();
    bytes.extend([0, 0, 0, 1, 1]);
    let mut stream = bytes.as_slice();
    assert_eq!(read_handshake(&mut stream, LONG).unwrap(), theirs());
    assert_eq!(stream, [0, 0, 0, 1, 1]);
}

#[test]
fn an_encrypted_start_is_refused_at_the_first_byte() {
    // A second read would panic.
    let mut stream = Script::new([Ok(vec![0xd2])]);
    let error = read_handshake(&mut stream, LONG).unwrap_err();
    assert!(matches!(
        error,
        ExchangeError::NotAHandshake(HandshakeError::FirstByte { first: 0xd2 })
    ));
}

#[test]
fn a_peer_that_hangs_up_is_told_from_one_that_is_slow() {
    for cut in [0, 1, 67] {
        let bytes = theirs().to_bytes()[..cut].to_vec();
        let mut stream = bytes.as_slice();
        let error = read_handshake(&mut stream, LONG).unwrap_err();
        assert!(matches!(error, ExchangeError::HungUp { received } if received == cut));
    }
    let mut stream = Script::new([Ok(vec![19]), Err(ErrorKind::ConnectionReset.into())]);
    let error = read_handshake(&mut stream, LONG).unwrap_err();
    assert!(matches!(error, ExchangeError::HungUp { received: 1 }));
    for kind in [ErrorKind::WouldBlock, ErrorKind::TimedOut] {
        let mut stream = Script::new([Ok(b"\x13Bit".to_vec()), Err(kind.into())]);
        let error = read_handshake(&mut stream, LONG).unwrap_err();
        assert!(matches!(error, ExchangeError::TooSlow { received: 4 }));
    }
}

#[test]
fn a_peer_that_drips_is_left_after_the_limit() {
    /// Gives a byte, and only every 5 ms.
    struct Drip(VecDeque<u8>);

    impl Read for Drip {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            std::thread::sleep(Duration::from_millis(5));
            self.0.read(&mut buffer[..1])
        }
    }

    let mut stream = Drip(theirs().to_bytes().into());
    let error = read_handshake(&mut stream, Duration::from_millis(50)).unwrap_err();
    // The limit is noticed with the byte after it, and no later.
    assert!(matches!(error, ExchangeError::TooSlow { received: 1..=11 }));
}

#[test]
fn an_interrupted_read_is_made_again() {
    let bytes = theirs().to_bytes().to_vec();
    let mut stream = Script::new([Err(ErrorKind::Interrupted.into()), Ok(bytes)]);
    assert_eq!(read_handshake(&mut stream, LONG).unwrap(), theirs());
}

#[test]
fn a_broken_connection_is_told_in_the_systems_words() {
    let error = io::Error::new(ErrorKind::HostUnreachable, "no route");
    let mut stream = Script::new([Err(error)]);
    let error = read_handshake(&mut stream, LONG).unwrap_err();
    assert_eq!(error.to_string(), "no route");
}

#[test]
fn many_failures_are_one_line() {
    let refused = |port| MeetError::Connect {
        addr: SocketAddr::from(([10, 0, 0, 1], port)),
        error: ErrorKind::ConnectionRefused.into(),
    };
    let one = MeetError::AllFailed {
        errors: vec![refused(1)],
    };
    assert_eq!(one.to_string(), "10.0.0.1:1: nobody listens there");
    let two = MeetError::AllFailed {
        errors: vec![refused(1), refused(2)],
    };
    assert_eq!(
        two.to_string(),
        "none of 2 peers could be met; the last: 10.0.0.1:2: nobody listens there"
    );
}

#[test]
fn the_lab_is_asked_for_when_nobody_listens_on_this_machine() {
    let silent = |ip| MeetError::Connect {
        addr: SocketAddr::from((ip, 1)),
        error: ErrorKind::ConnectionRefused.into(),
    };
    let text = |errors| MeetError::AllFailed { errors }.to_string();
    let here = text(vec![silent([127, 0, 0, 1]), silent([127, 0, 0, 1])]);
    assert!(here.ends_with(": is `kostorrent lab` running?"), "{here}");
    let elsewhere = text(vec![silent([127, 0, 0, 1]), silent([10, 0, 0, 1])]);
    assert!(!elsewhere.contains("lab"), "{elsewhere}");
}
