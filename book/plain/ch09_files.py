"""Chapter 9 in plain Python: from pieces to files. This is the whole client."""
import os
import sys

from ch02_metainfo import open_torrent
from ch03_peer_id import client_of, make_peer_id
from ch04_tracker import find_peers
from ch06_messages import greet, hear
from ch07_blocks import be_interested, fetch_piece, piece_length
from ch08_sha1 import is_good


# ANCHOR: spans
# Says where a stretch of the string lies: in which files, from where, how many bytes.
def spans(files, offset, length):
    found = []
    begin = 0
    for path, size in files:
        first = max(offset, begin)
        last = min(offset + length, begin + size)
        if first < last:
            found.append((path, first - begin, last - first))
        begin += size
    return found
# ANCHOR_END: spans


# ANCHOR: check
# Refuses paths that lead out of the folder, or stand in each other's way.
def check_paths(paths):
    for path in paths:
        for name in path:
            if name in ("", ".", "..") or "/" in name or "\\" in name or "\0" in name:
                raise ValueError(f"{path} is no path inside the folder")
    paths = sorted(paths)
    for path, following in zip(paths, paths[1:]):
        if following[:len(path)] == path:
            raise ValueError(f"{path} is in the way of {following}")


# Walks to a file from the download folder down, and follows no link.
def find_place(folder, path):
    for name in path:
        folder = os.path.join(folder, name)
        if os.path.islink(folder):
            raise ValueError(f"{folder} is a link")
    return folder
# ANCHOR_END: check


# ANCHOR: make
# Makes a folder, which must be new, and all files in it at their full length.
def make_files(folder, files):
    os.makedirs(folder)
    for path, length in files:
        if path is not None:
            place = os.path.join(folder, *path)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "xb") as file:  # x: it must not be there yet
                file.truncate(length)
# ANCHOR_END: make


# ANCHOR: write
# Writes a piece: each part of it into its file, at its place.
def write_piece(folder, torrent, piece, data):
    start = piece * torrent["piece_length"]
    for path, offset, length in spans(torrent["files"], start, len(data)):
        if path is not None:
            with open(os.path.join(folder, *path), "r+b") as file:
                file.seek(offset)
                file.write(data[:length])
        data = data[length:]
# ANCHOR_END: write


# ANCHOR: link
# What a link at a path says: up to the download folder, and down again to the target.
def text_of_link(path, target):
    return "/".join([".."] * (len(path) - 1) + target)


# Makes a link, after the last write. The same one may be there already.
def make_link(folder, path, target):
    place = os.path.join(find_place(folder, path[:-1]), path[-1])
    text = text_of_link(path, target)
    if os.path.islink(place) and os.readlink(place) == text:
        return
    os.makedirs(os.path.dirname(place), exist_ok=True)
    os.symlink(text, place)
# ANCHOR_END: link


# ANCHOR: fetch
# Fetches from one peer what is missing, as long as it has any of it.
def fetch_from(peer, torrent, missing, folder):
    be_interested(peer)
    while missing:
        they_have = [piece for piece in missing if piece in peer["has"]]
        if not they_have:
            hear(peer)  # perhaps a bitfield, or a have
            continue
        piece = they_have[0]
        data = fetch_piece(peer, piece, piece_length(torrent, piece))
        if not is_good(torrent, piece, data):
            raise ValueError(f"piece {piece} is wrong")
        write_piece(folder, torrent, piece, data)
        missing.remove(piece)
# ANCHOR_END: fetch


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


# ANCHOR: download
# Downloads a torrent into a new folder; gives the pieces that nobody had.
def download(torrent, folder):
    our_id = make_peer_id()
    make_files(folder, torrent["files"])
    missing = list(range(len(torrent["hashes"])))
    for address in find_peers(torrent, our_id):
        try:
            peer = greet(address, torrent, our_id)
            print(f"{address[0]}:{address[1]} is {client_of(peer['id'])}")
            fetch_from(peer, torrent, missing, folder)
        except (OSError, ValueError) as error:
            print(f"{address[0]}:{address[1]}: {error}")
        if not missing:
            break
    return missing
# ANCHOR_END: download


if __name__ == "__main__":
    torrent = open_torrent(sys.argv[1])
    missing = download(torrent, sys.argv[2])
    if missing:
        sys.exit(f"{len(missing)} pieces are missing")
    print(f"{len(torrent['hashes'])} pieces are verified and written: {torrent['name']}")
