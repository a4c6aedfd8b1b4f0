//! `kostorrent download`: fetches what a torrent file describes.

use std::path::PathBuf;
use std::sync::Arc;

use super::args::Download;
use super::failure::Failure;
use super::interrupt::Interrupts;
use super::{face, running, torrent_file};
use crate::session::{Mode, Options};

/// Downloads until everything is there.
pub(crate) fn run(args: &Download) -> Result<(), Failure> {
    running::told_in_json(args.face.json, || {
        if args.files.is_some() {
            return Err(Failure::not_yet("choosing files with --files"));
        }
        let metainfo = Arc::new(torrent_file::load_to_use(&args.torrent, args.face)?);
        let options = Options {
            metainfo,
            root: args.output.clone().unwrap_or_else(|| PathBuf::from(".")),
            mode: Mode::Download {
                keep_seeding: args.seed,
            },
            listen: running::listen_on(args.network.port),
            peers: args.network.peers.clone(),
            limit_down: args.limit_down,
            limit_up: args.upload.limit_up,
            seed: None,
        };
        running::block_on(async {
            let mut interrupts = Interrupts::new()?;
            running::run(options, &mut *face::choose(args.face), &mut interrupts).await
        })
    })
}
