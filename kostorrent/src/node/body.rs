//! What a torrent's task works with once it is known what the torrent consists of.

use std::sync::Arc;

use engine::ContentConfig;
use layout::Layout;
use messages::Bitfield;
use metainfo::InfoHash;
use selection::Selection;
use storage::{Hashes, Names};
use tokio::sync::watch;

use super::choosing::{self, Choosing};
use super::common::Common;
use super::disk::{TorrentDisk, TorrentId};
use super::handle::{Mode, TorrentOptions};
use super::opening::{Opened, Place};
use super::vouch::Voucher;
use super::watch::Watch;

/// The files of a torrent, and everything that looks after them.
pub(super) struct Body {
    pub layout: Arc<Layout>,
    pub disk: TorrentDisk,
    pub watch: Watch,
    /// What the resume file vouches for, if there is one.
    pub vouch: Option<Voucher>,
    /// `None` where nothing can be chosen.
    pub choosing: Option<Choosing>,
}

/// Where a torrent's files are, by what was asked for.
pub(super) fn place(options: &TorrentOptions, names: Names, info_hash: InfoHash) -> Place {
    Place {
        root: options.root.as_path().into(),
        names,
        hashes: Hashes::from(options.metainfo.pieces.as_slice()),
        info_hash,
        remember: options.remember.clone(),
        read_only: options.mode == Mode::Seed,
        partial: options.partial,
        overwrite: options.overwrite,
        selection: options.selection.clone(),
        allocate: options.allocate,
    }
}

impl Body {
    /// With what was found on disk; and what the engine is told of it.
    pub fn new(
        id: TorrentId,
        common: &Common,
        options: &TorrentOptions,
        opened: Opened,
        choices: watch::Receiver<Option<Selection>>,
    ) -> (Body, ContentConfig) {
        let content = content(&opened, options.mode);
        let layout = opened.storage.layout().clone();
        let fetches = options.mode != Mode::Seed;
        let mut watch = Watch::new(&options.root, layout.clone(), fetches, options.look);
        watch.changed(opened.changed);
        let sync = options.remember.as_ref().and_then(|to| to.sync);
        let choice = options.selection.as_ref().map(Selection::numbers);
        let vouch = opened
            .memory
            .map(|memory| Voucher::new(memory, layout.clone(), choice, sync));
        let choosing = fetches.then(|| {
            let first = options.selection.as_ref();
            Choosing::new(layout.clone(), first, choices)
        });
        let body = Body {
            disk: common.disk.enter(id, opened.storage),
            layout,
            watch,
            vouch,
            choosing,
        };
        (body, content)
    }

    /// Of a torrent of which nothing is known but the info-hash.
    pub fn none(id: TorrentId, common: &Common) -> Body {
        let layout = Layout::new([], 1).expect("no file is in the way of another");
        let layout = Arc::new(layout);
        Body {
            disk: common.disk.without_files(id),
            watch: Watch::none(layout.clone()),
            layout,
            vouch: None,
            choosing: None,
        }
    }
}

/// What is there, and what is wanted.
fn content(opened: &Opened, mode: Mode) -> ContentConfig {
    let geometry = opened.storage.layout().geometry();
    let mut content = ContentConfig::all(geometry, opened.have.clone());
    if let Some(needs) = &opened.needs {
        (content.wanted, content.first) = choosing::pieces(needs);
    }
    if !opened.proofs.is_empty() {
        let mut proofs = Bitfield::new(geometry.pieces());
        for &piece in &opened.proofs {
            proofs.set(piece);
        }
        content.first.insert(0, proofs);
    }
    if mode == Mode::Seed {
        // What a seeder loses it does not fetch.
        content.wanted = Bitfield::new(geometry.pieces());
    }
    content
}
