use pretty_assertions::assert_eq;

use super::*;
use crate::limits::{ASK_OTHERS, BLOCK, REST, SILENCE};

mod liars;
mod silence;

/// A fetch, and the truth.
struct World {
    fetch: MetadataFetch,
    info: Vec<u8>,
    now: Duration,
}

const ADA: PeerKey = PeerKey(1);
const BEN: PeerKey = PeerKey(2);
const EVE: PeerKey = PeerKey(3);

/// What no metadata are made of.
fn rubbish(len: usize) -> Vec<u8> {
    vec![0xee; len]
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl World {
    /// With metadata of so many bytes.
    fn new(size: usize) -> World {
        let info: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
        World {
            fetch: MetadataFetch::new(InfoHash::of(&info)),
            info,
            now: Duration::ZERO,
        }
    }

    fn size(&self) -> u64 {
        self.info.len() as u64
    }

    /// A peer that claims the right size.
    fn join(&mut self, peer: PeerKey) {
        self.fetch.joined(peer, Some(self.size()), self.now);
    }

    fn block(&self, piece: u32) -> Vec<u8> {
        let begin = piece as usize * BLOCK;
        self.info[begin..self.info.len().min(begin + BLOCK)].to_vec()
    }

    fn send(&mut self, peer: PeerKey, piece: u32, block: Vec<u8>) {
        let total_size = Some(self.size());
        let message = MetadataMessage::Data {
            piece,
            total_size,
            block,
        };
        self.fetch.handle(peer, message, self.now);
    }

    fn give(&mut self, peer: PeerKey, piece: u32) {
        let block = self.block(piece);
        self.send(peer, piece, block);
    }

    fn give_rubbish(&mut self, peer: PeerKey, piece: u32) {
        let block = rubbish(self.block(piece).len());
        self.send(peer, piece, block);
    }

    fn refuse(&mut self, peer: PeerKey, piece: u32) {
        let message = MetadataMessage::Reject { piece };
        self.fetch.handle(peer, message, self.now);
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        self.fetch.handle_timeout(self.now);
    }

    fn actions(&mut self) -> Vec<FetchAction> {
        std::iter::from_fn(|| self.fetch.poll_action()).collect()
    }

    /// The questions, and nothing else.
    fn asked(&mut self) -> Vec<(PeerKey, u32)> {
        let asked = self.actions().into_iter().map(|action| match action {
            FetchAction::Request { peer, piece } => (peer, piece),
            other => panic!("{other:?}"),
        });
        asked.collect()
    }

    /// That the metadata are here, and what is said beside.
    fn finished(&mut self) -> Vec<FetchAction> {
        assert!(self.fetch.is_finished());
        let mut actions = self.actions();
        let finished = FetchAction::Finished {
            info: self.info.clone(),
        };
        let at = actions.iter().position(|action| *action == finished);
        actions.remove(at.expect("the right metadata"));
        assert_eq!(self.fetch.poll_timeout(), None);
        actions
    }
}

fn ban(peer: PeerKey, why: Lie) -> FetchAction {
    FetchAction::Ban { peer, why }
}

fn leave(peer: PeerKey, why: LeaveReason) -> FetchAction {
    FetchAction::Leave { peer, why }
}

#[test]
fn one_peer_sends_all_of_it() {
    let mut world = World::new(2 * BLOCK + 7);
    world.join(ADA);
    assert_eq!(world.asked(), [(ADA, 0), (ADA, 1), (ADA, 2)]);
    // In any order.
    for piece in [2, 0, 1] {
        assert!(!world.fetch.is_finished());
        world.give(ADA, piece);
    }
    assert_eq!(world.finished(), []);
}

#[test]
fn several_peers_send_a_part_each() {
    let mut world = World::new(6 * BLOCK);
    world.fetch.joined(ADA, None, world.now);
    assert_eq!(world.asked(), [(ADA, 0)]);
    let mut world = World::new(12 * BLOCK);
    world.join(ADA);
    assert_eq!(world.asked(), [(ADA, 0), (ADA, 1), (ADA, 2), (ADA, 3)]);
    world.join(BEN);
    assert_eq!(world.asked(), [(BEN, 4), (BEN, 5), (BEN, 6), (BEN, 7)]);
    // Each block makes room for the next, and one more.
    world.give(ADA, 0);
    assert_eq!(world.asked(), [(ADA, 8), (ADA, 9)]);
    world.give(BEN, 4);
    assert_eq!(world.asked(), [(BEN, 10), (BEN, 11)]);
    assert_eq!(world.fetch.progress(), Some((2, 12)));
}

#[test]
fn at_the_end_the_fast_do_not_wait_for_the_slow() {
    let mut world = World::new(3 * BLOCK);
    world.join(ADA);
    world.join(BEN);
    // Everything has been asked for: Ben is asked for what Ada owes.
    assert_eq!(world.asked(), [(ADA, 0), (ADA, 1), (ADA, 2), (BEN, 0)]);
    world.give(BEN, 0);
    assert_eq!(world.asked(), [(BEN, 1)]);
    world.give(BEN, 1);
    assert_eq!(world.asked(), [(BEN, 2)]);
    world.give(ADA, 0);
    assert_eq!(world.asked(), [], "she owes two still");
    world.give(BEN, 2);
    assert_eq!(world.finished(), []);
}

#[test]
fn no_more_than_four_are_asked_for_the_same() {
    let mut world = World::new(BLOCK);
    for peer in 0..9 {
        world.join(PeerKey(peer));
    }
    assert_eq!(world.asked().len(), 4);
}

#[test]
fn who_says_no_size_says_it_with_a_block() {
    let mut world = World::new(BLOCK + 1);
    world.fetch.joined(ADA, None, world.now);
    assert_eq!(world.asked(), [(ADA, 0)]);
    world.give(ADA, 0);
    assert_eq!(world.asked(), [(ADA, 1)]);
    world.give(ADA, 1);
    assert_eq!(world.finished(), []);
}

#[test]
fn who_says_its_size_later_is_not_asked_twice() {
    let mut world = World::new(BLOCK + 1);
    world.fetch.joined(ADA, None, world.now);
    assert_eq!(world.asked(), [(ADA, 0)]);
    world.join(ADA);
    assert_eq!(world.asked(), [(ADA, 1)]);
    world.join(ADA);
    assert_eq!(world.asked(), [], "said again");
    world.give(ADA, 0);
    world.give(ADA, 1);
    assert_eq!(world.finished(), []);
}

#[test]
fn who_has_no_metadata_yet_is_asked_again_when_it_has() {
    let mut world = World::new(BLOCK);
    world.fetch.joined(ADA, None, world.now);
    world.actions();
    world.refuse(ADA, 0);
    assert_eq!(world.actions(), [leave(ADA, LeaveReason::Refused)]);
    // It says so in another handshake, and does not wait for a minute.
    world.join(ADA);
    assert_eq!(world.asked(), [(ADA, 0)]);
}

#[test]
fn who_leaves_has_not_worked_in_vain() {
    let mut world = World::new(2 * BLOCK);
    world.join(ADA);
    world.give(ADA, 0);
    world.fetch.left(ADA, world.now);
    assert_eq!(world.actions(), [], "nothing is sent to who has left");
    world.join(BEN);
    assert_eq!(world.asked(), [(BEN, 1)]);
    world.give(BEN, 1);
    assert_eq!(world.finished(), []);
}

#[test]
fn what_we_have_not_asked_for_is_not_looked_at() {
    let mut world = World::new(2 * BLOCK);
    world.give(EVE, 0);
    world.join(ADA);
    world.actions();
    world.send(ADA, 7, rubbish(BLOCK));
    world.refuse(ADA, 7);
    world.give(ADA, 0);
    world.send(ADA, 0, rubbish(BLOCK));
    assert_eq!(world.actions(), []);
    let request = MetadataMessage::Request { piece: 0 };
    world.fetch.handle(ADA, request, world.now);
    let unknown = MetadataMessage::Unknown { kind: 9 };
    world.fetch.handle(ADA, unknown, world.now);
    assert_eq!(world.actions(), []);
    world.give(ADA, 1);
    assert_eq!(world.finished(), []);
    world.join(BEN);
    world.give(ADA, 0);
    assert_eq!(world.actions(), [], "it is over");
}

#[test]
fn there_is_an_end_to_the_peers_that_are_asked() {
    let mut world = World::new(1);
    for peer in 0..1_000 {
        world.fetch.joined(PeerKey(peer), None, world.now);
    }
    assert_eq!(world.asked().len(), MAX_PEERS);
}

#[test]
fn metadata_of_64_mib_come_in_4096_blocks_and_larger_ones_not_at_all() {
    let mut world = World::new(MAX_METADATA as usize);
    world.fetch.joined(EVE, Some(MAX_METADATA + 1), world.now);
    let size = MAX_METADATA + 1;
    assert_eq!(
        world.actions(),
        [leave(EVE, LeaveReason::TooLarge { size })]
    );
    world.join(ADA);
    let mut most = 0;
    let mut to_give: VecDeque<(PeerKey, u32)> = world.asked().into();
    while let Some((peer, piece)) = to_give.pop_front() {
        most = most.max(to_give.len() + 1);
        world.give(peer, piece);
        if !world.fetch.is_finished() {
            to_give.extend(world.asked());
        }
    }
    assert_eq!(most, crate::limits::MAX_WINDOW);
    assert_eq!(world.finished(), []);
}
