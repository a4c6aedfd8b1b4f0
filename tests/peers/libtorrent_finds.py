"""libtorrent that finds peers by peer exchange alone, or by local discovery alone, at one address.

    libtorrent_finds.py pex-TASK TORRENT FOLDER IP PORT [HOST:PORT…]    knows these, and whom they tell of
    libtorrent_finds.py lsd-TASK TORRENT FOLDER IP PORT                 knows who announces himself to the network

TASK is `seed`; `download`, which says DONE when all is there, and ends; or `trickle`, which takes 20 KB a second
and never ends. Each says READY when it has looked at the files.
"""

import sys

import libtorrent as lt

SETTINGS = {
    "enable_dht": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
    "in_enc_policy": 2,
    "out_enc_policy": 2,
    "dht_bootstrap_nodes": "",
    "webtorrent_stun_server": "",
    "allow_multiple_connections_per_ip": True,
    "min_reconnect_time": 1,
    "alert_mask": lt.alert.category_t.all_categories,
}


def main(what, torrent, folder, ip, port, *peers):
    way, task = what.split("-")
    # Who seeds says so soon. Who downloads says nothing, so that it is found by nobody whom it has not found.
    again = 2 if task == "seed" else 3600
    settings = dict(SETTINGS, enable_lsd=way == "lsd", local_service_announce_interval=again)
    session = lt.session(dict(settings, listen_interfaces=f"{ip}:{port}", outgoing_interfaces=ip))
    params = lt.load_torrent_file(torrent)
    params.save_path = folder
    params.flags &= ~(lt.torrent_flags.paused | lt.torrent_flags.auto_managed)
    params.flags |= lt.torrent_flags.disable_dht
    params.flags |= lt.torrent_flags.disable_lsd if way == "pex" else lt.torrent_flags.disable_pex
    if task == "trickle":
        params.download_limit = 20_000
    handle = session.add_torrent(params)
    for peer in peers:
        host, number = peer.rsplit(":", 1)
        handle.connect_peer((host, int(number)))

    while True:
        session.wait_for_alert(100)
        for alert in session.pop_alerts():
            if isinstance(alert, (lt.torrent_error_alert, lt.file_error_alert, lt.listen_failed_alert)):
                sys.exit(f"libtorrent: {alert.message()}")
            if isinstance(alert, lt.torrent_checked_alert):
                print("READY", flush=True)
            if isinstance(alert, lt.torrent_finished_alert) and task == "download":
                session.pause()
                del handle
                del session
                print("DONE", flush=True)
                return


main(*sys.argv[1:])
