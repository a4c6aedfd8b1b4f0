//! A disk in memory that may forget, at a crash, whatever was not synced.

use std::collections::BTreeMap;
use std::time::Duration;

use resume::{Stamp, UnixTime};

/// A disk writes so many bytes at once, or none of them.
const SECTOR: usize = 512;

/// The clock of the disk's files ticks so often, in nanoseconds.
const TICK: u64 = 4_000_000;

/// Why something could not be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The machine, or the program, has ended.
    Crash,
    /// There is no space left.
    Full,
}

#[derive(Clone, Debug, Default)]
struct File {
    bytes: Vec<u8>,
    modified: u64,
}

/// What is on a disk.
#[derive(Clone, Debug, Default)]
struct Image {
    files: Vec<File>,
    names: BTreeMap<String, usize>,
}

// ANCHOR: change
/// One change that may reach the disk alone.
#[derive(Clone, Debug)]
enum Change {
    /// Bytes within one sector.
    Bytes(usize, usize, Vec<u8>),
    Length(usize, usize),
    Time(usize, u64),
    Link(String, usize),
    Remove(String),
    /// From, to.
    Rename(String, String, usize),
}
// ANCHOR_END: change

impl Image {
    fn file(&mut self, number: usize) -> &mut File {
        if self.files.len() <= number {
            self.files.resize(number + 1, File::default());
        }
        &mut self.files[number]
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::Bytes(number, offset, new) => {
                let bytes = &mut self.file(*number).bytes;
                let end = offset + new.len();
                bytes.resize(bytes.len().max(end), 0);
                bytes[*offset..end].copy_from_slice(new);
            }
            Change::Length(number, length) => self.file(*number).bytes.resize(*length, 0),
            Change::Time(number, time) => self.file(*number).modified = *time,
            Change::Link(name, number) => {
                self.file(*number);
                self.names.insert(name.clone(), *number);
            }
            Change::Remove(name) => drop(self.names.remove(name)),
            Change::Rename(from, to, number) => {
                self.file(*number);
                self.names.remove(from);
                self.names.insert(to.clone(), *number);
            }
        }
    }
}

/// The disk. Names are `folder/file`.
#[derive(Clone, Debug)]
pub struct Disk {
    /// What survives in any case.
    durable: Image,
    /// What may survive, in the order in which it was done.
    pending: Vec<Change>,
    /// What a program sees.
    live: Image,
    numbers: usize,
    /// Nanoseconds since the beginning.
    pub clock: u64,
    /// Operations done, and the one that is not done any more.
    pub steps: usize,
    pub crash_at: usize,
    /// There is no space for files with this in their names.
    pub full: Option<&'static str>,
}

impl Disk {
    pub fn new() -> Disk {
        Disk {
            durable: Image::default(),
            pending: Vec::new(),
            live: Image::default(),
            numbers: 0,
            clock: 0,
            steps: 0,
            crash_at: usize::MAX,
            full: None,
        }
    }

    fn step(&mut self) -> Result<(), Stop> {
        if self.steps == self.crash_at {
            return Err(Stop::Crash);
        }
        self.steps += 1;
        self.clock += 100_000;
        Ok(())
    }

    fn change(&mut self, change: Change) {
        self.live.apply(&change);
        self.pending.push(change);
    }

    /// The file's time is now. It is kept for itself: a sync of data does not make it durable.
    fn touch(&mut self, number: usize) {
        let is_time = |change: &Change| matches!(change, Change::Time(n, _) if *n == number);
        self.pending.retain(|change| !is_time(change));
        self.change(Change::Time(number, self.clock / TICK * TICK));
    }

    /// Makes a file, if there is none.
    pub fn create(&mut self, name: &str) -> Result<(), Stop> {
        self.step()?;
        if !self.live.names.contains_key(name) {
            let number = self.numbers;
            self.numbers += 1;
            self.change(Change::Link(name.to_owned(), number));
            self.touch(number);
        }
        Ok(())
    }

    /// Removes a file, if there is one.
    pub fn remove(&mut self, name: &str) -> Result<(), Stop> {
        self.step()?;
        if self.live.names.contains_key(name) {
            self.change(Change::Remove(name.to_owned()));
        }
        Ok(())
    }

    pub fn set_length(&mut self, name: &str, length: usize) -> Result<(), Stop> {
        self.step()?;
        let number = self.live.names[name];
        self.change(Change::Length(number, length));
        self.touch(number);
        Ok(())
    }

    pub fn write(&mut self, name: &str, mut offset: usize, mut bytes: &[u8]) -> Result<(), Stop> {
        self.step()?;
        if self.full.is_some_and(|part| name.contains(part)) {
            return Err(Stop::Full);
        }
        let number = self.live.names[name];
        while !bytes.is_empty() {
            let room = SECTOR - offset % SECTOR;
            let (sector, rest) = bytes.split_at(room.min(bytes.len()));
            self.change(Change::Bytes(number, offset, sector.to_vec()));
            offset += sector.len();
            bytes = rest;
        }
        self.touch(number);
        Ok(())
    }

    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), Stop> {
        self.step()?;
        let number = self.live.names[from];
        self.change(Change::Rename(from.to_owned(), to.to_owned(), number));
        Ok(())
    }

    /// Bytes and length of a file become durable.
    pub fn sync(&mut self, name: &str) -> Result<(), Stop> {
        self.step()?;
        let file = self.live.names[name];
        self.settle(|change| {
            let (Change::Bytes(number, ..) | Change::Length(number, _)) = change else {
                return false;
            };
            *number == file
        });
        Ok(())
    }

    /// The names in a folder become durable.
    pub fn sync_folder(&mut self, folder: &str) -> Result<(), Stop> {
        self.step()?;
        self.settle(|change| match change {
            Change::Link(name, _) | Change::Remove(name) => name.starts_with(folder),
            Change::Rename(_, to, _) => to.starts_with(folder),
            _ => false,
        });
        Ok(())
    }

    fn settle(&mut self, is_settled: impl Fn(&Change) -> bool) {
        let (settled, pending) = self.pending.drain(..).partition(is_settled);
        self.pending = pending;
        let settled: Vec<Change> = settled;
        settled.iter().for_each(|change| self.durable.apply(change));
    }

    pub fn read(&self, name: &str) -> Option<&[u8]> {
        let number = self.live.names.get(name)?;
        Some(&self.live.files[*number].bytes)
    }

    pub fn stamp(&self, name: &str) -> Option<Stamp> {
        let number = *self.live.names.get(name)?;
        let file = &self.live.files[number];
        Some(Stamp {
            length: file.bytes.len() as u64,
            modified: date(file.modified),
            number: Some(number as u64),
            changed: Some(date(file.modified)),
        })
    }

    /// The date.
    pub fn date(&self) -> UnixTime {
        date(self.clock)
    }

    /// How many changes a crash may take.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// What one of them is, in words.
    #[allow(dead_code, reason = "the examples of the chapter tell it")]
    pub fn describe(&self, change: usize) -> String {
        let name_of = |file: &usize| {
            let mut names = self.live.names.iter();
            let found = names.find(|(_, number)| *number == file);
            found.map_or("a file without a name", |(name, _)| name)
        };
        match &self.pending[change] {
            Change::Bytes(file, offset, bytes) => {
                let (file, end) = (name_of(file), offset + bytes.len());
                format!("bytes {offset} to {} of {file}", end - 1)
            }
            Change::Length(file, length) => format!("length {length} of {}", name_of(file)),
            Change::Time(file, _) => format!("the time of {}", name_of(file)),
            Change::Link(name, _) => format!("the name {name}"),
            Change::Remove(name) => format!("the end of the name {name}"),
            Change::Rename(from, to, _) => format!("the name {to} in place of {from}"),
        }
    }

    // ANCHOR: power_cut
    /// The power was cut: of what was pending, these changes have reached the disk, in this order.
    pub fn power_cut(&self, survivors: impl IntoIterator<Item = usize>) -> Disk {
        let mut image = self.durable.clone();
        for survivor in survivors {
            image.apply(&self.pending[survivor]);
        }
        Disk {
            durable: image.clone(),
            live: image,
            pending: Vec::new(),
            crash_at: usize::MAX,
            steps: 0,
            full: None,
            ..*self
        }
    }
    // ANCHOR_END: power_cut

    /// Only the program was killed: the system still has everything, and may lose it later.
    pub fn kill(&self) -> Disk {
        Disk {
            crash_at: usize::MAX,
            steps: 0,
            full: None,
            ..self.clone()
        }
    }
}

/// A second and a half past an even one, so that the clock is not taken for a coarse one.
fn date(clock: u64) -> UnixTime {
    let begin = UnixTime::new(1_700_000_001, 500_000_001).unwrap();
    begin.plus(Duration::from_nanos(clock))
}
