//! A download that uses the library as a client does, on the disk in memory.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use layout::{Kind, Layout, Span};
use metainfo::InfoHash;
use rand::{Rng, RngExt};
use resume::{About, Batch, Counters, Judgement, Ledger, Resume, Stamp, judge, name, new_name};

use super::disk::{Disk, Stop};
use super::witness::Witness;

/// Long enough for a resume file of several sectors.
pub const FOLDER: [u8; 500] = [b'f'; 500];

pub const HASH: InfoHash = InfoHash([7; 20]);

/// A torrent and its bytes.
pub struct Torrent {
    pub layout: Arc<Layout>,
    pub data: Vec<u8>,
}

impl Torrent {
    /// No byte of it is zero, so that what is missing is never right by chance.
    pub fn new(lengths: &[u64], piece: u64) -> Torrent {
        let kind = Kind::Regular { executable: false };
        let files = lengths.iter().enumerate();
        let files = files.map(|(n, &length)| (PathBuf::from(n.to_string()), length, kind.clone()));
        let layout = Arc::new(Layout::new(files, piece).unwrap());
        let length = lengths.iter().sum::<u64>();
        let data = (0..length).map(|i| (i * 31 % 255) as u8 + 1).collect();
        Torrent { layout, data }
    }

    pub fn pieces(&self) -> Range<u32> {
        0..self.layout.geometry().pieces()
    }

    /// The parts of a piece: which file, where in it, and the right bytes.
    fn parts(&self, piece: u32) -> impl Iterator<Item = (Span, &[u8])> {
        self.layout.piece_spans(piece).map(|span| {
            let start = (self.layout.files()[span.file].offset + span.offset) as usize;
            (span, &self.data[start..start + span.len as usize])
        })
    }

    /// Whether a piece is on disk.
    pub fn is_there(&self, disk: &Disk, piece: u32) -> bool {
        self.parts(piece).all(|(span, right)| {
            let from = span.offset as usize;
            let file = disk.read(&file(span.file));
            file.and_then(|bytes| bytes.get(from..from + right.len())) == Some(right)
        })
    }

    pub fn looks(&self, disk: &Disk) -> Vec<Option<Stamp>> {
        let files = 0..self.layout.files().len();
        files.map(|index| disk.stamp(&file(index))).collect()
    }
}

fn file(index: usize) -> String {
    format!("data/{index}")
}

pub fn resume_file() -> String {
    format!("state/{}", name(HASH, &FOLDER))
}

/// What a client has to do, and may forget.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// A batch is synced before it is done.
    pub sync_first: bool,
    /// Pieces that were found by reading are synced before they are vouched for.
    pub sync_found: bool,
    /// The folder of the files is synced.
    pub sync_folder: bool,
    /// The new resume file is written beside the old one.
    pub write_beside: bool,
    /// A new resume file that a crash has left there is removed, not written over.
    pub remove_left: bool,
    /// The new resume file is synced before it takes its name.
    pub sync_new: bool,
    /// The folder of the resume file is synced.
    pub sync_state: bool,
    /// The ledger hears of pieces that are lost.
    pub tell_lost: bool,
}

impl Rules {
    pub const ALL: Rules = Rules {
        sync_first: true,
        sync_found: true,
        sync_folder: true,
        write_beside: true,
        remove_left: true,
        sync_new: true,
        sync_state: true,
        tell_lost: true,
    };
}

/// When a client does what.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// A batch begins after so many pieces.
    pub batch_every: usize,
    /// A piece is written while a batch is under way, and the resume file is saved.
    pub write_meanwhile: bool,
    /// In so many of a hundred steps somebody writes to a piece that is vouched for.
    pub damage: u32,
}

/// One life of a client.
pub struct Life<'t, R> {
    pub torrent: &'t Torrent,
    pub rules: Rules,
    pub habits: Habits,
    pub rng: R,
    pub disk: Disk,
}

impl<R: Rng> Life<'_, R> {
    /// Goes on with the download until it is complete, or until it is stopped.
    pub fn run(&mut self, witness: &mut Witness) -> Result<(), Stop> {
        let now = self.now();
        let found = self.torrent.looks(&self.disk);
        let resume = witness.resume_file(self.disk.read(&resume_file()));
        let layout = &self.torrent.layout;
        let (mut ledger, judgement) = match resume {
            Some(resume) => {
                resume.fits(HASH, &FOLDER, layout).unwrap();
                let judgement = judge(&resume, layout, &found).unwrap();
                let layout = Arc::clone(layout);
                let ledger = Ledger::resumed(layout, &resume, &judgement, &found, now);
                (ledger, judgement)
            }
            None => {
                let judgement = Judgement::without_resume(layout, &found);
                (Ledger::new(Arc::clone(layout)), judgement)
            }
        };
        witness.trusted(self.torrent, &self.disk, &judgement);
        let read = judgement.to_hash.iter_ones();
        let good: Vec<u32> = read
            .filter(|&p| self.torrent.is_there(&self.disk, p))
            .collect();
        let is_had = |piece: &u32| judgement.trusted.get(*piece) || good.contains(piece);
        let mut missing: BTreeSet<u32> = self.torrent.pieces().filter(|p| !is_had(p)).collect();

        self.create()?;
        for (index, stamp) in self.torrent.looks(&self.disk).into_iter().enumerate() {
            ledger.opened(index, stamp, now);
        }
        self.save(&mut ledger, false, witness)?;
        good.iter().for_each(|&piece| ledger.found(piece, now));
        ledger.all_is_read();
        self.batch(&mut ledger, self.rules.sync_found, &mut missing, witness)?;
        let mut written = 0;
        while !missing.is_empty() {
            self.fetch(&mut ledger, &mut missing, witness)?;
            written += 1;
            self.somebody_writes(&mut ledger, &mut missing, witness)?;
            if written % self.habits.batch_every == 0 || missing.is_empty() {
                self.batch(&mut ledger, self.rules.sync_first, &mut missing, witness)?;
            }
            self.save_if_due(&mut ledger, witness)?;
        }
        self.end(&mut ledger, witness)
    }

    fn now(&self) -> Duration {
        Duration::from_nanos(self.disk.clock)
    }

    fn pass(&mut self, time: Duration) {
        self.disk.clock += time.as_nanos() as u64;
    }

    fn create(&mut self) -> Result<(), Stop> {
        for (index, entry) in self.torrent.layout.files().iter().enumerate() {
            let (name, length) = (file(index), entry.length as usize);
            self.disk.create(&name)?;
            if self
                .disk
                .read(&name)
                .is_none_or(|bytes| bytes.len() < length)
            {
                self.disk.set_length(&name, length)?;
            }
        }
        Ok(())
    }

    /// Fetches the first piece that is missing.
    fn fetch(
        &mut self,
        ledger: &mut Ledger,
        missing: &mut BTreeSet<u32>,
        witness: &mut Witness,
    ) -> Result<(), Stop> {
        let Some(piece) = missing.pop_first() else {
            return Ok(());
        };
        witness.fetched(piece);
        self.pass(Duration::from_secs(4));
        for (span, bytes) in self.torrent.parts(piece) {
            let offset = span.offset as usize;
            self.disk.write(&file(span.file), offset, bytes)?;
        }
        ledger.written(piece, self.now());
        Ok(())
    }

    /// Somebody else writes to a piece, and we notice it.
    fn somebody_writes(
        &mut self,
        ledger: &mut Ledger,
        missing: &mut BTreeSet<u32>,
        witness: &mut Witness,
    ) -> Result<(), Stop> {
        if !self.rng.random_ratio(self.habits.damage, 100) {
            return Ok(());
        }
        let vouched: Vec<u32> = ledger.vouched().iter_ones().collect();
        let Some(&piece) = vouched.get(self.rng.random_range(0..vouched.len().max(1))) else {
            return Ok(());
        };
        witness.damaged(piece);
        for (span, bytes) in self.torrent.parts(piece) {
            let offset = span.offset as usize;
            self.disk
                .write(&file(span.file), offset, &vec![0; bytes.len()])?;
        }
        missing.insert(piece);
        if self.rules.tell_lost {
            ledger.lost(piece);
        }
        self.save_if_due(ledger, witness)
    }

    fn save_if_due(&mut self, ledger: &mut Ledger, witness: &mut Witness) -> Result<(), Stop> {
        match ledger.save_due() {
            Some(due) if due <= self.now() => self.save(ledger, false, witness),
            _ => Ok(()),
        }
    }

    fn batch(
        &mut self,
        ledger: &mut Ledger,
        is_synced: bool,
        missing: &mut BTreeSet<u32>,
        witness: &mut Witness,
    ) -> Result<(), Stop> {
        let Some(Batch { files, .. }) = ledger.begin_batch() else {
            return Ok(());
        };
        if self.habits.write_meanwhile {
            self.fetch(ledger, missing, witness)?;
            self.save(ledger, false, witness)?;
        }
        if is_synced {
            for &index in &files {
                self.disk.sync(&file(index))?;
            }
            if self.rules.sync_folder {
                self.disk.sync_folder("data")?;
            }
        }
        let looks = files
            .iter()
            .map(|&index| (index, self.disk.stamp(&file(index))));
        ledger.batch_done(looks, self.now());
        Ok(())
    }

    /// Ends in order.
    fn end(&mut self, ledger: &mut Ledger, witness: &mut Witness) -> Result<(), Stop> {
        self.batch(ledger, self.rules.sync_first, &mut BTreeSet::new(), witness)?;
        for _ in 0..2 {
            if let Some(at) = ledger.settles_at() {
                self.pass(at.saturating_sub(self.now()));
            }
            for index in ledger.unsettled() {
                ledger.looked(index, self.disk.stamp(&file(index)), self.now());
            }
        }
        assert_eq!(ledger.settles_at(), None);
        self.save(ledger, true, witness)
    }

    /// Saves. A full disk is no reason to end.
    fn save(&mut self, ledger: &mut Ledger, last: bool, witness: &mut Witness) -> Result<(), Stop> {
        for index in ledger.to_look(self.now()) {
            ledger.looked(index, self.disk.stamp(&file(index)), self.now());
        }
        let about = About {
            info_hash: HASH,
            folder: FOLDER.to_vec(),
            choice: None,
            counters: Counters::default(),
            saved: self.disk.date().seconds(),
        };
        let Some(resume) = ledger.begin_save(about, last, self.now()) else {
            return Ok(()); // there is nothing new to say
        };
        witness.saving(&resume);
        match self.replace(&resume) {
            Ok(()) => {
                ledger.saved();
                witness.saved(&resume);
                Ok(())
            }
            Err(Stop::Full) => {
                ledger.save_failed(self.now());
                Ok(())
            }
            Err(Stop::Crash) => Err(Stop::Crash),
        }
    }

    fn replace(&mut self, resume: &Resume) -> Result<(), Stop> {
        let new = match self.rules.write_beside {
            true => format!("state/{}", new_name(HASH, &FOLDER)),
            false => resume_file(),
        };
        let bytes = resume.encode();
        if self.rules.remove_left && self.rules.write_beside {
            self.disk.remove(&new)?;
        }
        self.disk.create(&new)?;
        self.disk.set_length(&new, 0)?;
        self.disk.write(&new, 0, &bytes)?;
        if self.rules.sync_new {
            self.disk.sync(&new)?;
        }
        if self.rules.write_beside {
            self.disk.rename(&new, &resume_file())?;
        }
        if self.rules.sync_state {
            self.disk.sync_folder("state")?;
        }
        Ok(())
    }
}
