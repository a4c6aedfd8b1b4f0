//! The choker: who may download from us.
//!
//! Upload is shared among a few peers at a time, the *unchoked* ones: many slow streams over one
//! line get in each other's way, and a peer that gets a trickle from everybody has no reason to
//! give anything to anybody. [`Choker`] says who they are, by two rules:
//!
//! * While we download, *tit for tat*: the slots go to those who send us most. One slot is
//!   *optimistic*: it goes round among the others, because nobody can show what he would give
//!   before he got something, and because a new peer has nothing to give.
//! * When we have everything, nobody gives us anything, and the slots go to each in turn.
//!
//! Each [`Decision`] comes with its [`Reason`], for whoever wants to know.
//!
//! BEP 3 describes the first rule, and the times: every ten seconds, so that a peer has time to
//! show its speed, and is not choked and unchoked all the time.

mod choker;
mod reason;

pub use choker::{Candidate, Choker, NEW, OPTIMISTIC, ROUND, TURN};
pub use picker::PeerKey;
pub use reason::{Decision, Place, Reason};
