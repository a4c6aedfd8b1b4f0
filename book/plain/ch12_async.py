"""Chapter 12 in plain Python: many peers, one thread. Tasks of our own, then asyncio."""
import asyncio
import select
import sys
import time

from ch02_metainfo import open_torrent
from ch03_peer_id import client_of, make_peer_id
from ch04_tracker import find_peers
from ch05_handshake import check_handshake, make_handshake
from ch06_messages import BITFIELD, CHOKE, HAVE, PIECE, UNCHOKE, greet, pieces_in
from ch07_blocks import be_interested, take
from ch09_files import find_missing
from ch10_disk import prepare_files, sync_all
from ch11_peers import ask_for_more, block_came, give_back, is_silent, make_table


# ANCHOR: executor
# Runs tasks. Each is a generator; it yields a socket and until when it waits for that.
def run(tasks):
    waiting = {}  # task: what it waits for
    ready = {task: None for task in tasks}  # task: what it is told when it goes on
    while ready or waiting:
        for task, answer in ready.items():
            try:
                waiting[task] = task.send(answer)
            except StopIteration:
                pass  # the task has ended
        sockets = [connection for connection, until in waiting.values()]
        soonest = min((until for connection, until in waiting.values()), default=0)
        pause = max(0, min(soonest - time.monotonic(), 1000))
        readable, _, _ = select.select(sockets, [], [], pause if sockets else 0)
        ready, now = {}, time.monotonic()
        for task, (connection, until) in list(waiting.items()):
            if connection in readable or now >= until:
                ready[task] = connection in readable
                del waiting[task]
# ANCHOR_END: executor


# ANCHOR: read
# Reads so many bytes. While none are here, others run.
def read(connection, count):
    data = b""
    while len(data) < count:
        if not (yield connection, time.monotonic() + 30):
            raise ValueError("it has said nothing for 30 seconds")
        part = connection.recv(count - len(data))
        if part == b"":
            raise ValueError("it has hung up")
        data += part
    return data


# Reads the next message: its number, and what it says.
def next_message(connection):
    length = 0
    while length == 0:  # a keep-alive
        length = int.from_bytes((yield from read(connection, 4)), "big")
    message = yield from read(connection, length)
    return message[0], message[1:]
# ANCHOR_END: read


# ANCHOR: hear
# Hears a message, and does what follows from it. No lock: nobody else runs meanwhile.
def hear_one(table, peer):
    number, payload = yield from next_message(peer["connection"])
    if number == CHOKE:
        peer["choking"] = True
        give_back(table, peer)
    elif number == UNCHOKE:
        peer["choking"] = False
    elif number == HAVE:
        peer["has"].add(int.from_bytes(payload, "big"))
    elif number == BITFIELD:
        peer["has"] |= pieces_in(payload)
    elif number == PIECE:
        block_came(table, peer, *take(payload))
# ANCHOR_END: hear


# ANCHOR: task
# The task of one peer: chapter 11's loop, and where it waited it yields.
def work(table, peer):
    be_interested(peer)
    peer["since"] = time.monotonic()
    while table["missing"] and not is_silent(peer):
        ask_for_more(table, peer)
        for message in peer["to_say"]:
            peer["connection"].sendall(message)
        peer["to_say"] = []
        if (yield peer["connection"], time.monotonic() + 0.25):
            yield from hear_one(table, peer)
            peer["since"] = time.monotonic()
# ANCHOR_END: task


# ANCHOR: stay
# Stays with a peer. If that goes wrong, only this task ends.
def stay(table, peer):
    try:
        yield from work(table, peer)
        print(f"{peer['name']} sent {peer['blocks']} blocks")
    except (OSError, ValueError) as error:
        print(f"{peer['name']}: {error}")
    table["peers"] = [other for other in table["peers"] if other is not peer]
    give_back(table, peer)
    for piece, only in list(table["only"].items()):
        if only is peer:
            del table["only"][piece]
# ANCHOR_END: stay


# ANCHOR: main
# Downloads from all peers in one thread; gives the pieces that nobody had.
def download_in_tasks(torrent, folder):
    our_id = make_peer_id()
    prepare_files(folder, torrent["files"])
    table = make_table(torrent, folder, find_missing(folder, torrent))
    for address in find_peers(torrent, our_id) if table["missing"] else []:
        peer = {"name": f"{address[0]}:{address[1]}", "asked": [], "to_say": [], "blocks": 0}
        try:
            peer.update(greet(address, torrent, our_id))  # this waits, one after the other
            table["peers"].append(peer)
        except (OSError, ValueError) as error:
            print(f"{peer['name']}: {error}")
    run([stay(table, peer) for peer in table["peers"]])
    sync_all(folder, torrent["files"])
    return sorted(table["missing"])
# ANCHOR_END: main


# ANCHOR: first
# Waits for both, and goes on with the first: which one it was, and what came of it.
async def first_of(one, other):
    both = [asyncio.ensure_future(one), asyncio.ensure_future(other)]
    done, late = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    for task in late:
        task.cancel()
    winner = 0 if both[0] in done else 1
    return winner, both[winner].result()
# ANCHOR_END: first


# ANCHOR: bound
# Sends pieces as fast as they come. If the queue is full, `put` waits.
async def bring_pieces(queue, count):
    for piece in range(count):
        await queue.put(piece)
    await queue.put(None)  # no more will come


# Writes them, as fast as it can; gives how many have waited at most.
async def write_pieces(queue):
    most = 0
    while await queue.get() is not None:
        most = max(most, queue.qsize())
        await asyncio.sleep(0.001)  # here would be the disk
    return most
# ANCHOR_END: bound


# ANCHOR: asyncio
# Calls a peer, and says who it is and how many pieces it says it has at first.
async def look_at(address, torrent, our_id):
    reader, writer = await asyncio.open_connection(*address)
    writer.write(make_handshake(torrent["info_hash"], our_id))
    theirs = await reader.readexactly(68)
    their_id = check_handshake(theirs, torrent["info_hash"], our_id)
    length = int.from_bytes(await reader.readexactly(4), "big")
    message = await reader.readexactly(length)
    writer.close()
    pieces = pieces_in(message[1:]) if message[:1] == bytes([BITFIELD]) else []
    return f"{address[0]}:{address[1]} is {client_of(their_id)}, {len(pieces)} pieces"


# Looks at all peers at once; it takes as long as the slowest of them, at most 5 seconds.
async def look_at_all(torrent):
    our_id = make_peer_id()
    looks = [look_at(address, torrent, our_id) for address in find_peers(torrent, our_id)]
    looks = [asyncio.wait_for(look, 5) for look in looks]
    return await asyncio.gather(*looks, return_exceptions=True)
# ANCHOR_END: asyncio


if __name__ == "__main__":
    torrent = open_torrent(sys.argv[1])
    if len(sys.argv) == 2:
        for line in asyncio.run(look_at_all(torrent)):
            print(line)
        sys.exit()
    missing = download_in_tasks(torrent, sys.argv[2])
    if missing:
        sys.exit(f"{len(missing)} pieces are missing")
    print(f"{len(torrent['hashes'])} pieces are verified and written: {torrent['name']}")
