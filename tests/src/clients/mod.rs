//! Real clients, each set up to talk on loopback and nowhere else, and a real tracker.
//!
//! Every client gets an address of its own (127.0.0.2 and so on, which Linux has without asking): several of them know
//! a peer by its address alone.

pub mod aria2;
pub mod libtorrent;
pub mod opentracker;
pub mod transmission;

pub use opentracker::OpenTracker;
