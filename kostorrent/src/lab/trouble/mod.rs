//! Peers that misbehave, each in one way that real peers do.
//!
//! What a trouble-maker says is decided by its [`Script`], which is pure; this file lends it a
//! [`Line`]. They have all of the torrent, take calls and never call anybody.

mod content;
mod script;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use handshake::{Handshake, Reserved};
use messages::Bitfield;
use peer_id::PeerId;
use tokio::net::TcpStream;

use super::peer::{Line, Manner, Peer};

pub use content::Content;
pub use script::Script;

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
}
// ANCHOR_END: trouble

impl Trouble {
    /// Every kind there is.
    pub const ALL: [Trouble; 6] = [
        Trouble::Liar,
        Trouble::Staller,
        Trouble::Choker,
        Trouble::BigBlocks,
        Trouble::OddCuts,
        Trouble::HaveOnly,
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
        }
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
        let script = Script::new(trouble, content);
        TroubleMaker::serve(trouble.short(), script, rate).await
    }

    /// Starts a peer that makes no trouble, and has these pieces.
    pub async fn part(
        has: Bitfield,
        content: Arc<Content>,
        rate: Option<u64>,
    ) -> io::Result<TroubleMaker> {
        let script = Script::behaving(has, content);
        TroubleMaker::serve("part", script, rate).await
    }

    /// Takes calls; each is talked to by a script of its own.
    async fn serve(
        name: &'static str,
        script: Script,
        rate: Option<u64>,
    ) -> io::Result<TroubleMaker> {
        let manner = Manner {
            rate,
            ..Manner::default()
        };
        let info_hash = script.info_hash();
        let conduct = move |socket: TcpStream| {
            let mut script = script.clone();
            async move {
                let ours = Handshake {
                    reserved: Reserved::none(),
                    info_hash,
                    peer_id: peer_id(name, socket.local_addr()?.port()),
                };
                let mut line = Line::new(socket, script.pieces(), manner, None);
                line.shake_hands(&ours).await?;
                line.play(&mut script).await
            }
        };
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Ok(TroubleMaker(Peer::start(anywhere, conduct).await?))
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.0.addr()
    }
}
