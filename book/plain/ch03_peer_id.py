"""Chapter 3 in plain Python: who we are."""
import random
import string
import sys


# ANCHOR: make
# Makes a peer id: eight bytes that name the program, then twelve letters by chance.
def make_peer_id():
    peer_id = "-KO0000-"
    while len(peer_id) < 20:
        peer_id += random.choice(string.ascii_letters + string.digits)
    return peer_id.encode()
# ANCHOR_END: make


# ANCHOR: recognise
# Names the program that an id of the common style, -XX1234-, belongs to.
def client_of(peer_id):
    names = {b"KO": "kostorrent", b"TR": "Transmission", b"qB": "qBittorrent"}
    if peer_id[0:1] != b"-" or not peer_id[1:3].isalpha() or peer_id[7:8] != b"-":
        return "unknown"
    letters = peer_id[1:3]
    version = peer_id[3:7]
    return names.get(letters, letters.decode()) + " " + ascii(version)[2:-1]
# ANCHOR_END: recognise


if __name__ == "__main__":
    for peer_id in [make_peer_id()] + [text.encode() for text in sys.argv[1:]]:
        print(ascii(peer_id)[2:-1], "is", client_of(peer_id))
