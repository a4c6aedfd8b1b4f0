//! What a torrent finds on disk when it begins.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use engine::Failure;
use layout::{Kind, Layout};
use messages::Bitfield;
use storage::{DiskError, Hashes, PieceState, Storage};
use tokio::sync::{Semaphore, oneshot, watch};

use super::figures::{Snapshot, TorrentState};
use crate::check::{Progress, check};

/// How often the faces learn how far the check has come.
const PUBLISH: Duration = Duration::from_millis(100);

/// Where a torrent's files are, and whether they may be changed.
#[derive(Clone)]
pub(super) struct Place {
    pub root: Arc<Path>,
    pub layout: Arc<Layout>,
    pub hashes: Hashes,
    /// Nothing may be written, and everything must be there.
    pub read_only: bool,
}

/// The files, and the pieces in them that are good.
pub(super) type Opened = (Storage, Bitfield);

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
    let (for_thread, counted) = (place.clone(), progress.0.clone());
    std::thread::Builder::new()
        .name("check".to_owned())
        .spawn(move || {
            let _ = sender.send(what_is_there(&for_thread, &counted));
        })
        .map_err(|error| Failure::Shell(error.to_string()))?;
    let geometry = place.layout.geometry();
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
    let Place { root, layout, .. } = place;
    let begun = place.read_only || is_begun(place, progress);
    let (storage, not_writable) =
        lay_out(place, begun, progress).map_err(|error| Failure::Disk(error.to_string()))?;
    let count = layout.geometry().pieces();
    let mut have = Bitfield::new(count);
    if begun {
        let states = check(root, layout, &place.hashes, progress)
            .map_err(|error| Failure::Disk(error.to_string()))?;
        for piece in (0..count).filter(|&p| states[p as usize] == PieceState::Good) {
            have.set(piece);
        }
    }
    if place.read_only && !have.is_full() {
        return Err(Failure::Shell(format!(
            "{} of {count} pieces are missing or wrong below {}, so there is nothing to seed yet; \
             `kostorrent verify` names the files, `kostorrent download` fetches them",
            count - have.count(),
            root.display()
        )));
    }
    match not_writable {
        Some(why) if !have.is_full() => return Err(Failure::Disk(why.to_string())),
        _ => {}
    }
    if let Some(path) = somebody_elses(&storage, layout, &have) {
        return Err(Failure::Shell(format!(
            "{} is longer than the torrent's file, and nothing in it is the torrent's: move it \
             away, or choose another folder",
            root.join(path).display()
        )));
    }
    Ok((storage, have))
}

/// Makes what is missing, if it may. What may not be written may still be complete: then why not is
/// told along.
fn lay_out(
    place: &Place,
    begun: bool,
    progress: &Progress,
) -> Result<(Storage, Option<DiskError>), DiskError> {
    let open = || Storage::open(&place.root, place.layout.clone(), place.hashes.clone());
    if place.read_only {
        return Ok((open()?, None));
    }
    let (layout, hashes) = (place.layout.clone(), place.hashes.clone());
    match Storage::create_unless(&place.root, layout, hashes, || progress.is_stopped()) {
        Ok(storage) => Ok((storage, None)),
        Err(error) => match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem if begun => {
                Ok((open()?, Some(error)))
            }
            _ => Err(error),
        },
    }
}

/// A file that is too long and of which no piece is good. It is not the torrent's, and is not to be
/// cut.
fn somebody_elses<'l>(storage: &Storage, layout: &'l Layout, have: &Bitfield) -> Option<&'l Path> {
    let length = u64::from(layout.geometry().piece_length());
    let mut longer = storage.longer().map(|index| &layout.files()[index]);
    let found = longer.find(|file| {
        let mut pieces = file.offset / length..(file.offset + file.length).div_ceil(length);
        // An empty file lies in a piece as a point does: the piece says nothing about it.
        file.length == 0 || !pieces.any(|piece| have.get(piece as u32))
    })?;
    Some(&found.path)
}

/// Whether there is anything on disk that is worth a look.
fn is_begun(place: &Place, progress: &Progress) -> bool {
    let mut files = place.layout.files().iter();
    files.any(|file| {
        !progress.is_stopped()
            && matches!(file.kind, Kind::Regular { .. })
            && file.length > 0
            && place.root.join(&file.path).exists()
    })
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn regular(name: String, length: u64) -> (std::path::PathBuf, u64, Kind) {
        (name.into(), length, Kind::Regular { executable: false })
    }

    #[test]
    fn a_longer_file_is_somebody_elses_unless_a_piece_of_it_is_good() {
        let dir = tempfile::tempdir().unwrap();
        let entry = |name: &str, length| regular(name.into(), length);
        let files = vec![entry("a", 10), entry("empty", 0), entry("b", 40_000)];
        let layout = Arc::new(Layout::new(files, 16 * 1024).unwrap());
        let found = |longer: &str, good: &[u32]| {
            for file in layout.files() {
                let length = file.length + u64::from(file.path.as_os_str() == longer);
                let bytes = vec![7; length as usize];
                std::fs::write(dir.path().join(&file.path), bytes).unwrap();
            }
            let hashes = Hashes::V1(Arc::new([]));
            let storage = Storage::create(dir.path(), layout.clone(), hashes).unwrap();
            let mut have = Bitfield::new(layout.geometry().pieces());
            for &piece in good {
                have.set(piece);
            }
            somebody_elses(&storage, &layout, &have).is_some()
        };
        let all = [0, 1, 2];
        assert_eq!(found("nothing", &[]), false);
        assert_eq!((found("a", &[1, 2]), found("a", &[0])), (true, false));
        assert_eq!((found("b", &[]), found("b", &[2])), (true, false));
        assert_eq!(found("empty", &all), true, "its piece holds nothing of it");
    }

    #[tokio::test]
    async fn who_stops_waiting_stops_the_making_of_files() {
        let dir = tempfile::tempdir().unwrap();
        let files: Vec<_> = (0..100_000).map(|n| regular(n.to_string(), 1)).collect();
        let layout = Arc::new(Layout::new(files, 16 * 1024).unwrap());
        let place = Place {
            root: dir.path().into(),
            layout,
            hashes: Hashes::V1(Arc::new([])),
            read_only: false,
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
