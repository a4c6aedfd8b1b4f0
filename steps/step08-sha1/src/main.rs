//! SHA-1 from the standard, one message or many lanes at once.

fn main() {}
