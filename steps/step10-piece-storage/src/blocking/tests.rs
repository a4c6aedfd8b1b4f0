use metainfo::create::Create;
use pretty_assertions::assert_eq;
use tempfile::tempdir;

use super::*;

/// Two files of three pieces, and their bytes.
fn torrent() -> (Metainfo, Vec<u8>) {
    let mut create = Create::multi("t", 32 * 1024);
    create.add_file(["one"], 40_000);
    create.add_file(["two"], 30_000);
    let data: Vec<u8> = (0..70_000u64).map(|at| (at * at / 13 + 1) as u8).collect();
    let hashes: Vec<[u8; 20]> = data
        .chunks(32 * 1024)
        .map(|piece| hashing::digest(&[piece]))
        .collect();
    let torrent = Metainfo::parse(&create.to_bytes(&hashes).unwrap()).unwrap();
    (torrent, data)
}

fn blocks(data: &[u8], piece: usize) -> Vec<BlockBuf> {
    let bytes = data.chunks(32 * 1024).nth(piece).unwrap();
    let buf = |bytes: &[u8]| {
        let mut buf = block_buf();
        buf[..bytes.len()].copy_from_slice(bytes);
        buf
    };
    bytes.chunks(BLOCK as usize).map(buf).collect()
}

#[test]
fn what_was_kept_is_there_the_next_time() {
    let (torrent, data) = torrent();
    let root = tempdir().unwrap();
    let (mut store, have) = Store::open(root.path(), &torrent).unwrap();
    assert_eq!(have.count(), 0);
    assert!(store.keep(1, blocks(&data, 1)).unwrap());
    let block = BlockRequest {
        piece: 1,
        offset: BLOCK,
        len: 1000,
    };
    assert_eq!(
        store.read(block).unwrap(),
        data[32 * 1024 + BLOCK as usize..][..1000]
    );
    let (_, have) = Store::open(root.path(), &torrent).unwrap();
    assert_eq!(have.iter_ones().collect::<Vec<_>>(), [1]);
}

#[test]
fn a_wrong_piece_is_not_written() {
    let (torrent, mut data) = torrent();
    data[5] ^= 1;
    let root = tempdir().unwrap();
    let (mut store, _) = Store::open(root.path(), &torrent).unwrap();
    assert!(!store.keep(0, blocks(&data, 0)).unwrap());
    assert_eq!(fs::read(root.path().join("t/one")).unwrap(), [0; 40_000]);
}

#[test]
fn files_of_somebody_elses_are_left_as_they_are() {
    let (torrent, _) = torrent();
    for length in [3, 40_000, 40_001] {
        let root = tempdir().unwrap();
        fs::create_dir(root.path().join("t")).unwrap();
        let theirs = vec![7; length];
        fs::write(root.path().join("t/one"), &theirs).unwrap();
        let error = Store::open(root.path(), &torrent).unwrap_err();
        let is_refused = matches!(error, StoreError::Another(_) | StoreError::Strangers);
        assert!(is_refused, "{length}: {error}");
        assert_eq!(fs::read(root.path().join("t/one")).unwrap(), theirs);
        assert!(!root.path().join("t/two").exists(), "nothing was made");
    }
}

#[test]
fn a_strange_file_beside_good_ones_is_not_written_over() {
    let (torrent, data) = torrent();
    let root = tempdir().unwrap();
    fs::create_dir(root.path().join("t")).unwrap();
    fs::write(root.path().join("t/one"), &data[..40_000]).unwrap();
    fs::write(root.path().join("t/two"), vec![7; 30_000]).unwrap();
    let (mut store, have) = Store::open(root.path(), &torrent).unwrap();
    assert_eq!(have.iter_ones().collect::<Vec<_>>(), [0]);
    assert!(store.keep(2, blocks(&data, 2)).is_err());
    let there = fs::read(root.path().join("t/two")).unwrap();
    assert_eq!(there, vec![7; 30_000]);
}

#[test]
fn a_first_piece_that_was_not_finished_is_no_stranger() {
    let (torrent, data) = torrent();
    let root = tempdir().unwrap();
    Store::open(root.path(), &torrent).unwrap();
    let one = root.path().join("t/one");
    let half = [&data[..9_000], &[0; 31_000]].concat();
    fs::write(&one, half).unwrap();
    let (mut store, have) = Store::open(root.path(), &torrent).unwrap();
    assert_eq!(have.count(), 0);
    assert!(store.keep(0, blocks(&data, 0)).unwrap());
}

#[test]
fn pieces_of_a_file_that_was_deleted_are_missed_at_the_end() {
    let (torrent, data) = torrent();
    let root = tempdir().unwrap();
    let (mut store, _) = Store::open(root.path(), &torrent).unwrap();
    for piece in 0..2 {
        assert!(store.keep(piece, blocks(&data, piece as usize)).unwrap());
    }
    fs::remove_file(root.path().join("t/two")).unwrap();
    assert!(store.keep(2, blocks(&data, 2)).unwrap());
    // Piece 1 has its end in that file.
    assert_eq!(store.lost().unwrap(), 1);
    assert!(store.keep(1, blocks(&data, 1)).unwrap());
    assert_eq!(store.lost().unwrap(), 0);
}
