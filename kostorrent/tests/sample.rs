//! The committed sample cannot drift: what is made by code is what the code makes, and the torrent
//! is what `create` makes of the files.

mod common;
#[path = "../sample/make.rs"]
#[allow(dead_code)]
mod make;

use common::{sample_torrent, source};
use kostorrent::create::{Options, Plan};
use kostorrent::lab::sample;
use metainfo::Metainfo;
use metainfo::create::About;

#[test]
fn the_torrent_is_what_create_makes_of_the_files() {
    let committed = std::fs::read(sample_torrent()).unwrap();
    let told = Metainfo::parse(&committed).unwrap();
    let options = Options {
        name: sample::NAME.into(),
        piece_length: Some(32 * 1024),
        about: About {
            announce: vec![vec!["http://127.0.0.1:7878/announce".into()]],
            comment: told.comment,
            created_by: told.created_by,
            creation_date: Some(1_795_305_600),
            ..About::default()
        },
        ..Options::default()
    };
    let plan = Plan::new(&source("sample/kostorrent-sample"), options).unwrap();
    let made = plan.make(|_, _| ()).unwrap();
    assert!(
        made.bytes == committed,
        "make it anew: see the top of kostorrent/sample/make.rs"
    );
}

#[test]
fn the_compiled_files_are_the_committed_ones() {
    common::assert_sample_in(&source("sample"));
    assert!(std::fs::read(sample_torrent()).unwrap() == sample::TORRENT);
}

#[test]
fn figures_and_numbers_are_what_the_code_makes() {
    for (path, bytes) in make::made_files() {
        let committed = std::fs::read(source("sample/kostorrent-sample").join(path)).unwrap();
        assert!(
            committed == bytes,
            "{path}: make it anew, see the top of kostorrent/sample/make.rs"
        );
    }
}
