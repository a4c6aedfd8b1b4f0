//! Pieces dealt out to peers of different speeds, in virtual time.

/// A peer, and how many milliseconds it takes for a piece.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    pub name: &'static str,
    pub each: u64,
}

/// Pieces of 256 KiB: the first peer sends 2.5 MiB a second, the last an eighth of one.
pub const PEERS: [Peer; 4] = [
    Peer {
        name: "fast",
        each: 100,
    },
    Peer {
        name: "usual",
        each: 200,
    },
    Peer {
        name: "slow",
        each: 400,
    },
    Peer {
        name: "very slow",
        each: 2_000,
    },
];

/// How many pieces there are.
pub const PIECES: u32 = 64;

/// A piece: who sent it, when it was asked for, and when it was here, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    pub peer: usize,
    pub from: u64,
    pub to: u64,
}

/// All pieces from one peer, as in chapter 9.
pub fn from_one(peer: usize) -> Vec<Sent> {
    let each = PEERS[peer].each;
    let send = |piece| Sent {
        peer,
        from: piece * each,
        to: (piece + 1) * each,
    };
    (0..u64::from(PIECES)).map(send).collect()
}

// ANCHOR: shares
/// To every peer an equal share, before the first piece is asked for.
pub fn in_equal_shares() -> Vec<Sent> {
    let share = u64::from(PIECES) / PEERS.len() as u64;
    let mut sent = Vec::new();
    for (peer, Peer { each, .. }) in PEERS.iter().enumerate() {
        for piece in 0..share {
            sent.push(Sent {
                peer,
                from: piece * each,
                to: (piece + 1) * each,
            });
        }
    }
    sent
}
// ANCHOR_END: shares

// ANCHOR: queue
/// Whoever has nothing to do gets the next piece.
pub fn from_one_queue() -> Vec<Sent> {
    let mut free_at = PEERS.map(|_| 0);
    let mut sent = Vec::new();
    for _ in 0..PIECES {
        let first = (0..PEERS.len()).min_by_key(|&peer| free_at[peer]);
        let peer = first.unwrap_or(0);
        let from = free_at[peer];
        free_at[peer] += PEERS[peer].each;
        sent.push(Sent {
            peer,
            from,
            to: free_at[peer],
        });
    }
    sent
}
// ANCHOR_END: queue

/// When the last piece is here.
pub fn end(sent: &[Sent]) -> u64 {
    sent.iter().map(|piece| piece.to).max().unwrap_or(0)
}
