//! What a torrent tells to whoever looks closely. While nobody looks, nothing of it is made.

use std::sync::Arc;

use engine::{Details, Engine, Time};
use tokio::sync::watch;

/// Both ends of it: the torrent shows, its handle lets others look.
#[derive(Clone, Debug)]
pub(super) struct Showcase(watch::Sender<Arc<Details>>);

impl Showcase {
    pub fn new() -> Showcase {
        Showcase(watch::Sender::default())
    }

    /// Looks from now on, until what is returned is dropped.
    pub fn look(&self) -> watch::Receiver<Arc<Details>> {
        self.0.subscribe()
    }

    /// Shows how it stands, if anybody looks.
    pub fn show(&self, engine: &Engine, now: Time) {
        if self.0.receiver_count() > 0 {
            self.0.send_replace(Arc::new(engine.details(now)));
        }
    }
}

#[cfg(test)]
mod tests {
    use blocks::Geometry;
    use engine::{Config, ContentConfig};
    use messages::Bitfield;

    use super::*;

    #[test]
    fn nothing_is_made_while_nobody_looks() {
        let content = ContentConfig::all(Geometry::new(50_000, 16_384).unwrap(), Bitfield::new(4));
        let engine = Engine::new(Config::new(Some(content)), Time::ZERO);
        let showcase = Showcase::new();
        showcase.show(&engine, Time::ZERO);
        let looks = showcase.look();
        assert_eq!(looks.borrow().pieces.len(), 0);
        showcase.show(&engine, Time::ZERO);
        assert_eq!(looks.borrow().pieces.len(), 4);
    }
}
