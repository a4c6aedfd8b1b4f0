//! A connection on which nothing has been said yet: it goes on in plain text, or keys are exchanged first.

use std::io;
use std::time::Duration;

use encryption::{Failure, Initiator, Methods, Opening, Responder, Secured, SkeyIndex};
use metainfo::InfoHash;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::{Ear, Line, Manner, Passed};

/// An exchange must be over by then.
const EXCHANGE: Duration = Duration::from_secs(15);
/// Bytes read at a time.
const READ: usize = 4 * 1024;

/// Somebody has called, or was called, and nobody has said anything.
pub struct Call {
    socket: TcpStream,
    pieces: u32,
    manner: Manner,
    ear: Option<Ear>,
}

impl Call {
    /// Takes a call about a torrent of so many pieces.
    pub fn taken(socket: TcpStream, pieces: u32, manner: Manner, ear: Option<Ear>) -> Call {
        Call::with(socket, pieces, manner, ear, Passed::Called)
    }

    /// The same with somebody whom we have called.
    pub fn made(socket: TcpStream, pieces: u32, manner: Manner, ear: Option<Ear>) -> Call {
        Call::with(socket, pieces, manner, ear, Passed::WeCalled)
    }

    fn with(socket: TcpStream, pieces: u32, manner: Manner, ear: Option<Ear>, how: Passed) -> Call {
        // What is said in parts is to arrive in parts.
        let _ = socket.set_nodelay(true);
        let call = Call {
            socket,
            pieces,
            manner,
            ear,
        };
        call.note(how);
        call
    }

    fn note(&self, passed: Passed) {
        if let Some(ear) = &self.ear {
            ear(passed);
        }
    }

    /// Goes on in plain text.
    pub fn line(self) -> Line {
        Line::over(self.socket, self.pieces, self.manner, self.ear, None)
    }

    fn secured(self, secured: Secured) -> Line {
        self.note(Passed::Secured(secured.method));
        let secured = Some(secured);
        Line::over(self.socket, self.pieces, self.manner, self.ear, secured)
    }

    /// Exchanges keys with a caller about this torrent, and goes on as one of these methods says. Who begins in plain text is
    /// hung up on.
    ///
    /// # Errors
    ///
    /// When it comes to nothing, which is noted.
    pub async fn answer(mut self, torrent: InfoHash, taken: Methods) -> io::Result<Line> {
        let ours: SkeyIndex = [torrent].into_iter().collect();
        let mut responder = Responder::new(taken, &mut rand::rng());
        let mut first = Vec::new();
        while Opening::of(&first) == Opening::NeedMore {
            self.read(&mut first).await?;
        }
        if Opening::of(&first) == Opening::Plain {
            self.note(Passed::NotEncrypted);
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.note(Passed::Key);
        let mut came = first;
        loop {
            let secured = responder.handle(&came, |hash| ours.find(hash));
            let secured = self.judged(secured)?;
            while let Some(bytes) = responder.poll_transmit() {
                self.write(&bytes).await?;
            }
            if let Some(secured) = secured {
                return Ok(self.secured(secured));
            }
            came.clear();
            self.read(&mut came).await?;
        }
    }

    /// Begins with an exchange of keys about this torrent; what is said first goes along with it.
    ///
    /// # Errors
    ///
    /// When it comes to nothing, which is noted.
    pub async fn encrypt(
        mut self,
        torrent: InfoHash,
        offered: Methods,
        first: Vec<u8>,
    ) -> io::Result<Line> {
        let initiator = Initiator::new(torrent, offered, first, &mut rand::rng());
        let mut initiator = initiator.map_err(io::Error::other)?;
        let mut heard = false;
        loop {
            while let Some(bytes) = initiator.poll_transmit() {
                self.write(&bytes).await?;
            }
            let mut came = Vec::new();
            self.read(&mut came).await?;
            if !heard {
                heard = true;
                self.note(Passed::Key);
            }
            let secured = initiator.handle(&came);
            if let Some(secured) = self.judged(secured)? {
                return Ok(self.secured(secured));
            }
        }
    }

    fn judged(&self, result: Result<Option<Secured>, Failure>) -> io::Result<Option<Secured>> {
        result.map_err(|failure| {
            self.note(Passed::NotSecured(failure));
            io::Error::other(failure)
        })
    }

    /// Adds what comes next.
    async fn read(&mut self, to: &mut Vec<u8>) -> io::Result<()> {
        let mut bytes = [0; READ];
        let read = timeout(EXCHANGE, self.socket.read(&mut bytes)).await?;
        match read {
            Ok(count) if count > 0 => {
                to.extend_from_slice(&bytes[..count]);
                Ok(())
            }
            _ => {
                self.note(Passed::HungUp { midway: true });
                Err(io::ErrorKind::UnexpectedEof.into())
            }
        }
    }

    /// Sends bytes, in the cuts of the manner.
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut sizes = self.manner.cuts.map(|cuts| cuts.iter().copied().cycle());
        let mut rest = bytes;
        while !rest.is_empty() {
            let most = sizes.as_mut().and_then(Iterator::next);
            let most = most.unwrap_or(rest.len()).clamp(1, rest.len());
            let (part, after) = rest.split_at(most);
            rest = after;
            self.socket.write_all(part).await?;
            if sizes.is_some() {
                sleep(Duration::from_millis(1)).await;
            }
        }
        Ok(())
    }

    /// The socket, and who wants to know what passes over it: for who says something else there.
    pub fn into_parts(self) -> (TcpStream, Option<Ear>) {
        (self.socket, self.ear)
    }
}

#[cfg(test)]
mod tests {
    use handshake::{Handshake, Reserved};
    use messages::Message;
    use peer_id::PeerId;
    use pretty_assertions::assert_eq;
    use tokio::net::TcpListener;

    use super::*;

    const TORRENT: InfoHash = InfoHash([7; 20]);

    fn handshake(name: u8) -> Handshake {
        Handshake {
            reserved: Reserved::none(),
            info_hash: TORRENT,
            peer_id: PeerId([name; 20]),
        }
    }

    async fn both(manner: Manner) -> (Call, Call) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (made, taken) = tokio::join!(TcpStream::connect(addr), listener.accept());
        let made = Call::made(made.unwrap(), 4, manner, None);
        (made, Call::taken(taken.unwrap().0, 4, manner, None))
    }

    /// What was said with the exchange and after it arrives, in both directions.
    async fn talks(offered: Methods, taken: Methods, manner: Manner) {
        let (made, answers) = both(manner).await;
        let first = handshake(1).to_bytes().to_vec();
        let (made, answered) = tokio::join!(
            made.encrypt(TORRENT, offered, first),
            answers.answer(TORRENT, taken)
        );
        let (mut made, mut answered) = (made.unwrap(), answered.unwrap());
        let theirs = answered.shake_hands(&handshake(2)).await.unwrap();
        assert_eq!(theirs, handshake(1));
        assert_eq!(made.hear_handshake().await.unwrap(), handshake(2));
        made.say(&Message::Have(3));
        answered.say(&Message::Interested);
        assert_eq!(answered.next().await.unwrap(), Some(Message::Have(3)));
        assert_eq!(made.next().await.unwrap(), Some(Message::Interested));
    }

    #[tokio::test]
    async fn it_goes_on_in_either_way_after_an_exchange() {
        talks(Methods::RC4, Methods::BOTH, Manner::default()).await;
        talks(Methods::BOTH, Methods::PLAIN, Manner::default()).await;
        let cuts = Manner {
            cuts: Some(&[1, 40]),
            ..Manner::default()
        };
        talks(Methods::RC4, Methods::RC4, cuts).await;
    }

    #[tokio::test]
    async fn who_begins_in_plain_text_is_noted_and_hung_up_on() {
        let (made, answers) = both(Manner::default()).await;
        let heard = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let notes = heard.clone();
        let answers = Call {
            ear: Some(std::sync::Arc::new(move |passed| {
                notes.lock().unwrap().push(passed);
            })),
            ..answers
        };
        let (mut line, ours) = (made.line(), handshake(1));
        let (introduced, answered) = tokio::join!(
            line.introduce(&ours),
            answers.answer(TORRENT, Methods::BOTH)
        );
        assert!(introduced.is_err() && answered.is_err());
        assert_eq!(*heard.lock().unwrap(), [Passed::NotEncrypted]);
    }

    #[tokio::test]
    async fn another_torrent_is_no_exchange() {
        let (made, answers) = both(Manner::default()).await;
        let (made, answered) = tokio::join!(
            made.encrypt(InfoHash([9; 20]), Methods::BOTH, Vec::new()),
            answers.answer(TORRENT, Methods::BOTH)
        );
        assert!(made.is_err() && answered.is_err());
    }
}
