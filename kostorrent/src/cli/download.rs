//! `kostorrent download`: fetches what torrent files describe.

use std::path::Path;
use std::sync::Arc;

use super::args::Download;
use super::failure::Failure;
use super::interrupt::Interrupts;
use super::running::{self, Plan};
use super::{choosing, face, log, memory, place, recorder, several, torrent_file};
use crate::node::{Mode, NodeOptions, TorrentOptions};

/// Downloads until everything is there.
pub(crate) fn run(args: &Download) -> Result<(), Failure> {
    running::told_in_json(args.face.json, || {
        let logging = log::start(&args.log)?;
        several::only_one(&args.torrents, args.record.file.is_some(), "--record")?;
        several::only_one(&args.torrents, args.choice.is_made(), "--files or --choose")?;
        let one = |torrent: &Path| download(torrent, args);
        let several = several::gather(&args.torrents, args.face, true, one)?;
        let plan = Plan {
            node: NodeOptions {
                limit_down: args.limit_down,
                limit_up: args.upload.limit_up,
                encryption: args.network.encryption(),
                ..NodeOptions::default()
            },
            listen: running::listen_on(args.network.port),
            torrents: several.torrents,
            failed: several.failed,
            goal: args.until.goal(),
            face: args.face,
        };
        running::block_on(async {
            let mut interrupts = Interrupts::new()?;
            let mut face = face::choose(args.face, logging);
            running::run(plan, &mut *face, &mut interrupts).await
        })
    })
}

/// A torrent that is to be downloaded.
fn download(torrent: &Path, args: &Download) -> Result<TorrentOptions, Failure> {
    let metainfo = torrent_file::load_to_use(torrent, args.names, args.face)?;
    let output = args.output.as_deref().unwrap_or(Path::new("."));
    let root = place::of_output(output, &metainfo, args.face)?;
    let remember = memory::remember(&args.memory, args.face)?;
    let before = || memory::chosen(remember.as_ref(), &metainfo, &root);
    let selection = choosing::choose_files(&args.choice, &metainfo, before, args.face)?;
    let mode = Mode::Download {
        keep_seeding: args.seed || args.until.goal().is_set(),
    };
    Ok(TorrentOptions {
        peers: args.network.peers(),
        names: args.network.names(),
        overwrite: args.overwrite,
        selection,
        allocate: args.choice.allocate.into(),
        remember,
        record: recorder::target(&args.record)?,
        ..TorrentOptions::new(Arc::new(metainfo), root, mode)
    })
}
