//! Commands that speak to what is running.

use clap::Args;

/// Ask what is running how it is doing
///
/// Every download and seeder of yours on this machine, from another terminal: what it does, how far it is, how fast, the
/// bytes sent for each byte that is there, the time left, where its files are.
#[derive(Debug, Args)]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Print one JSON object a line for each torrent
    #[arg(long)]
    pub(crate) json: bool,
}

/// Pause what is running
///
/// It asks nobody for anything and gives nothing, until it is resumed. One that is being checked pauses after that.
#[derive(Debug, Args)]
pub(crate) struct Pause {
    #[command(flatten)]
    pub(crate) which: WhichOrAll,
}

/// Resume what is paused
///
/// A download that waits for its disk tries it again at once.
#[derive(Debug, Args)]
pub(crate) struct Resume {
    #[command(flatten)]
    pub(crate) which: WhichOrAll,
}

/// Choose other files of a download that is running
///
/// What is there of others stays, and is not fetched again when they are wanted later. The choice is remembered: the same
/// download command goes on with it.
#[derive(Debug, Args)]
pub(crate) struct Choose {
    #[command(flatten)]
    pub(crate) which: Which,
    /// The files that are wanted from now on, as for `download`: numbers as `kostorrent show` has them, ranges, paths and
    /// globs, each with :high, :normal or :low; ! takes away
    #[arg(long, value_name = "LIST")]
    pub(crate) files: String,
}

/// Stop what is running, as Ctrl-C does
///
/// What is there is kept, and the trackers are told. The program ends when all its torrents are over: with 130 if any of
/// them is incomplete.
#[derive(Debug, Args)]
pub(crate) struct Stop {
    #[command(flatten)]
    pub(crate) which: WhichOrAll,
}

/// Which of the torrents that are being worked on.
#[derive(Clone, Debug, Args)]
pub(crate) struct Which {
    /// A part of the torrent's name, or the first letters of its info-hash, four at least; it must fit
    /// one torrent only [default: all, or the only one]
    pub(crate) name: Option<String>,
    /// Only those of this process
    #[arg(long, value_name = "PID")]
    pub(crate) pid: Option<u32>,
}

/// The same, or all of them.
#[derive(Clone, Debug, Args)]
pub(crate) struct WhichOrAll {
    #[command(flatten)]
    pub(crate) which: Which,
    /// All that fit, not one
    #[arg(long)]
    pub(crate) all: bool,
}
