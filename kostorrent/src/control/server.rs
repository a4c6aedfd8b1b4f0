//! The running side: a socket, and what comes through it.

use tokio::sync::{mpsc, oneshot};

#[cfg(unix)]
pub(crate) use unix::Server;

#[cfg(not(unix))]
pub(crate) use nowhere::Server;

use super::{Ask, Said};

/// Something that was asked, and whom to tell.
pub(crate) struct Asked {
    /// What.
    pub(crate) ask: Ask,
    to: oneshot::Sender<Said>,
}

impl Asked {
    /// Answers. Whoever asked may have gone.
    pub(crate) fn answer(self, said: Said) {
        let _ = self.to.send(said);
    }
}

type Asks = mpsc::Sender<Asked>;

#[cfg(unix)]
mod unix {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
    use tokio::net::{UnixListener, UnixStream};
    use tokio::sync::{mpsc, oneshot};
    use tokio::task::{JoinHandle, JoinSet};
    use tokio::time::timeout;

    use super::super::protocol::{LONGEST_ASK, line, read_ask};
    use super::super::{ControlError, Said, client, folder};
    use super::{Asked, Asks};

    /// So many may ask at the same time; who comes then is hung up on.
    const MOST: usize = 8;

    /// Who says nothing for so long is hung up on.
    const PATIENCE: Duration = Duration::from_secs(5);

    /// After the system has failed to give a connection.
    const PAUSE: Duration = Duration::from_secs(1);

    /// A socket of this process, as long as this is there.
    pub(crate) struct Server {
        path: PathBuf,
        asked: mpsc::Receiver<Asked>,
        listening: JoinHandle<()>,
    }

    impl Server {
        /// Opens a socket where a client looks for it. What dead processes have left is removed.
        ///
        /// # Errors
        ///
        /// If there is no folder to be had that only this user may open, or no socket in it.
        pub(crate) fn open() -> Result<Server, ControlError> {
            let mut result = Err(ControlError::Dead);
            for place in folder::places() {
                result = Server::open_in(&place);
                if result.is_ok() {
                    break;
                }
            }
            result
        }

        pub(in super::super) fn open_in(place: &Path) -> Result<Server, ControlError> {
            let mut listener = Err(ControlError::Dead);
            // Another process may end just now and take the empty folder with it.
            for _ in 0..3 {
                folder::make(place)?;
                listener = listen(place);
                if listener.is_ok() {
                    break;
                }
            }
            let (listener, path) = listener?;
            let own = path.clone();
            let others = folder::sockets(place);
            let others = others.into_iter().filter(move |path| *path != own);
            let (asks, asked) = mpsc::channel(MOST);
            let listening = tokio::spawn(async move {
                for other in others {
                    client::remove_if_dead(&other).await;
                }
                serve(listener, asks).await;
            });
            Ok(Server {
                path,
                asked,
                listening,
            })
        }

        /// What is asked next; to be awaited again and again.
        pub(crate) async fn next(&mut self) -> Asked {
            match self.asked.recv().await {
                Some(asked) => asked,
                None => std::future::pending().await,
            }
        }
    }

    impl Drop for Server {
        fn drop(&mut self) {
            self.listening.abort();
            let _ = fs::remove_file(&self.path);
            // The last one takes the folder with it.
            let _ = self.path.parent().map(fs::remove_dir);
        }
    }

    // ANCHOR: listen
    /// A socket with a name of its own. It gets the name that clients look for when it listens:
    /// before, it would look like that of a dead process.
    fn listen(place: &Path) -> Result<(UnixListener, PathBuf), ControlError> {
        let name = format!("{}-{:08x}", std::process::id(), rand::random::<u32>());
        let first = place.join(format!("{name}.new"));
        let path = place.join(format!("{name}.{}", folder::ENDING));
        let all = || {
            let listener = UnixListener::bind(&first)?;
            fs::set_permissions(&first, fs::Permissions::from_mode(0o600))?;
            fs::rename(&first, &path)?;
            Ok(listener)
        };
        match all() {
            Ok(listener) => Ok((listener, path)),
            Err(cause) => {
                let _ = fs::remove_file(&first);
                Err(ControlError::System { path, cause })
            }
        }
    }
    // ANCHOR_END: listen

    async fn serve(listener: UnixListener, asks: Asks) {
        let mut connections = JoinSet::new();
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            while connections.try_join_next().is_some() {}
            if connections.len() < MOST && is_ours(&stream) {
                let asks = asks.clone();
                connections.spawn(async move {
                    let _ = timeout(PATIENCE, answer(stream, asks)).await;
                });
            }
        }
    }

    /// Whether the other end is this user's, or root's. The folder keeps others out, too.
    fn is_ours(stream: &UnixStream) -> bool {
        let ours = rustix::process::geteuid().as_raw();
        let theirs = stream.peer_cred().map(|other| other.uid());
        theirs.is_ok_and(|uid| uid == ours || uid == 0)
    }

    // ANCHOR: answer
    /// Reads one question and answers it.
    async fn answer(stream: UnixStream, asks: Asks) -> std::io::Result<()> {
        let (from, mut to) = stream.into_split();
        let mut question = Vec::new();
        let mut from = BufReader::new(from.take(LONGEST_ASK));
        from.read_until(b'\n', &mut question).await?;
        let said = match question.last() {
            None => return Ok(()),
            Some(b'\n') => match read_ask(&question) {
                Ok(ask) => of(ask, asks).await,
                Err(why) => Said::Error(why),
            },
            Some(_) => Said::Error(format!(
                "a question is one line of at most {LONGEST_ASK} bytes"
            )),
        };
        to.write_all(&line(&said)).await
    }
    // ANCHOR_END: answer

    /// The answer of whoever owns the torrents.
    async fn of(ask: super::Ask, asks: Asks) -> Said {
        let (to, answer) = oneshot::channel();
        let sent = asks.send(Asked { ask, to }).await;
        let answer = match sent {
            Ok(()) => answer.await.ok(),
            Err(_) => None,
        };
        answer.unwrap_or_else(|| Said::Error("it is about to end".into()))
    }
}

#[cfg(not(unix))]
mod nowhere {
    use super::super::ControlError;
    use super::Asked;

    /// Nothing listens.
    pub(crate) struct Server;

    impl Server {
        /// Always succeeds: there is nothing that could be missed.
        pub(crate) fn open() -> Result<Server, ControlError> {
            Ok(Server)
        }

        /// Nothing is ever asked.
        pub(crate) async fn next(&mut self) -> Asked {
            std::future::pending().await
        }
    }
}

#[cfg(all(test, unix))]
mod tests;
