//! What a torrent finds on disk when it begins.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use engine::Failure;
use layout::{Kind, Layout};
use messages::Bitfield;
use metainfo::InfoHash;
use selection::{Needs, Priority, Selection};
use storage::{
    Allocate, Allocated, Changed, Checker, DiskError, FileUse, Hashes, Looks, Names, Parts,
    PieceState, Setup, Storage,
};
use tokio::sync::{Semaphore, oneshot, watch};

use super::figures::{Notice, Snapshot, TorrentState};
use super::foreign::{Foreign, Verdict};
use super::handle::Remember;
use super::space;
use super::vouch::{Memory, Recalled};
use crate::check::{Progress, check};

/// How often the faces learn how far the check has come.
const PUBLISH: Duration = Duration::from_millis(100);

/// Where a torrent's files are, and whether they may be changed.
#[derive(Clone)]
pub(super) struct Place {
    pub root: Arc<Path>,
    pub names: Names,
    pub hashes: Hashes,
    pub info_hash: InfoHash,
    /// What is remembered of it, if that is wanted.
    pub remember: Option<Remember>,
    /// Nothing may be written, and everything must be there.
    pub read_only: bool,
    /// Some of it is enough.
    pub partial: bool,
    /// Files that are not the torrent's may be written over.
    pub overwrite: bool,
    /// The files that are wanted; `None` is all.
    pub selection: Option<Selection>,
    /// How files get their space.
    pub allocate: Allocate,
}

impl Place {
    fn wants(&self, file: usize) -> bool {
        self.selection.as_ref().is_none_or(|s| s.is_wanted(file))
    }

    /// What is remembered of it, compared with what is there.
    fn recall(&self, layout: &Layout, parts: &Parts) -> Result<Recalled, Failure> {
        let remember = self.remember.as_ref();
        Recalled::look(remember, self.info_hash, &self.root, layout, parts)
    }

    /// The part file, and whose bytes may be in it.
    fn parts(&self, layout: &Layout) -> Result<(Parts, Vec<bool>), DiskError> {
        let parts = Parts::open(&self.root, &self.info_hash.0, layout)?;
        let unwanted = match &self.selection {
            Some(s) => (0..layout.files().len())
                .map(|file| !s.is_wanted(file))
                .collect(),
            None => Vec::new(),
        };
        Ok((parts, unwanted))
    }
}

/// What was found.
pub(super) struct Opened {
    pub storage: Storage,
    /// The pieces that are on disk and good.
    pub have: Bitfield,
    /// Files that somebody has changed since they were checked. What was good in them is not counted.
    pub changed: Vec<Changed>,
    /// The pieces that are needed; `None` is all.
    pub needs: Option<Needs>,
    /// The pieces that show whose a file is, before much is fetched for it.
    pub proofs: Vec<u32>,
    /// What goes on being remembered, if anything.
    pub memory: Option<Memory>,
    /// What a user may like to know.
    pub notices: Vec<Notice>,
}

/// Lays out the files of a download, or opens those of a seed, and finds which pieces are good. It
/// is done on a thread of its own, which ends soon when nobody waits for it any more. `turn` is for
/// one at a time: each check keeps all processors busy.
pub(super) async fn open(
    place: Place,
    turn: &Semaphore,
    publish: &watch::Sender<Snapshot>,
) -> Result<Opened, Failure> {
    let turn = turn.acquire().await;
    let ended = || Failure::Shell("the check has ended unexpectedly".to_owned());
    let _turn = turn.map_err(|_| ended())?;
    let progress = StopOnDrop(Arc::default());
    let (sender, mut result) = oneshot::channel();
    let geometry = place.names.own().geometry();
    let counted = progress.0.clone();
    std::thread::Builder::new()
        .name("check".to_owned())
        .spawn(move || {
            let _ = sender.send(what_is_there(&place, &counted));
        })
        .map_err(|error| Failure::Shell(error.to_string()))?;
    let mut tick = tokio::time::interval(PUBLISH);
    loop {
        tokio::select! {
            opened = &mut result => return opened.map_err(|_| ended())?,
            _ = tick.tick() => {
                let now = Snapshot {
                    state: TorrentState::Checking,
                    checked: progress.0.checked(),
                    pieces: geometry.pieces(),
                    left: geometry.total_length(),
                    total: geometry.total_length(),
                    ..Snapshot::default()
                };
                publish.send_if_modified(|last| std::mem::replace(last, now) != *last);
            }
        }
    }
}

/// Stops the work when whoever waits for it has lost interest.
struct StopOnDrop(Arc<Progress>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// The work itself: it waits for the disk. After [`Progress::stop`] it ends soon, with a result
/// that means nothing.
fn what_is_there(place: &Place, progress: &Progress) -> Result<Opened, Failure> {
    let root = &place.root;
    let layout = &place.names.found(root);
    let count = layout.geometry().pieces();
    // A check may take hours: what somebody changes meanwhile is noticed when the files are opened.
    let before = Looks::new(root, layout).map_err(disk)?;
    let parts = place.parts(layout).map_err(disk)?;
    let recalled = place.recall(layout, &parts.0)?;
    let to_read = recalled.to_read();
    let states = check(root, layout, &place.hashes, &parts, to_read, progress);
    let mut states = states.map_err(disk)?;
    for piece in recalled.trusted().iter_ones() {
        states[piece as usize] = PieceState::Good;
    }
    tracing::debug!(
        trusted = recalled.trusted().count(),
        read = to_read.count(),
        "looked at what is there"
    );
    let mut have = Bitfield::new(count);
    for piece in (0..count).filter(|&p| states[p as usize] == PieceState::Good) {
        have.set(piece);
    }
    let hashes = place.hashes.clone();
    if place.read_only {
        let is_enough = have.is_full() || place.partial && have.count() > 0;
        if !is_enough {
            let but = match have.count() {
                0 => "",
                _ => "; with --partial what is there is given",
            };
            return Err(Failure::Shell(format!(
                "{} of {count} pieces are missing or wrong below {}, so there is nothing to seed \
                 yet; `kostorrent verify` names the files, `kostorrent download` fetches them{but}",
                count - have.count(),
                root.display()
            )));
        }
    }
    let wanted: BTreeSet<usize> = (0..layout.files().len())
        .filter(|&file| place.wants(file))
        .collect();
    let checker = Checker::new(root, layout.clone(), hashes.clone());
    let mut checker = checker.parts(parts.0.clone(), parts.1.clone());
    let mut complete = BTreeSet::new();
    for &file in &wanted {
        if is_complete(root, layout, &have, file)
            && has_all_its_bytes(layout, &parts.0, &mut checker, file).map_err(disk)?
        {
            complete.insert(file);
        }
    }
    if recalled.is_taken() && !place.read_only && complete != wanted {
        return Err(Failure::Shell(is_at_work(root)));
    }
    // Whoever is at work on the files may be making those that nobody wants here.
    if place.read_only || recalled.is_taken() {
        let storage = Storage::open(root, layout.clone(), hashes, Some(&before));
        let storage = storage.and_then(|storage| storage.with_parts(&place.info_hash.0));
        let mut opened = Opened::new(storage.map_err(disk)?, have);
        opened.needs = place.selection.as_ref().map(|s| Needs::of(layout, s));
        return Ok(opened.remembered(root, recalled));
    }
    let Whose {
        unproven,
        proofs,
        ours,
    } = judge(
        place, layout, checker, &states, &recalled, &complete, progress,
    )?;
    let files = 0..layout.files().len();
    let used: Vec<FileUse> = files
        .map(|file| match place.wants(file) {
            true if complete.contains(&file) => FileUse::Leave,
            true if unproven.contains(&file) => FileUse::Compare,
            true => FileUse::Write,
            false if ours.contains(&file) => FileUse::UnwantedOurs,
            false => FileUse::Unwanted,
        })
        .collect();
    let stop = || progress.is_stopped();
    let setup = Setup {
        files: &|file| used[file],
        made: &|file| recalled.has_made(file),
        info_hash: place.info_hash.0,
        before: Some(&before),
        allocate: place.allocate,
        stop: &stop,
    };
    let made = place.names.made_for(root, |file| place.wants(file), stop);
    let storage = Storage::lay_out(root, made, hashes, &setup);
    let storage = storage.map_err(disk)?;
    let unsupported = storage.allocated() == Allocated::Unsupported;
    let mut opened = Opened::new(storage, have);
    let layout = opened.storage.layout();
    opened.needs = place.selection.as_ref().map(|s| Needs::of(layout, s));
    opened.proofs = proofs;
    let missing = opened.missing();
    if missing.count() > 0 {
        opened.notices = space::shortages(root, layout, &missing);
    }
    if unsupported {
        let path = root.to_path_buf();
        opened.notices.push(Notice::NotAllocated { path });
    }
    Ok(opened.remembered(root, recalled))
}

impl Opened {
    fn new(mut storage: Storage, mut have: Bitfield) -> Opened {
        let changed = storage.take_changed();
        for found in &changed {
            for piece in storage.layout().all_pieces_of(found.file) {
                have.clear(piece);
            }
        }
        for piece in storage.lost() {
            have.clear(piece);
        }
        Opened {
            storage,
            have,
            changed,
            needs: None,
            proofs: Vec::new(),
            memory: None,
            notices: Vec::new(),
        }
    }

    /// With what goes on being remembered.
    fn remembered(mut self, root: &Path, mut recalled: Recalled) -> Opened {
        self.notices.extend(recalled.notice.take());
        self.memory = recalled.memory(root, &self.storage, &self.have);
        self
    }

    /// The pieces that are still to be fetched.
    pub fn missing(&self) -> Bitfield {
        let mut missing = Bitfield::new(self.have.len());
        for piece in self.have.iter_zeros() {
            let needs = self.needs.as_ref();
            if needs.is_none_or(|needs| needs.pieces[piece as usize] != Priority::Skip) {
                missing.set(piece);
            }
        }
        missing
    }
}

fn disk(error: DiskError) -> Failure {
    Failure::Disk(error.to_string())
}

fn is_at_work(root: &Path) -> String {
    format!(
        "another kostorrent works on this torrent in {}: `kostorrent status` shows it, and \
         `kostorrent stop` ends it",
        root.display()
    )
}

/// Whether a file is as it has to be in the end, whatever leads to it: then it is not written to.
fn is_complete(root: &Path, layout: &Layout, have: &Bitfield, file: usize) -> bool {
    let entry = &layout.files()[file];
    let path = root.join(&entry.path);
    match entry.kind {
        Kind::Padding => true,
        Kind::Symlink { .. } => {
            have.is_full()
                && path
                    .symlink_metadata()
                    .is_ok_and(|found| found.is_symlink())
        }
        Kind::Regular { .. } => {
            layout.all_pieces_of(file).all(|piece| have.get(piece))
                && std::fs::metadata(path)
                    .is_ok_and(|found| found.is_file() && found.len() == entry.length)
        }
    }
}

/// Whether a file of which all pieces are good has their bytes itself: the part file may have some.
fn has_all_its_bytes(
    layout: &Layout,
    parts: &Parts,
    checker: &mut Checker,
    file: usize,
) -> Result<bool, DiskError> {
    for piece in layout.all_pieces_of(file).filter(|&piece| parts.has(piece)) {
        if checker.files_aside(piece)?.contains(&file) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whose the files are that are there.
#[derive(Default)]
struct Whose {
    /// Files that may be the torrent's: they are to be compared with what is to be written.
    unproven: BTreeSet<usize>,
    /// The pieces by which that is found out.
    proofs: Vec<u32>,
    /// Files that nobody wants, and that are the torrent's.
    ours: BTreeSet<usize>,
}

/// Judges whose the files are. Refuses to write over what is not the torrent's.
fn judge(
    place: &Place,
    layout: &Arc<Layout>,
    checker: Checker,
    states: &[PieceState],
    recalled: &Recalled,
    complete: &BTreeSet<usize>,
    progress: &Progress,
) -> Result<Whose, Failure> {
    let root = &place.root;
    let mut whose = Whose::default();
    let mut foreign = Foreign::new(root, layout, checker, states);
    let mut first = None;
    let mut others = 0;
    for (file, entry) in layout.files().iter().enumerate() {
        if progress.is_stopped() {
            break;
        }
        let is_wanted = place.wants(file);
        // What is complete is not written to, and with leave to overwrite nobody asks.
        let nobody_asks = is_wanted && (complete.contains(&file) || place.overwrite);
        if !matches!(entry.kind, Kind::Regular { .. }) || nobody_asks {
            continue;
        }
        let verdict = match recalled.is_ours(file) {
            true => Ok(Verdict::Ours),
            false => foreign.verdict(file),
        };
        match verdict.map_err(disk)? {
            Verdict::Ours if !is_wanted => {
                whose.ours.insert(file);
            }
            Verdict::Ours | Verdict::Blank => {}
            // What is not sure is not touched where nobody wants it.
            Verdict::Unproven | Verdict::Foreign if !is_wanted => {}
            Verdict::Unproven => {
                whose.unproven.insert(file);
                let proofs = foreign.proofs(file).map_err(disk)?;
                whose.proofs.extend(proofs);
            }
            Verdict::Foreign if first.is_none() => first = Some(root.join(&entry.path)),
            Verdict::Foreign => others += 1,
        }
    }
    let Some(first) = first else {
        return Ok(whose);
    };
    let (which, them) = match others {
        0 => (String::new(), "it"),
        1 => (" and another file".to_owned(), "them"),
        n => (format!(" and {n} other files"), "them"),
    };
    Err(Failure::Shell(format!(
        "{}{which} would be written over, and nothing in {them} is the torrent's: move {them} away, \
         choose another folder with --output, or add --overwrite",
        first.display()
    )))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn regular(name: String, length: u64) -> (std::path::PathBuf, u64, Kind) {
        (name.into(), length, Kind::Regular { executable: false })
    }

    #[tokio::test]
    async fn who_stops_waiting_stops_the_making_of_files() {
        let dir = tempfile::tempdir().unwrap();
        let files: Vec<_> = (0..100_000).map(|n| regular(n.to_string(), 1)).collect();
        let names = Names::new(Layout::new(files, 16 * 1024).unwrap(), None);
        let place = Place {
            root: dir.path().into(),
            names,
            hashes: Hashes::V1(Arc::new([])),
            info_hash: InfoHash([7; 20]),
            remember: None,
            read_only: false,
            partial: false,
            overwrite: false,
            selection: None,
            allocate: Allocate::Sparse,
        };
        let made = || std::fs::read_dir(dir.path()).unwrap().count();
        let turn = Semaphore::new(1);
        {
            let (publish, _) = watch::channel(Snapshot::default());
            let opening = open(place, &turn, &publish);
            let begun = async {
                while made() == 0 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            // The runtime is free meanwhile; else the second future would never be looked at.
            tokio::select! {
                opened = opening => panic!("all files were made first: {}", opened.is_ok()),
                () = begun => {}
            }
        }
        // The thread may be in the middle of a file, and of no more than that.
        let mut before = made();
        loop {
            std::thread::sleep(Duration::from_millis(50));
            let now = made();
            if std::mem::replace(&mut before, now) == now {
                break;
            }
        }
        assert!(before < 100_000, "{before} files were made");
        assert_eq!(turn.available_permits(), 1);
    }
}
