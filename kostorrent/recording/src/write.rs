//! Writing a recording while the engine works.
//!
//! The thread that the engine works on only makes text in memory. A thread of its own writes it, so
//! that a slow disk holds up nobody; if that cannot follow, or the disk fails, the recording ends, and
//! the torrent does not.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use engine::{Action, Config, Event, Time};
use serde::Serialize;

use super::mask::Mask;
use super::{Header, is_recorded};

/// Text is handed to the writer when so much has gathered.
const CHUNK: usize = 64 * 1024;

/// So many chunks may be on their way to the disk.
const ON_THEIR_WAY: usize = 4;

/// So much text may gather while the disk does not keep up.
const MOST_GATHERED: usize = 16 * 1024 * 1024;

/// Where a recording goes.
#[derive(Clone, Debug)]
pub struct Target {
    /// The file, open for writing, and empty.
    pub file: Arc<File>,
    /// Its name, for a person.
    pub path: PathBuf,
    /// Whether addresses and names are made up.
    pub anonymous: bool,
}

/// A recording that is being written. What it has not written yet is written when it is dropped.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    buffer: Vec<u8>,
    mask: Option<Mask>,
    /// `None` when the recording has ended.
    writer: Option<SyncSender<Vec<u8>>>,
    thread: Option<JoinHandle<()>>,
    /// Why it has ended, until that is told.
    failure: Arc<Mutex<Option<String>>>,
}

#[derive(Serialize)]
struct EventLine<'a> {
    at: u64,
    event: &'a Event,
}

#[derive(Serialize)]
struct ActionLine<'a> {
    action: &'a Action,
}

impl Recorder {
    /// Begins a recording of an engine that begins with this.
    pub fn start(target: &Target, config: &Config) -> Recorder {
        let failure = Arc::new(Mutex::new(None));
        let (writer, chunks) = sync_channel::<Vec<u8>>(ON_THEIR_WAY);
        let (file, failed) = (target.file.clone(), failure.clone());
        let thread = thread::Builder::new().name("recorder".to_owned());
        let thread = thread.spawn(move || {
            for chunk in chunks {
                if let Err(error) = (&*file).write_all(&chunk) {
                    note(&failed, error.to_string());
                    return;
                }
            }
        });
        let mut recorder = Recorder {
            path: target.path.clone(),
            buffer: Vec::new(),
            mask: target.anonymous.then(Mask::default),
            writer: Some(writer),
            thread: None,
            failure,
        };
        match thread {
            Ok(thread) => recorder.thread = Some(thread),
            Err(error) => recorder.end(error.to_string()),
        }
        match Header::of(config, target.anonymous) {
            Some(mut header) => {
                if let Some(mask) = &mut recorder.mask {
                    mask.header(&mut header);
                }
                recorder.line(&header);
            }
            None => recorder.end("the metadata, which are still to come, say what the torrent is: without --anonymous it can be recorded".to_owned()),
        }
        recorder.flush();
        recorder
    }

    /// What the engine is told, before it is.
    pub fn event(&mut self, at: Time, event: &Event) {
        if self.writer.is_none() {
            return;
        }
        let at = u64::try_from(at.since_start().as_nanos()).unwrap_or(u64::MAX);
        match &mut self.mask {
            Some(mask) => {
                let event = mask.event(event);
                self.line(&EventLine { at, event: &event });
            }
            None => self.line(&EventLine { at, event }),
        }
    }

    /// What the engine wants.
    pub fn action(&mut self, action: &Action) {
        if self.writer.is_none() || !is_recorded(action, self.mask.is_some()) {
            return;
        }
        match &mut self.mask {
            Some(mask) => {
                let action = mask.action(action);
                self.line(&ActionLine { action: &action });
            }
            None => self.line(&ActionLine { action }),
        }
    }

    fn line(&mut self, line: &impl Serialize) {
        if let Err(error) = serde_json::to_writer(&mut self.buffer, line) {
            return self.end(error.to_string());
        }
        self.buffer.push(b'\n');
        if self.buffer.len() >= CHUNK {
            self.flush();
        }
    }

    /// Hands what has gathered to the writer.
    pub fn flush(&mut self) {
        let Some(writer) = self.writer.as_ref().filter(|_| !self.buffer.is_empty()) else {
            return;
        };
        match writer.try_send(std::mem::take(&mut self.buffer)) {
            Ok(()) => {}
            Err(TrySendError::Full(chunk)) if chunk.len() > MOST_GATHERED => {
                self.end("the disk is too slow".to_owned());
            }
            Err(TrySendError::Full(chunk)) => self.buffer = chunk,
            // The thread has noted why.
            Err(TrySendError::Disconnected(_)) => self.writer = None,
        }
    }

    fn end(&mut self, why: String) {
        note(&self.failure, why);
        self.writer = None;
        self.buffer = Vec::new();
    }

    /// Which file has ended before its torrent, and a sentence that says why; told once.
    pub fn failure(&mut self) -> Option<(PathBuf, String)> {
        let why = self
            .failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()?;
        self.writer = None;
        let sentence = format!(
            "cannot write the recording {}: {why}; it ends here, and the torrent goes on",
            self.path.display()
        );
        Some((self.path.clone(), sentence))
    }

    /// Writes the rest, and waits until that is done. What went wrong, if that was not told.
    pub fn finish(mut self) -> Option<(PathBuf, String)> {
        self.close();
        self.failure()
    }

    fn close(&mut self) {
        if let Some(writer) = self.writer.take() {
            // A thread that has ended has noted why.
            let _ = writer.send(std::mem::take(&mut self.buffer));
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.close();
    }
}

fn note(failure: &Mutex<Option<String>>, why: String) {
    let mut failure = failure.lock().unwrap_or_else(PoisonError::into_inner);
    failure.get_or_insert(why);
}
