//! Peers that misbehave, each in one way that real peers do.
//!
//! What a trouble-maker says is decided by its [`Script`], which is pure, and what belongs to the later BEPs by what
//! stands around it or in its place; this file lends it a [`Line`](crate::lab::peer::Line). They have all of the torrent,
//! take calls and never call anybody.
//!
//! - `script`: blocks, and who has what;
//! - `extending`: metadata, and peers that tell of peers;
//! - `refusing`: the fast extension;
//! - `breaking_off`: encryption.

mod breaking_off;
mod content;
mod extending;
mod refusing;
mod script;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use handshake::{Handshake, Reserved};
use messages::Bitfield;
use peer_id::PeerId;
use tokio::net::TcpStream;

use super::peer::{Call, Manner, Peer, Role};

pub use breaking_off::break_off;
pub use content::Content;
pub use extending::{Extending, Metadata, News, Numbers};
pub use refusing::Refusing;
pub use script::Script;

/// How much longer than they are the metadata are said to be, by who lies about that.
const LONGER: u64 = 1_000_000;

// ANCHOR: trouble
/// What a trouble-maker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Flips one bit in every fourth block it sends.
    Liar,
    /// Unchokes, takes every request, and never answers.
    Staller,
    /// Chokes after every fourth block, forgets what was asked, and unchokes a little
    /// later.
    Choker,
    /// Answers a request for 16 KiB with 32 KiB where the piece is long enough.
    BigBlocks,
    /// Cuts its answers where nobody asked it to, and sends the last cut first.
    OddCuts,
    /// Sends no bitfield, but a `have` for each piece, one at a time.
    HaveOnly,
    /// Says that the metadata are a megabyte longer than they are, and sends zeros.
    MetadataSize,
    /// Sends zeros in place of the metadata.
    MetadataRubbish,
    /// Says that it has metadata, and rejects each request for them.
    MetadataRejects,
    /// Says that it has metadata, and does not answer.
    MetadataSilent,
    /// Tells ten times a second of two hundred peers that are not there.
    PexFlood,
    /// Unchokes, and rejects each request, for ever. Hangs up on who has not the fast
    /// extension, by which one rejects.
    Refuser,
    /// Hangs up on plain text, and in the middle of an exchange of keys.
    BreaksOff,
}
// ANCHOR_END: trouble

impl Trouble {
    /// Every kind there is.
    pub const ALL: [Trouble; 13] = [
        Trouble::Liar,
        Trouble::Staller,
        Trouble::Choker,
        Trouble::BigBlocks,
        Trouble::OddCuts,
        Trouble::HaveOnly,
        Trouble::MetadataSize,
        Trouble::MetadataRubbish,
        Trouble::MetadataRejects,
        Trouble::MetadataSilent,
        Trouble::PexFlood,
        Trouble::Refuser,
        Trouble::BreaksOff,
    ];

    /// What it does, as one would introduce it: "a peer that …".
    pub fn does(self) -> &'static str {
        match self {
            Trouble::Liar => "corrupts every fourth block it sends",
            Trouble::Staller => "takes requests and never answers",
            Trouble::Choker => "chokes after every fourth block",
            Trouble::BigBlocks => "answers with 32 KiB blocks",
            Trouble::OddCuts => "answers in odd cuts, the last one first",
            Trouble::HaveOnly => "tells what it has by `have` alone",
            Trouble::MetadataSize => "says that the metadata are longer than they are",
            Trouble::MetadataRubbish => "sends zeros in place of the metadata",
            Trouble::MetadataRejects => "rejects each request for metadata",
            Trouble::MetadataSilent => "takes requests for metadata and never answers",
            Trouble::PexFlood => "tells of peers that are not there, again and again",
            Trouble::Refuser => "unchokes, and rejects each request",
            Trouble::BreaksOff => "hangs up in the middle of an exchange of keys",
        }
    }

    /// Four letters for its peer id.
    fn short(self) -> &'static str {
        match self {
            Trouble::Liar => "liar",
            Trouble::Staller => "stal",
            Trouble::Choker => "chok",
            Trouble::BigBlocks => "bigb",
            Trouble::OddCuts => "cuts",
            Trouble::HaveOnly => "have",
            Trouble::MetadataSize => "msiz",
            Trouble::MetadataRubbish => "mrub",
            Trouble::MetadataRejects => "mrej",
            Trouble::MetadataSilent => "msil",
            Trouble::PexFlood => "pexf",
            Trouble::Refuser => "refu",
            Trouble::BreaksOff => "brea",
        }
    }

    /// What it claims in its handshake.
    fn reserved(self) -> Reserved {
        let none = Reserved::none();
        match self {
            Trouble::Refuser => none.with_fast(),
            trouble if trouble.metadata().is_some() => none.with_extension_protocol(),
            _ => none,
        }
    }

    /// What it does about metadata, if it speaks of them.
    fn metadata(self) -> Option<fn(u64) -> Metadata> {
        Some(match self {
            Trouble::MetadataSize => |size| Metadata::Size(size + LONGER),
            Trouble::MetadataRubbish => |_| Metadata::Rubbish,
            Trouble::MetadataRejects => |_| Metadata::Rejects,
            Trouble::MetadataSilent => |_| Metadata::Silent,
            Trouble::PexFlood => |_| Metadata::Gives,
            _ => return None,
        })
    }

    /// How it plays with somebody who claims this; `None` where it hangs up.
    fn role(self, content: Arc<Content>, theirs: Reserved) -> Option<Box<dyn Role>> {
        if self == Trouble::Refuser {
            return theirs
                .fast()
                .then(|| -> Box<dyn Role> { Box::new(Refusing::default()) });
        }
        let info = content.info();
        let script = Script::new(self, content);
        Some(match self.metadata() {
            Some(metadata) if theirs.extension_protocol() => {
                let metadata = metadata(info.len() as u64);
                let news = match self {
                    Trouble::PexFlood => News::Flood(u32::MAX),
                    _ => News::None,
                };
                Box::new(Extending::new(script, info, metadata).telling(news))
            }
            _ => Box::new(script),
        })
    }
}

/// A peer id: recognisable in a trace, and like a real one different for each.
pub(crate) fn peer_id(name: &str, port: u16) -> PeerId {
    let mut id = [b'.'; 20];
    let text = format!("-XX0001-{name}{port:08}");
    for (byte, letter) in id.iter_mut().zip(text.bytes()) {
        *byte = letter;
    }
    PeerId(id)
}

/// A trouble-maker at work on a free port of 127.0.0.1, or a peer that makes none but has a part of
/// the pieces. It ends when this is dropped.
#[derive(Debug)]
pub struct TroubleMaker(Peer);

impl TroubleMaker {
    /// Starts one. `rate` is how many bytes a second it sends to each peer; `None` for no limit.
    pub async fn start(
        trouble: Trouble,
        content: Arc<Content>,
        rate: Option<u64>,
    ) -> io::Result<TroubleMaker> {
        if trouble == Trouble::BreaksOff {
            let info_hash = content.info_hash();
            let pieces = content.geometry().pieces();
            let conduct = move |socket| {
                let call = Call::taken(socket, pieces, Manner::default(), None);
                break_off(call, info_hash)
            };
            return Ok(TroubleMaker(Peer::start(anywhere(), conduct).await?));
        }
        let serves = content.clone();
        let role = move |theirs| trouble.role(serves.clone(), theirs);
        let (name, reserved) = (trouble.short(), trouble.reserved());
        TroubleMaker::serve(name, reserved, &content, role, rate).await
    }

    /// Starts a peer that makes no trouble, and has these pieces.
    pub async fn part(
        has: Bitfield,
        content: Arc<Content>,
        rate: Option<u64>,
    ) -> io::Result<TroubleMaker> {
        let script = Script::behaving(has, content.clone());
        let role = move |_| -> Option<Box<dyn Role>> { Some(Box::new(script.clone())) };
        TroubleMaker::serve("part", Reserved::none(), &content, role, rate).await
    }

    /// Takes calls; each is talked to in a role of its own, which depends on what the other claims.
    async fn serve(
        name: &'static str,
        reserved: Reserved,
        content: &Content,
        role: impl Fn(Reserved) -> Option<Box<dyn Role>> + Clone + Send + Sync + 'static,
        rate: Option<u64>,
    ) -> io::Result<TroubleMaker> {
        let manner = Manner {
            rate,
            ..Manner::default()
        };
        let (info_hash, pieces) = (content.info_hash(), content.geometry().pieces());
        let conduct = move |socket: TcpStream| {
            let role = role.clone();
            async move {
                let ours = Handshake {
                    reserved,
                    info_hash,
                    peer_id: peer_id(name, socket.local_addr()?.port()),
                };
                let mut line = Call::taken(socket, pieces, manner, None).line();
                let theirs = line.shake_hands(&ours).await?;
                match role(theirs.reserved) {
                    Some(mut role) => line.play(&mut *role).await,
                    None => Ok(()),
                }
            }
        };
        Ok(TroubleMaker(Peer::start(anywhere(), conduct).await?))
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.0.addr()
    }
}

/// A free port of this machine.
fn anywhere() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}
