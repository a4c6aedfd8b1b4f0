//! What holds for every torrent.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::File;
use crate::create::{About, Create, CreateError};
use crate::path::{MAX_NAME, is_portable, is_safe, portable_name, safe_name};

/// Names from few building blocks, so that they meet each other and every rule.
fn any_name() -> impl Strategy<Value = Vec<u8>> {
    let parts: Vec<&[u8]> = vec![
        b"a",
        b"A",
        b"b",
        b".",
        b"..",
        b" ",
        b"/",
        b"\\",
        b":",
        b"C:",
        b"nul",
        b"COM1",
        b".txt",
        b"\0",
        b"\n",
        b"\xff",
        b"\xc3",
        "ä".as_bytes(),
        "\u{202e}".as_bytes(),
        b" (2)",
        &[b'x'; 120],
        &[b' '; 130],
    ];
    vec(select(parts), 0..5).prop_map(|parts| parts.concat())
}

fn any_files() -> impl Strategy<Value = Vec<Ben>> {
    let element = any_name().prop_map(Ben::Bytes);
    let path = vec(element, 1..4).prop_map(Ben::List);
    let attr = select(vec!["", "", "", "p", "l", "x", "hpx"]);
    let target = vec(select(vec!["a", "b", "..", "A"]).prop_map(text), 0..3).prop_map(Ben::List);
    let file = (path, attr, target).prop_map(|(path, attr, target)| {
        Ben::Dict(vec![
            ("attr", text(attr)),
            ("length", int(0)),
            ("path", path),
            ("symlink path", target),
        ])
    });
    vec(file, 1..12)
}

/// What must hold for everything that is parsed.
fn is_safe_torrent(torrent: &Metainfo) {
    has_safe_names(torrent, is_safe, |path| path.join("/"));
    let fold = |path: &[String]| path.join("/").to_uppercase().to_lowercase();
    has_safe_names(&torrent.clone().into_portable(), is_portable, fold);
    for (index, names) in &torrent.portable.files {
        let file = &torrent.files[*index];
        assert_ne!((&names.path, &names.symlink), (&file.path, &file.symlink));
    }
}

fn has_safe_names(
    torrent: &Metainfo,
    is_safe: fn(&str) -> bool,
    fold: impl Fn(&[String]) -> String,
) {
    assert!(is_safe(&torrent.name));
    assert!(torrent.piece_length > 0);
    let total: u64 = torrent.files.iter().map(|file| file.length).sum();
    assert_eq!(torrent.total_length, total);
    if torrent.info_hash_v1.is_some() {
        assert_eq!(
            torrent.pieces.len() as u64,
            total.div_ceil(torrent.piece_length)
        );
    }

    let real: Vec<&File> = torrent.files.iter().filter(|file| !file.padding).collect();
    let mut folders = std::collections::BTreeSet::new();
    for file in &torrent.files {
        assert_eq!(file.path[0], torrent.name.clone());
        assert_eq!(torrent.multi_file, file.path.len() > 1);
        let paths = [Some(&file.path), file.symlink.as_ref()];
        for element in paths.into_iter().flatten().flatten() {
            assert!(is_safe(element), "{element:?}");
            assert!(!["", ".", ".."].contains(&element.as_str()));
            assert!(!element.contains(['/', '\\', '\0']) && element.len() <= MAX_NAME);
        }
        if let Some(target) = &file.symlink {
            assert_eq!(target[0], torrent.name.clone());
        }
        if !file.padding {
            folders.extend((1..file.path.len()).map(|end| fold(&file.path[..end])));
        }
    }
    let mut taken = folders;
    for file in real {
        assert!(
            taken.insert(fold(&file.path)),
            "{:?} is there twice",
            file.path
        );
    }
}

fn any_create() -> impl Strategy<Value = Create> {
    let text = || proptest::option::of("[a-zäß ]{0,12}");
    let name = || "[a-z][a-z0-9 äß-]{0,8}[a-z]";
    let length = prop_oneof![Just(0), 1_u64..100, 10_000_u64..100_000];
    let files =
        proptest::collection::btree_map(vec(name(), 1..4), (length, any::<[bool; 3]>()), 1..8);
    let urls = proptest::collection::btree_set("http://[a-z]{1,6}(/[a-z]{0,5})?", 0..6);
    let flags = (any::<bool>(), proptest::option::of(any::<i64>()));
    let texts = (text(), text(), text());
    let piece_length = prop_oneof![1_u64..5, 1_000_u64..70_000, Just(16384)];
    (name(), files, urls, flags, texts, piece_length).prop_map(
        |(
            name,
            files,
            urls,
            (private, creation_date),
            (source, comment, created_by),
            piece_length,
        )| {
            let mut create = Create::multi(name, piece_length * 1_000);
            for (path, (length, [padding, executable, hidden])) in files {
                create.add_file(path, length);
                if let Some(file) = create.files.last_mut() {
                    (file.padding, file.executable, file.hidden) = (padding, executable, hidden);
                }
            }
            let urls: Vec<String> = urls.into_iter().collect();
            let (trackers, seeds) = urls.split_at(urls.len() / 2);
            create.about = About {
                announce: trackers.chunks(2).map(<[String]>::to_vec).collect(),
                web_seeds: seeds.to_vec(),
                private,
                source,
                comment,
                created_by,
                creation_date,
            };
            create
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_safe_name_is_safe_and_stays(raw in prop_oneof![any_name(), any::<Vec<u8>>()]) {
        let safe = safe_name(&raw);
        prop_assert!(is_safe(&safe), "{:?}", safe);
        prop_assert_eq!(safe_name(safe.as_bytes()), &*safe);
        let portable = portable_name(&raw);
        prop_assert!(is_portable(&portable) && is_safe(&portable), "{:?}", portable);
        prop_assert_eq!(portable_name(portable.as_bytes()), &*portable);
        prop_assert_eq!(safe_name(portable.as_bytes()), &*portable);
    }

    #[test]
    fn whatever_is_taken_is_safe(files in any_files(), name in any_name()) {
        let info = with(with(multi(files), "pieces", pieces(0)), "name", Ben::Bytes(name));
        if let Ok(torrent) = parse(info) {
            is_safe_torrent(&torrent);
        }
    }

    #[test]
    fn a_torrent_that_is_made_is_read_back(create in any_create()) {
        let total: u64 = create.files.iter().map(|file| file.length).sum();
        let pieces: Vec<[u8; 20]> =
            (0..total.div_ceil(create.piece_length)).map(|piece| [piece as u8; 20]).collect();
        let bytes = match create.to_bytes(&pieces) {
            Ok(bytes) => bytes,
            // Names can still collide, as a file and a folder do.
            Err(CreateError::UnsafeName { .. }) => return Ok(()),
            Err(error) => panic!("{error}"),
        };
        bencode::decode(&bytes).unwrap();
        let read = Metainfo::parse(&bytes).unwrap();
        is_safe_torrent(&read);
        prop_assert_eq!(
            Create {
                name: read.name,
                multi_file: read.multi_file,
                files: read.files,
                piece_length: read.piece_length,
                about: About {
                    announce: read.announce,
                    web_seeds: read.web_seeds,
                    private: read.private,
                    source: read.source,
                    comment: read.comment,
                    created_by: read.created_by,
                    creation_date: read.creation_date,
                },
            },
            create
        );
        prop_assert_eq!(read.pieces, pieces);
    }

    #[test]
    fn a_damaged_torrent_is_refused_or_safe(
        files in any_files(),
        hybrid in any::<bool>(),
        damages in vec((any::<Index>(), any::<u8>(), 0..4_u8), 1..4),
    ) {
        let tree = Ben::Dict(vec![("a", Ben::Dict(vec![("", Ben::Dict(vec![("length", int(0))]))]))]);
        let info = match hybrid {
            true => with(with(multi(files), "meta version", int(2)), "file tree", tree),
            false => multi(files),
        };
        let mut bytes = Ben::Dict(vec![
            ("announce-list", Ben::List(vec![path(&["http://a", "http://b"])])),
            ("creation date", int(1)),
            ("info", Ben::Dict(with(info, "pieces", pieces(0)))),
            ("url-list", text("http://c")),
        ]).bytes();
        for (at, byte, kind) in damages {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes[at] ^= 1 << (byte % 8),
                2 => bytes.insert(at, byte),
                _ => bytes.truncate(at.max(1)),
            }
        }
        match Metainfo::parse(&bytes) {
            Ok(torrent) => is_safe_torrent(&torrent),
            Err(error) => prop_assert!(!error.to_string().contains('\n')),
        }
    }
}
