"""Chapter 16 in plain Python: giving. A seeder that takes calls, and a choker."""
import random
import select
import socket
import sys
import time

from ch02_metainfo import open_torrent
from ch03_peer_id import client_of, make_peer_id
from ch04_tracker import announce
from ch05_handshake import PROTOCOL, check_handshake, make_handshake, receive
from ch06_messages import (BITFIELD, CHOKE, INTERESTED, NOT_INTERESTED, PIECE, REQUEST,
                           UNCHOKE, make_message, remember, take_messages)
from ch07_blocks import piece_length
from ch09_files import find_missing, read_piece

CANCEL = 8
ROUND = 10  # seconds between two decisions
SLOTS = 4  # peers that are served at a time
LONGEST = 131072  # bytes: nobody asks for a longer block
RATE = 2 ** 20  # bytes a second that we give to all together


# ANCHOR: listen
# Opens a port on all our addresses; the port is free again as soon as we end.
def open_port(port):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("", port))
    listener.listen(100)  # calls that may wait until we take them
    return listener
# ANCHOR_END: listen


# ANCHOR: answer
# Answers a call. Nothing is said before we know that it is for our torrent.
def answer_call(connection, torrent, our_id):
    connection.settimeout(5)
    theirs = receive(connection, 68)
    if theirs[0:20] == PROTOCOL and theirs[28:48] == torrent["info_hash"]:
        connection.sendall(make_handshake(torrent["info_hash"], our_id))
    return check_handshake(theirs, torrent["info_hash"], our_id)
# ANCHOR_END: answer


# ANCHOR: bitfield
# Writes a set of pieces as a bitfield: piece 0 is the highest bit of the first byte.
def make_bitfield(has, pieces):
    bitfield = bytearray((pieces + 7) // 8)
    for piece in has:
        bitfield[piece // 8] |= 0x80 >> piece % 8
    return bytes(bitfield)
# ANCHOR_END: bitfield


# ANCHOR: welcome
# Lets a caller in. It is choked, and hears at once what we have.
def welcome(connection, torrent, our_id, has):
    their_id = answer_call(connection, torrent, our_id)
    bitfield = make_bitfield(has, len(torrent["hashes"]))
    connection.sendall(make_message(BITFIELD, bitfield))
    return {
        "connection": connection, "id": their_id, "has": set(), "choking": True,
        "heard": b"", "interested": False, "unchoked": False, "wants": [],
        "gave": 0, "turns": 0, "lucky": 0,
    }
# ANCHOR_END: welcome


# ANCHOR: choose
# Who may download until the next round: those who gave us most since the last one, then
# those who had the fewest turns; and for three rounds one of the others, by chance.
def choose_served(peers, slots):
    wanting = [peer for peer in peers if peer["interested"]]
    wanting.sort(key=lambda peer: (-peer["gave"], peer["turns"]))
    chosen, others = wanting[:slots - 1], wanting[slots - 1:]
    for peer in chosen:
        peer["lucky"] = 0  # it needs no luck any more
    lucky = [peer for peer in others if peer["lucky"] > 0]
    if others and not lucky:
        lucky = [random.choice(others)]
        lucky[0]["lucky"] = 3
    for peer in lucky:
        peer["lucky"] -= 1
    return chosen + lucky
# ANCHOR_END: choose


# ANCHOR: round
# Chokes or unchokes a peer. A choke forgets what was asked for, without a word.
def set_slot(peer, unchoke):
    if unchoke != peer["unchoked"]:
        peer["unchoked"] = unchoke
        peer["wants"].clear()
        try:
            peer["connection"].sendall(make_message(UNCHOKE if unchoke else CHOKE))
        except OSError:
            pass  # it is gone, as the next look at it will show


# A round: all slots are given out anew.
def give_out_slots(peers):
    chosen = choose_served(peers, SLOTS)
    for peer in peers:
        set_slot(peer, peer in chosen)
        peer["turns"] += peer["unchoked"]
        peer["gave"] = 0
# ANCHOR_END: round


# ANCHOR: free
# Between two rounds only those lose a slot who want nothing. A free one is given at once.
def give_free_slots(peers):
    for peer in peers:
        if not peer["interested"]:
            set_slot(peer, False)
    for peer in peers:
        taken = [other for other in peers if other["unchoked"]]
        if peer["interested"] and len(taken) < SLOTS:
            set_slot(peer, True)
# ANCHOR_END: free


# ANCHOR: request
# Reads what a request or a cancel says: the piece, the offset in it, the length.
def read_request(payload):
    numbers = payload[0:4], payload[4:8], payload[8:12]
    return tuple(int.from_bytes(number, "big") for number in numbers)


# Takes a request. No honest peer asks for what is not in the torrent.
def take_request(peer, torrent, has, payload):
    piece, offset, length = read_request(payload)
    if piece >= len(torrent["hashes"]) or not 0 < length <= LONGEST:
        raise ValueError("it asks for nonsense")
    if offset + length > piece_length(torrent, piece):
        raise ValueError("it asks for more than the piece has")
    if peer["unchoked"] and piece in has and len(peer["wants"]) < 8192:
        peer["wants"].append((piece, offset, length))
# ANCHOR_END: request


# ANCHOR: attend
# Hears what has come, and waits for no more: half a message stays in `heard` until its rest
# is here. Does what the whole ones say; gives them to whoever does more with them.
def hear_and_do(peer, torrent, has):
    more = peer["connection"].recv(65536)
    if more == b"":
        raise ValueError("the peer has hung up")
    messages, peer["heard"] = take_messages(peer["heard"], more)
    for number, payload in messages:
        remember(peer, number, payload)
        if number == REQUEST:
            take_request(peer, torrent, has, payload)
        elif number == CANCEL:
            wanted = read_request(payload)
            peer["wants"] = [block for block in peer["wants"] if block != wanted]
        elif number in (INTERESTED, NOT_INTERESTED):
            peer["interested"] = number == INTERESTED
    return messages
# ANCHOR_END: attend


# ANCHOR: give
# Sends the block that a peer has waited for longest; how many bytes that was.
def give_block(peer, torrent, folder):
    piece, offset, length = peer["wants"].pop(0)
    data = read_piece(folder, torrent, piece)[offset:offset + length]
    head = piece.to_bytes(4, "big") + offset.to_bytes(4, "big")
    peer["connection"].sendall(make_message(PIECE, head + data))
    return length
# ANCHOR_END: give


# ANCHOR: bucket
# A bucket that fills at so many bytes a second; it is empty at first.
def make_bucket(rate, now):
    return {"rate": rate, "level": 0, "filled": now}


# Whether something may go now: what goes is taken out, and may be owed for a while.
def may_send(bucket, now):
    gained = bucket["rate"] * (now - bucket["filled"])
    bucket["level"] = min(bucket["level"] + gained, bucket["rate"] / 10)
    bucket["filled"] = now
    return bucket["level"] > 0
# ANCHOR_END: bucket


# ANCHOR: turn
# One turn: a block to each who waits, as long as the bucket allows it.
def give_in_turn(peers, torrent, folder, bucket):
    given = 0
    for peer in [peer for peer in peers if peer["wants"]]:
        if may_send(bucket, time.monotonic()):
            try:
                length = give_block(peer, torrent, folder)
            except OSError as error:
                hang_up(peers, peer, error)
                continue
            bucket["level"] -= length
            given += length
            peers.remove(peer)
            peers.append(peer)  # next time the others come first
    return given
# ANCHOR_END: turn


# Hangs up on a peer.
def hang_up(peers, peer, why):
    print(f"{client_of(peer['id'])} is gone: {why}", flush=True)
    peer["connection"].close()
    peers.remove(peer)


# ANCHOR: accept
# Takes a call, and lets the caller in unless it is connected to us already.
def take_call(listener, peers, torrent, our_id, has):
    connection, _ = listener.accept()
    try:
        peer = welcome(connection, torrent, our_id, has)
        if peer["id"] in [other["id"] for other in peers]:
            raise ValueError("it is connected to us already")
        peers.append(peer)
        print(f"{client_of(peer['id'])} has called", flush=True)
    except (OSError, ValueError) as error:
        print(f"a caller was sent away: {error}", flush=True)
        connection.close()
# ANCHOR_END: accept


# Hears all those from whom something has come.
def listen_to(peers, ready, torrent, has):
    for peer in [peer for peer in peers if peer["connection"] in ready]:
        try:
            hear_and_do(peer, torrent, has)
        except (OSError, ValueError) as error:
            hang_up(peers, peer, error)


# ANCHOR: seed
# Gives until so many bytes are given, and nobody is there any more.
def seed(torrent, folder, listener, our_id, has, goal):
    peers, given, next_round = [], 0, 0
    bucket = make_bucket(RATE, time.monotonic())
    while given < goal or peers:
        waits = any(peer["wants"] for peer in peers)
        sockets = [listener] + [peer["connection"] for peer in peers]
        ready, _, _ = select.select(sockets, [], [], 0.01 if waits else 1)
        if listener in ready:
            take_call(listener, peers, torrent, our_id, has)
        listen_to(peers, ready, torrent, has)
        if time.monotonic() >= next_round:
            give_out_slots(peers)
            next_round = time.monotonic() + ROUND
        give_free_slots(peers)
        given += give_in_turn(peers, torrent, folder, bucket)
    return given
# ANCHOR_END: seed


# Tells the tracker that we are there, and what we lack; gives the others whom it names.
def announce_us(torrent, our_id, port, has, event):
    missing = set(range(len(torrent["hashes"]))) - has
    left = sum(piece_length(torrent, piece) for piece in missing)
    try:
        return announce({**torrent, "total": left}, our_id, port, event)["peers"]
    except (OSError, ValueError) as error:
        print(f"the tracker does not know of us: {error}", flush=True)
        return []


if __name__ == "__main__":
    torrent = open_torrent(sys.argv[1])
    folder, port, times = sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    has = set(range(len(torrent["hashes"]))) - set(find_missing(folder, torrent))
    our_id = make_peer_id()
    listener = open_port(port)
    port = listener.getsockname()[1]
    print(f"{len(has)} pieces to give, on port {port}", flush=True)
    announce_us(torrent, our_id, port, has, "started")
    given = seed(torrent, folder, listener, our_id, has, times * torrent["total"])
    announce_us(torrent, our_id, port, has, "stopped")
    print(f"gave {given} bytes")
