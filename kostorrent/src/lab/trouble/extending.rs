//! The extension protocol (BEP 10), beside whatever a peer says else: metadata (BEP 9), and peers who tell of peers (BEP 11).

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use exchange::{Contact, Flags, PexMessage};
use magnet::limits::BLOCK;
use magnet::{
    EXTENDED, ExtendedHandshake, Extensions, Heard, MetadataMessage, UT_METADATA, block_count,
    block_len,
};
use messages::Message;

use crate::lab::peer::Role;

/// What a peer does about metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metadata {
    /// It does not speak of them.
    Unspoken,
    /// It gives them.
    Gives,
    /// It says that they have so many bytes, and sends zeros.
    Size(u64),
    /// It sends other bytes in their place.
    Rubbish,
    /// It gives nothing, and says so.
    Rejects,
    /// It gives nothing, and says nothing.
    Silent,
}

/// Whom a peer tells of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum News {
    /// Nobody.
    #[default]
    None,
    /// These, once, when so much time has gone by.
    Of(Vec<SocketAddr>, Duration),
    /// Hundreds that nobody has ever met, again and again: this many times.
    Flood(u32),
}

/// The numbers under which a peer hears others. Each side has its own, and whoever takes them for the same is found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// For `ut_metadata`.
    pub metadata: u8,
    /// For `ut_pex`.
    pub exchange: u8,
}

impl Default for Numbers {
    /// Others than clients use for themselves.
    fn default() -> Numbers {
        Numbers {
            metadata: 77,
            exchange: 78,
        }
    }
}

/// A message of a flood tells of so many.
const TOLD: u32 = 200;
/// The time between two messages of a flood.
const BETWEEN: Duration = Duration::from_millis(100);
/// Requests for metadata that wait at most; more are lost.
const MAX_WAITING: usize = 1_000;
/// What stands in the place of metadata that are none.
const NOTHING: u8 = 0;

/// A role that speaks the extension protocol as well.
pub struct Extending<R> {
    inner: R,
    table: Extensions,
    info: Arc<[u8]>,
    metadata: Metadata,
    news: News,
    /// Messages of a flood so far.
    told: u32,
    waiting: VecDeque<u32>,
}

impl<R: Role> Extending<R> {
    /// One with these metadata, of which it makes this.
    pub fn new(inner: R, info: Arc<[u8]>, metadata: Metadata) -> Extending<R> {
        Extending {
            inner,
            table: table(metadata, Numbers::default()),
            info,
            metadata,
            news: News::None,
            told: 0,
            waiting: VecDeque::new(),
        }
    }

    /// The same, and hears others under these numbers.
    #[must_use]
    pub fn under(self, numbers: Numbers) -> Extending<R> {
        Extending {
            table: table(self.metadata, numbers),
            ..self
        }
    }

    /// The same, and tells of these peers.
    #[must_use]
    pub fn telling(self, news: News) -> Extending<R> {
        Extending { news, ..self }
    }

    /// How long it says that the metadata are.
    fn size(&self) -> Option<u64> {
        match self.metadata {
            Metadata::Unspoken => None,
            Metadata::Size(size) => Some(size),
            _ => Some(self.info.len() as u64),
        }
    }

    fn extended(&mut self, body: &[u8]) {
        if let Ok(Heard::Message { name, payload }) = self.table.hear(body)
            && name == UT_METADATA
            && let Ok(MetadataMessage::Request { piece }) = MetadataMessage::decode(payload)
            && self.waiting.len() < MAX_WAITING
        {
            self.waiting.push_back(piece);
        }
    }

    /// What it says to a request for metadata, if anything.
    fn block(&self, piece: u32) -> Option<MetadataMessage> {
        let size = self.size().unwrap_or_default();
        let bytes = match self.metadata {
            Metadata::Silent => return None,
            Metadata::Unspoken | Metadata::Rejects => None,
            Metadata::Gives => self.info.chunks(BLOCK).nth(piece as usize),
            Metadata::Size(_) | Metadata::Rubbish => None,
        };
        let made_up = matches!(self.metadata, Metadata::Size(_) | Metadata::Rubbish);
        let bytes = bytes.map(<[u8]>::to_vec).or_else(|| {
            let len = block_len(size, piece);
            (made_up && piece < block_count(size) && len > 0).then(|| vec![NOTHING; len])
        });
        Some(match bytes {
            Some(block) => MetadataMessage::Data {
                piece,
                total_size: Some(size),
                block,
            },
            None => MetadataMessage::Reject { piece },
        })
    }

    fn say(body: Vec<u8>, out: &mut Vec<u8>) {
        Message::Later { id: EXTENDED, body }.encode(out);
    }

    /// How long until it tells of somebody.
    fn until_news(&self) -> Option<Duration> {
        self.table.id(exchange::NAME)?;
        match &self.news {
            News::Of(_, after) if self.told == 0 => Some(*after),
            News::Flood(times) if self.told < *times => Some(BETWEEN),
            _ => None,
        }
    }

    fn tell(&mut self, out: &mut Vec<u8>) {
        let added = match &self.news {
            News::None => return,
            News::Of(peers, _) => peers.clone(),
            News::Flood(_) => made_up(self.told),
        };
        self.told += 1;
        let flags = Flags::NONE;
        let added = added.into_iter().map(|addr| Contact { addr, flags });
        let message = PexMessage {
            added: added.collect(),
            dropped: Vec::new(),
        };
        if let Some(body) = self.table.body(exchange::NAME, &message.encode()) {
            Extending::<R>::say(body, out);
        }
    }
}

fn table(metadata: Metadata, numbers: Numbers) -> Extensions {
    let metadata = (metadata != Metadata::Unspoken).then_some((UT_METADATA, numbers.metadata));
    let exchange = [(exchange::NAME, numbers.exchange)];
    Extensions::new(metadata.into_iter().chain(exchange))
}

/// Where nobody is, on this machine: others for each message. Calls there fail at once.
pub fn made_up(message: u32) -> Vec<SocketAddr> {
    const NOBODY: u16 = 9;
    let all = (0..TOLD).map(|peer| {
        let [_, _, high, low] = message.wrapping_mul(TOLD).wrapping_add(peer).to_be_bytes();
        SocketAddr::from((Ipv4Addr::new(127, 99, high, low), NOBODY))
    });
    all.collect()
}

impl<R: Role> Role for Extending<R> {
    fn hello(&mut self) -> Vec<u8> {
        let mut out = self.inner.hello();
        let hello = self.table.hello(ExtendedHandshake {
            metadata_size: self.size(),
            ..ExtendedHandshake::default()
        });
        Extending::<R>::say(hello.to_body(), &mut out);
        out
    }

    fn hear(&mut self, message: &Message, out: &mut Vec<u8>) {
        match message {
            Message::Later { id: EXTENDED, body } => self.extended(body),
            message => self.inner.hear(message, out),
        }
    }

    fn answer(&mut self, out: &mut Vec<u8>) {
        while let Some(piece) = self.waiting.pop_front() {
            let message = self.block(piece);
            // Who asked without having said its number hears nothing.
            let body = message.and_then(|it| Some(it.to_body(self.table.id(UT_METADATA)?)));
            if let Some(body) = body {
                Extending::<R>::say(body, out);
            }
        }
        self.inner.answer(out);
    }

    fn nap(&self) -> Option<Duration> {
        let naps = [self.until_news(), self.inner.nap()];
        naps.into_iter().flatten().min()
    }

    fn wake(&mut self, out: &mut Vec<u8>) {
        match (self.until_news(), self.inner.nap()) {
            (Some(ours), Some(others)) if others < ours => self.inner.wake(out),
            (Some(_), _) => self.tell(out),
            (None, _) => self.inner.wake(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use messages::{Bitfield, Decoder, Item};
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::lab::trouble::{Content, Script};

    const THEIRS: Numbers = Numbers {
        metadata: 3,
        exchange: 4,
    };

    fn info() -> Arc<[u8]> {
        let bytes: Vec<u8> = (0..2 * BLOCK + 5).map(|at| at as u8).collect();
        bytes.into()
    }

    /// A peer, and the table of a client that it has met.
    fn met(metadata: Metadata, news: News) -> (Extending<Script>, Extensions) {
        let content = Content::of(metainfo::InfoHash([7; 20]), 16_384, vec![1; 40_000]).unwrap();
        let script = Script::behaving(Bitfield::full(3), Arc::new(content));
        let mut peer = Extending::new(script, info(), metadata).telling(news);
        let mut client = Extensions::new([
            (UT_METADATA, THEIRS.metadata),
            (exchange::NAME, THEIRS.exchange),
        ]);
        let hello = peer.hello();
        for body in bodies(&hello) {
            client.hear(&body).unwrap();
        }
        let ours = client.hello(ExtendedHandshake::default()).to_body();
        peer.hear(
            &Message::Later {
                id: EXTENDED,
                body: ours,
            },
            &mut Vec::new(),
        );
        (peer, client)
    }

    fn bodies(mut bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut decoder = Decoder::new(3).keeping(&[EXTENDED]);
        let mut bodies = Vec::new();
        while !bytes.is_empty() {
            let (used, item) = decoder.next(bytes).unwrap();
            bytes = &bytes[used..];
            if let Some(Item::Message(Message::Later { body, .. })) = item {
                bodies.push(body);
            }
        }
        bodies
    }

    /// What it says when it is asked for this block of metadata.
    fn asked(
        peer: &mut Extending<Script>,
        client: &mut Extensions,
        piece: u32,
    ) -> Option<MetadataMessage> {
        let id = client.id(UT_METADATA)?;
        let body = MetadataMessage::Request { piece }.to_body(id);
        let mut out = Vec::new();
        peer.hear(&Message::Later { id: EXTENDED, body }, &mut out);
        peer.answer(&mut out);
        let body = bodies(&out).into_iter().next()?;
        match client.hear(&body).unwrap() {
            Heard::Message { payload, .. } => MetadataMessage::decode(payload).ok(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_honest_peer_gives_each_block_and_no_more() {
        let (mut peer, mut client) = met(Metadata::Gives, News::None);
        let size = client.theirs().unwrap().metadata_size;
        assert_eq!(size, Some(info().len() as u64));
        for piece in 0..3 {
            let answer = asked(&mut peer, &mut client, piece);
            let block = info().chunks(BLOCK).nth(piece as usize).unwrap().to_vec();
            let total_size = size;
            let data = MetadataMessage::Data {
                piece,
                total_size,
                block,
            };
            assert_eq!(answer, Some(data));
        }
        let reject = MetadataMessage::Reject { piece: 3 };
        assert_eq!(asked(&mut peer, &mut client, 3), Some(reject));
    }

    #[test]
    fn liars_lie_each_in_their_own_way() {
        let (mut peer, mut client) = met(Metadata::Rubbish, News::None);
        let zeros = |piece, size, len| MetadataMessage::Data {
            piece,
            total_size: Some(size),
            block: vec![0; len],
        };
        let size = info().len() as u64;
        let answer = asked(&mut peer, &mut client, 2);
        assert_eq!(answer, Some(zeros(2, size, 5)));
        let (mut peer, mut client) = met(Metadata::Size(20_000), News::None);
        let answer = asked(&mut peer, &mut client, 1);
        assert_eq!(answer, Some(zeros(1, 20_000, 20_000 - BLOCK)));
        let (mut peer, mut client) = met(Metadata::Rejects, News::None);
        let reject = MetadataMessage::Reject { piece: 0 };
        assert_eq!(asked(&mut peer, &mut client, 0), Some(reject));
        let (mut peer, mut client) = met(Metadata::Silent, News::None);
        assert_eq!(asked(&mut peer, &mut client, 0), None);
        let (_, client) = met(Metadata::Unspoken, News::None);
        assert_eq!(client.id(UT_METADATA), None);
    }

    #[test]
    fn a_flood_is_of_hundreds_each_time_of_others_and_stays_on_this_machine() {
        let (mut peer, mut client) = met(Metadata::Gives, News::Flood(3));
        let mut seen = std::collections::BTreeSet::new();
        while peer.nap().is_some() {
            let mut out = Vec::new();
            peer.wake(&mut out);
            let body = bodies(&out).remove(0);
            let Ok(Heard::Message { name, payload }) = client.hear(&body) else {
                panic!()
            };
            assert_eq!(name, exchange::NAME);
            let news = PexMessage::decode(payload).unwrap();
            assert_eq!(news.added.len(), 200);
            seen.extend(news.added.into_iter().map(|contact| contact.addr));
        }
        assert_eq!(seen.len(), 600);
        assert!(seen.iter().all(|addr| addr.ip().is_loopback()));
    }

    #[test]
    fn news_come_once_and_to_who_hears_them() {
        let of = vec!["127.0.0.1:7000".parse().unwrap()];
        let after = Duration::from_secs(1);
        let (mut peer, _) = met(Metadata::Gives, News::Of(of.clone(), after));
        assert_eq!(peer.nap(), Some(after));
        peer.wake(&mut Vec::new());
        assert_eq!(peer.nap(), None);
        let content = Content::of(metainfo::InfoHash([7; 20]), 16_384, vec![1; 40_000]).unwrap();
        let script = Script::behaving(Bitfield::full(3), Arc::new(content));
        let news = News::Of(of, after);
        let peer = Extending::new(script, info(), Metadata::Gives).telling(news);
        assert_eq!(peer.nap(), None, "nobody has said that it wants them");
    }
}
