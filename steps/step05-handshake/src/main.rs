//! The 68-byte handshake and its reserved bits.

fn main() {}
