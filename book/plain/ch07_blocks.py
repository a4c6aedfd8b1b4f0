"""Chapter 7 in plain Python: asking for blocks."""
import sys

from ch02_metainfo import open_torrent
from ch06_messages import CHOKE, INTERESTED, PIECE, REQUEST, first_peer, hear, make_message

BLOCK = 16384  # bytes in a block
WINDOW = 5  # requests on their way


# ANCHOR: blocks
# Says how long a piece is; the last one has what remains.
def piece_length(torrent, piece):
    start = piece * torrent["piece_length"]
    return min(torrent["piece_length"], torrent["total"] - start)


# Cuts a piece into blocks: for each its offset in the piece, and its length.
def cut_into_blocks(length):
    blocks = []
    for offset in range(0, length, BLOCK):
        blocks.append((offset, min(BLOCK, length - offset)))
    return blocks
# ANCHOR_END: blocks


# ANCHOR: inside
# Says whether a peer may ask for this: 1 to 131,072 bytes inside one piece.
def is_inside_a_piece(torrent, piece, offset, length):
    if piece >= len(torrent["hashes"]) or not 1 <= length <= 131072:
        return False
    return offset + length <= piece_length(torrent, piece)
# ANCHOR_END: inside


# ANCHOR: parts
# Cuts an answer where the blocks we asked for begin and end: block, place, bytes.
def parts(asked, offset, data):
    found = []
    for start, length in asked:
        first = max(start, offset)
        last = min(start + length, offset + len(data))
        if first < last:
            found.append((start, first, data[first - offset:last - offset]))
    return found
# ANCHOR_END: parts


# ANCHOR: window
# A window of which nothing is known yet: its size, in requests.
def new_window():
    return {"size": 8, "slow start": True, "rate": 0}


# A block has come: in slow start there is room for one more.
def grow(window):
    if window["slow start"]:
        window["size"] = min(window["size"] + 1, 500)


# A second is over, which brought `rate` bytes.
def second_over(window, rate):
    if rate <= window["rate"] + 5000:
        window["slow start"] = False  # more requests bring no more bytes
    window["rate"] = rate
    if not window["slow start"]:
        blocks = -(-3 * rate // BLOCK)  # three seconds of it, rounded up
        window["size"] = min(max(blocks, 2), 500)
# ANCHOR_END: window


# ANCHOR: ask
# Says that we want something: then we may be unchoked.
def be_interested(peer):
    peer["connection"].sendall(make_message(INTERESTED))


# Sends one request: the piece, the offset in it, the length, four bytes each.
def ask(peer, piece, offset, length):
    payload = b""
    for value in (piece, offset, length):
        payload += value.to_bytes(4, "big")
    peer["connection"].sendall(make_message(REQUEST, payload))


# Takes what a `piece` message says apart: the piece, the offset in it, the block.
def take(payload):
    piece = int.from_bytes(payload[0:4], "big")
    offset = int.from_bytes(payload[4:8], "big")
    return piece, offset, payload[8:]
# ANCHOR_END: ask


# ANCHOR: fetch
# Fetches a piece: some requests are on their way, each block goes to its place.
def fetch_piece(peer, piece, length):
    data = bytearray(length)
    wanted, asked = cut_into_blocks(length), []
    while wanted or asked:
        while wanted and len(asked) < WINDOW and not peer["choking"]:
            asked.append(wanted.pop(0))
            ask(peer, piece, *asked[-1])
        number, payload = hear(peer)
        if number == CHOKE:  # it has forgotten what we asked for
            wanted, asked = asked + wanted, []
        elif number == PIECE:
            which, offset, block = take(payload)
            if which == piece and (offset, len(block)) in asked:
                asked.remove((offset, len(block)))
                data[offset:offset + len(block)] = block
    return bytes(data)
# ANCHOR_END: fetch


if __name__ == "__main__":
    torrent = open_torrent(sys.argv[1])
    piece = int(sys.argv[2])
    peer = first_peer(torrent)
    be_interested(peer)
    data = fetch_piece(peer, piece, piece_length(torrent, piece))
    print(f"piece {piece} has {len(data)} bytes:", data[:16].hex(" "), "...")
