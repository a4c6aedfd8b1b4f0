//! Trackers that refuse.

use pretty_assertions::assert_eq;

use super::*;

#[test]
fn an_error_ends_its_request_with_its_words() {
    let mut world = World::new();
    let one = world.start(1, announce(), PATIENCE);
    let other = world.start(1, announce(), PATIENCE);
    world.connect(1, 5);
    let sent = world.sent();
    let said = Said::Refused("not \x1b[1mhere".into());
    world.reply(tracker(1), &sent[0].2, said);
    assert_eq!(
        world.ended(),
        [(one, "the tracker refused: not  [1mhere".to_owned())]
    );
    world.reply(tracker(1), &sent[1].2, announced(2));
    assert_eq!(world.ended(), [(other, "2 seeders".to_owned())]);
    // Perhaps it was the connection id: the next request asks for another.
    world.start(1, announce(), PATIENCE);
    assert_eq!(world.names(), ["connect"]);
}

#[test]
fn an_error_to_the_connect_ends_all_that_wait_for_it() {
    let mut world = World::new();
    let one = world.start(1, announce(), PATIENCE);
    let other = world.start(1, scrape(), PATIENCE);
    let sent = world.sent();
    world.reply(tracker(1), &sent[0].2, Said::Refused("full".into()));
    let told = "the tracker refused: full".to_owned();
    assert_eq!(world.ended(), [(one, told.clone()), (other, told)]);
    world.expect_empty();
}

#[test]
fn an_error_to_one_request_lets_others_wait_for_their_new_id() {
    let mut world = World::new();
    let old = world.start(1, announce(), WHOLE_PATIENCE);
    world.connect(1, 5);
    let sent = world.wait(61);
    let new = world.start(1, announce(), PATIENCE);
    let connect = world.sent().remove(0).2;
    world.reply(tracker(1), &sent[0].2, Said::Refused("old id".into()));
    assert_eq!(
        world.ended(),
        [(old, "the tracker refused: old id".to_owned())]
    );
    world.reply(tracker(1), &connect, Said::Connected(ConnectionId(6)));
    let sent = world.sent();
    world.reply(tracker(1), &sent[0].2, announced(1));
    assert_eq!(world.ended(), [(new, "1 seeders".to_owned())]);
}

#[test]
fn a_tracker_that_refuses_an_old_id_is_asked_once_more_with_a_new_one() {
    let mut world = World::new();
    world.start(1, announce(), PATIENCE);
    world.connect(1, 5);
    let first = world.sent().remove(0).2;
    world.reply(tracker(1), &first, announced(1));
    world.ended();
    // It has begun anew, and knows nothing of its old ids.
    let id = world.start(1, scrape(), PATIENCE);
    let with_the_old = world.sent().remove(0).2;
    world.reply(tracker(1), &with_the_old, Said::Refused("who?".into()));
    assert_eq!(world.ended(), []);
    let connect = world.wait(0);
    assert_eq!(times(&connect), [(0, "connect")]);
    world.reply(tracker(1), &connect[0].2, Said::Connected(ConnectionId(6)));
    let with_the_new = world.sent().remove(0).2;
    // Not without end.
    world.reply(tracker(1), &with_the_new, Said::Refused("no".into()));
    assert_eq!(world.ended(), [(id, "the tracker refused: no".to_owned())]);
}
