//! What a start finds: a resume file, files, and what they are worth together.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use layout::Layout;
use messages::Bitfield;
use resume::{
    Judgement, Ledger, Resume, ResumeError, Stamp, StateError, StateFile, UnixTime, judge,
};
use storage::{Hashes, Names};

use crate::control::{Control, Wish};
use crate::download::Fault;
use crate::files::{hash, look};
use crate::table;

/// What a start finds.
pub struct Start {
    pub layout: Arc<Layout>,
    found: Vec<Option<Stamp>>,
    /// The resume file, if there is one that can be used.
    pub resume: Option<Resume>,
    pub judgement: Judgement,
    /// What is said before anything else.
    headline: String,
}

impl Start {
    /// Looks at the resume file and at each file of the torrent. With `check` everything that is
    /// there is to be read.
    pub fn look(
        names: &Names,
        root: &Path,
        state: &StateFile,
        check: bool,
    ) -> Result<Start, StateError> {
        let layout = names.found(root);
        let files = 0..layout.files().len();
        let found: Vec<Option<Stamp>> = files.map(|file| look(root, &layout, file)).collect();
        let bytes = state.load()?;
        let usable = bytes.as_ref().map(|bytes| state.decode(bytes, &layout));
        // Ours takes its place; the later version may come back.
        if let (Some(bytes), Some(Err(ResumeError::Newer { found }))) = (&bytes, &usable) {
            state.keep(bytes, *found)?;
        }
        let judged = match &usable {
            Some(Ok(resume)) if !check => Some(judge(resume, &layout, &found)),
            _ => None,
        };
        let judgement = match judged {
            Some(Ok(judgement)) => judgement,
            _ => Judgement::without_resume(&layout, &found),
        };
        let headline = match &usable {
            None => "there is none yet".to_owned(),
            Some(Err(error)) => error.to_string(),
            Some(Ok(resume)) => words(resume, check),
        };
        Ok(Start {
            layout,
            found,
            resume: usable.and_then(Result::ok),
            judgement,
            headline,
        })
    }

    /// Prints what is trusted, and why.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "resume     {}", self.headline)?;
        let vouched = self.resume.as_ref().map(|resume| &resume.pieces);
        table::print(&self.layout, &self.judgement, vouched, out)
    }

    /// Reads the pieces that have to be read: which of them are good. `None` if the user wants it to
    /// end.
    pub fn read(
        &self,
        root: &Path,
        hashes: &Hashes,
        control: &Control,
        out: &mut impl Write,
    ) -> Result<Option<Bitfield>, Fault> {
        let to_hash = &self.judgement.to_hash;
        if to_hash.count() == 0 {
            return Ok(Some(to_hash.clone()));
        }
        let pieces = table::counted(to_hash.count() as usize, "piece");
        write!(out, "reading    {pieces} … ")?;
        out.flush()?;
        let stop = || control.wish() == Wish::Stop;
        let good = hash(root, &self.layout, hashes, to_hash, stop)?;
        match &good {
            Some(good) => writeln!(out, "{} of them good", good.count())?,
            None => writeln!(out, "not to the end")?,
        }
        Ok(good)
    }

    /// The files that are not any more as they were when they were judged. Those that were too short
    /// are not among them: we have lengthened them ourselves.
    pub fn changed(&self, look: impl Fn(usize) -> Option<Stamp>) -> BTreeSet<usize> {
        let files = self.layout.files().iter().zip(&self.found).enumerate();
        let changed = files.filter(|(index, (entry, found))| {
            let was = found.filter(|found| found.length >= entry.length);
            was.is_some() && look(*index) != was
        });
        changed.map(|(index, _)| index).collect()
    }

    /// The ledger that goes on from here.
    pub fn ledger(&self, now: Duration) -> Ledger {
        let layout = Arc::clone(&self.layout);
        match &self.resume {
            Some(resume) => Ledger::resumed(layout, resume, &self.judgement, &self.found, now),
            None => Ledger::new(layout),
        }
    }
}

/// Seconds since 1970-01-01 UTC.
pub fn date() -> i64 {
    UnixTime::from(SystemTime::now()).seconds()
}

fn words(resume: &Resume, check: bool) -> String {
    let ended = match resume.in_order {
        true => "the last life ended in order",
        false => "the last life did not end in order",
    };
    let ago = date().saturating_sub(resume.saved);
    let when = match ago {
        ..0 => "saved in the future (was the clock set back?)".to_owned(),
        0..120 => format!("saved {ago} s ago"),
        120..7_200 => format!("saved {} min ago", ago / 60),
        7_200..172_800 => format!("saved {} h ago", ago / 3_600),
        _ => format!("saved {} days ago", ago / 86_400),
    };
    let check = if check { "; it is not asked" } else { "" };
    format!("{when}; {ended}{check}")
}
