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


if __name__ == "__main__":
    torrent = open_torrent(sys.argv[1])
    our_id = make_peer_id()
    for address in find_peers(torrent, our_id):
        connection, their_id = meet(address, torrent, our_id)
        print(f"{address[0]}:{address[1]} is {client_of(their_id)}")
