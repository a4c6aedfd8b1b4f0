"""Chapter 20 in plain Python: finding peers without a tracker, and being a node oneself."""
import hashlib
import math
import os
import socket
import sys
import time

from ch01_bencode import decode, encode


# ANCHOR: distance
# How far two ids are from each other: bit by bit different or not, and that as a number.
def distance(one, other):
    return int.from_bytes(one, "big") ^ int.from_bytes(other, "big")
# ANCHOR_END: distance


# ANCHOR: query
OUR_ID = os.urandom(20)


# Sends a question; gives the number that its answer is known by.
def send_query(line, address, method, arguments):
    number = os.urandom(4)
    query = {b"t": number, b"y": b"q", b"q": method, b"a": {b"id": OUR_ID, **arguments}}
    line.sendto(encode(query), address)
    return number


# Sends an answer to the question with this number.
def send_response(line, address, number, values):
    line.sendto(encode({b"t": number, b"y": b"r", b"r": {b"id": OUR_ID, **values}}), address)
# ANCHOR_END: query


# ANCHOR: ask_node
BROKEN = (ValueError, KeyError, TypeError, IndexError, AttributeError)  # what bad bencode can do


# Hears answers for two seconds at most. `asked` has who was asked, and each question's number.
def hear_answers(line, asked):
    answers, end = {}, time.monotonic() + 2
    while len(answers) < len(asked) and time.monotonic() < end:
        line.settimeout(max(0.01, end - time.monotonic()))
        try:
            data, sender = line.recvfrom(4096)
            said, _ = decode(data)
            if said.get(b"q") == b"ping":  # whoever wants to know whether we are really here
                send_response(line, sender, said[b"t"], {})
            if sender in asked and said[b"t"] == asked[sender]:
                if said[b"y"] == b"e" or len(said[b"r"][b"id"]) == 20:
                    answers[sender] = said.get(b"r")  # None: it refuses
        except (OSError, *BROKEN):
            continue  # nothing yet, or nothing that makes sense
    return answers
# ANCHOR_END: ask_node


# ANCHOR: nodes
# The nodes of an answer, 26 bytes each: an id, and where it is.
def nodes_in(data):
    nodes = []
    for at in range(0, len(data) - 25, 26):
        ip = socket.inet_ntoa(data[at + 20:at + 24])
        port = int.from_bytes(data[at + 24:at + 26], "big")
        if port:
            nodes.append((data[at:at + 20], (ip, port)))
    return nodes


# An address in six bytes, as it stands in an answer.
def six_bytes(address):
    return socket.inet_aton(address[0]) + address[1].to_bytes(2, "big")
# ANCHOR_END: nodes


# ANCHOR: look_up
# Asks the nearest for nearer ones, until the eight nearest have answered; gives the answers.
def look_up(line, target, start):
    heard, answers = {start: target}, {}
    while True:
        near = sorted(heard, key=lambda address: distance(heard[address], target))[:8]
        left = [address for address in near if address not in answers]
        if not left:
            return {address: answers[address] for address in near}
        number = send_query(line, left[0], b"get_peers", {b"info_hash": target})
        answer = hear_answers(line, {left[0]: number}).get(left[0])
        if answer is None:
            answers[left[0]] = {}
            heard[left[0]] = bytes(byte ^ 255 for byte in target)  # as far away as can be
            continue
        answers[left[0]], heard[left[0]] = answer, answer[b"id"]
        print(f"{left[0][0]}:{left[0][1]}", distance(answer[b"id"], target).bit_length(), "bits")
        for node, address in nodes_in(answer.get(b"nodes", b"")):
            heard.setdefault(address, node)
# ANCHOR_END: look_up


# ANCHOR: announce
# Tells those who answered that we have the torrent, each with the token that it gave, and
# all at once: nobody waits for who has fallen silent. Gives how many took it.
def announce_to(line, target, answers, port):
    asked = {}
    for address, answer in answers.items():
        if b"token" in answer:
            arguments = {b"info_hash": target, b"port": port, b"token": answer[b"token"]}
            asked[address] = send_query(line, address, b"announce_peer", arguments)
    taken = hear_answers(line, asked).values()
    return len([answer for answer in taken if answer is not None])
# ANCHOR_END: announce


# ANCHOR: token
SECRET = os.urandom(20)


# What somebody at this address has to show when he announces himself. Nothing is noted for it.
def token_for(ip):
    return hashlib.sha1(SECRET + ip.encode()).digest()[:4]
# ANCHOR_END: token


# ANCHOR: respond
# What a node answers; `known` has addresses with their ids, `peers` what was announced.
def respond(known, peers, method, asked, sender):
    values = {b"id": OUR_ID}
    if method == b"announce_peer":
        if asked[b"token"] != token_for(sender[0]):
            return {b"y": b"e", b"e": [203, b"this is not the token"]}
        port = sender[1] if asked.get(b"implied_port") else asked[b"port"]
        peers.setdefault(asked[b"info_hash"], set()).add(six_bytes((sender[0], port)))
    if method in (b"find_node", b"get_peers"):
        target = asked.get(b"target") or asked[b"info_hash"]
        near = sorted(known, key=lambda address: distance(known[address], target))[:8]
        values[b"nodes"] = b"".join(known[address] + six_bytes(address) for address in near)
    if method == b"get_peers":
        values[b"token"] = token_for(sender[0])
        if target in peers:
            values[b"values"] = sorted(peers[target])[:40]
    return {b"y": b"r", b"r": values}
# ANCHOR_END: respond


# The peers that some answers name, each once.
def peers_of_answers(answers):
    found = {peer for answer in answers.values() for peer in answer.get(b"values", [])}
    return [(socket.inet_ntoa(peer[:4]), int.from_bytes(peer[4:], "big"))
            for peer in sorted(found) if len(peer) == 6]


# Answers questions for so many seconds, or until it is ended: a node that trusts everybody.
def be_a_node(line, known, peers, seconds=math.inf):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        line.settimeout(min(max(0.01, end - time.monotonic()), 60))
        try:
            data, sender = line.recvfrom(4096)
            said, _ = decode(data)
            answer = respond(known, peers, said[b"q"], said[b"a"], sender)
            line.sendto(encode({b"t": said[b"t"], **answer}), sender)
        except (OSError, OverflowError, *BROKEN):
            continue  # nothing, or nothing that makes sense


if __name__ == "__main__":
    info_hash, host, port = bytes.fromhex(sys.argv[1]), *sys.argv[2].split(":")
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    answers = look_up(line, info_hash, (host, int(port)))
    for peer in peers_of_answers(answers):
        print("peer", f"{peer[0]}:{peer[1]}")
    if len(sys.argv) > 3:
        taken = announce_to(line, info_hash, answers, int(sys.argv[3]))
        print("announced at", taken, "nodes")
