//! Chapters 1 to 9: what the parts read, write and refuse.

use super::holds;

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
# Padding and links count, and are not written. Padding needs no path, a link no length.
files = [
    {b'length': 5, b'path': [b'a']}, {b'length': 3, b'path': [b'.pad', b'3'], b'attr': b'p'},
    {b'length': 0, b'path': [b'c'], b'attr': b'l', b'symlink path': [b'a']},
    {b'length': 2, b'attr': b'p'}, {b'path': [b'd'], b'attr': b'xl', b'symlink path': [b'a']},
]
listed = [(['t', 'a'], 5), (None, 3), (None, 0), (None, 2), (None, 0)]
assert list_files({b'name': b't', b'files': files}) == listed
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
for reply, interval, peers in [
    (b'd8:intervali60e5:peers6:' + bytes([10, 0, 0, 1, 0x1a, 0xe1]) + b'e', 60, [('10.0.0.1', 6881)]),
    (b'd8:intervali60e5:peersld2:ip3:::14:porti80eeee', 60, [('::1', 80)]),
    (b'de', 1800, []), (b'd8:intervali-1ee', 30, []), (b'd8:intervali999999ee', 7200, []),
]:
    assert read_reply(reply) == {'interval': interval, 'peers': peers}, reply
for reply in [b'', b'le', b'i1e', b'<html>', b'd14:failure reason2:noe', b'd5:peersi1ee', b'd8:interval1:xe']:
    refused(read_reply, reply)
swarm = {}
assert decode(track(swarm, b'a', '127.0.0.1', 6881, 'started'))[0][b'peers'] == b''
reply, _ = decode(track(swarm, b'b', '10.0.0.1', 80, 'started'))
assert read_peers([{b'ip': b'10.0.0.1', b'port': 6881}]) == [('10.0.0.1', 6881)]
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
for size in range(1, len(heap) + 1):
    found, waiting = [], b''
    for at in range(0, len(heap), size):
        taken, waiting = take_messages(waiting, heap[at:at + size])
        found += taken
        assert len(waiting) < 4 + 1 + max(len(payload) for _, payload in messages)
    assert (found, waiting) == (messages, b''), size
assert take_messages(b'', bytes([0, 0, 0, 5, 4, 0])) == ([], bytes([0, 0, 0, 5, 4, 0]))
refused(take_messages, b'', bytes([0, 16, 0, 1]))
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
    for size in [1, 7, 64, 65, 1000]:
        growing = begin_message()
        for at in range(0, length, size):
            add_bytes(growing, message[at:at + size])
            assert len(growing['rest']) < 64
        assert end_message(growing) == sha1(message), (length, size)
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
torrent['hashes'] = [bytes(20)] * 22
for piece, offset, length, may in [
    (0, 0, 1, True), (0, 0, 32768, True), (0, 16384, 16385, False), (0, 2 ** 32 - 1, 16384, False), (0, 0, 0, False),
    (21, 0, 11939, True), (21, 0, 11940, False), (22, 0, 1, False),
]:
    assert is_inside_a_piece(torrent, piece, offset, length) is may, (piece, offset, length)
torrent = {'piece_length': 2 ** 18, 'total': 2 ** 18, 'hashes': [bytes(20)]}
assert is_inside_a_piece(torrent, 0, 0, 131072) and not is_inside_a_piece(torrent, 0, 0, 131073)
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
