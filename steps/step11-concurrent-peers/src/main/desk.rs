//! The desk: where whole pieces are verified and written, and everything is told to the reader.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use blocks::BlockBuf;
use blocks::blocking::PATIENCE;
use handshake::blocking::MeetError;
use peer_id::PeerId;
use picker::PeerKey;
use storage::blocking::Store;
use thiserror::Error;

use crate::peer::Parting;
use crate::picture;
use crate::screen::Screen;
use crate::table::{Shared, Word};

/// The desk looks around so often, even without news.
const TICK: Duration = Duration::from_millis(50);

/// How long we wait for somebody to get a piece that nobody has.
const NEWS: Duration = Duration::from_secs(5);

/// What the threads tell the desk.
pub enum News {
    /// A peer has shaken hands.
    Met(PeerKey, PeerId),
    /// A peer could not be met.
    NotMet(MeetError),
    /// All blocks of a piece are here, in order.
    Whole { piece: u32, blocks: Vec<BlockBuf> },
    /// A peer is gone.
    Gone(PeerKey, Parting),
}

/// Why the download does not go on.
#[derive(Debug, Error)]
enum Trouble {
    /// There were peers, and there are none any more.
    #[error("{missing} pieces are missing, and no peer is left; the last said: {last}")]
    AllGone { missing: u32, last: String },
    /// Those who are here do not have them.
    #[error("{missing} pieces are missing, and none of the peers that are here has any of them")]
    NobodyHas { missing: u32 },
    /// They may have them.
    #[error(
        "{missing} pieces are missing, and no block has come for {} seconds",
        PATIENCE.as_secs()
    )]
    Nothing { missing: u32 },
}

/// The desk, and what lies on it.
pub struct Desk<'a> {
    store: Store,
    shared: Shared,
    addrs: &'a [SocketAddr],
    screen: Screen,
    /// Why peers could not be met.
    not_met: Vec<MeetError>,
    /// What the peer said that went last.
    last: Option<String>,
    /// When a piece last came, or a peer.
    since: Instant,
}

impl<'a> Desk<'a> {
    pub fn new(store: Store, shared: Shared, addrs: &'a [SocketAddr], screen: Screen) -> Desk<'a> {
        Desk {
            store,
            shared,
            addrs,
            screen,
            not_met: Vec::new(),
            last: None,
            since: Instant::now(),
        }
    }

    /// Works until every piece is on disk.
    pub fn work(mut self, news: &Receiver<News>) -> Result<(), Box<dyn Error>> {
        loop {
            match news.recv_timeout(TICK) {
                Ok(news) => self.hear(news)?,
                Err(RecvTimeoutError::Timeout) => self.look_ahead()?,
                Err(RecvTimeoutError::Disconnected) => return Err(self.nobody_left()),
            }
            if self.draw()? {
                return Ok(self.tell()?);
            }
        }
    }

    /// Draws the picture, if it is time. Whether it was the last: all is here.
    fn draw(&mut self) -> io::Result<bool> {
        let table = self.shared.lock();
        let (have, all) = (table.picker.have().count(), table.picker.have().len());
        if self.screen.is_due(have, all) {
            let drawn = picture::draw(&table);
            drop(table);
            self.screen.show(&drawn, have, all)?;
        }
        Ok(have == all)
    }

    fn hear(&mut self, news: News) -> Result<(), Box<dyn Error>> {
        match news {
            News::Met(peer, id) => {
                self.since = Instant::now();
                let client = id.client();
                let client = client.map_or("an unknown client".to_owned(), |c| c.to_string());
                self.say(peer, &client)?;
            }
            News::NotMet(error) => {
                self.screen.say(&error.to_string())?;
                self.not_met.push(error);
            }
            News::Whole { piece, blocks } => self.keep(piece, blocks)?,
            News::Gone(peer, why) => {
                self.say(peer, &format!("let go: {why}"))?;
                self.last = Some(format!("{}: {why}", self.addr(peer)));
            }
        }
        Ok(())
    }

    // ANCHOR: keep
    /// Verifies a piece, and writes it if it is right.
    fn keep(&mut self, piece: u32, blocks: Vec<BlockBuf>) -> Result<(), Box<dyn Error>> {
        self.since = Instant::now();
        if self.store.keep(piece, blocks)? {
            self.shared.lock().close(piece);
            return Ok(());
        }
        let mut table = self.shared.lock();
        let liar = table.failed(piece);
        let only = table.doubted.get(&piece).copied();
        if let Some(liar) = liar {
            let why = format!("piece {piece} was wrong, and all of it came from this peer");
            table.tell(liar, Word::Leave(why));
        }
        drop(table);
        if let Some(only) = only {
            let only = self.addr(only);
            self.screen.say(&format!(
                "piece {piece} is wrong, and several peers sent parts of it: {only} alone is \
                 asked for it now, to see who lied"
            ))?;
        }
        Ok(())
    }
    // ANCHOR_END: keep

    /// Nothing has happened for a moment: whether anything can.
    fn look_ahead(&self) -> Result<(), Trouble> {
        let waited = self.since.elapsed();
        let table = self.shared.lock();
        let have = table.picker.have();
        let missing = have.len() - have.count();
        if table.threads.is_empty() {
            return Ok(());
        }
        let somebody_has = have
            .iter_zeros()
            .any(|piece| table.picker.copies(piece) > 0);
        match somebody_has {
            false if waited > NEWS => Err(Trouble::NobodyHas { missing }),
            true if waited > PATIENCE => Err(Trouble::Nothing { missing }),
            _ => Ok(()),
        }
    }

    /// All threads have ended: why.
    fn nobody_left(&mut self) -> Box<dyn Error> {
        let have = self.shared.lock().picker.have().clone();
        let missing = have.len() - have.count();
        match self.last.take() {
            Some(last) => Trouble::AllGone { missing, last }.into(),
            None => {
                let errors = std::mem::take(&mut self.not_met);
                MeetError::AllFailed { errors }.into()
            }
        }
    }

    /// Says something about a peer.
    fn say(&mut self, peer: PeerKey, what: &str) -> io::Result<()> {
        let addr = self.addr(peer);
        self.screen.say(&format!("{addr}: {what}"))
    }

    fn addr(&self, PeerKey(peer): PeerKey) -> SocketAddr {
        self.addrs[peer as usize]
    }

    /// Tells how it went.
    fn tell(&mut self) -> io::Result<()> {
        let table = self.shared.lock();
        for line in table.story.lines(|PeerKey(peer)| self.addrs[peer as usize]) {
            self.screen.say(&line)?;
        }
        Ok(())
    }
}
