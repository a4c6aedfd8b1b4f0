//! Peers that send what is not true.

use pretty_assertions::assert_eq;

use super::*;

/// Gives Ada's blocks as they are, and Eve's as rubbish, until nothing is asked any more.
fn answer_all(world: &mut World) -> Vec<FetchAction> {
    let mut told = Vec::new();
    let mut to_do: VecDeque<FetchAction> = world.actions().into();
    while let Some(action) = to_do.pop_front() {
        match action {
            FetchAction::Request { peer: EVE, piece } => world.give_rubbish(EVE, piece),
            FetchAction::Request { peer, piece } => world.give(peer, piece),
            other => told.push(other),
        }
        to_do.extend(world.actions());
    }
    told
}

#[test]
fn a_liar_alone_is_found_by_the_hash() {
    let mut world = World::new(2 * BLOCK);
    world.join(EVE);
    let size = world.size();
    assert_eq!(answer_all(&mut world), [ban(EVE, Lie::WrongHash { size })]);
    world.join(ADA);
    assert_eq!(
        world.asked(),
        [(ADA, 0), (ADA, 1)],
        "nothing of hers is kept"
    );
}

#[test]
fn one_among_two_spoils_the_whole_and_is_named_by_it() {
    let mut world = World::new(6 * BLOCK);
    world.join(EVE);
    world.join(ADA);
    let told = answer_all(&mut world);
    let info = world.info.clone();
    let size = world.size();
    let Some(found) = told
        .iter()
        .position(|told| *told == FetchAction::Finished { info: info.clone() })
    else {
        panic!("{told:?}");
    };
    let others: Vec<&FetchAction> = told
        .iter()
        .enumerate()
        .filter(|(n, _)| *n != found)
        .map(|(_, told)| told)
        .collect();
    let alone = ban(EVE, Lie::WrongHash { size });
    let beside = ban(EVE, Lie::WrongBlock);
    assert!(others == [&alone] || others == [&beside], "{told:?}");
}

#[test]
fn alone_the_first_that_is_right_ends_it_and_the_liar_is_known_by_its_block() {
    let mut world = World::new(3 * BLOCK);
    world.join(EVE);
    world.join(ADA);
    assert_eq!(world.asked(), [(EVE, 0), (EVE, 1), (EVE, 2), (ADA, 0)]);
    world.give(ADA, 0);
    assert_eq!(world.asked(), [(ADA, 1)]);
    world.give(ADA, 1);
    assert_eq!(world.asked(), [(ADA, 2)]);
    world.give_rubbish(EVE, 2);
    // It is wrong; each sends what it has not sent, and Ada owes it already.
    assert_eq!(
        world.asked(),
        [(EVE, 0), (EVE, 1)][..0].to_vec(),
        "asked before"
    );
    world.give(ADA, 2);
    assert_eq!(world.finished(), [ban(EVE, Lie::WrongBlock)]);
}

#[test]
fn what_was_given_to_the_common_copy_is_not_asked_for_again() {
    let mut world = World::new(8 * BLOCK);
    world.join(EVE);
    world.join(ADA);
    world.actions();
    (4..8).for_each(|piece| world.give(ADA, piece));
    world.actions();
    (0..4).for_each(|piece| world.give_rubbish(EVE, piece));
    let mut asked = world.asked();
    asked.retain(|(peer, _)| *peer == ADA);
    let again = asked.iter().filter(|(_, piece)| *piece >= 4);
    assert_eq!(again.count(), 0, "{asked:?}");
}

#[test]
fn two_that_agree_on_a_lie_are_found_each_alone() {
    let mut world = World::new(4 * BLOCK);
    world.join(EVE);
    world.join(BEN);
    let size = world.size();
    let mut banned = Vec::new();
    let mut to_do: VecDeque<FetchAction> = world.actions().into();
    while let Some(action) = to_do.pop_front() {
        match action {
            FetchAction::Request { peer, piece } => world.give_rubbish(peer, piece),
            FetchAction::Ban { peer, why } => {
                assert_eq!(why, Lie::WrongHash { size });
                banned.push(peer);
            }
            other => panic!("{other:?}"),
        }
        to_do.extend(world.actions());
    }
    banned.sort();
    assert_eq!(banned, [BEN, EVE]);
}

#[test]
fn a_liar_about_the_size_is_in_nobodys_way() {
    let mut world = World::new(2 * BLOCK);
    world.fetch.joined(EVE, Some(MAX_METADATA), world.now);
    world.actions();
    world.join(ADA);
    assert_eq!(world.asked(), [(ADA, 0), (ADA, 1)]);
    world.give(ADA, 0);
    world.give(ADA, 1);
    let (claimed, right) = (MAX_METADATA, world.size());
    let why = Lie::WrongSize { claimed, right };
    assert_eq!(
        why.to_string(),
        "the peer claimed metadata of 67108864 bytes, and the torrent's have 32768"
    );
    assert_eq!(world.finished(), [ban(EVE, why)]);
}

#[test]
fn whoever_contradicts_itself_lies() {
    let mut world = World::new(2 * BLOCK);
    let size = world.size();
    for said in [0, 1, size + 1, u64::MAX] {
        world.join(EVE);
        world.actions();
        let block = world.block(0);
        let message = MetadataMessage::Data {
            piece: 0,
            total_size: Some(said),
            block,
        };
        world.fetch.handle(EVE, message, world.now);
        let why = Lie::Contradiction {
            claimed: size,
            said,
        };
        assert_eq!(world.actions(), [ban(EVE, why)]);
    }
    world.join(EVE);
    world.actions();
    world.fetch.joined(EVE, Some(size + 1), world.now);
    let why = Lie::Contradiction {
        claimed: size,
        said: size + 1,
    };
    assert_eq!(world.actions(), [ban(EVE, why)]);
}

#[test]
fn a_block_of_another_length_is_none_and_its_sender_is_not_believed_any_more() {
    let mut world = World::new(2 * BLOCK + 5);
    for (piece, len, expected) in [(0, 5, BLOCK), (2, 6, 5), (2, BLOCK, 5)] {
        world.join(EVE);
        world.actions();
        world.give_rubbish(EVE, 1);
        world.send(EVE, piece, rubbish(len));
        let why = Lie::BlockLength {
            piece,
            len,
            expected,
        };
        assert_eq!(world.actions(), [ban(EVE, why)]);
    }
    world.join(ADA);
    assert_eq!(world.asked().len(), 3, "what Eve sent before is not kept");
}

#[test]
fn a_size_that_comes_with_a_block_is_not_believed_blindly() {
    let mut world = World::new(BLOCK);
    for (total_size, why) in [
        (None, LeaveReason::NoSize),
        (Some(0), LeaveReason::NoSize),
        (Some(u64::MAX), LeaveReason::TooLarge { size: u64::MAX }),
    ] {
        world.fetch.joined(EVE, None, world.now);
        world.actions();
        let message = MetadataMessage::Data {
            piece: 0,
            total_size,
            block: rubbish(BLOCK),
        };
        world.fetch.handle(EVE, message, world.now);
        assert_eq!(world.actions(), [leave(EVE, why)]);
        world.fetch.left(EVE, world.now);
    }
}

#[test]
fn a_slow_liar_keeps_nobody_from_its_turn() {
    // So large that there is memory for one copy at a time.
    let mut world = World::new(1_024 * BLOCK);
    world.join(EVE);
    world.join(ADA);
    // Ada gives nine blocks, Eve all others; and so the whole is wrong.
    let mut of_ada = BTreeSet::new();
    let mut of_eve = BTreeSet::new();
    let mut to_do: VecDeque<(PeerKey, u32)> = world.asked().into();
    while let Some((peer, piece)) = to_do.pop_front() {
        if peer == EVE && of_eve.len() < 1_015 && of_eve.insert(piece) {
            world.give_rubbish(EVE, piece);
        } else if peer == ADA && of_ada.len() < 9 && of_ada.insert(piece) {
            world.give(ADA, piece);
        }
        to_do.extend(world.asked());
    }
    assert_eq!(
        world.fetch.progress(),
        Some((1_015, 1_024)),
        "it is Eve's turn alone"
    );
    // Ben comes and is fast; Eve sends something every two seconds.
    let begun = world.now;
    world.join(BEN);
    let mut owed_by_eve: Vec<u32> = (0..1_024).filter(|piece| !of_eve.contains(piece)).collect();
    while !world.fetch.is_finished() {
        let piece = owed_by_eve.pop().expect("more of Eve's");
        world.give_rubbish(EVE, piece);
        let mut to_do: VecDeque<FetchAction> = world.actions().into();
        while let Some(action) = to_do.pop_front() {
            if let FetchAction::Request { peer: BEN, piece } = action {
                world.give(BEN, piece);
                if !world.fetch.is_finished() {
                    to_do.extend(world.actions());
                }
            }
        }
        world.wait(seconds(2));
        assert!(
            world.now - begun < seconds(20),
            "{:?}",
            world.fetch.progress()
        );
    }
    let told = world.finished();
    assert!(told.contains(&ban(EVE, Lie::WrongBlock)), "{told:?}");
}
