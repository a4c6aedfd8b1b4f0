//! The test that any client can take.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Examine a BitTorrent client, in whatever language it is written
///
/// Starts the command behind `--`, many times, each time in another swarm on this machine, made for it: a tracker that
/// answers in an unusual way, a peer that sends its handshake byte by byte, that chokes, that sends what nobody asked for.
/// It watches all that the client sends and all that it writes, and says what it does right, what wrong, and where the book
/// of kostorrent explains it. Nothing leaves the machine.
///
/// In the command, {torrent} stands for the path of a torrent file, {output} for the folder to download into, which is
/// not there yet, {port} for a port to listen on. The client may end when everything is there, or go on: it is ended. A client
/// that takes several torrents is given them with {torrents} in place of {torrent}, a word for each. One that takes
/// magnet links has {magnet} beside {torrent}: each run fills in one of the two words and leaves the other out. {router} is
/// a node of the DHT to begin from, as HOST:PORT.
///
///   kostorrent examine -- python3 client.py {torrent} {output}
///
/// With --seeder the command is to seed: {data} stands for the folder that holds the torrent's file or folder.
///
///   kostorrent examine --seeder -- python3 seeder.py {torrent} {data} {port}
///
/// A verdict is `ok`; `WRONG`, where the client breaks a BEP (the standards of BitTorrent), loses or writes wrong data, hangs
/// or crashes; `odd`, where it does what is allowed and others do otherwise; or `skipped`, where it could not be seen. What
/// was not met does not pass. Exits with 1 when anything is WRONG.
#[derive(Debug, Args)]
#[command(after_long_help = JSON)]
pub(crate) struct Examine {
    /// The command that downloads a torrent, or seeds it, behind `--`
    #[arg(last = true, value_name = "COMMAND", required_unless_present = "list", value_hint = ValueHint::CommandWithArguments)]
    pub(crate) command: Vec<String>,
    /// Name the stages and what is looked at in each
    #[arg(long)]
    pub(crate) list: bool,
    /// Only these stages, separated by commas, or single runs: `handshake,messages/parts,pipelining`. The run in which
    /// something is wrong is named with it
    #[arg(long, value_name = "STAGES", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Only the stages up to this chapter of the book: what a client can do that was written so far
    #[arg(long, value_name = "CHAPTER")]
    pub(crate) until: Option<u8>,
    /// The port for {port}; several runs side by side take this one and those after it. A command without {port} that
    /// listens here all the same is run once at a time [default: free ports]
    #[arg(long, value_name = "P")]
    pub(crate) port: Option<u16>,
    /// The address of this machine at which trackers and peers are, for clients that call no loopback address; peers call
    /// from those that differ in the last byte, as far as they are this machine's
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1")]
    pub(crate) host: Ipv4Addr,
    /// The command seeds what is in {data}, and is examined as a seeder
    #[arg(long)]
    pub(crate) seeder: bool,
    /// How many runs go on side by side
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) jobs: u8,
    /// How many seconds a run may take from the client's first word on, if it should be done long before
    #[arg(long, value_name = "S", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: u64,
    /// Print one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the result in the form of JUnit, which other projects' CI can read, as well
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) junit: Option<PathBuf>,
    /// Keep a folder of each run here: the torrent, the output, what was seen; it must be new or empty
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) keep: Option<PathBuf>,
    /// Start the command, and end it when stdin ends; how it ended goes to FILE
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) guard: Option<PathBuf>,
}

const JSON: &str = "\
With --json, the first object has `event` = `examine`:
    version   the version of kostorrent
    command   the words of the command
    stages    the names of the stages
Then there is one for each check, with `event` = `check`:
    stage     the stage's name
    check     the check's name, unique in its stage
    verdict   ok, wrong, odd or skipped
    text      what was seen, in words
    right     what a client does that does it right
    evidence  what was seen, a line each, the last things last
    take      the run in which it was seen: its folder is STAGE-TAKE; empty when in none
    source    the BEP and its section, or who says it where no BEP does
    chapter   the chapter of the book that explains it
    section   the heading in that chapter
    real_right, real_seen  how many real clients do it right, of how many in which it was seen: the book's page
              \"How real clients do\" has their names
After a stage in which something is wrong, `event` = `output` for each such run:
    stage, take
    text      the end of what the command printed
The last object has `event` = `examined`:
    ok, wrong, odd, skipped   how many checks
    seconds   how long it took";
