"""libtorrent that finds peers by the DHT alone, on one loopback address.

    libtorrent_dht.py seed     TORRENT FOLDER IP PORT HOST:PORT    announces itself, and never ends
    libtorrent_dht.py download TORRENT FOLDER IP PORT HOST:PORT    says DONE when all is there, and ends

HOST:PORT is the node of the DHT from which it begins.
"""

import sys
import time

import libtorrent as lt

from libtorrent_session import ALONE, NEAR, heard, session, torrent


def main(what, source, folder, ip, port, node):
    by_dht = {**ALONE, **NEAR, "enable_dht": True, "dht_announce_interval": 5}
    client = session(ip, port, **by_dht)
    host, node_port = node.rsplit(":", 1)
    client.add_dht_node((host, int(node_port)))
    handle = client.add_torrent(torrent(source, folder, "lsd", "pex"))

    again = time.monotonic()
    while True:
        for alert in heard(client):
            if isinstance(alert, lt.torrent_finished_alert) and what == "download":
                client.pause()
                del handle
                del client
                print("DONE", flush=True)
                return
        if time.monotonic() > again + 2:
            # A test does not wait for the next quarter of an hour.
            again = time.monotonic()
            handle.force_dht_announce()


main(*sys.argv[1:])
