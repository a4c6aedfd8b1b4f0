"""libtorrent as it comes, for the examination: it finds peers in every way, and encrypts with those who do.

    libtorrent_client.py FOLDER IP PORT HOST:PORT TORRENT|LINK    downloads into FOLDER and seeds what is there; never ends

HOST:PORT is the node of the DHT from which it begins. Nothing but what keeps it on this machine differs from its own
settings: no other network is asked for ports, and addresses on loopback are as good as others.
"""

import sys

import libtorrent as lt

from libtorrent_session import NEAR, heard, session, torrent


def main(folder, ip, port, router, source):
    errors = lt.alert.category_t.error_notification
    client = session(ip, port, dht_bootstrap_nodes=router, alert_mask=errors, **NEAR)
    client.add_torrent(torrent(source, folder))
    while True:
        heard(client)


main(*sys.argv[1:])
