//! Chapter 18: links, extended messages, and metadata from a peer.

use kostorrent_tests::process::{self, Process};
use kostorrent_tests::{programs, temp};
use pretty_assertions::assert_eq;

use super::{holds, plain, python};

#[test]
fn links_are_taken_apart() {
    holds(
        "\
digits = 'c12fe1c06bba254a9dc9f519b335aa7c1367a88a'
info_hash, said = take_apart(f'magnet:?xt=urn:sha1:x&xt=urn:btih:{digits}&dn=a%20b&tr=http%3A%2F%2Ft%2Fa&tr=udp://u:1&x')
assert info_hash.hex() == digits
assert said['dn'] == ['a b'] and said['tr'] == ['http://t/a', 'udp://u:1'] and said['x'] == ['']
import base64
letters = base64.b32encode(bytes.fromhex(digits)).decode()
for link in [f'magnet:?xt=urn:btih:{letters}&tr.1=a&tr.2=b', f'magnet:?xt.1=urn:btih:{digits.upper()}&xt.2=urn:btih:{letters.lower()}&tr=a&tr=b']:
    info_hash, said = take_apart(link)
    assert info_hash.hex() == digits and said['tr'] == ['a', 'b'], link
refused(take_apart, f'magnet:?xt=urn:btih:{digits}&xt=urn:btih:{digits[::-1]}')
for link in ['', 'http://x', 'magnet:?', 'magnet:?dn=x', 'magnet:?xt=urn:btih:12', 'magnet:?xt=urn:btih:' + 40 * 'x']:
    assert refused(take_apart, link) == 'ValueError', link
",
    );
}

#[test]
fn the_metadata_stand_in_a_torrent_file_as_they_came() {
    holds(
        "\
assert torrent_of(b'd1:bi1e1:ai2ee', []) == b'd4:infod1:bi1e1:ai2eee'
written = torrent_of(b'de', ['http://t/a', 'udp://u:1'])
assert read_tiers(decode(written)[0]) == [['http://t/a'], ['udp://u:1']]
assert decode(torrent_of(b'de', ['udp://u:1', 'http://t/a']))[0][b'announce'] == b'http://t/a'
assert decode(written)[0] == {b'announce': b'http://t/a', b'announce-list': [[b'http://t/a'], [b'udp://u:1']], b'info': {}}
",
    );
}

#[test]
fn extended_messages_are_told_from_others_and_by_their_number() {
    holds(
        "\
ours, theirs = socket.socketpair()
theirs.sendall(make_message(4, bytes(4)) + make_message(20, b'\\x07no') + make_message(20) + make_message(20, b'\\x01yes'))
assert hear_extended(ours, 1) == b'yes'
say_extended(ours, 3, b'text')
assert read_message(theirs) == (20, b'\\x03text')
block = b'd5:piecei9ee'
theirs.sendall(make_message(20, b'\\x01d8:msg_typei1e5:piecei2ee' + block))
assert fetch_metadata_block(ours, 3, 2) == block
for answer in [b'd8:msg_typei2e5:piecei2ee', b'd8:msg_typei1e5:piecei3eex', b'd8:msg_typei1ee', b'']:
    theirs.sendall(make_message(20, b'\\x01' + answer))
    assert refused(fetch_metadata_block, ours, 3, 2) in ['ValueError', 'KeyError'], answer
",
    );
}

/// The step's own practice peer, in this manner; and its link.
fn giver(more: &[&str]) -> (Process, String) {
    let mut command = process::command(programs::step("step18-magnet"));
    command.arg(programs::root().join("kostorrent/sample/kostorrent-sample.torrent"));
    command.args(["--serve", "127.0.0.1:0"]).args(more);
    let mut serving = Process::start("step18-magnet", &mut command);
    let link = serving.until_line("the practice peer's link", |line| {
        line.starts_with("magnet:").then(|| line.to_owned())
    });
    (serving, link)
}

#[test]
fn a_torrent_file_comes_by_its_link_from_one_peer_or_another() {
    let Some(mut command) = python() else { return };
    let (_liar, of_liar) = giver(&["--lie"]);
    let (_honest, link) = giver(&[]);
    let (_, address) = of_liar.split_once("&x.pe=").expect("its address");
    // The liar first: it sends something else, and the next one is asked.
    let link = link.replace("&x.pe=", &format!("&x.pe={address}&x.pe="));
    let folder = temp();
    let file = folder.path().join("new.torrent");
    command
        .arg(plain().join("ch18_magnet.py"))
        .arg(&link)
        .arg(&file);
    let finished = Process::run("ch18_magnet.py", &mut command);
    finished.expect_code(0);
    let lines: Vec<&str> = finished.stdout.lines().collect();
    assert_eq!(
        lines[0],
        format!("{address}: what it sent is something else")
    );
    assert!(
        lines[1].ends_with("1110 bytes of metadata, and they are right"),
        "{lines:?}"
    );
    let mut shown = process::command(programs::step("step18-magnet"));
    let shown = Process::run("step18-magnet", shown.arg(&file));
    let info_hash = &link["magnet:?xt=urn:btih:".len()..][..40];
    assert!(shown.stdout.contains(info_hash), "{}", shown.stdout);
}
