"""Chapter 17 in plain Python: asking a tracker in datagrams, and being one."""
import hashlib
import os
import socket
import sys
import time

from ch02_metainfo import open_torrent
from ch03_peer_id import make_peer_id
from ch04_tracker import read_peers


# ANCHOR: url
# Where a UDP tracker is, and the rest of its URL: it has to name its port.
def place_of(url):
    if not url.startswith("udp://"):
        raise ValueError("the URL of a UDP tracker begins with udp://")
    place, slash, path = url[len("udp://"):].partition("/")
    host, _, port = place.rpartition(":")
    return (host, int(port)), slash + path
# ANCHOR_END: url


# ANCHOR: numbers
CONNECT, ANNOUNCE, SCRAPE, REFUSED = range(4)  # what a datagram is
EVENTS = {"": 0, "completed": 1, "started": 2, "stopped": 3}


# A number in so many bytes, the high byte first; -1 is all ones.
def in_bytes(number, count):
    return (number % 256 ** count).to_bytes(count, "big")


# The number in these bytes.
def number_in(data):
    return int.from_bytes(data, "big")
# ANCHOR_END: numbers


# ANCHOR: announce
KEY = os.urandom(4)  # the same as long as we run: by it we are known at a new address


# An announce without its first 16 bytes: what chapter 4 put into a URL.
def announce_body(torrent, peer_id, port, event, path):
    body = torrent["info_hash"] + peer_id
    body += in_bytes(0, 8) + in_bytes(torrent["total"], 8) + in_bytes(0, 8)
    body += in_bytes(EVENTS[event], 4)
    body += in_bytes(0, 4)  # our address: the one that this comes from
    body += KEY
    body += in_bytes(-1, 4)  # as many peers as you like
    return body + in_bytes(port, 2) + url_options(path)
# ANCHOR_END: announce


# ANCHOR: options
# The path of the URL as options: a 2, a length, and at most 255 bytes of it.
def url_options(path):
    data, options = path.encode(), b""
    if data in (b"", b"/"):
        return b""
    for at in range(0, len(data), 255):
        part = data[at:at + 255]
        options += bytes([2, len(part)]) + part
    return options
# ANCHOR_END: options


# ANCHOR: ask
# Asks, and asks again after 15, 30, 60 seconds, until the answer to this question is here.
def ask_tracker(line, connection_id, action, body, wait, until):
    number = os.urandom(4)  # by which the answer is known
    while time.monotonic() < until:
        line.send(connection_id + in_bytes(action, 4) + number + body)
        again = min(time.monotonic() + wait, until)
        while time.monotonic() < again:
            line.settimeout(max(0.01, again - time.monotonic()))
            try:
                data = line.recv(65536)
            except socket.timeout:
                break
            if len(data) < 8 or data[4:8] != number:
                continue  # somebody else's answer, or nobody's
            if number_in(data[0:4]) == REFUSED:
                raise ValueError("the tracker refuses: " + ascii(data[8:]))
            if number_in(data[0:4]) == action:
                return data[8:]
        wait *= 2
    raise TimeoutError("the tracker does not answer")
# ANCHOR_END: ask


# ANCHOR: talk
UDP_PROTOCOL = bytes.fromhex("0000041727101980")  # stands where a connection id would


# An announce: first a connection id, then the question.
def announce_by_udp(torrent, url, peer_id, port, event, patience=60):
    address, path = place_of(url)
    until = time.monotonic() + patience
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect(address)  # from now on we hear nobody else
        connection_id = ask_tracker(line, UDP_PROTOCOL, CONNECT, b"", 15, until)[:8]
        body = announce_body(torrent, peer_id, port, event, path)
        answer = ask_tracker(line, connection_id, ANNOUNCE, body, 15, until)
    if len(connection_id) < 8 or len(answer) < 12:
        raise ValueError("the tracker's answer is cut off")
    interval = min(max(number_in(answer[0:4]), 30), 2 * 60 * 60)
    return {"interval": interval, "peers": read_peers(answer[12:])}
# ANCHOR_END: talk


# ANCHOR: id
UDP_SECRET = os.urandom(20)


# The connection id for this address in this minute. Nothing has to be noted.
def connection_id_for(address, minute):
    text = f"{address[0]} {address[1]} {minute}"
    return hashlib.sha1(UDP_SECRET + text.encode()).digest()[:8]


# Whether this is one that we gave to this address, not long ago.
def knows_id(connection_id, address, now):
    minute = int(now) // 60
    ids = [connection_id_for(address, minute - ago) for ago in range(3)]
    return connection_id in ids
# ANCHOR_END: id


# ANCHOR: answer
# What a tracker answers to a datagram; None is nothing. `swarms` has who is where.
def answer_datagram(swarms, data, address, now):
    if len(data) < 16:
        return None
    action, number = number_in(data[8:12]), data[12:16]
    if action == CONNECT and data[:8] == UDP_PROTOCOL:
        return data[8:16] + connection_id_for(address, int(now) // 60)
    if action != ANNOUNCE or len(data) < 98:
        return None  # something else
    if not knows_id(data[:8], address, now):  # it is old, or the sender is another
        return in_bytes(REFUSED, 4) + number + b"no such connection id"
    swarm = swarms.setdefault(data[16:36], {})
    others = [where for peer_id, where in swarm.items() if peer_id != data[36:56]]
    swarm[data[36:56]] = socket.inet_aton(address[0]) + data[96:98]
    if number_in(data[80:84]) == EVENTS["stopped"]:
        del swarm[data[36:56]]
    wanted = min(number_in(data[92:96]), 50)
    head = in_bytes(ANNOUNCE, 4) + number + in_bytes(60, 4) + in_bytes(len(swarm), 4)
    return head + in_bytes(0, 4) + b"".join(others[:wanted])
# ANCHOR_END: answer


# Is a tracker at this port, until it is ended.
def be_a_udp_tracker(port):
    swarms = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", port))
        print(f"udp://127.0.0.1:{line.getsockname()[1]}", flush=True)
        while True:
            data, address = line.recvfrom(65536)
            answer = answer_datagram(swarms, data, address, time.monotonic())
            if answer is not None:
                line.sendto(answer, address)


if __name__ == "__main__" and sys.argv[1] == "--serve":
    be_a_udp_tracker(int(sys.argv[2]))
elif __name__ == "__main__":
    torrent, our_id = open_torrent(sys.argv[1]), make_peer_id()
    reply = announce_by_udp(torrent, sys.argv[2], our_id, 6881, "started")
    announce_by_udp(torrent, sys.argv[2], our_id, 6881, "stopped")
    for host, port in reply["peers"]:
        print(f"{host}:{port}")
