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
    /// How many of the events it had been told when it wanted each of them.
    pub(crate) told: Vec<usize>,
}

impl Recording {
    pub(crate) fn new(config: Config, begun: Time) -> Recording {
        Recording {
            config,
            begun,
            events: Vec::new(),
            actions: Vec::new(),
            told: Vec::new(),
        }
    }

    pub(crate) fn act(&mut self, action: Action) {
        self.actions.push(action);
        self.told.push(self.events.len());
    }

    /// What it wanted done, and when.
    pub fn timed_actions(&self) -> impl Iterator<Item = (Time, &Action)> {
        self.told.iter().zip(&self.actions).map(|(told, action)| {
            let last = told.checked_sub(1).and_then(|last| self.events.get(last));
            (last.map_or(self.begun, |&(at, _)| at), action)
        })
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
