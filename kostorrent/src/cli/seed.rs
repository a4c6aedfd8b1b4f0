//! `kostorrent seed`: gives a torrent's files to others.

use std::sync::Arc;

use super::args::Seed;
use super::failure::Failure;
use super::interrupt::Interrupts;
use super::{face, running, torrent_file};
use crate::session::{Mode, Options};

/// Seeds until Ctrl-C.
pub(crate) fn run(args: &Seed) -> Result<(), Failure> {
    running::told_in_json(args.face.json, || {
        let metainfo = Arc::new(torrent_file::load_to_use(&args.torrent, args.face)?);
        if !args.data.is_dir() {
            return Err(Failure::Failed(format!(
                "{} is no folder: --data names the folder that holds the torrent's file or folder",
                args.data.display()
            )));
        }
        let options = Options {
            metainfo,
            root: args.data.clone(),
            mode: Mode::Seed,
            listen: running::listen_on(args.network.port),
            peers: args.network.peers.clone(),
            limit_down: None,
            limit_up: args.upload.limit_up,
            seed: None,
        };
        running::block_on(async {
            let mut interrupts = Interrupts::new()?;
            running::run(options, &mut *face::choose(args.face), &mut interrupts).await
        })
    })
}
