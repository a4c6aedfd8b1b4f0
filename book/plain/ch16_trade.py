"""Chapter 16 in plain Python: a whole peer, which calls and is called, fetches and gives."""
import select
import sys
import threading
import time

from ch02_metainfo import open_torrent
from ch03_peer_id import client_of, make_peer_id
from ch05_handshake import meet
from ch06_messages import BITFIELD, CHOKE, HAVE, INTERESTED, NOT_INTERESTED, PIECE, make_message
from ch07_blocks import take
from ch10_disk import find_missing, prepare_files, sync_all
from ch11_peers import ask_for_more, block_came, give_back, make_table
from ch16_seed import (RATE, ROUND, announce_us, answer_call, give_free_slots, give_in_turn,
                       give_out_slots, hang_up, hear_and_do, make_bitfield, make_bucket,
                       open_port)

KEEP_ALIVE = 100  # seconds in which we said nothing: time to say that we are here


# The pieces that we have.
def pieces_here(table):
    return set(range(len(table["torrent"]["hashes"]))) - table["missing"]


# ANCHOR: greet
# A handshake takes time. So each has a thread of its own, and `door` has who is through.
def shake_hands(door, torrent, our_id, address, connection):
    we_called = connection is None
    try:
        if we_called:
            connection, their_id = meet(address, torrent, our_id)
        else:
            their_id = answer_call(connection, torrent, our_id)
        connection.settimeout(30)
        door.append((connection, their_id, we_called))
    except (OSError, ValueError) as error:
        print(f"{address[0]}:{address[1]}: {error}", flush=True)


# Starts such a thread; it ends with the program.
def greet_aside(*arguments):
    threading.Thread(target=shake_hands, args=arguments, daemon=True).start()
# ANCHOR_END: greet


# ANCHOR: partner
# All that is known of a peer at first: what we want of it, and what it wants of us.
def make_partner(connection, their_id, we_called):
    now = time.monotonic()
    return {
        "connection": connection, "id": their_id, "we_called": we_called, "came": now,
        "heard": b"", "has": set(), "choking": True, "we_want": False, "asked": [], "blocks": 0,
        "interested": False, "unchoked": False, "wants": [], "gave": 0, "turns": 0,
        "lucky": 0, "to_say": [], "since": now, "spoke": now,
    }
# ANCHOR_END: partner


# ANCHOR: twice
# Whether of two connections to one peer the new one stays. Both ends must say the same.
def new_one_stays(new, old, our_id):
    if new["came"] > old["came"] + 10 or new["we_called"] == old["we_called"]:
        return False
    return new["we_called"] == (our_id > new["id"])  # the call of the larger id
# ANCHOR_END: twice


# ANCHOR: join
# Lets a peer in, and tells it what we have.
def let_in(table, peer, our_id):
    for other in list(table["peers"]):
        if other["id"] == peer["id"] and new_one_stays(peer, other, our_id):
            hang_up(table["peers"], other, "its other call is kept")
        elif other["id"] == peer["id"]:
            peer["connection"].close()
            return
    print(f"{client_of(peer['id'])} is here", flush=True)
    table["peers"].append(peer)
    if pieces_here(table):
        bitfield = make_bitfield(pieces_here(table), len(table["torrent"]["hashes"]))
        peer["to_say"].append(make_message(BITFIELD, bitfield))
# ANCHOR_END: join


# ANCHOR: hear
# Hears what has come, and does what it says: as one who gives, and as one who fetches.
def hear_and_trade(table, peer):
    for number, payload in hear_and_do(peer, table["torrent"], pieces_here(table)):
        peer["since"] = time.monotonic()
        if number == CHOKE:
            give_back(table, peer)
        elif number == PIECE:
            peer["gave"] += len(payload) - 8
            missing = set(table["missing"])
            block_came(table, peer, *take(payload))
            for piece in missing - table["missing"]:  # it is whole, right, and on disk
                for other in table["peers"]:
                    if piece not in other["has"]:
                        other["to_say"].append(make_message(HAVE, piece.to_bytes(4, "big")))
# ANCHOR_END: hear


# ANCHOR: want
# Tells a peer whether it has something that we lack, when that has changed.
def say_what_we_want(table, peer):
    we_want = bool(table["missing"] & peer["has"])
    if we_want != peer["we_want"]:
        peer["we_want"] = we_want
        peer["to_say"].append(make_message(INTERESTED if we_want else NOT_INTERESTED))
    if not table["missing"] and len(peer["has"]) == len(table["torrent"]["hashes"]):
        raise ValueError("both of us have everything")
# ANCHOR_END: want


# ANCHOR: say
# Says to a peer all that there is to say, and asks for more.
def say_and_ask(table, peer):
    say_what_we_want(table, peer)
    now = time.monotonic()
    if not peer["to_say"] and now > peer["spoke"] + KEEP_ALIVE:
        peer["to_say"].append(bytes(4))
    for message in peer["to_say"]:
        peer["connection"].sendall(message)
        peer["spoke"] = now
    peer["to_say"] = []
    ask_for_more(table, peer)
    if now > peer["since"] + (20 if peer["asked"] else 180):
        raise ValueError("it keeps us waiting")
# ANCHOR_END: say


# ANCHOR: each
# Does something with each of these peers. If that goes wrong, it alone has to go.
def with_each(table, peers, do):
    for peer in peers:
        try:
            do(table, peer)
        except (OSError, ValueError) as error:
            hang_up(table["peers"], peer, error)


# What was asked of those who have gone is free for others.
def forget_the_gone(table, here):
    for peer in here:
        if peer not in table["peers"]:
            give_back(table, peer)
            for piece, only in list(table["only"].items()):
                if only is peer:
                    del table["only"][piece]
# ANCHOR_END: each


# ANCHOR: listen
# Waits until somebody calls, is through at the door, or says something; not for long.
def listen_to_all(table, listener, door, our_id):
    busy = any(peer["wants"] for peer in table["peers"])
    sockets = [listener] + [peer["connection"] for peer in table["peers"]]
    ready, _, _ = select.select(sockets, [], [], 0.01 if busy else 0.1)
    if listener in ready:
        connection, address = listener.accept()
        greet_aside(door, table["torrent"], our_id, address, connection)
    while door:
        let_in(table, make_partner(*door.pop(0)), our_id)
    speakers = [peer for peer in table["peers"] if peer["connection"] in ready]
    with_each(table, speakers, hear_and_trade)
# ANCHOR_END: listen


# ANCHOR: trade
# Trades as long as something is missing, and until it is so late.
def trade(table, listener, door, our_id, until):
    peers, next_round = table["peers"], 0
    bucket = make_bucket(RATE, time.monotonic())
    while table["missing"] or time.monotonic() < until:
        here = list(peers)
        listen_to_all(table, listener, door, our_id)
        if time.monotonic() >= next_round:
            give_out_slots(peers)
            next_round = time.monotonic() + ROUND
        give_free_slots(peers)
        give_in_turn(peers, table["torrent"], table["folder"], bucket)
        with_each(table, list(peers), say_and_ask)
        forget_the_gone(table, here)
# ANCHOR_END: trade


# ANCHOR: peer
# A whole life: what is missing is fetched, and we stay for so many seconds more.
def be_a_peer(torrent, folder, port, seconds):
    our_id, door = make_peer_id(), []
    prepare_files(folder, torrent["files"])
    table = make_table(torrent, folder, find_missing(folder, torrent))
    begins_complete = not table["missing"]
    listener = open_port(port)
    port = listener.getsockname()[1]
    for address in announce_us(torrent, our_id, port, pieces_here(table), "started"):
        greet_aside(door, torrent, our_id, address, None)
    trade(table, listener, door, our_id, 0)
    sync_all(folder, torrent["files"])
    if not begins_complete:
        announce_us(torrent, our_id, port, pieces_here(table), "completed")
    print("everything is here", flush=True)
    trade(table, listener, door, our_id, time.monotonic() + seconds)
    announce_us(torrent, our_id, port, pieces_here(table), "stopped")
# ANCHOR_END: peer


if __name__ == "__main__":
    be_a_peer(open_torrent(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
