//! Chapter 19: peers who tell of peers. `ut_pex` (BEP 11), by which two peers that are connected tell
//! each other whom else they are connected to; and local service discovery (BEP 14), by which those on
//! one network find each other without any help.
//!
//! Neither needs a tracker. Peer exchange needs one peer to begin with; discovery needs none.
//!
//! ```text
//! a peer      added: 10.0.0.7:6881, 10.0.0.9:51413      dropped: 10.0.0.4:6881
//! a minute    (nothing has changed, so nothing is said)
//! a minute    added: 10.0.0.12:6881
//! ```
//!
//! [`PexMessage`] is what is said. [`Outbox`] is what one peer has been told, and makes its next
//! message; [`Inbox`] is what one peer has told us, and how much of it is believed. Neither reads a
//! clock or opens a socket:
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::net::SocketAddr;
//! use std::time::Duration;
//!
//! use exchange::{Flags, Heard, Inbox, Outbox};
//! use rand::{SeedableRng, rngs::SmallRng};
//!
//! let rng = &mut SmallRng::seed_from_u64(1);
//! let [ada, ben, carl]: [SocketAddr; 3] =
//!     ["192.0.2.1:1", "192.0.2.2:2", "192.0.2.3:3"].map(|addr| addr.parse().unwrap());
//! let minute = Duration::from_secs(60);
//!
//! // Ada is connected to Ben and Carl, and tells Ben.
//! let mut connected = BTreeMap::from([(ben, Flags::NONE), (carl, Flags::SEED)]);
//! let mut to_ben = Outbox::new();
//! let message = to_ben.next(Some(ben), &connected, Duration::ZERO, rng).unwrap();
//!
//! // Ben hears of Carl, and not of himself.
//! let mut of_ada = Inbox::new(ada.ip());
//! let Ok(Heard::News { added, .. }) = of_ada.handle(&message.encode(), Duration::ZERO) else { panic!() };
//! assert_eq!(added.len(), 1);
//! assert_eq!(added[0].addr, carl);
//! assert!(added[0].flags.contain(Flags::SEED));
//!
//! // Carl goes; a minute later Ben hears of it.
//! connected.remove(&carl);
//! assert!(to_ben.next(Some(ben), &connected, minute / 2, rng).is_none());
//! let message = to_ben.next(Some(ben), &connected, minute, rng).unwrap();
//! of_ada.handle(&message.encode(), minute).unwrap();
//! assert_eq!(of_ada.contacts().count(), 0);
//! ```
//!
//! [`Lsd`] says when to tell the local network what, and reads what others tell; [`Search`] is the
//! datagram. Neither is for a private torrent (BEP 27).
//!
//! Not built: BEP 11 allows who has few connections to tell of recent ones, too.

mod bucket;
mod contact;
mod inbox;
pub mod limits;
pub mod lsd;
mod message;
mod outbox;

pub use contact::{Contact, Flags};
pub use inbox::{Flood, Heard, Inbox};
pub use lsd::{Lsd, Search};
pub use message::{NAME, PexError, PexMessage};
pub use outbox::Outbox;
