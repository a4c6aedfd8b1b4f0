//! What every part of the engine is handed besides its own state.

use std::collections::VecDeque;

use messages::Message;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::peer::Peer;
use crate::timers::Timers;
use crate::{Action, Report, Time, Why};

// ANCHOR: cx
/// The moment, what is to be done, when to wake up, and chance.
pub(crate) struct Cx {
    /// The time of the event that is being handled.
    pub now: Time,
    pub timers: Timers,
    pub rng: ChaCha8Rng,
    actions: VecDeque<Action>,
    /// Whether anybody wants to know why.
    explains: bool,
    /// The reasons of actions that were not polled yet, each with the number of its action.
    whys: VecDeque<(u64, Why)>,
    /// How many actions were polled.
    polled: u64,
}
// ANCHOR_END: cx

impl Cx {
    pub fn new(seed: u64, explains: bool, now: Time) -> Cx {
        Cx {
            now,
            timers: Timers::default(),
            rng: ChaCha8Rng::seed_from_u64(seed),
            actions: VecDeque::new(),
            explains,
            whys: VecDeque::new(),
            polled: 0,
        }
    }

    /// Wants something done, after everything that was wanted before.
    pub fn act(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    /// Whether reasons are kept. Where they take work, it is asked before.
    pub fn explains(&self) -> bool {
        self.explains
    }

    /// Notes the reason of the action that comes next. Nothing is done if nobody wants to know.
    pub fn because(&mut self, why: impl FnOnce() -> Why) {
        if self.explains {
            let number = self.polled + self.actions.len() as u64;
            self.whys.push_back((number, why()));
        }
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
        let action = self.actions.pop_front()?;
        self.polled += 1;
        Some(action)
    }

    /// The reason of the action that was polled last.
    pub fn next_why(&mut self) -> Option<Why> {
        while let Some((number, _)) = self.whys.front() {
            if *number >= self.polled {
                return None;
            }
            let (number, why) = self.whys.pop_front()?;
            if number + 1 == self.polled {
                return Some(why);
            }
        }
        None
    }
}
