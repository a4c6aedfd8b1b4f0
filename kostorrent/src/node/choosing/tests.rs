use std::collections::BTreeSet;
use std::time::Duration;

use layout::Kind;
use pretty_assertions::assert_eq;

use super::*;

/// Three files of a piece each.
fn files() -> (Arc<Layout>, Files) {
    let file = |name: &str| (name.into(), 16_384, Kind::Regular { executable: false });
    let layout = Layout::new(vec![file("a"), file("b"), file("c")], 16_384).unwrap();
    let files = Files::new(&layout);
    (Arc::new(layout), files)
}

fn of(numbers: &[u8]) -> Selection {
    Selection::from_numbers(&files().1, numbers).unwrap()
}

fn choosing(first: &[u8]) -> (watch::Sender<Option<Selection>>, Choosing) {
    let (to, choices) = watch::channel(None);
    let choosing = Choosing::new(files().0, Some(&of(first)), choices);
    (to, choosing)
}

#[tokio::test(start_paused = true)]
async fn the_last_choice_counts_and_without_one_it_waits() {
    let (to, mut choosing) = choosing(&[2, 2, 2]);
    let a_while = Duration::from_secs(60);
    let none = tokio::time::timeout(a_while, choosing.next()).await;
    assert!(none.is_err());
    to.send_replace(Some(of(&[2, 0, 0])));
    to.send_replace(Some(of(&[0, 2, 0])));
    assert_eq!(choosing.next().await, of(&[0, 2, 0]));
    drop(to);
    let none = tokio::time::timeout(a_while, choosing.next()).await;
    assert!(none.is_err());
}

#[test]
fn what_the_disk_cannot_do_is_not_wanted_after_all() {
    let (_to, mut choosing) = choosing(&[2, 2, 0]);
    let Job::Choose { wanted } = choosing.ask(&of(&[0, 3, 2])) else {
        panic!("another job");
    };
    assert_eq!(wanted, BTreeSet::from([1, 2]));
    assert_eq!(choosing.answered(false), Some(of(&[0, 3, 0])));
    // From there it goes on.
    choosing.ask(&of(&[2, 2, 2]));
    assert_eq!(choosing.answered(false), Some(of(&[0, 2, 0])));
    choosing.ask(&of(&[2, 2, 2]));
    assert_eq!(choosing.answered(true), None);
    choosing.ask(&of(&[0, 0, 1]));
    assert_eq!(choosing.answered(false), Some(of(&[0, 0, 1])));
}

#[test]
fn a_later_choice_is_not_undone_by_the_answer_to_an_earlier_one() {
    let (_to, mut choosing) = choosing(&[2, 0, 0]);
    choosing.ask(&of(&[2, 2, 0]));
    choosing.ask(&of(&[2, 0, 2]));
    assert_eq!(choosing.answered(false), None);
    assert_eq!(choosing.answered(true), None);
    choosing.ask(&of(&[0, 2, 2]));
    assert_eq!(choosing.answered(false), Some(of(&[0, 0, 2])));
}

#[test]
fn classes_are_for_those_who_want_some_more_than_others() {
    let layout = files().0;
    let pieces = |numbers: &[u8]| {
        let (wanted, first) = pieces(&Needs::of(&layout, &of(numbers)));
        let list = |set: &Bitfield| set.iter_ones().collect::<Vec<u32>>();
        (list(&wanted), first.iter().map(list).collect::<Vec<_>>())
    };
    assert_eq!(pieces(&[2, 0, 2]), (vec![0, 2], vec![]));
    assert_eq!(pieces(&[1, 2, 3]), (vec![0, 1, 2], vec![vec![2], vec![1]]));
}
