//! A download that keeps its promise: what the resume file says is durable before it says so.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;
use std::process;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use messages::Bitfield;
use resume::{About, Batch, Counters, Ledger, StateError, StateFile};
use storage::{DiskError, Hashes, Names};
use thiserror::Error;

use crate::control::Control;
use crate::files::{Files, Kept, Stranger, strangers};
use crate::start::{Start, date};
use crate::table::counted;

/// Why the download does not go on, and it is not for a peer.
#[derive(Debug, Error)]
pub enum Fault {
    /// The files cannot be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The resume file cannot.
    #[error(transparent)]
    State(#[from] StateError),
    /// There is somebody else's file.
    #[error(transparent)]
    Stranger(#[from] Stranger),
    /// Nobody reads what we say.
    #[error(transparent)]
    Output(#[from] io::Error),
}

/// A download, what is there of it, and what of that is durable.
pub struct Download<'a, W> {
    pub files: Files,
    ledger: Ledger,
    state: StateFile,
    /// What is in the files, durable or not.
    pub have: Bitfield,
    /// What the lives before this one have counted.
    before: Counters,
    choice: Option<Vec<u8>>,
    received: u64,
    written: u32,
    /// Die after so many pieces.
    pub crash_after: Option<u32>,
    started: Instant,
    /// Where it says what happens.
    pub out: &'a mut W,
}

impl<'a, W: Write> Download<'a, W> {
    /// Reads what has to be read, makes the files, and says in the resume file that a life has
    /// begun. `None` if the user wants it to end before that: then nothing has changed.
    pub fn begin(
        start: Start,
        names: &Names,
        root: &Path,
        hashes: &Hashes,
        state: StateFile,
        control: &Control,
        out: &'a mut W,
    ) -> Result<Option<Download<'a, W>>, Fault> {
        let Some(good) = start.read(root, hashes, control, out)? else {
            return Ok(None);
        };
        let mut have = start.judgement.trusted.clone();
        for piece in good.iter_ones() {
            have.set(piece);
        }
        let verdicts = &start.judgement.files;
        if let Some(stranger) = strangers(root, &start.layout, hashes, verdicts, &have)? {
            return Err(stranger.into());
        }
        let made = names.made(root, || false);
        let started = Instant::now();
        let mut download = Download {
            files: Files::create(root, made, hashes.clone(), &have)?,
            ledger: start.ledger(Duration::ZERO),
            state,
            have,
            before: start
                .resume
                .as_ref()
                .map_or_else(Counters::default, |r| r.counters),
            choice: start
                .resume
                .as_ref()
                .and_then(|resume| resume.choice.clone()),
            received: 0,
            written: 0,
            crash_after: None,
            started,
            out,
        };
        for file in 0..download.files.layout().files().len() {
            let stamp = download.files.look(file);
            download.ledger.opened(file, stamp, Duration::ZERO);
        }
        // They can be read, and may still be nowhere but in the memory of the system.
        for piece in good.iter_ones() {
            download.ledger.found(piece, Duration::ZERO);
        }
        let meanwhile = start.changed(|file| download.files.look(file));
        download.doubt(&meanwhile)?;
        download.ledger.all_is_read();
        download.save(false)?;
        if good.count() > 0 {
            download.rest()?;
        }
        download.out.flush()?;
        Ok(Some(download))
    }

    pub fn is_complete(&self) -> bool {
        self.have.is_full()
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    // ANCHOR: keep
    /// Keeps a piece, if it is the right one.
    pub fn keep(&mut self, piece: u32, data: &[u8]) -> Result<bool, Fault> {
        self.received += data.len() as u64;
        if self.ledger.claims(piece) {
            self.save(false)?;
        }
        let Kept::Written(changed) = self.files.store(piece, data)? else {
            return Ok(false);
        };
        self.have.set(piece);
        self.ledger.written(piece, self.now());
        self.doubt(&changed)?;
        writeln!(self.out, "piece      {piece} written")?;
        self.written += 1;
        if self.crash_after == Some(self.written) {
            self.out.flush()?;
            process::abort();
        }
        self.tend()?;
        Ok(true)
    }
    // ANCHOR_END: keep

    /// Does what is due. A resume file that cannot be saved now is no reason to end: the old one
    /// is still right.
    pub fn tend(&mut self) -> Result<(), Fault> {
        if self.ledger.sync_due().is_some_and(|due| due <= self.now()) {
            self.batch()?;
        }
        if self.ledger.save_due().is_some_and(|due| due <= self.now())
            && let Err(error) = self.save(false)
        {
            writeln!(self.out, "not saved  {error}")?;
        }
        Ok(self.out.flush()?)
    }

    // ANCHOR: batch
    /// Makes durable what waits for it.
    fn batch(&mut self) -> Result<(), Fault> {
        let Some(Batch { pieces, files }) = self.ledger.begin_batch() else {
            return Ok(());
        };
        if let Err(error) = self.files.sync(&files) {
            self.ledger.batch_failed(self.now());
            return Err(error.into());
        }
        let (count, now) = (files.len(), self.now());
        let looks = files.into_iter().map(|file| (file, self.files.look(file)));
        self.ledger.batch_done(looks, now);
        let pieces = counted(pieces.len(), "piece");
        // Whoever reads no longer what we say has it durable all the same.
        let files = counted(count, "file");
        let _ = writeln!(self.out, "synced     {pieces} in {files}");
        Ok(())
    }
    // ANCHOR_END: batch

    fn save(&mut self, last: bool) -> Result<(), StateError> {
        self.look_at(self.ledger.to_look(self.now()));
        let active = self.before.active.saturating_add(self.now().as_secs());
        let about = About {
            info_hash: self.state.info_hash,
            folder: self.state.root.clone(),
            choice: self.choice.clone(),
            counters: Counters {
                downloaded: self.before.downloaded.saturating_add(self.received),
                active,
                ..self.before
            },
            saved: date(),
        };
        let Some(resume) = self.ledger.begin_save(about, last, self.now()) else {
            return Ok(());
        };
        match self.state.save(&resume.encode()) {
            Ok(()) => self.ledger.saved(),
            Err(error) => {
                self.ledger.save_failed(self.now());
                return Err(error);
            }
        }
        let (vouched, all) = (resume.pieces.count(), resume.pieces.len());
        let _ = writeln!(
            self.out,
            "saved      {vouched} of {all} pieces are vouched for"
        );
        Ok(())
    }

    /// For a pause: what is written is durable, and the resume file says so.
    pub fn rest(&mut self) -> Result<(), Fault> {
        self.batch()?;
        self.settle();
        Ok(self.save(false)?)
    }

    /// Looks at the files until their clocks have ticked, so that whatever happens to them later
    /// will show.
    fn settle(&mut self) {
        for _ in 0..2 {
            if let Some(at) = self.ledger.settles_at() {
                thread::sleep(at.saturating_sub(self.now()));
            }
            self.look_at(self.ledger.unsettled());
        }
    }

    fn look_at(&mut self, files: impl IntoIterator<Item = usize>) {
        for file in files {
            let now = self.now();
            self.ledger.looked(file, self.files.look(file), now);
        }
    }

    /// Somebody has changed these files: what is in them is read again.
    fn doubt(&mut self, files: &BTreeSet<usize>) -> Result<(), Fault> {
        let layout = Arc::clone(self.files.layout());
        files.iter().for_each(|&file| self.ledger.touched(file));
        for piece in files.iter().flat_map(|&file| layout.all_pieces_of(file)) {
            if !self.have.get(piece) {
                continue;
            }
            self.ledger.lost(piece);
            match self.files.is_good(piece)? {
                true => self.ledger.found(piece, self.now()),
                false => {
                    self.have.clear(piece);
                    writeln!(self.out, "piece      {piece} is not there any more")?;
                }
            }
        }
        Ok(())
    }

    /// Ends in order: all that was written is made durable, and nobody but we has written.
    pub fn end(&mut self) -> Result<(), Fault> {
        if self.is_complete() {
            let changed = self.files.settle()?;
            self.ledger.trimmed();
            self.doubt(&changed)?;
            self.files.sync(&[])?;
            self.look_at(0..self.files.layout().files().len());
        }
        self.batch()?;
        self.settle();
        let changed = self.files.changed()?;
        self.doubt(&changed)?;
        self.batch()?;
        Ok(self.save(true)?)
    }

    /// Ends with what is vouched for: the disk has failed.
    pub fn end_badly(&mut self) {
        let _ = self.save(true);
    }
}
