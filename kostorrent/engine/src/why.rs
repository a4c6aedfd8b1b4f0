//! Why the engine wants what it wants, where the action itself does not say so: data, with a
//! sentence for a person as its Display.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The reason of an action. It is kept only if [`Config::explain`](crate::Config::explain) asks for it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Why {
    /// Of [`Action::Connect`](crate::Action::Connect).
    Called {
        /// Whether the user named the address; else a tracker did.
        by_user: bool,
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
    /// Of a choke or an unchoke.
    Slot(Slot),
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

/// How a peer stood when the slots were given out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Slot {
    /// Whether it has a slot now.
    pub unchoked: bool,
    /// Whether we miss nothing, and give to each in turn.
    pub seeding: bool,
    /// Whether it wants something of us.
    pub interested: bool,
    /// Whether it owes us blocks, and sends none.
    pub snubbed: bool,
    /// Bytes a second: what it gives us, or what we give it while we seed.
    pub rate: u64,
    /// How many of those that want something have a higher rate.
    pub faster: usize,
    /// How many want something.
    pub interested_peers: usize,
    /// How many slots there are, the optimistic one included.
    pub slots: usize,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Called { by_user, failures } => {
                f.write_str(match by_user {
                    true => "the user named it",
                    false => "a tracker named it",
                })?;
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
            Why::Slot(slot) => slot.fmt(f),
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

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Slot {
            rate,
            faster,
            interested_peers: all,
            ..
        } = *self;
        let regular = self.slots.saturating_sub(1);
        if self.unchoked {
            return match self.seeding {
                true => write!(
                    f,
                    "we have everything, and it is its turn; {all} want something"
                ),
                false if !self.snubbed && faster < regular => {
                    write!(
                        f,
                        "it gives us {rate} bytes a second; {faster} of {all} give more"
                    )
                }
                false => f.write_str("the optimistic slot: it shall show what it gives"),
            };
        }
        if !self.interested {
            f.write_str("it wants nothing of us")
        } else if self.seeding {
            write!(f, "its turn is over; {all} want something")
        } else if self.snubbed {
            f.write_str("it owes us blocks and sends none")
        } else {
            write!(
                f,
                "it gives us {rate} bytes a second; {faster} of {all} give more"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_slot_says_why_it_was_given_or_taken() {
        let slot = Slot {
            unchoked: true,
            seeding: false,
            interested: true,
            snubbed: false,
            rate: 1000,
            faster: 0,
            interested_peers: 9,
            slots: 4,
        };
        let said = |slot: Slot| Why::Slot(slot).to_string();
        assert_eq!(
            said(slot),
            "it gives us 1000 bytes a second; 0 of 9 give more"
        );
        let last = Slot { faster: 8, ..slot };
        assert_eq!(
            said(last),
            "the optimistic slot: it shall show what it gives"
        );
        let choked = Slot {
            unchoked: false,
            ..last
        };
        assert_eq!(
            said(choked),
            "it gives us 1000 bytes a second; 8 of 9 give more"
        );
        let bored = Slot {
            interested: false,
            ..choked
        };
        assert_eq!(said(bored), "it wants nothing of us");
        let snubs = Slot {
            snubbed: true,
            ..choked
        };
        assert_eq!(said(snubs), "it owes us blocks and sends none");
        let turn = Slot {
            seeding: true,
            ..slot
        };
        assert_eq!(
            said(turn),
            "we have everything, and it is its turn; 9 want something"
        );
    }
}
