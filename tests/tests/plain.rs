//! The plain client of the book, in Python: what its parts read and refuse, and that it downloads from the lab.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kostorrent_tests::book::includes::{anchored, anchors};
use kostorrent_tests::payload::Payload;
use kostorrent_tests::peer::{Manner, Seeder};
use kostorrent_tests::process::{self, Finished, Process};
use kostorrent_tests::tracker::{Answer, Tracker};
use kostorrent_tests::{kostorrent, programs, skip, temp};
use pretty_assertions::assert_eq;
use regex::Regex;

/// The folder with the plain files.
fn plain() -> PathBuf {
    programs::root().join("book/plain")
}

/// The names of the plain files, in the order of the chapters.
fn modules() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(plain())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// Python, not started yet; it leaves no compiled files among the source.
fn python() -> Option<Command> {
    let mut command = process::command(skip::unless_no_program("python3")?);
    command
        .env("PYTHONPATH", plain())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONIOENCODING", "utf-8")
        .env("no_proxy", "*")
        .env_remove("PYTHONOPTIMIZE"); // it would leave out what is asserted
    Some(command)
}

/// Runs lines of Python which use the plain files; they assert what they expect.
#[track_caller]
fn holds(lines: &str) {
    let Some(mut command) = python() else { return };
    let imports: String = modules()
        .iter()
        .map(|name| format!("from {name} import *\n"))
        .collect();
    // What is refused, with any of Python's errors.
    let refused = "\
def refused(function, *arguments):
    try:
        result = function(*arguments)
    except Exception as error:
        return type(error).__name__
    assert False, f'{arguments} gave {result}'
";
    command.args(["-c", &format!("{imports}{refused}{lines}")]);
    command.current_dir(programs::root());
    Process::run("python3", &mut command).expect_code(0);
}

/// The plain client of chapter 9, which downloads into a folder.
fn download(torrent: &Path, folder: &Path) -> Option<Finished> {
    download_by("ch09_files.py", torrent, folder)
}

/// One of the plain clients.
fn download_by(file: &str, torrent: &Path, folder: &Path) -> Option<Finished> {
    let mut command = python()?;
    command.arg(plain().join(file)).arg(torrent).arg(folder);
    Some(Process::run(file, &mut command))
}

#[test]
fn bencode_is_read_and_written() {
    holds(
        "\
for data, value in [
    (b'4:spam', b'spam'), (b'0:', b''), (b'i-42e', -42), (b'i0e', 0), (b'le', []), (b'de', {}),
    (b'l4:spami42ee', [b'spam', 42]), (b'd3:bari1e3:food0:leee', {b'bar': 1, b'foo': {b'': []}}),
    (b'i18446744073709551616e', 2 ** 64), (b'5:i1e:e', b'i1e:e'),
]:
    assert decode(data) == (value, len(data)), data
    assert decode(b'xx' + data + b'more', 2) == (value, 2 + len(data)), data
    assert encode(value) == data, data
assert encode({b'b': 1, b'a': 2, b'B': 3}) == b'd1:Bi3e1:ai2e1:bi1ee'
",
    );
}

#[test]
fn what_is_no_bencode_is_refused() {
    holds(
        "\
for data in [
    b'', b'i', b'ie', b'i-e', b'i--1e', b'i+1e', b'i 1e', b'i1_0e', b'i1.5e', b'i12', b'l', b'li1e', b'd', b'd1:a',
    b'd1:ae', b'di1e1:ae', b'e', b'4:spa', b'4spam', b'-1:a', b'+4:spam', b' 4:spam', b':', b'x',
    b'99999999999999999999:a', b'l-1:e',
]:
    assert refused(decode, data) == 'ValueError', data
assert refused(decode, b'l' * 100000 + b'e' * 100000) == 'RecursionError'
",
    );
}

#[test]
fn digits_are_read_one_by_one_and_what_is_not_canonical_is_named() {
    holds(
        "\
assert read_digits(b'i42e', 1, b'e') == (42, 3) and read_digits(b'007:', 0, b':') == (7, 3)
for data in [b'', b':', b'-1:', b'+1:', b' 1:', b'1_0:', b'12', b'1.5:', '٣:'.encode()]:
    assert refused(read_digits, data, 0, b':') == 'ValueError', data
for digits, count in [(b'0', 0), (b'10', 0), (b'-7', 0), (b'-0', 1), (b'03', 1), (b'-03', 1), (b'00', 1)]:
    assert len(flaws_of_number(digits)) == count, digits
for keys, count in [([], 0), ([b'B', b'a', b'aa'], 0), ([b'a', b'B'], 1), ([b'a', b'a'], 1), ([b'c', b'b', b'a'], 2)]:
    assert len(flaws_of_keys(keys)) == count, keys
",
    );
}

#[test]
fn the_spans_are_those_of_every_value_at_any_depth() {
    holds(
        "\
assert all_spans(b'i1e') == [[0, 3]]
assert all_spans(b'd3:bari1e3:fool0:ee') == [[0, 19], [1, 6], [6, 9], [9, 14], [14, 18], [15, 17]]
assert all_spans(b'lei1e') == [[0, 2]]
deep = b'l' * 100000 + b'e' * 100000
assert all_spans(deep)[0] == [0, 200000] and all_spans(deep)[-1] == [99999, 100001]
for data in [b'', b'e', b'l', b'li1e', b'd1:a']:
    refused(all_spans, data)
found = all_spans(b'l' + b'd1:al0:ee' + b'i7e' + b'llee' + b'e')
assert inside(found, 0) == [[1, 10], [10, 13], [13, 17]]
assert inside(found, 1) == [[2, 5], [5, 9]] and inside(found, 2) == []
",
    );
}

#[test]
fn torrents_are_read_as_the_client_reads_them() {
    holds(
        "\
sample = open_torrent('kostorrent/sample/kostorrent-sample.torrent')
assert sample['info_hash'].hex() == 'a40dd91b6508323445e8ba2a7cc618320eed277f'
assert (sample['total'], sample['piece_length'], len(sample['hashes'])) == (700067, 32768, 22)
assert sample['announce'] == 'http://127.0.0.1:7878/announce'
assert sample['files'][0] == (['kostorrent-sample', 'README.txt'], 1546)
assert sample['files'][-1] == (['kostorrent-sample', 'texts', '断片.txt'], 193)
# The three torrents of chapter 2: the known keys in order, one key more, and the name before the length.
info = b'd6:lengthi3e4:name1:a12:piece lengthi16384e6:pieces20:' + bytes(20)
for raw in [info + b'e', info + b'6:source4:clube', b'd4:name1:a6:lengthi3e12:piece lengthi16384e6:pieces20:' + bytes(20) + b'e']:
    torrent = read_torrent(b'd4:info' + raw + b'e')
    assert torrent['info_hash'] == hashlib.sha1(raw).digest()
    assert torrent['files'] == [(['a'], 3)]
# With `info` twice, hash and files come from the same one.
torrent = read_torrent(b'd4:info' + info + b'e4:info' + info.replace(b'i3e', b'i4e') + b'ee')
assert torrent['total'] == 3 and torrent['info_hash'] == hashlib.sha1(info + b'e').digest()
# Padding and links count, and are not written.
files = [
    {b'length': 5, b'path': [b'a']}, {b'length': 3, b'path': [b'.pad', b'3'], b'attr': b'p'},
    {b'length': 0, b'path': [b'c'], b'attr': b'l', b'symlink path': [b'a']},
]
assert list_files({b'name': b't', b'files': files}) == [(['t', 'a'], 5), (None, 3), (None, 0)]
made = read_torrent(make_torrent('http://t/a', 'é', b'abc' * 100, 128))
assert made['files'] == [(['é'], 300)] and made['announce'] == 'http://t/a'
assert all(is_good(made, piece, (b'abc' * 100)[piece * 128:][:128]) for piece in range(3))
",
    );
}

#[test]
fn torrents_that_do_not_fit_together_are_refused() {
    holds(
        "\
good = {b'name': b'a', b'length': 40000, b'piece length': 16384, b'pieces': bytes(60)}
read_torrent(encode({b'info': good}))
for change in [
    {b'pieces': bytes(40)}, {b'pieces': bytes(59)}, {b'pieces': bytes(80)}, {b'pieces': 1}, {b'length': -1},
    {b'length': b'40000'}, {b'piece length': 0}, {b'piece length': -16384}, {b'name': 7},
    {b'files': []}, {b'files': [{b'length': 40000}]}, {b'files': [{b'path': [b'a']}]},
    {b'files': [{b'length': 40001, b'path': [b'a']}, {b'length': -1, b'path': [b'b']}]},
]:
    refused(read_torrent, encode({b'info': {**good, **change}}))
for key in good:
    refused(read_torrent, encode({b'info': {k: v for k, v in good.items() if k != key}}))
for data in [b'', b'le', b'i1e', b'de', encode({b'info': b'x'}), encode({b'info': good})[:-30]]:
    refused(read_torrent, data)
",
    );
}

#[test]
fn no_name_leads_out_of_the_folder() {
    holds(
        "\
for raw, safe in [
    (b'a.txt', 'a.txt'), ('Grüße.txt'.encode(), 'Grüße.txt'), ('断片.txt'.encode(), '断片.txt'), (b'...', '...'),
    (b'', '_'), (b'.', '_'), (b'..', '__'), (b'/etc/passwd', '_etc_passwd'), (b'..\\\\..\\\\evil.exe', '.._.._evil.exe'),
    (b'c:', 'c_'), (b'a\\x00b\\n\\x1b[0m', 'a_b__[0m'), (b'\\xff', '_'), ('gpj\\u202eexe'.encode(), 'gpj_exe'),
]:
    assert safe_name(raw) == safe, raw
    assert safe_name(safe.encode()) == safe, raw
files = [{b'length': 1, b'path': [b'..', b'..', b'/x']}]
assert list_files({b'name': b'../..', b'files': files}) == [(['.._..', '__', '__', '_x'], 1)]
",
    );
}

#[test]
fn trackers_and_peers_are_understood() {
    holds(
        "\
peer_id = make_peer_id()
assert len(peer_id) == 20 and peer_id != make_peer_id() and client_of(peer_id) == 'kostorrent 0000'
assert client_of(b'-TR4060-k8hj0wgej6ch') == 'Transmission 4060'
assert client_of(b'M7-10-5--0123456789a') == 'unknown' and client_of(b'') == 'unknown'
assert chr(27) not in client_of(b'-KO' + bytes([27]) * 4 + b'-abcdefghijkl')
torrent = {'announce': 'http://t/a?pass=1', 'info_hash': bytes(range(0x70, 0x84)), 'total': 5}
url = announce_url(torrent, b'-KO0000-abcdefghijkl', 6881, 'started')
assert url == (
    'http://t/a?pass=1&info_hash=pqrstuvwxyz%7B%7C%7D~%7F%80%81%82%83&peer_id=-KO0000-abcdefghijkl'
    '&port=6881&uploaded=0&downloaded=0&left=5&compact=1&event=started'
), url
assert refused(announce, {**torrent, 'announce': 'file:///etc/hostname'}, peer_id, 1, '') == 'ValueError'
assert read_peers(bytes([10, 0, 0, 1, 0x1a, 0xe1, 1, 2, 3, 4, 0, 80, 9])) == [('10.0.0.1', 6881), ('1.2.3.4', 80)]
swarm = {}
assert decode(track(swarm, b'a', '127.0.0.1', 6881, 'started'))[0][b'peers'] == b''
reply, _ = decode(track(swarm, b'b', '10.0.0.1', 80, 'started'))
assert read_peers(reply[b'peers']) == [('127.0.0.1', 6881)]
track(swarm, b'a', '127.0.0.1', 6881, 'stopped')
assert decode(track(swarm, b'b', '10.0.0.1', 80, ''))[0][b'peers'] == b''
hello = make_handshake(bytes(20), peer_id)
assert len(hello) == 68 and check_handshake(hello, bytes(20), b'another id') == peer_id
refused(check_handshake, hello, bytes(20), peer_id)
refused(check_handshake, hello, b'x' * 20, b'')
refused(check_handshake, b'GET / HTTP/1.1'.ljust(68), bytes(20), b'')
",
    );
}

#[test]
fn trackers_are_asked_in_tiers_and_left_alone_as_they_wish() {
    holds(
        "\
assert read_tiers({b'announce': b'a'}) == read_tiers({b'announce': b'a', b'announce-list': []}) == [['a']]
tiers = read_tiers({b'announce': b'x', b'announce-list': [[b'a', b'b', b'c'], [b'd']]})
assert [sorted(tier) for tier in tiers] == [['a', 'b', 'c'], ['d']]
asked = []
def ask(url):
    asked.append(url)
    if url != answers:
        raise ValueError('it is down')
    return url
for answers in 'bd':
    first, asked = list(tiers[0]), []
    assert ask_in_turn(tiers, ask) == answers
    assert asked == (first + ['d'])[:len(asked)] and asked[-1] == answers
assert tiers[0][0] == 'b' and tiers[1] == ['d']
answers = ''
refused(ask_in_turn, tiers, ask)
for reply, seconds in [
    ({b'retry in': 5}, 300), ({b'retry in': b'5'}, 300), ({b'retry in': b'never'}, None), ({}, 30),
    ({b'interval': 60, b'min interval': 90}, 90), ({b'retry in': 10 ** 9}, 86400),
]:
    assert seconds_to_wait(reply) == seconds, reply
",
    );
}

#[test]
fn a_caller_is_answered_if_it_is_for_us() {
    holds(
        "\
import threading
torrent = {'info_hash': b'h' * 20}
torrents = {torrent['info_hash']: torrent}
listener = listen(0)
address = ('127.0.0.1', listener.getsockname()[1])
def call(wanted, caller, called):
    heard = []
    def be_called():
        connection, _ = listener.accept()
        with connection:
            try:
                heard.append(answer(connection, torrents, called))
            except ValueError as error:
                heard.append(str(error))
    waiting = threading.Thread(target=be_called)
    waiting.start()
    try:
        connection, said = meet(address, wanted, caller)
        connection.close()
    except (OSError, ValueError) as error:
        said = str(error)
    waiting.join()
    return said, heard[0]
assert call(torrent, b'a' * 20, b'b' * 20) == (b'b' * 20, (torrent, b'a' * 20))
said, heard = call({'info_hash': b'x' * 20}, b'a' * 20, b'b' * 20)
assert isinstance(said, str) and heard == 'it is not for us'
assert call(torrent, b'a' * 20, b'a' * 20) == ('we have called ourselves',) * 2
",
    );
}

#[test]
fn the_window_finds_its_size() {
    holds(
        "\
window = new_window()
for block in range(600):
    grow(window)
assert window['size'] == 500
second_over(window, 2_000_000)
assert window['slow start'] and window['size'] == 500
second_over(window, 2_004_000)
assert not window['slow start'] and window['size'] == 367
grow(window)
assert window['size'] == 367
for rate, size in [(1, 2), (16_384, 3), (16_385, 4), (10 ** 9, 500)]:
    second_over(window, rate)
    assert window['size'] == size, rate
",
    );
}

#[test]
fn messages_are_the_same_in_one_heap_and_from_a_connection() {
    holds(
        "\
heap = make_message(UNCHOKE) + bytes(4) + make_message(HAVE, bytes([0, 0, 1, 2])) + make_message(BITFIELD, b'\\xa0')
messages = [(1, b''), (4, bytes([0, 0, 1, 2])), (5, b'\\xa0')]
assert split_messages(heap) == messages
assert pieces_in(b'\\xa0\\x01') == {0, 2, 15}
ours, theirs = socket.socketpair()
for byte in heap:
    theirs.sendall(bytes([byte]))
peer = {'connection': ours, 'has': set(), 'choking': True}
assert [hear(peer) for _ in messages] == messages
assert peer['has'] == {0, 2, 258} and peer['choking'] is False
theirs.sendall(b'\\xff\\xff\\xff\\xff')
assert refused(hear, peer) == 'ValueError'
theirs.close()
assert refused(receive, ours, 1) == 'ValueError'
",
    );
}

#[test]
fn sha_1_by_hand_is_sha_1() {
    holds(
        "\
assert sha1(b'abc').hex() == 'a9993e364706816aba3e25717850c26c9cd0d89d'
for length in [*range(130), 1000]:
    message = bytes(n * 7 % 256 for n in range(length))
    assert sha1(message) == hashlib.sha1(message).digest(), length
blocks = [bytes(n * 7 % 256 for n in range(64)), b'x' * 64, bytes(64)]
words = side_by_side([schedule(block)[:16] for block in blocks])
for t in range(16, 80):
    words.append(next_words(words, t))
assert side_by_side(words) == [schedule(block) for block in blocks]
",
    );
}

#[test]
fn pieces_are_cut_into_blocks_and_files() {
    holds(
        "\
torrent = {'piece_length': 32768, 'total': 700067}
assert [piece_length(torrent, piece) for piece in (0, 20, 21)] == [32768, 32768, 11939]
assert cut_into_blocks(40000) == [(0, 16384), (16384, 16384), (32768, 7232)]
assert cut_into_blocks(16384) == [(0, 16384)]
asked = [(0, 4), (4, 4), (12, 4)]
assert parts(asked, 0, b'abcdefgh') == [(0, 0, b'abcd'), (4, 4, b'efgh')]
assert parts(asked, 2, b'cdefghijklmn') == [(0, 2, b'cd'), (4, 4, b'efgh'), (12, 12, b'mn')]
assert parts(asked, 8, b'ijkl') == []
files = [(['a'], 10), (['b'], 0), (['c'], 6)]
assert spans(files, 0, 8) == [(['a'], 0, 8)]
assert spans(files, 8, 8) == [(['a'], 8, 2), (['c'], 0, 6)]
",
    );
}

#[test]
fn paths_are_looked_at_once_more() {
    holds(
        "\
import tempfile
check_paths([['a', 'b'], ['a', 'c'], ['ab'], ['...'], ['a', 'b c', 'd']])
for paths in [
    [['..', 'x']], [['a', '']], [['.']], [['a/b']], [['a' + chr(92) + 'b']], [['a' + chr(0)]], [[]] * 2,
    [['a'], ['a']], [['a'], ['a', 'b']], [['a', 'b', 'c'], ['a-'], ['a', 'b']],
]:
    assert refused(check_paths, paths) == 'ValueError', paths
with tempfile.TemporaryDirectory() as folder:
    assert find_place(folder, ['a', 'b']) == os.path.join(folder, 'a', 'b')
    os.symlink('/', os.path.join(folder, 'out'))
    for path in [['out'], ['out', 'etc']]:
        assert refused(find_place, folder, path) == 'ValueError', path
",
    );
}

#[test]
fn nothing_is_written_over_and_no_link_is_followed() {
    if cfg!(windows) {
        return; // links are for administrators there
    }
    holds(
        "\
import tempfile
with tempfile.TemporaryDirectory() as folder:
    new = os.path.join(folder, 'new', 'er')
    make_files(new, [(['t', 'a'], 3), (None, 7), (['t', 'b', 'c'], 0)])
    assert os.path.getsize(os.path.join(new, 't', 'a')) == 3 and os.path.exists(os.path.join(new, 't', 'b', 'c'))
    assert refused(make_files, new, []) == 'FileExistsError'
    os.symlink(os.path.join(folder, 'elsewhere'), os.path.join(folder, 'link'))
    assert refused(make_files, os.path.join(folder, 'link'), [(['a'], 1)]) == 'FileExistsError'
    assert not os.path.exists(os.path.join(folder, 'elsewhere'))
    for n, second in enumerate([['t', 'a'], ['t', 'a', 'b'], ['t']]):
        refused(make_files, os.path.join(folder, str(n)), [(['t', 'a'], 1), (second, 1)])
",
    );
}

#[test]
fn only_right_pieces_are_written_and_nothing_of_others_is_touched() {
    if cfg!(windows) {
        return; // links are for administrators there, and there is no pwrite
    }
    holds(
        "\
import tempfile
sample = open_torrent('kostorrent/sample/kostorrent-sample.torrent')
files = sample['files']
with tempfile.TemporaryDirectory() as folder:
    prepare_files(folder, files)
    assert find_missing(folder, sample) == list(range(22))
    for piece in [3, 0]:
        good = read_piece('kostorrent/sample', sample, piece)
        assert not store_piece(folder, sample, piece, good[:-1] + b'?')
        assert store_piece(folder, sample, piece, good)
    assert find_missing(folder, sample) == [1, 2] + list(range(4, 22))
    sync_all(folder, files)
    prepare_files(folder, files)
    first = os.path.join(folder, *files[0][0])
    os.truncate(first, 3)
    assert refused(prepare_files, folder, files) == 'ValueError'
    os.remove(first)
    os.symlink(os.path.join(folder, *files[1][0]), first)
    assert refused(prepare_files, folder, files) == 'ValueError'
with tempfile.TemporaryDirectory() as folder:
    prepare_files(folder, files)
    assert room_of(os.path.join(folder, *files[3][0])) < files[3][1]
    with open(os.path.join(folder, *files[3][0]), 'r+b') as file:
        file.write(bytes([7]) * files[3][1])
    assert refused(go_on, sample, folder) == 'ValueError'
",
    );
}

#[test]
fn rates_and_times_are_shown_as_they_are() {
    holds(
        "\
came = [(second, 1000) for second in range(10)]
assert round(rate_at(came, 9.999)) == 1000 and len(came) == 5
assert rate_at([(3, 500)], 3) == 2000 and rate_at([], 5) == 0
assert rate_at([(3, 500)], 8) == 0
clock, shown, jumps = make_progress(0)['clock'], [], []
for second in range(1, 100):
    rate = 2000 if second % 2 else 0  # in bursts
    shown.append(time_left(clock, second, 100000 - 1000 * second, rate))
assert time_left(make_progress(0)['clock'], 1, 5, 0) is None
jumps = [abs(b - a + 1) for a, b in zip(shown[20:], shown[21:])]
assert max(jumps) < 4 and abs(shown[50] - 49) < 8, (jumps, shown[50])
assert [bytes_in_words(n) for n in (0, 999, 1023, 1434, 327680, 2 ** 40)] == [
    '0 B', '999 B', '1.0 KiB', '1.4 KiB', '320 KiB', '1024 GiB']
assert [time_in_words(n) for n in (None, 4.2, 125, 3720)] == [
    'waiting', '5 s left', '2 m 05 s left', '1 h 02 m left']
assert columns('日本') == 4 and columns('e' + chr(0x301)) == 1 and clip('日本語', 5) == '日本'
assert draw_map(8, {4, 5, 7}, 4) == '##.+' and draw_map(3, set(), 80) == '###'
torrent = {'name': 'a' + chr(27) + '[2J', 'hashes': [b''] * 4}
line = make_line(torrent, {3}, 1024, 'waiting')
assert chr(27) not in line and ' 75 %' in line and '###.' in line
import io
class Terminal(io.StringIO):
    isatty = lambda self: True
os.environ['TERM'] = 'dumb'
assert not can_redraw(Terminal()) and not can_redraw(io.StringIO())
os.environ['TERM'] = 'xterm'
assert can_redraw(Terminal())
",
    );
}

#[test]
fn rare_pieces_come_first_and_the_last_blocks_are_asked_of_three() {
    holds(
        "\
table = make_table({'piece_length': 32768, 'total': 131072, 'hashes': [b''] * 4}, '', range(4))
def join(*has):
    peer = {'has': set(has), 'choking': False, 'asked': [], 'to_say': [], 'blocks': 0}
    table['peers'].append(peer)
    return peer
def grant(peer):
    found = next_block(table, peer)
    if found:
        table['open'][found[0]][found[1]]['asked'].append(peer)
        peer['asked'].append(found)
    return found
first, second = (0, 16384), (16384, 16384)
a, b = join(0, 1, 2, 3), join(0, 1, 2)
assert rarest(table, a) == 3 and {rarest(table, b) for _ in range(100)} == {0, 1, 2}
assert [grant(a), grant(a)] == [(3, first), (3, second)]
asked = [grant(b) for _ in range(6)]
assert sorted(asked) == [(piece, block) for piece in range(3) for block in (first, second)]
# All is asked for: b has nothing of what a was asked for, and a is asked for what b owes.
assert grant(b) is None
assert sorted(grant(a) for _ in range(6)) == sorted(asked) and grant(a) is None
c, d = join(0, 1, 2), join(0, 1, 2)
assert grant(c) in asked
(piece, block) = c['asked'][0]
for _ in range(5):
    assert grant(d) != (piece, block)  # it was asked of three already
assert grant(d) is None
block_came(table, c, piece, block[0], bytes(16384))
for other in (a, b):
    assert (piece, block) not in other['asked'] and len(other['to_say']) == 1
    assert split_messages(other['to_say'][0])[0][0] == 8
assert d['to_say'] == [] and table['open'][piece][block]['from'] is c
block_came(table, a, piece, block[0], bytes(16384))
assert a['blocks'] == 0 and c['blocks'] == 1
# A block that is free for somebody: no end game.
give_back(table, d)
give_back(table, b)
give_back(table, a)
assert once_more(table, d) is None and grant(d) is not None
# A piece that was wrong is to come from one of its senders alone, from one that is still here.
table['torrent']['hashes'] = [bytes(20)] * 4
table['peers'].remove(c)
table['open'][1] = {(0, 16384): {'asked': [], 'data': b'', 'from': c}, (16384, 16384): {'asked': [], 'data': b'', 'from': d}}
whole(table, 1)
assert table['only'] == {1: d} and 1 not in table['open'] and 1 in table['missing']
table['only'][3] = a
assert not can_ask(table, b, 3) and can_ask(table, a, 3)
",
    );
}

#[test]
fn callers_are_answered_in_the_right_order_and_nonsense_is_refused() {
    holds(
        "\
torrent = {'info_hash': b'h' * 20, 'hashes': [b''] * 3, 'piece_length': 32768, 'total': 70000}
assert make_bitfield({0, 2, 9}, 10) == b'\\xa0\\x40' and pieces_in(make_bitfield({0, 2, 9}, 10)) == {0, 2, 9}
us, them = b'-KO0000-us----------', b'-KO0000-them--------'
ours, theirs = socket.socketpair()
theirs.sendall(make_handshake(b'h' * 20, them))
peer = welcome(ours, torrent, us, {1})
assert check_handshake(receive(theirs, 68), b'h' * 20, them) == us
assert split_messages(theirs.recv(100)) == [(5, b'\\x40')]
assert peer['id'] == them and not peer['unchoked'] and peer['choking']
# Another torrent: not a byte. Ourselves: the handshake, so that the caller sees it.
for info_hash, peer_id, answered in [(b'x' * 20, them, 0), (b'h' * 20, us, 68)]:
    ours, theirs = socket.socketpair()
    theirs.sendall(make_handshake(info_hash, peer_id))
    assert refused(answer_call, ours, torrent, us) == 'ValueError'
    ours.close()
    assert len(theirs.recv(100)) == answered
def request(piece, offset, length):
    return b''.join(number.to_bytes(4, 'big') for number in (piece, offset, length))
for bad in [(3, 0, 1), (0, 0, 0), (0, 0, 131073), (0, 32767, 2), (2, 0, 16384), (0, 2 ** 32 - 1, 2)]:
    assert refused(take_request, peer, torrent, {0, 1}, request(*bad)) == 'ValueError', bad
take_request(peer, torrent, {0, 1}, request(0, 0, 16384))
assert peer['wants'] == []  # it is choked
peer['unchoked'] = True
take_request(peer, torrent, {0, 1}, request(0, 0, 16384))
take_request(peer, torrent, {0, 1}, request(2, 0, 16))
assert peer['wants'] == [(0, 0, 16384)]  # piece 2 is not there
",
    );
}

#[test]
fn the_plain_choker_serves_those_who_give_and_tries_the_others() {
    holds(
        "\
def make_peer(name, gave):
    return {'name': name, 'gave': gave, 'interested': True, 'turns': 0, 'lucky': 0}
peers = [make_peer('abcdef'[n], gave) for n, gave in enumerate([0, 50, 0, 40, 0, 60])]
peers[5]['interested'] = False
names = lambda chosen: [peer['name'] for peer in chosen]
lucky = []
for round in range(60):
    chosen = names(choose_served(peers, 3))
    assert len(chosen) == 3 and chosen[:2] == ['b', 'd']
    lucky.append(chosen[2])
assert set(lucky) == set('ace')
assert all(len(set(lucky[n:n + 3])) == 1 for n in range(0, 60, 3)), lucky
# Who seeds serves those who had the fewest turns.
turns = {name: 0 for name in 'abcde'}
for peer in peers:
    peer['gave'] = 0
for round in range(300):
    for peer in choose_served(peers, 2):
        peer['turns'] += 1
        turns[peer['name']] += 1
assert max(turns.values()) - min(turns.values()) <= 8, turns
assert choose_served([], 4) == []
bucket, sent = make_bucket(100000, 0), 0
for tick in range(10001):
    while may_send(bucket, tick / 1000):
        bucket['level'] -= 16384
        sent += 16384
assert abs(sent - 1000000) <= 20000, sent
",
    );
}

#[test]
fn the_plain_client_seeds_to_the_finished_one() {
    if cfg!(windows) {
        return; // its `select` has no Ctrl-C there, and there is no pwrite
    }
    let Some(mut command) = python() else { return };
    let payload = Payload::odd("многие files");
    let (full, to) = (temp(), temp());
    payload.write(full.path());
    let tracker = Tracker::naming(&[]);
    let described = payload.torrent(32_768, &[&[&tracker.url()]]);
    let torrent = full.path().join("the.torrent");
    described.write(&torrent);
    command
        .arg(plain().join("ch16_seed.py"))
        .args([torrent.as_os_str(), full.path().as_os_str()])
        .args(["0", "1"]);
    let mut seeder = Process::start("ch16_seed.py", &mut command);
    let port: u16 = seeder.until_line("a port", |line| {
        line.rsplit_once("on port ")?.1.trim().parse().ok()
    });
    let announce = tracker.until_event("started");
    assert_eq!((announce.left, announce.port), (0, port));

    let mut command = kostorrent::download(&torrent, to.path());
    command.args(["--peer", &format!("127.0.0.1:{port}")]);
    Process::run("kostorrent download", &mut command).expect_code(0);
    payload.assert_in(to.path());
    let finished = seeder.finish();
    finished.expect_code(0);
    assert!(
        finished.stdout.contains("has called"),
        "{}",
        finished.stdout
    );
}

#[test]
fn a_note_is_believed_as_long_as_the_files_are_as_it_has_them() {
    if cfg!(windows) {
        return; // there is no pwrite
    }
    holds(
        "\
import tempfile
sample = open_torrent('kostorrent/sample/kostorrent-sample.torrent')
files = sample['files']
everything = set(range(22))
def there(folder, note):
    return judge(load_note(note, folder, sample), folder, sample)
with tempfile.TemporaryDirectory() as outside:
    folder, note = os.path.join(outside, 'to'), os.path.join(outside, 'note')
    assert load_note(note, folder, sample) is None
    prepare_files(folder, files)
    assert find_what_is_there(note, folder, sample) == set()
    for piece in [0, 7, 21]:
        store_piece(folder, sample, piece, read_piece('kostorrent/sample', sample, piece))
    vouch(note, folder, sample, {0, 7, 21}, True)
    assert os.listdir(outside) == ['to', 'note'] or os.listdir(outside) == ['note', 'to']
    assert there(folder, note) == ({0, 7, 21}, set())
    # An end that was not in order: what is not noted is read.
    vouch(note, folder, sample, {0, 7, 21}, False)
    assert there(folder, note) == ({0, 7, 21}, everything - {0, 7, 21})
    store_piece(folder, sample, 8, read_piece('kostorrent/sample', sample, 8))
    assert there(folder, note) == ({0, 7, 21}, everything - {0, 7, 21})
    assert find_what_is_there(note, folder, sample) == {0, 7, 8, 21}
    # Somebody has written, has set the time back, has made a copy, has taken a file away.
    place = os.path.join(folder, *files[-1][0])
    vouch(note, folder, sample, {0, 7, 8, 21}, True)
    was = os.stat(place)
    with open(place, 'r+b') as file:
        file.write(b'X')
    assert there(folder, note) == ({0, 7, 8}, {21})
    os.utime(place, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert there(folder, note) == ({0, 7, 8}, {21})
    vouch(note, folder, sample, {0, 7, 8, 21}, False)
    for back in [-3600, 3600]:
        os.utime(place, (0, time.time() + back))
        assert 21 not in there(folder, note)[0]
    os.remove(place)
    assert 21 in there(folder, note)[1]
    # What is no note, or another one.
    good = open(note, 'rb').read()
    for bad in [b'', good[:-1], good[:100], b'i7e', b'le', good.replace(b'8:in order', b'8:in odder')]:
        open(note, 'wb').write(bad)
        assert load_note(note, folder, sample) is None, bad
    open(note, 'wb').write(good)
    assert load_note(note, outside, sample) is None
    assert load_note(note, folder, {**sample, 'info_hash': bytes(20)}) is None
    # A new note that a crash has left is of no use, and of no harm.
    open(note + '.new', 'wb').write(b'half of')
    replace_file(note, b'old')
    assert open(note, 'rb').read() == b'old' and not os.path.exists(note + '.new')
",
    );
}

#[test]
fn a_question_over_a_socket_has_an_answer() {
    if cfg!(windows) {
        return; // there are no such sockets for Python
    }
    holds(
        "\
import tempfile, threading
with tempfile.TemporaryDirectory() as outside:
    folder = os.path.join(outside, 'run')
    with listen_in(folder) as listener:
        assert os.stat(folder).st_mode & 0o777 == 0o700
        heard = []
        answer = lambda question: heard.append(question) or {'done': 'a'}
        answering = threading.Thread(target=answer_one, args=(listener, answer))
        answering.start()
        assert ask_running(listener.getsockname(), {'ask': 'pause', 'torrent': 'a'}) == {'version': 1, 'done': 'a'}
        answering.join()
        assert heard == [{'version': 1, 'ask': 'pause', 'torrent': 'a'}]
",
    );
}

#[test]
fn files_are_chosen_and_what_comes_along_is_kept_aside() {
    if cfg!(windows) {
        return; // there is no pwrite
    }
    holds(
        "\
import tempfile
letters = {'piece_length': 8, 'total': 27, 'info_hash': bytes(20), 'files': [
    (['t', 'hello.txt'], 5), (['t', 'none.txt'], 0), (['t', 'fox.txt'], 16), (None, 1), (['t', 'end.txt'], 5),
]}
string = b'HELLOTHEQUICKBROWNFOX' + bytes(1) + b'JUMPS'
letters['hashes'] = [hashlib.sha1(string[at:at + 8]).digest() for at in range(0, 27, 8)]
assert [list(pieces_of(letters, file)) for file in range(5)] == [[0], [], [0, 1, 2], [2], [2, 3]]
assert needed_pieces(letters, {2}) == [0, 1, 2] and bytes_along(letters, {2}) == 7
assert needed_pieces(letters, {0, 4}) == [0, 2, 3] and needed_pieces(letters, {1}) == []
files = letters['files']
assert read_list('1,3', files) == {0, 2} and read_list('2-4', files) == {1, 2, 4}
assert read_list('*.txt,!fox*', files) == {0, 1, 4} and read_list('!1', files) == {1, 2, 4}
assert read_list('!*,4', files) == {4}
for bad in ['', '5', 'fox', 'FOX.txt', '3-2']:
    refused(read_list, bad, files)
def fetch(folder, wanted, pieces):
    for piece in pieces:
        assert store_chosen(folder, letters, wanted, piece, string[piece * 8:piece * 8 + 8])
with tempfile.TemporaryDirectory() as folder:
    assert take_over(folder, letters, {2}) == set()
    assert not store_chosen(folder, letters, {2}, 1, b'quickbro')
    fetch(folder, {2}, [1, 2, 0])
    assert open(os.path.join(folder, 't', 'fox.txt'), 'rb').read() == b'THEQUICKBROWNFOX'
    assert sorted(os.listdir(os.path.join(folder, 't'))) == ['fox.txt']
    parts = open(part_file(folder, letters)[0], 'rb').read()
    assert parts[:24].hex() == '00000004' '00000008' '00000001' 'ffffffff' '00000000' 'ffffffff'
    assert parts[1024:] == b'WNFOX' + bytes(1) + b'JUHELLOTHE'
    assert take_over(folder, letters, {2}) == {0, 1, 2}
    # Wanted later: nothing that came along is fetched again.
    assert take_over(folder, letters, {0, 2, 4}) == {0, 1, 2}
    assert open(os.path.join(folder, 't', 'hello.txt'), 'rb').read() == b'HELLO'
    fetch(folder, {0, 2, 4}, [3])
    assert open(os.path.join(folder, 't', 'end.txt'), 'rb').read() == b'JUMPS'
    assert not os.path.exists(os.path.join(folder, 't', 'none.txt'))
",
    );
}

#[test]
fn tasks_run_in_one_thread_and_wait_side_by_side() {
    holds(
        "\
import time
said = []
def task(name, connection, waits):
    for pause in waits:
        said.append((name, (yield connection, time.monotonic() + pause)))
one, two = socket.socketpair()
three, four = socket.socketpair()
two.sendall(b'x')
run([task('told', one, [60, 60]), task('waits', three, [0.2, 0])])
assert said == [('told', True), ('told', True), ('waits', False), ('waits', False)], said
def words(connection, heard):
    for _ in range(2):
        heard.append((yield from next_message(connection)))
heard = []
two.close()
four.sendall(bytes(4) + make_message(HAVE, bytes(4)) + make_message(UNCHOKE))
run([words(three, heard)])
assert heard == [(4, bytes(4)), (1, b'')], heard
four.close()
assert refused(run, [words(three, heard)]) == 'ValueError'
",
    );
}

/// Everything below a folder, by its path; the bytes of the files.
fn tree(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = kostorrent_tests::book::files_below(folder).unwrap();
    files
        .into_iter()
        .map(|path| {
            let bytes = fs::read(&path).unwrap();
            (path.strip_prefix(folder).unwrap().to_owned(), bytes)
        })
        .collect()
}

#[test]
fn the_plain_client_downloads_the_sample_from_the_lab() {
    let folder = temp();
    let mut command = kostorrent::lab(folder.path());
    command.args(["--port", "0", "--fast"]);
    let mut lab = Process::start("kostorrent lab", &mut command);
    let torrent = lab.until_line("READY", |line| {
        let (_, torrent) = line.strip_prefix("READY ")?.split_once(' ')?;
        Some(PathBuf::from(torrent))
    });
    let to = folder.path().join("new/folder");
    let Some(finished) = download(&torrent, &to) else {
        return;
    };
    finished.expect_code(0);
    let sample = programs::root().join("kostorrent/sample/kostorrent-sample");
    assert!(tree(&to.join("kostorrent-sample")) == tree(&sample));
    assert_eq!(fs::read_dir(&to).unwrap().count(), 1);

    // Nothing is ever written over.
    let again = download(&torrent, &to).unwrap();
    again.expect_code(1);
    assert!(again.stderr.contains("FileExistsError"), "{}", again.stderr);
}

#[test]
fn the_plain_clients_for_many_peers_download_among_trouble_makers() {
    if cfg!(windows) {
        return; // there is no pwrite
    }
    let folder = temp();
    let mut command = kostorrent::lab(folder.path());
    command.args(["--port", "0", "--fast", "--trouble"]);
    let mut lab = Process::start("kostorrent lab", &mut command);
    let torrent = lab.until_line("READY", |line| {
        let (_, torrent) = line.strip_prefix("READY ")?.split_once(' ')?;
        Some(PathBuf::from(torrent))
    });
    let sample = programs::root().join("kostorrent/sample/kostorrent-sample");
    for file in ["ch11_peers.py", "ch12_async.py"] {
        let to = folder.path().join(file);
        let Some(finished) = download_by(file, &torrent, &to) else {
            return;
        };
        finished.expect_code(0);
        assert!(
            tree(&to.join("kostorrent-sample")) == tree(&sample),
            "{file}"
        );
        let sent = finished.stdout.matches(" sent ").count();
        assert!(sent >= 3, "{}", finished.stdout);
    }
}

/// Downloads from one scripted seeder, and returns what came of it.
fn from_seeder(payload: &Payload, piece_length: u64, manner: Manner) -> Option<(Finished, bool)> {
    let folder = temp();
    let tracker = Tracker::naming(&[]);
    let described = payload.torrent(piece_length, &[&[&tracker.url()]]);
    let seeder = Seeder::start(&described, payload.bytes(), manner);
    tracker.answer(Answer::Peers(vec![seeder.address()], 1800));
    let torrent = folder.path().join("the.torrent");
    described.write(&torrent);
    let to = folder.path().join("to");
    let finished = download(&torrent, &to)?;
    assert_eq!(tracker.events(), ["started", "stopped"]);
    let difference = payload.difference(&to, true);
    Some((finished, difference.is_none()))
}

#[test]
fn the_plain_client_downloads_one_file_and_odd_ones() {
    let single = Payload::single("single file é.bin", 500_001);
    let odd = Payload::odd("многие files");
    let chokes = Manner {
        choke_every: Some(3),
        have_messages: true,
        ..Manner::default()
    };
    for (payload, piece_length, manner) in [
        (single, 65_536, chokes),
        (Payload::single("small", 1), 16_384, Manner::default()),
        (odd, 100_000, Manner::default()),
    ] {
        let Some((finished, same)) = from_seeder(&payload, piece_length, manner) else {
            return;
        };
        finished.expect_code(0);
        assert!(same, "{}", payload.name());
    }
}

#[test]
fn the_plain_client_takes_no_lie() {
    let payload = Payload::single("a.bin", 300_000);
    let lies = Manner {
        spoils: Some(9),
        ..Manner::default()
    };
    let Some((finished, same)) = from_seeder(&payload, 32_768, lies) else {
        return;
    };
    finished.expect_code(1);
    assert!(!same);
    assert!(
        finished.stdout.contains("piece 4 is wrong"),
        "{}",
        finished.stdout
    );
    assert_eq!(finished.stderr.trim(), "6 pieces are missing");
}

/// They are imported all at once above; and who reads them in order is to find one meaning for a name.
#[test]
fn no_two_files_have_a_function_of_the_same_name() {
    let define = Regex::new(r"(?m)^(?:async )?def +([A-Za-z0-9_]+)").unwrap();
    let mut seen = BTreeSet::new();
    for name in modules() {
        let source = fs::read_to_string(plain().join(&name).with_extension("py")).unwrap();
        for found in define.captures_iter(&source) {
            assert!(seen.insert(found[1].to_owned()), "{name}: {}", &found[1]);
        }
    }
}

#[test]
fn each_file_uses_python_alone_and_the_plain_files_before_it() {
    let names = modules();
    assert!(names.len() >= 9);
    let standard = BTreeSet::from([
        "asyncio",
        "fnmatch",
        "hashlib",
        "json",
        "math",
        "os",
        "pprint",
        "random",
        "select",
        "socket",
        "string",
        "sys",
        "threading",
        "time",
        "unicodedata",
        "urllib",
    ]);
    let import = Regex::new(r"(?m)^\s*(?:from|import) +([A-Za-z0-9_]+)").unwrap();
    for (at, name) in names.iter().enumerate() {
        let text = fs::read_to_string(plain().join(format!("{name}.py"))).unwrap();
        for found in import.captures_iter(&text) {
            let used = &found[1];
            let before = names[..at].iter().any(|earlier| earlier == used);
            assert!(
                before || standard.contains(used),
                "{name}.py imports {used}"
            );
        }
        assert!(!text.contains("\nclass "), "{name}.py has a class");
    }
}

#[test]
fn each_box_has_a_sentence_above_each_function_and_at_most_twenty_lines() {
    for name in modules() {
        let text = fs::read_to_string(plain().join(format!("{name}.py"))).unwrap();
        for anchor in anchors(&text) {
            let lines = anchored(&text, &anchor.name).unwrap();
            assert!(
                lines.len() <= 20,
                "{name}.py: {} has {} lines",
                anchor.name,
                lines.len()
            );
        }
        let lines: Vec<&str> = text.lines().collect();
        for pair in lines.windows(2) {
            let function = pair[1].starts_with("def ");
            assert!(
                !function || pair[0].starts_with("# ") && pair[0].ends_with(['.', ')', '?']),
                "{name}.py: a sentence stands above {}",
                pair[1]
            );
        }
    }
}
