"""Chapter 15 in plain Python: choosing files. A client that fetches what is wanted."""
import fnmatch
import os
import sys

from ch02_metainfo import open_torrent
from ch03_peer_id import client_of, make_peer_id
from ch04_tracker import find_peers
from ch06_messages import greet, hear
from ch07_blocks import be_interested, fetch_piece, piece_length
from ch08_sha1 import is_good
from ch09_files import read_piece, spans
from ch10_disk import prepare_files, sync_all, write_at


# ANCHOR: pieces_of
# The pieces that a file lies in; an empty one lies in none.
def pieces_of(torrent, file):
    begin = sum(length for path, length in torrent["files"][:file])
    length = torrent["files"][file][1]
    if length == 0:
        return range(0)
    size = torrent["piece_length"]
    return range(begin // size, (begin + length - 1) // size + 1)
# ANCHOR_END: pieces_of


# ANCHOR: needs
# The pieces that the wanted files need, each once, in order.
def needed_pieces(torrent, wanted):
    needed = set()
    for file in wanted:
        needed.update(pieces_of(torrent, file))
    return sorted(needed)


# How many bytes of files that nobody wants come along with them.
def bytes_along(torrent, wanted):
    along = 0
    for piece in needed_pieces(torrent, wanted):
        start = piece * torrent["piece_length"]
        for file, _, length in numbered_spans(torrent, start, piece_length(torrent, piece)):
            if torrent["files"][file][0] is not None and file not in wanted:
                along += length
    return along
# ANCHOR_END: needs


# ANCHOR: numbered
# As in chapter 9, with the number of the file in place of its path.
def numbered_spans(torrent, offset, length):
    files = torrent["files"]
    return spans([(number, size) for number, (_, size) in enumerate(files)], offset, length)
# ANCHOR_END: numbered


# ANCHOR: near
# How many letters to change, put in or take out to make one word of the other.
def letters_apart(one, other):
    last = list(range(len(other) + 1))
    for i, a in enumerate(one):
        row = [i + 1]
        for j, b in enumerate(other):
            row.append(min(last[j] + (a != b), last[j + 1] + 1, row[j] + 1))
        last = row
    return last[-1]


# The names that may have been meant, the nearest first.
def near(name, names):
    found = [(letters_apart(name.lower(), other.lower()), other) for other in names]
    most = max(1, len(name) // 4)
    return [other for apart, other in sorted(found) if apart <= most][:3]
# ANCHOR_END: near


# ANCHOR: list
# Reads a list such as 1,3-5,*.pdf,!2; later entries win.
def read_list(text, files):
    shown = [file for file, (path, _) in enumerate(files) if path is not None]
    wanted = set(shown) if text.startswith("!") else set()
    for entry in text.split(","):
        name = entry.lstrip("!")
        first, dash, last = name.partition("-")
        if first.isdigit() and (last.isdigit() or not dash):
            found = set(shown[int(first) - 1:int(last or first)])
        else:
            names = [(file, files[file][0][-1]) for file in shown]
            found = {file for file, it in names if fnmatch.fnmatchcase(it, name)}
        if not found:
            like = near(name, [files[file][0][-1] for file in shown])
            raise ValueError(f"no file matches {entry}; near: {', '.join(like)}")
        wanted = wanted - found if entry.startswith("!") else wanted | found
    return wanted
# ANCHOR_END: list


# ANCHOR: header
# Where the part file of a torrent is, and how long its header is.
def part_file(folder, torrent):
    path = os.path.join(folder, "." + torrent["info_hash"].hex() + ".parts")
    return path, (8 + 4 * len(torrent["hashes"]) + 1023) // 1024 * 1024


# Reads which piece is in which slot; makes the file if need be.
def open_slots(folder, torrent):
    path, size = part_file(folder, torrent)
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    count = len(torrent["hashes"])
    begin = count.to_bytes(4, "big") + torrent["piece_length"].to_bytes(4, "big")
    header = os.pread(file, size, 0)
    if header[:8] != begin or len(header) < size:
        header = (begin + b"\xff" * 4 * count).ljust(size, b"\0")
        write_at(file, header, 0)
    words = [header[at:at + 4] for at in range(8, 8 + 4 * count, 4)]
    slots = {piece: int.from_bytes(word, "big") for piece, word in enumerate(words)}
    return file, {piece: slot for piece, slot in slots.items() if slot < count}
# ANCHOR_END: header


# ANCHOR: aside
# Keeps a piece aside, whole, in the next free slot.
def write_aside(folder, torrent, piece, data):
    file, slots = open_slots(folder, torrent)
    try:
        slot = slots.get(piece, max(slots.values(), default=-1) + 1)
        start = part_file(folder, torrent)[1] + slot * torrent["piece_length"]
        write_at(file, data, start)
        write_at(file, slot.to_bytes(4, "big"), 8 + 4 * piece)  # last: now it counts
    finally:
        os.close(file)
# ANCHOR_END: aside


# ANCHOR: read_aside
# Reads what was kept aside of a piece; empty if there is nothing.
def read_aside(folder, torrent, piece):
    path, header = part_file(folder, torrent)
    if not os.path.exists(path):
        return b""
    file, slots = open_slots(folder, torrent)
    try:
        start = header + slots.get(piece, 0) * torrent["piece_length"]
        size = piece_length(torrent, piece) if piece in slots else 0
        return os.pread(file, size, start)
    finally:
        os.close(file)
# ANCHOR_END: read_aside


# ANCHOR: store
# Writes a piece if it is right: what is wanted of it to files, all of it aside if need be.
def store_chosen(folder, torrent, wanted, piece, data):
    if not is_good(torrent, piece, data):
        return False
    start, at = piece * torrent["piece_length"], 0
    for number, offset, length in numbered_spans(torrent, start, len(data)):
        path = torrent["files"][number][0]
        if number in wanted:
            file = os.open(os.path.join(folder, *path), os.O_WRONLY)
            try:
                write_at(file, data[at:at + length], offset)
            finally:
                os.close(file)
        elif path is not None:
            write_aside(folder, torrent, piece, data)
        at += length
    return True
# ANCHOR_END: store


# ANCHOR: move
# Finds the needed pieces that are there: in their files, or aside, then they move in.
def take_over(folder, torrent, wanted):
    there, aside = set(), {}
    for piece in needed_pieces(torrent, wanted):
        try:
            data = read_piece(folder, torrent, piece)
        except FileNotFoundError:
            data = b""
        if not is_good(torrent, piece, data):
            data = aside[piece] = read_aside(folder, torrent, piece)
        if is_good(torrent, piece, data):
            there.add(piece)
    prepare_files(folder, [torrent["files"][file] for file in wanted])
    for piece, data in aside.items():
        store_chosen(folder, torrent, wanted, piece, data)
    return there
# ANCHOR_END: move


# Fetches from one peer what is needed and missing.
def fetch_chosen(peer, torrent, wanted, missing, folder):
    be_interested(peer)
    while missing:
        they_have = sorted(missing & peer["has"])
        if not they_have:
            hear(peer)  # perhaps a bitfield, or a have
            continue
        data = fetch_piece(peer, they_have[0], piece_length(torrent, they_have[0]))
        if not store_chosen(folder, torrent, wanted, they_have[0], data):
            raise ValueError(f"piece {they_have[0]} is wrong")
        missing.remove(they_have[0])


# Downloads some files of a torrent; gives the pieces that nobody had.
def choose(torrent, folder, text):
    our_id = make_peer_id()
    wanted = read_list(text, torrent["files"])
    there = take_over(folder, torrent, wanted)
    needed = needed_pieces(torrent, wanted)
    print(f"{len(wanted)} files need {len(needed)} pieces, {len(there)} are there")
    print(f"{bytes_along(torrent, wanted)} bytes come along")
    missing = set(needed) - there
    for address in find_peers(torrent, our_id) if missing else []:
        try:
            peer = greet(address, torrent, our_id)
            print(f"{address[0]}:{address[1]} is {client_of(peer['id'])}")
            fetch_chosen(peer, torrent, wanted, missing, folder)
            break
        except (OSError, ValueError) as error:
            print(f"{address[0]}:{address[1]}: {error}")
    sync_all(folder, [torrent["files"][file] for file in wanted])
    return missing


if __name__ == "__main__":
    torrent = open_torrent(sys.argv[1])
    try:
        missing = choose(torrent, sys.argv[2], sys.argv[3])
    except ValueError as error:
        sys.exit(f"error: {error}")
    if missing:
        sys.exit(f"{len(missing)} pieces are missing")
    print("every file that is wanted is there")
