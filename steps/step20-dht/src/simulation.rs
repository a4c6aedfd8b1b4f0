//! Whole networks in virtual time: what no single node can show.
//!
//! Everything is drawn from a seed: a test that fails fails again.

mod amplification;
mod hostile;
mod joining;
mod large;
mod network;
