"""libtorrent as it comes, for the examination: it finds peers in every way, and encrypts with those who do.

    libtorrent_client.py FOLDER IP PORT HOST:PORT TORRENT|LINK    downloads into FOLDER and seeds what is there; never ends

HOST:PORT is the node of the DHT from which it begins. Nothing but what keeps it on this machine differs from its own
settings: no other network is asked for ports, and addresses on loopback are as good as others.
"""

import sys

import libtorrent as lt

SETTINGS = {
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
    "webtorrent_stun_server": "",
    # Everybody is on loopback here.
    "dht_restrict_routing_ips": False,
    "dht_restrict_search_ips": False,
    "dht_ignore_dark_internet": False,
    "allow_multiple_connections_per_ip": True,
    "min_reconnect_time": 1,
    "alert_mask": lt.alert.category_t.error_notification,
}


def main(folder, ip, port, router, torrent):
    place = dict(listen_interfaces=f"{ip}:{port}", outgoing_interfaces=ip, dht_bootstrap_nodes=router)
    session = lt.session(dict(SETTINGS, **place))
    is_link = torrent.startswith("magnet:")
    params = lt.parse_magnet_uri(torrent) if is_link else lt.load_torrent_file(torrent)
    params.save_path = folder
    params.flags &= ~(lt.torrent_flags.paused | lt.torrent_flags.auto_managed)
    session.add_torrent(params)
    while True:
        session.wait_for_alert(100)
        for alert in session.pop_alerts():
            if isinstance(alert, (lt.torrent_error_alert, lt.file_error_alert, lt.listen_failed_alert)):
                sys.exit(f"libtorrent: {alert.message()}")


main(*sys.argv[1:])
