//! Chapter 19: who knows whom, as it spreads.

use std::error::Error;
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tracker::blocking::finish;

#[path = "main/local.rs"]
mod local;
#[path = "main/network.rs"]
mod network;
#[path = "main/picture.rs"]
mod picture;

use network::Network;

/// A network of peers on this machine, without a tracker, that begins as a chain: shows minute by minute
/// who knows whom, as they tell each other.
///
/// Chapter 19 of the guide: peer exchange.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// How many peers there are
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u8).range(3..=26))]
    peers: u8,
    /// How many peers each calls in a minute, of those that it has heard of
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=26))]
    calls: u8,
    /// After how many minutes to stop, if they do not all know each other before
    #[arg(long, value_name = "N", default_value_t = 30)]
    minutes: u32,
    /// The same number makes the same network
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Listen for announces on the local network instead
    #[arg(long)]
    lsd: bool,
    /// The address of ours on the network to listen on
    #[arg(long, value_name = "ADDR", default_value_t = Ipv4Addr::LOCALHOST, requires = "lsd")]
    interface: Ipv4Addr,
    /// A torrent to announce there
    #[arg(long, value_name = "FILE", requires = "lsd")]
    torrent: Option<PathBuf>,
    /// The port at which peers would reach us
    #[arg(long, value_name = "PORT", default_value_t = 6881, requires = "lsd",
        value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// How many seconds to listen
    #[arg(long, value_name = "N", default_value_t = 60, requires = "lsd")]
    seconds: u64,
}

fn main() -> ExitCode {
    let args = Args::parse();
    finish(run(&args, &mut io::stdout().lock()))
}

fn run(args: &Args, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    match args.lsd {
        true => local::listen(args, out),
        false => Ok(spread(args, out)?),
    }
}

/// Lets the news spread until everybody is connected to everybody, and then loses a peer.
fn spread(args: &Args, out: &mut impl Write) -> io::Result<()> {
    let seed = args.seed.unwrap_or_else(|| rand::rng().random());
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut network = Network::chain(args.peers.into());
    writeln!(
        out,
        "{} peers, each connected to its neighbours:\n",
        args.peers
    )?;
    picture::show(out, &network)?;
    for minute in 1..=args.minutes {
        let happened = network.minute(args.calls.into(), &mut rng);
        writeln!(out, "\nMinute {minute}: {}\n", picture::summary(&happened))?;
        if minute == 1 {
            picture::told(out, &happened)?;
        }
        picture::show(out, &network)?;
        if network.is_complete() {
            writeln!(out, "\nEverybody is connected to everybody.")?;
            return lose(&mut network, args, &mut rng, out);
        }
    }
    writeln!(out, "\nThat is where we stop looking.")
}

/// The last peer goes, without a word.
fn lose(
    network: &mut Network,
    args: &Args,
    rng: &mut ChaCha8Rng,
    out: &mut impl Write,
) -> io::Result<()> {
    let last = network.peers() - 1;
    network.lose(last);
    writeln!(
        out,
        "\n{} goes. Whoever was told of it does not know:\n",
        picture::name(last)
    )?;
    picture::show(out, network)?;
    let happened = network.minute(args.calls.into(), rng);
    writeln!(out, "\nA minute later: {}\n", picture::summary(&happened))?;
    picture::show(out, network)
}
