//! A line a second, whatever else happens: what is on disk, and what is in memory.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::gauge::{Gauge, kib, resident};

const SECOND: Duration = Duration::from_secs(1);

/// The head of the table.
const HEAD: &str = "second   pieces      length     on disk       holes   in memory  of it pieces";

/// What the download knows, and the lines tell.
#[derive(Debug, Default)]
pub struct Figures {
    /// How many pieces there are, and how many of them are on disk.
    pub pieces: AtomicU32,
    pub have: AtomicU32,
    /// How many bytes of memory hold a piece that is not whole.
    pub buffers: AtomicU64,
}

/// A thread that writes a line a second.
pub struct Ticker {
    thread: JoinHandle<io::Result<Option<u64>>>,
    stop: Sender<()>,
}

impl Ticker {
    /// Writes the first line, before anything has come, and starts.
    pub fn start(gauge: Gauge, figures: Arc<Figures>) -> io::Result<Ticker> {
        let began = Instant::now();
        let first = line(&gauge, &figures, began, resident());
        writeln!(io::stdout(), "{HEAD}\n{first}")?;
        let (stop, stopped) = mpsc::channel();
        let thread = thread::spawn(move || tick(&gauge, &figures, began, &stopped));
        Ok(Ticker { thread, stop })
    }

    /// Whether it has stopped by itself: nobody reads its lines.
    pub fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Ends with a last line. Gives the most memory that there was, if the system tells it.
    pub fn end(self) -> io::Result<Option<u64>> {
        // It may have ended by itself.
        let _ = self.stop.send(());
        let panicked = |_| Err(io::Error::other("a thread has panicked"));
        self.thread.join().unwrap_or_else(panicked)
    }
}

/// Writes a line each second until it is stopped, and then the last one. Gives the most memory.
fn tick(
    gauge: &Gauge,
    figures: &Figures,
    began: Instant,
    stopped: &Receiver<()>,
) -> io::Result<Option<u64>> {
    let mut most = resident();
    loop {
        let ended = stopped.recv_timeout(SECOND) != Err(RecvTimeoutError::Timeout);
        let memory = resident();
        most = most.max(memory);
        writeln!(io::stdout(), "{}", line(gauge, figures, began, memory))?;
        if ended {
            return Ok(most);
        }
    }
}

/// A line of the table.
fn line(gauge: &Gauge, figures: &Figures, began: Instant, memory: Option<u64>) -> String {
    let read = |figure: &AtomicU32| figure.load(Ordering::Relaxed);
    let pieces = format!("{}/{}", read(&figures.have), read(&figures.pieces));
    let buffers = figures.buffers.load(Ordering::Relaxed);
    let disk = gauge.on_disk();
    format!(
        "{:>6}{pieces:>9}{:>12}{:>12}{:>12}{:>12}{:>14}",
        began.elapsed().as_secs(),
        kib(Some(disk.length)),
        kib(disk.allocated),
        kib(disk.holes()),
        kib(memory),
        kib(Some(buffers)),
    )
}
