//! Chapter 21: the five messages, the set, and that each request is answered.

use super::holds;

#[test]
fn the_sets_are_those_of_the_bep() {
    holds(
        "\
nine = [1059, 431, 808, 1217, 287, 376, 1188, 353, 508]
assert allowed_set('80.4.4.200', bytes([0xaa] * 20), 1313, 9) == nine
assert allowed_set('80.4.4.1', bytes([0xaa] * 20), 1313, 7) == nine[:7]
assert allowed_set('80.4.5.200', bytes([0xaa] * 20), 1313, 9) != nine
assert sorted(allowed_set('80.4.4.200', bytes(20), 3, 10)) == [0, 1, 2]
",
    );
}

/// A peer at the other end of a pair of sockets.
const PEER: &str = "\
ours, theirs = socket.socketpair()
for end in (ours, theirs):
    end.settimeout(5)
peer = {'connection': ours, 'has': set(), 'choking': True, 'allowed': set()}
say = lambda number, payload=b'': theirs.sendall(make_message(number, payload))
reject = lambda *numbers: b''.join(number.to_bytes(4, 'big') for number in numbers)
";

#[test]
fn what_it_hears_is_remembered_and_what_cannot_be_is_refused() {
    holds(&format!(
        "{PEER}\
say(14), hear_fast(peer, 5)
assert peer['has'] == {{0, 1, 2, 3, 4}}
say(17, bytes([0, 0, 0, 4])), hear_fast(peer, 5)
say(13, bytes([0, 0, 0, 3])), hear_fast(peer, 5)
assert peer['allowed'] == {{4}}
say(15), hear_fast(peer, 5)
assert peer['has'] == set()
for number, payload in [(14, b'x'), (17, bytes(3)), (17, bytes([0, 0, 0, 5])), (16, bytes(11))]:
    say(number, payload)
    assert refused(hear_fast, peer, 5) == 'ValueError', number
"
    ));
}

#[test]
fn a_piece_is_fetched_over_a_choke_and_each_block_is_asked_for_as_often_as_it_was_rejected() {
    holds(&format!(
        "{PEER}\
peer['choking'] = False
data = bytes(range(256)) * 192  # three blocks
block = lambda at: reject(2, at) + data[at:at + 16384]
say(0), say(16, reject(2, 0, 16384)), say(1)
say(7, block(16384)), say(7, block(32768)), say(7, block(0))
assert fetch_fast(peer, 2, len(data), 5) == data
asked = [read_message(theirs) for _ in range(4)]
assert [payload[4:8].hex() for _, payload in asked] == ['00000000', '00004000', '00008000', '00000000']
"
    ));
}

#[test]
fn a_reject_out_of_place_ends_it() {
    holds(&format!(
        "{PEER}\
peer['choking'] = False
say(16, reject(2, 0, 16384))
assert refused(fetch_fast, peer, 2, 16384, 5) == 'ValueError'  # it does not choke us
say(0), say(16, reject(3, 0, 16384))
assert refused(fetch_fast, peer, 2, 16384, 5) == 'ValueError'  # that was not asked for
"
    ));
}

#[test]
fn who_gives_answers_everything_once() {
    holds(
        "\
ours, theirs = socket.socketpair()
theirs.settimeout(5)
peer = {'connection': ours, 'unchoked': True, 'granted': {2}, 'wants': []}
one, two, three = (1, 0, 16384), (2, 0, 16384), (3, 0, 16384)
for request in (one, two, three):
    take_or_reject(peer, {1, 2, 3}, request)
cancel_aloud(peer, three)
cancel_aloud(peer, three)  # its answer is under way
assert read_message(theirs) == (16, bytes([0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0x40, 0]))
choke_aloud(peer)
assert peer['wants'] == [two]
assert read_message(theirs) == (0, b'')
assert read_message(theirs)[1][:4] == bytes([0, 0, 0, 1])
take_or_reject(peer, {1, 2, 3}, one)
assert read_message(theirs)[1][:4] == bytes([0, 0, 0, 1])
take_or_reject(peer, {1, 3}, two)  # it is not here
assert read_message(theirs)[1][:4] == bytes([0, 0, 0, 2])
take_or_reject(peer, {1, 2, 3}, two)
assert peer['wants'] == [two, two]
",
    );
}
