"""Chapter 8 in plain Python: is it what was promised?"""
import hashlib
import sys

from ch02_metainfo import open_torrent
from ch06_messages import first_peer
from ch07_blocks import be_interested, fetch_piece, piece_length

WORD = 0xffffffff  # the largest number of 32 bits


# ANCHOR: pad
# Fills a message up to blocks of 64 bytes: a 1 bit, zeros, the length in bits.
def pad(message):
    padded = message + b"\x80"
    while len(padded) % 64 != 56:
        padded += b"\x00"
    return padded + (8 * len(message)).to_bytes(8, "big")


# Turns a word to the left: what falls out there comes in on the right.
def rotate(word, bits):
    return (word << bits | word >> (32 - bits)) & WORD
# ANCHOR_END: pad


# ANCHOR: schedule
# Makes 80 words of a block: 16 are its bytes, the others follow from those before.
def schedule(block):
    words = []
    for at in range(0, 64, 4):
        words.append(int.from_bytes(block[at:at + 4], "big"))
    for t in range(16, 80):
        mixed = words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16]
        words.append(rotate(mixed, 1))
    return words
# ANCHOR_END: schedule


# ANCHOR: rounds
# Goes through the 80 rounds of one block.
def rounds(state, words):
    a, b, c, d, e = state
    for t in range(80):
        if t < 20:
            mixed, constant = (b & c) | (~b & d), 0x5a827999
        elif t < 40:
            mixed, constant = b ^ c ^ d, 0x6ed9eba1
        elif t < 60:
            mixed, constant = (b & c) | (b & d) | (c & d), 0x8f1bbcdc
        else:
            mixed, constant = b ^ c ^ d, 0xca62c1d6
        new = (rotate(a, 5) + mixed + e + words[t] + constant) & WORD
        a, b, c, d, e = new, a, rotate(b, 30), c, d
    return [a, b, c, d, e]
# ANCHOR_END: rounds


# ANCHOR: sha1
# Makes the 20 bytes: after each block the state is added to what it was before.
def sha1(message):
    state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]
    padded = pad(message)
    for at in range(0, len(padded), 64):
        changed = rounds(state, schedule(padded[at:at + 64]))
        state = [(old + new) & WORD for old, new in zip(state, changed)]
    return b"".join(word.to_bytes(4, "big") for word in state)
# ANCHOR_END: sha1


# ANCHOR: parts
# Begins a message that comes in parts: its state, what fills no block yet, its length.
def begin_message():
    state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]
    return {"state": state, "rest": b"", "length": 0}


# Adds bytes to the end of the message, and mixes each block that is full.
def add_bytes(message, data):
    message["length"] += len(data)
    message["rest"] += data
    while len(message["rest"]) >= 64:
        changed = rounds(message["state"], schedule(message["rest"][:64]))
        message["state"] = [(a + b) & WORD for a, b in zip(message["state"], changed)]
        message["rest"] = message["rest"][64:]
# ANCHOR_END: parts


# ANCHOR: end
# Ends the message with its padding, and makes the 20 bytes.
def end_message(message):
    bits = 8 * message["length"]
    add_bytes(message, b"\x80")
    while len(message["rest"]) != 56:
        add_bytes(message, b"\x00")
    add_bytes(message, bits.to_bytes(8, "big"))
    return b"".join(word.to_bytes(4, "big") for word in message["state"])
# ANCHOR_END: end


# ANCHOR: lanes
# Turns a table over: from a row for each message to a row for each word.
def side_by_side(rows):
    return [list(column) for column in zip(*rows)]


# Makes word t of all messages at once; `words` has a row for each word.
def next_words(words, t):
    made = []
    for w, x, y, z in zip(words[t - 3], words[t - 8], words[t - 14], words[t - 16]):
        made.append(rotate(w ^ x ^ y ^ z, 1))
    return made
# ANCHOR_END: lanes


# ANCHOR: good
# Says whether a piece is what the torrent promises, by Python's own fast SHA-1.
def is_good(torrent, piece, data):
    return hashlib.sha1(data).digest() == torrent["hashes"][piece]
# ANCHOR_END: good


if __name__ == "__main__":
    torrent = open_torrent(sys.argv[1])
    piece = int(sys.argv[2])
    peer = first_peer(torrent)
    be_interested(peer)
    data = fetch_piece(peer, piece, piece_length(torrent, piece))
    print("its SHA-1     ", sha1(data).hex())
    print("the torrent's ", torrent["hashes"][piece].hex())
    if not is_good(torrent, piece, data):
        sys.exit("wrong")
    print("good")
