//! What is on disk, and what is in memory.

use std::fs;
use std::path::{Path, PathBuf};

use layout::{Kind, Layout};
use storage::space_of;

/// Where to look.
pub struct Gauge {
    files: Vec<PathBuf>,
}

/// What the files are together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnDisk {
    /// How long they are, in bytes.
    pub length: u64,
    /// How many bytes of the disk they take, if the system tells it.
    pub allocated: Option<u64>,
}

impl OnDisk {
    /// How much of them is a hole: it has a length, and takes no room.
    pub fn holes(&self) -> Option<u64> {
        // The last block of a file may be longer than the file.
        let allocated = self.allocated?;
        Some(self.length.saturating_sub(allocated))
    }
}

impl Gauge {
    /// Looks at the files of a torrent below `root`.
    pub fn new(root: &Path, layout: &Layout) -> Gauge {
        let files = layout.files().iter();
        let regular = files.filter(|entry| matches!(entry.kind, Kind::Regular { .. }));
        Gauge {
            files: regular.map(|entry| root.join(&entry.path)).collect(),
        }
    }

    /// What the files are now. One that cannot be looked at counts as nothing.
    pub fn on_disk(&self) -> OnDisk {
        let mut all = OnDisk {
            length: 0,
            allocated: allocated_by_none(),
        };
        for found in self.files.iter().filter_map(|file| fs::metadata(file).ok()) {
            all.length += found.len();
            all.allocated = all
                .allocated
                .zip(space_of(&found))
                .map(|(sum, more)| sum + more);
        }
        all
    }
}

/// What no file takes.
fn allocated_by_none() -> Option<u64> {
    cfg!(unix).then_some(0)
}

/// The resident set: how many bytes of memory this program has from the system now. Linux tells it
/// in a file of text; elsewhere nobody is asked.
pub fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// Bytes in KiB, or `?` where nobody knows.
pub fn kib(bytes: Option<u64>) -> String {
    match bytes {
        Some(bytes) => format!("{} KiB", bytes / 1024),
        None => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;

    use layout::Layout;
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_hole_has_a_length_and_takes_no_room() {
        let root = tempfile::tempdir().unwrap();
        let regular = Kind::Regular { executable: false };
        let files = [
            ("a".into(), 1 << 20, regular.clone()),
            ("b".into(), 5, regular),
        ];
        let gauge = Gauge::new(root.path(), &Layout::new(files, 16_384).unwrap());
        assert_eq!(gauge.on_disk().length, 0);
        let mut file = File::create(root.path().join("a")).unwrap();
        file.set_len(1 << 20).unwrap();
        let empty = gauge.on_disk();
        assert_eq!(empty.length, 1 << 20);
        file.write_all(&[7; 300_000]).unwrap();
        file.sync_all().unwrap();
        let begun = gauge.on_disk();
        assert_eq!(begun.length, 1 << 20);
        if let (Some(before), Some(after)) = (empty.holes(), begun.holes()) {
            assert!(
                after < before && begun.allocated >= Some(300_000),
                "{begun:?}"
            );
        }
    }

    #[test]
    fn what_nobody_knows_is_a_question_mark() {
        assert_eq!(kib(Some(5_000)), "4 KiB");
        assert_eq!(kib(None), "?");
        assert!(resident().is_none_or(|bytes| bytes > 100_000));
    }
}
