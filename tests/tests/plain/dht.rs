//! Chapter 20: a lookup, an announce, and a node, each among those of the step's program.

use std::net::SocketAddr;

use kostorrent_tests::process::{self, Process};
use kostorrent_tests::programs;

use super::{holds, plain, python};

/// The torrent that the lab's nodes know of.
const PRACTICE: &str = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

/// Nodes of the step's program, and where to begin.
fn lab() -> (Process, SocketAddr) {
    let mut command = process::command(programs::step("step20-dht"));
    let mut lab = Process::start("step20-dht lab", command.args(["lab", "20"]));
    let first = lab.until_line("the nodes to find together", |line| {
        let (_, first) = line.split_once("begin from ")?;
        first.parse().ok()
    });
    (lab, first)
}

#[test]
fn distance_is_exclusive_or() {
    holds(
        "\
assert distance(bytes(20), bytes(20)) == 0
assert distance(bytes(19) + b'\\x06', bytes(19) + b'\\x03') == 5
assert nodes_in(b'a' * 20 + bytes([127, 0, 0, 1, 26, 225]) + b'cut') == [(b'a' * 20, ('127.0.0.1', 6881))]
assert six_bytes(('127.0.0.1', 6881)) == bytes([127, 0, 0, 1, 26, 225])
",
    );
}

#[test]
fn a_node_of_its_own_gives_tokens_and_takes_announces_that_show_them() {
    holds(
        "\
import socket, threading
ours, node = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
for line in (ours, node):
    line.bind(('127.0.0.1', 0))
there, target = node.getsockname(), bytes(range(20))
threading.Thread(target=be_a_node, args=(node, {('127.0.0.1', 9): bytes(20)}, {}), daemon=True).start()
ours.sendto(b'junk', there)
def ask():
    number = send_query(ours, there, b'get_peers', {b'info_hash': target})
    return hear_answers(ours, {there: number})[there]
first = ask()
assert nodes_in(first[b'nodes']) == [(bytes(20), ('127.0.0.1', 9))] and b'values' not in first
assert announce_to(ours, target, {there: {b'token': b'none'}}, 77) == 0
assert b'values' not in ask()
assert announce_to(ours, target, {there: first}, 77) == 1
again = ask()
assert peers_of_answers({there: again}) == [('127.0.0.1', 77)]
",
    );
}

#[test]
fn it_finds_and_announces_among_the_labs_nodes() {
    let Some(mut command) = python() else { return };
    let (_lab, first) = lab();
    command.arg(plain().join("ch20_dht.py"));
    command.args([PRACTICE, &first.to_string(), "7001"]);
    let finished = Process::run("ch20_dht.py", &mut command);
    finished.expect_code(0);
    for line in ["peer 127.0.0.1:6881\n", "announced at 8 nodes\n"] {
        assert!(finished.stdout.contains(line), "{}", finished.stdout);
    }
    let mut command = process::command(programs::step("step20-dht"));
    command.args(["lookup", PRACTICE, "--node", &first.to_string()]);
    let found = Process::run("step20-dht lookup", &mut command);
    assert!(
        found.stdout.contains("peer 127.0.0.1:7001\n"),
        "{}",
        found.stdout
    );
}
