//! Chapter 18: from a magnet link to a torrent file, and back.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use clap::Parser;
use handshake::Handshake;
use magnet::blocking::{Manner, PeerAddr, fetch, find, finish, introduce, read_torrent, serve};
use magnet::{Magnet, torrent_file};
use metainfo::Metainfo;
use tracker::printable;

#[path = "main/fields.rs"]
mod fields;
#[path = "main/show.rs"]
mod show;

/// Fetches the torrent file that a magnet link names from other peers, and shows how. Given a torrent
/// file, prints its magnet link.
///
/// Chapter 18 of the guide: magnet links.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The magnet link, in quotes; or a torrent file
    #[arg(value_name = "LINK|FILE")]
    source: String,
    /// A peer to ask, HOST:PORT; may be given more than once; without it, those of the link and of its trackers
    #[arg(long, value_name = "ADDR")]
    peer: Vec<PeerAddr>,
    /// The torrent file to write; without it, a new one named as the torrent is
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How long to wait for the metadata, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120,
        value_parser = clap::value_parser!(u64).range(1..=86_400))]
    patience: u64,
    /// Of a torrent file: give its metadata away at this address, IP:PORT, for practice, until ended
    #[arg(long, value_name = "ADDR", conflicts_with_all = ["peer", "output"])]
    serve: Option<SocketAddr>,
    /// With --serve: send blocks in which a byte is wrong
    #[arg(long, requires = "serve")]
    lie: bool,
    /// Of a torrent file: forget all but its link, and fetch the metadata back from a peer in this program
    #[arg(long, conflicts_with_all = ["peer", "serve"])]
    practice: bool,
}

/// What is said of a torrent that has no info-hash of 20 bytes.
const ONLY_V2: &str = "this torrent is for BitTorrent v2 only, which is not built yet";

fn main() -> ExitCode {
    let args = Args::parse();
    finish(run(&args, &mut io::stdout().lock()))
}

fn run(args: &Args, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let start = args.source.trim_start().get(.."magnet:".len());
    match start.is_some_and(|start| start.eq_ignore_ascii_case("magnet:")) {
        true => from_link(args, out),
        false => from_file(args, Path::new(&args.source), out),
    }
}

/// From a torrent file to its link.
fn from_file(args: &Args, path: &Path, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let torrent = read_torrent(path)?;
    let mut magnet = Magnet::of(&torrent);
    show::link(out, &magnet)?;
    if torrent.private {
        writeln!(out, "private    its peers give no metadata away (BEP 27)")?;
    }
    if args.practice {
        return practise(args, &torrent, path, magnet, out);
    }
    let Some(address) = args.serve else {
        return Ok(writeln!(out, "\n{magnet}")?);
    };
    let giver = Giver::open(&torrent, path, address)?;
    magnet.peers = vec![giver.address.into()];
    magnet.trackers.clear();
    writeln!(
        out,
        "\n{magnet}\n\nWhoever calls gets its {} bytes of metadata.",
        giver.info.len()
    )?;
    out.flush()?;
    let manner = if args.lie {
        Manner::Lies
    } else {
        Manner::Honest
    };
    giver.give(manner, &mut |from| {
        writeln!(out, "{from} calls")?;
        out.flush()
    })?;
    Ok(())
}

/// From a torrent file to its link, and from that to a torrent file again.
fn practise(
    args: &Args,
    torrent: &Metainfo,
    path: &Path,
    mut magnet: Magnet,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let giver = Giver::open(torrent, path, (Ipv4Addr::LOCALHOST, 0).into())?;
    magnet.peers = vec![giver.address.into()];
    magnet.trackers.clear();
    writeln!(out, "\n{magnet}\n")?;
    thread::spawn(move || giver.give(Manner::Honest, &mut |_| Ok(())));
    follow(args, &magnet, out)
}

/// From a link to its torrent file.
fn from_link(args: &Args, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let (magnet, skipped) = Magnet::parse(&args.source)?;
    show::link(out, &magnet)?;
    for skipped in skipped {
        writeln!(out, "left out   {skipped}")?;
    }
    if args.serve.is_some() || args.practice {
        return Err("only a torrent file has metadata to give away".into());
    }
    writeln!(out)?;
    follow(args, &magnet, out)
}

/// Fetches what a link names, and writes it.
fn follow(args: &Args, magnet: &Magnet, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let info_hash = magnet.info_hash_v1.ok_or(ONLY_V2)?;
    let ours = introduce(info_hash);
    let mut say = |line| drop(writeln!(out, "{line}"));
    let peers = find(magnet, &ours, &args.peer, &mut say)?;
    let mut shown = show::Conversation::new(out);
    let patience = Duration::from_secs(args.patience);
    let info = fetch(&ours, &peers, patience, &mut |moment| shown.show(&moment));
    shown.finish()?;
    let info = info?;
    writeln!(
        out,
        "\nThe SHA-1 of all {} bytes is the info-hash.",
        info.len()
    )?;

    let file = torrent_file(&info, magnet);
    let torrent = Metainfo::parse(&file);
    let torrent = torrent.map_err(|error| format!("the torrent cannot be used: {error}"))?;
    if magnet.info_hash_v2.is_some() && torrent.info_hash_v2 != magnet.info_hash_v2 {
        return Err("the two hashes of the link are those of two torrents".into());
    }
    let path = write(&torrent, &file, args.output.as_deref())?;
    show::written(out, &path, &torrent, magnet.selected.as_ref())?;
    Ok(())
}

/// Writes the torrent file; without a name for it, one that is not there yet.
fn write(
    torrent: &Metainfo,
    file: &[u8],
    output: Option<&Path>,
) -> Result<PathBuf, Box<dyn Error>> {
    let own = || PathBuf::from(format!("{}.torrent", torrent.name));
    let path = output.map_or_else(own, Path::to_path_buf);
    let mut options = fs::OpenOptions::new();
    options.write(true).truncate(true);
    match output {
        Some(_) => options.create(true),
        None => options.create_new(true),
    };
    let written = options.open(&path).and_then(|mut to| to.write_all(file));
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            format!(
                "{} is there already: name another file with -o",
                path.display()
            )
        }
        _ => format!("cannot write {}: {error}", path.display()),
    })?;
    Ok(path)
}

/// Somebody who gives metadata away to whoever calls.
struct Giver {
    listener: TcpListener,
    address: SocketAddr,
    ours: Handshake,
    info: Arc<[u8]>,
}

impl Giver {
    fn open(torrent: &Metainfo, path: &Path, address: SocketAddr) -> Result<Giver, Box<dyn Error>> {
        let info_hash = torrent.info_hash_v1.ok_or(ONLY_V2)?;
        let file = fs::read(path)?;
        let document = bencode::decode_lenient(&file)?;
        let info = document.root().get("info");
        let info = info.ok_or("the torrent has no `info`")?.raw().into();
        let listener = TcpListener::bind(address)
            .map_err(|error| format!("cannot listen at {address}: {error}"))?;
        Ok(Giver {
            address: listener.local_addr()?,
            listener,
            ours: introduce(info_hash),
            info,
        })
    }

    /// Answers all calls, for ever.
    fn give(
        &self,
        manner: Manner,
        said: &mut dyn FnMut(SocketAddr) -> io::Result<()>,
    ) -> io::Result<()> {
        for stream in self.listener.incoming() {
            let stream = stream?;
            let from = stream.peer_addr()?;
            said(from)?;
            let (ours, info) = (self.ours, self.info.clone());
            thread::spawn(move || {
                if let Err(error) = serve(stream, &ours, &info, manner) {
                    let why = printable(error.to_string().as_bytes());
                    let _ = writeln!(io::stderr(), "{from}: {why}");
                }
            });
        }
        Ok(())
    }
}
