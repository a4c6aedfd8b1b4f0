//! What changes is told, once, and what can be read again is.

use layout::Kind;
use pretty_assertions::assert_eq;

use super::*;

/// Five pieces of 32 KiB over three files; the second and the third share a piece.
fn watch(fetches: bool) -> Watch {
    files(&[64, 48, 48], fetches)
}

/// Files of so many KiB, called `a`, `b` and so on, over pieces of 32 KiB.
fn files(lengths: &[u64], fetches: bool) -> Watch {
    let regular = |name: String, length| (name.into(), length, Kind::Regular { executable: false });
    let files = lengths.iter().zip('a'..);
    let files = files.map(|(kib, name)| regular(name.to_string(), kib * 1024));
    let layout = Arc::new(Layout::new(files, 32 * 1024).unwrap());
    Watch::new(Path::new("in"), layout, fetches, Duration::from_secs(10))
}

/// What is to be done, in words, until nothing happens for a second. Each check is answered at once:
/// a piece of `bad` is bad.
async fn wishes(watch: &mut Watch, bad: &[u32]) -> Vec<String> {
    let mut words = take(watch, bad);
    tokio::time::advance(TOGETHER).await;
    watch.ring();
    words.extend(take(watch, bad));
    words
}

fn take(watch: &mut Watch, bad: &[u32]) -> Vec<String> {
    let mut words = Vec::new();
    while let Some(wish) = watch.next() {
        words.push(match wish {
            Wish::Job(Job::Check { piece }) => {
                let state = match bad.contains(&piece) {
                    true => PieceState::Bad,
                    false => PieceState::Good,
                };
                watch.checked(piece, true, Ok(state));
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

/// What is to be done when somebody has written to `a`: of its two pieces one is bad then.
fn read_again(bad: u32, good: u32) -> [String; 6] {
    let (lost, found) = (format!("lost [{bad}]"), format!("found [{good}]"));
    [
        "close 0",
        "check 0",
        "check 1",
        "failed in/a",
        &lost,
        &found,
    ]
    .map(str::to_owned)
}

fn change(file: usize, change: Change) -> Vec<Changed> {
    vec![Changed { file, change }]
}

fn settled(changed: Vec<Changed>, lost: &[u32]) -> Settled {
    let lost = lost.to_vec();
    Settled { changed, lost }
}

fn error(doing: Doing, file: &str) -> DiskError {
    let cause = std::io::Error::other("the disk is on fire");
    DiskError::new(doing, &Path::new("in").join(file), cause)
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_is_lost_at_once_and_found_when_it_is_back() {
    let mut watch = watch(false);
    watch.changed(change(1, Change::Gone));
    let expected = ["close 1", "failed in/b", "lost [2, 3]"];
    assert_eq!(take(&mut watch, &[]), expected);
    watch.changed(change(1, Change::Back));
    let expected = ["close 1", "check 2", "check 3", "back in/b", "found [2, 3]"];
    assert_eq!(wishes(&mut watch, &[]).await, expected);
}

#[tokio::test(start_paused = true)]
async fn what_was_written_to_is_read_and_only_what_is_bad_is_lost() {
    let mut watch = watch(false);
    watch.changed(change(0, Change::Touched));
    assert_eq!(wishes(&mut watch, &[1]).await, read_again(1, 0));
    watch.changed(change(2, Change::Replaced));
    assert_eq!(
        wishes(&mut watch, &[]).await,
        ["close 2", "check 3", "check 4", "found [3, 4]"],
        "nothing is said of what is good"
    );
}

#[tokio::test(start_paused = true)]
async fn of_a_file_that_was_cut_the_rest_is_read() {
    let mut watch = watch(true);
    watch.changed(change(0, Change::Cut(40_000)));
    let expected = ["close 0", "failed in/a", "lost [1]", "check 0", "found [0]"];
    assert_eq!(wishes(&mut watch, &[1]).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_piece_that_turns_out_bad_brings_its_files_into_doubt() {
    let mut watch = watch(false);
    watch.suspect(3);
    let expected = [
        "check 3",
        "check 2",
        "failed in/b",
        "check 4",
        "failed in/c",
        "lost [3]",
        "found [2, 4]",
    ];
    assert_eq!(wishes(&mut watch, &[3]).await, expected);
    watch.suspect(1);
    let expected = ["check 1", "found [1]"];
    assert_eq!(wishes(&mut watch, &[]).await, expected);
}

#[tokio::test(start_paused = true)]
async fn what_changes_while_it_is_read_is_read_once_more() {
    let mut watch = watch(false);
    watch.changed(change(0, Change::Touched));
    let Some(Wish::Close(0)) = watch.next() else {
        panic!("its file is closed");
    };
    let Some(Wish::Job(Job::Check { piece: 0 })) = watch.next() else {
        panic!("the first piece is read");
    };
    // What is read of it now is what it was before.
    watch.changed(change(0, Change::Touched));
    watch.checked(0, true, Ok(PieceState::Good));
    assert_eq!(wishes(&mut watch, &[0]).await, read_again(0, 1));
}

#[tokio::test(start_paused = true)]
async fn what_was_found_and_has_changed_before_it_was_told_is_read_first() {
    let mut watch = watch(false);
    watch.changed(change(0, Change::Touched));
    assert_eq!(take(&mut watch, &[]), ["close 0", "check 0", "check 1"]);
    watch.changed(change(0, Change::Touched));
    assert_eq!(wishes(&mut watch, &[1]).await, read_again(1, 0));
}

#[tokio::test(start_paused = true)]
async fn at_the_end_all_is_told_and_what_is_not_known_is_named() {
    let mut watch = watch(false);
    watch.changed(change(0, Change::Touched));
    take(&mut watch, &[1]);
    watch.unreadable(4, &error(Doing::Read, "c"));
    watch.suspect(2);
    let told: Vec<(bool, Vec<u32>)> = watch
        .last_words()
        .into_iter()
        .map(|event| match event {
            Event::Lost { pieces } => (false, pieces),
            Event::Found { pieces } => (true, pieces),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(told, [(false, vec![1, 4]), (true, vec![0])]);
    assert_eq!(watch.in_doubt().into_iter().collect::<Vec<_>>(), [2, 4]);
    assert!(watch.last_words().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_was_found_and_is_gone_before_it_was_told_is_lost() {
    let mut watch = watch(false);
    watch.changed(change(0, Change::Touched));
    assert_eq!(take(&mut watch, &[]), ["close 0", "check 0", "check 1"]);
    watch.changed(change(0, Change::Gone));
    let expected = ["close 0", "failed in/a", "lost [0, 1]"];
    assert_eq!(wishes(&mut watch, &[]).await, expected);
    // Nor does a file that shares a piece with it keep the other from being judged.
    watch.changed(change(1, Change::Touched));
    watch.changed(change(2, Change::Gone));
    let expected = [
        "close 1",
        "check 2",
        "close 2",
        "failed in/c",
        "lost [3, 4]",
        "found [2]",
    ];
    assert_eq!(wishes(&mut watch, &[]).await, expected);
    assert!(watch.doubts.is_empty());
}

#[tokio::test(start_paused = true)]
async fn files_that_cannot_be_read_are_tried_again_and_each_is_named() {
    let mut watch = watch(false);
    for piece in [0, 1, 0] {
        watch.unreadable(piece, &error(Doing::Read, "a"));
    }
    // Where not even opening works, no piece can be read.
    watch.unreadable(4, &error(Doing::Open, "c"));
    let expected = ["failed in/a", "failed in/c", "lost [0, 1, 3, 4]"];
    assert_eq!(wishes(&mut watch, &[]).await, expected);
    let start = Instant::now();
    watch.looked(Vec::new(), None);
    for (piece, file) in [(0, "a"), (3, "c")] {
        let Some(Wish::Job(Job::Check { piece: tried })) = watch.next() else {
            panic!("one piece of each is tried");
        };
        assert_eq!(tried, piece);
        watch.checked(piece, true, Err(error(Doing::Open, file)));
    }
    assert_eq!(wishes(&mut watch, &[]).await, ["lost [0, 3]"]);
    assert_eq!((watch.due().unwrap() - start).as_secs(), 10);
    watch.looked(Vec::new(), None);
    let expected = [
        "check 0",
        "check 3",
        "check 1",
        "back in/a",
        "check 4",
        "back in/c",
        "found [0, 1, 3, 4]",
    ];
    let mut words = wishes(&mut watch, &[]).await;
    words.sort();
    let mut sorted = expected;
    sorted.sort();
    assert_eq!(words, sorted);
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_of_a_file_that_is_gone_is_no_news() {
    let mut watch = watch(false);
    watch.looked(change(0, Change::Gone), None);
    let expected = ["close 0", "failed in/a", "lost [0, 1]"];
    assert_eq!(wishes(&mut watch, &[]).await, expected);
    let start = Instant::now();
    let cause = ErrorKind::NotFound.into();
    let gone = DiskError::new(Doing::Open, Path::new("in/a"), cause);
    watch.unreadable(1, &gone);
    watch.suspect(1);
    assert!(matches!(
        watch.next(),
        Some(Wish::Job(Job::Check { piece: 1 }))
    ));
    watch.checked(1, true, Ok(PieceState::Missing));
    assert_eq!(wishes(&mut watch, &[]).await, ["lost [1]"]);
    // It is looked for as often as if it were in use.
    assert!((watch.due().unwrap() - start).as_secs() <= 10);
    watch.looked(change(0, Change::Back), None);
    let expected = ["close 0", "check 0", "check 1", "back in/a", "found [0, 1]"];
    assert_eq!(wishes(&mut watch, &[]).await, expected);
}

#[tokio::test(start_paused = true)]
async fn of_many_files_the_first_are_named() {
    let mut watch = files(&[32; 26], false);
    for from in [0, 20] {
        let gone = (from..from + 5).map(|file| Changed {
            file,
            change: Change::Gone,
        });
        watch.changed(gone.collect());
    }
    let words = wishes(&mut watch, &[]).await;
    let failed = words.iter().filter(|word| word.starts_with("failed"));
    let expected = ["in/a", "in/b", "in/c", "in", "in/u", "in/v", "in/w", "in"];
    assert_eq!(failed.map(|word| &word[7..]).collect::<Vec<_>>(), expected);
}

#[tokio::test(start_paused = true)]
async fn what_is_found_out_is_told_once_a_second() {
    let mut watch = files(&[320], false);
    watch.changed(change(0, Change::Touched));
    let mut told = Vec::new();
    for step in 0..10 {
        tokio::time::advance(Duration::from_millis(400)).await;
        watch.ring();
        while let Some(wish) = watch.next() {
            match wish {
                Wish::Job(Job::Check { piece }) => {
                    watch.checked(piece, true, Ok(PieceState::Bad));
                    break;
                }
                Wish::Tell(_) => told.push(step),
                _ => {}
            }
        }
    }
    assert!(told.len() <= 4, "{told:?}");
    wishes(&mut watch, &[]).await;
    assert!(watch.checking.is_none() && watch.to_check.is_empty() && watch.found_out.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_download_is_settled_when_nothing_has_changed() {
    let mut watch = watch(true);
    watch.settled(Settled::default());
    assert_eq!(take(&mut watch, &[]), ["settled"]);
    watch.settled(settled(change(0, Change::Touched), &[]));
    let expected = ["close 0", "check 0", "check 1", "found [0, 1]", "settle"];
    assert_eq!(wishes(&mut watch, &[]).await, expected);
    watch.settled(settled(change(0, Change::Gone), &[]));
    // The engine knows that it is not the end of it, and asks again when all is there.
    let expected = ["close 0", "failed in/a", "lost [0, 1]", "settled"];
    assert_eq!(wishes(&mut watch, &[]).await, expected);
    // What the disk knows to be lost is told in any case.
    watch.settled(settled(Vec::new(), &[0, 1]));
    assert_eq!(wishes(&mut watch, &[]).await, ["lost [0, 1]", "settled"]);
    watch.settled(Settled::default());
    assert_eq!(take(&mut watch, &[]), ["settled"]);
}

#[tokio::test(start_paused = true)]
async fn who_goes_on_writing_to_a_file_and_changes_nothing_holds_nobody_up() {
    let mut watch = watch(true);
    let mut rounds = 0;
    loop {
        watch.settled(settled(change(0, Change::Touched), &[]));
        let words = wishes(&mut watch, &[]).await;
        if words.contains(&"settled".to_owned()) {
            break;
        }
        assert!(words.contains(&"settle".to_owned()), "{words:?}");
        rounds += 1;
    }
    assert_eq!(rounds, MOST_SETTLED);
}

#[tokio::test(start_paused = true)]
async fn files_in_use_are_looked_at_more_often() {
    let seconds = |watch: &Watch, since: Instant| (watch.due().unwrap() - since).as_secs();
    let start = Instant::now();
    let mut watch = watch(false);
    assert_eq!(seconds(&watch, start), 10);
    tokio::time::advance(Duration::from_secs(10)).await;
    watch.ring();
    assert_eq!(watch.due(), None);
    watch.looked(Vec::new(), Some(500));
    assert_eq!(take(&mut watch, &[]), ["look 0", "look 500"]);
    watch.looked(Vec::new(), None);
    assert_eq!(seconds(&watch, start), 70);
    watch.used();
    assert_eq!(seconds(&watch, start), 20);
    tokio::time::advance(Duration::from_secs(10)).await;
    watch.ring();
    watch.looked(Vec::new(), None);
    assert_eq!(seconds(&watch, start), 30, "it was used meanwhile");
}
