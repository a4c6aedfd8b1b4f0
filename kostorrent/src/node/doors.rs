//! Which torrents a caller can ask for, by their info-hashes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use handshake::{Handshake, Reserved};
use metainfo::InfoHash;
use peer_id::PeerId;
use tokio::sync::{mpsc, watch};

use super::link::Joined;

/// The torrents behind one listener. All of them answer with the same peer id.
#[derive(Debug)]
pub(super) struct Doors {
    peer_id: PeerId,
    by_hash: Mutex<BTreeMap<InfoHash, Outside>>,
}

/// A door, seen by callers.
#[derive(Clone, Debug)]
struct Outside {
    calls: mpsc::UnboundedSender<Joined>,
    open: watch::Receiver<bool>,
    reserved: Reserved,
}

/// A door, seen by its torrent. It is closed when this is dropped.
#[derive(Debug)]
pub(super) struct Door {
    /// Connections that callers have made.
    pub calls: mpsc::UnboundedReceiver<Joined>,
    open: watch::Sender<bool>,
    ours: Handshake,
    doors: Arc<Doors>,
}

impl Doors {
    pub fn new(peer_id: PeerId) -> Doors {
        Doors {
            peer_id,
            by_hash: Mutex::default(),
        }
    }

    /// A door for a torrent, which does not let anybody in yet; `None` if there is one already. The
    /// torrent speaks these extensions.
    pub fn add(self: &Arc<Doors>, info_hash: InfoHash, reserved: Reserved) -> Option<Door> {
        let (to_calls, calls) = mpsc::unbounded_channel();
        let (open, is_open) = watch::channel(false);
        let mut by_hash = self.by_hash();
        if by_hash.contains_key(&info_hash) {
            return None;
        }
        let outside = Outside {
            calls: to_calls,
            open: is_open,
            reserved,
        };
        by_hash.insert(info_hash, outside);
        Some(Door {
            calls,
            open,
            ours: self.handshake(info_hash, reserved),
            doors: self.clone(),
        })
    }

    /// What we answer to a caller who names this torrent; `None` if we do not have it. It waits
    /// until the torrent is ready: a caller who comes while it looks at its files is not sent away.
    pub async fn find(&self, info_hash: InfoHash) -> Option<Handshake> {
        let Outside {
            mut open, reserved, ..
        } = self.by_hash().get(&info_hash)?.clone();
        let open = open.wait_for(|open| *open).await;
        open.is_ok().then(|| self.handshake(info_hash, reserved))
    }

    /// Hands a connection to its torrent.
    pub fn enter(&self, joined: Joined) {
        if let Some(outside) = self.by_hash().get(&joined.ours.info_hash) {
            // A torrent that ends at this very moment lets it drop.
            let _ = outside.calls.send(joined);
        }
    }

    fn handshake(&self, info_hash: InfoHash, reserved: Reserved) -> Handshake {
        Handshake {
            reserved,
            info_hash,
            peer_id: self.peer_id,
        }
    }

    fn by_hash(&self) -> MutexGuard<'_, BTreeMap<InfoHash, Outside>> {
        self.by_hash.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Door {
    /// What the torrent says first, to whom it calls and who calls it.
    pub fn ours(&self) -> Handshake {
        self.ours
    }

    /// Lets callers in.
    pub fn open(&self) {
        self.open.send_replace(true);
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.doors.by_hash().remove(&self.ours.info_hash);
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn a_caller_waits_until_the_torrent_is_ready_and_not_for_one_that_has_gone() {
        let doors = Arc::new(Doors::new(PeerId([7; 20])));
        let (one, two) = (InfoHash([1; 20]), InfoHash([2; 20]));
        assert_eq!(doors.find(one).await, None);
        let door = doors.add(one, engine::speaks()).unwrap();
        let gone = doors.add(two, engine::speaks()).unwrap();
        assert!(doors.add(one, engine::speaks()).is_none(), "once is enough");

        let finds = [one, two].map(|hash| {
            let doors = doors.clone();
            tokio::spawn(async move { doors.find(hash).await })
        });
        yield_now().await;
        assert!(finds.iter().all(|find| !find.is_finished()));
        door.open();
        drop(gone);
        let [found, lost] = finds;
        assert_eq!(found.await.unwrap(), Some(door.ours()));
        assert_eq!(lost.await.unwrap(), None);
        drop(door);
        assert!(
            doors.add(one, engine::speaks()).is_some(),
            "it may come back"
        );
    }
}
