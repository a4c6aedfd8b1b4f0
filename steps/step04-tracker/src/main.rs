//! Chapter 4: a real announce, and the peers it brings.

use std::error::Error;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use peer_id::PeerId;
use rand::RngExt;
use tracker::blocking::{
    Answer, fetch, finish, free_port, leave, others, read_torrent, was_asked, why_nobody,
};
use tracker::limits::MAX_ASKED;
use tracker::{
    AnnounceError, AnnounceEvent, AnnounceReply, AnnounceRequest, TIMEOUT, Tiers, announce_url,
    http, printable,
};

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
    /// A peer that is known already: named along with those of the tracker
    #[arg(long, value_name = "ADDR")]
    peer: Option<SocketAddr>,
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
    let mut tiers = Tiers::new(&torrent.announce, rng);
    let found = ask_in_turn(&mut tiers, &request, out)?;

    if let Some(peer) = args.peer {
        writeln!(out, "\nand the peer that you named: {peer}")?;
        return Ok(());
    }
    found.map_err(Into::into)
}

/// Asks one tracker after the other, tier by tier, until one names peers.
fn ask_in_turn(
    tiers: &mut Tiers,
    request: &AnnounceRequest,
    out: &mut impl Write,
) -> io::Result<Result<(), tracker::blocking::NoPeers>> {
    let mut errors = Vec::new();
    let mut nobody = None;
    let mut asked = 0;
    while let Some(announce) = tiers.current().map(str::to_string) {
        if asked == MAX_ASKED {
            writeln!(out, "\n{asked} trackers are enough.")?;
            break;
        }
        let (tier, of) = tiers.position();
        let shown = printable(announce.as_bytes());
        writeln!(out, "\ntracker    {shown} (tier {tier} of {of})")?;
        out.flush()?;
        let result = ask(&announce, request, out)?;
        asked += usize::from(was_asked(&result));
        match result {
            Ok(reply) if !others(&reply, request).is_empty() => {
                tiers.succeeded();
                return Ok(Ok(()));
            }
            Ok(_) => {
                nobody.get_or_insert(announce);
            }
            Err(error) => {
                writeln!(out, "           {error}")?;
                errors.push(error);
            }
        }
        tiers.failed();
    }
    Ok(Err(why_nobody(tiers, errors, nobody)))
}

/// Announces to one tracker, shows what went out and what came back, and says goodbye.
fn ask(
    announce: &str,
    request: &AnnounceRequest,
    out: &mut impl Write,
) -> io::Result<Result<AnnounceReply, AnnounceError>> {
    let url = match announce_url(announce, request) {
        Ok(url) => url,
        Err(error) => return Ok(Err(error.into())),
    };
    show::request(out, &url)?;
    out.flush()?;
    let answer = match fetch(&url, TIMEOUT) {
        Ok(answer) => answer,
        Err(error) => return Ok(Err(error)),
    };
    let Answer { status, body } = &answer;
    let reply = match http::read_answer(&url, *status, body) {
        Ok(reply) => reply,
        Err(error) => return Ok(Err(error)),
    };
    show::answer(out, *status, body)?;
    show::reply(out, &reply, request.port)?;
    leave(announce, request, &reply);
    writeln!(
        out,
        "\nWe take no calls, so we have told the tracker `stopped`: nobody is sent to us."
    )?;
    Ok(Ok(reply))
}
