//! Helpers for the whole-program tests: the programs, built once, and the real clients.
