//! Every kind of file that may be in the way.

use std::fs::File;

use pretty_assertions::assert_eq;
use storage::Storage;

use super::*;

/// Four pieces of 32 KiB over files: one that has pieces of its own, two small ones that share a
/// piece, and one that is empty.
struct Torrent {
    layout: Arc<Layout>,
    hashes: Hashes,
    data: Vec<u8>,
}

const PIECE: u64 = 32 * 1024;

/// No file.
const NONE: [usize; 0] = [];

fn torrent() -> Torrent {
    let regular = |name: &str, length| (name.into(), length, Kind::Regular { executable: false });
    let files = vec![
        regular("large", 3 * PIECE),
        regular("one", 3_000),
        regular("two", 20_000),
        regular("empty", 0),
    ];
    let layout = Layout::new(files, PIECE).unwrap();
    let length = layout.geometry().total_length() as usize;
    let data: Vec<u8> = (0..length).map(|i| (i % 251) as u8 + 1).collect();
    let pieces = data.chunks(PIECE as usize);
    let hashes: Vec<_> = pieces.map(|piece| hashing::digest(&[piece])).collect();
    Torrent {
        layout: Arc::new(layout),
        hashes: Hashes::from(&hashes[..]),
        data,
    }
}

impl Torrent {
    fn content(&self, file: usize) -> Vec<u8> {
        let entry = &self.layout.files()[file];
        self.data[entry.offset as usize..entry.end() as usize].to_vec()
    }

    fn path(&self, root: &Path, file: usize) -> std::path::PathBuf {
        root.join(&self.layout.files()[file].path)
    }

    fn put(&self, root: &Path, file: usize, content: impl AsRef<[u8]>) {
        fs::write(self.path(root, file), content).unwrap();
    }

    /// What our own download makes at its start.
    fn lay_out(&self, root: &Path) {
        Storage::create(root, self.layout.clone(), self.hashes.clone()).unwrap();
    }

    /// The files that are somebody else's.
    fn foreign(&self, root: &Path) -> Vec<usize> {
        let mut states = Vec::new();
        let pieces = self.layout.geometry().pieces();
        Checker::new(root, self.layout.clone(), self.hashes.clone())
            .check(0..pieces, |_, state| states.push(state))
            .unwrap();
        let mut foreign = Foreign::new(root, &self.layout, &self.hashes, &states);
        (0..self.layout.files().len())
            .filter(|&file| foreign.is(file).unwrap())
            .collect()
    }
}

/// The files that are found to be somebody else's after `prepare`.
fn found(prepare: impl FnOnce(&Torrent, &Path)) -> Vec<usize> {
    let dir = tempfile::tempdir().unwrap();
    let torrent = torrent();
    prepare(&torrent, dir.path());
    torrent.foreign(dir.path())
}

#[test]
fn where_nothing_is_nothing_is_somebody_elses() {
    assert_eq!(found(|_, _| {}), NONE);
    assert_eq!(found(|torrent, root| torrent.lay_out(root)), NONE);
}

#[test]
fn a_file_of_the_same_name_is_somebody_elses_whatever_its_length() {
    for file in [0, 1, 2] {
        for length in [13, 2_999, 3_000, 20_000, 3 * PIECE, 4 * PIECE] {
            let found = found(|torrent, root| {
                torrent.put(root, file, vec![b'n'; length as usize]);
            });
            assert_eq!(found, [file], "{length} bytes");
        }
    }
    // An empty file is in nobody's way, and one that should be empty is.
    assert_eq!(found(|torrent, root| torrent.put(root, 1, "")), NONE);
    assert_eq!(found(|torrent, root| torrent.put(root, 3, "n")), [3]);
}

#[test]
fn zeros_and_holes_are_nobodys() {
    let zeros = |torrent: &Torrent, root: &Path| torrent.put(root, 0, vec![0; 3 * PIECE as usize]);
    assert_eq!(found(zeros), NONE);
    let short = |torrent: &Torrent, root: &Path| torrent.put(root, 0, [0; 100]);
    assert_eq!(found(short), NONE);
}

#[test]
fn one_good_piece_makes_a_file_the_torrents() {
    let found = found(|torrent, root| {
        let mut content = torrent.content(0);
        content[..2 * PIECE as usize].fill(7);
        content.truncate(3 * PIECE as usize);
        torrent.put(root, 0, &content);
        content.push(1);
        torrent.put(root, 1, torrent.content(1));
        torrent.put(root, 2, torrent.content(2));
    });
    assert_eq!(found, NONE);
}

#[test]
fn what_is_good_stays_though_its_neighbour_was_deleted_or_is_not_there_yet() {
    // Right, and not to be proven: it shares its only piece.
    let deleted = found(|torrent, root| {
        torrent.put(root, 0, torrent.content(0));
        torrent.put(root, 1, torrent.content(1));
    });
    assert_eq!(deleted, NONE);
    let fetched = found(|torrent, root| {
        torrent.put(root, 0, torrent.content(0));
        torrent.lay_out(root);
        torrent.put(root, 1, torrent.content(1));
    });
    assert_eq!(fetched, NONE);
}

#[test]
fn a_changed_file_is_somebody_elses_where_that_is_proven() {
    let found = found(|torrent, root| {
        torrent.put(root, 0, torrent.content(0));
        let mut changed = torrent.content(1);
        changed[7] ^= 1;
        torrent.put(root, 1, changed);
        torrent.put(root, 2, torrent.content(2));
    });
    // Which of the two was changed cannot be told.
    assert_eq!(found, [1, 2]);
}

#[test]
fn only_the_file_that_is_wrong_is_blamed_for_a_piece() {
    for wrong in [2, 1] {
        let found = found(|torrent, root| {
            torrent.put(root, 0, torrent.content(0));
            torrent.put(root, 3 - wrong, torrent.content(3 - wrong));
            torrent.put(root, wrong, "somebody's");
        });
        assert_eq!(found, [wrong]);
    }
    let found = found(|torrent, root| {
        torrent.put(root, 0, vec![7; 3 * PIECE as usize]);
        torrent.put(root, 1, torrent.content(1));
        torrent.put(root, 2, torrent.content(2));
    });
    assert_eq!(found, [0]);
}

#[test]
fn a_download_that_was_killed_at_its_first_piece_is_ours() {
    // In the middle of the write, and between the two files of a piece.
    for (file, bytes) in [(0, 4 * 4096), (1, 3_000)] {
        let found = found(|torrent, root| {
            torrent.lay_out(root);
            let mut part = torrent.content(file);
            let length = part.len();
            part.truncate(bytes);
            torrent.put(root, file, part);
            let handle = File::options()
                .write(true)
                .open(torrent.path(root, file))
                .unwrap();
            handle.set_len(length as u64).unwrap();
        });
        assert_eq!(found, NONE, "{bytes} bytes of file {file}");
    }
}

#[test]
fn a_longer_file_is_cut_only_if_something_of_it_is_the_torrents() {
    let longer = |torrent: &Torrent, file: usize| [torrent.content(file), vec![9]].concat();
    let good = found(|torrent, root| torrent.put(root, 0, longer(torrent, 0)));
    assert_eq!(good, NONE);
    let unproven = found(|torrent, root| {
        torrent.put(root, 0, torrent.content(0));
        torrent.put(root, 1, longer(torrent, 1));
    });
    assert_eq!(unproven, [1]);
}
