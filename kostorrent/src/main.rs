//! The kostorrent command.

fn main() {}
