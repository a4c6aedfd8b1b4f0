//! Which block to ask of whom: rarest first, end game.
//!
//! Every peer has some of the pieces, and each can be asked for any block of those. [`Picker`]
//! knows what is missing and what has been asked of whom, and chooses the next requests:
//!
//! 1. Blocks of *open* pieces, of which something was asked already, oldest first: a piece is of no
//!    use to anyone until it is whole, and until then it takes up memory. But what is rarer than all of
//!    them comes before, or the only peer that has it would send what could be had elsewhere.
//! 2. Then a new piece is opened, the *rarest*: what few peers have is lost when they leave, and a
//!    piece that everybody has can be had at any time. Among equally rare pieces chance decides,
//!    so that the peers of a swarm do not all fetch the same one. Until we have a few pieces it is
//!    any piece: a rare one comes from few peers, so it comes slowly, and we need something to
//!    trade with.
//!    What only seeds have is shared out instead between the peers that fetch it, if they are told of
//!    ([`Picker::set_fellow`]): all that a seed sends twice holds up everybody.
//! 3. When every missing block has been asked for, the *end game*: blocks are asked a second time
//!    of other peers, so that the last ones do not wait for the slowest peer.
//!
//! No more than a set number of pieces is open at a time: that is the memory the download takes.
//!
//! The picker keeps the one ledger of what was asked of whom: [`Picker::asked`] tells what is out at a
//! peer, in the order of asking. And it remembers for whom there was nothing, so that it costs
//! nothing to ask for that peer again before there is [news](Picker::news).
//!
//! ```
//! use blocks::Geometry;
//! use messages::Bitfield;
//! use picker::{PeerKey, Picker, Receipt};
//!
//! // Ten pieces of two blocks, three of them open at a time, and a peer that has them all.
//! let geometry = Geometry::new(10 * 32_768, 32_768).unwrap();
//! let mut picker = Picker::new(geometry, 3);
//! let (peer, everything) = (PeerKey(1), Bitfield::full(10));
//! picker.peer_joined(&everything);
//!
//! let mut requests = Vec::new();
//! picker.pick(peer, &everything, 2, &mut rand::rng(), &mut requests);
//! assert_eq!(requests[0].piece, requests[1].piece);
//!
//! // Its blocks come; the second makes the piece whole. Verified and written, it is ours.
//! let kept = |whole| Receipt::Kept { whole, also_asked: vec![] };
//! assert_eq!(picker.received(peer, requests[0]), kept(false));
//! assert_eq!(picker.received(peer, requests[1]), kept(true));
//! picker.close(requests[0].piece);
//! assert_eq!(picker.have().count(), 1);
//! ```

#[cfg(feature = "blocking")]
pub mod blocking;
mod crowd;
mod end_game;
mod ending;
mod fellows;
mod ledger;
mod open;
mod order;
mod picker;
mod rarity;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use end_game::END_GAME_REQUESTS;
pub use open::MOST_ASKED;
pub use order::Order;
pub use picker::{Picker, RANDOM_FIRST, Receipt};

/// A small number for one connection, never used for another.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct PeerKey(pub u32);

impl fmt::Display for PeerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
