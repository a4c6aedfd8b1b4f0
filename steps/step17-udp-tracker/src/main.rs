//! Chapter 17: an announce over UDP, datagram by datagram.

use std::error::Error;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use metainfo::Metainfo;
use peer_id::PeerId;
use rand::RngExt;
use tracker::limits::GOODBYE;
use tracker::{AnnounceEvent, AnnounceRequest, TIMEOUT, printable};
use udp_tracker::blocking::{Line, addresses, finish, free_port, read_torrent};
use udp_tracker::{Announce, Answer, Ask, Family, TrackerUrl};

#[path = "main/show.rs"]
mod show;

/// Asks a torrent's UDP tracker who else has the torrent, and shows each datagram byte by byte.
///
/// Chapter 17 of the guide: UDP trackers.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The torrent file
    torrent: PathBuf,
    /// The tracker to ask, udp://HOST:PORT/…; without it, the first UDP tracker of the torrent
    #[arg(long, value_name = "URL")]
    tracker: Option<String>,
    /// The port at which peers would reach us
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// How long to wait for the tracker, in seconds; the first datagram is sent again after 15
    #[arg(long, value_name = "SECONDS", default_value_t = TIMEOUT.as_secs(),
        value_parser = clap::value_parser!(u64).range(1..=7665))]
    patience: u64,
}

fn main() -> ExitCode {
    let args = Args::parse();
    finish(run(&args, &mut io::stdout().lock()))
}

fn run(args: &Args, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let torrent = read_torrent(&args.torrent)?;
    let Some(info_hash) = torrent.info_hash_v1 else {
        return Err("this torrent is for BitTorrent v2 only, which is not built yet".into());
    };
    let url: TrackerUrl = match &args.tracker {
        Some(url) => url.parse()?,
        None => first_udp(&torrent)?,
    };
    writeln!(out, "torrent    {}", torrent.name)?;
    writeln!(out, "info-hash  {info_hash}")?;
    let host = printable(url.host.as_bytes());
    writeln!(out, "tracker    {host}, UDP port {}", url.port)?;

    let rng = &mut rand::rng();
    let announce = Announce {
        request: AnnounceRequest {
            info_hash,
            peer_id: PeerId::generate(rng),
            port: args.port.unwrap_or_else(free_port),
            uploaded: 0,
            downloaded: 0,
            left: torrent.total_length,
            event: Some(AnnounceEvent::Started),
            numwant: None,
            key: rng.random(),
            tracker_id: None,
        },
        url_data: url.url_data.clone().map(String::into_bytes),
    };
    // The same key for both families: the tracker can tell that the two are one.
    let patience = Duration::from_secs(args.patience);
    let mut errors: Vec<Box<dyn Error>> = Vec::new();
    let mut answered = false;
    for tracker in addresses(&url)? {
        match ask(tracker, &announce, patience, out) {
            Ok(()) => answered = true,
            Err(error) => errors.push(error),
        }
    }
    match (answered, errors.pop()) {
        (true, None) => Ok(()),
        (true, Some(error)) => Ok(writeln!(out, "\nAt its other address: {error}")?),
        (false, Some(error)) => Err(in_one_line(error, errors)),
        (false, None) => Err(format!("the tracker {host} has no address").into()),
    }
}

/// The first UDP tracker that the torrent names.
fn first_udp(torrent: &Metainfo) -> Result<TrackerUrl, Box<dyn Error>> {
    let mut urls = torrent.announce.iter().flatten();
    match urls.find(|url| is_udp(url)) {
        Some(url) => Ok(url.parse()?),
        None => {
            Err("the torrent names no UDP tracker: name one with --tracker udp://HOST:PORT/".into())
        }
    }
}

fn is_udp(url: &str) -> bool {
    let scheme = url.trim_start().get(..4);
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("udp:"))
}

/// All errors on one line, the first one first.
fn in_one_line(last: Box<dyn Error>, before: Vec<Box<dyn Error>>) -> Box<dyn Error> {
    let texts = before.iter().chain([&last]).map(ToString::to_string);
    texts.collect::<Vec<_>>().join("; ").into()
}

/// Announces to a tracker, shows all that goes to and fro, and leaves again.
fn ask(
    tracker: SocketAddr,
    announce: &Announce,
    patience: Duration,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let family = Family::from(tracker);
    let mut line = Line::open(tracker)?;
    writeln!(out, "\n{tracker}, over {}", show::name(family))?;
    let Answer::Announced(reply) = tell(&mut line, announce.clone(), patience, family, out)? else {
        return Err("the tracker answered another question".into());
    };
    show::reply(out, &reply, announce.request.port)?;
    writeln!(
        out,
        "\nWe take no calls, so the tracker hears `stopped`, with the same connection id:"
    )?;
    let mut goodbye = announce.clone();
    goodbye.request.event = Some(AnnounceEvent::Stopped);
    goodbye.request.numwant = Some(0);
    if let Err(error) = tell(&mut line, goodbye, GOODBYE, family, out) {
        writeln!(out, "\n{error}; it forgets us by itself.")?;
    }
    Ok(())
}

/// Announces once, and shows each datagram.
fn tell(
    line: &mut Line,
    announce: Announce,
    patience: Duration,
    family: Family,
    out: &mut impl Write,
) -> Result<Answer, Box<dyn Error>> {
    let mut shown = Ok(());
    let answer = line.ask(Ask::Announce(announce), patience, &mut |seen| {
        if shown.is_ok() {
            shown = show::datagram(out, seen, family);
        }
    });
    shown?;
    Ok(answer?)
}
