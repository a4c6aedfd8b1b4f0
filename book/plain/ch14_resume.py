"""Chapter 14 in plain Python: pause and resume. A client that believes its own notes."""
import json
import os
import socket
import sys
import time

from ch01_bencode import decode, encode
from ch02_metainfo import open_torrent
from ch03_peer_id import client_of, make_peer_id
from ch04_tracker import find_peers
from ch06_messages import greet, hear
from ch07_blocks import be_interested, fetch_piece, piece_length
from ch08_sha1 import is_good
from ch09_files import read_piece
from ch10_disk import prepare_files, room_of, store_piece, sync_all


# ANCHOR: replace
# Replaces a small file: at any moment, the old one or the new one is there.
def replace_file(path, data):
    new = path + ".new"
    if os.path.lexists(new):
        os.remove(new)
    with open(new, "xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())  # first its bytes
    os.rename(new, path)  # then its name
    folder = os.open(os.path.dirname(os.path.realpath(path)), os.O_RDONLY)
    try:
        os.fsync(folder)  # and then the name is durable, too
    finally:
        os.close(folder)
# ANCHOR_END: replace


# ANCHOR: stamp
# How a file is now: length, last write, last change of anything, number.
def stamp_of(place):
    try:
        found = os.stat(place)
    except FileNotFoundError:
        return []
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


# The stamps of all files, one after the other; padding has none.
def stamps_of(folder, torrent):
    places = [path and os.path.join(folder, *path) for path, length in torrent["files"]]
    return [stamp_of(place) if place else [] for place in places]
# ANCHOR_END: stamp


# ANCHOR: vouch
# Writes the note: these pieces are there. First they are made durable.
def vouch(note_path, folder, torrent, pieces, in_order):
    sync_all(folder, torrent["files"])
    if in_order:
        time.sleep(0.1)  # whoever writes later than this leaves another time
    bits = bytearray((len(torrent["hashes"]) + 7) // 8)
    for piece in pieces:
        bits[piece // 8] |= 128 >> piece % 8
    replace_file(note_path, encode({
        b"files": stamps_of(folder, torrent),
        b"folder": os.fsencode(os.path.realpath(folder)),
        b"in order": int(in_order),
        b"info hash": torrent["info_hash"],
        b"pieces": bytes(bits),
        b"saved": int(time.time()),
    }))
# ANCHOR_END: vouch


# ANCHOR: load
# Reads the note; None if there is none, or none that is of use here.
def load_note(note_path, folder, torrent):
    try:
        with open(note_path, "rb") as file:
            note, _ = decode(file.read())
        is_ours = (
            note[b"info hash"] == torrent["info_hash"]
            and note[b"folder"] == os.fsencode(os.path.realpath(folder))
            and len(note[b"files"]) == len(torrent["files"])
            and len(note[b"pieces"]) == (len(torrent["hashes"]) + 7) // 8
            and note[b"in order"] in (0, 1) and note[b"saved"] >= 0
        )
        return note if is_ours else None
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
# ANCHOR_END: load


# ANCHOR: trust
# Says whether a file is as the note has it, as far as a look can tell.
def is_as_noted(note, was, now):
    if not was or not now:
        return False
    if note[b"in order"] == 1:
        return was == now
    same_file = (was[0], was[3]) == (now[0], now[3])
    # We may have written on: not before the note, nor long after it.
    latest = max(note[b"saved"] * 10**9, was[1]) + 70 * 10**9
    return same_file and was[1] <= now[1] <= latest
# ANCHOR_END: trust


# ANCHOR: judge
# Sorts the pieces: those that are trusted, and those that must be read.
def judge(note, folder, torrent):
    doubtful = set()
    size = torrent["piece_length"]
    begin = 0
    now = stamps_of(folder, torrent)
    for (path, length), was, found in zip(torrent["files"], note[b"files"], now):
        if path and length > 0 and not is_as_noted(note, was, found):
            doubtful.update(range(begin // size, (begin + length - 1) // size + 1))
        begin += length
    trusted, to_read = set(), set()
    for piece in range(len(torrent["hashes"])):
        is_noted = note[b"pieces"][piece // 8] & (128 >> piece % 8) > 0
        if is_noted and piece not in doubtful:
            trusted.add(piece)
        elif is_noted or piece in doubtful or note[b"in order"] != 1:
            to_read.add(piece)
    return trusted, to_read
# ANCHOR_END: judge


# ANCHOR: go_on
# Finds out what is on disk, reading no more than it must.
def find_what_is_there(note_path, folder, torrent):
    note = load_note(note_path, folder, torrent)
    trusted, to_read = set(), set(range(len(torrent["hashes"])))
    if note is not None:
        trusted, to_read = judge(note, folder, torrent)
    prepare_files(folder, torrent["files"])  # not before the look at them
    places = [os.path.join(folder, *path) for path, length in torrent["files"] if path]
    if all(room_of(place) == 0 for place in places):
        to_read = set()  # nothing but holes
    there = set(trusted)
    for piece in to_read:
        if is_good(torrent, piece, read_piece(folder, torrent, piece)):
            there.add(piece)
    if to_read and not there and note is None:
        raise ValueError("nothing of what is on disk is the torrent's: move it away")
    print(f"{len(trusted)} pieces trusted, {len(to_read)} read, {len(there)} there")
    return there
# ANCHOR_END: go_on


# ANCHOR: fetch
# Fetches from one peer what is missing; every five seconds the note is written.
def fetch_and_vouch(peer, torrent, there, folder, note_path):
    be_interested(peer)
    noted = time.monotonic()
    missing = set(range(len(torrent["hashes"]))) - there
    while missing:
        they_have = sorted(missing & peer["has"])
        if not they_have:
            hear(peer)  # perhaps a bitfield, or a have
            continue
        piece = they_have[0]
        data = fetch_piece(peer, piece, piece_length(torrent, piece))
        if not store_piece(folder, torrent, piece, data):
            raise ValueError(f"piece {piece} is wrong")
        there.add(piece)
        missing.remove(piece)
        if time.monotonic() - noted > 5:
            vouch(note_path, folder, torrent, there, False)
            noted = time.monotonic()
# ANCHOR_END: fetch


# ANCHOR: ask
# Asks a running kostorrent something, over its socket; gives its answer.
def ask_running(socket_path, question):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(socket_path)
        line = json.dumps({"version": 1, **question}) + "\n"
        connection.sendall(line.encode())
        with connection.makefile("rb") as answer:
            return json.loads(answer.readline())
# ANCHOR_END: ask


# ANCHOR: answer
# Listens at a socket, in a folder that only we may open.
def listen_in(folder):
    os.mkdir(folder, 0o700)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.path.join(folder, f"{os.getpid()}.sock"))
    listener.listen()
    return listener


# Hears one question, a line of JSON, and sends what `answer` makes of it.
def answer_one(listener, answer):
    connection, _ = listener.accept()
    with connection, connection.makefile("rwb") as talk:
        question = json.loads(talk.readline(65536))
        line = json.dumps({"version": 1, **answer(question)}) + "\n"
        talk.write(line.encode())
# ANCHOR_END: answer


# ANCHOR: life
# One life of a download; gives how many pieces are missing at its end.
def live(torrent, folder, note_path):
    our_id = make_peer_id()
    there = find_what_is_there(note_path, folder, torrent)
    vouch(note_path, folder, torrent, there, False)  # a life has begun
    try:
        is_complete = len(there) == len(torrent["hashes"])
        for address in [] if is_complete else find_peers(torrent, our_id):
            try:
                peer = greet(address, torrent, our_id)
                print(f"{address[0]}:{address[1]} is {client_of(peer['id'])}")
                fetch_and_vouch(peer, torrent, there, folder, note_path)
                break
            except (OSError, ValueError) as error:
                print(f"{address[0]}:{address[1]}: {error}")
    finally:
        vouch(note_path, folder, torrent, there, True)  # even after Ctrl-C
    return len(torrent["hashes"]) - len(there)
# ANCHOR_END: life


if __name__ == "__main__" and sys.argv[1] == "ask":
    print(json.dumps(ask_running(sys.argv[2], json.loads(sys.argv[3]))))
elif __name__ == "__main__":
    torrent = open_torrent(sys.argv[1])
    try:
        missing = live(torrent, sys.argv[2], sys.argv[3])
    except KeyboardInterrupt:
        sys.exit("stopped, and noted")
    if missing:
        sys.exit(f"{missing} pieces are missing")
    print(f"{len(torrent['hashes'])} pieces are verified and written: {torrent['name']}")
