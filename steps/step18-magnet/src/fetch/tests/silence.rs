//! Peers that say nothing, or no.

use pretty_assertions::assert_eq;

use super::*;

#[test]
fn what_a_silent_peer_owes_is_asked_of_another_and_its_late_answer_counts() {
    let mut world = World::new(2 * BLOCK);
    world.join(EVE);
    assert_eq!(world.asked(), [(EVE, 0), (EVE, 1)]);
    assert_eq!(world.fetch.poll_timeout(), Some(ASK_OTHERS));
    world.wait(ASK_OTHERS);
    assert_eq!(world.asked(), [], "there is nobody else");
    world.join(ADA);
    assert_eq!(world.asked(), [(ADA, 0), (ADA, 1)]);
    world.give(ADA, 0);
    world.give(EVE, 1);
    assert_eq!(world.finished(), []);
}

#[test]
fn a_silent_peer_costs_the_others_not_a_second() {
    let mut world = World::new(8 * BLOCK);
    world.join(EVE);
    assert_eq!(world.asked().len(), 4);
    world.join(ADA);
    let mut to_give: VecDeque<(PeerKey, u32)> = world.asked().into();
    while let Some((peer, piece)) = to_give.pop_front() {
        if peer == ADA {
            world.give(ADA, piece);
        }
        if !world.fetch.is_finished() {
            to_give.extend(world.asked());
        }
    }
    assert_eq!(world.now, Duration::ZERO);
    assert_eq!(world.finished(), []);
}

#[test]
fn a_slow_peer_alone_is_not_silent() {
    let mut world = World::new(20 * BLOCK);
    world.join(ADA);
    let mut to_give: VecDeque<(PeerKey, u32)> = world.asked().into();
    while let Some((peer, piece)) = to_give.pop_front() {
        world.wait(SILENCE - Duration::from_millis(1));
        world.give(peer, piece);
        if !world.fetch.is_finished() {
            to_give.extend(world.asked());
        }
    }
    assert_eq!(world.finished(), []);
}

#[test]
fn after_half_a_minute_a_silent_peer_rests_for_a_minute() {
    let mut world = World::new(2 * BLOCK);
    world.join(EVE);
    world.actions();
    world.wait(ASK_OTHERS);
    assert_eq!(world.fetch.poll_timeout(), Some(SILENCE));
    world.wait(SILENCE - ASK_OTHERS);
    let why = LeaveReason::Silent { silent: SILENCE };
    assert_eq!(
        why.to_string(),
        "the peer has not answered a question for metadata for 30 s"
    );
    assert_eq!(world.actions(), [leave(EVE, why)]);
    assert_eq!(world.fetch.poll_timeout(), Some(SILENCE + REST));
    world.wait(REST);
    assert_eq!(
        world.asked(),
        [(EVE, 0)],
        "one is enough to see whether it is there"
    );
    world.give(EVE, 0);
    assert_eq!(world.asked(), [(EVE, 1)]);
    world.give(EVE, 1);
    assert_eq!(world.finished(), []);
}

#[test]
fn whoever_answers_all_but_one_is_not_waited_for() {
    let mut world = World::new(3 * BLOCK);
    world.join(EVE);
    world.actions();
    world.give(EVE, 0);
    world.give(EVE, 2);
    world.join(ADA);
    assert_eq!(world.asked(), [(ADA, 1)], "it is the end");
    world.give(ADA, 1);
    assert_eq!(world.finished(), []);
}

#[test]
fn whoever_refuses_is_left_alone_and_another_is_asked() {
    let mut world = World::new(2 * BLOCK);
    world.join(EVE);
    world.join(ADA);
    assert_eq!(world.asked(), [(EVE, 0), (EVE, 1), (ADA, 0)]);
    world.refuse(EVE, 0);
    assert_eq!(
        world.actions(),
        [
            leave(EVE, LeaveReason::Refused),
            FetchAction::Request {
                peer: ADA,
                piece: 1
            }
        ]
    );
    world.refuse(EVE, 1);
    assert_eq!(world.actions(), [], "it owes us nothing any more");
    world.give(ADA, 0);
    world.give(ADA, 1);
    assert_eq!(world.finished(), []);
}

#[test]
fn whoever_is_asked_too_fast_is_asked_slower() {
    let mut world = World::new(40 * BLOCK);
    world.join(ADA);
    assert_eq!(world.asked().len(), 4);
    (0..4).for_each(|piece| world.give(ADA, piece));
    assert_eq!(world.asked().len(), 8);
    // It does not take so many, and refuses half of them.
    (4..8).for_each(|piece| world.refuse(ADA, piece));
    (8..12).for_each(|piece| world.give(ADA, piece));
    assert_eq!(world.asked(), []);
    assert_eq!(world.fetch.poll_timeout(), Some(seconds(1)));
    world.wait(seconds(1));
    let asked = world.asked();
    assert_eq!(asked.first(), Some(&(ADA, 4)));
    assert_eq!(
        asked.len(),
        8,
        "half of eight, and one for each block since"
    );
}

#[test]
fn whoever_refuses_again_and_again_has_no_more_to_give() {
    let mut world = World::new(2 * BLOCK);
    world.join(ADA);
    world.give(ADA, 0);
    world.actions();
    for time in [1, 2, 4, 8, 16] {
        world.refuse(ADA, 1);
        assert_eq!(world.actions(), []);
        world.wait(seconds(time));
        assert_eq!(world.asked(), [(ADA, 1)]);
    }
    world.refuse(ADA, 1);
    assert_eq!(world.actions(), [leave(ADA, LeaveReason::Refused)]);
}

#[test]
fn whoever_does_not_speak_our_language_is_left_alone() {
    let mut world = World::new(BLOCK);
    world.join(EVE);
    world.actions();
    let error = MetadataMessage::decode(b"").unwrap_err();
    world.fetch.handle_broken(EVE, error.clone(), world.now);
    assert_eq!(
        world.actions(),
        [leave(EVE, LeaveReason::Broken(error.clone()))]
    );
    world.fetch.handle_broken(BEN, error, world.now);
    assert_eq!(world.actions(), []);
}
