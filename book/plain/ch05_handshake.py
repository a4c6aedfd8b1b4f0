"""Chapter 5 in plain Python: the first 68 bytes."""
import socket
import sys

from ch02_metainfo import open_torrent
from ch03_peer_id import client_of, make_peer_id
from ch04_tracker import find_peers

PROTOCOL = b"\x13BitTorrent protocol"


# ANCHOR: handshake
# Puts our handshake together: 20 + 8 + 20 + 20 bytes.
def make_handshake(info_hash, peer_id):
    return PROTOCOL + bytes(8) + info_hash + peer_id


# Checks a peer's handshake, and gives its peer id.
def check_handshake(theirs, info_hash, our_id):
    if theirs[0:20] != PROTOCOL:
        raise ValueError("it does not speak BitTorrent")
    if theirs[28:48] != info_hash:
        raise ValueError("it speaks of another torrent")
    if theirs[48:68] == our_id:
        raise ValueError("we have called ourselves")
    return theirs[48:68]
# ANCHOR_END: handshake


# ANCHOR: receive
# Reads from a connection until so many bytes are there.
def receive(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if more == b"":
            raise ValueError("the peer has hung up")
        data += more
    return data
# ANCHOR_END: receive


# ANCHOR: meet
# Calls a peer: we say our handshake and hear theirs.
def meet(address, torrent, our_id):
    connection = socket.create_connection(address, timeout=5)
    connection.sendall(make_handshake(torrent["info_hash"], our_id))
    their_id = check_handshake(receive(connection, 68), torrent["info_hash"], our_id)
    return connection, their_id
# ANCHOR_END: meet


# ANCHOR: listen
# Opens a port at which we can be called, at every address of this machine.
def listen(port):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("", port))
    listener.listen()
    return listener


# Answers a caller: which torrent, our handshake, who is it?
def answer(connection, torrents, our_id):
    connection.settimeout(10)
    theirs = receive(connection, 48)
    info_hash = theirs[28:48]
    if theirs[0:20] != PROTOCOL or info_hash not in torrents:
        raise ValueError("it is not for us")  # hang up without a byte
    connection.sendall(make_handshake(info_hash, our_id))
    theirs += receive(connection, 20)
    return torrents[info_hash], check_handshake(theirs, info_hash, our_id)
# ANCHOR_END: listen


if __name__ == "__main__":
    torrent = open_torrent(sys.argv[1])
    our_id = make_peer_id()
    for address in find_peers(torrent, our_id):
        connection, their_id = meet(address, torrent, our_id)
        print(f"{address[0]}:{address[1]} is {client_of(their_id)}")
