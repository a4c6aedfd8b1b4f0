//! The moment at which it is known what the torrent consists of: a magnet link has become a torrent.

use messages::{Bitfield, Message};
use picker::PeerKey;

use crate::content::Content;
use crate::event::Known;
use crate::leaving::Stage;
use crate::peer::Peer;
use crate::{CloseReason, Engine, Failure, Outcome, Sources};

/// Memory for what peers say of pieces before it is known what pieces there are, of all together, in
/// bytes.
const EARLY: usize = 16 * 1024 * 1024;

/// So many pieces are told one by one to those who have heard that we have none; of more, a new bitfield.
const FEW: u32 = 1_000;

impl Engine {
    /// A peer says something of pieces, and it is not known what pieces there are. It is remembered.
    pub(crate) fn said_early(&mut self, key: PeerKey, message: Message) -> Result<(), CloseReason> {
        let told = |peer: &Peer| peer.early.as_ref().map_or(0, |early| early.bytes());
        let tells_much = matches!(message, Message::Bitfield(_) | Message::Have(_));
        if tells_much && self.swarm.iter().map(told).sum::<usize>() > EARLY {
            return Err(CloseReason::TooEarly);
        }
        let fetches = self.fetches();
        let Some(peer) = self.swarm.get_mut(key) else {
            return Ok(());
        };
        let early = peer.early.get_or_insert_default();
        if !early.said(message) {
            return Err(CloseReason::TooEarly);
        }
        // We miss everything. Who hears that now has unchoked us when we know what to ask for.
        if fetches && early.has_any() && !peer.down.am_interested {
            peer.down.am_interested = true;
            self.cx.send(peer, Message::Interested);
        }
        Ok(())
    }

    /// It is private, and what of it is there is not yet known.
    pub(crate) fn turns_out_private(&mut self) {
        if self.content.is_none() && self.stage == Stage::Running {
            self.keep_private();
        }
    }

    /// It is known what the torrent consists of, and what of it is there.
    pub(crate) fn known(&mut self, known: &Known) {
        if self.content.is_some() || self.stage != Stage::Running {
            return;
        }
        let content = match known.content() {
            Ok(content) => content,
            Err(why) => return self.leave(Outcome::Failed(Failure::Shell(why))),
        };
        self.metadata.known(known.is_private);
        let content = Content::new(content, &self.peer_id, self.memory);
        let pieces = content.geometry.pieces();
        self.content = Some(content);
        if known.is_private {
            self.keep_private();
        }
        for peer in self.swarm.iter_mut() {
            peer.has = Bitfield::new(pieces);
        }
        self.tell_what_is_there();
        for key in self.swarm.keys() {
            self.hear_again(key);
        }
        self.begin_fetching();
    }

    /// What is missing is fetched, if anything is.
    fn begin_fetching(&mut self) {
        match self.is_finished() {
            true => {
                // Who had everything from the start completes nothing.
                self.is_announced = true;
                self.settle();
            }
            false => self.misses_something(),
        }
    }

    /// A peer's words of before, as if it said them now.
    fn hear_again(&mut self, key: PeerKey) {
        let early = self.swarm.get_mut(key).and_then(|peer| peer.early.take());
        for message in early.map_or_else(Vec::new, |early| early.into_messages()) {
            self.message(key, message);
        }
    }

    /// Some of the torrent may have been on disk all the time.
    fn tell_what_is_there(&mut self) {
        let Some(content) = &self.content else {
            return;
        };
        let have = content.have();
        if have.count() == 0 {
            return;
        }
        for peer in self.swarm.iter_mut() {
            if have.count() > FEW {
                self.cx.send(peer, Message::Bitfield(have.to_bytes()));
                continue;
            }
            for piece in have.iter_ones() {
                self.cx.send(peer, Message::Have(piece));
            }
        }
    }

    /// Nobody but the trackers and the user names peers of a private torrent, and nobody else is told
    /// of it (BEP 27). Who was found in another way is let go.
    fn keep_private(&mut self) {
        self.sources = Sources::none();
        let list = &self.discovery.list;
        let is_elsewhere_named = |peer: &&Peer| {
            let mut listed = peer.listed.iter().filter_map(|&addr| list.known_of(addr));
            listed.any(|(source, _)| !source.is_private())
        };
        let others = self.swarm.iter().filter(is_elsewhere_named);
        let others: Vec<PeerKey> = others.map(|peer| peer.key).collect();
        for key in others {
            self.close(key, CloseReason::Private);
        }
        for peer in self.swarm.iter_mut() {
            if let Some(extended) = &mut peer.extended {
                extended.inbox = None;
            }
        }
        self.discovery.keep_private(&mut self.cx);
    }
}
