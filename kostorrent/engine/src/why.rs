//! Why the engine wants what it wants, where the action itself does not say so: data, with a
//! sentence for a person as its Display.

use std::fmt;

use choker::Reason;
use serde::{Deserialize, Serialize};

use crate::Source;

/// The reason of an action. It is kept only if [`Config::explain`](crate::Config::explain) asks for it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Why {
    /// Of [`Action::Connect`](crate::Action::Connect).
    Called {
        /// Who named the address.
        by: Source,
        /// How many calls of it in a row have failed.
        failures: u32,
    },
    /// Of a request.
    Asked {
        /// How the block was chosen.
        choice: Choice,
        /// How many of the connected peers have its piece.
        copies: usize,
    },
    /// Of a choke or an unchoke: how the peer stood when the slots were given out.
    Slot(Reason),
    /// Of a choke, and of the unchoke that follows: the peer is to ask anew, for what it had asked
    /// before is void.
    AskAnew,
    /// Of a choke: the torrent is paused.
    Paused,
    /// Of [`Action::Store`](crate::Action::Store): the piece is whole.
    Whole {
        /// How many peers sent blocks of it.
        from: usize,
    },
}

/// Why just this block is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Choice {
    /// Its piece is open, and others are not begun before it is whole.
    Begun,
    /// Its piece is new, and one that the fewest have.
    Rarest,
    /// Its piece is new, and any: we have next to nothing to trade with.
    AnyFirst,
    /// Every missing block has been asked for: this one a second time, of so many others before.
    EndGame {
        /// How many others were asked for it, and have not sent it.
        others: usize,
    },
    /// Those who were asked for it are far slower than this peer, and it has nothing else to do.
    Slower {
        /// How many others were asked for it, and have not sent it.
        others: usize,
    },
    /// Its piece has failed before, and is fetched from this peer alone, so that it shows who lies.
    Parole,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Called { by, failures } => {
                write!(f, "{by} named it")?;
                match failures {
                    0 => Ok(()),
                    1 => f.write_str("; one call of it has failed"),
                    n => write!(f, "; {n} calls of it have failed"),
                }
            }
            Why::Asked { choice, copies } => {
                choice.fmt(f)?;
                match copies {
                    1 => f.write_str(" (1 peer has it)"),
                    n => write!(f, " ({n} peers have it)"),
                }
            }
            Why::Slot(reason) => reason.fmt(f),
            Why::AskAnew => f.write_str("what it had asked for is void: it is to ask anew"),
            Why::Paused => f.write_str("the torrent is paused"),
            Why::Whole { from: 1 } => f.write_str("it is whole, all of it from one peer"),
            Why::Whole { from } => write!(f, "it is whole, from {from} peers"),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Choice::Begun => f.write_str("its piece is begun, and is to be whole before others"),
            Choice::Rarest => f.write_str("the rarest of the pieces that are not begun"),
            Choice::AnyFirst => f.write_str("any piece: we have next to nothing to trade with"),
            Choice::EndGame { others: 1 } => {
                f.write_str("end game: one other has been asked for it, too")
            }
            Choice::EndGame { others } => {
                write!(f, "end game: {others} others have been asked for it, too")
            }
            Choice::Slower { .. } => f.write_str("who was asked for it is far slower"),
            Choice::Parole => {
                f.write_str("its piece was wrong once, and comes from one peer alone now")
            }
        }
    }
}
