//! What a torrent tells to whoever looks closely. While nobody looks, nothing of it is made.

use std::sync::Arc;

use engine::{Details, Engine, Time};
use tokio::sync::{Notify, watch};

/// Both ends of it: the torrent shows, its handle lets others look.
#[derive(Clone, Debug)]
pub(super) struct Showcase {
    shown: watch::Sender<Arc<Details>>,
    /// Somebody has just begun to look.
    asked: Arc<Notify>,
}

impl Showcase {
    pub fn new() -> Showcase {
        Showcase {
            shown: watch::Sender::default(),
            asked: Arc::default(),
        }
    }

    /// Looks from now on, until what is returned is dropped.
    pub fn look(&self) -> watch::Receiver<Arc<Details>> {
        self.asked.notify_one();
        self.shown.subscribe()
    }

    /// When somebody has begun to look: a torrent that rests shows nothing by itself.
    pub async fn asked(&self) {
        self.asked.notified().await;
    }

    /// Shows how it stands, if anybody looks.
    pub fn show(&self, engine: &Engine, now: Time) {
        if self.shown.receiver_count() > 0 {
            self.shown.send_replace(Arc::new(engine.details(now)));
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
