"""The plain client, put together, 1 of 4: connections, encrypted or not."""
import socket
import threading
import time
from http.client import HTTPException

from ch05_handshake import PROTOCOL, check_handshake, receive
from ch16_trade import make_partner
from ch19_exchange import MINUTE, print_line
from ch22_encryption import answer_encrypted, call_encrypted, mix

STRANGE = (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError,
           RecursionError, HTTPException)  # what a stranger's bytes may come to
BITS = bytes([0, 0, 0, 0, 0, 0x10, 0, 0x05])  # extension protocol; fast extension, DHT


# ANCHOR: carry
# Carries bytes from one end to another until one of them is closed, and mixes them on the way.
def carry(source, sink, stream, first):
    try:
        sink.sendall(first)
        data = source.recv(65536)
        while data:
            sink.sendall(mix(stream, data))
            data = source.recv(65536)
    except OSError:
        pass
    for end in (source, sink):
        shut(end)
# ANCHOR_END: carry


# ANCHOR: tunnel
# Makes a tunnel: what is plain text at the near end is encrypted on the connection.
def make_tunnel(connection, ours, theirs, first=b""):
    near, far = socket.socketpair()
    connection.settimeout(200)  # longer than anybody is silent
    for arguments in [(far, connection, ours, b""), (connection, far, theirs, first)]:
        threading.Thread(target=carry, args=arguments, daemon=True).start()
    return near
# ANCHOR_END: tunnel


# Ends a connection for whoever waits at it, in whatever thread.
def shut(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it has ended


# Our handshake, with the bits of all that we speak.
def our_handshake(table):
    return PROTOCOL + BITS + table["info_hash"] + table["our_id"]


# ANCHOR: call
# Calls in plain text, and once more, encrypted, who hangs up on that. `knock` has what to end
# if it takes too long. Gives the connection, and the handshake that came.
def call_either_way(table, knock, address):
    ours = our_handshake(table)
    connection = socket.create_connection(address, timeout=5)
    knock["lines"].append(connection)
    try:
        connection.sendall(ours)
        return connection, receive(connection, 68)
    except (ConnectionError, ValueError):
        connection.close()
    connection = socket.create_connection(address, timeout=5)
    knock["lines"].append(connection)
    streams = call_encrypted(connection, table["info_hash"], ours)
    near = make_tunnel(connection, *streams)
    knock["lines"].append(near)
    near.settimeout(5)
    return near, receive(near, 68)
# ANCHOR_END: call


# ANCHOR: peek
# Whether a caller begins in plain text. It looks at what has come, and takes nothing of it.
def begins_plain(connection):
    for _ in range(200):
        first = connection.recv(20, socket.MSG_PEEK)
        if len(first) == 20 or not PROTOCOL.startswith(first) or first == b"":
            return first == PROTOCOL
        time.sleep(0.05)
    raise ValueError("it begins, and does not go on")
# ANCHOR_END: peek


# ANCHOR: answer
# Answers a caller in the way that it has chosen.
def answer_either_way(table, knock):
    connection = knock["lines"][0]
    connection.settimeout(5)
    if not begins_plain(connection):
        _, first, ours, theirs = answer_encrypted(connection, [table["info_hash"]])
        connection = make_tunnel(connection, ours, theirs, first)
        knock["lines"].append(connection)
        connection.settimeout(5)
    theirs = receive(connection, 48)
    if theirs[:20] != PROTOCOL or theirs[28:48] != table["info_hash"]:
        raise ValueError("it is not for us")  # and hears nothing from us
    connection.sendall(our_handshake(table))
    return connection, theirs + receive(connection, 20)
# ANCHOR_END: answer


# All that is known of a peer behind its handshake: what chapters 16 and 19 to 21 want to know.
def make_stranger(connection, theirs, their_id, address, we_called):
    peer = make_partner(connection, their_id, we_called)
    peer.update({
        "host": address[0], "address": address if we_called else (address[0], 0),
        "extended": theirs[25] & 0x10 != 0, "fast": theirs[27] & 0x04 != 0,
        "has_node": theirs[27] & 0x01 != 0,  # of the DHT
        "early": [], "early_size": 0, "parts": {}, "later": {}, "rejects": 0, "allowed": set(), "granted": set(),
        "number": 0, "told": set(), "last": -MINUTE, "hearsay": set(),
        "metadata_number": 0, "size": 0, "got": bytearray(), "waits": None, "rests": 0,
    })
    return peer


# Meets a peer, in a thread of its own; `door` has who is through.
def meet_stranger(table, knock, address):
    we_called = not knock["lines"]
    try:
        if we_called:
            connection, theirs = call_either_way(table, knock, address)
        else:
            connection, theirs = answer_either_way(table, knock)
        their_id = check_handshake(theirs, table["info_hash"], table["our_id"])
        peer = make_stranger(connection, theirs, their_id, address, we_called)
        peer["encrypted"] = connection is not knock["lines"][0]
        table["door"].append(peer)
    except STRANGE as error:
        if table["known"].get(address, knock).get("tries", 1) == 1:
            print_line(f"{address[0]}:{address[1]}: {error}")
        for line in knock["lines"]:
            shut(line)
    table["knocks"].remove(knock)


# Starts such a thread.
def meet_at_the_door(table, address, lines):
    knock = {"since": time.monotonic(), "lines": lines}
    table["knocks"].append(knock)
    arguments = (table, knock, address)
    threading.Thread(target=meet_stranger, args=arguments, daemon=True).start()


# Ends the handshakes that take longer than ten seconds: whoever waits there wakes up.
def end_slow_handshakes(table):
    for knock in list(table["knocks"]):
        if time.monotonic() > knock["since"] + 10:
            for line in list(knock["lines"]):
                shut(line)
