//! The asking side: finds the processes, and asks them.

use std::path::{Path, PathBuf};

#[cfg(unix)]
use std::io;
#[cfg(unix)]
use std::time::Duration;

#[cfg(unix)]
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
#[cfg(unix)]
use tokio::net::UnixStream;

use super::{Ask, ControlError, Said, Standing};
#[cfg(unix)]
use super::{
    folder,
    protocol::{LONGEST_ANSWER, line, read_answer},
};

/// How long an answer may take.
#[cfg(unix)]
const PATIENCE: Duration = Duration::from_secs(5);

/// A process that works on torrents.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    /// Its socket.
    pub(crate) socket: PathBuf,
    /// Its number.
    pub(crate) pid: u32,
    /// How its torrents stand.
    pub(crate) torrents: Vec<Standing>,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Those that have answered.
    pub(crate) running: Vec<Running>,
    /// Sentences about those that have not.
    pub(crate) trouble: Vec<String>,
}

/// Asks all processes of this user how they stand. The sockets of dead ones are removed.
///
/// # Errors
///
/// [`ControlError::Nowhere`] where processes cannot be spoken to.
#[cfg(unix)]
pub(crate) async fn running() -> Result<Found, ControlError> {
    let sockets = folder::places();
    let sockets = sockets.iter().flat_map(|place| folder::sockets(place));
    Ok(among(sockets).await)
}

#[cfg(not(unix))]
pub(crate) async fn running() -> Result<Found, ControlError> {
    Err(ControlError::Nowhere)
}

#[cfg(unix)]
async fn among(sockets: impl Iterator<Item = PathBuf>) -> Found {
    let mut found = Found::default();
    for socket in sockets {
        match ask(&socket, &Ask::Status).await {
            Ok(Said::Status { pid, torrents }) => found.running.push(Running {
                socket,
                pid,
                torrents,
            }),
            Ok(_) => found.trouble.push(about(&socket, "answers at random")),
            Err(ControlError::Dead) => {
                let _ = std::fs::remove_file(&socket);
            }
            // It has ended in this very moment.
            Err(ControlError::System { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(error) => found.trouble.push(about(&socket, &error.to_string())),
        }
    }
    found
}

#[cfg(unix)]
fn about(socket: &Path, sentence: &str) -> String {
    let name = socket.file_stem().unwrap_or_default().to_string_lossy();
    let pid = name.split('-').next().unwrap_or_default().to_owned();
    format!("process {pid}: {sentence}")
}

/// Removes a socket that nobody listens at.
#[cfg(unix)]
pub(super) async fn remove_if_dead(socket: &Path) {
    if let Err(ControlError::Dead) = connect(socket).await {
        let _ = std::fs::remove_file(socket);
    }
}

/// Asks one process.
///
/// # Errors
///
/// If it is dead, silent, of another version, or says no.
#[cfg(unix)]
pub(crate) async fn ask(socket: &Path, what: &Ask) -> Result<Said, ControlError> {
    let (from, mut to) = connect(socket).await?.into_split();
    let talk = async {
        to.write_all(&line(what)).await?;
        let mut answer = Vec::new();
        let mut from = BufReader::new(from.take(LONGEST_ANSWER));
        from.read_until(b'\n', &mut answer).await?;
        match answer.last() {
            Some(b'\n') => Ok(answer),
            Some(_) => Err(io::Error::other("its answer has no end")),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    };
    let answer = tokio::time::timeout(PATIENCE, talk).await;
    let answer = answer.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    read_answer(&answer.map_err(ControlError::Silent)?)
}

#[cfg(not(unix))]
pub(crate) async fn ask(_: &Path, _: &Ask) -> Result<Said, ControlError> {
    Err(ControlError::Nowhere)
}

#[cfg(unix)]
async fn connect(socket: &Path) -> Result<UnixStream, ControlError> {
    UnixStream::connect(socket)
        .await
        .map_err(|cause| match cause.kind() {
            io::ErrorKind::ConnectionRefused => ControlError::Dead,
            _ => ControlError::System {
                path: socket.to_owned(),
                cause,
            },
        })
}

#[cfg(test)]
#[cfg(unix)]
pub(super) async fn found_in(place: &Path) -> Found {
    among(folder::sockets(place).into_iter()).await
}
