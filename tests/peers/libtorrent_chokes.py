"""libtorrent as a seeder that chokes: everybody for two seconds, once a quarter is given away.

    libtorrent_chokes.py seed TORRENT FOLDER IP PORT    says READY when it has looked at the files; never ends

With the fast extension (BEP 6) it rejects what it was asked for and does not give any more.
"""

import sys
import time

import libtorrent as lt

from libtorrent_session import ALONE, heard, session, torrent


def main(_, source, folder, ip, port):
    client = session(ip, port, unchoke_interval=1, **ALONE)
    # Else whoever is on the same network is never choked, and has no limit.
    client.set_peer_class_filter(lt.ip_filter())
    params = torrent(source, folder)
    params.upload_limit = 300_000
    handle = client.add_torrent(params)

    slots, until = -1, None
    while True:
        for alert in heard(client):
            if isinstance(alert, lt.torrent_checked_alert):
                print("READY", flush=True)
        given = handle.status().total_payload_upload
        if until is None and given > params.ti.total_size() / 4:
            slots, until = 0, time.monotonic() + 2
            client.apply_settings({"unchoke_slots_limit": slots})
        if slots == 0 and time.monotonic() > until:
            slots = -1
            client.apply_settings({"unchoke_slots_limit": slots})


main(*sys.argv[1:])
