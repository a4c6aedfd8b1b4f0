"""Chapter 6 in plain Python: messages, and who has what."""
import sys

from ch02_metainfo import open_torrent
from ch03_peer_id import make_peer_id
from ch04_tracker import find_peers
from ch05_handshake import meet, receive

CHOKE, UNCHOKE, INTERESTED, NOT_INTERESTED, HAVE, BITFIELD, REQUEST, PIECE = range(8)


# ANCHOR: bitfield
# Makes a set of a bitfield: piece 0 is the highest bit of the first byte.
def pieces_in(bitfield):
    pieces = set()
    for piece in range(8 * len(bitfield)):
        byte = bitfield[piece // 8]
        if byte & (0x80 >> piece % 8):
            pieces.add(piece)
    return pieces
# ANCHOR_END: bitfield


# ANCHOR: message
# Writes a message: its length in four bytes, its number, and what it says.
def make_message(number, payload=b""):
    length = 1 + len(payload)
    return length.to_bytes(4, "big") + bytes([number]) + payload


# Cuts bytes into messages; a length of 0 is a keep-alive, which says nothing.
def split_messages(data):
    messages = []
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at:at + 4], "big")
        if length > 0:
            messages.append((data[at + 4], data[at + 5:at + 4 + length]))
        at += 4 + length
    return messages
# ANCHOR_END: message


# ANCHOR: read
# Reads the next message from a connection, however the bytes come in.
def read_message(connection):
    length = 0
    while length == 0:  # a keep-alive: wait for the next
        length = int.from_bytes(receive(connection, 4), "big")
    if length > 2 ** 20:
        raise ValueError("no message of ours is that long")
    message = receive(connection, length)
    return message[0], message[1:]
# ANCHOR_END: read


# ANCHOR: take
# Takes the whole messages out of what has come; gives them, and the bytes left over.
def take_messages(waiting, more):
    waiting += more
    messages = []
    while len(waiting) >= 4:
        length = int.from_bytes(waiting[0:4], "big")
        if length > 2 ** 20:
            raise ValueError("no message is that long")
        if len(waiting) < 4 + length:
            break  # its end has not come yet
        if length > 0:
            messages.append((waiting[4], waiting[5:4 + length]))
        waiting = waiting[4 + length:]
    return messages, waiting
# ANCHOR_END: take


# ANCHOR: hear
# Remembers what a message says about the peer.
def remember(peer, number, payload):
    if number == CHOKE:
        peer["choking"] = True
    elif number == UNCHOKE:
        peer["choking"] = False
    elif number == HAVE:
        peer["has"].add(int.from_bytes(payload, "big"))
    elif number == BITFIELD:
        peer["has"] |= pieces_in(payload)


# Hears one message, and remembers it.
def hear(peer):
    number, payload = read_message(peer["connection"])
    remember(peer, number, payload)
    return number, payload
# ANCHOR_END: hear


# ANCHOR: greet
# Meets a peer of which we know nothing yet: it has no piece, and it chokes us.
def greet(address, torrent, our_id):
    connection, their_id = meet(address, torrent, our_id)
    connection.settimeout(30)
    return {"connection": connection, "id": their_id, "has": set(), "choking": True}
# ANCHOR_END: greet


# Meets the first peer that the tracker names.
def first_peer(torrent):
    our_id = make_peer_id()
    return greet(find_peers(torrent, our_id)[0], torrent, our_id)


if __name__ == "__main__":
    torrent = open_torrent(sys.argv[1])
    peer = first_peer(torrent)
    number, payload = hear(peer)
    print(f"message {number}: {payload.hex(' ')}")
    print("it has", len(peer["has"]), "of", len(torrent["hashes"]), "pieces")
