"""Chapter 21 in plain Python: the fast extension, in which each request is answered."""
import hashlib
import socket
import sys

from ch02_metainfo import open_torrent
from ch03_peer_id import make_peer_id
from ch04_tracker import find_peers
from ch05_handshake import PROTOCOL, check_handshake, receive
from ch06_messages import CHOKE, PIECE, hear, make_message
from ch07_blocks import WINDOW, ask, be_interested, cut_into_blocks, piece_length, take
from ch16_seed import read_request

SUGGEST, HAVE_ALL, HAVE_NONE, REJECT, ALLOWED_FAST = range(13, 18)


# ANCHOR: meet
# Calls a peer with the bit of the fast extension set, and tells it that we have nothing.
def meet_fast(address, torrent, our_id):
    connection = socket.create_connection(address, timeout=5)
    reserved = bytes([0, 0, 0, 0, 0, 0, 0, 0x04])
    connection.sendall(PROTOCOL + reserved + torrent["info_hash"] + our_id)
    theirs = receive(connection, 68)
    check_handshake(theirs, torrent["info_hash"], our_id)
    if theirs[27] & 0x04 == 0:
        raise ValueError("it does not speak the fast extension")
    connection.sendall(make_message(HAVE_NONE))
    return {"connection": connection, "has": set(), "choking": True, "allowed": set()}
# ANCHOR_END: meet


# ANCHOR: hear
# Hears one message, and remembers what those of the fast extension say about the peer.
def hear_fast(peer, pieces):
    number, payload = hear(peer)
    if number in (HAVE_ALL, HAVE_NONE) and payload == b"":
        peer["has"] = set(range(pieces if number == HAVE_ALL else 0))
    elif number in (SUGGEST, ALLOWED_FAST) and len(payload) == 4:
        piece = int.from_bytes(payload, "big")
        if piece >= pieces:
            raise ValueError("there is no such piece")
        if number == ALLOWED_FAST:
            peer["allowed"].add(piece)
    elif number == REJECT and len(payload) == 12:
        pass  # it is about a request: the caller knows which
    elif SUGGEST <= number <= ALLOWED_FAST:
        raise ValueError("a message of the fast extension is not that long")
    return number, payload
# ANCHOR_END: hear


# ANCHOR: set
# The pieces that the peer at this address gets choked or not: the same for all who reckon.
def allowed_set(address, info_hash, pieces, count):
    a, b, c, _ = address.split(".")
    x = bytes([int(a), int(b), int(c), 0]) + info_hash
    allowed = []
    while len(allowed) < min(count, pieces):
        x = hashlib.sha1(x).digest()
        for at in range(0, 20, 4):
            piece = int.from_bytes(x[at:at + 4], "big") % pieces
            if piece not in allowed and len(allowed) < count:
                allowed.append(piece)
    return allowed
# ANCHOR_END: set


# ANCHOR: fetch
# Fetches a piece. What was asked for stays so until it is here, or rejected.
def fetch_fast(peer, piece, length, pieces):
    data = bytearray(length)
    wanted, asked = cut_into_blocks(length), []
    while wanted or asked:
        may_ask = not peer["choking"] or piece in peer["allowed"]
        while wanted and len(asked) < WINDOW and may_ask:
            asked.append(wanted.pop(0))
            ask(peer, piece, *asked[-1])
        number, payload = hear_fast(peer, pieces)
        if number == PIECE:
            which, offset, block = take(payload)
            if which == piece and (offset, len(block)) in asked:
                asked.remove((offset, len(block)))
                data[offset:offset + len(block)] = block
        elif number == REJECT:
            take_back(peer, piece, asked, wanted, read_request(payload))
    return bytes(data)
# ANCHOR_END: fetch


# ANCHOR: rejected
# A request was rejected: the block is wanted again, once we may ask for it.
def take_back(peer, piece, asked, wanted, request):
    which, offset, length = request
    if which != piece or (offset, length) not in asked:
        raise ValueError("it rejects what we did not ask for")
    asked.remove((offset, length))
    wanted.insert(0, (offset, length))
    if not peer["choking"]:
        raise ValueError("it does not choke us, and will not give this")
    peer["allowed"].discard(piece)
# ANCHOR_END: rejected


# ANCHOR: give
# Says no to a request.
def say_reject(peer, request):
    payload = b""
    for value in request:
        payload += value.to_bytes(4, "big")
    peer["connection"].sendall(make_message(REJECT, payload))


# Chokes a peer: first the choke, then a reject for each request that is lost.
def choke_aloud(peer):
    peer["unchoked"] = False
    peer["connection"].sendall(make_message(CHOKE))
    for request in list(peer["wants"]):
        if request[0] not in peer["granted"]:
            peer["wants"].remove(request)
            say_reject(peer, request)
# ANCHOR_END: give


# ANCHOR: answer
# Takes a request, or says no.
def take_or_reject(peer, has, request):
    serves = peer["unchoked"] or request[0] in peer["granted"]
    if serves and request[0] in has and len(peer["wants"]) < 500:
        peer["wants"].append(request)
    else:
        say_reject(peer, request)


# Takes a request back. If it does not wait any more, its block is the answer.
def cancel_aloud(peer, request):
    if request in peer["wants"]:
        peer["wants"].remove(request)
        say_reject(peer, request)
# ANCHOR_END: answer


# Fetches these pieces, and checks them.
def fetch_all(peer, torrent, pieces):
    for piece in pieces:
        count = len(torrent["hashes"])
        data = fetch_fast(peer, piece, piece_length(torrent, piece), count)
        if hashlib.sha1(data).digest() != torrent["hashes"][piece]:
            raise ValueError(f"piece {piece} is wrong")


if __name__ == "__main__":
    torrent = open_torrent(sys.argv[1])
    count, our_id = len(torrent["hashes"]), make_peer_id()
    peer = meet_fast(find_peers(torrent, our_id)[0], torrent, our_id)
    while len(peer["allowed"]) < min(10, count):
        hear_fast(peer, count)
    gift = sorted(peer["allowed"])
    print(f"it has {len(peer['has'])} pieces, and allows us", *gift)
    fetch_all(peer, torrent, gift)
    print(f"{len(gift)} pieces are here and right, and we are choked: {peer['choking']}")
    be_interested(peer)
    rest = [piece for piece in range(count) if piece not in gift]
    fetch_all(peer, torrent, rest)
    print(f"the other {len(rest)} are here and right, and we are choked: {peer['choking']}")
