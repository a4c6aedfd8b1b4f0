//! Bitfield, message framing and every message of BEP 3.

fn main() {}
