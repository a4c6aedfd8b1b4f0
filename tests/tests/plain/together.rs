//! The plain client that joins all chapters: by link and by file, from the lab, from our own seeders and from real clients.

use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use kostorrent_tests::clients::{libtorrent, transmission};
use kostorrent_tests::extended::{Blocks, Manner, Metadata, Peer, Size, Tells};
use kostorrent_tests::payload::Payload;
use kostorrent_tests::process::{Finished, Process};
use kostorrent_tests::torrent::Torrent;
use kostorrent_tests::tracker::Tracker;
use kostorrent_tests::{kostorrent, ports, programs, temp};
use pretty_assertions::assert_eq;
use tempfile::TempDir;

use super::{holds, plain, python};

/// The client, not started yet; `None` where it cannot run: it needs `pwrite`.
fn client(source: &Path, folder: &Path) -> Option<Command> {
    if cfg!(windows) {
        return None;
    }
    let mut command = python()?;
    command.arg(plain().join("plain_client.py"));
    command.arg(source).arg(folder);
    Some(command)
}

fn run(command: &mut Command) -> Finished {
    Process::run("plain_client.py", command)
}

/// A torrent without a tracker, its files, and the link to it.
struct Scene {
    payload: Payload,
    described: Torrent,
    full: TempDir,
    torrent: PathBuf,
    link: PathBuf,
}

impl Scene {
    /// With several blocks of metadata.
    fn new(private: bool) -> Scene {
        let folder = "a folder with a long name ".repeat(8);
        let folder = folder.trim_end();
        let files = (0..140).map(|number| (format!("{folder}/number {number}"), 20 * number));
        let payload = Payload::multi("by the plain client", files);
        let mut described = payload.torrent(16_384, &[]);
        described.private = private;
        let full = temp();
        payload.write(full.path());
        let torrent = full.path().join("the.torrent");
        described.write(&torrent);
        let hash = hex::encode(described.info_hash());
        Scene {
            payload,
            described,
            full,
            torrent,
            link: format!("magnet:?xt=urn:btih:{hash}").into(),
        }
    }

    fn peer(&self, manner: Manner) -> Peer {
        Peer::start(&self.described, self.payload.bytes(), manner)
    }

    /// Downloads by the link alone from these peers.
    fn fetch_from(&self, peers: &[SocketAddr]) -> Option<Finished> {
        let to = temp();
        let mut command = client(&self.link, to.path())?;
        for peer in peers {
            command.args(["--peer", &peer.to_string()]);
        }
        let finished = run(&mut command);
        finished.expect_code(0);
        self.payload.assert_in(to.path());
        Some(finished)
    }
}

/// A lab; with its torrent file, its link, and a node of its DHT.
fn lab(folder: &Path) -> (Process, PathBuf, String, String) {
    let mut command = kostorrent::lab(folder);
    command.args(["--port", "0", "--fast", "--trouble"]);
    let mut lab = Process::start("kostorrent lab", &mut command);
    let torrent = lab.until_line("READY", |line| {
        let (_, torrent) = line.strip_prefix("READY ")?.split_once(' ')?;
        Some(PathBuf::from(torrent))
    });
    let said = lab.stdout();
    let word = |name: &str| {
        let line = said.lines().find_map(|line| line.trim().strip_prefix(name));
        let word = line.and_then(|line| line.trim().split([',', ' ']).next());
        word.expect("what the lab says of itself").to_owned()
    };
    (lab, torrent, word("magnet "), word("DHT "))
}

#[test]
fn it_downloads_from_the_lab_among_trouble_makers_by_file_by_link_and_by_the_dht_alone() {
    let folder = temp();
    let (_lab, torrent, link, node) = lab(folder.path());
    let (bare, _) = link.split_once('&').expect("a name and a tracker");
    let udp = link.replace("tr=http", "tr=udp");
    let sample = programs::root().join("kostorrent/sample/kostorrent-sample");
    for (name, source, router) in [
        ("file", torrent.as_path(), None),
        ("link", Path::new(&link), None),
        ("udp", Path::new(&udp), None),
        ("dht", Path::new(bare), Some(&node)),
    ] {
        let to = folder.path().join(name);
        let Some(mut command) = client(source, &to) else {
            return;
        };
        command.args(router.iter().flat_map(|node| ["--router", node]));
        let finished = run(&mut command);
        finished.expect_code(0);
        assert!(
            super::clients::tree(&to.join("kostorrent-sample")) == super::clients::tree(&sample),
            "{name}"
        );
        assert_eq!(finished.stderr, "", "{name}");
    }
}

#[test]
fn who_requires_encryption_gives_it_metadata_and_pieces_and_is_given_them() {
    let scene = Scene::new(false);
    let options = ["--encryption", "require"];
    let (_seeder, address) = kostorrent::seed_with(&scene.torrent, scene.full.path(), &options);
    let Some(finished) = scene.fetch_from(&[address]) else {
        return;
    };
    assert!(
        finished.stdout.contains("is here, encrypted\n"),
        "{}",
        finished.stdout
    );

    // And the other way: it is called.
    let (to, port) = (temp(), ports::free().to_string());
    let mut command = client(&scene.torrent, scene.full.path()).expect("it was there");
    command.args(["--port", &port, "--stay", "300"]);
    let mut giver = Process::start("plain_client.py", &mut command);
    giver.until_line("all of it", |line| {
        line.contains("are verified").then_some(())
    });
    for (how, link) in [("require", true), ("off", false)] {
        let source = if link { &scene.link } else { &scene.torrent };
        let folder = to.path().join(how);
        let mut command = kostorrent::download(source, &folder);
        command.args(["--encryption", how, "--peer", &format!("127.0.0.1:{port}")]);
        Process::run("kostorrent download", &mut command).expect_code(0);
        scene.payload.assert_in(&folder);
    }
    giver.interrupt();
    let finished = giver.finish();
    finished.expect_code(1);
    assert_eq!(finished.stderr.trim(), "stopped");
}

#[test]
fn who_lies_about_the_metadata_or_rejects_everything_costs_it_nothing_but_time() {
    let scene = Scene::new(false);
    let honest = scene.peer(Manner::default());
    let rejecting = Manner {
        blocks: Blocks::Rejected,
        ..Manner::default()
    };
    let saying = |metadata_size, metadata| Manner {
        metadata_size,
        metadata,
        ..rejecting.clone()
    };
    let bad: Vec<Peer> = [
        saying(Size::True, Metadata::Rubbish),
        saying(Size::True, Metadata::Rejected),
        saying(Size::True, Metadata::Silence),
        saying(Size::Said(5), Metadata::Right),
        saying(Size::Said(-1), Metadata::Right),
        saying(Size::Said(1 << 40), Metadata::Right),
        saying(Size::Unsaid, Metadata::Right),
    ]
    .into_iter()
    .map(|manner| scene.peer(manner))
    .collect();
    let mut peers: Vec<SocketAddr> = bad.iter().map(Peer::address).collect();
    peers.push(honest.address());
    let Some(finished) = scene.fetch_from(&peers) else {
        return;
    };
    let lies = "it sends metadata of something else";
    assert!(finished.stdout.contains(lies), "{}", finished.stdout);
    assert!(honest.seen().requests > 0);
    assert!(
        bad[..3]
            .iter()
            .all(|peer| peer.seen().metadata_requests > 0)
    );
    assert_eq!(bad[5].seen().metadata_requests, 0); // nobody has metadata of a terabyte
}

#[test]
fn it_tells_its_peers_of_each_other_and_finds_who_was_told_of() {
    let scene = Scene::new(false);
    let giver = scene.peer(Manner::default());
    let teller = scene.peer(Manner {
        blocks: Blocks::Rejected,
        metadata: Metadata::Rejected,
        tells: Tells::Once(vec![giver.address()]),
        ..Manner::default()
    });
    if scene.fetch_from(&[teller.address()]).is_none() {
        return;
    }
    assert!(giver.seen().requests > 0);
    let SocketAddr::V4(address) = giver.address() else {
        panic!("an IPv6 address");
    };
    let six = [&address.ip().octets()[..], &address.port().to_be_bytes()].concat();
    let told = teller.seen().exchanged;
    assert!(
        told.iter().any(|news| news.windows(6).any(|at| at == six)),
        "{told:?}"
    );
}

#[test]
fn a_private_torrent_is_its_trackers() {
    let scene = Scene::new(true);
    let stranger = scene.peer(Manner::default());
    let line = UdpSocket::bind("127.0.0.1:0").unwrap();
    let node = line.local_addr().unwrap();
    let peer = scene.peer(Manner {
        tells: Tells::Once(vec![stranger.address()]),
        node: Some(node.port()),
        ..Manner::default()
    });
    let to = temp();
    let Some(mut command) = client(&scene.torrent, to.path()) else {
        return;
    };
    command.args(["--peer", &peer.address().to_string()]);
    command.args(["--router", &node.to_string()]);
    run(&mut command).expect_code(0);
    scene.payload.assert_in(to.path());
    let seen = peer.seen();
    assert_eq!(seen.extensions, b"de"); // neither metadata nor news
    assert_eq!((seen.nodes, stranger.seen().connections), (vec![], 0));
    line.set_nonblocking(true).unwrap();
    assert!(line.recv_from(&mut [0; 2_000]).is_err());
}

#[test]
fn a_private_torrent_by_link_keeps_no_peer_that_another_has_told_of() {
    holds(
        "\
info = {b'length': 1, b'name': b'a', b'piece length': 16384, b'pieces': bytes(20), b'private': 1}
import tempfile
raw = encode(info)
table = make_client_table(tempfile.mkdtemp(), hashlib.sha1(raw).digest(), 6881, None)
named = [('127.0.0.1', port) for port in range(1, 4)]
for source, address in zip(['a tracker', 'the DHT', 'peer exchange'], named):
    hear_of(table, source, [address])
class Deaf:
    def close(self):
        pass
theirs = bytes(25) + bytes([0x10, 0, 4]) + bytes(40)
table['peers'] = [make_stranger(Deaf(), theirs, bytes([n] * 20), at, True) for n, at in enumerate(named)]
assert b'ut_pex' in about_us(table)[b'm']
table['metadata'] = raw
learn_the_torrent(table)
for_each(table, list(table['peers']), catch_up)
assert [peer['address'] for peer in table['peers']] == named[:1]
assert about_us(table)[b'm'] == {b'ut_metadata': 0, b'ut_pex': 0} and b'metadata_size' not in about_us(table)
hear_of(table, 'the DHT', [('127.0.0.1', 9)])
assert ('127.0.0.1', 9) not in table['known']
import shutil; shutil.rmtree(table['folder'])
",
    );
}

#[test]
fn what_a_peer_says_of_its_pieces_before_there_are_metadata_is_kept_and_judged_later() {
    holds(
        "\
import tempfile
info = {b'length': 9 * 16384, b'name': b'a', b'piece length': 16384, b'pieces': bytes(180)}
def peer_that_says(*messages):
    raw = encode(info)
    table = make_client_table(tempfile.mkdtemp(), hashlib.sha1(raw).digest(), 6881, None)
    peer = make_stranger(None, bytes(27) + bytes([4]) + bytes(40), bytes(20), ('127.0.0.1', 1), True)
    table['peers'].append(peer)
    for number, payload in messages:
        do_what_it_says(table, peer, number, payload)
    assert peer['has'] == set()
    table['metadata'] = raw
    learn_the_torrent(table)
    try:
        catch_up(table, peer)
        return peer['has']
    finally:
        import shutil; shutil.rmtree(table['folder'])
piece = lambda number: number.to_bytes(4, 'big')
assert peer_that_says((BITFIELD, bytes([0x80, 0x80])), (HAVE, piece(3))) == {0, 3, 8}
assert peer_that_says((HAVE_ALL, b'')) == set(range(9))
assert peer_that_says((HAVE_NONE, b''), (HAVE, piece(8))) == {8}
assert peer_that_says((BITFIELD, bytes([0x80, 0xff]))) == {0, 8}  # spare bits count for nothing
for message in [(BITFIELD, bytes(3)), (HAVE, piece(9)), (HAVE, b'x'), (ALLOWED_FAST, piece(99))]:
    assert refused(peer_that_says, message) == 'ValueError', message
flood = [(HAVE, piece(1))] * 100000
table = make_client_table('x', bytes(20), 1, None)
peer = make_stranger(None, bytes(68), bytes(20), ('127.0.0.1', 1), True)
for number, payload in flood + [(BITFIELD, bytes(2 ** 20))] * 9:
    do_what_it_says(table, peer, number, payload)
assert sum(len(payload) for _, payload in peer['early']) < 2 ** 21
",
    );
}

#[test]
fn strangers_bytes_come_to_no_more_than_a_parting() {
    holds(
        "\
table = make_client_table('x', bytes(20), 1, None)
class Wire:
    def __init__(self, data):
        self.data = data
    def recv(self, most):
        return self.data
    def close(self):
        self.data = None
extended = lambda number, body: make_message(EXTENDED, bytes([number]) + body)
for data in [b'', b'\\xff\\xff\\xff\\xff\\x00', extended(0, b'l' * 9000), extended(0, b'i1e'), extended(0, b'x'), extended(1, b'le'),
             extended(2, b'd5:addedi1ee'), extended(2, b'd5:addedl1:xee'), extended(2, b'')]:
    peer = make_stranger(Wire(data), bytes(68), bytes(20), ('127.0.0.1', 1), True)
    table['peers'] = [peer]
    for_each(table, [peer], hear_peer)
    assert table['peers'] == [] and peer['connection'].data is None, data[:40]
for data in [b'', b'de', b'd1:ti1e1:y1:qe', b'd1:q4:ping1:t1:x1:y1:qe', b'd1:ade1:q9:get_peers1:t1:x1:y1:qe', b'l' * 9000]:
    ours, theirs = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    ours.bind(('127.0.0.1', 0))
    theirs.sendto(data, ours.getsockname())
    hear_datagrams(ours, {'known': {}, 'peers': {}}, {}, 0.05)
for answer in [{}, {b'id': 1}, {b'id': bytes(19)}, {b'id': bytes(20), b'nodes': 5}, {b'id': [1] * 20}, {b'id': bytes(20), b'values': [[]]}, {b'id': bytes(20), b'values': 7}]:
    assert read_answer(answer) == (None, [], []), answer
node = bytes(20) + bytes([127, 0, 0, 1, 0, 9])
assert read_answer({b'id': bytes(20), b'nodes': node, b'values': [node[20:], b'short']}) == (bytes(20), [(bytes(20), ('127.0.0.1', 9))], [('127.0.0.1', 9)])
hear_of(table, 'a tracker', [('::1', 5), ('x', 5), (b'x', 5), (5, 5), ('127.0.0.1', 0), ('127.0.0.1', 65536), ('127.0.0.1', '5'), ('127.0.0.2', 5)])
assert list(table['known']) == [('127.0.0.2', 5)]
hear_of(table, 'peer exchange', [('127.0.0.1', port) for port in range(1, 999)])
assert len(table['known']) == 201
",
    );
}

#[test]
fn what_cannot_be_used_is_said_in_words() {
    let folder = temp();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let other = Payload::single("a.bin", 40_000);
    let torrent = other.torrent(16_384, &[]);
    file("a.bin", &[7; 40_000]);
    let there = folder.path();
    for (source, words) in [
        (PathBuf::from("nowhere.torrent"), "No such file"),
        (file("empty", b""), "error: "),
        (file("list", b"le"), "a torrent is a dictionary"),
        (file("deep", &[b'l'; 50_000]), "error: "),
        (file("number", b"d4:infoi5ee"), "this is no torrent"),
        (file("bare", b"d4:infodee"), "this is no torrent"),
        (file("cut", &torrent.encode()[..100]), "error: "),
        (file("full", &torrent.encode()), "move it away"),
        ("magnet:?dn=x".into(), "names no torrent"),
        ("magnet:?xt=urn:btih:zz".into(), "error: "),
    ] {
        let Some(mut command) = client(&source, there) else {
            return;
        };
        let finished = run(&mut command);
        finished.expect_code(1);
        let said = &finished.stderr;
        assert!(
            said.starts_with("error: ") && said.contains(words),
            "{source:?}: {said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    for options in [
        &["--wings", "2"][..],
        &["--port"],
        &["more"],
        &["--peer", "nobody"],
    ] {
        let mut command = client(Path::new("magnet:?"), there).expect("it was there");
        let finished = run(command.args(options));
        finished.expect_code(1);
        assert!(
            finished.stderr.starts_with("error: "),
            "{}",
            finished.stderr
        );
    }
}

#[test]
fn real_clients_give_it_metadata_and_pieces() {
    let scene = Scene::new(false);
    let tracker = Tracker::naming(&[]);
    let mut described = scene.described.clone();
    described.trackers = vec![vec![tracker.url()]];
    let torrent = scene.full.path().join("with a tracker.torrent");
    described.write(&torrent);
    if let Some(python) = libtorrent::available() {
        let seeder = libtorrent::seed(&python, &torrent, scene.full.path());
        scene.fetch_from(&[seeder.address]);
        let seeder = libtorrent::seed_encrypted(&python, &torrent, scene.full.path());
        if let Some(finished) = scene.fetch_from(&[seeder.address]) {
            assert!(finished.stdout.contains("encrypted"), "{}", finished.stdout);
        }
    }
    if let Some(()) = transmission::available() {
        let seeder = transmission::start(&torrent, scene.full.path());
        // A call before it knows the torrent is hung up on.
        tracker.until_event("started");
        scene.fetch_from(&[seeder.address]);
    }
}

#[test]
fn two_of_it_complete_each_other_by_link() {
    let scene = Scene::new(false);
    let bytes: Arc<[u8]> = scene.payload.bytes();
    assert!(bytes.len() > 10 * 16_384);
    let tracker = Tracker::naming(&[]);
    let link = format!("{}&tr={}", scene.link.display(), tracker.url());
    let to = temp();
    let (giver_port, port) = (ports::free().to_string(), ports::free().to_string());
    // One has everything, and is called; the other stays, and gives it to a third.
    let mut chain = Vec::new();
    for (source, folder, listens, calls) in [
        (
            scene.torrent.clone(),
            scene.full.path().to_owned(),
            &giver_port,
            None,
        ),
        (
            link.clone().into(),
            to.path().join("second"),
            &port,
            Some(&giver_port),
        ),
    ] {
        let Some(mut command) = client(&source, &folder) else {
            return;
        };
        command.args(["--port", listens, "--stay", "300"]);
        if let Some(calls) = calls {
            command.args(["--peer", &format!("127.0.0.1:{calls}")]);
        }
        let mut process = Process::start("plain_client.py", &mut command);
        process.until_line("all of it", |line| {
            line.contains("are verified").then_some(())
        });
        chain.push(process);
    }
    let announce = tracker.until_event("started");
    assert_eq!(announce.port.to_string(), port);
    assert!(announce.left > 0);
    assert_eq!(tracker.until_event("completed").left, 0);
    let address = format!("127.0.0.1:{port}").parse().unwrap();
    scene.fetch_from(&[address]);
    let second = chain.pop().expect("the second");
    second.interrupt();
    second.finish().expect_code(1);
    tracker.until_event("stopped");
}
