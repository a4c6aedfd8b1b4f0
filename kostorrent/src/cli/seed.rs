//! `kostorrent seed`: gives torrents' files to others.

use std::path::Path;

use super::args::Seed;
use super::failure::Failure;
use super::interrupt::Interrupts;
use super::job::{Found, Job};
use super::running::{self, Plan};
use super::{environment, face, log, memory, place, recorder, several, torrent_file};
use crate::node::{Mode, NodeOptions, TorrentOptions};

/// Seeds until Ctrl-C, or until enough was given.
pub(crate) fn run(args: &Seed) -> Result<(), Failure> {
    running::told_in_json(args.face.json, || {
        let logging = log::start(&args.log)?;
        several::only_one(&args.torrents, args.record.file.is_some(), "--record")?;
        let one = |torrent: &Path| seed(torrent, args).map(Job::from);
        let several = several::gather(&args.torrents, args.face, false, one)?;
        let plan = Plan {
            node: NodeOptions {
                limit_up: args.upload.limit_up,
                encryption: args.network.encryption(),
                local: environment::local_network(),
                route: args.network.route(),
                ..NodeOptions::default()
            },
            listen: running::listen_on(args.network.port),
            dht: args
                .network
                .dht(args.sources, memory::folder(&args.memory))?,
            jobs: several.jobs,
            places: several.places,
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

/// A torrent that is to be seeded.
fn seed(torrent: &Path, args: &Seed) -> Result<TorrentOptions, Failure> {
    let Found {
        metainfo,
        info,
        nodes,
    } = torrent_file::load_to_use(torrent, args.names, args.face)?;
    let root = place::of_data(&args.data, &metainfo, args.face)?;
    Ok(TorrentOptions {
        info: Some(info),
        sources: args.sources.sources(),
        nodes,
        peers: args.network.peers(),
        names: args.network.names(),
        partial: args.partial,
        super_seed: args.super_seed,
        remember: memory::remember(&args.memory, args.face)?,
        record: recorder::target(&args.record)?,
        ..TorrentOptions::new(metainfo, root, Mode::Seed)
    })
}
