"""The plain client, put together, 4 of 4: the loop, and the command line."""
import hashlib
import queue
import select
import socket
import sys
import threading
import time

from ch01_bencode import decode
from ch02_metainfo import raw_info, read_tiers
from ch03_peer_id import client_of, make_peer_id
from ch06_messages import take_messages
from ch10_disk import sync_all
from ch11_peers import make_table
from ch16_seed import (RATE, ROUND, give_block, give_free_slots, give_out_slots, make_bucket,
                       may_send, open_port)
from ch16_trade import KEEP_ALIVE, forget_the_gone, new_one_stays, say_what_we_want
from ch18_magnet import take_apart
from ch19_exchange import print_line, tell_news
from ch21_fast import say_reject
from join_lines import STRANGE, end_slow_handshakes, meet_at_the_door
from join_names import call_the_named, hear_of, stay_in_dht, stay_in_touch
from join_words import (ask_again, ask_for_blocks, ask_for_metadata, catch_up,
                        do_what_it_says, learn_the_torrent, say_first_words)

MOST_CALLERS = 60  # connections in all, with those that were begun by others


# An address as it stands on a command line, or in a link.
def address_in(text):
    host, _, port = text.rpartition(":")
    return socket.gethostbyname(host), int(port)


# The addresses that are any among those which somebody else has written down.
def addresses_in(texts):
    found = []
    for text in texts:
        try:
            found.append(address_in(text))
        except (OSError, ValueError):
            print_line(f"{ascii(text)}: this is no address of a peer or node")
    return found


# What a link says, or a torrent file: the info-hash, trackers, peers, nodes, metadata.
def read_source(source):
    if source.startswith("magnet:"):
        info_hash, said = take_apart(source)
        tiers = [[url] for url in said.get("tr", [])]
        return info_hash, tiers, addresses_in(said.get("x.pe", [])), [], None
    with open(source, "rb") as file:
        data = file.read()
    metadata, (root, _) = raw_info(data), decode(data)
    has_trackers = b"announce" in root or b"announce-list" in root
    tiers = read_tiers(root) if has_trackers else []
    nodes = [f"{host.decode()}:{port}" for host, port in root.get(b"nodes", [])]
    return hashlib.sha1(metadata).digest(), tiers, [], addresses_in(nodes), metadata


# Lets a peer in that is through the handshake, unless its other connection is kept.
def let_stranger_in(table, peer):
    for other in list(table["peers"]):
        if other["id"] == peer["id"] and new_one_stays(peer, other, table["our_id"]):
            part_from(table, other, "its other connection is kept")
        elif other["id"] == peer["id"]:
            peer["connection"].close()
            return
    if peer["address"] in table["known"]:
        table["known"][peer["address"]]["tries"] = 0
    peer["connection"].settimeout(5)
    how = "encrypted" if peer["encrypted"] else "in plain text"
    print_line(f"{peer['host']}: {client_of(peer['id'])} is here, {how}")
    table["peers"].append(peer)
    say_first_words(table, peer)


# Parts from a peer. It may be called again in a minute, and later each time.
def part_from(table, peer, why):
    print_line(f"{peer['host']}: {client_of(peer['id'])} is gone: {why}")
    peer["connection"].close()
    table["peers"] = [other for other in table["peers"] if other is not peer]
    forget_the_gone(table, [peer])
    note = table["known"].get(peer["address"])
    if note is not None:
        note["parted"] += 1
        note["again"] = time.monotonic() + 15 * 2 ** min(note["parted"], 10)


# ANCHOR: each
# Does something with each of these peers. If that goes wrong, it alone has to go.
def for_each(table, peers, do):
    for peer in peers:
        if any(peer is other for other in table["peers"]):
            try:
                do(table, peer)
            except STRANGE as error:
                part_from(table, peer, error)


# Hears all that has come from a peer.
def hear_peer(table, peer):
    more = peer["connection"].recv(65536)
    if more == b"":
        raise ConnectionError("it has hung up")
    messages, peer["heard"] = take_messages(peer["heard"], more)
    for number, payload in messages:
        peer["since"] = time.monotonic()
        do_what_it_says(table, peer, number, payload)
# ANCHOR_END: each


# ANCHOR: speak
# Says to a peer what there is to say, and asks for what it has. Without metadata that is little.
def speak_to(table, peer):
    now = time.monotonic()
    if not table["private"]:
        tell_news(peer, table["peers"], now)
    if table["torrent"] is not None:
        ask_again(peer)
        say_what_we_want(table, peer)
    if now > peer["spoke"] + KEEP_ALIVE:
        peer["to_say"].append(bytes(4))
    for message in peer["to_say"]:
        peer["connection"].sendall(message)
        peer["spoke"] = now
    peer["to_say"] = []
    if table["torrent"] is not None:
        ask_for_blocks(table, peer)
    if now > peer["since"] + (10 if peer["asked"] else 180):
        raise ValueError("it keeps us waiting")
# ANCHOR_END: speak


# Gives out slots; with the fast extension, who loses one hears a no to each of its requests.
def decide_whom_to_serve(table, decide):
    wants = [(peer, list(peer["wants"])) for peer in table["peers"] if peer["fast"]]
    decide(table["peers"])
    for peer, requests in wants:
        if not peer["unchoked"]:
            for_each(table, [peer], lambda table, peer: [
                say_reject(peer, request) for request in requests])


# Gives a block to each who waits for one and can take it at this moment.
def give_blocks(table, bucket):
    waiting = {peer["connection"]: peer for peer in table["peers"] if peer["wants"]}
    _, ready, _ = select.select([], list(waiting), [], 0)
    for connection in ready:
        if may_send(bucket, time.monotonic()):
            for_each(table, [waiting[connection]], lambda table, peer: bucket.update(
                level=bucket["level"] - give_block(peer, table["torrent"], table["folder"])))


# ANCHOR: around
# Looks around, for a moment: who calls, who is through the door, who has said something.
def look_about(table, listener):
    busy = any(peer["wants"] for peer in table["peers"])
    sockets = [listener] + [peer["connection"] for peer in table["peers"]]
    ready, _, _ = select.select(sockets, [], [], 0.01 if busy else 0.05)
    if listener in ready:
        connection, address = listener.accept()
        if len(table["peers"]) + len(table["knocks"]) < MOST_CALLERS:
            meet_at_the_door(table, address, [connection])
        else:
            connection.close()
    while table["door"]:
        let_stranger_in(table, table["door"].pop(0))
    speakers = [peer for peer in table["peers"] if peer["connection"] in ready]
    for_each(table, speakers, hear_peer)
# ANCHOR_END: around


# ANCHOR: moment
# One round of everything; `clock` has when slots are given out again, and what may be sent.
def live_a_moment(table, listener, clock):
    end_slow_handshakes(table)
    call_the_named(table)
    look_about(table, listener)
    if table["metadata"] is None:
        ask_for_metadata(table)
    elif table["torrent"] is None:
        learn_the_torrent(table)
        for_each(table, list(table["peers"]), catch_up)
    if table["torrent"] is not None:
        if time.monotonic() >= clock["round"]:
            decide_whom_to_serve(table, give_out_slots)
            clock["round"] = time.monotonic() + ROUND
        decide_whom_to_serve(table, give_free_slots)
        give_blocks(table, clock["bucket"])
    for_each(table, list(table["peers"]), speak_to)
# ANCHOR_END: moment


# ANCHOR: life
# Downloads, and stays for so many seconds more.
def live_until_done(table, listener, seconds, tell_trackers):
    clock = {"round": 0, "bucket": make_bucket(RATE, time.monotonic())}
    while table["torrent"] is None:
        live_a_moment(table, listener, clock)
    had_everything = not table["missing"]
    while table["missing"]:
        live_a_moment(table, listener, clock)
    sync_all(table["folder"], table["torrent"]["files"])
    if not had_everything:
        tell_trackers("completed")
    count, name = len(table["torrent"]["hashes"]), table["torrent"]["name"]
    print_line(f"{count} pieces are verified and written: {name}")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        live_a_moment(table, listener, clock)
# ANCHOR_END: life


# ANCHOR: table
# What the parts share: chapter 11's table, and what is new.
def make_client_table(folder, info_hash, port, metadata):
    table = make_table(None, folder, [])
    table.update({
        "info_hash": info_hash, "our_id": make_peer_id(), "port": port, "node_port": 0,
        "metadata": metadata, "by_link": metadata is None, "private": None,  # None: not known
        "known": {},  # addresses: who named each, and when it may be called
        "tips": [],  # addresses that the threads of trackers and DHT have brought
        "knocks": [], "door": [],  # handshakes that go on, and peers who are through
        "nodes": [],  # of the DHT, to begin from
    })
    return table
# ANCHOR_END: table


# Begins a node of the DHT beside our port, if nobody else is there.
def begin_dht(table):
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        line.bind(("", table["port"]))
    except OSError:
        line.bind(("", 0))
    table["node_port"] = line.getsockname()[1]
    threading.Thread(target=stay_in_dht, args=(table, line), daemon=True).start()


# Begins the threads of the trackers; gives a function that tells them what has happened, and
# one that waits a moment for their last words.
def begin_trackers(table, tiers):
    lines = [queue.Queue() for _ in tiers]
    threads = []
    for tier, news in zip(tiers, lines):
        arguments = (table, tier, news)
        threads.append(threading.Thread(target=stay_in_touch, args=arguments, daemon=True))
        threads[-1].start()

    # Says goodbye to all, and waits for no more than three seconds.
    def say_goodbye():
        for news in lines:
            news.put("stopped")
        end = time.monotonic() + 3
        for thread in threads:
            thread.join(max(0, end - time.monotonic()))

    return lambda event: [news.put(event) for news in lines], say_goodbye


# ANCHOR: main
# A whole life, from a link or a torrent file to the files.
def be_a_client(source, folder, options):
    info_hash, tiers, peers, nodes, metadata = read_source(source)
    listener = open_port(int(options["--port"][-1]))
    table = make_client_table(folder, info_hash, listener.getsockname()[1], metadata)
    if metadata is not None:
        learn_the_torrent(table)
    table["nodes"] = nodes + [address_in(text) for text in options["--router"]]
    hear_of(table, "you", peers + [address_in(text) for text in options["--peer"]])
    if not table["private"]:
        begin_dht(table)
    tell_trackers, say_goodbye = begin_trackers(table, tiers)
    try:
        live_until_done(table, listener, float(options["--stay"][-1]), tell_trackers)
    finally:
        say_goodbye()  # after Ctrl-C, too
# ANCHOR_END: main


# The words of the command line: options with their values, and what is no option.
def read_words(words):
    options = {"--peer": [], "--router": [], "--port": ["0"], "--stay": ["0"]}
    others = []
    while words:
        word = words.pop(0)
        if word in options and words:
            options[word].append(words.pop(0))
        elif word.startswith("-"):
            raise ValueError(f"{word}: there is no such option, or it lacks its value")
        else:
            others.append(word)
    if len(others) != 2:
        raise ValueError("say a torrent file or a magnet link, and a folder")
    return others, options


if __name__ == "__main__":
    try:
        (source, folder), options = read_words(sys.argv[1:])
        be_a_client(source, folder, options)
    except KeyboardInterrupt:
        sys.exit("stopped")
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    except STRANGE as error:
        sys.exit(f"error: this is no torrent: {type(error).__name__}: {error}")
