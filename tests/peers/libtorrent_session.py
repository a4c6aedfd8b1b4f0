"""What the libtorrents of the tests have in common: a session at one address, a torrent in it, and what is heard of both."""

import sys

import libtorrent as lt

SETTINGS = {
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
    "webtorrent_stun_server": "",
    "allow_multiple_connections_per_ip": True,  # everybody is on loopback here
    "min_reconnect_time": 1,
    "alert_mask": lt.alert.category_t.all_categories,
}

# Neither the DHT nor encryption, where no test asks for them: so it is known what is tested.
ALONE = {
    "enable_dht": False,
    "dht_bootstrap_nodes": "",
    "in_enc_policy": 2,  # disabled: no encrypted handshakes
    "out_enc_policy": 2,
}

# Addresses on loopback are as good to the DHT as others.
NEAR = {
    "dht_restrict_routing_ips": False,
    "dht_restrict_search_ips": False,
    "dht_ignore_dark_internet": False,
}

ERRORS = (lt.torrent_error_alert, lt.file_error_alert, lt.listen_failed_alert)


def session(ip, port, **settings):
    place = {"listen_interfaces": f"{ip}:{port}", "outgoing_interfaces": ip}
    return lt.session({**SETTINGS, **place, **settings})


def torrent(source, folder, *without):
    """A torrent file or a magnet link, to be begun at once; `without` these ways to find peers."""
    is_link = source.startswith("magnet:")
    params = lt.parse_magnet_uri(source) if is_link else lt.load_torrent_file(source)
    params.save_path = folder
    params.flags &= ~(lt.torrent_flags.paused | lt.torrent_flags.auto_managed)
    for way in without:
        params.flags |= getattr(lt.torrent_flags, f"disable_{way}")
    return params


def heard(session):
    """What has happened within a tenth of a second. An error ends the program."""
    session.wait_for_alert(100)
    alerts = session.pop_alerts()
    for alert in alerts:
        if isinstance(alert, ERRORS):
            sys.exit(f"libtorrent: {alert.message()}")
    return alerts
