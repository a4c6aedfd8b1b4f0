//! Chapter 16: a small swarm, trading.

use std::error::Error;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use clap::Parser;
use handshake::Handshake;
use handshake::blocking::{PeerAddr, candidates, finish, introduce, read_torrent};
use metainfo::Metainfo;
use storage::blocking::Store;

#[path = "main/fetch.rs"]
mod fetch;
#[path = "main/giving.rs"]
mod giving;
#[path = "main/link.rs"]
mod link;
#[path = "main/party.rs"]
mod party;
#[path = "main/report.rs"]
mod report;
#[path = "main/swarm.rs"]
mod swarm;

use party::Party;
use swarm::{Member, Swarm};

/// Shows how peers choose whom to give to: a swarm of four, in one process, over loopback.
///
/// Ada fetches one half of the torrent from the peer, Ben the other; from then on they trade. Carl
/// and Dora take and give nothing. At the end of each round Ada and Ben decide whom they unchoke, and
/// say why. When both have everything it is shown who got how much. Each has a folder of its own.
///
/// Chapter 16 of the guide: seeding.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The torrent file
    torrent: PathBuf,
    /// The peer to fetch the two halves from, HOST:PORT; without it, the torrent's tracker is asked
    #[arg(long, value_name = "ADDR")]
    peer: Option<PeerAddr>,
    /// Ada takes calls on this port of 127.0.0.1, Ben on the next one; without it, on free ones.
    /// Other clients may call, too: they are guests, who are given to and not asked
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true,
          value_parser = clap::value_parser!(u16).range(0..=65534))]
    listen: u16,
    /// How long a round is: ten seconds in a real swarm (the reasons count in such seconds)
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, value_parser = seconds)]
    round: f64,
    /// The folder that receives a folder for each of the four
    #[arg(short, long, value_name = "DIR", default_value = "swarm")]
    output: PathBuf,
}

/// Reads the length of a round.
fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.1..=600.0).contains(&seconds) => Ok(seconds),
        _ => Err("a round is 0.1 to 600 seconds long".to_owned()),
    }
}

/// Who is in the swarm, and whether he gives.
const MEMBERS: [(&str, bool); 4] = [
    ("ada", true),
    ("ben", true),
    ("carl", false),
    ("dora", false),
];

/// All threads, and what each of them comes to.
type Work = thread::JoinHandle<Result<(), String>>;

fn main() -> ExitCode {
    let args = Args::parse();
    finish(run(&args))
}

fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let torrent = read_torrent(&args.torrent)?;
    let mut out = io::stdout();
    writeln!(out, "torrent    {}", torrent.name)?;
    writeln!(out, "pieces     {}\n", torrent.piece_count())?;
    let swarm = Arc::new(Swarm::new(members(args, &torrent)?, args.round));
    let mut parties = Vec::new();
    for (member, (name, _)) in MEMBERS.into_iter().enumerate() {
        let root = args.output.join(name);
        parties.push(Party::new(
            swarm.clone(),
            member,
            Store::open(&root, &torrent)?,
        ));
    }

    let missing = |party: &Party, half| fetch::missing(party.have(), half).next().is_some();
    if missing(&parties[0], 0) || missing(&parties[1], 1) {
        let mut say = |line| drop(writeln!(out, "{line}"));
        let ours = swarm.members[0].handshake;
        let addrs = candidates(&torrent, &ours, args.peer.as_ref(), &mut say)?;
        fetch_halves(&mut parties, &addrs)?;
    }
    if parties
        .iter()
        .any(|party| party.gives() && !party.have().is_full())
    {
        trade(parties, &swarm)?;
        writeln!(out)?;
        for line in report::table(&swarm) {
            writeln!(out, "{line}")?;
        }
    } else {
        writeln!(
            out,
            "Ada and Ben have everything already: there is nothing to trade."
        )?;
    }
    let place = args.output.display();
    writeln!(
        out,
        "\nAda and Ben have every piece, verified and written, in {place}"
    )?;
    Ok(())
}

/// The members, each with an id and a port of its own.
fn members(args: &Args, torrent: &Metainfo) -> Result<Vec<Member>, Box<dyn Error>> {
    let mut members = Vec::new();
    for (number, (name, gives)) in (0..).zip(MEMBERS) {
        let handshake: Handshake = introduce(torrent)?;
        let port = match (gives, args.listen) {
            (true, port) if port > 0 => port + number,
            _ => 0,
        };
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = TcpListener::bind(addr)
            .map_err(|error| format!("{name} cannot listen on {addr}: {error}"))?;
        listener.set_nonblocking(true)?;
        members.push(Member {
            name,
            gives,
            addr: listener.local_addr()?,
            listener,
            handshake,
        });
    }
    Ok(members)
}

/// Ada and Ben fetch their halves, at the same time.
fn fetch_halves(parties: &mut [Party], addrs: &[SocketAddr]) -> Result<(), Box<dyn Error>> {
    let (Some((ada, rest)), true) = (parties.split_first_mut(), !addrs.is_empty()) else {
        return Err("there is no peer to fetch the halves from".into());
    };
    let result = thread::scope(|scope| {
        let ben = rest.first_mut().map(|ben| {
            // Where there are two peers each has one to itself.
            let mut addrs = addrs.to_vec();
            let length = addrs.len();
            addrs.rotate_left(1 % length);
            scope.spawn(move || fetch::half(ben, 1, &addrs))
        });
        fetch::half(ada, 0, addrs)?;
        match ben.map(|ben| ben.join()) {
            Some(Ok(result)) => result,
            _ => Err("a thread has panicked".to_owned()),
        }
    });
    Ok(result?)
}

/// Everybody trades, each in a thread, until those who give have everything.
fn trade(parties: Vec<Party>, swarm: &Swarm) -> Result<(), Box<dyn Error>> {
    let threads: Vec<Work> = parties
        .into_iter()
        .map(|mut party| thread::spawn(move || party.trade()))
        .collect();
    let mut result = Ok(());
    for thread in threads {
        let ended = thread.join().unwrap_or_else(|_| {
            swarm.stop();
            Err("a thread has panicked".to_owned())
        });
        result = result.and(ended);
    }
    // What kept one of them from writing is no failure of the swarm.
    if swarm.output_is_closed() {
        return Err(io::Error::from(io::ErrorKind::BrokenPipe).into());
    }
    Ok(result?)
}

/// How long a connection may be silent before others get their turn.
const TICK: Duration = Duration::from_millis(2);
