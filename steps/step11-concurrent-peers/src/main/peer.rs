//! The thread of one peer.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use blocks::BlockBuf;
use blocks::blocking::PATIENCE;
use handshake::Handshake;
use handshake::blocking::{Meeting, meet};
use messages::{Bitfield, BitfieldError, BlockRequest, Ended, Message};
use picker::PeerKey;
use picker::blocking::{Heard, Line};
use thiserror::Error;

use crate::desk::News;
use crate::table::{Shared, Word};

/// How many requests are out at each peer. Few: what is not asked for yet is still to be chosen, and
/// many peers make up for it.
const OUT: usize = 2;

/// How long we wait for bytes before we look what others have told us.
const TICK: Duration = Duration::from_millis(20);

/// Why a peer is let go.
#[derive(Debug, Error)]
pub enum Parting {
    /// It ended the connection, or has to.
    #[error(transparent)]
    Ended(#[from] Ended),
    /// It means another torrent.
    #[error(transparent)]
    Bitfield(#[from] BitfieldError),
    /// It owes us blocks.
    #[error("it was asked for blocks, and has sent nothing for {} seconds", PATIENCE.as_secs())]
    Silent,
    /// Others know more.
    #[error("{0}")]
    Told(String),
    /// The connection cannot be used.
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
}

/// One peer, and what we know of it.
struct Peer<'a> {
    key: PeerKey,
    line: Line<TcpStream>,
    has: Bitfield,
    /// When it last sent a block, or was first asked for one again.
    since: Instant,
    words: Receiver<Word>,
    shared: &'a Shared,
    desk: &'a Sender<News>,
}

/// Calls a peer, and stays with it until the end. This is what the thread does.
pub fn call(
    addr: SocketAddr,
    key: PeerKey,
    ours: &Handshake,
    shared: &Shared,
    desk: &Sender<News>,
) {
    // Where nobody sits at the desk any more, the program is about to end.
    let last = match meet(addr, ours) {
        Ok(meeting) => {
            let _ = desk.send(News::Met(key, meeting.theirs.peer_id));
            News::Gone(key, stay(meeting, key, shared, desk))
        }
        Err(error) => News::NotMet(error),
    };
    let _ = desk.send(last);
}

/// Stays with a peer until one side ends it; says why.
fn stay(meeting: Meeting, key: PeerKey, shared: &Shared, desk: &Sender<News>) -> Parting {
    if let Err(error) = meeting.stream.set_read_timeout(Some(TICK)) {
        return error.into();
    }
    let (to_us, words) = mpsc::channel();
    let mut table = shared.lock();
    let pieces = table.geometry.pieces();
    table.threads.insert(key, to_us);
    drop(table);
    let mut peer = Peer {
        key,
        line: Line::new(meeting.stream, pieces),
        has: Bitfield::new(pieces),
        since: Instant::now(),
        words,
        shared,
        desk,
    };
    let parting = match peer.work() {
        Err(parting) => parting,
        Ok(never) => match never {},
    };
    shared.lock().left(key, &peer.has);
    parting
}

impl Peer<'_> {
    // ANCHOR: work
    /// Asks and listens until something ends it.
    fn work(&mut self) -> Result<std::convert::Infallible, Parting> {
        self.line.say(&[Message::Interested])?;
        loop {
            self.obey()?;
            self.ask()?;
            for heard in self.line.listen()? {
                match heard {
                    Heard::Message(message) => self.hear(&message)?,
                    Heard::Block { block, data } => self.take(block, data),
                }
            }
        }
    }
    // ANCHOR_END: work

    /// Does what other threads have told us.
    fn obey(&mut self) -> Result<(), Parting> {
        let mut messages = Vec::new();
        for word in self.words.try_iter() {
            match word {
                Word::Say(message) => messages.push(message),
                Word::Leave(why) => return Err(Parting::Told(why)),
            }
        }
        if !messages.is_empty() {
            self.line.say(&messages)?;
        }
        Ok(())
    }

    // ANCHOR: ask
    /// Asks for the next blocks: the picker says for which.
    fn ask(&mut self) -> Result<(), Parting> {
        if self.line.is_choked() {
            return Ok(());
        }
        let mut table = self.shared.lock();
        let out = table.picker.asked_of(self.key);
        let blocks = table.pick(self.key, &self.has, OUT.saturating_sub(out));
        // A message may take long to be sent: nobody is to wait at the table for that.
        drop(table);
        if out == 0 {
            self.since = Instant::now();
        } else if self.since.elapsed() > PATIENCE {
            return Err(Parting::Silent);
        }
        let requests: Vec<Message> = blocks.into_iter().map(Message::Request).collect();
        if !requests.is_empty() {
            self.line.say(&requests)?;
        }
        Ok(())
    }
    // ANCHOR_END: ask

    /// A message has come.
    fn hear(&mut self, message: &Message) -> Result<(), Parting> {
        match message {
            Message::Bitfield(bytes) => {
                let has = Bitfield::from_bytes(self.has.len(), bytes)?;
                has.iter_ones().for_each(|piece| self.has_got(piece));
            }
            Message::Have(piece) => self.has_got(*piece),
            // What we asked for will not come. Others may be asked.
            Message::Choke => drop(self.shared.lock().picker.release_all(self.key)),
            _ => {}
        }
        Ok(())
    }

    /// The peer has this piece: one copy more.
    fn has_got(&mut self, piece: u32) {
        if self.has.set(piece) {
            let mut table = self.shared.lock();
            table.picker.peer_has(piece);
            let copies = table.picker.copies(piece);
            table.story.copies(piece, copies);
        }
    }

    /// A block has come. A whole piece goes to the desk.
    fn take(&mut self, block: BlockRequest, data: BlockBuf) {
        self.since = Instant::now();
        let whole = self.shared.lock().received(self.key, block, data);
        if let Some(blocks) = whole {
            let piece = block.piece;
            let _ = self.desk.send(News::Whole { piece, blocks });
        }
    }
}
