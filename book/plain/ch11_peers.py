"""Chapter 11 in plain Python: many peers at once, a thread for each."""
import os
import random
import select
import sys
import threading
import time

from ch02_metainfo import open_torrent
from ch03_peer_id import client_of, make_peer_id
from ch04_tracker import find_peers
from ch06_messages import CHOKE, PIECE, greet, hear, make_message
from ch07_blocks import ask, be_interested, cut_into_blocks, piece_length, take
from ch09_files import find_missing
from ch10_disk import prepare_files, store_piece, sync_all

CANCEL = 8
OUT = 2  # requests on their way to each peer
MOST_ASKED = 3  # peers that one block is asked of in the end game


# ANCHOR: shares
# When all is here, if each peer gets an equal share; `each` is how long it takes for a piece.
def time_in_shares(each, pieces):
    return max(pieces // len(each) * takes for takes in each)
# ANCHOR_END: shares


# ANCHOR: queue
# When all is here, if whoever has nothing to do gets the next piece.
def time_from_one_queue(each, pieces):
    free_at = [0] * len(each)
    for _ in range(pieces):
        peer = free_at.index(min(free_at))
        free_at[peer] += each[peer]
    return max(free_at)
# ANCHOR_END: queue


# ANCHOR: table
# What all threads share. Who reads it or changes it holds the lock.
def make_table(torrent, folder, missing):
    return {
        "lock": threading.Lock(), "torrent": torrent, "folder": folder,
        "missing": set(missing),  # pieces that are not on disk
        "open": {},  # pieces that are begun, and where each of their blocks stands
        "peers": [],  # those who are here
        "only": {},  # pieces that were wrong, and who alone is asked for each
    }


# Begins a piece: none of its blocks is here, none has been asked for.
def open_piece(table, piece):
    table["open"][piece] = {
        (offset, length): {"asked": [], "data": None, "from": None}
        for offset, length in cut_into_blocks(piece_length(table["torrent"], piece))
    }
# ANCHOR_END: table


# ANCHOR: rarest
# Whether this peer has a piece, and may be asked for it.
def can_ask(table, peer, piece):
    return piece in peer["has"] and table["only"].get(piece, peer) is peer


# Of the pieces that are not begun, the one that fewest peers have; of several, any.
def rarest(table, peer):
    pieces = [
        piece for piece in table["missing"]
        if piece not in table["open"] and can_ask(table, peer, piece)
    ]
    copies = {}
    for piece in pieces:
        copies[piece] = sum(piece in other["has"] for other in table["peers"])
    fewest = min(copies.values(), default=0)
    pieces = [piece for piece in pieces if copies[piece] == fewest]
    return random.choice(pieces) if pieces else None
# ANCHOR_END: rarest


# ANCHOR: next
# The next block for this peer: of a piece that is begun, of a new one, or once more.
def next_block(table, peer):
    for piece, blocks in table["open"].items():
        if can_ask(table, peer, piece):
            for block, state in blocks.items():
                if state["data"] is None and not state["asked"]:
                    return piece, block
    piece = rarest(table, peer)
    if piece is None:
        return once_more(table, peer)
    open_piece(table, piece)
    return piece, (0, min(16384, piece_length(table["torrent"], piece)))
# ANCHOR_END: next


# ANCHOR: once_more
# The end game: when all is asked for, a block that others were asked for, too.
def once_more(table, peer):
    here = set().union(*(other["has"] for other in table["peers"]))
    if (table["missing"] & here) - set(table["open"]):
        return None  # something is not begun yet: no end game
    found = []
    for piece, blocks in table["open"].items():
        for block, state in blocks.items():
            asked = state["asked"]
            if state["data"] is None and not asked and piece in here:
                return None  # something is free for somebody else
            if state["data"] is None and can_ask(table, peer, piece):
                if peer not in asked and len(asked) < MOST_ASKED:
                    found.append((len(asked), piece, block))
    if not found:
        return None
    _, piece, block = min(found)  # of those that fewest were asked for
    return piece, block
# ANCHOR_END: once_more


# ANCHOR: ask
# Asks a peer for more, until enough is on its way.
def ask_for_more(table, peer, most=OUT):
    while len(peer["asked"]) < most and not peer["choking"]:
        found = next_block(table, peer)
        if found is None:
            return
        piece, (offset, length) = found
        table["open"][piece][(offset, length)]["asked"].append(peer)
        peer["asked"].append((piece, (offset, length)))
        peer["since"] = time.monotonic()
        ask(peer, piece, offset, length)


# What a peer was asked for will not come: others may be asked.
def give_back(table, peer):
    for piece, block in peer["asked"]:
        table["open"][piece][block]["asked"].remove(peer)
    peer["asked"] = []
# ANCHOR_END: ask


# ANCHOR: came
# Takes a block in. Whoever else was asked for it need not send it any more.
def block_came(table, peer, piece, offset, data):
    block = (offset, len(data))
    state = table["open"].get(piece, {}).get(block)
    if state is None or state["data"] is not None or not can_ask(table, peer, piece):
        return  # nobody wants it, or not any more
    for other in state["asked"]:
        other["asked"].remove((piece, block))
        if other is not peer:
            payload = b"".join(n.to_bytes(4, "big") for n in (piece, offset, len(data)))
            other["to_say"].append(make_message(CANCEL, payload))
    state.update({"data": data, "from": peer, "asked": []})
    peer["blocks"] += 1
    if all(state["data"] is not None for state in table["open"][piece].values()):
        whole(table, piece)
# ANCHOR_END: came


# ANCHOR: whole
# A piece is whole: it is written, if it is right. Else one peer alone is to send it.
def whole(table, piece):
    blocks = table["open"].pop(piece)
    data = b"".join(state["data"] for state in blocks.values())
    if store_piece(table["folder"], table["torrent"], piece, data):
        table["missing"].remove(piece)
        return
    senders = [state["from"] for state in blocks.values()]
    if all(sender is senders[0] for sender in senders):
        raise ValueError(f"piece {piece} is wrong, and all of it came from this peer")
    print(f"piece {piece} is wrong, and several peers sent it")
    here = [sender for sender in senders if sender in table["peers"]]
    if here:
        table["only"][piece] = here[0]
# ANCHOR_END: whole


# ANCHOR: silent
# Whether a peer has kept us waiting: for 10 seconds if it owes us a block, else for 30.
def is_silent(peer):
    return time.monotonic() > peer["since"] + (10 if peer["asked"] else 30)
# ANCHOR_END: silent


# ANCHOR: work
# What the thread of one peer does, until nothing is missing.
def work_with(table, peer):
    be_interested(peer)
    while table["missing"] and not is_silent(peer):
        with table["lock"]:
            ask_for_more(table, peer)
            words, peer["to_say"] = peer["to_say"], []
        for message in words:
            peer["connection"].sendall(message)
        readable, _, _ = select.select([peer["connection"]], [], [], 0.05)
        if readable:
            number, payload = hear(peer)
            peer["since"] = time.monotonic()
            with table["lock"]:
                if number == CHOKE:
                    give_back(table, peer)
                elif number == PIECE:
                    block_came(table, peer, *take(payload))
# ANCHOR_END: work


# ANCHOR: call
# Calls a peer, and stays with it. If that goes wrong, only this thread ends.
def call(table, address, our_id):
    peer = {"asked": [], "to_say": [], "blocks": 0, "since": time.monotonic()}
    try:
        peer.update(greet(address, table["torrent"], our_id))
        with table["lock"]:
            table["peers"].append(peer)
        work_with(table, peer)
        line = f"is {client_of(peer['id'])}, and sent {peer['blocks']} blocks"
    except (OSError, ValueError) as error:
        line = f"is let go: {error}"
    with table["lock"]:
        print(f"{address[0]}:{address[1]} {line}")
        give_back(table, peer)
        table["peers"] = [other for other in table["peers"] if other is not peer]
        for piece, only in list(table["only"].items()):
            if only is peer:
                del table["only"][piece]
# ANCHOR_END: call


# ANCHOR: many
# Downloads from all peers at once; gives the pieces that nobody had.
def download_from_many(torrent, folder):
    our_id = make_peer_id()
    prepare_files(folder, torrent["files"])
    table = make_table(torrent, folder, find_missing(folder, torrent))
    threads = []
    for address in find_peers(torrent, our_id) if table["missing"] else []:
        thread = threading.Thread(target=call, args=(table, address, our_id))
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join()  # waits until it has ended
    sync_all(folder, torrent["files"])
    return sorted(table["missing"])
# ANCHOR_END: many


if __name__ == "__main__":
    torrent = open_torrent(sys.argv[1])
    missing = download_from_many(torrent, sys.argv[2])
    if missing:
        sys.exit(f"{len(missing)} pieces are missing")
    print(f"{len(torrent['hashes'])} pieces are verified and written: {torrent['name']}")
