"""libtorrent that finds peers by peer exchange alone, or by local discovery alone, at one address.

    libtorrent_finds.py pex-TASK TORRENT FOLDER IP PORT [HOST:PORT…]    knows these, and whom they tell of
    libtorrent_finds.py lsd-TASK TORRENT FOLDER IP PORT                 knows who announces himself to the network

TASK is `seed`; `download`, which says DONE when all is there, and ends; or `trickle`, which takes 20 KB a second
and never ends. Each says READY when it has looked at the files.
"""

import sys

import libtorrent as lt

from libtorrent_session import ALONE, heard, session, torrent


def main(what, source, folder, ip, port, *peers):
    way, task = what.split("-")
    # Who seeds says so soon. Who downloads says nothing, so that it is found by nobody whom it has not found.
    again = 2 if task == "seed" else 3600
    local = {"enable_lsd": way == "lsd", "local_service_announce_interval": again}
    client = session(ip, port, **ALONE, **local)
    params = torrent(source, folder, "dht", "lsd" if way == "pex" else "pex")
    if task == "trickle":
        params.download_limit = 20_000
    handle = client.add_torrent(params)
    for peer in peers:
        host, number = peer.rsplit(":", 1)
        handle.connect_peer((host, int(number)))

    while True:
        for alert in heard(client):
            if isinstance(alert, lt.torrent_checked_alert):
                print("READY", flush=True)
            if isinstance(alert, lt.torrent_finished_alert) and task == "download":
                client.pause()
                del handle
                del client
                print("DONE", flush=True)
                return


main(*sys.argv[1:])
