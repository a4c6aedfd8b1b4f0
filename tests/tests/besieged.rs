//! Peers, nodes and callers that mean no good by the extensions of the protocol, many at a time, with one who is honest
//! beside them: the download is complete, and our client has never more than 100 MiB of memory.
//!
//! Of metadata: whoever says that they have 64 MiB, 4 GiB, nothing or less than nothing, sends rubbish, rejects or says
//! nothing. Of peers: floods of peer exchange. Of blocks: whoever has everything and rejects every request. Of the DHT:
//! nodes that lie, and flood. Of encryption: callers who never end their exchange of keys, and peers who never end theirs.
//! (Trackers that are forged and flood are in `udp.rs`, liars about blocks in `hostile.rs`.)

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use kostorrent_tests::bencode::{self, Value};
use kostorrent_tests::extended::{Blocks, Manner, Metadata, Peer, Size, Tells};
use kostorrent_tests::payload::Payload;
use kostorrent_tests::peer::{Manner as Base, Seeder};
use kostorrent_tests::process::{Process, assert_memory};
use kostorrent_tests::tracker::{Answer, Tracker};
use kostorrent_tests::{json, kostorrent, temp, wait};
use pretty_assertions::assert_eq;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// The memory that our client may have, in bytes.
const MEMORY: u64 = 100 << 20;

/// It ends well, and has had no more memory than it may.
#[track_caller]
fn finish(client: Process) -> String {
    let finished = client.finish_bounded(MEMORY);
    finished.expect_code(0);
    finished.stdout
}

/// An address of loopback that is nobody else's.
fn own(number: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 1, u8::try_from(number + 1).expect("a few peers"))
}

#[test]
fn who_lies_about_the_metadata_keeps_nobody_from_having_them() {
    let files = (0..900).map(|number| (format!("some folder/number {number}"), 1 + number * 7));
    let (payload, full) = (Payload::multi("liars", files), temp());
    payload.write(full.path());
    let tracker = Tracker::start(Answer::Peers(Vec::new(), 1));
    let described = payload.torrent(16_384, &[&[&tracker.url()]]);
    let sizes = [64 << 20, 4 << 30, i64::MAX, -1, i64::MIN, 0].map(Size::Said);
    let answers = [
        Metadata::Rubbish,
        Metadata::Rejected,
        Metadata::Silence,
        Metadata::Right,
    ];
    let all = sizes.iter().chain(&[Size::True, Size::Unsaid]);
    let all = all.flat_map(|&size| answers.map(|answer| (size, answer)));
    // The ones that would be honest are left out, and give no block.
    let is_honest = |(size, answer): &(Size, Metadata)| {
        matches!(size, Size::True | Size::Unsaid) && *answer == Metadata::Right
    };
    let liars = all.filter(|one| !is_honest(one)).enumerate();
    let liars = liars.map(|(number, (metadata_size, metadata))| {
        let manner = Manner {
            ip: own(number),
            metadata_size,
            metadata,
            blocks: Blocks::Rejected,
            ..Manner::default()
        };
        Peer::start(&described, payload.bytes(), manner)
    });
    let liars: Vec<Peer> = liars.collect();
    let mut all: Vec<SocketAddr> = liars.iter().map(Peer::address).collect();
    tracker.answer(Answer::Peers(all.clone(), 1));

    let (torrent, folder) = (full.path().join("the.torrent"), temp());
    described.write(&torrent);
    let url = tracker.url().replace(':', "%3A").replace('/', "%2F");
    let hash = hex::encode(described.info_hash());
    let link = format!("magnet:?xt=urn:btih:{hash}&tr={url}");
    let client = kostorrent::start_download(Path::new(&link), folder.path());
    wait::until_true("a call to every liar", || {
        liars.iter().all(|liar| liar.seen().connections > 0)
    });
    wait::until_true("a liar to be asked", || {
        liars.iter().any(|liar| liar.seen().metadata_requests > 0)
    });
    // The honest one comes last.
    let (_seeder, honest) = kostorrent::start_seed(&torrent, full.path());
    all.push(honest);
    tracker.answer(Answer::Peers(all, 1));
    let said = finish(client);
    payload.assert_in(folder.path());
    let events = json::events(&said);
    assert!(events.contains(&"metadata_liar".to_owned()), "{events:?}");
}

/// A torrent, an honest and slow seeder of it, others, and a tracker that names all of them.
struct Swarm {
    payload: Payload,
    others: Vec<Peer>,
    torrent: PathBuf,
    folder: tempfile::TempDir,
    _seeder: Seeder,
    _tracker: Tracker,
}

impl Swarm {
    fn with(manners: Vec<Manner>) -> Swarm {
        let payload = Payload::single("besieged.bin", 3_000_000);
        let described = payload.torrent(65_536, &[]);
        let slow = Base {
            rate: Some(600_000),
            ..Base::default()
        };
        let seeder = Seeder::start(&described, payload.bytes(), slow);
        let others = manners.into_iter().enumerate().map(|(number, manner)| {
            let ip = own(number);
            Peer::start(&described, payload.bytes(), Manner { ip, ..manner })
        });
        let others: Vec<Peer> = others.collect();
        let named = others.iter().map(Peer::address).chain([seeder.address()]);
        let tracker = Tracker::naming(&named.collect::<Vec<_>>());
        let folder = temp();
        let torrent = folder.path().join("the.torrent");
        payload
            .torrent(65_536, &[&[&tracker.url()]])
            .write(&torrent);
        Swarm {
            payload,
            others,
            torrent,
            folder,
            _seeder: seeder,
            _tracker: tracker,
        }
    }

    fn download(&self) {
        let client = kostorrent::start_download(&self.torrent, self.folder.path());
        finish(client);
        self.payload.assert_in(self.folder.path());
    }
}

#[test]
fn floods_of_peer_exchange_crowd_out_nobody() {
    // Where nobody is, and where nobody can be: all of loopback.
    let nobody = |number: u32| {
        let [_, a, b, c] = number.to_be_bytes();
        SocketAddr::from(([127, 1 + a, b, c], 1 + (number % 5) as u16))
    };
    let nowhere = [
        "0.0.0.0:0",
        "255.255.255.255:1",
        "239.1.1.1:1",
        "127.0.0.1:0",
    ];
    let nowhere = nowhere.map(|text| text.parse().unwrap());
    let floods = |count: u32| {
        let contacts = nowhere.into_iter().chain((0..count).map(nobody));
        Manner {
            tells: Tells::Flood(contacts.collect()),
            blocks: Blocks::Rejected,
            ..Manner::default()
        }
    };
    let swarm = Swarm::with(vec![floods(40), floods(150), floods(2_000), floods(40_000)]);
    swarm.download();
    for flooder in &swarm.others {
        let seen = flooder.seen();
        assert!(seen.connections > 0 && seen.ended > 0, "{seen:?}");
    }
}

#[test]
fn who_rejects_every_request_is_let_go() {
    let rejects = Manner {
        blocks: Blocks::Rejected,
        ..Manner::default()
    };
    let swarm = Swarm::with(vec![rejects; 6]);
    swarm.download();
    for other in &swarm.others {
        let seen = other.seen();
        assert!(seen.requests > 0 && seen.ended > 0, "{seen:?}");
        // It is not asked for everything again and again.
        assert!(seen.requests < 400, "{seen:?}");
    }
}

/// A node of the DHT that knows everything better, and never stops to talk.
struct Liar {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
}

impl Liar {
    fn start(seed: u64) -> Liar {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (address, asked) = (socket.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&asked);
        thread::spawn(move || {
            let (mut rng, mut buffer) = (ChaCha8Rng::seed_from_u64(seed), [0; 2_048]);
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let question = &buffer[..length];
                let Some(answer) = answer(question, &mut rng) else {
                    continue;
                };
                if count.fetch_add(1, Ordering::Relaxed) == 0 {
                    thread::spawn(move || flood(from, seed));
                }
                for _ in 0..3 {
                    let _ = socket.send_to(&answer, from);
                }
            }
        });
        Liar { address, asked }
    }
}

/// Nodes that are closer than anybody, and peers, all of them where nobody is.
fn answer(question: &[u8], rng: &mut ChaCha8Rng) -> Option<Vec<u8>> {
    let number = bencode::entry(question, "t")?;
    let asks = &question[bencode::entry(question, "a")?];
    let target = bencode::entry(asks, "info_hash").or(bencode::entry(asks, "target"));
    let near = target.map_or([7; 20].to_vec(), |at| asks[at][3..].to_vec());
    let mut contact = || [127, rng.random(), rng.random(), rng.random(), 0, 1];
    let nodes = (0..60).flat_map(|number| {
        let mut id = near.clone();
        id[19] ^= number;
        [id, contact().to_vec()].concat()
    });
    let nodes: Vec<u8> = nodes.collect();
    let peers = (0..60).map(|_| Value::Bytes(contact().to_vec()));
    let peers = peers.collect();
    let mut id = near;
    id[18] ^= 1;
    let response = Value::dict([
        ("id", Value::Bytes(id)),
        ("nodes", Value::Bytes(nodes)),
        ("token", "token".into()),
        ("values", Value::List(peers)),
    ]);
    let head = [&b"d1:r"[..], &response.encode(), b"1:t"].concat();
    Some([&head, &question[number], &b"1:y1:re"[..]].concat())
}

/// Questions, answers that nobody has asked for, and rubbish, from many addresses.
fn flood(victim: SocketAddr, seed: u64) {
    let sockets = (0..20).map(|number| UdpSocket::bind((own(number), 0)).unwrap());
    let sockets: Vec<UdpSocket> = sockets.collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed + 1);
    for round in 0..200_000u32 {
        let id: [u8; 20] = rng.random();
        let datagram = match round % 4 {
            0 => [
                b"d1:ad2:id20:",
                &id[..],
                b"6:target20:",
                &id,
                b"e1:q9:find_node1:t2:aa1:y1:qe",
            ]
            .concat(),
            1 => [
                b"d1:ad2:id20:",
                &id[..],
                b"9:info_hash20:",
                &id,
                b"e1:q9:get_peers1:t2:ab1:y1:qe",
            ]
            .concat(),
            2 => [b"d1:rd2:id20:", &id[..], b"e1:t2:ac1:y1:re"].concat(),
            _ => id.repeat(60),
        };
        let _ = sockets[round as usize % sockets.len()].send_to(&datagram, victim);
        if round % 100 == 0 {
            // Some ten thousand a second from each liar: the machine is not its alone.
            thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn nodes_that_lie_and_flood_hide_nobody() {
    let (folder, to) = (temp(), temp());
    let mut command = kostorrent::lab(folder.path());
    command.args(["--port", "0", "--fast", "--seeders", "1"]);
    let mut lab = Process::start("kostorrent lab", &mut command);
    let first = lab.until_line("the lab's DHT", |line| {
        let addr = line.trim_start().strip_prefix("DHT ")?;
        Some(addr.trim_start().split(',').next()?.to_owned())
    });
    let link = lab.until_line("the lab's link", |line| {
        let link = line.trim_start().strip_prefix("magnet ")?;
        Some(link.trim_start().to_owned())
    });
    // Without its tracker.
    let bare = link.split('&').next().unwrap();
    let liars = [1, 2].map(Liar::start);
    let mut command = kostorrent::command(["download", "--json", bare, "--output"]);
    command.arg(to.path()).args(["--dht-router", &first]);
    for liar in &liars {
        command.args(["--dht-router", &liar.address.to_string()]);
    }
    command.env("XDG_STATE_HOME", to.path().join("state"));
    finish(Process::start("our download", &mut command));
    assert!(to.path().join("kostorrent-sample/README.txt").exists());
    for liar in liars {
        assert!(
            liar.asked.load(Ordering::Relaxed) > 0,
            "a liar was not asked"
        );
    }
}

/// Bytes that mean nothing.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..length).map(|_| rng.random()).collect()
}

#[test]
fn callers_who_never_end_their_exchange_of_keys_are_sent_away() {
    let (payload, full, folder) = (Payload::single("door.bin", 1_000_000), temp(), temp());
    payload.write(full.path());
    let torrent = full.path().join("the.torrent");
    payload.torrent(65_536, &[]).write(&torrent);
    let require = ["--encryption", "require"];
    let (seeder, address) = kostorrent::seed_with(&torrent, full.path(), &require);
    wait::until_true("the seeder's port", || TcpStream::connect(address).is_ok());
    // A key, and then nothing, or a byte now and then, or as many as it likes.
    let keys = (0..300).filter_map(|number| {
        let mut stream = TcpStream::connect(address).ok()?;
        stream
            .write_all(&noise(number, 96 + number as usize))
            .ok()?;
        Some(stream)
    });
    let open: Vec<TcpStream> = keys.collect();
    assert!(open.len() > 100, "{} were let in at all", open.len());
    let endless = (0..20).map(|number| {
        thread::spawn(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            let mut sent = 0;
            // It is cut off in the end.
            while stream.write_all(&noise(number, 4_096)).is_ok() {
                sent += 4_096;
            }
            sent
        })
    });
    let endless: Vec<_> = endless.collect();
    let mut command = kostorrent::download(&torrent, folder.path());
    command.args(["--peer", &address.to_string()]).args(require);
    finish(Process::start("our download", &mut command));
    payload.assert_in(folder.path());
    for caller in endless {
        // What the system takes in before anybody reads it is no more than a few buffers.
        let sent = caller.join().unwrap();
        assert!(sent < 32 << 20, "{sent} bytes were taken");
    }
    assert_memory(seeder.peak_memory(), MEMORY);
    drop(open);
}

#[test]
fn peers_who_never_end_their_exchange_of_keys_are_given_up() {
    let (payload, full, folder) = (Payload::single("endless.bin", 1_000_000), temp(), temp());
    payload.write(full.path());
    let torrent = full.path().join("the.torrent");
    payload.torrent(65_536, &[]).write(&torrent);
    let calls = Arc::new(AtomicUsize::new(0));
    let endless = [(); 4].map(|()| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, calls) = (listener.local_addr().unwrap(), Arc::clone(&calls));
        thread::spawn(move || {
            for (number, stream) in (0..).zip(listener.incoming().flatten()) {
                calls.fetch_add(1, Ordering::Relaxed);
                thread::spawn(move || {
                    let mut stream = stream;
                    // A key, and then a pad without end.
                    let _ = stream.read(&mut [0; 1_024]);
                    while stream.write_all(&noise(number, 4_096)).is_ok() {}
                });
            }
        });
        address
    });
    let mut command = kostorrent::download(&torrent, folder.path());
    command.args(["--encryption", "require"]);
    for peer in endless {
        command.args(["--peer", &peer.to_string()]);
    }
    let honest = SocketAddr::from(([127, 0, 0, 1], kostorrent_tests::ports::free()));
    let client = Process::start(
        "our download",
        command.args(["--peer", &honest.to_string()]),
    );
    wait::until_true("a call to each of them", || {
        calls.load(Ordering::Relaxed) >= 4
    });
    let mut command = kostorrent::command(["seed", "--no-dht", "--json"]);
    command.arg(&torrent).arg("--data").arg(full.path());
    command.args(["--encryption", "require"]);
    let port = honest.port().to_string();
    let _seeder = Process::start("our seeder", command.args(["--port", &port]));
    finish(client);
    payload.assert_in(folder.path());
    assert_eq!(endless.len(), 4);
}
