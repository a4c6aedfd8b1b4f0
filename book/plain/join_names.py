"""The plain client, put together, 2 of 4: who names addresses."""
import queue
import random
import socket
import time

from ch01_bencode import decode, encode
from ch04_tracker import announce, ask_in_turn
from ch07_blocks import piece_length
from ch17_udp import announce_by_udp
from ch19_exchange import print_line
from ch20_dht import distance, nodes_in, peers_of_answers, respond, send_query
from join_lines import STRANGE, meet_at_the_door

MOST_PEERS = 30  # whom we are connected to, or call
MOST_ASKED_NODES = 100  # in one search
MOST_NODES = 500  # that have answered
MOST_ANNOUNCED = 5000  # peers that others have announced to our node
MOST_NAMES = 200  # addresses of each source
FROM_PEERS = ("the DHT", "peer exchange")  # who may not name peers of a private torrent
OPEN = 16384  # bytes: what we say that we lack, as long as nobody knows how many there are


# ANCHOR: hear_of
# Notes addresses, whoever names them: each once, and of each source no more than so many.
def hear_of(table, source, addresses):
    if table["private"] and source in FROM_PEERS:
        return
    known = table["known"]
    for host, port in addresses:
        try:
            socket.inet_pton(socket.AF_INET, host)
        except (OSError, TypeError):
            continue  # the plain client speaks IPv4 alone
        named = sum(note["source"] == source for note in known.values())
        if isinstance(port, int) and 0 < port < 65536 and named < MOST_NAMES:
            known.setdefault((host, port), {
                "source": source, "tries": 0, "again": 0, "parted": 0})
# ANCHOR_END: hear_of


# ANCHOR: call
# Calls those whose time has come, those who failed least first, as long as there is room.
def call_the_named(table):
    while table["tips"]:
        hear_of(table, *table["tips"].pop(0))
    now, known = time.monotonic(), table["known"]
    here = [peer["address"] for peer in table["peers"]]
    due = [address for address, note in known.items()
           if address not in here and now >= note["again"]]
    for address in sorted(due, key=lambda address: known[address]["tries"]):
        if len(table["peers"]) + len(table["knocks"]) >= MOST_PEERS:
            return
        note = known[address]
        note["tries"] += 1
        note["again"] = now + 5 * 2 ** note["tries"]
        meet_at_the_door(table, address, [])
        if note["tries"] > 4 and note["source"] != "you":
            del known[address]  # until somebody names it again
# ANCHOR_END: call


# What we lack; while there are no metadata, a little: who lacks nothing is told of nobody.
def bytes_we_lack(table):
    if table["torrent"] is None:
        return OPEN
    return sum(piece_length(table["torrent"], piece) for piece in list(table["missing"]))


# Asks a tracker in the way that its URL says.
def announce_to_url(table, url, event):
    we = {"announce": url, "info_hash": table["info_hash"], "total": bytes_we_lack(table)}
    try:
        if url.startswith("udp:"):
            return announce_by_udp(we, url, table["our_id"], table["port"], event, 20)
        return announce(we, table["our_id"], table["port"], event)
    except STRANGE as error:
        print_line(f"{url}: {error}")
        raise ValueError("it does not answer") from None


# ANCHOR: tracker
# One tier of trackers, in a thread of its own: `news` has what it is to be told and when.
def stay_in_touch(table, tier, news):
    event = "started"
    while True:
        try:
            reply = ask_in_turn([tier], lambda url: announce_to_url(table, url, event))
            table["tips"].append(("a tracker", reply["peers"]))
            rest, later = reply["interval"], ""
        except ValueError:
            rest, later = 60, event  # the same again
        if event == "stopped":
            return
        try:
            event = news.get(timeout=rest)
        except queue.Empty:
            event = later
# ANCHOR_END: tracker


# ANCHOR: datagrams
# Hears datagrams for so long, or until all who were asked have answered: answers to our
# questions, and the questions of others, which are answered at once.
def hear_datagrams(line, node, asked, seconds):
    answers, end = {}, time.monotonic() + seconds
    while time.monotonic() < end and (not asked or len(answers) < len(asked)):
        if sum(len(peers) for peers in node["peers"].values()) > MOST_ANNOUNCED:
            node["peers"].clear()
        line.settimeout(max(0.01, end - time.monotonic()))
        try:
            data, sender = line.recvfrom(4096)
            said, _ = decode(data)
            if said[b"y"] == b"q":
                answer = respond(node["known"], node["peers"], said[b"q"], said[b"a"], sender)
                line.sendto(encode({b"t": said[b"t"], **answer}), sender)
            elif said[b"t"] == asked.get(sender):
                answers[sender] = dict(said.get(b"r", {}).items())  # nothing: it refuses
        except STRANGE:
            continue  # nothing yet, or nothing that makes sense
    return answers
# ANCHOR_END: datagrams


# What an answer has: an id, nodes, and peers; nothing of them if one makes no sense.
def read_answer(answer):
    try:
        if len(answer[b"id"] + b"") == 20:
            nodes = nodes_in(answer.get(b"nodes", b"") + b"")
            return answer[b"id"], nodes, peers_of_answers({None: answer})
    except STRANGE:
        pass
    return None, [], []


# Sends a question, if there is a way to that address.
def send_if_possible(line, address, method, arguments):
    try:
        return send_query(line, address, method, arguments)
    except (OSError, OverflowError):
        return None


# ANCHOR: search
# Searches as in chapter 20, but asks all who are near at once, so that the silent hold up
# nobody for long; peers are passed on as soon as they are named.
def search(table, line, node):
    target, answers, near = table["info_hash"], {}, []
    starts = list(node["known"]) + table["nodes"]
    heard = {start: target for start in random.sample(starts, min(len(starts), 8))}
    while not table["private"] and len(answers) < MOST_ASKED_NODES:
        near = sorted(heard, key=lambda address: distance(heard[address], target))[:8]
        left = [address for address in near if address not in answers]
        if not left:
            break
        asked = {address: send_if_possible(line, address, b"get_peers", {b"info_hash": target})
                 for address in left}
        replies = hear_datagrams(line, node, asked, 2)
        for address in left:
            answers[address] = replies.get(address, {})
            take_answer(table, node, heard, address, answers[address])
    return {address: answers[address] for address in near if address in answers}
# ANCHOR_END: search


# Takes an answer: where the node really is, whom it knows, and which peers it names.
def take_answer(table, node, heard, address, answer):
    their_id, nodes, peers = read_answer(answer)
    heard[address] = their_id or bytes(byte ^ 255 for byte in table["info_hash"])  # far away
    if their_id and len(node["known"]) < MOST_NODES:
        node["known"][address] = their_id
    for other, where in nodes:
        heard.setdefault(where, other)
    table["tips"].append(("the DHT", peers))


# Announces us to those who gave a token, and hears what they say.
def announce_to_nodes(table, line, node, answers):
    asked = {}
    for address, answer in answers.items():
        if b"token" in answer:
            arguments = {b"info_hash": table["info_hash"], b"port": table["port"],
                         b"token": answer[b"token"]}
            asked[address] = send_if_possible(line, address, b"announce_peer", arguments)
    hear_datagrams(line, node, asked, 2)


# ANCHOR: dht
# The DHT, in a thread of its own: searches, announces us, and answers others meanwhile.
def stay_in_dht(table, line):
    node = {"known": {}, "peers": {}}
    while not table["private"]:
        answers = search(table, line, node)
        rest = 5
        if node["known"] and table["torrent"] and not table["private"]:
            announce_to_nodes(table, line, node, answers)
            rest = 300
        hear_datagrams(line, node, {}, rest)
# ANCHOR_END: dht
