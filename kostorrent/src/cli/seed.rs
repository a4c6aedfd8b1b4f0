//! `kostorrent seed`: gives torrents' files to others.

use std::path::Path;
use std::sync::Arc;

use super::args::Seed;
use super::failure::Failure;
use super::interrupt::Interrupts;
use super::running::{self, Plan};
use super::{face, log, place, recorder, torrent_file};
use crate::node::{Mode, NodeOptions, TorrentOptions};

/// Seeds until Ctrl-C.
pub(crate) fn run(args: &Seed) -> Result<(), Failure> {
    running::told_in_json(args.face.json, || {
        let logging = log::start(&args.log)?;
        if args
            .torrents
            .iter()
            .filter(|path| path.as_os_str() == "-")
            .count()
            > 1
        {
            return Err(Failure::Usage(
                "- is given twice, and stdin brings one torrent file only".into(),
            ));
        }
        if args.torrents.len() > 1 && args.record.file.is_some() {
            return Err(Failure::Usage(
                "--record records one torrent, and several are given".into(),
            ));
        }
        let torrents = args.torrents.iter().map(|path| seed(path, args));
        let torrents = torrents.collect::<Result<_, _>>()?;
        let plan = Plan {
            node: NodeOptions {
                limit_up: args.upload.limit_up,
                ..NodeOptions::default()
            },
            listen: running::listen_on(args.network.port),
            torrents,
        };
        running::block_on(async {
            let mut interrupts = Interrupts::new()?;
            let mut face = face::choose(args.face, logging);
            running::run(plan, &mut *face, &mut interrupts).await
        })
    })
}

/// A torrent that is to be seeded.
fn seed(torrent: &Path, args: &Seed) -> Result<TorrentOptions, Failure> {
    let metainfo = torrent_file::load_to_use(torrent, args.names, args.face)?;
    let root = place::of_data(&args.data, &metainfo, args.face)?;
    Ok(TorrentOptions {
        peers: args.network.peers(),
        names: args.network.names(),
        record: recorder::target(&args.record)?,
        ..TorrentOptions::new(Arc::new(metainfo), root, Mode::Seed)
    })
}
