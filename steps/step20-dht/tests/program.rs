//! The program of chapter 20, run as a reader runs it, among nodes on loopback.
#![cfg(feature = "program")]

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use pretty_assertions::assert_eq;
use tempfile::tempdir;

/// The torrent that the lab announces.
const PRACTICE: &str = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

/// A program that runs on. It ends with the test.
struct Running {
    child: Child,
    addr: SocketAddr,
}

impl Running {
    /// Starts it, and reads from its first line where it is.
    fn start(args: &[&str]) -> Running {
        let mut child = program()
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let words = line.split([' ', ';']).map(str::trim);
        let mut addrs = words.filter_map(|word| word.parse().ok());
        let Some(addr) = addrs.next() else {
            child.kill().unwrap();
            let mut error = String::new();
            child
                .stderr
                .take()
                .unwrap()
                .read_to_string(&mut error)
                .unwrap();
            panic!("no address in {line:?}: {error}");
        };
        // What it says later is read, so that it is not kept from saying it.
        thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        Running { child, addr }
    }

    fn lab(nodes: &str) -> Running {
        Running::start(&["lab", nodes])
    }

    fn serve(more: &[&str]) -> Running {
        Running::start(&[&["serve"], more].concat())
    }

    fn node(&self) -> String {
        self.addr.to_string()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_step20-dht"))
}

fn run(args: &[&str]) -> Output {
    program().args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What a successful run says.
fn said(args: &[&str]) -> String {
    let output = run(args);
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.success());
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
fn a_lookup_among_the_labs_nodes_is_shown_hop_by_hop() {
    let lab = Running::lab("40");
    let shown = said(&["lookup", PRACTICE, "--node", &lab.node(), "--scrape"]);
    for part in [
        &format!("we look for  {PRACTICE}\n")[..],
        "hop  distance  id        node                   said\n",
        "peer 127.0.0.1:6881\n",
        "\nfound 1 peer\n",
        "\nall together about 1 seed and 0 other peers\n",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let hops: Vec<u32> = shown
        .lines()
        .filter(|line| line.contains(" bits  "))
        .filter_map(|line| line.split_whitespace().next()?.parse().ok())
        .collect();
    assert!(hops.len() >= 8, "{shown}");
    assert_eq!(hops[0], 1, "it begins with the one that was named");
    assert!(hops[1..].iter().all(|hop| (2..=6).contains(hop)), "{shown}");
}

#[test]
fn what_is_announced_is_found_by_others() {
    let lab = Running::lab("12");
    let torrent = "00112233445566778899aabbccddeeff00112233";
    let shown = said(&[
        "lookup",
        torrent,
        "--node",
        &lab.node(),
        "--announce",
        "7777",
    ]);
    assert!(
        shown.contains("\nannounced port 7777 at 8 nodes\n"),
        "{shown}"
    );
    let shown = said(&["lookup", torrent, "--node", &lab.node()]);
    assert!(shown.contains("peer 127.0.0.1:7777\n"), "{shown}");
    let error = complained(&run(&[
        "lookup",
        &torrent.replace("00", "01"),
        "--node",
        &lab.node(),
    ]));
    assert!(
        error.starts_with("nobody in the DHT knows a peer of 01"),
        "{error}"
    );
}

#[test]
fn nodes_that_are_started_one_by_one_are_a_network() {
    let first = Running::serve(&[]);
    let second = Running::serve(&["--node", &first.node()]);
    let third = Running::serve(&["--node", &second.node()]);
    let torrent = "ffeeddccbbaa99887766554433221100ffeeddcc";
    // They get to know each other by themselves, which takes a moment.
    let begun = Instant::now();
    loop {
        let shown = said(&[
            "lookup",
            torrent,
            "--node",
            &third.node(),
            "--announce",
            "5",
        ]);
        if shown.contains("announced port 5 at 3 nodes") {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{shown}");
    }
    let shown = said(&["lookup", torrent, "--node", &first.node()]);
    assert!(shown.contains("peer 127.0.0.1:5\n"), "{shown}");
}

#[test]
fn the_lab_shows_one_lookup_itself() {
    let shown = said(&["lab", "30", "--lookup"]);
    assert!(
        shown.starts_with("30 nodes on loopback; begin from 127.0.0.1:"),
        "{shown}"
    );
    assert!(shown.contains("peer 127.0.0.1:6881\n"), "{shown}");
}

/// A torrent of one small file that names nodes to begin from.
fn torrent_with_nodes(folder: &tempfile::TempDir, nodes: &[SocketAddr]) -> PathBuf {
    let node = |addr: &SocketAddr| format!("l9:127.0.0.1i{}ee", addr.port());
    let nodes: String = nodes.iter().map(node).collect();
    let info = "d6:lengthi3e4:name5:a.txt12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae";
    let path = folder.path().join("a.torrent");
    std::fs::write(&path, format!("d4:info{info}5:nodesl{nodes}ee")).unwrap();
    path
}

#[test]
fn a_torrent_file_may_say_where_to_begin() {
    let lab = Running::lab("10");
    let folder = tempdir().unwrap();
    let path = torrent_with_nodes(&folder, &[lab.addr]);
    let path = path.to_str().unwrap();
    let shown = said(&["lookup", path, "--announce", "7"]);
    assert!(shown.contains(&lab.node()), "{shown}");
    let shown = said(&["lookup", path]);
    assert!(shown.contains("peer 127.0.0.1:7\n"), "{shown}");

    let path = torrent_with_nodes(&folder, &[]);
    assert_eq!(
        complained(&run(&["lookup", path.to_str().unwrap()])),
        "no node to begin from: name one with --node HOST:PORT"
    );
}

#[test]
fn silence_is_one_line_and_exit_1() {
    // A socket that nobody reads.
    let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let node = silent.local_addr().unwrap().to_string();
    let output = run(&["lookup", PRACTICE, "--node", &node]);
    assert_eq!(
        complained(&output),
        "nobody has answered: is there a node at that address?"
    );
    assert!(text(&output.stdout).contains("nothing\n"));
}

#[test]
fn what_is_no_torrent_and_a_port_that_is_taken_are_one_line_and_exit_1() {
    let error = complained(&run(&["lookup", "abc", "--node", "127.0.0.1:9"]));
    assert_eq!(error, "abc is no info-hash (40 hex digits), and no file");
    let folder = tempdir().unwrap();
    let rubbish = folder.path().join("rubbish");
    std::fs::write(&rubbish, b"<html>").unwrap();
    complained(&run(&[
        "lookup",
        rubbish.to_str().unwrap(),
        "--node",
        "127.0.0.1:9",
    ]));
    let taken = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let error = complained(&run(&["serve", "--port", &port]));
    assert!(
        error.starts_with(&format!("cannot take UDP port {port} of 127.0.0.1: ")),
        "{error}"
    );
    let state = rubbish.to_str().unwrap();
    let error = complained(&run(&["serve", "--state", state]));
    assert!(
        error.contains("the saved nodes of the DHT are damaged"),
        "{error}"
    );
}

#[test]
fn wrong_usage_is_exit_2_and_help_names_the_chapter() {
    for args in [
        &[][..],
        &["lookup"],
        &["lab", "1"],
        &["lab", "501"],
        &["serve", "--port", "x"],
    ] {
        assert_eq!(run(args).status.code(), Some(2), "{args:?}");
    }
    assert!(said(&["--help"]).contains("Chapter 20 of the guide"));
}
