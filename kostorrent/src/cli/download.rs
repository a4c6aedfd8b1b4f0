//! `kostorrent download`: fetches what torrent files describe, and magnet links name.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use magnet::{Magnet, Selected};

use super::args::Download;
use super::failure::Failure;
use super::interrupt::Interrupts;
use super::job::{self, Found, Job, MagnetJob};
use super::running::{self, Plan};
use super::{
    choosing, environment, face, log, memory, metadata, place, recorder, several, torrent_file,
};
use crate::node::{MagnetOptions, Mode, NodeOptions, TorrentOptions};

/// Downloads until everything is there.
pub(crate) fn run(args: &Download) -> Result<(), Failure> {
    running::told_in_json(args.face.json, || {
        let logging = log::start(&args.log)?;
        several::only_one(&args.torrents, args.record.file.is_some(), "--record")?;
        several::only_one(&args.torrents, args.choice.is_made(), "--files or --choose")?;
        let shared = Rc::new(args.clone());
        let one = |given: &Path| job(given, &shared);
        let several = several::gather(&args.torrents, args.face, true, one)?;
        let plan = Plan {
            node: NodeOptions {
                limit_down: args.limit_down,
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

/// What was given: a torrent file, or a magnet link.
fn job(given: &Path, args: &Rc<Download>) -> Result<Job, Failure> {
    let Some(magnet) = job::magnet(given)? else {
        let found = torrent_file::load_to_use(given, args.names, args.face)?;
        return recorded(torrent(found, None, args)?, args).map(Job::from);
    };
    let magnet = Arc::new(magnet);
    if args.choice.choose {
        // The terminal is the chooser's, so nothing is shown before.
        let found = metadata::fetch(&magnet, &args.network, args.sources, args.face)?;
        return recorded(became(found, &magnet, args)?, args).map(Job::from);
    }
    let options = MagnetOptions {
        keep_seeding: keeps_seeding(args),
        sources: args.sources.sources(),
        record: recorder::target(&args.record)?,
        ..job::link(&magnet, args.network.peers(), args.network.names())
    };
    let args = args.clone();
    Ok(Job::Magnet(Box::new(MagnetJob {
        options,
        mode: mode(&args),
        root: args.output.clone().unwrap_or_else(|| ".".into()),
        becomes: Box::new(move |found| became(found, &magnet, &args)),
    })))
}

/// The torrent, and what happens is written down, if that is wanted.
fn recorded(options: TorrentOptions, args: &Download) -> Result<TorrentOptions, Failure> {
    let record = recorder::target(&args.record)?;
    Ok(TorrentOptions { record, ..options })
}

/// What a link has become.
fn became(found: Found, magnet: &Magnet, args: &Download) -> Result<TorrentOptions, Failure> {
    let metainfo = Arc::unwrap_or_clone(found.metainfo);
    let metainfo = torrent_file::to_use(metainfo, args.names, args.face)?.into();
    torrent(Found { metainfo, ..found }, magnet.selected.as_ref(), args)
}

fn keeps_seeding(args: &Download) -> bool {
    args.seed || args.until.goal().is_set()
}

fn mode(args: &Download) -> Mode {
    Mode::Download {
        keep_seeding: keeps_seeding(args),
    }
}

/// A torrent that is to be downloaded; the link that named it may have `selected` some of its files.
fn torrent(
    found: Found,
    selected: Option<&Selected>,
    args: &Download,
) -> Result<TorrentOptions, Failure> {
    let Found {
        metainfo,
        info,
        nodes,
    } = found;
    let output = args.output.as_deref().unwrap_or(Path::new("."));
    let root = place::of_output(output, &metainfo, args.face)?;
    let remember = memory::remember(&args.memory, args.face)?;
    let linked = || choosing::selected(selected?, &metainfo);
    let before = || {
        let chosen = memory::chosen(remember.as_ref(), &metainfo, &root);
        chosen.or_else(|| linked().filter(|_| args.choice.choose))
    };
    let selection = choosing::choose_files(&args.choice, &metainfo, before, args.face)?;
    let selection = selection.or_else(linked);
    Ok(TorrentOptions {
        info: Some(info),
        sources: args.sources.sources(),
        nodes,
        peers: args.network.peers(),
        names: args.network.names(),
        overwrite: args.overwrite,
        selection,
        allocate: args.choice.allocate.into(),
        remember,
        ..TorrentOptions::new(metainfo.clone(), root, mode(args))
    })
}
