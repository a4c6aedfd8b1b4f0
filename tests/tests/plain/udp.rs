//! Chapter 17: announces in datagrams, and a tracker that answers them.

use std::net::{Ipv4Addr, UdpSocket};

use kostorrent_tests::process::{self, Process};
use kostorrent_tests::programs;

use super::{holds, plain, python};

#[test]
fn datagrams_have_the_places_of_bep_15() {
    holds(
        "\
assert place_of('udp://t.example:80/dir?a=b') == (('t.example', 80), '/dir?a=b')
assert place_of('udp://t.example:80') == (('t.example', 80), '')
for url in ['http://t.example:80/', 'udp://t.example/', 'udp://']:
    assert refused(place_of, url) == 'ValueError', url
assert in_bytes(-1, 4) == bytes([255]) * 4 and in_bytes(0x1ae1, 2) == bytes([26, 225])
torrent = {'info_hash': b'h' * 20, 'total': 700067}
body = announce_body(torrent, b'p' * 20, 6881, 'stopped', '')
assert len(body) == 98 - 16 and body[:40] == b'h' * 20 + b'p' * 20
assert number_in(body[48:56]) == 700067 and number_in(body[64:68]) == 3
assert body[-2:] == bytes([26, 225]) and body[-6:-2] == bytes([255]) * 4
assert url_options('/announce') == b'\\x02\\x09/announce' and url_options('/') == b''
long = url_options('/' + 'x' * 299)
assert long[:3] == bytes([2, 255]) + b'/' and long[257:260] == bytes([2, 45]) + b'x' and len(long) == 304
",
    );
}

#[test]
fn an_id_is_for_one_address_and_for_two_minutes() {
    holds(
        "\
ada, eve = ('192.0.2.1', 5000), ('192.0.2.1', 5001)
given = connection_id_for(ada, 1000 // 60)
assert all(knows_id(given, ada, 1000 + after) for after in [0, 60, 120])
assert not knows_id(given, ada, 1180) and not knows_id(given, eve, 1000)
assert not knows_id(UDP_PROTOCOL, ada, 1000)
swarms, connect = {}, UDP_PROTOCOL + in_bytes(CONNECT, 4) + b'1234'
answer = answer_datagram(swarms, connect, ada, 1000)
assert answer == in_bytes(CONNECT, 4) + b'1234' + given
torrent = {'info_hash': b'h' * 20, 'total': 5}
def ask(connection_id, peer, address, event):
    body = announce_body(torrent, peer * 20, 6881, event, '/path')
    return answer_datagram(swarms, connection_id + in_bytes(ANNOUNCE, 4) + b'5678' + body, address, 1000)
assert ask(given, b'e', eve, 'started') == in_bytes(3, 4) + b'5678no such connection id' and swarms == {}
assert ask(given, b'a', ada, 'started')[20:] == b''
ben = ('192.0.2.2', 9)
bens = ask(connection_id_for(ben, 16), b'b', ben, 'started')
assert bens[:8] == in_bytes(ANNOUNCE, 4) + b'5678' and number_in(bens[12:16]) == 2
assert read_peers(bens[20:]) == [('192.0.2.1', 6881)]
assert read_peers(ask(given, b'a', ada, 'stopped')[20:]) == [('192.0.2.2', 6881)]
assert len(swarms[b'h' * 20]) == 1
for bad in [b'', connect[:15], in_bytes(7, 8) + connect[8:], given + in_bytes(9, 4) + bytes(90), given + in_bytes(1, 4), given + in_bytes(1, 4) + bytes(85)]:
    assert answer_datagram(swarms, bad, ada, 1000) is None, bad
",
    );
}

#[test]
fn the_answer_is_known_by_its_number_and_a_lost_question_is_asked_again() {
    holds(
        "\
import threading
tracker, ours = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
tracker.bind(('127.0.0.1', 0))
ours.connect(tracker.getsockname())
asked = []
def be_odd():
    while True:
        data, there = tracker.recvfrom(2048)
        asked.append(data)
        if len(asked) == 1:
            continue  # lost on the way
        number = data[12:16]
        other = bytes([number[0] ^ 1]) + number[1:]
        for answer in [b'', data[8:15], in_bytes(0, 4) + other + b'liar4321', in_bytes(1, 4) + number, in_bytes(0, 4) + number + b'id345678']:
            tracker.sendto(answer, there)
threading.Thread(target=be_odd, daemon=True).start()
assert ask_tracker(ours, UDP_PROTOCOL, CONNECT, b'', 0.2, time.monotonic() + 30) == b'id345678'
assert len(asked) == 2 and asked[0] == asked[1]
silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
silent.bind(('127.0.0.1', 0))
ours.connect(silent.getsockname())
assert refused(ask_tracker, ours, UDP_PROTOCOL, CONNECT, b'', 0.1, time.monotonic() + 0.3) == 'TimeoutError'
",
    );
}

/// The plain tracker at work, and its URL.
fn tracker() -> Option<(Process, String)> {
    let mut command = python()?;
    command
        .arg(plain().join("ch17_udp.py"))
        .args(["--serve", "0"]);
    let mut tracker = Process::start("ch17_udp.py --serve", &mut command);
    let url = tracker.until_line("its URL", |line| {
        line.starts_with("udp://").then(|| line.trim().to_owned())
    });
    Some((tracker, url))
}

#[test]
fn the_plain_client_and_the_steps_program_meet_at_the_plain_tracker() {
    let Some((_tracker, url)) = tracker() else {
        return;
    };
    let torrent = programs::root().join("kostorrent/sample/kostorrent-sample.torrent");
    // Somebody who stays: a datagram socket that announces by the step's library would be the same.
    let mut stays = python().expect("it was there");
    let lines = format!(
        "from ch17_udp import *\ntorrent = open_torrent('{}')\nannounce_by_udp(torrent, '{url}', bytes(20), 7001, 'started')\n",
        torrent.display()
    );
    stays.args(["-c", &lines]);
    Process::run("a plain announce", &mut stays).expect_code(0);

    let mut plainly = python().expect("it was there");
    plainly
        .arg(plain().join("ch17_udp.py"))
        .arg(&torrent)
        .arg(&url);
    let plainly = Process::run("ch17_udp.py", &mut plainly);
    plainly.expect_code(0);
    assert_eq!(plainly.stdout, "127.0.0.1:7001\n");

    let mut step = process::command(programs::step("step17-udp-tracker"));
    step.arg(&torrent).args(["--tracker", &url]);
    let step = Process::run("step17-udp-tracker", &mut step);
    step.expect_code(0);
    assert!(
        step.stdout.contains("    127.0.0.1:7001\n"),
        "{}",
        step.stdout
    );
}

#[test]
fn a_tracker_that_is_not_there_is_an_error_in_time() {
    let Some(mut command) = python() else { return };
    let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("udp://{}/announce", silent.local_addr().unwrap());
    let lines = format!(
        "from ch17_udp import *\ntorrent = {{'info_hash': bytes(20), 'total': 1}}\n\
         announce_by_udp(torrent, '{url}', bytes(20), 1, 'started', patience=0.2)\n"
    );
    command.args(["-c", &lines]);
    let finished = Process::run("a plain announce", &mut command);
    finished.expect_code(1);
    assert!(
        finished
            .stderr
            .contains("TimeoutError: the tracker does not answer"),
        "{}",
        finished.stderr
    );
}
