"""Chapter 22 in plain Python: an encrypted call."""
import hashlib
import os
import random
import socket
import sys

from ch02_metainfo import open_torrent
from ch03_peer_id import client_of, make_peer_id
from ch05_handshake import PROTOCOL, check_handshake, make_handshake, receive

# ANCHOR: prime
PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"
    "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
    "4FE1356D6D51C245E485B576625E7EC6F44C42E9A63A36210000000000090563", 16)
# ANCHOR_END: prime


# ANCHOR: agree
# Draws a private key, and makes the public one that goes with it.
def draw_keys():
    private = int.from_bytes(os.urandom(20), "big")
    return private, pow(2, private, PRIME).to_bytes(96, "big")


# Makes the secret, of our private key and the other's public one.
def make_secret(private, public):
    number = int.from_bytes(public, "big")
    if not 1 < number < PRIME - 1:
        raise ValueError("everybody knows the secret of this key")
    return pow(number, private, PRIME).to_bytes(96, "big")
# ANCHOR_END: agree


# ANCHOR: rc4
# Makes an endless row of bytes of a key.
def keystream(key):
    row, i, j = list(range(256)), 0, 0
    for n in range(256):
        j = (j + row[n] + key[n % len(key)]) % 256
        row[n], row[j] = row[j], row[n]
    j = 0
    while True:
        i = (i + 1) % 256
        j = (j + row[i]) % 256
        row[i], row[j] = row[j], row[i]
        yield row[(row[i] + row[j]) % 256]


# Mixes the next bytes of the row into these: to hide them, or to have them back.
def mix(stream, data):
    return bytes(byte ^ next(stream) for byte in data)
# ANCHOR_END: rc4


# ANCHOR: streams
# The SHA-1 of some parts, one behind the other.
def hash_of(*parts):
    return hashlib.sha1(b"".join(parts)).digest()


# The row of one direction, without its first 1,024 bytes.
def make_stream(name, secret, info_hash):
    stream = keystream(hash_of(name, secret, info_hash))
    mix(stream, bytes(1024))
    return stream


# Names a torrent to who knows it, and to nobody else: two hashes, mixed.
def name_torrent(secret, info_hash):
    pairs = zip(hash_of(b"req2", info_hash), hash_of(b"req3", secret))
    return bytes(one ^ other for one, other in pairs)
# ANCHOR_END: streams


# ANCHOR: find
# Reads until a mark has come, behind a pad of at most 512 bytes.
def find_mark(connection, mark):
    data = receive(connection, len(mark))
    while data[-len(mark):] != mark:
        if len(data) == 512 + len(mark):
            raise ValueError("the other side does not know the secret")
        data += receive(connection, 1)


# Reads the length of a pad, and the pad, and forgets it.
def skip_pad(connection, stream):
    length = int.from_bytes(mix(stream, receive(connection, 2)), "big")
    if length > 512:
        raise ValueError("a pad that is too long")
    mix(stream, receive(connection, length))
# ANCHOR_END: find


# ANCHOR: call
# Calls encrypted, with our handshake inside; gives the rows of both directions.
def call_encrypted(connection, info_hash, handshake):
    private, public = draw_keys()
    connection.sendall(public + os.urandom(random.randrange(513)))
    secret = make_secret(private, receive(connection, 96))
    ours = make_stream(b"keyA", secret, info_hash)
    theirs = make_stream(b"keyB", secret, info_hash)
    rc4, no_pad = bytes([0, 0, 0, 2]), bytes(2)
    inside = bytes(8) + rc4 + no_pad + len(handshake).to_bytes(2, "big") + handshake
    sync = hash_of(b"req1", secret) + name_torrent(secret, info_hash)
    connection.sendall(sync + mix(ours, inside))
    find_mark(connection, mix(theirs, bytes(8)))
    if mix(theirs, receive(connection, 4)) != rc4:
        raise ValueError("it chooses what we have not offered")
    skip_pad(connection, theirs)
    return ours, theirs
# ANCHOR_END: call


# ANCHOR: answer
# Answers a call that is encrypted: which torrent, what it says, and the rows.
def answer_encrypted(connection, torrents):
    private, public = draw_keys()
    secret = make_secret(private, receive(connection, 96))
    connection.sendall(public + os.urandom(random.randrange(513)))
    find_mark(connection, hash_of(b"req1", secret))
    names = {name_torrent(secret, info_hash): info_hash for info_hash in torrents}
    info_hash = names[receive(connection, 20)]
    theirs = make_stream(b"keyA", secret, info_hash)
    ours = make_stream(b"keyB", secret, info_hash)
    offer = mix(theirs, receive(connection, 12))
    if offer[:8] != bytes(8) or not offer[11] & 2:
        raise ValueError("it does not know the torrent, or will not do RC4")
    skip_pad(connection, theirs)
    length = int.from_bytes(mix(theirs, receive(connection, 2)), "big")
    says = mix(theirs, receive(connection, length))
    connection.sendall(mix(ours, bytes(8) + bytes([0, 0, 0, 2]) + bytes(2)))
    return info_hash, says, ours, theirs
# ANCHOR_END: answer


# ANCHOR: meet
# Calls in plain text first, and encrypted who hangs up on that: not who is silent, and not
# who answers with a handshake that does not suit us.
def meet_somehow(address, info_hash, our_id):
    handshake = make_handshake(info_hash, our_id)
    connection = socket.create_connection(address, timeout=5)
    try:
        connection.sendall(handshake)
        first = receive(connection, 68)
    except (ConnectionError, ValueError):  # a reset; or it has hung up
        first = b""
    if first[:20] == PROTOCOL:
        return "in plain text", check_handshake(first, info_hash, our_id)
    connection.close()
    connection = socket.create_connection(address, timeout=5)
    ours, theirs = call_encrypted(connection, info_hash, handshake)
    first = mix(theirs, receive(connection, 68))
    return "encrypted", check_handshake(first, info_hash, our_id)
# ANCHOR_END: meet


if __name__ == "__main__":
    torrent = open_torrent(sys.argv[1])
    host, port = sys.argv[2].rsplit(":", 1)
    how, their_id = meet_somehow((host, int(port)), torrent["info_hash"], make_peer_id())
    print(f"{host}:{port} is {client_of(their_id)}, {how}")
