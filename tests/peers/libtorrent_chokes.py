"""libtorrent as a seeder that chokes: everybody for two seconds, once a quarter is given away.

    libtorrent_chokes.py seed TORRENT FOLDER IP PORT    says READY when it has looked at the files; never ends

With the fast extension (BEP 6) it rejects what it was asked for and does not give any more.
"""

import sys
import time

import libtorrent as lt

SETTINGS = {
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
    "in_enc_policy": 2,
    "out_enc_policy": 2,
    "dht_bootstrap_nodes": "",
    "webtorrent_stun_server": "",
    "unchoke_interval": 1,
    "alert_mask": lt.alert.category_t.all_categories,
}


def main(_, torrent, folder, ip, port):
    session = lt.session(dict(SETTINGS, listen_interfaces=f"{ip}:{port}", outgoing_interfaces=ip))
    # Else whoever is on the same network is never choked, and has no limit.
    session.set_peer_class_filter(lt.ip_filter())
    params = lt.load_torrent_file(torrent)
    params.save_path = folder
    params.flags &= ~(lt.torrent_flags.paused | lt.torrent_flags.auto_managed)
    params.upload_limit = 300_000
    handle = session.add_torrent(params)

    slots, until = -1, None
    while True:
        session.wait_for_alert(100)
        for alert in session.pop_alerts():
            if isinstance(alert, (lt.torrent_error_alert, lt.file_error_alert, lt.listen_failed_alert)):
                sys.exit(f"libtorrent: {alert.message()}")
            if isinstance(alert, lt.torrent_checked_alert):
                print("READY", flush=True)
        given = handle.status().total_payload_upload
        if until is None and given > params.ti.total_size() / 4:
            slots, until = 0, time.monotonic() + 2
            session.apply_settings({"unchoke_slots_limit": slots})
        if slots == 0 and time.monotonic() > until:
            slots = -1
            session.apply_settings({"unchoke_slots_limit": slots})


main(*sys.argv[1:])
