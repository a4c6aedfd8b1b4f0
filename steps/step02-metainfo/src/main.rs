//! The .torrent file: its model, the info-hash, safe paths.

fn main() {}
