//! Bencode: decoding that keeps the byte span of every value.
