//! What happens to a picker.

use proptest::prelude::*;

use super::PEERS;

/// What happens to a picker. Numbers choose among what is there, modulo how much that is.
#[derive(Clone, Debug)]
pub enum Op {
    Join {
        peer: u32,
        has: Vec<bool>,
    },
    Leave {
        peer: u32,
    },
    Have {
        peer: u32,
        piece: u32,
    },
    Pick {
        peer: u32,
        count: usize,
    },
    /// A block that was asked for comes.
    Receive {
        which: usize,
        late: bool,
    },
    /// Any block comes, asked for or not.
    ReceiveAny {
        peer: u32,
        piece: u32,
        block: u32,
    },
    Release {
        which: usize,
    },
    /// A peer is slow: others may be asked for a block that it still owes.
    Yield {
        which: usize,
    },
    /// A peer is asked for what slow ones were asked for.
    PickAgain {
        peer: u32,
        slow: Vec<bool>,
        count: usize,
    },
    Choke {
        peer: u32,
    },
    Close {
        which: usize,
    },
    Fail {
        which: usize,
    },
    OnlyFrom {
        piece: u32,
        peer: Option<u32>,
    },
    Forget {
        which: usize,
    },
    /// A piece is found on disk, whatever is known of it.
    Found {
        piece: u32,
    },
    MaxOpen {
        count: u32,
    },
    /// Nobody wants a piece any more.
    LeaveOut {
        piece: u32,
    },
    /// It is wanted, perhaps as before.
    TakeIn {
        piece: u32,
    },
}

pub fn op() -> impl Strategy<Value = Op> {
    let peer = 0..PEERS;
    let piece = 0u32..12;
    prop_oneof![
        2 => (peer.clone(), prop::collection::vec(any::<bool>(), 12))
            .prop_map(|(peer, has)| Op::Join { peer, has }),
        1 => peer.clone().prop_map(|peer| Op::Join { peer, has: vec![true; 12] }),
        1 => peer.clone().prop_map(|peer| Op::Leave { peer }),
        2 => (peer.clone(), piece.clone()).prop_map(|(peer, piece)| Op::Have { peer, piece }),
        8 => (peer.clone(), 0usize..12).prop_map(|(peer, count)| Op::Pick { peer, count }),
        20 => (any::<usize>(), prop::bool::weighted(0.05))
            .prop_map(|(which, late)| Op::Receive { which, late }),
        1 => (peer.clone(), piece.clone(), 0u32..4)
            .prop_map(|(peer, piece, block)| Op::ReceiveAny { peer, piece, block }),
        2 => any::<usize>().prop_map(|which| Op::Release { which }),
        2 => any::<usize>().prop_map(|which| Op::Yield { which }),
        2 => (peer.clone(), prop::collection::vec(any::<bool>(), PEERS as usize), 1usize..6)
            .prop_map(|(peer, slow, count)| Op::PickAgain { peer, slow, count }),
        1 => peer.clone().prop_map(|peer| Op::Choke { peer }),
        4 => any::<usize>().prop_map(|which| Op::Close { which }),
        1 => any::<usize>().prop_map(|which| Op::Fail { which }),
        1 => (piece.clone(), prop::option::of(peer))
            .prop_map(|(piece, peer)| Op::OnlyFrom { piece, peer }),
        1 => any::<usize>().prop_map(|which| Op::Forget { which }),
        1 => piece.clone().prop_map(|piece| Op::Found { piece }),
        1 => piece.clone().prop_map(|piece| Op::LeaveOut { piece }),
        2 => piece.prop_map(|piece| Op::TakeIn { piece }),
        1 => (1u32..6).prop_map(|count| Op::MaxOpen { count }),
    ]
}
