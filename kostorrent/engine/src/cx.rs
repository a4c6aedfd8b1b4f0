//! What every part of the engine is handed besides its own state.

use std::collections::VecDeque;

use messages::Message;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::peer::Peer;
use crate::timers::Timers;
use crate::{Action, Report, Time};

/// The moment, what is to be done, when to wake up, and chance.
pub(crate) struct Cx {
    /// The time of the event that is being handled.
    pub now: Time,
    pub timers: Timers,
    pub rng: ChaCha8Rng,
    actions: VecDeque<Action>,
}

impl Cx {
    pub fn new(seed: u64, now: Time) -> Cx {
        Cx {
            now,
            timers: Timers::default(),
            rng: ChaCha8Rng::seed_from_u64(seed),
            actions: VecDeque::new(),
        }
    }

    /// Wants something done, after everything that was wanted before.
    pub fn act(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    /// Tells the user.
    pub fn report(&mut self, report: Report) {
        self.act(Action::Report(report));
    }

    /// Sends a message to a peer.
    pub fn send(&mut self, peer: &mut Peer, message: Message) {
        peer.spoke = self.now;
        let peer = peer.key;
        self.act(Action::Send { peer, message });
    }

    /// The next thing to do.
    pub fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }
}
