//! The program of chapter 18, run as a reader runs it, with peers and a tracker on loopback.
#![cfg(feature = "program")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use handshake::{Handshake, Reserved};
use magnet::Magnet;
use magnet::blocking::{Manner, introduce, serve};
use magnet::limits::BLOCK;
use metainfo::{InfoHash, Metainfo};
use pretty_assertions::assert_eq;
use tempfile::{TempDir, tempdir};
use tracker::AnnounceEvent;
use udp_tracker::{Announce, Announced, Lookup, Scraped, Server};

/// A torrent whose metadata have three blocks, and a folder.
struct World {
    folder: TempDir,
    info: Arc<[u8]>,
}

impl World {
    fn new() -> World {
        let mut files = String::new();
        for number in 0..900 {
            files += &format!("d6:lengthi1e4:pathl14:file-{number:05}.txtee");
        }
        let info = format!(
            "d5:filesl{files}e4:name4:many12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae"
        );
        assert_eq!(info.len().div_ceil(BLOCK), 3);
        World {
            folder: tempdir().unwrap(),
            info: info.into_bytes().into(),
        }
    }

    fn info_hash(&self) -> InfoHash {
        InfoHash::of(&self.info)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The link, with something more behind it.
    fn link(&self, more: &str) -> String {
        format!("magnet:?xt=urn:btih:{}{more}", self.info_hash())
    }

    /// A peer that answers in its manner, to whoever calls.
    fn peer(&self, manner: Manner) -> SocketAddr {
        let info = self.info.clone();
        let ours = introduce(self.info_hash());
        peer(move |stream| drop(serve(stream, &ours, &info, manner)))
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = program();
        command.current_dir(self.folder.path()).args(arguments);
        command.output().unwrap()
    }

    /// That this is a torrent file with our metadata.
    fn check(&self, path: &Path) -> Metainfo {
        let torrent = Metainfo::parse(&fs::read(path).unwrap()).unwrap();
        assert_eq!(torrent.info_hash_v1, Some(self.info_hash()));
        torrent
    }
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_step18-magnet"))
}

/// Somebody on this machine who takes calls.
fn peer(answer: impl Fn(std::net::TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap());
        }
    });
    addr
}

/// An address of this machine at which nobody listens.
fn nobody() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What it shows when all goes well.
fn shown(output: &Output) -> String {
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.success(), "{}", text(&output.stdout));
    text(&output.stdout)
}

/// The one line on standard error, behind `error: `.
fn complained(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    let error = text(&output.stderr);
    assert_eq!(error.lines().count(), 1, "{error}");
    error.strip_prefix("error: ").unwrap().trim_end().to_owned()
}

#[test]
fn a_torrent_comes_by_its_link_from_one_peer_byte_by_byte() {
    let world = World::new();
    let peer = world.peer(Manner::Honest);
    let link = world.link(&format!("&dn=a+name&x.pe={peer}&so=0,2-3&tr=%00"));
    let shown = shown(&world.run(&[&link, "-o", "new.torrent"]));
    for part in [
        &format!(
            "info-hash  {}\nname       a name\npeer       {peer}\nfiles      0,2-3\n",
            world.info_hash()
        ),
        "left out   at byte ",
        "     0  00 00 00 30                     length: 48\n     4  14                              20: extended\n",
        "0: the extension handshake\n",
        "         ut_metadata: 1\n",
        "         ut_metadata: 3\n",
        "     metadata_size: ",
        "3: its number for ut_metadata\n",
        "     msg_type: 0\n",
        "     piece: 0\n",
        "1: our number for ut_metadata\n",
        "     msg_type: 1\n",
        "        and then the block: 16384 bytes\n",
        ": block 2 of 3, ",
        &format!(
            "The SHA-1 of all {} bytes is the info-hash.\n",
            world.info.len()
        ),
        "new.torrent: 900 files, 900 bytes, 1 pieces\n",
        "  wanted: file 2, many/file-00002.txt\n",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert_eq!(
        world.check(&world.path("new.torrent")).announce,
        [[""; 0]; 0]
    );
}

#[test]
fn several_peers_are_asked_at_once_and_no_bad_one_keeps_it_up() {
    let world = World::new();
    let manners = [
        Manner::Silent,
        Manner::Refuses,
        Manner::Honest,
        Manner::Honest,
    ];
    let peers = manners.map(|manner| world.peer(manner).to_string());
    let mut arguments = vec!["--output", "new.torrent"];
    let link = world.link("");
    arguments.push(&link);
    let gone = nobody().to_string();
    for peer in peers.iter().chain([&gone]) {
        arguments.extend(["--peer", peer]);
    }
    let shown = shown(&world.run(&arguments));
    assert!(
        shown.contains(&format!("{gone}: nobody listens there\n")),
        "{shown}"
    );
    world.check(&world.path("new.torrent"));
}

#[test]
fn whoever_lies_is_named() {
    let world = World::new();
    let liar = world.peer(Manner::Lies).to_string();
    let link = world.link("");
    let error = complained(&world.run(&[&link, "--peer", &liar]));
    assert_eq!(
        error,
        format!(
            "no peer gave the metadata, of 1 that were called; the last: {liar}: all metadata that \
             the peer sent, of {} bytes, do not have the torrent's info-hash",
            world.info.len()
        )
    );
    let honest = world.peer(Manner::Honest).to_string();
    let more = ["--peer", &liar, "--peer", &honest, "-o", "new.torrent"];
    let output = world.run(&[&[&*link], &more[..]].concat());
    shown(&output);
    world.check(&world.path("new.torrent"));
}

#[test]
fn the_trackers_of_the_link_are_asked_and_become_the_torrents() {
    let world = World::new();
    let seeder = world.peer(Manner::Honest);
    let mut reply = b"d8:intervali60e5:peers6:\x7f\0\0\x01".to_vec();
    reply.extend(seeder.port().to_be_bytes());
    reply.push(b'e');
    let tracker = peer(move |mut stream| {
        let mut line = String::new();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while reader.read_line(&mut line).unwrap_or(0) > 2 {
            line.clear();
        }
        let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n", reply.len());
        let _ = stream.write_all(&[head.as_bytes(), &reply].concat());
    });
    let url = format!("http://{tracker}/announce");
    let link = world.link(&format!("&tr={url}&tr=udp://127.0.0.1/none"));
    let shown = shown(&world.run(&[&link]));
    assert!(
        shown.contains(&format!("\n{url} names one peer\n")),
        "{shown}"
    );
    let path = world.path("many.torrent");
    let torrent = world.check(&path);
    assert_eq!(
        torrent.announce,
        [vec![url], vec!["udp://127.0.0.1/none".to_owned()]]
    );
    // Once it is there, it is not written over unasked.
    let error = complained(&world.run(&[&link]));
    assert_eq!(
        error,
        "many.torrent is there already: name another file with -o"
    );
    assert!(world.run(&[&link, "-o", "many.torrent"]).status.success());
}

/// A UDP tracker that knows this peer, and what it has been told.
struct Names(SocketAddr, std::sync::mpsc::Sender<Announce>);

impl Lookup for Names {
    fn announce(&mut self, _: SocketAddr, announce: &Announce) -> Result<Announced, String> {
        let _ = self.1.send(announce.clone());
        Ok(Announced {
            interval: 1800,
            leechers: 0,
            seeders: 1,
            peers: vec![self.0],
        })
    }

    fn scrape(&mut self, _: &[InfoHash]) -> Result<Vec<Scraped>, String> {
        Err("not asked".to_owned())
    }
}

#[test]
fn a_tracker_is_asked_by_udp_and_hears_that_we_leave() {
    let world = World::new();
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("udp://{}/announce?key=1", socket.local_addr().unwrap());
    let (sender, told) = channel();
    let mut names = Names(world.peer(Manner::Honest), sender);
    let server = Server::new(&mut rand::rng());
    thread::spawn(move || {
        let mut buffer = [0; 2_048];
        while let Ok((n, from)) = socket.recv_from(&mut buffer) {
            let answer = server.answer(from, &buffer[..n], Duration::ZERO, &mut names);
            if let Some(answer) = answer {
                let _ = socket.send_to(&answer, from);
            }
        }
    });
    let link = world.link(&format!("&tr={}", tracker::percent_encode(url.as_bytes())));
    let shown = shown(&world.run(&[&link]));
    assert!(
        shown.contains(&format!("{url} names one peer\n")),
        "{shown}"
    );
    assert_eq!(world.check(&world.path("many.torrent")).announce, [[url]]);
    let told: Vec<Announce> = told.try_iter().collect();
    let events = told.iter().map(|announce| announce.request.event);
    let events: Vec<Option<AnnounceEvent>> = events.collect();
    assert_eq!(
        events,
        [Some(AnnounceEvent::Started), Some(AnnounceEvent::Stopped)]
    );
    assert_eq!(told[0].url_data.as_deref(), Some(&b"/announce?key=1"[..]));
    assert_ne!(told[0].request.left, 0, "we are no seeder");
}

#[test]
fn a_torrent_file_has_a_link_that_leads_back() {
    let world = World::new();
    let file = [b"d8:announce10:http://t/a4:info", &world.info[..], b"e"].concat();
    fs::write(world.path("old.torrent"), file).unwrap();
    let shown = shown(&world.run(&["old.torrent"]));
    let link = shown.lines().last().unwrap();
    let magnet: Magnet = link.parse().unwrap();
    assert_eq!(magnet.info_hash_v1, Some(world.info_hash()));
    assert_eq!(magnet.trackers, ["http://t/a"]);
    assert!(shown.starts_with("info-hash  "), "{shown}");
}

#[test]
fn a_private_torrent_has_a_link_that_leads_nowhere_and_that_is_said() {
    let world = World::new();
    let info =
        "d6:lengthi3e4:name1:a12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaa7:privatei1ee";
    fs::write(world.path("p.torrent"), format!("d4:info{info}e")).unwrap();
    let shown = shown(&world.run(&["p.torrent"]));
    assert!(
        shown.contains("its peers give no metadata away (BEP 27)"),
        "{shown}"
    );
}

#[test]
fn a_torrent_is_forgotten_and_found_again_by_its_link() {
    let world = World::new();
    let file = [b"d8:announce10:http://t/a4:info", &world.info[..], b"e"].concat();
    fs::write(world.path("old.torrent"), file).unwrap();
    let shown = shown(&world.run(&["old.torrent", "--practice"]));
    assert!(
        shown.contains("is the info-hash.\nmany.torrent: "),
        "{shown}"
    );
    let torrent = world.check(&world.path("many.torrent"));
    assert_eq!(
        torrent.announce, [[""; 0]; 0],
        "the link named a peer, and no tracker"
    );
}

/// The practice peer, which ends with the test.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_practice_peer_gives_away_what_its_link_names() {
    let world = World::new();
    let file = [b"d4:info", &world.info[..], b"e"].concat();
    fs::write(world.path("old.torrent"), file).unwrap();
    let mut command = program();
    command
        .arg(world.path("old.torrent"))
        .args(["--serve", "127.0.0.1:0"]);
    let mut serving = Serving(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut said = BufReader::new(serving.0.stdout.take().unwrap()).lines();
    let is_link = |line: &String| line.starts_with("magnet:");
    let link = said.find_map(|line| line.ok().filter(is_link)).unwrap();
    shown(&world.run(&[&link, "-o", "new.torrent"]));
    world.check(&world.path("new.torrent"));
    let magnet: Magnet = link.parse().unwrap();
    assert_eq!(magnet.peers.len(), 1);
}

#[test]
fn what_cannot_be_done_is_told_in_a_sentence() {
    let world = World::new();
    let v2 = format!("magnet:?xt=urn:btmh:1220{}", "ab".repeat(32));
    let gone = nobody();
    let plain = peer({
        let info_hash = world.info_hash();
        move |mut stream| {
            let ours = Handshake {
                reserved: Reserved::none(),
                ..introduce(info_hash)
            };
            let _ = stream.write_all(&ours.to_bytes());
            let _ = stream.read(&mut [0; 100]);
        }
    });
    for (source, told) in [
        (
            "magnet:?dn=x".to_owned(),
            "the magnet link names no torrent",
        ),
        (v2, "this torrent is for BitTorrent v2 only"),
        (
            world.link(""),
            "the link names neither a peer nor a tracker: name a peer with --peer ADDR",
        ),
        (
            world.link(&format!("&tr=http://{gone}/announce")),
            "the trackers name no peer: cannot reach the tracker 127.0.0.1:",
        ),
        (
            world.link("&tr=udp://127.0.0.1/&tr=udp:///x"),
            "the trackers name no peer: the tracker's URL names no ",
        ),
        (
            world.link(&format!("&x.pe={gone}")),
            "no peer gave the metadata, of 1 that were called; the last: ",
        ),
        (
            world.link(&format!("&x.pe={plain}")),
            "no peer gave the metadata, of 1 that were called; the last: ",
        ),
        (
            world.link("&so=x"),
            "at byte 61 of the magnet link, `so` selects files",
        ),
        (
            "missing.torrent".to_owned(),
            "cannot read missing.torrent: ",
        ),
    ] {
        let error = complained(&world.run(&[&source]));
        assert!(error.starts_with(told), "{source}: {error}");
    }
    let error = complained(&world.run(&[&world.link(&format!("&x.pe={plain}"))]));
    assert!(
        error.ends_with("does not speak the extension protocol (BEP 10)"),
        "{error}"
    );
    let silent = world.peer(Manner::Silent);
    let link = world.link(&format!("&x.pe={silent}"));
    let error = complained(&world.run(&[&link, "--patience", "1"]));
    assert_eq!(
        error,
        "after 1 s the metadata have not come: wait longer with --patience SECONDS, name another \
         peer with --peer ADDR, or take a link with more trackers"
    );
    let link = world.link(&format!("&tr=http://{gone}/announce"));
    let error = complained(&world.run(&[&link]));
    assert!(error.ends_with("; name one with --peer ADDR"), "{error}");
}

#[test]
fn a_torrent_file_that_cannot_be_written_is_told_with_the_reason() {
    let world = World::new();
    let peer = world.peer(Manner::Honest);
    let link = world.link(&format!("&x.pe={peer}"));
    let error = complained(&world.run(&[&link, "-o", "no/such/folder.torrent"]));
    assert!(
        error.starts_with("cannot write no/such/folder.torrent: "),
        "{error}"
    );
}
