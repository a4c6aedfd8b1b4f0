//! The extension protocol (BEP 10): what both sides say of themselves, and the messages that follow.

use std::net::SocketAddr;

use handshake::Handshake;
use magnet::{EXTENDED, ExtendedHandshake, Heard, MetadataMessage, UT_METADATA};
use messages::Message;
use picker::PeerKey;

use crate::content::Content;
use crate::cx::Cx;
use crate::ours::Witness;
use crate::peer::{Extended, MOST_REQUESTS, Peer};
use crate::{CloseReason, Engine};

/// What an `extended` message is about, once its number is known.
enum About {
    Handshake,
    Metadata(MetadataMessage),
    Exchange(Vec<u8>),
    Nothing,
}

impl Engine {
    /// What the extension protocol adds to a connection with who has said this, if both speak it.
    pub(crate) fn extended_with(
        &self,
        addr: SocketAddr,
        theirs: &Handshake,
    ) -> Option<Box<Extended>> {
        let both = self.reserved.common(theirs.reserved);
        let exchanges = self.sources.exchange;
        both.extension_protocol()
            .then(|| Box::new(Extended::new(addr.ip(), exchanges)))
    }

    /// Says what we can, to a peer that understands it.
    pub(crate) fn say_extensions(&mut self, peer: &mut Peer) {
        let words = self.words();
        say(&mut self.cx, peer, words);
    }

    /// We have something else to say of ourselves than at the beginning of each connection.
    pub(crate) fn say_extensions_again(&mut self) {
        let words = self.words();
        for peer in self.swarm.iter_mut() {
            say(&mut self.cx, peer, words.clone());
        }
    }

    fn words(&self) -> ExtendedHandshake {
        let has_all = self.content.as_ref().is_some_and(Content::is_seed);
        // Who has everything is known by that.
        let wants_nothing_more = self.is_finished() && !has_all;
        ExtendedHandshake {
            metadata_size: self.metadata.size(),
            client: (!self.client.is_empty()).then(|| self.client.clone()),
            port: (self.port > 0).then_some(self.port),
            requests: Some(MOST_REQUESTS as u32),
            upload_only: Some(wants_nothing_more),
            ..ExtendedHandshake::default()
        }
    }

    /// An `extended` message has come.
    pub(crate) fn extended(&mut self, key: PeerKey, body: &[u8]) -> Result<(), CloseReason> {
        let Some(peer) = self.swarm.get_mut(key) else {
            return Ok(());
        };
        let Some(extended) = &mut peer.extended else {
            return Ok(()); // we have not said that we understand it
        };
        // What cannot be read is left alone: it is the extensions that do not work then.
        let about = match extended.table.hear(body) {
            Ok(Heard::Handshake(_)) => About::Handshake,
            Ok(Heard::Message { name, payload }) if name == UT_METADATA => {
                MetadataMessage::decode(payload).map_or(About::Nothing, About::Metadata)
            }
            Ok(Heard::Message { name, payload }) if name == exchange::NAME => {
                About::Exchange(payload.to_vec())
            }
            Ok(Heard::Message { .. } | Heard::Unknown { .. }) | Err(_) => About::Nothing,
        };
        match about {
            About::Handshake => self.heard_extensions(key),
            About::Metadata(message) => self.metadata_message(key, message),
            About::Exchange(payload) => self.exchanged(key, &payload),
            About::Nothing => Ok(()),
        }
    }

    /// A peer has said what it can, for the first time or again.
    fn heard_extensions(&mut self, key: PeerKey) -> Result<(), CloseReason> {
        let peer = self.swarm.get(key);
        let told = peer.and_then(|peer| Some((peer.addr, peer.extended.as_ref()?.sees_us_at()?)));
        if let Some((by, ip)) = told {
            self.discovery.list.told_ours(Witness::peer(by), ip);
        }
        self.metadata_with(key);
        self.exchange_soon();
        self.interest(key)
    }
}

fn say(cx: &mut Cx, peer: &mut Peer, words: ExtendedHandshake) {
    if let Some(extended) = &peer.extended {
        let hello = extended.table.hello(ExtendedHandshake {
            your_ip: Some(peer.addr.ip()),
            ..words
        });
        let body = hello.to_body();
        cx.send(peer, Message::Later { id: EXTENDED, body });
    }
}
