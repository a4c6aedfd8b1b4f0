use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

fn example() -> Resume {
    let mut pieces = Bitfield::new(10);
    for piece in [0, 1, 9] {
        pieces.set(piece);
    }
    let stamp = Stamp {
        length: 100_000,
        modified: UnixTime::new(1_764_367_859, 120_000_000).unwrap(),
        number: Some(u64::MAX),
        changed: UnixTime::new(1_764_367_861, 5),
    };
    let settled = true;
    Resume {
        info_hash: InfoHash(*b"aaaaaaaaaaaaaaaaaaaa"),
        folder: b"/home/me".to_vec(),
        pieces,
        files: vec![Some(Recorded { stamp, settled }), None],
        choice: Some(vec![1, 0]),
        counters: Counters {
            uploaded: 1,
            downloaded: 2,
            active: 3,
            seeding: 4,
        },
        in_order: true,
        saved: 1_764_367_860,
    }
}

const EXAMPLE: &[u8] = b"d6:activei3e\
    7:changedlli1764367861ei5eelee\
    6:choice2:\x01\x0010:downloadedi2e\
    5:filesl\
        li100000ei1764367859ei120000000ei1ei18446744073709551615ee\
        lee\
    6:folder8:/home/me6:formati1e8:in orderi1e9:info hash20:aaaaaaaaaaaaaaaaaaaa\
    11:piece counti10e6:pieces2:\xc0\x405:savedi1764367860e7:seedingi4e8:uploadedi1ee";

#[test]
fn these_are_the_bytes() {
    assert_eq!(
        example().encode().escape_ascii().to_string(),
        EXAMPLE.escape_ascii().to_string()
    );
    assert_eq!(Resume::decode(EXAMPLE), Ok(example()));
}

/// The example with one part of it replaced.
fn with(from: &str, to: &str) -> Vec<u8> {
    let from = from.as_bytes();
    let at = EXAMPLE.windows(from.len()).position(|part| part == from);
    let at = at.unwrap();
    [&EXAMPLE[..at], to.as_bytes(), &EXAMPLE[at + from.len()..]].concat()
}

#[test]
fn that_of_the_largest_torrent_is_read() {
    const MIB: usize = 1024 * 1024;
    // All numbers are as long as they get.
    let time = UnixTime::new(9_999_999_999, 999_999_999).unwrap();
    let stamp = Stamp {
        length: u64::MAX,
        modified: time,
        number: Some(u64::MAX),
        changed: Some(time),
    };
    let settled = true;
    let resume = Resume {
        pieces: Bitfield::full(4_000_000),
        files: vec![Some(Recorded { stamp, settled }); 250_000],
        choice: Some(vec![1; 250_000]),
        ..example()
    };
    let bytes = resume.encode();
    assert_eq!(bytes.len().div_ceil(MIB), 24);
    assert_eq!(Resume::decode(&bytes), Ok(resume));
}

#[test]
fn keys_of_later_versions_are_passed_over() {
    let more = with("6:format", "7:for one4:what6:format");
    assert_eq!(Resume::decode(&more), Ok(example()));
}

#[test]
fn when_files_were_changed_need_not_be_known() {
    let before = with("7:changedlli1764367861ei5eelee", "");
    let mut expected = example();
    expected.files[0].as_mut().unwrap().stamp.changed = None;
    assert_eq!(Resume::decode(&before).as_ref(), Ok(&expected));
    assert_eq!(expected.encode(), before);
}

#[test]
fn what_has_counted_for_longer_than_can_be_is_damaged() {
    let (seconds, bytes) = (31_556_952_000u64, 1u64 << 62);
    for (key, was, most) in [
        ("6:active", 3, seconds),
        ("7:seeding", 4, seconds),
        ("8:uploaded", 1, bytes),
        ("10:downloaded", 2, bytes),
    ] {
        let counted = |count| with(&format!("{key}i{was}e"), &format!("{key}i{count}e"));
        assert!(Resume::decode(&counted(most)).is_ok(), "{key}");
        for more in [most + 1, u64::MAX] {
            let error = Resume::decode(&counted(more)).unwrap_err().to_string();
            assert!(error.contains("that can be"), "{error}");
        }
    }
}

#[test]
fn every_fault_has_its_reason() {
    let said = |bytes: &[u8]| Resume::decode(bytes).unwrap_err().to_string();
    for (from, to, expected) in [
        ("6:formati1e", "6:formati2e", "a later version wrote it"),
        (
            "6:formati1e",
            "6:formati0e",
            "is not a format that there ever was",
        ),
        ("6:formati1e", "", "does not say \"format\""),
        ("5:savedi1764367860e", "", "does not say \"saved\""),
        ("i1764367860e", "1:x", "\"saved\" is not a date"),
        ("6:activei3e", "6:activei-3e", "\"active\" is not a number"),
        (
            "20:aaaaaaaaaaaaaaaaaaaa",
            "1:a",
            "\"info hash\" is not 20 bytes",
        ),
        (
            "11:piece counti10e",
            "11:piece counti18e",
            "\"pieces\" is not one bit",
        ),
        (
            "11:piece counti10e",
            "11:piece counti9e",
            "\"pieces\" is not one bit",
        ),
        (
            "counti10e",
            "counti9999999999e",
            "\"piece count\" is not a number",
        ),
        ("in orderi1e", "in orderi2e", "\"in order\" is not 0 or 1"),
        (
            "choice2:\u{1}\0",
            "choice1:\u{1}",
            "\"choice\" is not one byte",
        ),
        ("i120000000e", "i1000000000e", "\"files\" is not a list"),
        ("i120000000e", "", "\"files\" is not a list"),
        ("551615ee", "551615ei0ee", "\"files\" is not a list"),
        ("i5eelee", "i5eee", "\"changed\" is not a list"),
        ("i5eelee", "i5eelelee", "\"changed\" is not a list"),
        ("i5eelee", "i5eeli1ei1eee", "\"changed\" is not a list"),
        ("i5eelee", "i1000000000eelee", "\"changed\" is not a list"),
        ("i5eelee", "elee", "\"changed\" is not a list"),
        ("i5eelee", "i5ei1eelee", "\"changed\" is not a list"),
        (
            "6:folder8:/home/me",
            "6:folderi1e",
            "\"folder\" is not a string",
        ),
        ("d6:active", "d6:alsi", "damaged"),
    ] {
        let error = said(&with(from, to));
        assert!(error.contains(expected), "{from} -> {to}: {error}");
        assert!(error.ends_with("all pieces are read again"), "{error}");
    }
    assert!(said(&vec![b'0'; MAX_SIZE + 1]).contains("none of ours has more"));
    assert!(said(b"").contains("damaged"));
}

#[test]
fn the_resume_file_of_something_else_does_not_fit() {
    let layout = crate::testing::layout(&[100_000, 60_000], 16_000);
    let resume = example();
    let hash = resume.info_hash;
    assert_eq!(resume.fits(hash, b"/home/me", &layout), Ok(()));
    let said = |hash, folder: &[u8], lengths: &[u64], piece| {
        let layout = crate::testing::layout(lengths, piece);
        resume.fits(hash, folder, &layout).unwrap_err().to_string()
    };
    for (error, expected) in [
        (
            said(InfoHash([0; 20]), b"/home/me", &[1], 1),
            "of the torrent 6161",
        ),
        (
            said(hash, b"/tmp", &[1], 1),
            "of the download folder /home/me",
        ),
        (
            said(hash, b"/home/me", &[1, 1], 1),
            "10 pieces, and the torrent has 2",
        ),
        (
            said(hash, b"/home/me", &[10], 1),
            "2 files, and the torrent has 1",
        ),
    ] {
        assert!(error.contains(expected), "{error}");
    }
}

fn recorded() -> impl Strategy<Value = Option<Recorded>> {
    let parts = (any::<u64>(), any::<i64>(), 0u32..1_000_000_000);
    let changed = proptest::option::of((any::<i64>(), 0u32..1_000_000_000));
    let parts = (parts, any::<Option<u64>>(), any::<bool>(), changed);
    proptest::option::of(parts).prop_map(|file| {
        file.map(|((length, seconds, nanos), number, settled, changed)| {
            let changed = changed.and_then(|(seconds, nanos)| UnixTime::new(seconds, nanos));
            let modified = UnixTime::new(seconds, nanos).unwrap();
            let stamp = Stamp {
                length,
                modified,
                number,
                changed,
            };
            Recorded { stamp, settled }
        })
    })
}

prop_compose! {
    fn resume()(
        (hash, folder) in any::<([u8; 20], Vec<u8>)>(),
        bits in proptest::collection::vec(any::<bool>(), 0..200),
        files in proptest::collection::vec(recorded(), 0..10),
        numbers in any::<Option<u8>>(),
        (uploaded, downloaded) in (0..=MOST_BYTES, 0..=MOST_BYTES),
        (active, seeding) in (0..=MOST_SECONDS, 0..=MOST_SECONDS),
        (in_order, saved) in any::<(bool, i64)>(),
    ) -> Resume {
        let mut pieces = Bitfield::new(bits.len() as u32);
        for piece in (0..).zip(&bits).filter(|(_, bit)| **bit).map(|(piece, _)| piece) {
            pieces.set(piece);
        }
        Resume {
            info_hash: InfoHash(hash),
            folder,
            pieces,
            choice: numbers.map(|number| vec![number; files.len()]),
            files,
            counters: Counters { uploaded, downloaded, active, seeding },
            in_order,
            saved,
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(resume in resume()) {
        prop_assert_eq!(Resume::decode(&resume.encode()), Ok(resume));
    }

    /// Any damage is noticed, or it is a file that we could have written; never a panic.
    #[test]
    fn what_is_read_is_canonical(
        resume in resume(),
        damage in proptest::collection::vec(any::<(proptest::sample::Index, u8)>(), 1..4),
        cut in any::<proptest::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut bytes = resume.encode();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(read) = Resume::decode(&bytes) {
            // The damage may be in a key, which is passed over then, if it is none that is needed.
            let again = read.encode();
            prop_assert_eq!(Resume::decode(&again), Ok(read));
            if again.len() == bytes.len() {
                prop_assert_eq!(again, bytes);
            }
        }
    }

    #[test]
    fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Resume::decode(&bytes);
    }
}
