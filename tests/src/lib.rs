//! Helpers for the whole-program tests.
//!
//! Everything here is written for the tests alone and uses none of the libraries under test: what a scripted peer sends
//! or a torrent contains is put together independently, so that a mistake cannot cancel itself out.
//!
//! - [`programs`]: the programs, built once a run.
//! - [`process`]: child processes that cannot outlive their test.
//! - [`kostorrent`]: our client.
//! - [`payload`] and [`torrent`]: files to share, and the torrent that describes them.
//! - [`tracker`], [`udp_tracker`] and [`peer`]: trackers and a seeder that do what a test tells them, and remember what they saw.
//! - [`extended`]: a peer that speaks the extensions of the protocol as a test tells it to.
//! - [`tap`]: somebody between two programs, who sees what passes; [`eyes`]: somebody who sees all that passes.
//! - [`socks`]: a proxy, and [`network`]: a network of two machines, in namespaces of their own; [`namespace`]: a test in
//!   such a network.
//! - [`disk`]: one that is too small.
//! - [`clients`]: Transmission, aria2, libtorrent and opentracker.
//! - [`book`]: what is wrong with the pages of the book.
//! - [`transcripts`]: the commands that the book shows, run again.
//! - [`browser`]: Chromium, to look at the built book.
//! - [`wasm`] and [`playground`]: what is built for the reader's browser, and the module that is committed.
//! - [`figures`]: those of the book that the code draws. They alone use the libraries under test.
//! - [`skip`]: what happens when one of those is not installed.

pub mod bencode;
pub mod book;
#[cfg(unix)]
pub mod browser;
pub mod clients;
pub mod disk;
pub mod extended;
#[cfg(target_os = "linux")]
pub mod eyes;
pub mod figures;
pub mod json;
pub mod kostorrent;
#[cfg(target_os = "linux")]
pub mod namespace;
#[cfg(target_os = "linux")]
pub mod network;
pub mod payload;
pub mod peer;
#[cfg(unix)]
pub mod playground;
pub mod ports;
pub mod process;
pub mod programs;
pub mod real_clients;
#[cfg(unix)]
pub mod refresh;
pub mod skip;
pub mod socks;
pub mod tap;
#[cfg(target_os = "linux")]
pub mod terminal;
pub mod torrent;
pub mod tracker;
#[cfg(unix)]
pub mod transcripts;
pub mod udp_tracker;
pub mod wait;
pub mod wasm;

/// A temporary folder, removed at the end of the test.
#[must_use]
pub fn temp() -> tempfile::TempDir {
    tempfile::Builder::new()
        .prefix("kostorrent-")
        .tempdir()
        .expect("a temporary folder")
}
