use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::mpsc::channel;

use handshake::blocking::read_handshake;
use pretty_assertions::assert_eq;

use super::*;

const HASH: InfoHash = InfoHash([7; 20]);
const PATIENCE: Duration = Duration::from_secs(500);

/// A peer on this machine that takes one call, shakes hands, names `ut_metadata` and does this.
fn peer(then: impl FnOnce(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_handshake(&mut stream, PATIENCE).unwrap();
        stream.write_all(&introduce(HASH).to_bytes()).unwrap();
        let hello = Extensions::new([(UT_METADATA, 3)]).hello(ExtendedHandshake::default());
        stream.write_all(&to_wire(&hello.to_body())).unwrap();
        then(stream);
    });
    addr
}

#[test]
fn a_peer_that_says_more_than_we_hear_has_to_wait() {
    let (tell, flooded) = channel();
    let addr = peer(move |mut stream| {
        let limit = Some(Duration::from_secs(1));
        stream.set_write_timeout(limit).unwrap();
        // An extension that we do not have: what it says is nothing to us.
        let message = to_wire(&[99; 60_000]);
        let mut flood = (0..2_000).map(|_| stream.write_all(&message));
        tell.send(flood.all(|sent| sent.is_ok())).unwrap();
    });
    let mut all_taken = None;
    let mut watch = |moment: Moment<'_>| {
        // We are busy until it has sent all of it or cannot go on.
        if let (Moment::Heard { .. }, None) = (moment, all_taken) {
            all_taken = Some(flooded.recv().unwrap());
        }
    };
    fetch(&introduce(HASH), &[addr], PATIENCE, &mut watch).unwrap_err();
    assert_eq!(all_taken, Some(false), "120 MB are kept nowhere");
}

#[test]
fn a_peer_that_asks_for_ever_is_refused_so_often_and_left() {
    let addr = peer(|mut stream| {
        let request = MetadataMessage::Request { piece: 0 };
        let request = to_wire(&request.to_body(OUR_ID));
        while stream.write_all(&request).is_ok() {}
    });
    let reject = MetadataMessage::Reject { piece: 0 }.to_body(3);
    let mut refused = 0;
    let mut watch = |moment: Moment<'_>| {
        if let Moment::Sent { body, .. } = moment {
            refused += u32::from(body == reject);
        }
    };
    let failed = fetch(&introduce(HASH), &[addr], PATIENCE, &mut watch);
    let error = FetchError::Nobody {
        peers: 1,
        last: format!("{addr}: the peer was refused 64 times and asks us still"),
    };
    assert_eq!(failed, Err(error));
    assert_eq!(refused, MAX_REFUSED);
}

#[test]
fn a_peer_that_does_not_read_is_given_up() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let addr = listener.local_addr().unwrap();
    let stream = TcpStream::connect(addr).unwrap();
    let (_deaf, _) = listener.accept().unwrap();
    let mut line = Line::new(addr, Extensions::new([]), stream).unwrap();
    let why = loop {
        if let Err(why) = line.send(&[0; 10_000]) {
            break why;
        }
    };
    assert_eq!(why, "the peer does not read what we send");
}

#[test]
fn with_nobody_to_ask_it_is_said_what_to_do() {
    let failed = fetch(&introduce(HASH), &[], PATIENCE, &mut |_| {});
    let error = failed.unwrap_err();
    assert_eq!(error, FetchError::NoPeers);
    assert_eq!(
        error.to_string(),
        "there is no peer to ask: name one with --peer ADDR, or take a link with more trackers"
    );
}
