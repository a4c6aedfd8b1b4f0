//! `kostorrent demo`: the lab and a download from it, in one process.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use super::args::Demo;
use super::face::Face;
use super::failure::Failure;
use super::goal::Goal;
use super::interrupt::Interrupts;
use super::job::{Job, MagnetJob};
use super::program::program;
use super::running::{self, Plan};
use super::several::Places;
use super::text::printable;
use super::{face, log, output};
use crate::lab::{self, Lab, sample};
use crate::node::{MagnetOptions, Mode, NodeOptions, TorrentOptions};

/// How many seeders the demo has.
const SEEDERS: u8 = 3;

/// Runs the demo.
pub(crate) fn run(args: &Demo) -> Result<(), Failure> {
    let talk = !args.face.quiet && !args.face.json;
    running::told_in_json(args.face.json, || {
        let logging = log::start(&args.log)?;
        running::block_on(async {
            let mut interrupts = Interrupts::new()?;
            let options = lab::Options {
                port: 0,
                seeders: SEEDERS,
                rare: false,
                trouble: args.trouble,
                fast: args.fast,
                dht: false,
            };
            let lab = tokio::select! {
                lab = Lab::start(options) => lab.map_err(Failure::failed)?,
                () = interrupts.next() => {
                    return Err(Failure::Interrupted("interrupted before it began".into()));
                }
            };
            let mut face = face::choose(args.face, logging);
            let result = download(args, &lab, talk, &mut *face, &mut interrupts).await;
            lab.stop().await;
            result
        })
    })
}

async fn download(
    args: &Demo,
    lab: &Lab,
    talk: bool,
    face: &mut dyn Face,
    interrupts: &mut Interrupts,
) -> Result<(), Failure> {
    let folder = &args.output;
    let torrent = lab.write_torrent(folder).map_err(Failure::failed)?;
    if talk {
        introduce(lab)?;
    }
    let mode = Mode::Download {
        keep_seeding: false,
    };
    let plan = Plan {
        node: NodeOptions::default(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        dht: None,
        jobs: vec![match args.magnet {
            true => by_link(lab, folder, mode),
            false => TorrentOptions::new(lab.metainfo(), folder, mode).into(),
        }],
        places: Places::default(),
        failed: Vec::new(),
        goal: Goal::default(),
        face: args.face,
    };
    running::run(plan, face, interrupts).await?;
    if talk {
        say_what_next(folder, &torrent)
    } else {
        Ok(())
    }
}

/// The sample's magnet link, and what becomes of it.
fn by_link(lab: &Lab, folder: &Path, mode: Mode) -> Job {
    let root = folder.to_owned();
    Job::Magnet(Box::new(MagnetJob {
        options: MagnetOptions::new(Arc::new(lab.magnet())),
        mode,
        root: root.clone(),
        becomes: Box::new(move |found| Ok(TorrentOptions::new(found.metainfo, &root, mode))),
    }))
}

fn introduce(lab: &Lab) -> Result<(), Failure> {
    output::result(|out| {
        write!(
            out,
            "A swarm on this machine: a tracker at {} and {} seeders",
            lab.announce_url(),
            lab.seeders().count()
        )?;
        match lab.trouble().count() {
            0 => writeln!(out, "."),
            number => writeln!(out, ", and {number} peers that make trouble."),
        }
    })
}

fn say_what_next(folder: &Path, torrent: &Path) -> Result<(), Failure> {
    let me = program();
    let text = |path: &Path| printable(&path.to_string_lossy()).into_owned();
    let picture = folder
        .join(sample::NAME)
        .join("figures")
        .join("evening.bmp");
    let (torrent, folder_text) = (text(torrent), text(folder));
    let tries = [
        (format!("show {torrent}"), "what the torrent says"),
        (
            format!("verify {torrent} --data {folder_text}"),
            "the same hashes, once more",
        ),
        (
            format!("demo --trouble --output {folder_text}-2"),
            "among peers that lie and stall",
        ),
        ("lab".to_owned(), "a swarm for as long as you like"),
    ];
    output::result(|out| {
        writeln!(
            out,
            "\nEach piece was compared with its hash before it was written. A picture to look at:\n\n  \
             {}\n\nTo try next:\n",
            text(&picture)
        )?;
        for (line, what) in &tries {
            writeln!(out, "  # {what}\n  {me} {line}")?;
        }
        writeln!(
            out,
            "\nHow all this works is in the guide: mdbook serve book"
        )
    })
}
