//! Pieces, blocks, and requests that keep the pipe full.

fn main() {}
