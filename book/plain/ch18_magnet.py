"""Chapter 18 in plain Python: from a magnet link to a torrent file."""
import base64
import hashlib
import socket
import sys
from urllib.parse import unquote

from ch01_bencode import decode, encode
from ch03_peer_id import make_peer_id
from ch05_handshake import PROTOCOL, check_handshake, receive
from ch06_messages import make_message, read_message


# ANCHOR: topic
# The info-hash in a topic: 40 hexadecimal digits, or 32 letters; None is another kind.
def hash_in(topic):
    if not topic.lower().startswith("urn:btih:"):
        return None
    text = topic[len("urn:btih:"):]
    info_hash = base64.b32decode(text.upper()) if len(text) == 32 else bytes.fromhex(text)
    if len(info_hash) != 20:
        raise ValueError("an info-hash has 40 digits, or 32 letters")
    return info_hash
# ANCHOR_END: topic


# ANCHOR: link
# Takes a magnet link apart: its info-hash, and all that it says, by name.
def take_apart(link):
    if not link.startswith("magnet:?"):
        raise ValueError("a magnet link begins with magnet:?")
    said = {}
    for part in link[len("magnet:?"):].split("&"):
        name, _, value = part.partition("=")
        stem, _, number = name.rpartition(".")
        name = stem if number.isdigit() else name  # tr.1 is one of several tr
        said.setdefault(name, []).append(unquote(value))
    hashes = {hash_in(topic) for topic in said.get("xt", [])} - {None}
    if len(hashes) != 1:
        raise ValueError("the link names no torrent, or two")
    return hashes.pop(), said
# ANCHOR_END: link


# ANCHOR: extended
EXTENDED = 20  # the message that carries all others


# Sends an extended message: a number of the other side's choice, and what it means.
def say_extended(connection, number, payload):
    connection.sendall(make_message(EXTENDED, bytes([number]) + payload))


# Waits for the next extended message under this number.
def hear_extended(connection, number):
    while True:
        kind, payload = read_message(connection)
        if kind == EXTENDED and payload[0:1] == bytes([number]):
            return payload[1:]
# ANCHOR_END: extended


# ANCHOR: numbers
OUR_NUMBER = 1  # under which we want to hear about metadata


# Calls a peer, with the bit of the extension protocol set.
def call_extended(address, info_hash, our_id):
    connection = socket.create_connection(address, timeout=5)
    connection.sendall(PROTOCOL + bytes([0, 0, 0, 0, 0, 0x10, 0, 0]) + info_hash + our_id)
    theirs = receive(connection, 68)
    check_handshake(theirs, info_hash, our_id)
    if theirs[25] & 0x10 == 0:
        raise ValueError("it does not speak the extension protocol")
    return connection


# Says our number for metadata; gives the peer's number, and how many bytes they have.
def exchange_numbers(connection):
    say_extended(connection, 0, encode({b"m": {b"ut_metadata": OUR_NUMBER}}))
    said, _ = decode(hear_extended(connection, 0))
    return said[b"m"][b"ut_metadata"], said[b"metadata_size"]
# ANCHOR_END: numbers


# ANCHOR: block
# Asks for one block of the metadata, and waits for it.
def fetch_metadata_block(connection, number, piece):
    say_extended(connection, number, encode({b"msg_type": 0, b"piece": piece}))
    answer = hear_extended(connection, OUR_NUMBER)
    said, end = decode(answer)
    if said[b"msg_type"] != 1 or said[b"piece"] != piece:
        raise ValueError("it does not give this block")
    return answer[end:]  # behind the dictionary the block begins
# ANCHOR_END: block


# ANCHOR: whole
MOST_METADATA = 2 ** 26  # bytes


# Fetches all metadata from one peer, and checks them: there is nothing else to check.
def fetch_metadata(address, info_hash, our_id):
    connection = call_extended(address, info_hash, our_id)
    number, size = exchange_numbers(connection)
    if size < 1 or size > MOST_METADATA:
        raise ValueError("nobody has metadata of that size")
    metadata = b""
    for piece in range((size + 16383) // 16384):
        metadata += fetch_metadata_block(connection, number, piece)
    if hashlib.sha1(metadata).digest() != info_hash:
        raise ValueError("what it sent is something else")
    return metadata
# ANCHOR_END: whole


# ANCHOR: file
# Puts a torrent file together: the metadata stay as they came, byte for byte.
def torrent_of(metadata, trackers):
    file = b"d"
    if trackers:
        by_http = [tracker for tracker in trackers if tracker.startswith("http")]
        first = (by_http + trackers)[0]  # for readers that know no list: by HTTP, if any is
        tiers = [[tracker.encode()] for tracker in trackers]
        file += encode(b"announce") + encode(first.encode())
        file += encode(b"announce-list") + encode(tiers)
    return file + encode(b"info") + metadata + b"e"
# ANCHOR_END: file


# ANCHOR: choose
# Asks one peer after the other for metadata, until somebody's are right.
def ask_all_for_metadata(addresses, info_hash, our_id):
    for address in addresses:
        try:
            return fetch_metadata(address, info_hash, our_id)
        except (OSError, ValueError, LookupError, TypeError) as error:
            print(f"{address[0]}:{address[1]}: {error}")
    raise SystemExit("nobody gave the metadata")
# ANCHOR_END: choose


if __name__ == "__main__":
    info_hash, said = take_apart(sys.argv[1])
    addresses = []
    for peer in said.get("x.pe", []):
        host, port = peer.rsplit(":", 1)
        addresses.append((host, int(port)))
    metadata = ask_all_for_metadata(addresses, info_hash, make_peer_id())
    with open(sys.argv[2], "wb") as file:
        file.write(torrent_of(metadata, said.get("tr", [])))
    print(f"{sys.argv[2]}: {len(metadata)} bytes of metadata, and they are right")
