//! Which torrents a caller can ask for, by their info-hashes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use encryption::{Policy, SkeyHash, SkeyIndex};
use handshake::{Handshake, Reserved};
use metainfo::InfoHash;
use peer_id::PeerId;
use tokio::sync::{mpsc, watch};

use super::joined::Joined;
use super::route::Route;

/// The torrents behind one listener. All of them answer with the same peer id, and encrypt alike.
#[derive(Debug)]
pub(super) struct Doors {
    peer_id: PeerId,
    encryption: Policy,
    route: Arc<Route>,
    known: Mutex<Known>,
}

/// The torrents, by the two hashes under which callers ask for them.
#[derive(Debug, Default)]
struct Known {
    by_hash: BTreeMap<InfoHash, Outside>,
    by_skey: SkeyIndex,
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
    pub fn new(peer_id: PeerId, encryption: Policy, route: Arc<Route>) -> Doors {
        Doors {
            peer_id,
            encryption,
            route,
            known: Mutex::default(),
        }
    }

    /// Who we are to all callers.
    pub fn peer_id(&self) -> PeerId {
        self.peer_id
    }

    /// By which way everything goes.
    pub fn route(&self) -> &Arc<Route> {
        &self.route
    }

    /// Whether callers may, or have to, encrypt.
    pub fn encryption(&self) -> Policy {
        self.encryption
    }

    /// A door for a torrent, which does not let anybody in yet; `None` if there is one already. The
    /// torrent speaks these extensions.
    pub fn add(self: &Arc<Doors>, info_hash: InfoHash, reserved: Reserved) -> Option<Door> {
        let (to_calls, calls) = mpsc::unbounded_channel();
        let (open, is_open) = watch::channel(false);
        let mut known = self.known();
        if known.by_hash.contains_key(&info_hash) {
            return None;
        }
        let outside = Outside {
            calls: to_calls,
            open: is_open,
            reserved,
        };
        known.by_hash.insert(info_hash, outside);
        known.by_skey.insert(info_hash);
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
        } = self.known().by_hash.get(&info_hash)?.clone();
        let open = open.wait_for(|open| *open).await;
        open.is_ok().then(|| self.handshake(info_hash, reserved))
    }

    /// The torrent that a caller means who encrypts, and names it by this hash.
    pub fn find_skey(&self, hash: SkeyHash) -> Option<InfoHash> {
        self.known().by_skey.find(hash)
    }

    /// Hands a connection to its torrent.
    pub fn enter(&self, joined: Joined) {
        if let Some(outside) = self.known().by_hash.get(&joined.ours.info_hash) {
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

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Door {
    /// What the torrent says first, to whom it calls and who calls it.
    pub fn ours(&self) -> Handshake {
        self.ours
    }

    /// By which way it calls.
    pub fn route(&self) -> &Arc<Route> {
        &self.doors.route
    }

    /// Whether it calls encrypted.
    pub fn encryption(&self) -> Policy {
        self.doors.encryption
    }

    /// Lets callers in.
    pub fn open(&self) {
        self.open.send_replace(true);
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let mut known = self.doors.known();
        known.by_hash.remove(&self.ours.info_hash);
        known.by_skey.remove(self.ours.info_hash);
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn a_caller_waits_until_the_torrent_is_ready_and_not_for_one_that_has_gone() {
        let doors = Arc::new(Doors::new(PeerId([7; 20]), Policy::Allow, Arc::default()));
        let (one, two) = (InfoHash([1; 20]), InfoHash([2; 20]));
        assert_eq!(doors.find(one).await, None);
        let door = doors.add(one, engine::speaks()).unwrap();
        let gone = doors.add(two, engine::speaks()).unwrap();
        assert!(doors.add(one, engine::speaks()).is_none(), "once is enough");
        assert_eq!(doors.find_skey(SkeyHash::of(one)), Some(one));

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
        assert_eq!(doors.find_skey(SkeyHash::of(one)), None);
        assert!(
            doors.add(one, engine::speaks()).is_some(),
            "it may come back"
        );
    }
}
