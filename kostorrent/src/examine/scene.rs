//! One run of the command: a swarm of its own, a folder of its own, and all that was seen.

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use handshake::{Handshake, Reserved};
use messages::{Bitfield, Message};
use metainfo::InfoHash;
use tokio::net::{TcpSocket, TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::asked::Asked;
use super::caller::{Phone, beside};
use super::command::{Fill, Run, Vitals};
use super::status::Status;
use super::tape::{Datagram, Tape, What};
use super::torrent::Torrent;
use super::tracker;
use super::{Ground, lock};
use crate::lab::peer::{Call, Line, Manner, Passed, Peer};
use crate::lab::tracker::http::Response;
use crate::lab::trouble::{Content, Script, peer_id};

/// How often it is looked whether the command has ended, or everything is on disk.
const LOOK: Duration = Duration::from_millis(25);
/// When the command has ended, its connections tell their end within that.
const ECHO: Duration = Duration::from_millis(100);
/// A command that is told to end has that long for it, and for its goodbye to the tracker.
const GRACE: Duration = Duration::from_secs(4);
/// A client that has not been seen or heard of after so long does nothing any more.
const START: Duration = Duration::from_secs(30);

/// The last byte of the first peer's address; those who call have smaller ones.
const PEERS: u8 = 100;
/// The longest datagram there is.
const LONGEST: usize = 65_536;

/// Why an examination cannot go on: it is our fault, or the system's.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up the stage {stage}: {cause}")]
pub struct SceneError {
    stage: String,
    cause: io::Error,
}

/// A run that is being prepared, is at work, or is over.
#[derive(Debug)]
pub struct Scene {
    pub(super) ground: Arc<Ground>,
    name: String,
    folder: PathBuf,
    /// What is shared.
    pub torrent: Torrent,
    /// What is shared beside it, with a command that takes several.
    pub more: Vec<Torrent>,
    /// What was seen.
    pub tape: Tape,
    /// What stands in the torrent as its tracker.
    pub announce: String,
    /// The link that the client is given in place of a torrent file.
    pub magnet: Option<String>,
    /// The node of the DHT from which the client is to begin; one that never answers, where there is none.
    pub router: Option<SocketAddr>,
    cast: Vec<Peer>,
    /// Those who speak in datagrams.
    speakers: JoinSet<()>,
    /// Places that are kept so that nobody else comes to listen there.
    kept: Vec<TcpSocket>,
    /// Those who call the client.
    callers: JoinSet<()>,
    /// The command that runs.
    vitals: Mutex<Option<Vitals>>,
}

/// Why a run is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Over {
    /// What was waited for has happened.
    Happened,
    /// The command ended before.
    Ended(Status),
    /// Nothing of it within the time.
    Late,
    /// The client sends and sends.
    Flooded,
}

/// What a run was like.
#[derive(Clone, Debug)]
pub struct Played {
    /// Why it is over.
    pub over: Over,
    /// The most memory it had, in bytes, where the system tells.
    pub memory: Option<u64>,
}

/// What is on disk after a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disk {
    /// Every file, and each is right.
    Whole,
    /// Something is missing, or not there yet: which.
    Part(String),
}

impl Scene {
    pub(super) fn new(ground: Arc<Ground>, name: String) -> Result<Scene, SceneError> {
        let folder = ground.folder.join(&name);
        let mut scene = Scene {
            ground,
            name,
            folder,
            torrent: Torrent::single("sample.bin", 150_000, 1),
            more: Vec::new(),
            tape: Tape::default(),
            announce: String::new(),
            magnet: None,
            router: None,
            cast: Vec::new(),
            speakers: JoinSet::new(),
            kept: Vec::new(),
            callers: JoinSet::new(),
            vitals: Mutex::new(None),
        };
        scene.torrent = scene.own(scene.torrent.clone());
        // The folder to download into is for the client to make.
        let made = fs::create_dir_all(scene.folder());
        made.map_err(|cause| scene.error(cause))?;
        Ok(scene)
    }

    /// Another run beside this one, for a check that compares.
    pub fn another(&self, name: &str) -> Result<Scene, SceneError> {
        Scene::new(self.ground.clone(), format!("{}-{name}", self.name))
    }

    /// The same torrent with other bytes than in any other run: clients find each other on the local network, by the info-hash, and
    /// each is to be alone.
    pub fn own(&self, torrent: Torrent) -> Torrent {
        let name = self.name.bytes().fold(self.ground.salt, |sum, byte| {
            // FNV-1a.
            (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        torrent.of(name)
    }

    pub(super) fn error(&self, cause: io::Error) -> SceneError {
        SceneError {
            stage: self.name.clone(),
            cause,
        }
    }

    /// The folder of this run; the client's own is in it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder that the client is to download into.
    pub fn output(&self) -> PathBuf {
        self.folder.join("output")
    }

    /// The folder that holds what a seeder is to give.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Puts what is to be given there.
    pub fn fill_data(&self) -> Result<(), SceneError> {
        for (path, bytes) in self.torrent.on_disk() {
            let path = self.data().join(path);
            let parent = path.parent().unwrap_or(&path);
            let written = fs::create_dir_all(parent).and_then(|()| fs::write(&path, bytes));
            written.map_err(|cause| self.error(cause))?;
        }
        Ok(())
    }

    /// The address at which trackers and peers are, and at which the client is called.
    pub fn host(&self) -> Ipv4Addr {
        self.ground.host
    }

    /// An address that differs from [`Scene::host`] in its last byte: some clients know one peer at each address. Where the system
    /// has no such addresses, everybody is at the same.
    pub fn host_of(&self, last: u8) -> Ipv4Addr {
        let own = beside(self.host(), last);
        match TcpListener::bind((own, 0)) {
            Ok(_) => own,
            Err(_) => self.host(),
        }
    }

    /// How long a run may take that should not take long.
    pub fn patience(&self) -> Duration {
        self.ground.patience
    }

    /// What scripted peers have.
    pub fn content(&self) -> Result<Arc<Content>, SceneError> {
        let content = self.torrent.content();
        let content = content.map(|content| content.with_info(self.torrent.info()));
        let none = || self.error(io::Error::other("the torrent has no content"));
        content.map(Arc::new).ok_or_else(none)
    }

    /// The handshake of a peer. Its id is that of no other: who meets an id twice hangs up.
    pub fn handshake(&self, name: &str) -> Handshake {
        let number = name.bytes().fold(0_u16, |number, byte| {
            number.wrapping_mul(31).wrapping_add(byte.into())
        });
        Handshake {
            reserved: Reserved::none(),
            info_hash: self.torrent.info_hash(),
            peer_id: peer_id(&name[..name.len().min(4)], number),
        }
    }

    /// An address at which nobody listens, now or later.
    pub fn nobody(&mut self, last: u8) -> Result<SocketAddr, SceneError> {
        let keep = || -> io::Result<_> {
            let socket = TcpSocket::new_v4()?;
            socket.bind((self.host_of(last), 0).into())?;
            Ok((socket.local_addr()?, socket))
        };
        let (addr, socket) = keep().map_err(|cause| self.error(cause))?;
        self.kept.push(socket);
        Ok(addr)
    }

    /// Adds a tracker; gives its announce URL. The first one is the torrent's.
    pub(crate) async fn tracker(
        &mut self,
        name: &'static str,
        answer: impl Fn(&Asked, usize) -> Response + Send + Sync + 'static,
    ) -> Result<String, SceneError> {
        let tracker = tracker::start(self.host(), name, self.tape.clone(), answer).await;
        let tracker = tracker.map_err(|cause| self.error(cause))?;
        let url = format!("http://{}/announce", tracker.addr());
        self.cast.push(tracker);
        if self.announce.is_empty() {
            self.announce.clone_from(&url);
        }
        Ok(url)
    }

    /// Adds somebody who speaks in datagrams, at a free port of this address. `answer` is given each one as it comes, and says what is to be sent
    /// to whom.
    pub async fn speaker(
        &mut self,
        name: &'static str,
        host: Ipv4Addr,
        mut answer: impl FnMut(&[u8], SocketAddr) -> Vec<(SocketAddr, Vec<u8>)> + Send + 'static,
    ) -> Result<SocketAddr, SceneError> {
        let bound = UdpSocket::bind((host, 0)).await;
        let socket = bound.map_err(|cause| self.error(cause))?;
        let addr = socket.local_addr().map_err(|cause| self.error(cause))?;
        let tape = self.tape.clone();
        self.speakers.spawn(async move {
            let mut buffer = vec![0; LONGEST];
            loop {
                let Ok((len, from)) = socket.recv_from(&mut buffer).await else {
                    // An answer to somebody who is gone, for one.
                    tokio::task::yield_now().await;
                    continue;
                };
                let bytes = buffer.get(..len).unwrap_or_default();
                tape.note(name, 1, What::Datagram(Datagram::new(from, bytes)));
                for (to, says) in answer(bytes, from) {
                    let _ = socket.send_to(&says, to).await;
                }
            }
        });
        Ok(addr)
    }

    /// Adds the usual tracker, which names these peers.
    pub async fn tracker_for(&mut self, peers: &[SocketAddr]) -> Result<(), SceneError> {
        let peers = peers.to_vec();
        self.tracker("tracker", move |_, _| tracker::peers(&peers))
            .await?;
        Ok(())
    }

    /// Adds a peer that does with each caller as `conduct` says.
    pub async fn peer<C, T>(
        &mut self,
        name: &'static str,
        manner: Manner,
        conduct: C,
    ) -> Result<SocketAddr, SceneError>
    where
        C: Fn(Line) -> T + Send + Sync + 'static,
        T: Future<Output = io::Result<()>> + Send + 'static,
    {
        let addr = self.next_host();
        self.peer_at(addr, name, manner, conduct).await
    }

    /// The same at an address.
    pub async fn peer_at<C, T>(
        &mut self,
        addr: SocketAddr,
        name: &'static str,
        manner: Manner,
        conduct: C,
    ) -> Result<SocketAddr, SceneError>
    where
        C: Fn(Line) -> T + Send + Sync + 'static,
        T: Future<Output = io::Result<()>> + Send + 'static,
    {
        let conduct = move |call: Call| conduct(call.line());
        self.called_at(addr, name, manner, conduct).await
    }

    /// Adds somebody who decides with each caller how it begins.
    pub async fn called<C, T>(
        &mut self,
        name: &'static str,
        manner: Manner,
        conduct: C,
    ) -> Result<SocketAddr, SceneError>
    where
        C: Fn(Call) -> T + Send + Sync + 'static,
        T: Future<Output = io::Result<()>> + Send + 'static,
    {
        let addr = self.next_host();
        self.called_at(addr, name, manner, conduct).await
    }

    /// The address of the next one who can be called; it differs from those of the others.
    fn next_host(&self) -> SocketAddr {
        let number = u8::try_from(self.cast.len()).unwrap_or(u8::MAX);
        (self.host_of(PEERS.saturating_add(number)), 0).into()
    }

    async fn called_at<C, T>(
        &mut self,
        addr: SocketAddr,
        name: &'static str,
        manner: Manner,
        conduct: C,
    ) -> Result<SocketAddr, SceneError>
    where
        C: Fn(Call) -> T + Send + Sync + 'static,
        T: Future<Output = io::Result<()>> + Send + 'static,
    {
        let (pieces, tape, calls) = (
            self.torrent.pieces(),
            self.tape.clone(),
            AtomicUsize::new(0),
        );
        let answer = move |socket: TcpStream| {
            let call = calls.fetch_add(1, Ordering::Relaxed) + 1;
            let ear = Some(tape.ear(name, call));
            conduct(Call::taken(socket, pieces, manner, ear))
        };
        let peer = Peer::start(addr, answer).await;
        let peer = peer.map_err(|cause| self.error(cause))?;
        let addr = peer.addr();
        self.cast.push(peer);
        Ok(addr)
    }

    /// Adds a peer that plays a script.
    pub async fn script(
        &mut self,
        name: &'static str,
        manner: Manner,
        script: Script,
    ) -> Result<SocketAddr, SceneError> {
        let ours = self.handshake(name);
        self.peer(name, manner, move |mut line| {
            let mut script = script.clone();
            async move {
                line.shake_hands(&ours).await?;
                line.play(&mut script).await
            }
        })
        .await
    }

    /// Adds somebody who calls the client, as soon as that can be called, or several.
    pub fn caller<C, T>(&mut self, conduct: C)
    where
        C: FnOnce(Phone) -> T,
        T: Future<Output = io::Result<()>> + Send + 'static,
    {
        let phone = Phone {
            tape: self.tape.clone(),
            pieces: self.torrent.pieces(),
            host: self.host(),
            torrent: None,
        };
        let calling = conduct(phone);
        // However it ends: what was seen is noted.
        self.callers.spawn(async move { drop(calling.await) });
    }

    /// The most memory that the command has had so far, in bytes.
    pub fn memory(&self) -> Option<u64> {
        (*lock(&self.vitals))?.memory()
    }

    /// The processor time that the command has had so far.
    pub fn processor(&self) -> Option<Duration> {
        (*lock(&self.vitals))?.processor()
    }

    /// Adds a peer that has everything, and unchokes nobody.
    pub async fn keeper(&mut self, name: &'static str) -> Result<SocketAddr, SceneError> {
        let (ours, pieces) = (self.handshake(name), self.torrent.pieces());
        self.peer(name, Manner::default(), move |mut line| async move {
            line.shake_hands(&ours).await?;
            line.say(&Message::Bitfield(Bitfield::full(pieces).to_bytes()));
            line.watch(Duration::MAX).await;
            Ok(())
        })
        .await
    }

    /// A script that has everything and makes no trouble.
    pub fn honest(&self) -> Result<Script, SceneError> {
        let has = Bitfield::full(self.torrent.pieces());
        Ok(Script::behaving(has, self.content()?))
    }

    /// Adds an honest seeder and a tracker that names it.
    pub async fn usual(&mut self) -> Result<SocketAddr, SceneError> {
        let script = self.honest()?;
        let peer = self.script("seeder", Manner::default(), script).await?;
        self.tracker_for(&[peer]).await?;
        Ok(peer)
    }

    /// Runs the command until something has happened, but no longer than that.
    pub async fn play(
        &self,
        limit: Duration,
        happened: &(dyn Fn(&Scene) -> bool + Sync),
    ) -> Result<Played, SceneError> {
        self.run(limit.max(START), limit, happened, false).await
    }

    /// The same with a client that may have no reason to let anything be seen of it: not even for that is it waited longer.
    pub async fn play_for(
        &self,
        limit: Duration,
        happened: &(dyn Fn(&Scene) -> bool + Sync),
    ) -> Result<Played, SceneError> {
        self.run(limit, limit, happened, false).await
    }

    /// The same, and then the command is asked to end, and given time for it.
    pub async fn play_and_end(
        &self,
        limit: Duration,
        happened: &(dyn Fn(&Scene) -> bool + Sync),
    ) -> Result<Played, SceneError> {
        self.run(limit.max(START), limit, happened, true).await
    }

    async fn run(
        &self,
        start: Duration,
        limit: Duration,
        happened: &(dyn Fn(&Scene) -> bool + Sync),
        gently: bool,
    ) -> Result<Played, SceneError> {
        let mut torrents = Vec::new();
        for torrent in [&self.torrent].into_iter().chain(&self.more) {
            let name = match torrents.len() {
                0 => "test.torrent".to_owned(),
                before => format!("test-{}.torrent", before + 1),
            };
            let path = self.folder.join(name);
            let written = fs::write(&path, torrent.file(&self.announce));
            written.map_err(|cause| self.error(cause))?;
            torrents.push(path);
        }
        let port = self.ground.take_port().await;
        let port = port.map_err(|cause| self.error(cause))?;
        // Where no DHT is looked at there is a node that does not answer: the client is not to ask those of the world.
        let silent = UdpSocket::bind((self.host(), 0)).await;
        let silent = silent.and_then(|socket| Ok((socket.local_addr()?, socket)));
        let (silent, _socket) = silent.map_err(|cause| self.error(cause))?;

        let fill = Fill {
            torrents: &torrents,
            magnet: self.magnet.as_deref(),
            router: self.router.unwrap_or(silent),
            output: &self.output(),
            data: &self.data(),
            port: port.number(),
        };
        self.tape.begin();
        let run = Run::start(&self.ground.template, &fill, &self.folder);
        let mut run = run.map_err(|cause| self.error(cause))?;
        *lock(&self.vitals) = Some(run.vitals());
        let over = loop {
            // Asked first: what it did before its end is then all seen.
            let status = run.status();
            if let Some(Status::NotStarted(why)) = status {
                let why = format!("the command could not be started: {why}");
                return Err(self.error(io::Error::other(why)));
            }
            if let Some(status) = status {
                sleep(ECHO).await;
                self.tape.note("", 0, What::Ended(status.clone()));
                break match happened(self) {
                    true => Over::Happened,
                    false => Over::Ended(status),
                };
            }
            if happened(self) {
                break Over::Happened;
            }
            // Some take long until they do anything, and more so on a busy machine.
            let until = match self.tape.first_sign() {
                Some(at) => at + limit,
                None => start,
            };
            if self.tape.now() > until {
                break Over::Late;
            }
            if self.tape.is_full() {
                break Over::Flooded;
            }
            // A change or a look, whichever comes first.
            let _ = timeout(LOOK, self.tape.changed()).await;
        };
        let memory = run.vitals().memory();
        if gently {
            self.part(&mut run).await;
        }
        self.tape.end();
        *lock(&self.vitals) = None;
        drop(run);
        // To what was seen of an earlier run of it.
        let seen = File::options()
            .append(true)
            .create(true)
            .open(self.folder.join("seen.txt"));
        let lines = self.tape.last(usize::MAX).join("\n") + "\n";
        let written = seen.and_then(|mut seen| seen.write_all(lines.as_bytes()));
        written.map_err(|cause| self.error(cause))?;
        Ok(Played { over, memory })
    }

    /// Asks the command to end, and waits until it has.
    async fn part(&self, run: &mut Run) {
        if run.status().is_some() {
            return;
        }
        run.interrupt();
        let until = Instant::now() + GRACE;
        while Instant::now() < until {
            if let Some(status) = run.status() {
                sleep(ECHO).await;
                self.tape.note("", 0, What::Ended(status));
                return;
            }
            sleep(LOOK).await;
        }
    }

    /// What is on disk.
    pub fn disk(&self) -> Disk {
        for (path, bytes) in self.torrent.on_disk() {
            let name = path.display();
            match fs::read(self.output().join(&path)) {
                Ok(found) if found == bytes => {}
                Ok(found) if found.len() == bytes.len() => {
                    return Disk::Part(format!("{name} has other bytes"));
                }
                Ok(found) => {
                    let (is, should) = (found.len(), bytes.len());
                    return Disk::Part(format!("{name} has {is} bytes, not {should}"));
                }
                Err(_) => return Disk::Part(format!("{name} is not there")),
            }
        }
        Disk::Whole
    }

    /// Whether everything is on disk.
    pub fn is_whole(&self) -> bool {
        self.disk() == Disk::Whole
    }

    /// The info-hash that the client names, to a tracker or to a peer.
    pub fn named(&self) -> Option<InfoHash> {
        self.tape.notes().iter().find_map(|note| match &note.what {
            What::Asked(asked) => asked.info_hash(),
            What::Passed(Passed::Handshake(theirs)) => Some(theirs.info_hash),
            _ => None,
        })
    }

    /// Whether the client names this torrent, be it only in what it prints.
    pub fn names_torrent(&self, info_hash: InfoHash) -> bool {
        let printed = || {
            let text = self.printed().to_lowercase();
            text.contains(&hex::encode(info_hash.0))
        };
        self.named() == Some(info_hash) || printed()
    }

    /// Whether the client finds a peer: it calls it, or prints its address.
    pub fn finds(&self, name: &str, addr: SocketAddr) -> bool {
        self.tape.called(name) || self.printed().contains(&addr.to_string())
    }

    /// What the command printed.
    pub fn printed(&self) -> String {
        let text = fs::read(self.folder.join("output.txt")).unwrap_or_default();
        String::from_utf8_lossy(&text).into_owned()
    }
}

impl Played {
    /// How it crashed, if it did: by a signal that we did not send.
    pub fn crash(&self) -> Option<String> {
        match &self.over {
            Over::Ended(status @ Status::Signal(_)) => Some(status.to_string()),
            _ => None,
        }
    }

    /// The end of a sentence about what did not come: why, if it was not that we have waited for long enough.
    pub fn because(&self) -> String {
        match &self.over {
            Over::Happened => String::new(),
            _ => format!(": {}", self.why()),
        }
    }

    /// Why it went no further, in words.
    pub fn why(&self) -> String {
        match &self.over {
            Over::Happened => "it went on".into(),
            Over::Ended(status) => format!("it {status}"),
            Over::Late => "nothing more came".into(),
            Over::Flooded => "it sends without end".into(),
        }
    }
}
