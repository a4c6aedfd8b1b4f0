//! Private torrents (BEP 27): of one nobody is asked and nobody is told but its trackers, and nobody is called whom they
//! have not named.
//!
//! All that leads to other peers is at hand: a router of the DHT, a neighbour that announces the torrent to the local
//! network, and peers that tell of others by peer exchange and say where their nodes are. Every packet of the network is
//! seen, on every socket. A torrent that is not private takes each of these ways; else this shows nothing. Of a magnet
//! link it is not known whether the torrent is private before its metadata have come: from then on it holds.
#![cfg(target_os = "linux")]

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::path::PathBuf;
use std::sync::{OnceLock, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use kostorrent_tests::extended::{Manner, Peer, Tells};
use kostorrent_tests::eyes::{Eyes, Packet};
use kostorrent_tests::namespace::{self, address, alone};
use kostorrent_tests::payload::Payload;
use kostorrent_tests::process::Process;
use kostorrent_tests::tracker::{Answer, Tracker};
use kostorrent_tests::{kostorrent, temp, wait};
use pretty_assertions::assert_eq;
use tempfile::TempDir;

const GROUP: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(239, 192, 152, 143), 6771);

/// Somebody of the local network who announces a torrent twice a second, as long as this lives.
struct Neighbour {
    socket: SocketAddr,
    stop: mpsc::Sender<()>,
    announces: Option<JoinHandle<()>>,
}

impl Neighbour {
    /// One that has a torrent, and takes calls there.
    fn of(info_hash: [u8; 20], takes_calls: SocketAddr) -> Neighbour {
        let SocketAddr::V4(at) = takes_calls else {
            panic!("{takes_calls} is not of IPv4");
        };
        let socket = UdpSocket::bind((*at.ip(), 0)).unwrap();
        socket2::SockRef::from(&socket)
            .set_multicast_if_v4(at.ip())
            .unwrap();
        let (stop, stopped) = mpsc::channel();
        let from = socket.local_addr().unwrap();
        let hash = hex::encode(info_hash);
        let words = format!(
            "BT-SEARCH * HTTP/1.1\r\nHost: {GROUP}\r\nPort: {}\r\nInfohash: {hash}\r\n\r\n\r\n",
            at.port()
        );
        let announces = thread::spawn(move || {
            let pause = Duration::from_millis(500);
            while stopped.recv_timeout(pause) == Err(mpsc::RecvTimeoutError::Timeout) {
                socket.send_to(words.as_bytes(), GROUP).unwrap();
            }
        });
        Neighbour {
            socket: from,
            stop,
            announces: Some(announces),
        }
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        let _ = self.stop.send(());
        let _ = self.announces.take().map(JoinHandle::join);
    }
}

/// Ways to peers that are taken while nothing is known, and after that.
struct Ways {
    /// Takes calls from whoever hears the announce.
    neighbour: Peer,
    announcer: OnceLock<Neighbour>,
    /// Of this one peers tell each other.
    told: Peer,
    /// A node of the DHT, of which peers say that it is theirs.
    node: UdpSocket,
}

impl Ways {
    fn announce(&self, info_hash: [u8; 20]) {
        let takes_calls = self.neighbour.address();
        self.announcer
            .get_or_init(|| Neighbour::of(info_hash, takes_calls));
    }
}

/// A torrent, the peers that its tracker names, and all the other ways.
struct Scene {
    eyes: Eyes,
    payload: Payload,
    info_hash: [u8; 20],
    torrent: PathBuf,
    link: String,
    tracker: Tracker,
    named: [Peer; 2],
    router: UdpSocket,
    ways: Ways,
    later: Ways,
    folder: TempDir,
}

/// Where the nodes are of which the peers that the tracker names speak.
const NAMED: [u8; 2] = [2, 3];

impl Scene {
    fn new(is_private: bool) -> Scene {
        // Whatever is sent, wherever it is to go, it does not get lost unseen.
        namespace::run("ip route add 224.0.0.0/4 dev lo");
        namespace::run("ip route add local default dev lo");
        let tracker = Tracker::naming(&[]);
        let payload = Payload::single("for few.bin", 2_000_000);
        let mut described = payload.torrent(65_536, &[&[&tracker.url()]]);
        described.private = is_private;
        let info_hash = described.info_hash();
        // Some seconds for everything, in which all can happen: two give, or six.
        let rate = Some(if is_private { 150_000 } else { 50_000 });
        let peer = |last: u8, manner: Manner| {
            let ip = address(last);
            let manner = Manner { ip, rate, ..manner };
            Peer::start(&described, payload.bytes(), manner)
        };
        let ways = |number: u8| {
            Ways {
                neighbour: peer(number, Manner::default()),
                announcer: OnceLock::new(),
                told: peer(number + 1, Manner::default()),
                // All who say where their nodes are are at the same address.
                node: UdpSocket::bind((address(NAMED[0]), 0)).unwrap(),
            }
        };
        let (first, later) = (ways(4), ways(6));
        first.announce(info_hash);
        let named = NAMED.map(|last| {
            let node = first.node.local_addr().unwrap().port();
            peer(
                last,
                Manner {
                    tells: Tells::Once(vec![first.told.address()]),
                    node: (last == NAMED[0]).then_some(node),
                    ..Manner::default()
                },
            )
        });
        tracker.answer(Answer::Peers(
            named.iter().map(Peer::address).collect(),
            1800,
        ));
        let folder = temp();
        let torrent = folder.path().join("the.torrent");
        described.write(&torrent);
        let url = tracker.url().replace(':', "%3A").replace('/', "%2F");
        let link = format!("magnet:?xt=urn:btih:{}&tr={url}", hex::encode(info_hash));
        Scene {
            payload,
            info_hash,
            torrent,
            link,
            tracker,
            named,
            router: UdpSocket::bind((address(8), 0)).unwrap(),
            ways: first,
            later,
            folder,
            eyes: Eyes::open(),
        }
    }

    /// Our download of it, in the network that it would take by itself.
    fn download(&self, what: &str) -> Process {
        let folder = self.folder.path();
        let mut command = kostorrent::command(["download", "--json", what, "--output"]);
        command.arg(folder.join("out"));
        let router = self.router.local_addr().unwrap().to_string();
        command.args(["--dht-router", &router]);
        command.env("XDG_STATE_HOME", folder.join("state"));
        command.env_remove("KOSTORRENT_LSD");
        Process::start("our download", &mut command)
    }

    fn by_file(&self) -> Process {
        self.download(&self.torrent.to_string_lossy())
    }

    /// The same by the link. What happens before it is known what the torrent consists of is forgotten; after that, the
    /// other peers and nodes come to be known.
    fn by_link(&self) -> Process {
        let mut download = self.download(&self.link);
        download.until_line("the metadata", |line| {
            line.contains("\"event\":\"start\"").then_some(())
        });
        self.eyes.forget();
        self.later.announce(self.info_hash);
        let node = self.later.node.local_addr().unwrap().port();
        for named in &self.named {
            named.tell(&[self.later.told.address()]);
            named.say_node(node);
        }
        download
    }

    fn is_announcers(&self, packet: &Packet) -> bool {
        let mut announcers = [&self.ways, &self.later]
            .into_iter()
            .filter_map(|ways| ways.announcer.get());
        announcers.any(|one| one.socket == packet.from)
    }

    /// Everything that was seen of our client but its calls to the tracker and to whom that names.
    fn strays(&self) -> Vec<Packet> {
        let tracker = self.tracker.url();
        let is_allowed = |packet: &Packet| {
            let names = self.named.iter().any(|peer| peer.address() == packet.to);
            let is_tracker = tracker.contains(&packet.to.to_string());
            (packet.is_call && (names || is_tracker)) || self.is_announcers(packet)
        };
        let mut seen = self.eyes.seen();
        seen.retain(|packet| !is_allowed(packet));
        seen
    }

    /// Those of them that have to do with the torrent: calls, and what its name is in.
    fn strays_of_it(&self) -> Vec<Packet> {
        let hash = hex::encode(self.info_hash);
        let tells = |packet: &Packet| {
            let lower = packet.payload.to_ascii_lowercase();
            let said = lower.windows(40).any(|text| text == hash.as_bytes());
            said || packet.holds(&self.info_hash)
        };
        let mut strays = self.strays();
        strays.retain(|packet| packet.is_call || tells(packet));
        strays
    }

    fn has_asked(&self, whom: &UdpSocket) -> bool {
        let whom = whom.local_addr().unwrap();
        let seen = self.strays();
        seen.iter().any(|one| !one.is_call && one.to == whom)
    }

    fn has_announced(&self) -> bool {
        let mut seen = self.strays_of_it().into_iter();
        seen.any(|one| one.to == SocketAddr::V4(GROUP))
    }

    /// Waits until our client has gone these ways, and has told others of its peers.
    fn expect_all(&self, ways: &Ways) {
        for (what, peer) in [("neighbour", &ways.neighbour), ("told", &ways.told)] {
            wait::until_true(&format!("a call to the {what} peer"), || {
                peer.seen().connections > 0
            });
        }
        wait::until_true("a question to the node", || self.has_asked(&ways.node));
        wait::until_true("peer exchange", || {
            self.named
                .iter()
                .any(|peer| !peer.seen().exchanged.is_empty())
        });
    }

    fn finish(&self, download: Process) {
        download.finish().expect_code(0);
        self.payload.assert_in(&self.folder.path().join("out"));
    }

    /// Whether the peers whom the tracker names were told of others, or of our node.
    fn were_told(&self) -> (usize, usize) {
        let seen = self.named.each_ref().map(Peer::seen);
        (
            seen.iter().map(|seen| seen.exchanged.len()).sum(),
            seen.iter().map(|seen| seen.nodes.len()).sum(),
        )
    }
}

#[test]
fn a_torrent_that_is_not_private_takes_every_way() {
    alone(|| {
        let scene = Scene::new(false);
        let download = scene.by_file();
        wait::until_true("the router to be asked", || scene.has_asked(&scene.router));
        wait::until_true("an announce to neighbours", || scene.has_announced());
        scene.expect_all(&scene.ways);
        let seen = scene.named[0].seen();
        assert!(String::from_utf8_lossy(&seen.extensions).contains("ut_pex"));
        assert!(scene.were_told().1 > 0, "where our node is");
        scene.finish(download);
    });
}

#[test]
fn a_private_torrent_knows_its_tracker_alone() {
    alone(|| {
        let scene = Scene::new(true);
        scene.finish(scene.by_file());
        assert_eq!(scene.strays(), []);
        assert_eq!(scene.were_told(), (0, 0));
        for named in &scene.named {
            let seen = named.seen();
            assert!(seen.connections > 0 && seen.told > 0, "{seen:?}");
            let names = String::from_utf8_lossy(&seen.extensions);
            assert!(!names.contains("ut_pex"), "{names}");
        }
    });
}

#[test]
fn a_link_to_a_torrent_that_is_not_private_takes_every_way() {
    alone(|| {
        let scene = Scene::new(false);
        let download = scene.by_link();
        scene.expect_all(&scene.later);
        scene.finish(download);
    });
}

#[test]
fn a_link_to_a_private_torrent_knows_its_tracker_alone_as_soon_as_that_shows() {
    alone(|| {
        let scene = Scene::new(true);
        let download = scene.by_link();
        let before = scene.were_told().0;
        scene.finish(download);
        assert_eq!(scene.strays_of_it(), []);
        assert!(!scene.has_asked(&scene.later.node));
        assert_eq!(scene.were_told().0, before, "whom we know");
        let later = [&scene.later.told, &scene.later.neighbour];
        assert!(later.iter().all(|peer| peer.seen().connections == 0));
        assert!(scene.named.iter().all(|peer| peer.seen().told > 1));
        // Whom it had found in another way is let go.
        for found in [&scene.ways.told, &scene.ways.neighbour] {
            let seen = found.seen();
            assert_eq!(seen.connections, seen.ended, "{seen:?}");
        }
    });
}
