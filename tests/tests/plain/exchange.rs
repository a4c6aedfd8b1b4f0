//! Chapter 19: news of peers, what is believed of it, and neighbours.

use std::path::Path;
use std::process::Command;

use kostorrent_tests::process::Process;

use super::{holds, plain, python};

#[test]
fn only_what_has_changed_is_told_and_nothing_when_nothing_has() {
    holds(
        "\
ada, ben, carl = [('192.0.2.1', 1), ('192.0.2.2', 258), ('192.0.2.3', 3)]
told = set()
assert next_news(told, {ada, ben}) == {b'added': bytes([192, 0, 2, 1, 0, 1, 192, 0, 2, 2, 1, 2]), b'added.f': bytes(2)}
assert next_news(told, {ada, ben}) == {}
assert next_news(told, {carl, ben}) == {b'added': bytes([192, 0, 2, 3, 0, 3]), b'added.f': bytes(1), b'dropped': bytes([192, 0, 2, 1, 0, 1])}
many = {('10.0.0.1', port) for port in range(1, 121)}
told = set()
assert [len(next_news(told, many)[b'added.f']) for _ in range(3)] == [50, 50, 20] and next_news(told, many) == {}
",
    );
}

#[test]
fn of_one_address_one_is_believed_and_nobody_about_what_is_nearer_than_he_is() {
    holds(
        "\
assert [how_near(host) for host in ['127.0.0.9', '10.1.2.3', '172.16.0.1', '192.168.1.1', '169.254.1.1', '172.32.0.1', '8.8.8.8']] == [0, 1, 1, 1, 1, 2, 2]
def news(added, dropped=()):
    return encode({b'added': b''.join(map(pack_address, added)), b'dropped': b''.join(map(pack_address, dropped))})
heard = set()
there = [('203.0.113.7', 1), ('203.0.113.7', 2), ('203.0.113.8', 0), ('192.168.1.1', 80), ('127.0.0.1', 80)]
assert take_news(heard, '198.51.100.1', news(there)) == [('203.0.113.7', 1)]
assert take_news(heard, '198.51.100.1', news(there)) == []
assert take_news(heard, '198.51.100.1', news([('203.0.113.7', 2)], [('203.0.113.7', 1)])) == [('203.0.113.7', 2)]
assert take_news(set(), '192.168.1.9', news(there)) == [('203.0.113.7', 1), ('192.168.1.1', 80)]
many = [(f'198.18.{n // 250}.{n % 250}', 6881) for n in range(900)]
heard = set()
assert len(take_news(heard, '8.8.8.8', news(many))) == 100
assert take_news(heard, '8.8.8.8', news(many[200:])) == [] and len(heard) == 100
assert len(take_news(set(), '127.0.0.1', news([('127.0.0.1', port) for port in range(1, 9)]))) == 8
assert refused(take_news, set(), '8.8.8.8', b'xx') == 'ValueError'
assert take_news(set(), '8.8.8.8', b'de') == []
",
    );
}

#[test]
fn a_neighbour_is_known_by_torrent_and_port_and_our_own_voice_by_its_cookie() {
    holds(
        "\
torrent = bytes.fromhex('ab' * 20)
text = search_text(torrent, 6881, 'mine')
assert text.endswith(b'Infohash: ' + b'ab' * 20 + b'\\r\\ncookie: mine\\r\\n\\r\\n\\r\\n') and text.count(b'\\r\\n') == 7
assert read_search(text, '192.168.1.2', torrent, 'other') == ('192.168.1.2', 6881)
assert read_search(text, '192.168.1.2', torrent, 'mine') is None
assert read_search(text, '192.168.1.2', bytes(20), 'other') is None
odd = text.replace(b'Port', b'PORT').replace(b'abab', b'ABab').replace(b'Host', b'X-Y: z\\r\\nHost')
assert read_search(odd, '10.0.0.2', torrent, 'other') == ('10.0.0.2', 6881)
for bad in [b'', b'\\xff\\xfe', text.replace(b'6881', b'0'), text.replace(b'6881', b'x'), text.replace(b'6881', b'70000'), text.replace(b'BT-', b'M-')]:
    assert read_search(bad, '10.0.0.2', torrent, 'other') is None, bad
",
    );
}

fn exchange() -> Option<Command> {
    let mut command = python()?;
    command.arg(plain().join(Path::new("ch19_exchange.py")));
    Some(command)
}

#[test]
fn three_that_know_one_of_them_find_each_other() {
    let Some(mut command) = exchange() else {
        return;
    };
    let finished = Process::run("ch19_exchange.py", &mut command);
    finished.expect_code(0);
    let said = &finished.stdout;
    let port = |name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(name));
        let (_, port) = line
            .expect("a line of its port")
            .split_once("port ")
            .unwrap();
        format!("127.0.0.1:{port}")
    };
    let [ada, ben, carl] = ["Ada: on ", "Ben: on ", "Carl: on "].map(port);
    for line in [
        format!("Ben: {ada} tells of {carl}\n"),
        format!("Carl: {ada} tells of {ben}\n"),
        format!("Ben: {carl} is here\n"),
        format!("Carl: {ben} is here\n"),
    ] {
        assert!(said.contains(&line), "{line}{said}");
    }
}

#[test]
fn a_peer_that_is_not_there_disturbs_nobody() {
    let Some(mut command) = exchange() else {
        return;
    };
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = nobody.local_addr().unwrap();
    drop(nobody);
    command.args(["ab".repeat(20).as_str(), "0", "1", &addr.to_string()]);
    let finished = Process::run("ch19_exchange.py", &mut command);
    finished.expect_code(0);
    assert!(
        finished.stdout.contains(&format!("we: {addr}: ")),
        "{}",
        finished.stdout
    );
}
