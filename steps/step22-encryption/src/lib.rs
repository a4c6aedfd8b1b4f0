//! Chapter 22: encrypted connections, which the field calls Message Stream Encryption or Protocol
//! Encryption. No BEP describes them: the specification was a page of the wiki of Vuze, and the
//! clients that speak it today.
//!
//! It hides what a connection is from who looks at it in passing: a provider that slows down what
//! begins with `BitTorrent protocol`. It hides nothing from who knows the info-hash, and tells nobody
//! who is at the other end: whoever sits between the two can be both of them.
//!
//! ```text
//! the caller                                        the called
//!   public key, a pad of random length       ───▶
//!                                            ◀───   public key, a pad of random length
//!   a hash of the secret, the torrent's hash
//!   masked; from here on in RC4: zeros, what
//!   to go on in, a pad, its handshake        ───▶
//!                                            ◀───   in RC4: zeros, what to go on in, a pad;
//!                                                   then its handshake
//! ```
//!
//! [`Initiator`] and [`Responder`] are its two sides. They open no socket: they are handed what comes,
//! in whatever parts, and say what to send.
//!
//! ```
//! use encryption::{Initiator, Method, Methods, Responder, SkeyIndex};
//! use metainfo::InfoHash;
//! use rand::{SeedableRng, rngs::SmallRng};
//!
//! let rng = &mut SmallRng::seed_from_u64(1);
//! let torrent = InfoHash([7; 20]);
//! let ours: SkeyIndex = [torrent].into_iter().collect();
//! let find = |hash| ours.find(hash);
//! let mut caller = Initiator::new(torrent, Methods::RC4, b"hello".to_vec(), rng).unwrap();
//! let mut called = Responder::new(Methods::BOTH, rng);
//!
//! let sent = caller.poll_transmit().unwrap();
//! assert!(called.handle(&sent, find).unwrap().is_none());
//! let sent = called.poll_transmit().unwrap();
//! assert!(caller.handle(&sent).unwrap().is_none());
//! let sent = caller.poll_transmit().unwrap();
//! let mut called_has = called.handle(&sent, find).unwrap().unwrap();
//! let sent = called.poll_transmit().unwrap();
//! let mut caller_has = caller.handle(&sent).unwrap().unwrap();
//!
//! assert_eq!(called_has.skey, torrent);
//! assert_eq!(called_has.early, b"hello");
//! assert_eq!(called_has.method, Method::Rc4);
//!
//! let mut bytes = *b"and so on";
//! called_has.write.apply(&mut bytes);
//! assert_ne!(bytes, *b"and so on");
//! caller_has.read.apply(&mut bytes);
//! assert_eq!(bytes, *b"and so on");
//! ```
//!
//! [`Opening`] tells from the first bytes of a call which way it begins. [`Policy`] says what to do:
//! how to call, how to go on after a refusal, what to answer. Timeouts are the caller's to keep
//! ([`limits::TIMEOUT`]). With the feature `blocking`, [`blocking`] does an exchange over a socket.

#[cfg(feature = "blocking")]
pub mod blocking;
mod cipher;
mod dh;
mod exchange;
mod failure;
mod hashes;
mod index;
mod initiator;
pub mod limits;
mod method;
mod opening;
mod policy;
mod responder;

pub use cipher::{Cipher, Keystream};
pub use dh::{PrivateKey, PublicKey, Secret};
pub use exchange::{Outline, Secured};
pub use failure::{Failure, StartError};
pub use hashes::SkeyHash;
pub use index::SkeyIndex;
pub use initiator::Initiator;
pub use method::{Method, Methods};
pub use opening::Opening;
pub use policy::{Answer, ParsePolicyError, Policy, Refusal, Setback, Way};
pub use responder::Responder;
