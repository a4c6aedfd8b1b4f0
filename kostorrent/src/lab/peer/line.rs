//! One connection of a scripted peer: what it says goes out as it likes, and what comes is taken apart.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use encryption::{Cipher, Secured};
use handshake::Handshake;
use messages::{BlockHeader, Item, Message};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use super::Role;
use super::overhearing::{Ear, Listener, Passed};

/// A caller must have shaken hands by then.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The bytes sent at a time to a peer that is to be served slowly.
const SPOON: usize = 8 * 1024;

/// How a line carries what is said on it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// Bytes a second that go out; `None` for no limit.
    pub rate: Option<u64>,
    /// How much later everything that we say arrives: the round trip of a long line.
    pub lag: Duration,
    /// Cuts what we say into parts of these sizes, in turn, each sent by itself.
    pub cuts: Option<&'static [usize]>,
    /// What we say is not told to the ear: there is too much of it.
    pub untold: bool,
}

/// Something to send.
struct Said {
    /// Not before this.
    when: Instant,
    bytes: Vec<u8>,
    /// Is told when it is out.
    out: Option<oneshot::Sender<()>>,
}

/// The task that sends; it ends with its line.
struct Writer(JoinHandle<io::Result<()>>);

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What has come from the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A message.
    Message(Message),
    /// A block, with its bytes.
    Block(BlockHeader, Vec<u8>),
}

/// A connection with somebody who has called, or whom we have called.
pub struct Line {
    from: OwnedReadHalf,
    to: mpsc::UnboundedSender<Said>,
    writer: Writer,
    input: Vec<u8>,
    heard: VecDeque<Heard>,
    theirs: Listener,
    lag: Duration,
    ear: Option<Ear>,
    /// What is done to all that comes.
    cipher: Cipher,
}

impl Line {
    /// A line to somebody who has called, or whom we have called, about a torrent of so many pieces; after an exchange of keys,
    /// if there was one.
    pub(super) fn over(
        socket: TcpStream,
        pieces: u32,
        manner: Manner,
        ear: Option<Ear>,
        secured: Option<Secured>,
    ) -> Line {
        let (read, write_by, input) = match secured {
            Some(secured) => (secured.read, secured.write, secured.early),
            None => (Cipher::Plain, Cipher::Plain, Vec::with_capacity(4096)),
        };
        // What a script says in parts is to arrive in parts.
        let _ = socket.set_nodelay(true);
        let (from, to) = socket.into_split();
        let (sender, said) = mpsc::unbounded_channel();
        let ours = ear
            .clone()
            .filter(|_| !manner.untold)
            .map(|ear| (ear, Listener::new(pieces), handshake::LEN));
        Line {
            from,
            to: sender,
            writer: Writer(tokio::spawn(write(to, said, manner, ours, write_by))),
            input,
            heard: VecDeque::new(),
            theirs: Listener::new(pieces),
            lag: manner.lag,
            ear,
            cipher: read,
        }
    }

    /// Reads what there is; how much that was, and nothing where they have hung up. Nothing is lost when this is dropped while it
    /// waits.
    async fn more(&mut self) -> io::Result<usize> {
        let before = self.input.len();
        let read = self.from.read_buf(&mut self.input).await;
        self.cipher.apply(&mut self.input[before..]);
        read
    }

    fn note(&self, passed: Passed) {
        if let Some(ear) = &self.ear {
            ear(passed);
        }
    }

    /// Waits for the other side's handshake, which has to come within ten seconds.
    ///
    /// # Errors
    ///
    /// When it does not come, or something else does: the connection is of no more use.
    pub async fn hear_handshake(&mut self) -> io::Result<Handshake> {
        let until = Instant::now() + HANDSHAKE;
        loop {
            if let Err(error) = Handshake::check_start(&self.input) {
                self.note(Passed::NotAHandshake(self.input.clone()));
                return Err(io::Error::other(error));
            }
            if let Some((bytes, rest)) = self.input.split_first_chunk() {
                let theirs = Handshake::parse(bytes).map_err(io::Error::other)?;
                self.input = rest.to_vec();
                self.note(Passed::Handshake(theirs));
                return Ok(theirs);
            }
            if timeout_at(until, self.more()).await?.unwrap_or(0) == 0 {
                let midway = !self.input.is_empty();
                self.note(Passed::HungUp { midway });
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Says bytes; they go out after the line's lag, in its cuts.
    pub fn say_bytes(&self, bytes: &[u8]) {
        self.send(bytes.to_vec(), None);
    }

    fn send(&self, bytes: Vec<u8>, out: Option<oneshot::Sender<()>>) {
        let when = Instant::now() + self.lag;
        // A writer that has ended has lost the connection: reading will tell.
        let _ = self.to.send(Said { when, bytes, out });
    }

    /// Says a message.
    pub fn say(&self, message: &Message) {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        self.say_bytes(&bytes);
    }

    /// Both handshakes: theirs, which has to suit ours, then ours.
    ///
    /// # Errors
    ///
    /// When theirs does not come, or does not suit.
    pub async fn shake_hands(&mut self, ours: &Handshake) -> io::Result<Handshake> {
        let theirs = self.hear_handshake().await?;
        theirs.accept(ours).map_err(io::Error::other)?;
        self.say_bytes(&ours.to_bytes());
        Ok(theirs)
    }

    /// Both handshakes of a call that we have made: ours, then theirs, which has to suit ours.
    ///
    /// # Errors
    ///
    /// When theirs does not come, or does not suit.
    pub async fn introduce(&mut self, ours: &Handshake) -> io::Result<Handshake> {
        self.say_bytes(&ours.to_bytes());
        let theirs = self.hear_handshake().await?;
        theirs.accept(ours).map_err(io::Error::other)?;
        Ok(theirs)
    }

    /// What comes next, a message or a block; `None` when they have hung up.
    ///
    /// # Errors
    ///
    /// When the connection breaks, or what comes is no message.
    pub async fn hear(&mut self) -> io::Result<Option<Heard>> {
        loop {
            if let Some(heard) = self.heard.pop_front() {
                return Ok(Some(heard));
            }
            if !self.read().await? {
                return Ok(None);
            }
        }
    }

    /// The next message; `None` when they have hung up. Blocks that they send are only noted.
    ///
    /// # Errors
    ///
    /// When the connection breaks, or what comes is no message.
    pub async fn next(&mut self) -> io::Result<Option<Message>> {
        loop {
            match self.hear().await? {
                Some(Heard::Message(message)) => return Ok(Some(message)),
                Some(Heard::Block(..)) => continue,
                None => return Ok(None),
            }
        }
    }

    /// Hears them out for so long, or until they hang up. Whether they did.
    pub async fn watch(&mut self, patience: Duration) -> bool {
        let hears = async {
            // An error is the end, too.
            while let Ok(Some(_)) = self.next().await {}
        };
        timeout(patience, hears).await.is_ok()
    }

    /// Plays a role until they hang up.
    ///
    /// # Errors
    ///
    /// When the connection breaks, or what comes is no message, or a block that nobody asked for.
    pub async fn play(&mut self, role: &mut dyn Role) -> io::Result<()> {
        let mut output = role.hello();
        loop {
            if !output.is_empty() {
                let output = std::mem::take(&mut output);
                if self.lag.is_zero() {
                    // What cannot be sent yet is not piled up: meanwhile nobody is heard.
                    let (sender, out) = oneshot::channel();
                    self.send(output, Some(sender));
                    out.await.map_err(|_| io::ErrorKind::BrokenPipe)?;
                } else {
                    self.send(output, None);
                }
            }
            if !self.heard.is_empty() {
                while let Some(heard) = self.heard.pop_front() {
                    match heard {
                        Heard::Message(message) => role.hear(&message, &mut output),
                        Heard::Block(..) => return Err(io::ErrorKind::InvalidData.into()),
                    }
                }
                role.answer(&mut output);
                continue;
            }
            let nap = role.nap();
            tokio::select! {
                more = self.read() => if !more? {
                    return Ok(());
                },
                () = sleep(nap.unwrap_or_default()), if nap.is_some() => role.wake(&mut output),
            }
        }
    }

    /// Reads what there is and takes it apart; `false` when they have hung up. Nothing is lost when
    /// this is dropped while it waits.
    async fn read(&mut self) -> io::Result<bool> {
        if self.input.is_empty() {
            let read = self.more().await;
            if !read.as_ref().is_ok_and(|&count| count > 0) {
                let midway = self.theirs.is_midway();
                self.note(Passed::HungUp { midway });
                return read.map(|_| false);
            }
        }
        let input = std::mem::take(&mut self.input);
        let mut rest = &input[..];
        while !rest.is_empty() {
            let (used, item) = self.theirs.next(rest);
            rest = &rest[used..];
            if let Some((header, bytes)) = self.theirs.whole_block() {
                self.heard.push_back(Heard::Block(header, bytes));
            }
            match item {
                None if used == 0 => break,
                None => {}
                Some(Ok(Item::Message(message))) => {
                    self.note(Passed::Message(message.clone()));
                    self.heard.push_back(Heard::Message(message));
                }
                Some(Ok(Item::Block(header))) => self.note(Passed::Block(header)),
                Some(Err(error)) => {
                    self.note(Passed::Broken(error));
                    return Err(io::Error::other(error));
                }
            }
        }
        Ok(true)
    }

    /// Waits until all that was said is out; `false` when it could not be sent.
    pub async fn flush(&self) -> bool {
        let (sender, out) = oneshot::channel();
        self.send(Vec::new(), Some(sender));
        out.await.is_ok()
    }

    /// Hangs up when all that was said is out.
    pub async fn hang_up(mut self) {
        drop(self.to);
        let _ = (&mut self.writer.0).await;
        if let Some(ear) = &self.ear {
            ear(Passed::WeHungUp);
        }
    }
}

/// Sends what is said, each thing when its time has come.
async fn write(
    mut to: OwnedWriteHalf,
    mut said: mpsc::UnboundedReceiver<Said>,
    manner: Manner,
    mut ours: Option<(Ear, Listener, usize)>,
    mut cipher: Cipher,
) -> io::Result<()> {
    let mut sizes = manner.cuts.map(|cuts| cuts.iter().copied().cycle());
    while let Some(Said { when, bytes, out }) = said.recv().await {
        sleep_until(when).await;
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let most = match (&mut sizes, manner.rate) {
                (Some(sizes), _) => sizes.next().unwrap_or(SPOON),
                (None, Some(_)) => SPOON,
                (None, None) => rest.len(),
            };
            let (part, after) = rest.split_at(most.clamp(1, rest.len()));
            rest = after;
            match cipher.is_plain() {
                true => to.write_all(part).await?,
                false => {
                    let mut hidden = part.to_vec();
                    cipher.apply(&mut hidden);
                    to.write_all(&hidden).await?;
                }
            }
            overhear(&mut ours, part);
            match manner.rate {
                // A `have` or an `unchoke` is no load.
                Some(rate) if part.len() > 1024 => {
                    let seconds = part.len() as f64 / rate.max(1) as f64;
                    sleep(Duration::from_secs_f64(seconds)).await;
                }
                // Long enough that the next part does not travel with this one.
                _ if sizes.is_some() => sleep(Duration::from_millis(1)).await,
                _ => {}
            }
        }
        // Nobody may be waiting for it.
        let _ = out.map(|out| out.send(()));
    }
    Ok(())
}

/// Tells an ear what we have sent. The first 68 bytes of a line are our handshake.
fn overhear(ours: &mut Option<(Ear, Listener, usize)>, mut sent: &[u8]) {
    let Some((ear, listener, handshake)) = ours else {
        return;
    };
    if *handshake > 0 {
        let part = sent.len().min(*handshake);
        *handshake -= part;
        sent = &sent[part..];
        if *handshake == 0 {
            ear(Passed::WeShookHands);
        }
    }
    for item in listener.all(sent).into_iter().flatten() {
        ear(match item {
            Item::Message(message) => Passed::WeSaid(message),
            Item::Block(header) => Passed::WeGave(header),
        });
    }
}
