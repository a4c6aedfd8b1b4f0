//! Chapter 4: a real announce, and the peers it brings.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use peer_id::PeerId;
use rand::RngExt;
use tracker::blocking::{
    Inquiry, NoPeers, Step, fetch, finish, free_port, leave, look_up, others, read_torrent,
    why_nobody,
};
use tracker::limits::MAX_ASKED;
use tracker::{AnnounceEvent, AnnounceRequest, PeerAddr, TIMEOUT, Tiers, http, printable};

#[path = "main/show.rs"]
mod show;

/// Asks a torrent's tracker who else has the torrent, and shows question and answer byte by byte.
///
/// Chapter 4 of the guide: the tracker.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The torrent file
    torrent: PathBuf,
    /// A peer that is known already, HOST:PORT: named along with those of the tracker
    #[arg(long, value_name = "ADDR")]
    peer: Option<PeerAddr>,
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
    writeln!(out, "torrent    {}", torrent.name)?;
    writeln!(out, "info-hash  {info_hash}")?;

    let rng = &mut rand::rng();
    let request = AnnounceRequest {
        info_hash,
        peer_id: PeerId::generate(rng),
        port: free_port(),
        uploaded: 0,
        downloaded: 0,
        left: torrent.total_length,
        event: Some(AnnounceEvent::Started),
        numwant: None,
        key: rng.random(),
        tracker_id: None,
    };
    let tiers = Tiers::new(&torrent.announce, rng);
    let found = ask_in_turn(&tiers, &request, out)?;

    if let Some(peer) = &args.peer {
        for addr in look_up(peer)? {
            writeln!(out, "\nand the peer that you named: {addr}")?;
        }
        return Ok(());
    }
    found.map_err(Into::into)
}

/// Asks the trackers, tier by tier, until one names peers, and shows what went out and what came
/// back.
fn ask_in_turn(
    tiers: &Tiers,
    request: &AnnounceRequest,
    out: &mut impl Write,
) -> io::Result<Result<(), NoPeers>> {
    let ours = request.clone();
    let ask = move |tracker: &str, url: &str| {
        let answer = fetch(url, TIMEOUT)?;
        let reply = http::read_answer(url, answer.status, answer.retry_after, &answer.body)?;
        leave(tracker, &ours, &reply);
        Ok((answer, reply))
    };
    let mut errors = Vec::new();
    let mut nobody = None;
    let mut shown_last = String::new();
    let mut inquiry = Inquiry::new(tiers, request, ask);
    for step in inquiry.by_ref() {
        match step {
            Step::Asks {
                tracker,
                url,
                tier: (tier, of),
                beside,
            } => {
                if beside > 0 {
                    writeln!(out, "\nno answer yet: the next tracker is asked beside it")?;
                }
                let shown = printable(tracker.as_bytes());
                writeln!(out, "\ntracker    {shown} (tier {tier} of {of})")?;
                if let Some(url) = url {
                    show::request(out, &url)?;
                }
                out.flush()?;
                shown_last = tracker;
            }
            Step::Heard { tracker, result } => {
                if tracker != shown_last {
                    writeln!(out, "\nheard of   {}", printable(tracker.as_bytes()))?;
                }
                match result {
                    Ok((answer, reply)) => {
                        show::answer(out, answer.status, &answer.body)?;
                        show::reply(out, &reply, request.port)?;
                        writeln!(
                            out,
                            "\nWe take no calls, so we have told the tracker `stopped`: nobody is \
                             sent to us."
                        )?;
                        if !others(&reply, request).is_empty() {
                            return Ok(Ok(()));
                        }
                        nobody.get_or_insert(tracker);
                    }
                    Err(error) => {
                        writeln!(out, "           {error}")?;
                        errors.push(error);
                    }
                }
            }
        }
    }
    if inquiry.has_left_some_out() {
        writeln!(out, "\n{MAX_ASKED} trackers are enough.")?;
    }
    Ok(Err(why_nobody(tiers, errors, nobody)))
}
