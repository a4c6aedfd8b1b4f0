//! Many peers, tasks, progress, giving, and a question from outside.

use super::holds;

#[test]
fn rates_and_times_are_shown_as_they_are() {
    holds(
        "\
assert screen_after('9 m left' + chr(13) + '8 m', 10) == '8 m left  '
assert screen_after('9 m left' + chr(13) + '8' + chr(27) + '[K', 10) == '8         '
assert screen_after('abcdef', 4) == 'abcf'
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
fn half_a_message_of_one_holds_up_nobody() {
    holds(
        "\
torrent = {'info_hash': b'h' * 20, 'hashes': [b''] * 3, 'piece_length': 32768, 'total': 70000}
table = make_table(torrent, '', range(3))
def join(name):
    ours, theirs = socket.socketpair()
    ours.settimeout(2)  # whoever waits for the rest hangs up on it
    table['peers'].append(make_partner(ours, name, False))
    return table['peers'][-1], theirs
slow, drips = join(b'-KO0000-slow--------')
other, says = join(b'-KO0000-other-------')
listener = open_port(0)
words = make_message(HAVE, bytes(3) + b'\\2') + bytes(4) + make_message(UNCHOKE) + make_message(INTERESTED)
for at in range(len(words)):
    drips.sendall(words[at:at + 1])
    says.sendall(make_message(HAVE, bytes([0, 0, 0, at % 2])) + make_message(INTERESTED))
    for _ in range(2):
        listen_to_all(table, listener, [], b'')
    assert slow in table['peers'] and at % 2 in other['has'] and other['interested'], at
    assert slow['interested'] == (at + 1 == len(words)), at
    other['has'], other['interested'] = set(), False
assert slow['has'] == {2} and not slow['choking'] and slow['heard'] == b''
drips.close()
listen_to_all(table, listener, [], b'')
assert table['peers'] == [other]
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
# Whoever has a regular slot and an optimistic turn left takes no second one along, whatever they give.
for round in range(300):
    for n, peer in enumerate(peers):
        peer['gave'] = round * (n + 3) * 7919 % 5
    assert len(choose_served(peers, 3)) == 3, round
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
fn between_two_rounds_no_more_are_served_than_there_are_slots() {
    holds(
        "\
class Deaf:
    def sendall(self, data):
        pass
def make_peer():
    return {
        'connection': Deaf(), 'interested': True, 'unchoked': False, 'wants': [],
        'gave': 0, 'turns': 0, 'lucky': 0,
    }
peers = [make_peer() for _ in range(SLOTS)]
give_out_slots(peers)
assert all(peer['unchoked'] for peer in peers)
peers[0]['interested'] = False
peers.append(make_peer())
give_free_slots(peers)
assert [peer['unchoked'] for peer in peers] == [False] + [True] * SLOTS
peers[0]['interested'] = True
give_free_slots(peers)
assert sum(peer['unchoked'] for peer in peers) == SLOTS
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
fn pieces_are_dealt_out_as_peers_become_free() {
    holds(
        "\
each = [100, 200, 400, 2000]
assert time_in_shares(each, 64) == 32000 and time_in_shares(each[:1], 64) == 6400
assert time_from_one_queue(each, 64) == 4000 and time_from_one_queue([7], 3) == 21
",
    );
}

#[test]
fn the_first_of_two_is_heard_and_a_queue_with_a_bound_is_never_longer() {
    holds(
        "\
async def orders():
    peer, order = asyncio.Event(), asyncio.Queue()
    order.put_nowait('cancel')
    assert await first_of(peer.wait(), order.get()) == (1, 'cancel')
    peer.set()
    assert await first_of(peer.wait(), order.get()) == (0, True)
    order.put_nowait('kept')  # what was waited for in vain has taken nothing
    assert await order.get() == 'kept'
asyncio.run(orders())
async def waited(places):
    queue = asyncio.Queue(places)
    _, most = await asyncio.gather(bring_pieces(queue, 50), write_pieces(queue))
    return most
assert asyncio.run(waited(8)) <= 8 and asyncio.run(waited(0)) >= 49
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
