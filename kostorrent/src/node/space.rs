//! Whether the disks have room for what is missing.
//!
//! Files have their full length from the start, but what was never written takes no space yet.

use std::path::Path;

use layout::Layout;
use messages::Bitfield;

use super::figures::Notice;

/// A notice for each disk that has too little room for the pieces that are `missing` below `root`. The files are there already; several disks may be below one folder.
#[cfg(unix)]
pub(super) fn shortages(root: &Path, layout: &Layout, missing: &Bitfield) -> Vec<Notice> {
    let free = |path: &Path| storage::free_space(path).ok().flatten();
    unix::shortages(root, layout, missing, free)
}

/// No system but Unix tells how much of a file takes space.
#[cfg(not(unix))]
pub(super) fn shortages(_root: &Path, _layout: &Layout, _missing: &Bitfield) -> Vec<Notice> {
    Vec::new()
}

#[cfg(unix)]
mod unix {
    use std::collections::BTreeMap;
    use std::os::unix::fs::MetadataExt;
    use std::path::{Path, PathBuf};

    use layout::{Kind, Layout};
    use messages::Bitfield;

    use crate::node::Notice;

    pub fn shortages(
        root: &Path,
        layout: &Layout,
        missing: &Bitfield,
        free: impl Fn(&Path) -> Option<u64>,
    ) -> Vec<Notice> {
        let mut disks: BTreeMap<u64, (PathBuf, u64)> = BTreeMap::new();
        // The folder itself first: its disk is called by its name.
        if let Ok(metadata) = root.metadata() {
            disks.insert(metadata.dev(), (root.to_owned(), 0));
        }
        for (entry, missing) in layout.files().iter().zip(bytes(layout, missing)) {
            let path = root.join(&entry.path);
            let Some(metadata) = path.metadata().ok().filter(|_| missing > 0) else {
                continue;
            };
            // A wrong piece may have its space; and a disk that packs what it holds says too little.
            let space = storage::space_of(&metadata).unwrap_or_default();
            let holes = entry.length.saturating_sub(space);
            let folder = || path.parent().unwrap_or(root).to_owned();
            let disk = disks.entry(metadata.dev());
            disk.or_insert_with(|| (folder(), 0)).1 += missing.min(holes);
        }
        let short = disks.into_values().filter_map(|(path, needed)| {
            let free = free(&path).filter(|&free| free < needed)?;
            Some(Notice::LowSpace { path, needed, free })
        });
        short.collect()
    }

    /// The bytes of each file that are in these pieces.
    fn bytes(layout: &Layout, missing: &Bitfield) -> Vec<u64> {
        let mut bytes = vec![0; layout.files().len()];
        for piece in missing.iter_ones() {
            for span in layout.piece_spans(piece) {
                if matches!(layout.files()[span.file].kind, Kind::Regular { .. }) {
                    bytes[span.file] += span.len;
                }
            }
        }
        bytes
    }

    #[cfg(test)]
    mod tests {
        use std::fs::{self, File};
        use std::os::unix::fs::FileExt;

        use pretty_assertions::assert_eq;

        use super::*;

        const PIECE: u64 = 64 * 1024;

        #[test]
        fn what_has_its_space_already_needs_no_more() {
            let dir = tempfile::tempdir().unwrap();
            let file = |name: &str, pieces| {
                let length = pieces * PIECE;
                File::create(dir.path().join(name))
                    .unwrap()
                    .set_len(length)
                    .unwrap();
                (name.into(), length, Kind::Regular { executable: false })
            };
            let padding = ("pad".into(), PIECE, Kind::Padding);
            let files = vec![file("a", 2), padding, file("b", 4)];
            let layout = Layout::new(files, PIECE).unwrap();
            let mut missing = Bitfield::full(layout.geometry().pieces());
            let shortage = |missing: &Bitfield, free| {
                let notices = shortages(dir.path(), &layout, missing, |path| {
                    assert_eq!(path, dir.path());
                    Some(free)
                });
                notices
                    .into_iter()
                    .map(|notice| match notice {
                        Notice::LowSpace { needed, free, .. } => (needed, free),
                        other => panic!("{other:?}"),
                    })
                    .collect::<Vec<_>>()
            };
            assert_eq!(shortage(&missing, 6 * PIECE), []);
            assert_eq!(
                shortage(&missing, 6 * PIECE - 1),
                [(6 * PIECE, 6 * PIECE - 1)]
            );

            // A piece that is written, and one whose bytes are wrong: both have their space.
            let b = fs::OpenOptions::new()
                .write(true)
                .open(dir.path().join("b"))
                .unwrap();
            b.write_all_at(&[7; 2 * PIECE as usize], 0).unwrap();
            b.sync_all().unwrap();
            missing.clear(3);
            assert_eq!(shortage(&missing, 0), [(4 * PIECE, 0)]);

            // What we have needs no space, whatever the disk says that it takes.
            for piece in 0..2 {
                missing.clear(piece);
            }
            assert_eq!(shortage(&missing, 0), [(2 * PIECE, 0)]);
        }
    }
}
