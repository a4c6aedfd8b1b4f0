//! Chapter 22: the plain exchange against itself, against published vectors, and against the step.

use kostorrent_tests::programs;

use super::{Process, holds, plain, process, python};

#[test]
fn the_rows_of_rc4_are_the_published_ones() {
    holds(
        "def row(skip):
    stream = keystream(bytes([1, 2, 3, 4, 5]))
    mix(stream, bytes(skip))
    return mix(stream, bytes(16)).hex()
assert row(0) == 'b2396305f03dc027ccc3524a0a1118a8'  # RFC 6229
assert row(1024) == '30abbcc7c20b01609f23ee2d5f6bb7df'",
    );
}

#[test]
fn both_sides_come_to_one_secret_and_a_bad_key_is_refused() {
    holds(
        "from ch22_encryption import PRIME
(a, to_b), (b, to_a) = draw_keys(), draw_keys()
assert make_secret(a, to_a) == make_secret(b, to_b)
for bad in (0, 1, PRIME - 1, PRIME, PRIME + 1):
    assert refused(make_secret, a, bad.to_bytes(96, 'big')) == 'ValueError'
assert make_secret(a, (2).to_bytes(96, 'big'))",
    );
}

#[test]
fn a_call_and_its_answer_understand_each_other() {
    holds(
        "import socket, threading
here, there = socket.socketpair()
answered = []
torrents = [bytes(20), bytes(range(20))]
called = threading.Thread(target=lambda: answered.append(answer_encrypted(there, torrents)))
called.start()
to_them, from_them = call_encrypted(here, torrents[1], b'a handshake')
called.join()
info_hash, says, to_us, from_us = answered[0]
assert (info_hash, says) == (torrents[1], b'a handshake')
assert mix(from_us, mix(to_them, b'a request')) == b'a request'
assert mix(from_them, mix(to_us, b'a piece')) == b'a piece'",
    );
}

#[test]
fn a_caller_of_junk_is_refused() {
    holds(
        "import socket
here, there = socket.socketpair()
here.sendall(bytes(95) + bytes([2]) + bytes(600))
assert refused(answer_encrypted, there, [bytes(20)]) == 'ValueError'",
    );
}

#[test]
fn it_calls_a_peer_of_the_step_that_requires_encryption() {
    if python().is_none() {
        return;
    }
    let sample = programs::root().join("kostorrent/sample/kostorrent-sample.torrent");
    let mut command = process::command(programs::example("step22-encryption", "strict_peer"));
    command.arg(&sample).args(["python3", "-B"]);
    command.arg(plain().join("ch22_encryption.py")).arg(&sample);
    let finished = Process::run("strict_peer", &mut command);
    finished.expect_code(0);
    assert!(
        finished.stdout.ends_with(", encrypted\n"),
        "{}",
        finished.stdout
    );
}
