"""Chapter 4 in plain Python: asking a tracker for peers."""
import socket
import sys
from urllib.parse import quote
from urllib.request import urlopen

from ch01_bencode import decode, encode
from ch02_metainfo import open_torrent
from ch03_peer_id import make_peer_id


# ANCHOR: url
# Puts an announce together: which torrent, who we are, what we lack, in one URL.
def announce_url(torrent, peer_id, port, event):
    url = torrent["announce"]
    url += "&" if "?" in url else "?"
    url += "info_hash=" + quote(torrent["info_hash"], safe="")
    url += "&peer_id=" + quote(peer_id, safe="")
    url += f"&port={port}&uploaded=0&downloaded=0&left={torrent['total']}"
    return url + "&compact=1&event=" + event
# ANCHOR_END: url


# ANCHOR: reply
# Reads a tracker's answer: when to ask again, and who is there.
def read_reply(body):
    reply, _ = decode(body)
    if not isinstance(reply, dict):
        raise ValueError("a tracker answers with a dictionary")
    if b"failure reason" in reply:
        raise ValueError("the tracker refuses: " + ascii(reply[b"failure reason"]))
    interval = reply.get(b"interval", 30 * 60)  # in seconds
    peers = read_peers(reply.get(b"peers", b""))
    return {"interval": min(max(interval, 30), 2 * 60 * 60), "peers": peers}
# ANCHOR_END: reply


# ANCHOR: peers
# Reads the addresses of peers: four bytes for the address, two for the port; or, in the
# older form, a dictionary for each peer.
def read_peers(listed):
    if isinstance(listed, list):
        return [(peer[b"ip"].decode(), peer[b"port"]) for peer in listed]
    peers = []
    for at in range(0, len(listed) - 5, 6):
        a, b, c, d, high, low = listed[at:at + 6]
        peers.append((f"{a}.{b}.{c}.{d}", high * 256 + low))
    return peers
# ANCHOR_END: peers


# ANCHOR: announce
# Asks the tracker, and reads its answer.
def announce(torrent, peer_id, port, event):
    url = announce_url(torrent, peer_id, port, event)
    if not url.startswith("http"):
        raise ValueError("the plain client asks trackers by HTTP only")
    with urlopen(url, timeout=10) as answer:
        return read_reply(answer.read(2 ** 20))
# ANCHOR_END: announce


# ANCHOR: find
# Finds peers. We take no calls, so we say goodbye at once: nobody is sent to us.
def find_peers(torrent, peer_id):
    with socket.socket() as free:
        free.bind(("", 0))  # the system picks a port that nobody uses
        port = free.getsockname()[1]
    reply = announce(torrent, peer_id, port, "started")
    announce(torrent, peer_id, port, "stopped")
    return reply["peers"]
# ANCHOR_END: find


# ANCHOR: turns
# Asks one after the other; who answers moves to the front of its tier.
def ask_in_turn(tiers, ask):
    for tier in tiers:
        for url in tier:
            try:
                reply = ask(url)
            except (OSError, ValueError):
                continue  # on to the next
            tier.remove(url)
            tier.insert(0, url)
            return reply
    raise ValueError("no tracker answers")
# ANCHOR_END: turns


# ANCHOR: retry
# Says for how many seconds a tracker that refused is left alone; None is for ever.
def seconds_to_wait(reply):
    wish = reply.get(b"retry in", 0)
    if wish == b"never":
        return None
    seconds = int(wish) * 60  # `retry in` is in minutes, a number or a text
    if seconds == 0:
        seconds = max(reply.get(b"min interval", 0), reply.get(b"interval", 0))
    return min(max(seconds, 30), 24 * 60 * 60)
# ANCHOR_END: retry


# ANCHOR: track
# What a tracker does with an announce: it names the others, and remembers who asked.
def track(swarm, peer_id, host, port, event):
    peers = b""
    for other, address in swarm.items():
        if other != peer_id:
            peers += address
    if event == "stopped":
        swarm.pop(peer_id, None)
    else:
        swarm[peer_id] = socket.inet_aton(host) + port.to_bytes(2, "big")
    return encode({b"interval": 60, b"peers": peers})
# ANCHOR_END: track


if __name__ == "__main__":
    torrent = open_torrent(sys.argv[1])
    for host, port in find_peers(torrent, make_peer_id()):
        print(f"{host}:{port}")
