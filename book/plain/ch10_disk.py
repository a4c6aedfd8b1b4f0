"""Chapter 10 in plain Python: pieces on disk. A client that goes on where it was killed."""
import os
import sys

from ch02_metainfo import open_torrent
from ch03_peer_id import client_of, make_peer_id
from ch04_tracker import find_peers
from ch06_messages import greet, hear
from ch07_blocks import be_interested, fetch_piece, piece_length
from ch08_sha1 import is_good
from ch09_files import spans


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


# ANCHOR: read
# Reads a piece from the files; padding is zeros, on no disk.
def read_piece(folder, torrent, piece):
    data = b""
    start = piece * torrent["piece_length"]
    size = piece_length(torrent, piece)
    for path, offset, length in spans(torrent["files"], start, size):
        if path is None:
            data += bytes(length)
        else:
            with open(os.path.join(folder, *path), "rb") as file:
                file.seek(offset)
                data += file.read(length)
    return data
# ANCHOR_END: read


# ANCHOR: missing
# The pieces that are not on disk, or not good.
def find_missing(folder, torrent):
    missing = []
    for piece in range(len(torrent["hashes"])):
        if not is_good(torrent, piece, read_piece(folder, torrent, piece)):
            missing.append(piece)
    return missing
# ANCHOR_END: missing


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
