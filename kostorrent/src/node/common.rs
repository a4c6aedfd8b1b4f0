//! What all torrents of a node share.

use std::cell::Cell;
use std::rc::Rc;

use connection::Pool;
use engine::PIECE_MEMORY;
use tokio::sync::Semaphore;

use super::disk::{DiskQueue, TorrentId};
use super::route::Presence;
use super::shares::Shares;
use super::source::NodeHandles;
use super::trackers::Clients;

/// What all torrents of a node share.
pub(super) struct Common {
    pub disk: DiskQueue,
    pub clients: Clients,
    pub shares: Rc<Shares>,
    /// One check at a time: it keeps all processors busy.
    pub checks: Semaphore,
    /// Block buffers; as many are kept as the memory for open pieces holds.
    pub pool: Pool,
    pub handles: NodeHandles,
    /// Whether the interface is there that everything goes through.
    pub presence: Presence,
    next_id: Cell<u32>,
}

impl Common {
    pub fn new(disk: DiskQueue, shares: Rc<Shares>, presence: Presence) -> Common {
        Common {
            disk,
            clients: Clients::default(),
            shares,
            checks: Semaphore::new(1),
            pool: Pool::new((PIECE_MEMORY / u64::from(blocks::BLOCK)) as usize),
            handles: NodeHandles::default(),
            presence,
            next_id: Cell::new(0),
        }
    }

    pub fn next_id(&self) -> TorrentId {
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        TorrentId(id)
    }
}
