//! What a session finds on disk when it begins.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use layout::{Kind, Layout};
use messages::Bitfield;
use metainfo::Metainfo;
use storage::{PieceState, Storage};
use tokio::sync::{oneshot, watch};

use super::{Mode, Options, Phase, Snapshot};
use crate::check::{Progress, check};

/// How often the faces learn how far the check has come.
const PUBLISH: Duration = Duration::from_millis(100);

/// The hashes of a torrent's pieces, to be shared.
pub(super) fn hashes(metainfo: &Metainfo) -> Arc<[[u8; 20]]> {
    metainfo.pieces.as_slice().into()
}

/// Lays out the files of a download, or opens those of a seed, and finds which pieces are good.
pub(super) async fn what_is_there(
    options: &Options,
    layout: &Arc<Layout>,
    publish: &watch::Sender<Snapshot>,
) -> Result<(Storage, Bitfield), String> {
    let (root, hashes) = (&options.root, hashes(&options.metainfo));
    let seeding = options.mode == Mode::Seed;
    let begun = seeding || is_begun(options, layout);
    let open = || Storage::open(root, layout.clone(), hashes.clone());
    let mut not_writable = None;
    let storage = if seeding {
        open()
    } else {
        Storage::create(root, layout.clone(), hashes.clone()).or_else(|error| {
            // What may not be written may still be complete.
            match error.kind() {
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem if begun => {
                    not_writable = Some(error.to_string());
                    open()
                }
                _ => Err(error),
            }
        })
    };
    let storage = storage.map_err(|error| error.to_string())?;
    let count = layout.geometry().pieces();
    let mut have = Bitfield::new(count);
    if begun {
        let states = check_in_background(options, layout, hashes, publish).await?;
        for piece in (0..count).filter(|&p| states[p as usize] == PieceState::Good) {
            have.set(piece);
        }
    }
    if seeding && !have.is_full() {
        return Err(format!(
            "{} of {count} pieces are missing or wrong below {}, so there is nothing to seed yet; \
             `kostorrent verify` names the files, `kostorrent download` fetches them",
            count - have.count(),
            root.display()
        ));
    }
    match not_writable {
        Some(why) if !have.is_full() => return Err(why),
        _ => {}
    }
    if let Some(path) = somebody_elses(&storage, layout, &have) {
        return Err(format!(
            "{} is longer than the torrent's file, and nothing in it is the torrent's: move it \
             away, or choose another folder",
            root.join(path).display()
        ));
    }
    Ok((storage, have))
}

/// A file that is too long and of which no piece is good. It is not the torrent's, and is not to be
/// cut.
fn somebody_elses<'l>(
    storage: &Storage,
    layout: &'l Layout,
    have: &Bitfield,
) -> Option<&'l std::path::Path> {
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
fn is_begun(options: &Options, layout: &Layout) -> bool {
    layout.files().iter().any(|file| {
        matches!(file.kind, Kind::Regular { .. })
            && file.length > 0
            && options.root.join(&file.path).exists()
    })
}

/// Stops the check when whoever waits for it has lost interest.
struct StopOnDrop(Arc<Progress>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

async fn check_in_background(
    options: &Options,
    layout: &Arc<Layout>,
    hashes: Arc<[[u8; 20]]>,
    publish: &watch::Sender<Snapshot>,
) -> Result<Vec<PieceState>, String> {
    let progress = StopOnDrop(Arc::default());
    let (sender, mut result) = oneshot::channel();
    let (root, for_thread, counted) = (options.root.clone(), layout.clone(), progress.0.clone());
    std::thread::Builder::new()
        .name("check".to_owned())
        .spawn(move || {
            let _ = sender.send(check(&root, &for_thread, &hashes, &counted));
        })
        .map_err(|error| error.to_string())?;
    let geometry = layout.geometry();
    let mut tick = tokio::time::interval(PUBLISH);
    loop {
        tokio::select! {
            states = &mut result => {
                let states = states.map_err(|_| "the check has ended unexpectedly".to_owned())?;
                return states.map_err(|error| error.to_string());
            }
            _ = tick.tick() => {
                publish.send_replace(Snapshot {
                    phase: Phase::Checking,
                    checked: progress.0.checked(),
                    pieces: geometry.pieces(),
                    left: geometry.total_length(),
                    total: geometry.total_length(),
                    ..Snapshot::default()
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_longer_file_is_somebody_elses_unless_a_piece_of_it_is_good() {
        let dir = tempfile::tempdir().unwrap();
        let regular = Kind::Regular { executable: false };
        let entry = |name: &str, length| (name.into(), length, regular.clone());
        let files = vec![entry("a", 10), entry("empty", 0), entry("b", 40_000)];
        let layout = Arc::new(Layout::new(files, 16 * 1024).unwrap());
        let found = |longer: &str, good: &[u32]| {
            for file in layout.files() {
                let length = file.length + u64::from(file.path.as_os_str() == longer);
                let bytes = vec![7; length as usize];
                std::fs::write(dir.path().join(&file.path), bytes).unwrap();
            }
            let storage = Storage::create(dir.path(), layout.clone(), Arc::new([])).unwrap();
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
}
