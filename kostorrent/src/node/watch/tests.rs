//! What changes is told, once, and what can be read again is.

use layout::Kind;
use pretty_assertions::assert_eq;

use super::*;

/// Five pieces of 32 KiB over three files; the second and the third share a piece.
fn watch(fetches: bool) -> Watch {
    let regular = |name: &str, length| (name.into(), length, Kind::Regular { executable: false });
    let files = vec![
        regular("a", 64 * 1024),
        regular("b", 48 * 1024),
        regular("c", 48 * 1024),
    ];
    let layout = Arc::new(Layout::new(files, 32 * 1024).unwrap());
    Watch::new(Path::new("in"), layout, fetches, Duration::from_secs(10))
}

/// What is to be done, in words. Each check is answered at once: a piece of `bad` is bad.
fn wishes(watch: &mut Watch, bad: &[u32]) -> Vec<String> {
    let mut words = Vec::new();
    while let Some(wish) = watch.next() {
        words.push(match wish {
            Wish::Job(Job::Check { piece }) => {
                let state = match bad.contains(&piece) {
                    true => PieceState::Bad,
                    false => PieceState::Good,
                };
                watch.checked(piece, Some(state));
                format!("check {piece}")
            }
            Wish::Job(Job::Look { from }) => format!("look {from}"),
            Wish::Job(Job::Settle) => "settle".to_owned(),
            Wish::Job(other) => panic!("{other:?}"),
            Wish::Tell(Event::Lost { pieces }) => format!("lost {pieces:?}"),
            Wish::Tell(Event::Found { pieces }) => format!("found {pieces:?}"),
            Wish::Tell(Event::Settled) => "settled".to_owned(),
            Wish::Tell(other) => panic!("{other:?}"),
            Wish::Notice(Notice::FileFailed { path, .. }) => format!("failed {}", path.display()),
            Wish::Notice(Notice::FileBack { path }) => format!("back {}", path.display()),
            Wish::Notice(other) => panic!("{other:?}"),
            Wish::Close(file) => format!("close {file}"),
        });
    }
    words
}

fn change(file: usize, change: Change) -> Vec<Changed> {
    vec![Changed { file, change }]
}

#[tokio::test]
async fn what_is_gone_is_lost_at_once_and_found_when_it_is_back() {
    let mut watch = watch(false);
    watch.changed(change(1, Change::Gone));
    assert_eq!(
        wishes(&mut watch, &[]),
        ["close 1", "failed in/b", "lost [2, 3]"]
    );
    watch.changed(change(1, Change::Back));
    let expected = ["close 1", "check 2", "check 3", "back in/b", "found [2, 3]"];
    assert_eq!(wishes(&mut watch, &[]), expected);
}

#[tokio::test]
async fn what_was_written_to_is_read_and_only_what_is_bad_is_lost() {
    let mut watch = watch(false);
    watch.changed(change(0, Change::Touched));
    let expected = [
        "close 0",
        "check 0",
        "check 1",
        "failed in/a",
        "lost [1]",
        "found [0]",
    ];
    assert_eq!(wishes(&mut watch, &[1]), expected);
    watch.changed(change(2, Change::Replaced));
    assert_eq!(
        wishes(&mut watch, &[]),
        ["close 2", "check 3", "check 4", "found [3, 4]"],
        "nothing is said of what is good"
    );
}

#[tokio::test]
async fn of_a_file_that_was_cut_the_rest_is_read() {
    let mut watch = watch(true);
    watch.changed(change(0, Change::Cut(40_000)));
    let expected = [
        "close 0",
        "failed in/a",
        "lost [1]",
        "check 0",
        "check 1",
        "failed in/a",
        "lost [1]",
        "found [0]",
    ];
    assert_eq!(wishes(&mut watch, &[1]), expected);
}

#[tokio::test]
async fn a_piece_that_turns_out_bad_brings_its_files_into_doubt() {
    let mut watch = watch(false);
    watch.suspect(3);
    let words = wishes(&mut watch, &[3]);
    let expected = [
        "check 3",
        "check 2",
        "failed in/b",
        "check 4",
        "failed in/c",
        "lost [3]",
        "found [2, 4]",
    ];
    assert_eq!(words, expected);
    watch.suspect(1);
    assert_eq!(wishes(&mut watch, &[]), ["check 1", "found [1]"]);
}

#[tokio::test]
async fn a_disk_that_fails_is_tried_again_with_one_piece() {
    let mut watch = watch(false);
    let error = || {
        let cause = std::io::Error::other("the disk is on fire");
        DiskError::new(storage::Doing::Read, Path::new("in/a"), cause)
    };
    for piece in [0, 1, 2, 1] {
        watch.unreadable(piece, &error());
    }
    let expected = [
        "lost [0]",
        "failed in/a",
        "lost [1]",
        "lost [2]",
        "lost [1]",
    ];
    assert_eq!(wishes(&mut watch, &[]), expected);
    watch.looked(Vec::new(), None);
    let Some(Wish::Job(Job::Check { piece: 0 })) = watch.next() else {
        panic!("one piece is tried");
    };
    watch.checked(0, None);
    assert_eq!(wishes(&mut watch, &[]), ["lost [0]"]);
    watch.looked(Vec::new(), None);
    let expected = ["check 0", "check 1", "check 2", "found [0, 1, 2]"];
    assert_eq!(wishes(&mut watch, &[]), expected);
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_of_a_file_that_is_gone_is_no_news() {
    let start = Instant::now();
    let mut watch = watch(false);
    watch.look();
    watch.looked(change(0, Change::Gone), None);
    let expected = ["look 0", "close 0", "failed in/a", "lost [0, 1]"];
    assert_eq!(wishes(&mut watch, &[]), expected);
    let cause = ErrorKind::NotFound.into();
    let error = DiskError::new(storage::Doing::Open, Path::new("in/a"), cause);
    watch.unreadable(1, &error);
    assert_eq!(wishes(&mut watch, &[]), ["lost [1]"]);
    watch.suspect(1);
    assert!(matches!(
        watch.next(),
        Some(Wish::Job(Job::Check { piece: 1 }))
    ));
    watch.checked(1, Some(PieceState::Missing));
    assert_eq!(wishes(&mut watch, &[]), ["lost [1]"]);
    // It is looked for as often as if it were in use.
    assert_eq!((watch.due().unwrap() - start).as_secs(), 10);
    watch.look();
    watch.looked(change(0, Change::Back), None);
    let expected = [
        "look 0",
        "close 0",
        "check 0",
        "check 1",
        "back in/a",
        "found [0, 1]",
    ];
    assert_eq!(wishes(&mut watch, &[]), expected);
    assert_eq!((watch.due().unwrap() - start).as_secs(), 60);
}

#[tokio::test]
async fn a_download_is_settled_when_nothing_has_changed() {
    let mut watch = watch(true);
    watch.settled(Vec::new());
    assert_eq!(wishes(&mut watch, &[]), ["settled"]);
    watch.settled(change(0, Change::Touched));
    let expected = ["close 0", "check 0", "check 1", "found [0, 1]", "settle"];
    assert_eq!(wishes(&mut watch, &[]), expected);
    watch.settled(change(0, Change::Gone));
    let expected = ["close 0", "failed in/a", "lost [0, 1]", "settle"];
    assert_eq!(wishes(&mut watch, &[]), expected);
}

#[tokio::test(start_paused = true)]
async fn files_in_use_are_looked_at_more_often() {
    let seconds = |watch: &Watch, since: Instant| (watch.due().unwrap() - since).as_secs();
    let start = Instant::now();
    let mut watch = watch(false);
    assert_eq!(seconds(&watch, start), 10);
    watch.look();
    assert_eq!(watch.due(), None);
    watch.looked(Vec::new(), Some(500));
    assert_eq!(wishes(&mut watch, &[]), ["look 0", "look 500"]);
    watch.looked(Vec::new(), None);
    assert_eq!(seconds(&watch, start), 60);
    watch.used();
    assert_eq!(seconds(&watch, start), 10);
    watch.look();
    watch.looked(Vec::new(), None);
    assert_eq!(seconds(&watch, start), 10, "it was used meanwhile");
}
