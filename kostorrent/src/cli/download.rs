//! `kostorrent download`: fetches what a torrent file describes.

use std::path::Path;
use std::sync::Arc;

use super::args::Download;
use super::failure::Failure;
use super::interrupt::Interrupts;
use super::running::{self, Plan};
use super::{choosing, face, log, place, recorder, torrent_file};
use crate::node::{Mode, NodeOptions, TorrentOptions};

/// Downloads until everything is there.
pub(crate) fn run(args: &Download) -> Result<(), Failure> {
    running::told_in_json(args.face.json, || {
        let logging = log::start(&args.log)?;
        let metainfo = torrent_file::load_to_use(&args.torrent, args.names, args.face)?;
        let selection = choosing::choose_files(&args.choice, &metainfo)?;
        let output = args.output.as_deref().unwrap_or(Path::new("."));
        let root = place::of_output(output, &metainfo, args.face)?;
        let record = recorder::target(&args.record)?;
        let mode = Mode::Download {
            keep_seeding: args.seed,
        };
        let plan = Plan {
            node: NodeOptions {
                limit_down: args.limit_down,
                limit_up: args.upload.limit_up,
                ..NodeOptions::default()
            },
            listen: running::listen_on(args.network.port),
            torrents: vec![TorrentOptions {
                peers: args.network.peers(),
                names: args.network.names(),
                overwrite: args.overwrite,
                selection,
                allocate: args.choice.allocate.into(),
                record,
                ..TorrentOptions::new(Arc::new(metainfo), root, mode)
            }],
        };
        running::block_on(async {
            let mut interrupts = Interrupts::new()?;
            let mut face = face::choose(args.face, logging);
            running::run(plan, &mut *face, &mut interrupts).await
        })
    })
}
