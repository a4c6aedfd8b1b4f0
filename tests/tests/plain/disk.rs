//! What is on the disk: written, vouched for, chosen.

use super::holds;

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
fn a_link_says_the_way_from_its_own_folder_and_stands_for_nothing_else() {
    if cfg!(windows) {
        return; // links are for administrators there
    }
    holds(
        "\
import tempfile
assert text_of_link(['t', 'link'], ['t', 'one']) == '../t/one'
assert text_of_link(['t', 'folder', 'link'], ['t', 'one']) == '../../t/one'
with tempfile.TemporaryDirectory() as folder:
    make_files(os.path.join(folder, 'd'), [(['t', 'one'], 3), (['t', 'two'], 4)])
    folder = os.path.join(folder, 'd')
    for _ in range(2):
        make_link(folder, ['t', 'folder', 'link'], ['t', 'one'])
    assert os.path.getsize(os.path.join(folder, 't', 'folder', 'link')) == 3
    for path, target in [(['t', 'folder', 'link'], ['t', 'two']), (['t', 'two'], ['t', 'one'])]:
        assert refused(make_link, folder, path, target) == 'FileExistsError', path
    assert refused(make_link, folder, ['t', 'folder', 'link', 'x'], ['t', 'one']) == 'ValueError'
    assert os.path.getsize(os.path.join(folder, 't', 'two')) == 4
",
    );
}

#[test]
fn a_few_files_are_kept_open_and_parts_of_blocks_are_found() {
    if cfg!(windows) {
        return; // an open file cannot be deleted there
    }
    holds(
        "\
import tempfile
blocks = [b'abcd', b'efgh', b'ij']
for offset in range(11):
    for length in range(11 - offset):
        parts = parts_of(blocks, offset, length)
        assert b''.join(parts) == b'abcdefghij'[offset:offset + length]
        assert all(parts)
with tempfile.TemporaryDirectory() as folder:
    kept, places = {}, [os.path.join(folder, str(n)) for n in range(4)]
    for place in places:
        open(place, 'wb').close()
    files = [open_and_keep(kept, place, 3) for place in places[:3]]
    assert open_and_keep(kept, places[0], 3) == files[0]
    open_and_keep(kept, places[3], 3)
    assert list(kept) == [places[2], places[0], places[3]]
    for file in kept.values():
        os.close(file)  # each is still open
",
    );
}

#[test]
fn a_hole_is_what_was_never_written() {
    if cfg!(windows) {
        return; // its files are not asked like this
    }
    holds(
        "\
import tempfile
with tempfile.TemporaryDirectory() as folder:
    place = os.path.join(folder, 'file')
    with open(place, 'wb') as file:
        file.truncate(2 ** 24)
        file.seek(2 ** 23)
        file.write(b'data')
        file.flush()
        number = file.fileno()
        assert not is_hole(number, 2 ** 23, 4) and not is_hole(number, 2 ** 23 - 1, 2)
        if room_of(place) < 2 ** 23:  # a disk that knows holes
            assert is_hole(number, 0, 2 ** 22) and is_hole(number, 2 ** 23 + 2 ** 22, 2 ** 22)
    assert refused(is_hole, number, 0, 1) == 'OSError'  # it is closed
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
