//! The metadata of the torrent: fetched from peers while nothing is known but the info-hash, and given
//! to those who have no more than that (BEP 9).

use std::sync::Arc;

use magnet::{EXTENDED, FetchAction, MetadataFetch, MetadataMessage, MetadataServe, UT_METADATA};
use messages::Message;
use picker::PeerKey;

use crate::content::Culprit;
use crate::leaving::Stage;
use crate::timers::Timer;
use crate::{Action, CloseReason, Config, Engine, Report, Time};

/// What becomes of the metadata.
pub(crate) struct Metadata {
    /// `None` when they are here.
    fetch: Option<MetadataFetch>,
    /// They have come, and are being looked at.
    found: Option<Arc<[u8]>>,
    serve: MetadataServe,
}

impl Metadata {
    pub fn new(config: &Config) -> Metadata {
        let fetch = match config.content {
            Some(_) => None,
            None => config.info_hash.map(MetadataFetch::new),
        };
        Metadata {
            fetch,
            found: None,
            serve: served(config.metadata.clone()),
        }
    }

    /// How many bytes we can give, if we give any.
    pub fn size(&self) -> Option<u64> {
        self.serve.metadata_size()
    }

    /// How many blocks are here, and of how many, while they are fetched.
    pub fn progress(&self) -> Option<(u32, u32)> {
        let fetch = self.fetch.as_ref()?;
        Some(fetch.progress().unwrap_or((0, 0)))
    }

    /// A connection is over.
    pub fn left(&mut self, key: PeerKey, now: Time) {
        self.serve.left(key);
        if let Some(fetch) = &mut self.fetch {
            fetch.left(key, now.since_start());
        }
    }

    /// They are known, and given away from now on, but for those of a private torrent.
    pub fn known(&mut self, is_private: bool) {
        self.fetch = None;
        self.serve = served(self.found.take().filter(|_| !is_private));
    }
}

fn served(info: Option<Arc<[u8]>>) -> MetadataServe {
    info.map_or_else(MetadataServe::nothing, MetadataServe::new)
}

impl Engine {
    /// A peer has said whether it exchanges metadata.
    pub(crate) fn metadata_with(&mut self, key: PeerKey) {
        let now = self.cx.now.since_start();
        let Some(fetch) = &mut self.metadata.fetch else {
            return;
        };
        let peer = self.swarm.get(key);
        let table = peer.and_then(|peer| peer.extended.as_ref());
        let Some(table) = table.map(|extended| &extended.table) else {
            return;
        };
        match table.id(UT_METADATA) {
            Some(_) => {
                let size = table.theirs().and_then(|theirs| theirs.metadata_size);
                fetch.joined(key, size, now);
            }
            None => fetch.left(key, now),
        }
        self.fetch_metadata();
    }

    /// A peer asks for metadata, or answers.
    pub(crate) fn metadata_message(
        &mut self,
        key: PeerKey,
        message: MetadataMessage,
    ) -> Result<(), CloseReason> {
        let now = self.cx.now.since_start();
        if let MetadataMessage::Request { piece } = message {
            if let Some(answer) = self.metadata.serve.answer(key, piece, now) {
                self.say_of_metadata(key, &answer);
                // Its connection ends if it does not read what it has asked for.
                self.metadata.serve.sent(key);
            }
            return Ok(());
        }
        if let Some(fetch) = &mut self.metadata.fetch {
            fetch.handle(key, message, now);
            self.fetch_metadata();
        }
        Ok(())
    }

    /// Somebody may have kept us waiting too long.
    pub(crate) fn metadata_timeout(&mut self) {
        if let Some(fetch) = &mut self.metadata.fetch {
            fetch.handle_timeout(self.cx.now.since_start());
        }
        self.fetch_metadata();
    }

    fn say_of_metadata(&mut self, key: PeerKey, message: &MetadataMessage) {
        let Some(peer) = self.swarm.get_mut(key) else {
            return;
        };
        let table = peer.extended.as_ref().map(|extended| &extended.table);
        if let Some(id) = table.and_then(|table| table.id(UT_METADATA)) {
            let body = message.to_body(id);
            self.cx.send(peer, Message::Later { id: EXTENDED, body });
        }
    }

    /// Does what is to be done to get the metadata.
    pub(crate) fn fetch_metadata(&mut self) {
        while let Some(fetch) = &mut self.metadata.fetch
            && let Some(action) = fetch.poll_action()
        {
            match action {
                FetchAction::Request { peer, piece } => {
                    self.say_of_metadata(peer, &MetadataMessage::Request { piece });
                }
                // It may have pieces all the same.
                FetchAction::Leave { .. } => {}
                FetchAction::Ban { peer, why } => {
                    if let Some(liar) = self.swarm.get(peer).map(Culprit::from) {
                        let addr = liar.addr;
                        self.ban_with(liar, Report::MetadataLiar { addr, why });
                    }
                }
                FetchAction::Finished { info } => {
                    self.metadata.found = Some(info.as_slice().into());
                    self.cx.act(Action::Metadata { info });
                }
            }
        }
        let due = self
            .metadata
            .fetch
            .as_ref()
            .and_then(MetadataFetch::poll_timeout);
        match due.filter(|_| self.stage == Stage::Running) {
            Some(due) => self.cx.timers.set(Timer::Metadata, Time::after_start(due)),
            None => self.cx.timers.stop(Timer::Metadata),
        }
    }
}
