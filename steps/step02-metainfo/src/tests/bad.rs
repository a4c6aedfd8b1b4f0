//! Torrents that are refused, and why. The list follows what other clients were once fooled by.

use pretty_assertions::assert_eq;

use super::*;

#[track_caller]
fn refused(info: Vec<(&'static str, Ben)>, message: &str) {
    assert_eq!(parse(info).unwrap_err().to_string(), message);
}

#[track_caller]
fn bytes_refused(bytes: &[u8], message: &str) {
    assert_eq!(Metainfo::parse(bytes).unwrap_err().to_string(), message);
}

#[test]
fn what_is_no_torrent_at_all() {
    bytes_refused(
        b"<!DOCTYPE html>",
        "this is not a torrent file, or a damaged one: at byte 0: the byte 0x3c '<' begins no value: \
         i, l, d or a digit was expected",
    );
    bytes_refused(
        b"",
        "this is not a torrent file, or a damaged one: at byte 0: the input is empty, there is no \
         value in it",
    );
    bytes_refused(
        b"4:spam",
        "this is not a torrent file: it holds no dictionary",
    );
    bytes_refused(b"le", "this is not a torrent file: it holds no dictionary");
    bytes_refused(
        b"de",
        "the torrent has no \"info\"; it is no torrent file, or incomplete",
    );
    bytes_refused(b"d4:infolee", "\"info\" (at byte 7) must be a dictionary");
}

#[test]
fn a_torrent_that_lacks_something() {
    for key in ["name", "piece length", "pieces"] {
        let message =
            format!("the torrent has no \"info.{key}\"; it is no torrent file, or incomplete");
        refused(without(single(), key), &message);
    }
    refused(
        without(single(), "length"),
        "the torrent has no \"info.files\"; it is no torrent file, or incomplete",
    );
    refused(
        multi(vec![Ben::Dict(vec![("length", int(1))])]),
        "the torrent has no \"info.files[0].path\"; it is no torrent file, or incomplete",
    );
    refused(
        multi(vec![
            file(&["a"], 1),
            Ben::Dict(vec![("path", path(&["b"]))]),
        ]),
        "the torrent has no \"info.files[1].length\"; it is no torrent file, or incomplete",
    );
    refused(multi(vec![]), "the torrent lists no files");
}

#[test]
fn sizes_that_are_none() {
    const LENGTH: &str =
        "\"info.length\" (at byte 16) must be a number from 0 to 9223372036854775807";
    for length in [
        int(-1),
        int(i64::MIN.into()),
        int(1 << 63),
        int(i128::MAX),
        text("3"),
    ] {
        refused(with(single(), "length", length), LENGTH);
    }
    refused(
        multi(vec![file(&["a"], 1), file(&["b"], -1)]),
        "\"info.files[1].length\" (at byte 49) must be a number from 0 to 9223372036854775807",
    );
}

#[test]
fn sizes_that_overflow_together() {
    let large = i64::MAX.into();
    for files in [
        vec![file(&["a"], large), file(&["b"], 1)],
        vec![
            file(&["a"], large),
            file(&["b"], large),
            file(&["c"], large),
        ],
    ] {
        refused(
            multi(files),
            "the sizes of the files add up to more than any disk holds",
        );
    }
}

#[test]
fn piece_lengths_that_are_none() {
    refused(
        with(single(), "piece length", int(0)),
        "\"info.piece length\" (at byte 47) must be at least 1",
    );
    for length in [int(-16384), int(1 << 63), text("16384")] {
        refused(
            with(single(), "piece length", length),
            "\"info.piece length\" (at byte 47) must be a number from 0 to 9223372036854775807",
        );
    }
}

#[test]
fn pieces_that_do_not_fit_the_size() {
    for (bytes, pieces) in [
        (0, vec![]),
        (19, vec![0; 19]),
        (21, vec![0; 21]),
        (40, vec![0; 40]),
    ] {
        refused(
            with(single(), "pieces", Ben::Bytes(pieces)),
            &format!(
                "\"info.pieces\" (at byte 62) has {bytes} bytes, but the files make 1 pieces of \
                 16384 bytes, and each needs 20"
            ),
        );
    }
    // So many that their number times twenty is no number.
    let info = with(single(), "length", int(i64::MAX.into()));
    refused(
        with(info, "piece length", int(1)),
        "\"info.pieces\" (at byte 76) has 20 bytes, but the files make 9223372036854775807 pieces \
         of 1 bytes, and each needs 20",
    );
    refused(
        with(single(), "pieces", int(20)),
        "\"info.pieces\" (at byte 62) must be a string",
    );
}

#[test]
fn files_that_are_no_files() {
    refused(
        with(multi(vec![]), "files", int(1)),
        "\"info.files\" (at byte 15) must be a list",
    );
    refused(
        multi(vec![int(1)]),
        "the torrent has no \"info.files[0].length\"; it is no torrent file, or incomplete",
    );
    let with_path = |path| vec![Ben::Dict(vec![("length", int(1)), ("path", path)])];
    for path in [
        text("a.txt"),
        Ben::List(vec![int(1)]),
        Ben::List(vec![text("a"), Ben::List(vec![])]),
    ] {
        refused(
            multi(with_path(path)),
            "\"info.files[0].path\" (at byte 34) must be a list of strings",
        );
    }
    refused(
        multi(with_path(path(&[]))),
        "\"info.files[0].path\" (at byte 34) must be a list of at least one name",
    );
}

#[test]
fn a_version_of_the_future() {
    let info = vec![("meta version", int(3)), ("name", text("new"))];
    refused(
        info,
        "the torrent is of version 3; versions 1 and 2 are known",
    );
}

#[test]
fn a_name_that_is_none() {
    refused(
        with(single(), "name", int(1)),
        "\"info.name\" (at byte 25) must be a string",
    );
}
