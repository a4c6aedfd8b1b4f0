//! `kostorrent seed`: gives torrents' files to others.

use std::sync::Arc;

use super::args::Seed;
use super::failure::Failure;
use super::interrupt::Interrupts;
use super::running::{self, Plan};
use super::{face, log, torrent_file};
use crate::node::{Mode, NodeOptions, TorrentOptions};

/// Seeds until Ctrl-C.
pub(crate) fn run(args: &Seed) -> Result<(), Failure> {
    running::told_in_json(args.face.json, || {
        let logging = log::start(&args.log)?;
        let torrents = args.torrents.iter();
        let torrents = torrents.map(|path| torrent_file::load_to_use(path, args.face));
        let torrents: Vec<_> = torrents.collect::<Result<_, _>>()?;
        if !args.data.is_dir() {
            return Err(Failure::Failed(format!(
                "{} is no folder: --data names the folder that holds the torrent's file or folder",
                args.data.display()
            )));
        }
        let seed = |metainfo| TorrentOptions {
            peers: args.network.peers.clone(),
            ..TorrentOptions::new(Arc::new(metainfo), &args.data, Mode::Seed)
        };
        let plan = Plan {
            node: NodeOptions {
                limit_up: args.upload.limit_up,
                ..NodeOptions::default()
            },
            listen: running::listen_on(args.network.port),
            torrents: torrents.into_iter().map(seed).collect(),
        };
        running::block_on(async {
            let mut interrupts = Interrupts::new()?;
            let mut face = face::choose(args.face, logging);
            running::run(plan, &mut *face, &mut interrupts).await
        })
    })
}
