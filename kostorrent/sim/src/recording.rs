//! What an engine was told, to be told again.

use engine::{Action, Config, Engine, Event, Time};

/// The life of an engine: how it began, all it was told, and all it wanted.
#[derive(Clone, Debug)]
pub struct Recording {
    /// What it began with.
    pub config: Config,
    /// When it began.
    pub begun: Time,
    /// What it was told, and when.
    pub events: Vec<(Time, Event)>,
    /// What it wanted done, in order.
    pub actions: Vec<Action>,
}

impl Recording {
    pub(crate) fn new(config: Config, begun: Time) -> Recording {
        Recording {
            config,
            begun,
            events: Vec::new(),
            actions: Vec::new(),
        }
    }

    // ANCHOR: replay
    /// Tells a new engine the same; what it wants done.
    pub fn replay(&self) -> Vec<Action> {
        let mut engine = Engine::new(self.config.clone(), self.begun);
        let mut actions = Vec::from_iter(std::iter::from_fn(|| engine.poll_action()));
        for (at, event) in &self.events {
            engine.handle(event.clone(), *at);
            actions.extend(std::iter::from_fn(|| engine.poll_action()));
        }
        actions
    }
    // ANCHOR_END: replay
}
