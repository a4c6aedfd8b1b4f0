"""libtorrent that finds peers by the DHT alone, on one loopback address.

    libtorrent_dht.py seed     TORRENT FOLDER IP PORT HOST:PORT    announces itself, and never ends
    libtorrent_dht.py download TORRENT FOLDER IP PORT HOST:PORT    says DONE when all is there, and ends

HOST:PORT is the node of the DHT from which it begins.
"""

import sys
import time

import libtorrent as lt

SETTINGS = {
    "enable_dht": True,
    "dht_bootstrap_nodes": "",
    # Everybody is on loopback here.
    "dht_restrict_routing_ips": False,
    "dht_restrict_search_ips": False,
    "dht_ignore_dark_internet": False,
    "dht_announce_interval": 5,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
    "in_enc_policy": 2,
    "out_enc_policy": 2,
    "webtorrent_stun_server": "",
    "allow_multiple_connections_per_ip": True,
    "min_reconnect_time": 1,
    "alert_mask": lt.alert.category_t.all_categories,
}


def main(what, torrent, folder, ip, port, node):
    session = lt.session(dict(SETTINGS, listen_interfaces=f"{ip}:{port}", outgoing_interfaces=ip))
    host, node_port = node.rsplit(":", 1)
    session.add_dht_node((host, int(node_port)))
    params = lt.load_torrent_file(torrent)
    params.save_path = folder
    params.flags &= ~(lt.torrent_flags.paused | lt.torrent_flags.auto_managed)
    for source in ("disable_lsd", "disable_pex"):
        params.flags |= getattr(lt.torrent_flags, source)
    handle = session.add_torrent(params)

    again = time.monotonic()
    while True:
        session.wait_for_alert(100)
        for alert in session.pop_alerts():
            if isinstance(alert, (lt.torrent_error_alert, lt.file_error_alert, lt.listen_failed_alert)):
                sys.exit(f"libtorrent: {alert.message()}")
            if isinstance(alert, lt.torrent_finished_alert) and what == "download":
                session.pause()
                del handle
                del session
                print("DONE", flush=True)
                return
        if time.monotonic() > again + 2:
            # A test does not wait for the next quarter of an hour.
            again = time.monotonic()
            handle.force_dht_announce()


main(*sys.argv[1:])
