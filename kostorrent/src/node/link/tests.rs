use std::io::{Read, Write};
use std::sync::Arc;

use encryption::{Initiator, Methods};
use handshake::PROTOCOL;
use peer_id::PeerId;
use pretty_assertions::assert_eq;
use tokio::net::TcpListener;

use super::super::doors::Door;
use super::super::route::Route;
use handshake::Reserved;

use super::*;

const TORRENT: InfoHash = InfoHash([1; 20]);

/// How long something may take that takes no time.
const PATIENCE: Duration = Duration::from_secs(60);

fn handshake(reserved: Reserved, peer_id: u8) -> Handshake {
    Handshake {
        reserved,
        info_hash: TORRENT,
        peer_id: PeerId([peer_id; 20]),
    }
}

/// The door of a torrent, with the peer id of all sevens.
fn door(policy: Policy) -> (Arc<Doors>, Door) {
    let doors = Arc::new(Doors::new(PeerId([7; 20]), policy, Arc::default()));
    let door = doors.add(TORRENT, engine::speaks()).unwrap();
    door.open();
    (doors, door)
}

/// Two sockets on loopback, one of them a blocking one in the hands of `play`.
async fn against<T: Send + 'static>(
    play: impl FnOnce(std::net::TcpStream) -> T + Send + 'static,
) -> (TcpStream, SocketAddr, tokio::task::JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let player =
        tokio::task::spawn_blocking(move || play(std::net::TcpStream::connect(addr).unwrap()));
    let (stream, from) = listener.accept().await.unwrap();
    (stream, from, player)
}

/// Reads so many bytes.
async fn get(stream: &mut Stream, mut bytes: Vec<u8>, count: usize) -> Vec<u8> {
    while bytes.len() < count {
        stream.ready(Interest::READABLE).await.unwrap();
        let mut more = [0; 5];
        if let Ok(read) = stream.try_read_vectored(&mut [IoSliceMut::new(&mut more)]) {
            bytes.extend_from_slice(&more[..read]);
        }
    }
    bytes
}

#[tokio::test]
async fn what_comes_with_the_handshake_is_kept() {
    let theirs = handshake(Reserved::none().with_fast().with_dht(), 2);
    let (stream, addr, caller) = against(move |mut socket| {
        let said = [&theirs.to_bytes()[..], b"\0\0\0\x01\x02"].concat();
        socket.write_all(&said[..40]).unwrap();
        socket.write_all(&said[40..]).unwrap();
        let mut heard = [0; LEN];
        socket.read_exact(&mut heard).unwrap();
        Handshake::parse(&heard).unwrap()
    })
    .await;
    let (doors, door) = door(Policy::Allow);
    let mut joined = answer(stream, addr, &doors).await.unwrap();
    assert_eq!((joined.ours, joined.theirs), (door.ours(), theirs));
    assert_eq!(joined.both, Reserved::none().with_fast());
    assert_eq!(joined.encryption, Encryption::None);
    assert_eq!(caller.await.unwrap(), door.ours());
    // It may come in a read of its own, and is then still in the stream.
    let all = get(&mut joined.stream, joined.early, 5).await;
    assert_eq!(all, b"\0\0\0\x01\x02");
}

#[tokio::test]
async fn a_caller_for_another_torrent_hears_nothing() {
    let (stream, addr, caller) = against(|mut socket| {
        let mut theirs = handshake(Reserved::none(), 2);
        theirs.info_hash = InfoHash([2; 20]);
        socket.write_all(&theirs.to_bytes()).unwrap();
        socket.read(&mut [0; LEN]).unwrap()
    })
    .await;
    let (doors, _door) = door(Policy::Allow);
    let sent_away = answer(stream, addr, &doors).await.unwrap_err();
    assert_eq!(sent_away, SentAway::NoSuchTorrent(InfoHash([2; 20])));
    assert_eq!(caller.await.unwrap(), 0);
}

#[tokio::test]
async fn a_caller_that_is_ourselves_is_told_so_by_our_peer_id() {
    let (doors, door) = door(Policy::Allow);
    let ours = door.ours();
    let (stream, addr, caller) = against(move |mut socket| {
        socket.write_all(&ours.to_bytes()).unwrap();
        let mut heard = [0; LEN];
        socket.read_exact(&mut heard).unwrap();
        Handshake::parse(&heard).unwrap().peer_id
    })
    .await;
    let sent_away = answer(stream, addr, &doors).await;
    let refused = ConnectFailure::Refused(Refusal::OurOwnPeerId);
    assert_eq!(sent_away.unwrap_err(), SentAway::Failed(refused));
    assert_eq!(caller.await.unwrap(), ours.peer_id);
}

/// One calls another until it has a connection or gives up; with what became of each of the calls.
async fn meet(
    (calling, known): (Policy, Option<Way>),
    called: Policy,
    calls: usize,
) -> (
    Result<Joined, ConnectFailure>,
    Vec<Result<Joined, SentAway>>,
) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (doors, _door) = door(called);
    let answering = async {
        let mut answers = Vec::new();
        while answers.len() < calls {
            let (stream, from) = listener.accept().await.unwrap();
            answers.push(answer(stream, from, &doors).await);
        }
        answers
    };
    let ours = handshake(Reserved::none().with_fast(), 2);
    let route = Route::default();
    let both = async { tokio::join!(dial(addr, ours, (calling, known), &route), answering) };
    timeout(PATIENCE, both).await.expect("as many calls")
}

/// Both have a connection that is encrypted so far, and each hears what the other says.
async fn expect_connection(
    (caller, called): (Result<Joined, ConnectFailure>, Result<Joined, SentAway>),
    encryption: Encryption,
) {
    let (mut caller, mut called) = (caller.unwrap(), called.unwrap());
    assert_eq!(
        (caller.encryption, called.encryption),
        (encryption, encryption)
    );
    assert_eq!((caller.theirs, called.theirs), (called.ours, caller.ours));
    let said: Vec<u8> = (0..=255).cycle().take(3_000).collect();
    write(&mut caller.stream, &said).await.unwrap();
    assert_eq!(get(&mut called.stream, called.early, 3_000).await, said);
    write(&mut called.stream, &said).await.unwrap();
    assert_eq!(get(&mut caller.stream, caller.early, 3_000).await, said);
}

#[tokio::test]
async fn two_meet_as_both_like_in_one_call_or_two() {
    let table = [
        (Policy::Allow, Policy::Allow, 1, Encryption::None),
        (Policy::Allow, Policy::Off, 1, Encryption::None),
        (Policy::Off, Policy::Allow, 1, Encryption::None),
        (Policy::Off, Policy::Off, 1, Encryption::None),
        (Policy::Require, Policy::Allow, 1, Encryption::All),
        (Policy::Require, Policy::Require, 1, Encryption::All),
        // The first call, in plain text, is hung up on.
        (Policy::Allow, Policy::Require, 2, Encryption::All),
    ];
    for (calling, called, calls, encryption) in table {
        let (caller, mut answers) = meet((calling, None), called, calls).await;
        let last = answers.pop().unwrap();
        expect_connection((caller, last), encryption).await;
        for answer in answers {
            let refused = SentAway::Refused(encryption::Refusal::NotEncrypted);
            assert_eq!(answer.unwrap_err(), refused);
        }
    }
}

#[tokio::test]
async fn the_way_that_is_known_to_work_is_the_first() {
    let known = Some(Way::Encrypted);
    // Both would rather go on in plain text, once they have met.
    let (caller, mut answers) = meet((Policy::Allow, known), Policy::Allow, 1).await;
    expect_connection((caller, answers.remove(0)), Encryption::Greeting).await;
    // It may have changed its mind.
    let (caller, mut answers) = meet((Policy::Allow, known), Policy::Off, 2).await;
    let refused = SentAway::Refused(encryption::Refusal::Encrypted);
    assert_eq!(answers.remove(0).unwrap_err(), refused);
    expect_connection((caller, answers.remove(0)), Encryption::None).await;
}

#[tokio::test]
async fn who_requires_encryption_and_who_has_none_do_not_meet() {
    for (calling, called) in [
        (Policy::Require, Policy::Off),
        (Policy::Off, Policy::Require),
    ] {
        let (caller, answers) = meet((calling, Some(Way::Plain)), called, 1).await;
        assert_eq!(caller.unwrap_err(), ConnectFailure::HungUp);
        assert!(matches!(answers[..], [Err(SentAway::Refused(_))]));
    }
}

#[tokio::test]
async fn a_plain_caller_of_who_requires_encryption_hears_nothing() {
    let (stream, addr, caller) = against(|mut socket| {
        // It is known at the twentieth byte, before there is a torrent to ask for.
        socket.write_all(&PROTOCOL).unwrap();
        socket.read(&mut [0; LEN]).unwrap()
    })
    .await;
    let (doors, _door) = door(Policy::Require);
    let sent_away = answer(stream, addr, &doors).await.unwrap_err();
    let refused = SentAway::Refused(encryption::Refusal::NotEncrypted);
    assert_eq!(sent_away, refused);
    assert_eq!(caller.await.unwrap(), 0);
}

#[tokio::test]
async fn a_silent_peer_is_called_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let route = Route::default();
    for (policy, limit) in [(Policy::Allow, GREET), (Policy::Require, TIMEOUT)] {
        let ours = handshake(Reserved::none(), 2);
        let taking = async {
            let (silent, _) = listener.accept().await.unwrap();
            tokio::time::pause();
            silent
        };
        let calling = dial(addr, ours, (policy, None), &route);
        let (called, silent) = tokio::join!(calling, taking);
        tokio::time::resume();
        assert_eq!(called.unwrap_err(), ConnectFailure::Silent(limit));
        drop(silent);
    }
    let another = timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(another.is_err(), "{another:?}");
}

/// What a caller sends until it waits for a public key, and then until the end; it knows the torrent.
fn call(skey: InfoHash) -> Initiator {
    let hello = handshake(Reserved::none(), 2).to_bytes().to_vec();
    Initiator::new(skey, Methods::BOTH, hello, &mut rand::rng()).unwrap()
}

/// What becomes of a caller who sends this and then waits; with how long it was kept.
async fn sends(bytes: &[u8]) -> (SentAway, Duration) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut caller = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    caller.write_all(bytes).unwrap();
    let (stream, addr) = listener.accept().await.unwrap();
    let (doors, _door) = door(Policy::Allow);
    tokio::time::pause();
    let came = Instant::now();
    let sent_away = answer(stream, addr, &doors).await.unwrap_err();
    let kept = came.elapsed();
    tokio::time::resume();
    (sent_away, kept)
}

#[tokio::test]
async fn rubbish_and_half_exchanges_are_sent_away_in_time() {
    let silent = |limit| SentAway::Failed(ConnectFailure::Silent(limit));
    let whole_key = call(TORRENT).poll_transmit().unwrap();
    for (bytes, limit) in [
        (&b""[..], GREET),
        (b"\x13BitTorrent pro", GREET),
        (b"\x13BitTorrent protocol\0\0\0", GREET),
        (b"\x55", TIMEOUT),
        (&whole_key[..95], TIMEOUT),
        (&whole_key, TIMEOUT),
    ] {
        let (sent_away, kept) = sends(bytes).await;
        assert_eq!(
            (sent_away, kept.as_secs()),
            (silent(limit), limit.as_secs())
        );
    }
    let junk: Vec<u8> = (0..2_000u32).map(|n| (n * n % 251) as u8).collect();
    for bytes in [junk, [&whole_key[..96], &[0; 600]].concat()] {
        let failed = Failure::NoSyncMark.to_string();
        let failed = SentAway::Failed(ConnectFailure::Exchange(failed));
        assert_eq!(sends(&bytes).await.0, failed);
    }
}

#[tokio::test]
async fn keys_that_everybody_knows_are_refused_at_once() {
    let prime = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74\
                 020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437\
                 4FE1356D6D51C245E485B576625E7EC6F44C42E9A63A3621";
    let prime = [
        &hex::decode(prime).unwrap()[..],
        &[0, 0, 0, 0, 0, 9, 5, 0x63],
    ]
    .concat();
    let mut less_one = prime.clone();
    less_one[95] -= 1;
    let mut one = vec![0; 96];
    one[95] = 1;
    for key in [vec![0; 96], one, less_one, prime, vec![0xff; 96]] {
        let failed = SentAway::Failed(ConnectFailure::Exchange(Failure::Key.to_string()));
        assert_eq!(sends(&key).await.0, failed);
    }
}

#[tokio::test]
async fn who_proves_to_know_one_torrent_is_not_let_in_to_another() {
    let (doors, _door) = door(Policy::Allow);
    let other = InfoHash([2; 20]);
    let other_door = doors.add(other, engine::speaks()).unwrap();
    other_door.open();
    let (stream, addr, caller) = against(move |mut socket| {
        // The exchange is about one, the handshake in it about the other.
        let mut initiator = call(other);
        socket
            .write_all(&initiator.poll_transmit().unwrap())
            .unwrap();
        let mut bytes = [0; 2_000];
        while let Ok(count @ 1..) = socket.read(&mut bytes) {
            let secured = initiator.handle(&bytes[..count]).unwrap();
            if let Some(more) = initiator.poll_transmit() {
                socket.write_all(&more).unwrap();
            }
            if let Some(secured) = secured {
                return secured.early.len();
            }
        }
        panic!("the exchange itself is a good one");
    })
    .await;
    let sent_away = answer(stream, addr, &doors).await.unwrap_err();
    assert!(
        matches!(sent_away, SentAway::Failed(ConnectFailure::Refused(_))),
        "{sent_away:?}"
    );
    caller.await.unwrap();
}

#[tokio::test]
async fn an_encrypted_caller_for_a_torrent_that_is_not_here_is_sent_away() {
    let (doors, door) = door(Policy::Allow);
    drop(door);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ours = handshake(Reserved::none(), 2);
    let addr = listener.local_addr().unwrap();
    let route = Route::default();
    let calling = dial(addr, ours, (Policy::Require, None), &route);
    let answering = async {
        let (stream, from) = listener.accept().await.unwrap();
        answer(stream, from, &doors).await.unwrap_err()
    };
    let (failure, sent_away) = tokio::join!(calling, answering);
    assert_eq!(failure.unwrap_err(), ConnectFailure::HungUp);
    let unknown = Failure::UnknownTorrent.to_string();
    assert_eq!(
        sent_away,
        SentAway::Failed(ConnectFailure::Exchange(unknown))
    );
}
