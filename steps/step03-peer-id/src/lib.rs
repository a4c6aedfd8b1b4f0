//! Peer ids (BEP 20), made and recognised.
