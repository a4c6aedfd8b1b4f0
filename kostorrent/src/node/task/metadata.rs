//! A magnet link becomes a torrent.

use std::sync::Arc;

use engine::{Event, Failure};
use tracing::debug;

use super::{Task, Told};
use crate::node::body::Body;
use crate::node::buffers::Buffers;
use crate::node::figures::Notice;
use crate::node::unknown::Found;

impl Task {
    /// The metadata are here. Whoever holds the handle is told, and says how to go on.
    pub(super) fn metadata(&mut self, info: &[u8]) {
        let Some(unknown) = &mut self.unknown else {
            return;
        };
        let to_told = self.to_told.clone();
        let metainfo = match unknown.torrent(info) {
            Ok(metainfo) => Arc::new(metainfo),
            Err(why) => {
                let _ = to_told.send(Told::Event(Event::CannotBegin { why }));
                return;
            }
        };
        let found = unknown.find(self.door.ours().info_hash, self.publish.clone());
        let info = info.into();
        if metainfo.private {
            // Before anybody hears of it, and long before the disk has been looked at.
            let _ = to_told.send(Told::Event(Event::Private));
        }
        let _ = self.notify.send(Notice::Metadata { metainfo, info });
        self.spawn(async move {
            let _ = to_told.send(Told::Found(Box::new(found.await)));
        });
    }

    /// What is on disk of the torrent is known.
    pub(super) fn found(&mut self, found: Result<Found, Failure>) {
        self.opening = false;
        let found = match found {
            Ok(found) => found,
            Err(failure) => {
                let why = failure.to_string();
                return self.tell(Event::CannotBegin { why });
            }
        };
        // A torrent that is about to end has no use for its files.
        if self.stopping {
            return;
        }
        let Some(unknown) = self.unknown.take() else {
            return;
        };
        let (body, known) = unknown.body(found, |notice| {
            let _ = self.notify.send(notice);
        });
        let Body {
            layout,
            disk,
            watch,
            vouch,
            choosing,
        } = body;
        let geometry = layout.geometry();
        debug!(pieces = geometry.pieces(), "the magnet link is a torrent");
        self.connections.pieces = geometry.pieces();
        self.buffers = Buffers::new(geometry, self.pool.clone());
        (self.layout, self.disk, self.watch) = (layout, disk, watch);
        (self.vouch, self.choosing) = (vouch, choosing);
        self.tell(Event::Known(known));
    }
}
