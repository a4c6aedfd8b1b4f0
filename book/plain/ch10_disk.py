"""Chapter 10 in plain Python: pieces on disk. A client that goes on where it was killed."""
import errno
import os
import sys

from ch02_metainfo import open_torrent
from ch03_peer_id import client_of, make_peer_id
from ch04_tracker import find_peers
from ch06_messages import greet, hear
from ch07_blocks import be_interested, fetch_piece, piece_length
from ch08_sha1 import is_good
from ch09_files import find_missing, spans


# ANCHOR: prepare
# Makes the files that are not there yet, at full length; others must be ours.
def prepare_files(folder, files):
    for path, length in files:
        if path is None:
            continue
        place = os.path.join(os.path.realpath(folder), *path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        if not os.path.lexists(place):
            with open(place, "xb") as file:
                file.truncate(length)
        is_link = os.path.realpath(place) != place
        if is_link or not os.path.isfile(place) or os.path.getsize(place) != length:
            raise ValueError(f"{place}: something else is there; move it away")
# ANCHOR_END: prepare


# ANCHOR: room
# How many bytes of the disk a file takes; its length says nothing about that.
def room_of(place):
    return os.stat(place).st_blocks * 512
# ANCHOR_END: room


# ANCHOR: write_at
# Writes all of it at an offset; one call may write less than it was given.
def write_at(file, data, offset):
    while data:
        written = os.pwrite(file, data, offset)
        offset += written
        data = data[written:]
# ANCHOR_END: write_at


# ANCHOR: parts
# The parts of a piece's blocks that make up so many of its bytes; nothing is copied.
def parts_of(blocks, offset, length):
    parts = []
    begin = 0
    for block in blocks:
        first = max(offset - begin, 0)
        last = min(offset + length - begin, len(block))
        if first < last:
            parts.append(memoryview(block)[first:last])
        begin += len(block)
    return parts
# ANCHOR_END: parts


# ANCHOR: store
# Writes a whole piece, if it is the right one; whether it is.
def store_piece(folder, torrent, piece, data):
    if not is_good(torrent, piece, data):
        return False
    start = piece * torrent["piece_length"]
    for path, offset, length in spans(torrent["files"], start, len(data)):
        if path is not None:
            file = os.open(os.path.join(folder, *path), os.O_WRONLY)
            try:
                write_at(file, data[:length], offset)
            finally:
                os.close(file)
        data = data[length:]
    return True
# ANCHOR_END: store


# ANCHOR: keep_open
# An open file: one that is kept, or else a new one, and then the one at rest for longest goes.
def open_and_keep(kept, place, most):
    file = kept.pop(place, None)
    if file is None:
        file = os.open(place, os.O_RDWR)
    kept[place] = file  # a dictionary keeps its order: the latest is the last
    if len(kept) > most:
        oldest = next(iter(kept))
        os.close(kept.pop(oldest))
    return file
# ANCHOR_END: keep_open


# ANCHOR: hole
# Whether so many bytes at an offset are in a hole: the next data begins behind them.
def is_hole(file, offset, length):
    try:
        return os.lseek(file, offset, os.SEEK_DATA) >= offset + length
    except OSError as error:
        if error.errno == errno.ENXIO:
            return True  # there is no data from here to the end of the file
        raise
# ANCHOR_END: hole


# ANCHOR: sync
# Waits until files and folders are on the disk itself, safe from a power cut.
def sync_all(folder, files):
    paths = [os.path.join(folder, *path) for path, length in files if path is not None]
    folders = {os.path.dirname(path) for path in paths} | {folder}
    for path in paths + sorted(folders):
        file = os.open(path, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)
# ANCHOR_END: sync


# Fetches from one peer what is missing, as long as it has any of it.
def fetch_and_store(peer, torrent, missing, folder):
    be_interested(peer)
    while missing:
        they_have = [piece for piece in missing if piece in peer["has"]]
        if not they_have:
            hear(peer)  # perhaps a bitfield, or a have
            continue
        piece = they_have[0]
        data = fetch_piece(peer, piece, piece_length(torrent, piece))
        if not store_piece(folder, torrent, piece, data):
            raise ValueError(f"piece {piece} is wrong")
        missing.remove(piece)


# Downloads what is missing; gives the pieces that nobody had.
def go_on(torrent, folder):
    our_id = make_peer_id()
    prepare_files(folder, torrent["files"])
    missing = find_missing(folder, torrent)
    pieces = len(torrent["hashes"])
    places = [os.path.join(folder, *path) for path, length in torrent["files"] if path]
    is_new = all(room_of(place) == 0 for place in places)
    if len(missing) == pieces and not is_new:
        raise ValueError("nothing of what is on disk is the torrent's: move it away")
    print(f"{pieces - len(missing)} of {pieces} pieces are on disk already")
    for address in find_peers(torrent, our_id) if missing else []:
        try:
            peer = greet(address, torrent, our_id)
            print(f"{address[0]}:{address[1]} is {client_of(peer['id'])}")
            fetch_and_store(peer, torrent, missing, folder)
        except (OSError, ValueError) as error:
            print(f"{address[0]}:{address[1]}: {error}")
        if not missing:
            break
    sync_all(folder, torrent["files"])
    return missing


if __name__ == "__main__":
    torrent = open_torrent(sys.argv[1])
    missing = go_on(torrent, sys.argv[2])
    if missing:
        sys.exit(f"{len(missing)} pieces are missing")
    print(f"{len(torrent['hashes'])} pieces are verified and written: {torrent['name']}")
