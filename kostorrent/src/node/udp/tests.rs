//! The socket's task, and trackers beside it.

use std::net::Ipv4Addr;

use metainfo::InfoHash;
use peer_id::PeerId;
use pretty_assertions::assert_eq;
use tokio::task::LocalSet;
use tracker::{AnnounceReply, AnnounceRequest};
use udp_tracker::{Announce, Announced, ConnectionId, Reply, Request, Said};

use super::*;

const HERE: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

fn announce() -> Announce {
    let request = AnnounceRequest {
        info_hash: InfoHash([1; 20]),
        peer_id: PeerId([2; 20]),
        port: 5,
        uploaded: 0,
        downloaded: 0,
        left: 1,
        event: None,
        numwant: None,
        key: 1,
        tracker_id: None,
    };
    Announce {
        request,
        url_data: None,
    }
}

/// What a tracker answers to the announce.
async fn asked(udp: &Udp, tracker: SocketAddr) -> Result<AnnounceReply, AskError> {
    match udp.ask(tracker, Ask::Announce(announce())).await? {
        Answer::Announced(reply) => Ok(reply),
        other => panic!("{other:?}"),
    }
}

/// A socket at work, and what is done with it.
async fn with_socket<T>(work: impl AsyncFnOnce(Udp) -> T) -> T {
    let tasks = LocalSet::new();
    let done = async {
        let (udp, task) = Udp::open(HERE.into(), None, &Default::default());
        let task = tokio::task::spawn_local(task.unwrap().run());
        let result = work(udp).await;
        // All handles are gone, and so it ends.
        task.await.unwrap();
        result
    };
    tasks.run_until(done).await
}

/// Answers one question as a tracker does; the question, and who asked it.
async fn answer_one(tracker: &tokio::net::UdpSocket) -> (Request, SocketAddr) {
    let mut buffer = [0; 2_048];
    let (len, from) = tracker.recv_from(&mut buffer).await.unwrap();
    let request = Request::decode(&buffer[..len]).unwrap();
    let (transaction, said) = match &request {
        Request::Connect { transaction } => (*transaction, Said::Connected(ConnectionId(7))),
        Request::Ask { transaction, .. } => {
            let announced = Announced {
                interval: 1_800,
                leechers: 1,
                seeders: 2,
                peers: Vec::new(),
            };
            (*transaction, Said::Announced(announced))
        }
    };
    let reply = Reply { transaction, said }.encode(from.into());
    tracker.send_to(&reply, from).await.unwrap();
    (request, from)
}

#[tokio::test]
async fn torrents_that_share_the_socket_share_the_trackers_connection_id() {
    with_socket(async |udp| {
        let tracker = tokio::net::UdpSocket::bind(HERE).await.unwrap();
        let addr = tracker.local_addr().unwrap();
        let answers = async {
            let mut connects = 0;
            for _ in 0..3 {
                let (request, _) = answer_one(&tracker).await;
                connects += usize::from(matches!(request, Request::Connect { .. }));
            }
            connects
        };
        let other = udp.clone();
        let (one, two, connects) = tokio::join!(asked(&udp, addr), asked(&other, addr), answers,);
        assert_eq!(one.unwrap().complete, Some(2));
        assert_eq!(two.unwrap().complete, Some(2));
        assert_eq!(connects, 1);
    })
    .await;
}

#[tokio::test]
async fn where_no_datagram_can_go_the_question_ends_at_once() {
    with_socket(async |udp| {
        // A socket that is bound to loopback has no way to elsewhere.
        let elsewhere = "192.0.2.1:80".parse().unwrap();
        let error = asked(&udp, elsewhere).await.unwrap_err();
        assert!(matches!(error, AskError::Unreachable(_)), "{error}");
        let nowhere = "0.0.0.0:80".parse().unwrap();
        let error = asked(&udp, nowhere).await.unwrap_err();
        let why = "there can be no tracker at 0.0.0.0:80".to_owned();
        assert_eq!(error, AskError::Unreachable(why));
    })
    .await;
}

#[tokio::test]
async fn a_port_that_is_somebody_elses_is_replaced_by_another() {
    let taken = UdpSocket::bind(HERE).unwrap();
    let (_udp, work) = Udp::open(taken.local_addr().unwrap(), None, &Default::default());
    let socket = work.unwrap().socket.local_addr().unwrap();
    assert_eq!(socket.ip(), Ipv4Addr::LOCALHOST);
    assert_ne!(socket, taken.local_addr().unwrap());
}

#[tokio::test]
async fn without_a_socket_every_question_says_so() {
    // Nobody on this machine has that address.
    let (udp, work) = Udp::open("192.0.2.1:80".parse().unwrap(), None, &Default::default());
    assert!(work.is_none());
    let tracker = "127.0.0.1:80".parse().unwrap();
    let error = asked(&udp, tracker).await.unwrap_err();
    let why = error.to_string();
    assert!(
        why.starts_with("there is no UDP port to be had on this machine: "),
        "{why}"
    );
}

#[tokio::test]
async fn a_listener_for_both_families_has_a_socket_for_both() {
    let both = "[::]:0".parse().unwrap();
    let (udp, work) = Udp::open(both, None, &Default::default());
    let Some(work) = work else {
        return; // a machine without IPv6
    };
    assert!(udp.reaches("192.0.2.1:1".parse().unwrap()));
    let answered = async {
        let tracker = tokio::net::UdpSocket::bind(HERE).await.unwrap();
        let addr = tracker.local_addr().unwrap();
        let task = tokio::task::spawn_local(work.run());
        let answers = async {
            answer_one(&tracker).await;
            answer_one(&tracker).await.1
        };
        let (reply, from) = tokio::join!(asked(&udp, addr), answers);
        assert_eq!(reply.unwrap().complete, Some(2));
        assert!(from.is_ipv4());
        drop(udp);
        task.await.unwrap();
    };
    LocalSet::new().run_until(answered).await;
}

#[tokio::test]
async fn others_have_their_turn_while_datagrams_pour_in() {
    let turns = with_socket(async |udp| {
        // As many datagrams wait as the system keeps, and for each that is read another one comes.
        let victim = match &*udp.0 {
            Inner::Open { addr, .. } => *addr,
            Inner::Closed(why) => panic!("{why}"),
        };
        let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let until = stop.clone();
        let flood = std::thread::spawn(move || {
            let socket = UdpSocket::bind(HERE).unwrap();
            while !until.load(std::sync::atomic::Ordering::Relaxed) {
                let _ = socket.send_to(&[0; 16], victim);
            }
        });
        // What takes a thousand turns comes to its end.
        let mut turns = 0;
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
            turns += 1;
        }
        let nobody = "127.0.0.1:9".parse().unwrap();
        let soon = Duration::from_millis(50);
        let asked = tokio::time::timeout(soon, asked(&udp, nobody));
        assert!(asked.await.is_err(), "timers ring");
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        flood.join().unwrap();
        turns
    });
    assert_eq!(turns.await, 1_000);
}
