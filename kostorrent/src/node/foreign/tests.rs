//! Every kind of file that may be in the way.

use std::fs::{self, File};
use std::io::Write;

use layout::Kind;
use pretty_assertions::assert_eq;
use storage::{Hashes, Storage};

use super::*;
use Verdict::{Blank, Ours, Unproven};

/// The files of a torrent, one after the other, and what is in them.
struct Torrent {
    layout: Arc<Layout>,
    hashes: Hashes,
    data: Vec<u8>,
}

const PIECE: u64 = 32 * 1024;

/// No file.
const NONE: [usize; 0] = [];

/// Four pieces of 32 KiB over files: one that has pieces of its own, two small ones that share a
/// piece, and one that is empty.
fn torrent() -> Torrent {
    let files = [
        ("large", 3 * PIECE),
        ("one", 3_000),
        ("two", 20_000),
        ("empty", 0),
    ];
    Torrent::new(&files, PIECE)
}

impl Torrent {
    fn new(files: &[(impl AsRef<str>, u64)], piece: u64) -> Torrent {
        let length = files.iter().map(|(_, length)| *length as usize).sum();
        Torrent::of(
            files,
            piece,
            (0..length).map(|i| (i % 251) as u8 + 1).collect(),
        )
    }

    fn of(files: &[(impl AsRef<str>, u64)], piece: u64, data: Vec<u8>) -> Torrent {
        let regular = Kind::Regular { executable: false };
        let files = files.iter();
        let files = files.map(|(name, length)| (name.as_ref().into(), *length, regular.clone()));
        let pieces = data.chunks(piece as usize);
        let hashes: Vec<_> = pieces.map(|piece| hashing::digest(&[piece])).collect();
        Torrent {
            layout: Arc::new(Layout::new(files, piece).unwrap()),
            hashes: Hashes::from(&hashes[..]),
            data,
        }
    }

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

    /// What a write of ours leaves of a file that is killed after so many bytes.
    fn put_begun(&self, root: &Path, file: usize, bytes: usize) {
        let handle = File::options().write(true).open(self.path(root, file));
        let mut begun = self.content(file);
        begun.truncate(bytes);
        handle.unwrap().write_all(&begun).unwrap();
    }

    /// Whose each file is.
    fn verdicts(&self, root: &Path) -> Vec<Verdict> {
        let mut states = Vec::new();
        let pieces = self.layout.geometry().pieces();
        Checker::new(root, self.layout.clone(), self.hashes.clone())
            .check(0..pieces, |_, state| states.push(state))
            .unwrap();
        let checker = Checker::new(root, self.layout.clone(), self.hashes.clone());
        let mut foreign = Foreign::new(root, &self.layout, checker, &states);
        (0..self.layout.files().len())
            .map(|file| foreign.verdict(file).unwrap())
            .collect()
    }
}

/// Whose each file is after `prepare`.
fn verdicts(prepare: impl FnOnce(&Torrent, &Path)) -> Vec<Verdict> {
    let dir = tempfile::tempdir().unwrap();
    let torrent = torrent();
    prepare(&torrent, dir.path());
    torrent.verdicts(dir.path())
}

/// The files that are found to be somebody else's after `prepare`; all others are the torrent's.
fn found(prepare: impl FnOnce(&Torrent, &Path)) -> Vec<usize> {
    let verdicts = verdicts(prepare);
    assert!(!verdicts.contains(&Unproven), "{verdicts:?}");
    let verdicts = (0..).zip(verdicts);
    let foreign = verdicts.filter(|(_, verdict)| *verdict == Verdict::Foreign);
    foreign.map(|(file, _)| file).collect()
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
    let deleted = verdicts(|torrent, root| {
        torrent.put(root, 0, torrent.content(0));
        torrent.put(root, 1, torrent.content(1));
    });
    assert_eq!(deleted, [Ours, Unproven, Blank, Blank]);
    let fetched = verdicts(|torrent, root| {
        torrent.put(root, 0, torrent.content(0));
        torrent.lay_out(root);
        torrent.put(root, 1, torrent.content(1));
    });
    assert_eq!(fetched, [Ours, Unproven, Blank, Blank]);
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
        let verdicts = verdicts(|torrent, root| {
            torrent.put(root, 0, torrent.content(0));
            torrent.put(root, 3 - wrong, torrent.content(3 - wrong));
            torrent.put(root, wrong, "somebody's");
        });
        let mut expected = [Ours, Unproven, Unproven, Blank];
        expected[wrong] = Verdict::Foreign;
        assert_eq!(verdicts, expected);
    }
    let found = found(|torrent, root| {
        torrent.put(root, 0, vec![7; 3 * PIECE as usize]);
        torrent.put(root, 1, torrent.content(1));
        torrent.put(root, 2, torrent.content(2));
    });
    assert_eq!(found, [0]);
}

#[test]
fn a_download_that_was_killed_at_its_first_piece_may_be_ours() {
    // In the middle of the write, and between the two files of a piece.
    for (file, bytes) in [(0, 4 * 4096), (1, 3_000)] {
        let verdicts = verdicts(|torrent, root| {
            torrent.lay_out(root);
            torrent.put_begun(root, file, bytes);
        });
        let mut expected = [Blank; 4];
        expected[file] = Unproven;
        assert_eq!(verdicts, expected, "{bytes} bytes of file {file}");
    }
}

#[test]
fn a_write_is_cut_where_a_page_or_a_block_of_the_file_ends() {
    // The first piece ends in the second file, 29,768 bytes into it.
    let torrent = Torrent::new(&[("first", 3_000), ("second", 100_000)], PIECE);
    for cut in [4_096, 7 * 4_096, 29 * 1_024] {
        let dir = tempfile::tempdir().unwrap();
        torrent.lay_out(dir.path());
        torrent.put_begun(dir.path(), 0, 3_000);
        torrent.put_begun(dir.path(), 1, cut);
        let verdicts = torrent.verdicts(dir.path());
        assert_eq!(verdicts, [Unproven, Unproven], "after {cut} bytes");
    }
    // So much of the piece is never written without the rest.
    let dir = tempfile::tempdir().unwrap();
    torrent.lay_out(dir.path());
    torrent.put_begun(dir.path(), 0, 3_000);
    torrent.put_begun(dir.path(), 1, 29_700);
    assert_eq!(torrent.verdicts(dir.path()), [Verdict::Foreign; 2]);
}

#[test]
fn a_file_of_the_right_length_is_not_taken_for_ours_because_its_neighbours_are_missing() {
    let files = [
        ("a", 40_000),
        ("b", 40_000),
        ("notes", 3_000),
        ("zeros", 100_000),
    ];
    let data: Vec<u8> = (0..83_000).map(|i| (i % 251) as u8 + 1).collect();
    let data = [data, vec![0; 100_000]].concat();
    let torrent = Torrent::of(&files, 16 * 1024, data);
    let dir = tempfile::tempdir().unwrap();
    torrent.put(dir.path(), 0, torrent.content(0));
    torrent.put(dir.path(), 2, [b'n'; 3_000]);
    let expected = [Ours, Blank, Unproven, Blank];
    assert_eq!(torrent.verdicts(dir.path()), expected);
    torrent.lay_out(dir.path());
    assert_eq!(torrent.verdicts(dir.path()), expected);
}

#[test]
fn twenty_thousand_files_in_a_piece_are_each_looked_at_once() {
    // Looked at anew for each other, they would take hours.
    let files: Vec<_> = (0..20_000).map(|n| (n.to_string(), 700)).collect();
    let torrent = Torrent::new(&files, 16 * 1024 * 1024);
    let dir = tempfile::tempdir().unwrap();
    for file in 0..files.len() {
        torrent.put(dir.path(), file, torrent.content(file));
    }
    let mut wrong = torrent.content(9_999);
    wrong[0] ^= 1;
    torrent.put(dir.path(), 9_999, wrong);
    assert!(
        torrent
            .verdicts(dir.path())
            .iter()
            .all(|&v| v == Verdict::Foreign)
    );
}

#[test]
fn a_longer_file_is_cut_only_if_something_of_it_is_the_torrents() {
    let longer = |torrent: &Torrent, file: usize| [torrent.content(file), vec![9]].concat();
    let good = found(|torrent, root| torrent.put(root, 0, longer(torrent, 0)));
    assert_eq!(good, NONE);
    let unknown = found(|torrent, root| {
        torrent.put(root, 0, torrent.content(0));
        torrent.put(root, 1, longer(torrent, 1));
    });
    assert_eq!(unknown, [1]);
}
