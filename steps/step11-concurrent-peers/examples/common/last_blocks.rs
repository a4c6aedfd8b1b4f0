//! The end of a download in virtual time: peers of different speeds, and the real picker.

use std::collections::VecDeque;
use std::time::Duration;

use blocks::{BLOCK, Geometry};
use messages::{Bitfield, BlockRequest};
use picker::{PeerKey, Picker, Receipt};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// How many milliseconds each peer takes for a block.
pub const PEERS: [u64; 4] = [150, 150, 150, 1_000];

/// How many requests are out at each.
const OUT: usize = 8;

/// The torrent: 20 pieces of four blocks.
pub const PIECES: u32 = 20;

/// What is done when every block that is missing was asked of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Nothing: we wait.
    Wait,
    /// Whoever has room is asked for what others were asked for.
    Again,
    /// Only if it would bring it much sooner than they do.
    IfSooner,
}

/// A block that has come.
#[derive(Clone, Copy, Debug)]
pub struct Came {
    pub peer: usize,
    pub block: BlockRequest,
    /// When its first byte was sent, and when the last was here, in milliseconds.
    pub from: u64,
    pub to: u64,
    /// Whether it was here already.
    pub in_vain: bool,
}

/// A peer, the blocks it was asked for, and when it began with the first of them.
#[derive(Default)]
struct Peer {
    asked: VecDeque<BlockRequest>,
    began: u64,
}

/// Fetches the torrent from peers that take so many milliseconds for a block, and says in which order
/// the blocks came.
pub fn download(each: [u64; 4], ending: Ending) -> Vec<Came> {
    let length = 4 * u64::from(BLOCK);
    let geometry = Geometry::new(u64::from(PIECES) * length, length).expect("a torrent");
    let all = Bitfield::full(PIECES);
    let mut picker = Picker::new(geometry, PIECES);
    let mut peers: [Peer; 4] = Default::default();
    each.iter().for_each(|_| picker.peer_joined(&all));
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (mut now, mut came) = (0, Vec::new());
    while !picker.is_complete() {
        for (index, peer) in peers.iter_mut().enumerate() {
            if peer.asked.is_empty() {
                peer.began = now;
            }
            let key = PeerKey(index as u32);
            let room = OUT - peer.asked.len();
            peer.asked
                .extend(pick(&mut picker, key, &all, room, (each, ending), &mut rng));
        }
        let (index, to) = next(&peers, each).expect("somebody sends");
        now = to;
        let peer = &mut peers[index];
        let (block, from) = (peer.asked.pop_front().expect("it sends this"), peer.began);
        peer.began = now;
        let receipt = picker.received(PeerKey(index as u32), block);
        let in_vain = receipt == Receipt::Unwanted;
        came.push(Came {
            peer: index,
            block,
            from,
            to,
            in_vain,
        });
        if let Receipt::Kept { whole, also_asked } = receipt {
            also_asked
                .iter()
                .for_each(|other| cancel(&mut peers[other.0 as usize], block));
            if whole {
                picker.close(block.piece);
            }
        }
    }
    came
}

/// What this peer is asked for next.
fn pick(
    picker: &mut Picker,
    peer: PeerKey,
    all: &Bitfield,
    room: usize,
    (each, ending): ([u64; 4], Ending),
    rng: &mut ChaCha8Rng,
) -> Vec<BlockRequest> {
    let mut out = Vec::new();
    picker.pick_missing(peer, all, room, rng, &mut out);
    if out.len() < room && picker.in_end_game() {
        match ending {
            Ending::Wait => {}
            Ending::Again => picker.pick(peer, all, room - out.len(), rng, &mut out),
            Ending::IfSooner => {
                let each = |peer: PeerKey| each[peer.0 as usize];
                let due = |peer, place| Duration::from_millis((place as u64 + 1) * each(peer));
                let sooner = |ours: Duration, theirs: Duration| {
                    theirs > ours * 2 + Duration::from_millis(250)
                };
                picker.pick_again(peer, all, room - out.len(), due, sooner, &mut out);
            }
        }
    }
    out
}

/// Who is the next to have sent a block, and when.
fn next(peers: &[Peer], each: [u64; 4]) -> Option<(usize, u64)> {
    let busy = peers
        .iter()
        .enumerate()
        .filter(|(_, peer)| !peer.asked.is_empty());
    busy.map(|(index, peer)| (index, peer.began + each[index]))
        .min_by_key(|&(_, to)| to)
}

/// A `cancel` has come. The block that is being sent is sent all the same.
fn cancel(peer: &mut Peer, block: BlockRequest) {
    let first = peer.asked.front().copied();
    peer.asked
        .retain(|&asked| asked != block || Some(asked) == first);
}
