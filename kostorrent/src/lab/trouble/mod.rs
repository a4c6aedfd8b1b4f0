//! Peers that misbehave, each in one way that real peers do.
//!
//! What a trouble-maker says is decided by its [`Script`], which is pure; this file lends it a
//! socket. They have all of the torrent, take calls and never call anybody.

mod content;
mod script;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use handshake::{Handshake, Reserved};
use messages::{Bitfield, Decoder, Item};
use metainfo::InfoHash;
use peer_id::PeerId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

pub use content::Content;
pub use script::Script;

/// Connections that one trouble-maker keeps; more are closed at once.
const CONNECTIONS: usize = 32;
/// A caller must have shaken hands by then.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The bytes sent at a time to a peer that is to be served slowly.
const SPOON: usize = 8 * 1024;

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
fn peer_id(name: &str, port: u16) -> PeerId {
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
pub struct TroubleMaker {
    addr: SocketAddr,
    task: JoinHandle<()>,
}

impl TroubleMaker {
    /// Starts one. `rate` is how many bytes a second it sends to each peer; `None` for no limit.
    pub async fn start(
        trouble: Trouble,
        content: Arc<Content>,
        rate: Option<u64>,
    ) -> io::Result<TroubleMaker> {
        let info_hash = content.info_hash();
        let script = move || Script::new(trouble, content.clone());
        TroubleMaker::serve(trouble.short(), info_hash, script, rate).await
    }

    /// Starts a peer that makes no trouble, and has these pieces.
    pub async fn part(
        has: Bitfield,
        content: Arc<Content>,
        rate: Option<u64>,
    ) -> io::Result<TroubleMaker> {
        let info_hash = content.info_hash();
        let script = move || Script::behaving(has.clone(), content.clone());
        TroubleMaker::serve("part", info_hash, script, rate).await
    }

    /// Takes calls; each is talked to by a script of its own.
    async fn serve(
        name: &str,
        info_hash: InfoHash,
        script: impl Fn() -> Script + Send + 'static,
        rate: Option<u64>,
    ) -> io::Result<TroubleMaker> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let ours = Handshake {
            reserved: Reserved::none(),
            info_hash,
            peer_id: peer_id(name, addr.port()),
        };
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let Ok((socket, _)) = listener.accept().await else {
                    sleep(Duration::from_millis(100)).await;
                    continue;
                };
                while connections.try_join_next().is_some() {}
                if connections.len() < CONNECTIONS {
                    let script = script();
                    // However it ends, the next caller is welcome.
                    connections.spawn(async move {
                        let _ = talk(socket, ours, script, rate).await;
                    });
                }
            }
        });
        Ok(TroubleMaker { addr, task })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for TroubleMaker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One connection, from the handshake to its end.
async fn talk(
    mut socket: TcpStream,
    ours: Handshake,
    mut script: Script,
    rate: Option<u64>,
) -> io::Result<()> {
    timeout(HANDSHAKE, shake_hands(&mut socket, ours)).await??;
    let (mut from, mut to) = socket.into_split();
    let mut decoder = Decoder::new(script.pieces());
    let mut input = Vec::with_capacity(4096);
    let mut output = script.hello();
    loop {
        send(&mut to, &output, rate).await?;
        output.clear();
        let nap = script.nap();
        tokio::select! {
            read = from.read_buf(&mut input) => {
                if read? == 0 {
                    return Ok(());
                }
                let used = hear(&mut decoder, &input, &mut script, &mut output)?;
                input.drain(..used);
            }
            () = sleep(nap.unwrap_or_default()), if nap.is_some() => script.wake(&mut output),
        }
    }
}

/// Hands everything that has arrived to the script. Gives how many bytes that were.
fn hear(
    decoder: &mut Decoder,
    input: &[u8],
    script: &mut Script,
    output: &mut Vec<u8>,
) -> io::Result<usize> {
    let mut used = 0;
    loop {
        let (more, item) = decoder.next(&input[used..]).map_err(io::Error::other)?;
        used += more;
        match item {
            Some(Item::Message(message)) => script.hear(&message, output),
            // Nobody asked for a block.
            Some(Item::Block(_)) => return Err(io::ErrorKind::InvalidData.into()),
            None if more == 0 || used == input.len() => break,
            None => {}
        }
    }
    script.answer(output);
    Ok(used)
}

async fn shake_hands(socket: &mut TcpStream, ours: Handshake) -> io::Result<()> {
    let mut theirs = [0; handshake::LEN];
    socket.read_exact(&mut theirs).await?;
    let theirs = Handshake::parse(&theirs).map_err(io::Error::other)?;
    theirs.accept(&ours).map_err(io::Error::other)?;
    socket.write_all(&ours.to_bytes()).await
}

async fn send(
    socket: &mut (impl AsyncWriteExt + Unpin),
    bytes: &[u8],
    rate: Option<u64>,
) -> io::Result<()> {
    let Some(rate) = rate else {
        return socket.write_all(bytes).await;
    };
    for spoon in bytes.chunks(SPOON) {
        socket.write_all(spoon).await?;
        // A `have` or an `unchoke` is no load.
        if spoon.len() > 1024 {
            sleep(Duration::from_secs_f64(
                spoon.len() as f64 / rate.max(1) as f64,
            ))
            .await;
        }
    }
    Ok(())
}
