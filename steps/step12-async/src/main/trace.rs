//! Who wakes whom.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{self, Write};
use std::time::Instant;

/// Writes down who wakes whom, if that is wanted, and counts it in any case.
pub struct Trace {
    shown: bool,
    began: Instant,
    /// For each channel: how often its receiver was woken by it, and how often it was full.
    woken: BTreeMap<&'static str, [u64; 2]>,
    /// Whether a channel is full, as was last said.
    full: BTreeMap<&'static str, bool>,
}

impl Trace {
    pub fn new(shown: bool) -> Trace {
        Trace {
            shown,
            began: Instant::now(),
            woken: BTreeMap::new(),
            full: BTreeMap::new(),
        }
    }

    /// Something has come through a channel that has `used` of its `places` taken, this one included,
    /// and woken its receiver.
    pub fn woken(
        &mut self,
        channel: &'static str,
        [from, to]: [&dyn Display; 2],
        [used, places]: [usize; 2],
        what: &dyn Display,
    ) -> io::Result<()> {
        let is_full = used >= places;
        let counts = self.woken.entry(channel).or_default();
        counts[0] += 1;
        counts[1] += u64::from(is_full);
        let level = format!("{channel} {used}/{places}");
        self.line(from, to, &level, what)?;
        self.note_full(channel, is_full)
    }

    /// Something was sent through a channel without bounds.
    pub fn sent(
        &mut self,
        channel: &'static str,
        [from, to]: [&dyn Display; 2],
        what: &dyn Display,
    ) -> io::Result<()> {
        self.woken.entry(channel).or_default()[0] += 1;
        self.line(from, to, channel, what)
    }

    /// Says once that a channel is full, and once that it is not any more.
    pub fn note_full(&mut self, channel: &'static str, is_full: bool) -> io::Result<()> {
        let was = self.full.insert(channel, is_full).unwrap_or(false);
        match (was, is_full) {
            (false, true) => self.say(&format!("{channel} is full: whoever sends there waits")),
            (true, false) => self.say(&format!("{channel} has room again")),
            _ => Ok(()),
        }
    }

    fn line(
        &self,
        from: &dyn Display,
        to: &dyn Display,
        channel: &str,
        what: &dyn Display,
    ) -> io::Result<()> {
        if !self.shown {
            return Ok(());
        }
        let (from, to) = (from.to_string(), to.to_string());
        self.say(&format!("{from:>8} -> {to:<8}  {channel:<11}  {what}"))
    }

    /// Writes a line of the trace.
    fn say(&self, what: &str) -> io::Result<()> {
        if !self.shown {
            return Ok(());
        }
        let micros = self.began.elapsed().as_micros();
        say(&format!("{micros:>9}  {what}"))
    }

    /// What was counted, a line for each channel.
    pub fn summary(&self) -> io::Result<()> {
        say("\nchannel     messages  full")?;
        for (channel, [woken, full]) in &self.woken {
            say(&format!("{channel:<10}  {woken:>8}  {full:>4}"))?;
        }
        Ok(())
    }
}

/// Writes a line.
pub fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
