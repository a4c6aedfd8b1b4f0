//! Chapter 20: a lookup in the DHT, hop by hop, and nodes to try it on.

use std::error::Error;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use dht::blocking::{PeerAddr, finish};

#[path = "main/begin.rs"]
mod begin;
#[path = "main/lab.rs"]
mod lab;
#[path = "main/lookup.rs"]
mod lookup;
#[path = "main/serve.rs"]
mod serve;
#[path = "main/show.rs"]
mod show;

/// Finds the peers of a torrent without a tracker, and shows the way; or is a part of the network.
///
/// Chapter 20 of the guide: the distributed hash table.
#[derive(Parser)]
#[command(version)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Looks for the peers of a torrent, and shows who was asked and what he said
    Lookup(Lookup),
    /// Runs a node until it is ended
    Serve(Serve),
    /// Runs many nodes in this process, on loopback, until it is ended
    Lab(Lab),
}

#[derive(Args)]
struct Lookup {
    /// An info-hash, 40 hex digits; or a torrent file
    #[arg(value_name = "INFO_HASH|FILE")]
    torrent: String,
    /// A node to begin from, HOST:PORT; without it, those that the torrent file names
    #[arg(long, value_name = "ADDR")]
    node: Vec<PeerAddr>,
    /// Announce as well: say that we have the torrent and take calls at this port
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    announce: Option<u16>,
    /// Ask also how many peers there are
    #[arg(long)]
    scrape: bool,
}

#[derive(Args)]
struct Serve {
    /// The UDP port; 0 for any
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// The address; with one of this machine's others can reach it
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    ip: IpAddr,
    /// A node to begin from, HOST:PORT
    #[arg(long, value_name = "ADDR")]
    node: Vec<PeerAddr>,
    /// Where the nodes that it knows are kept until the next time
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

#[derive(Args)]
struct Lab {
    /// How many nodes
    #[arg(value_parser = clap::value_parser!(u16).range(2..=500))]
    nodes: u16,
    /// The UDP port of the first; 0 for any
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// Show one lookup, of the torrent that one of the nodes announces, and end
    #[arg(long)]
    lookup: bool,
}

fn main() -> ExitCode {
    let program = Program::parse();
    finish(run(&program.command, &mut io::stdout().lock()))
}

fn run(command: &Command, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Lookup(args) => lookup::run(args, out),
        Command::Serve(args) => serve::run(args, out),
        Command::Lab(args) => lab::run(args, out),
    }
}
