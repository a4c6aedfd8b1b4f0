"""libtorrent as a peer of the tests: it seeds or downloads one torrent on one loopback address.

    libtorrent_peer.py seed     TORRENT FOLDER IP PORT    says READY when the tracker knows that it seeds; never ends
    libtorrent_peer.py download TORRENT FOLDER IP PORT    says DONE when all is there, and ends
    libtorrent_peer.py trade    TORRENT FOLDER IP PORT    says DONE when all is there, and goes on seeding
    libtorrent_peer.py metadata LINK    FOLDER IP PORT    says METADATA and their size when it has those of a magnet link

TORRENT may be a magnet link, too, where nothing is to be there already.

With `-encrypted` behind the first word, as in seed-encrypted, it takes and makes encrypted connections only, in RC4;
with `-greeting`, such as go on in plain text.

With the numbers of some files after that, counted from 0 and with commas between them, it wants no others.

It finds peers by the torrent's tracker alone and speaks plain TCP, so that a test knows what it tests.
"""

import sys

import libtorrent as lt

from libtorrent_session import ALONE, heard, session, torrent

LEVELS = {"encrypted": 2, "greeting": 1}  # RC4, plain text


def main(what, source, folder, ip, port, only=None):
    what, _, encrypted = what.partition("-")
    settings = dict(ALONE)
    if encrypted:
        settings.update(in_enc_policy=0, out_enc_policy=0, allowed_enc_level=LEVELS[encrypted])  # forced
    client = session(ip, port, **settings)
    params = torrent(source, folder, "dht", "lsd", "pex")
    if only is not None:
        wanted = {int(number) for number in only.split(",")}
        params.file_priorities = [4 * (number in wanted) for number in range(params.ti.num_files())]
    handle = client.add_torrent(params)

    announced = False
    while True:
        for alert in heard(client):
            if isinstance(alert, lt.metadata_received_alert) and what == "metadata":
                print("METADATA", len(handle.torrent_file().info_section()), flush=True)
                return
            if isinstance(alert, lt.tracker_reply_alert) and handle.status().is_seeding and not announced:
                announced = True
                print("READY", flush=True)
            if isinstance(alert, lt.torrent_finished_alert) and what != "seed":
                if what == "download":
                    client.pause()  # says goodbye to the tracker and writes what is still in memory
                    del handle
                    del client
                print("DONE", flush=True)
                if what == "download":
                    return


main(*sys.argv[1:])
