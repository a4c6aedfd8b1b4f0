//! The program of chapter 17, run as a reader runs it, against a tracker on loopback.
#![cfg(feature = "program")]

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use metainfo::InfoHash;
use pretty_assertions::assert_eq;
use tempfile::{TempDir, tempdir};
use tracker::AnnounceEvent;
use udp_tracker::{Announce, Announced, Lookup, Scraped, Server};

/// What a tracker was told.
type Told = (SocketAddr, Announce);

/// A tracker, and what it was told. It ends with the test.
struct Tracker {
    addr: SocketAddr,
    told: Receiver<Told>,
}

/// Names two peers, or refuses.
struct Names {
    refuses: bool,
    told: std::sync::mpsc::Sender<Told>,
}

impl Lookup for Names {
    fn announce(&mut self, from: SocketAddr, announce: &Announce) -> Result<Announced, String> {
        let _ = self.told.send((from, announce.clone()));
        if self.refuses {
            return Err("not \x1b[1mhere".to_owned());
        }
        let peers = ["127.0.0.1:6881", "10.0.0.7:51413", "[2001:db8::1]:80"];
        Ok(Announced {
            interval: 1800,
            leechers: 1,
            seeders: 2,
            peers: peers.map(|peer| peer.parse().unwrap()).to_vec(),
        })
    }

    fn scrape(&mut self, _: &[InfoHash]) -> Result<Vec<Scraped>, String> {
        Err("not asked".to_owned())
    }
}

impl Tracker {
    fn start(at: SocketAddr, refuses: bool) -> Option<Tracker> {
        let socket = UdpSocket::bind(at).ok()?;
        let addr = socket.local_addr().unwrap();
        let (sender, told) = channel();
        let mut names = Names {
            refuses,
            told: sender,
        };
        let server = Server::new(&mut rand::rng());
        let begun = Instant::now();
        thread::spawn(move || {
            let mut buffer = [0; 2_048];
            while let Ok((n, from)) = socket.recv_from(&mut buffer) {
                let answer = server.answer(from, &buffer[..n], begun.elapsed(), &mut names);
                if let Some(answer) = answer {
                    let _ = socket.send_to(&answer, from);
                }
            }
        });
        Some(Tracker { addr, told })
    }

    fn v4(refuses: bool) -> Tracker {
        Tracker::start((Ipv4Addr::LOCALHOST, 0).into(), refuses).unwrap()
    }

    /// What it was told, as soon as that is so much.
    fn told(&self, count: usize) -> Vec<Told> {
        let patience = Duration::from_secs(30);
        let told = || self.told.recv_timeout(patience).unwrap();
        let told = (0..count).map(|_| told()).collect();
        assert!(self.told.try_recv().is_err(), "and no more");
        told
    }

    fn url(&self) -> String {
        format!("udp://{}/announce?key=1", self.addr)
    }
}

/// A torrent of one small file, with these trackers, each a tier.
fn torrent(trackers: &[&str]) -> (TempDir, PathBuf) {
    let tier = |url: &&str| format!("l{}:{url}e", url.len());
    let tiers: String = trackers.iter().map(tier).collect();
    let info = "d6:lengthi3e4:name5:a.txt12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae";
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.torrent");
    std::fs::write(&path, format!("d13:announce-listl{tiers}e4:info{info}e")).unwrap();
    (folder, path)
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_step17-udp-tracker"))
}

fn run(torrent: &Path, more: &[&str]) -> Output {
    program().arg(torrent).args(more).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The one line on standard error, behind `error: `.
fn complained(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    let error = text(&output.stderr);
    assert_eq!(error.lines().count(), 1, "{error}");
    error.strip_prefix("error: ").unwrap().trim_end().to_owned()
}

/// An address of this machine at which nobody listens, as long as the socket is kept: it hears somebody else.
fn nobody() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.connect((Ipv4Addr::LOCALHOST, 9)).unwrap();
    let addr = socket.local_addr().unwrap();
    (socket, addr)
}

#[test]
fn each_datagram_is_shown_byte_by_byte() {
    let tracker = Tracker::v4(false);
    let gone = "http://127.0.0.1:9/announce";
    let (_folder, torrent) = torrent(&[gone, &tracker.url(), "udp://127.0.0.1:9/x"]);
    let output = run(&torrent, &["--port", "6881"]);
    let shown = text(&output.stdout);
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.success());
    for line in [
        "torrent    a.txt",
        "We send 16 bytes:",
        "     0  00 00 04 17 27 10 19 80         the same in every first datagram: this protocol",
        "     8  00 00 00 00                     action 0: connect",
        "The tracker sends 16 bytes:",
        "We send 115 bytes:",
        "     8  00 00 00 01                     action 1: announce",
        "    64  00 00 00 00 00 00 00 03         left: 3 bytes; 0 would make us a seeder",
        "    80  00 00 00 02                     event: started",
        "    96  1a e1                           port, where peers would reach us: 6881",
        "    98  02 0f                           option 2, path and query of the URL: 15 bytes",
        "   100  2f 61 6e 6e 6f 75 6e 63 65 3f   /announce?key=1",
        "The tracker sends 32 bytes:",
        "     8  00 00 07 08                     ask again in 1800 s",
        "    12  00 00 00 01                     leechers: 1",
        "    16  00 00 00 02                     seeders: 2",
        "    20  7f 00 00 01 1a e1               127.0.0.1:6881",
        "    26  0a 00 00 07 c8 d5               10.0.0.7:51413",
        "  seeders       2",
        "  ask again in  30 min",
        "    127.0.0.1:6881  ourselves",
        "    80  00 00 00 03                     event: stopped",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
    }
    assert_eq!(
        shown.matches("action 0: connect").count(),
        2,
        "asked for once, given once"
    );
    let told = tracker.told(2);
    let events: Vec<_> = told.iter().map(|(_, told)| told.request.event).collect();
    assert_eq!(
        events,
        [Some(AnnounceEvent::Started), Some(AnnounceEvent::Stopped)]
    );
    assert_eq!(told[0].1.url_data.as_deref(), Some(&b"/announce?key=1"[..]));
    assert_eq!(told[0].0, told[1].0, "from one socket");
}

#[test]
fn a_tracker_may_be_named_and_found_over_ipv6() {
    let Some(tracker) = Tracker::start((Ipv6Addr::LOCALHOST, 0).into(), false) else {
        eprintln!("skipped: this system has no IPv6");
        return;
    };
    let (_folder, torrent) = torrent(&["http://127.0.0.1:9/announce"]);
    let output = run(&torrent, &["--tracker", &tracker.url()]);
    let shown = text(&output.stdout);
    assert_eq!(text(&output.stderr), "");
    assert!(shown.contains("over IPv6\n"), "{shown}");
    assert!(shown.contains("\n    [2001:db8::1]:80\n"), "{shown}");
    assert!(!shown.contains("127.0.0.1:6881"), "{shown}");
}

#[test]
fn a_name_is_asked_at_an_address_of_each_family() {
    let tracker = Tracker::v4(false);
    let url = format!("udp://localhost:{}/", tracker.addr.port());
    let (_folder, torrent) = torrent(&[&url]);
    let output = run(&torrent, &[]);
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.success());
    tracker.told(2);
}

#[test]
fn a_torrent_without_a_udp_tracker_is_told_in_a_sentence() {
    for trackers in [&["http://127.0.0.1:9/announce"][..], &[]] {
        let (_folder, torrent) = torrent(trackers);
        assert_eq!(
            complained(&run(&torrent, &[])),
            "the torrent names no UDP tracker: name one with --tracker udp://HOST:PORT/"
        );
    }
    let (_folder, torrent) = torrent(&["udp://127.0.0.1/secret"]);
    assert_eq!(
        complained(&run(&torrent, &[])),
        "the tracker's URL names no port: write `udp://127.0.0.1:PORT/`"
    );
}

#[test]
fn a_refusal_is_shown_and_does_no_harm() {
    let tracker = Tracker::v4(true);
    let (_folder, torrent) = torrent(&[&tracker.url()]);
    let output = run(&torrent, &[]);
    let told = format!("{}: the tracker refused: not  [1mhere", tracker.addr);
    assert_eq!(complained(&output), told);
    let shown = text(&output.stdout);
    assert!(shown.contains("action 3: an error\n"), "{shown}");
    assert!(!shown.contains('\x1b'));
}

#[test]
fn silence_is_one_line_and_exit_1() {
    // A socket that nobody reads.
    let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("udp://{}/", silent.local_addr().unwrap());
    let (_folder, torrent) = torrent(&[&url]);
    let error = complained(&run(&torrent, &["--patience", "1"]));
    assert!(
        error.ends_with(": the tracker did not answer within 1 s"),
        "{error}"
    );
}

/// Elsewhere nobody may say that nobody is there.
#[cfg(target_os = "linux")]
#[test]
fn where_nobody_listens_is_known_at_once() {
    let (_kept, addr) = nobody();
    let url = format!("udp://{addr}/");
    let (_folder, torrent) = torrent(&[&url]);
    let error = complained(&run(&torrent, &[]));
    assert!(
        error.starts_with("cannot reach the tracker 127.0.0.1:"),
        "{error}"
    );
}

#[test]
fn what_is_no_torrent_is_one_line_and_exit_1() {
    let folder = tempdir().unwrap();
    let missing = folder.path().join("missing.torrent");
    let rubbish = folder.path().join("rubbish.torrent");
    std::fs::write(&rubbish, b"<html>").unwrap();
    for path in [missing.as_path(), rubbish.as_path(), folder.path()] {
        complained(&run(path, &[]));
    }
}

#[test]
fn wrong_usage_is_exit_2_and_help_names_the_chapter() {
    assert_eq!(program().output().unwrap().status.code(), Some(2));
    let output = program().arg("--help").output().unwrap();
    assert!(output.status.success());
    assert!(text(&output.stdout).contains("Chapter 17 of the guide"));
}
