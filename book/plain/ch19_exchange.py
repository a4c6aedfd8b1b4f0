"""Chapter 19 in plain Python: peers who tell each other of peers."""
import random
import select
import socket
import sys
import threading
import time

from ch01_bencode import decode, encode
from ch03_peer_id import make_peer_id
from ch04_tracker import read_peers
from ch05_handshake import PROTOCOL, check_handshake, receive
from ch06_messages import take_messages
from ch16_seed import open_port
from ch16_trade import new_one_stays
from ch18_magnet import EXTENDED, hear_extended, say_extended


# ANCHOR: news
# What is new to a peer since the last time: who has come, and who has gone.
def next_news(told, connected):
    come, gone = sorted(connected - told), sorted(told - connected)[:50]
    come = sorted(random.sample(come, min(len(come), 50)))  # the others next time
    told |= set(come)
    told -= set(gone)
    news = {}
    if come:
        news[b"added"] = b"".join(pack_address(address) for address in come)
        news[b"added.f"] = bytes(len(come))  # we say nothing more of them
    if gone:
        news[b"dropped"] = b"".join(pack_address(address) for address in gone)
    return news


# An address in six bytes.
def pack_address(address):
    return socket.inet_aton(address[0]) + address[1].to_bytes(2, "big")
# ANCHOR_END: news


# ANCHOR: read
# Reads a message: who is added, and who is dropped. What is missing is empty.
def read_news(body):
    news, _ = decode(body)
    gone = read_peers(news.get(b"dropped", b""))
    come = []
    for host, port in read_peers(news.get(b"added", b"")):
        if port != 0 and (host, port) not in gone + come:
            come.append((host, port))
    return come, gone
# ANCHOR_END: read


# ANCHOR: near
# How near an address is: 0 this machine, 1 a private network, 2 the internet.
def how_near(host):
    first, second = [int(part) for part in host.split(".")[:2]]
    if first == 127:
        return 0
    private = first == 10 or (first, second) in [(192, 168), (169, 254)]
    return 1 if private or first == 172 and 16 <= second < 32 else 2
# ANCHOR_END: near


# ANCHOR: believe
# Takes a peer's news; gives whom we did not know of. `heard` is what it has told us before.
def take_news(heard, teller, body):
    come, gone = read_news(body)
    heard -= set(gone)
    new = []
    for host, port in come[:100]:
        if how_near(host) < how_near(teller) or len(heard) >= 100:
            continue
        hosts = {host for host, _ in heard if how_near(host) > 0}
        if host not in hosts and (host, port) not in heard:
            heard.add((host, port))
            new.append((host, port))
    return new
# ANCHOR_END: believe


# ANCHOR: search
GROUP = ("239.192.152.143", 6771)  # where neighbours listen


# What we tell all neighbours, five minutes apart.
def search_text(info_hash, port, cookie):
    return (f"BT-SEARCH * HTTP/1.1\r\nHost: {GROUP[0]}:{GROUP[1]}\r\nPort: {port}\r\n"
            f"Infohash: {info_hash.hex()}\r\ncookie: {cookie}\r\n\r\n\r\n").encode()


# Where a neighbour takes calls who has this torrent; None if it is something else.
def read_search(data, sender, info_hash, our_cookie):
    lines = data.decode("latin-1").split("\r\n")
    if not lines[0].startswith("BT-SEARCH * HTTP/1."):
        return None
    said = [line.partition(":") for line in lines[1:]]
    said = [(name.lower(), value.strip().lower()) for name, _, value in said]
    port = dict(said).get("port", "")
    if ("cookie", our_cookie) in said or ("infohash", info_hash.hex()) not in said:
        return None  # our own voice, or another torrent
    return (sender, int(port)) if port.isdigit() and 0 < int(port) < 65536 else None
# ANCHOR_END: search


# ANCHOR: hands
# Both handshakes. The second says our number for news, and the port at which we take calls.
def shake_extended(connection, we, info_hash, our_id, our_port, we_called):
    connection.settimeout(5)
    ours = PROTOCOL + bytes([0, 0, 0, 0, 0, 0x10, 0, 0]) + info_hash + our_id
    if we_called:
        connection.sendall(ours)
    their_id = check_handshake(receive(connection, 68), info_hash, our_id)
    if not we_called:
        connection.sendall(ours)
    say_extended(connection, 0, encode({b"m": {b"ut_pex": PEX_NUMBER}, b"p": our_port}))
    said, _ = decode(hear_extended(connection, 0))  # none of it has to be there
    host, port = connection.getpeername()
    if not we_called:
        port = said.get(b"p", 0) % 65536  # where it takes calls; 0: it does not say
    number = said.get(b"m", {}).get(b"ut_pex", 0)
    return {
        "we": we, "connection": connection, "id": their_id, "we_called": we_called,
        "came": time.monotonic(), "address": (host, port), "number": number,
        "waiting": b"", "told": set(), "last": -MINUTE, "heard": set(),
    }
# ANCHOR_END: hands


# Meets a peer in a thread of its own; `door` has who is through.
def meet_aside(door, address, connection, *about_us):
    try:
        if connection is None:
            made = socket.create_connection(address, timeout=5)
            door.append(shake_extended(made, *about_us, True))
        else:
            door.append(shake_extended(connection, *about_us, False))
    except (OSError, ValueError, LookupError, TypeError) as error:
        print_line(f"{about_us[0]}: {address[0]}:{address[1]}: {error}")


# ANCHOR: enter
# Lets a peer in, unless its other connection is kept.
def let_news_in(peers, peer, our_id):
    for other in list(peers):
        if other["id"] == peer["id"] and new_one_stays(peer, other, our_id):
            other["connection"].close()
            peers.remove(other)
        elif other["id"] == peer["id"]:
            peer["connection"].close()
            return
    print_peer(peer, "is here")
    peers.append(peer)
# ANCHOR_END: enter


# Prints a line in one go: several threads may want to at the same moment.
def print_line(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


# Says something of a peer.
def print_peer(peer, words):
    print_line(f"{peer['we']}: {peer['address'][0]}:{peer['address'][1]} {words}")


# ANCHOR: hear
PEX_NUMBER = 1  # under which we want to hear news


# Hears what a peer says; gives of whom it tells.
def hear_news(peer):
    more = peer["connection"].recv(65536)
    if more == b"":
        raise ValueError("has hung up")
    new = []
    messages, peer["waiting"] = take_messages(peer["waiting"], more)
    for kind, payload in messages:
        if kind == EXTENDED and payload[0:1] == bytes([PEX_NUMBER]):
            new += take_news(peer["heard"], peer["address"][0], payload[1:])
    return new
# ANCHOR_END: hear


# ANCHOR: tell
MINUTE = 60


# Tells a peer what is new, once a minute at most; nothing if nothing is.
def tell_news(peer, peers, now):
    if now < peer["last"] + MINUTE or peer["number"] == 0:
        return
    others = [other["address"] for other in peers if other is not peer]
    others = {(host, port) for host, port in others if port != 0}
    news = next_news(peer["told"], others)
    if news:
        say_extended(peer["connection"], peer["number"], encode(news))
        peer["last"] = now
# ANCHOR_END: tell


# ANCHOR: loop
# One look around: who calls, who says something, who is to be told.
def look_around(peers, listener, door, call):
    sockets = [listener] + [peer["connection"] for peer in peers]
    ready, _, _ = select.select(sockets, [], [], 0.1)
    if listener in ready:
        connection, address = listener.accept()
        call(address, connection)
    for peer in list(peers):
        try:
            new = hear_news(peer) if peer["connection"] in ready else []
            tell_news(peer, peers, time.monotonic())
        except (OSError, ValueError, LookupError, TypeError) as error:
            peers.remove(peer)
            peer["connection"].close()
            print_peer(peer, error)
            continue
        for address in new:
            print_peer(peer, f"tells of {address[0]}:{address[1]}")
            if address not in [other["address"] for other in peers]:
                call(address, None)
# ANCHOR_END: loop


# Goes on until it is over, and begins with those who are known. `peers` has who is here.
def exchange_peers(we, info_hash, listener, peers, known, is_over):
    our_id, door = make_peer_id(), []
    port = listener.getsockname()[1]
    print_line(f"{we}: on port {port}")
    about_us = (we, info_hash, our_id, port)

    # Meets somebody aside, so that nobody has to wait for the handshake.
    def call(address, connection):
        arguments = (door, address, connection, *about_us)
        threading.Thread(target=meet_aside, args=arguments, daemon=True).start()

    for address in known:
        call(address, None)
    while not is_over():
        look_around(peers, listener, door, call)
        while door:
            let_news_in(peers, door.pop(0), our_id)


# Three peers in one program: Ben and Carl know Ada, and find each other; then it is over.
def introduce_three():
    names, ports = ["Ada", "Ben", "Carl"], []
    here = {name: [] for name in names}
    start = time.monotonic()
    ends = []

    # Whether all know all, for a second already, or it takes too long.
    def is_over():
        if min(len(peers) for peers in here.values()) == 2:
            ends.append(time.monotonic() + 1)
        return time.monotonic() > min(ends + [start + 60])

    for name in names:
        listener = open_port(0)
        ports.append(listener.getsockname()[1])
        known = [("127.0.0.1", ports[0])] if name != "Ada" else []
        arguments = (name, bytes(20), listener, here[name], known, is_over)
        threading.Thread(target=exchange_peers, args=arguments).start()


if __name__ == "__main__" and len(sys.argv) == 1:
    introduce_three()
elif __name__ == "__main__":
    known = [text.split(":") for text in sys.argv[4:]]
    known = [(host, int(port)) for host, port in known]
    end = time.monotonic() + float(sys.argv[3])
    exchange_peers("we", bytes.fromhex(sys.argv[1]), open_port(int(sys.argv[2])), [], known,
                   lambda: time.monotonic() > end)
