//! The HTTP tracker: announce URL, reply, tiers.

fn main() {}
