//! How running torrents show themselves: four faces of the same work.
//!
//! A live view, on a terminal; dated lines, where somebody will read them later; JSON
//! for programs; or nothing. Progress goes to stderr, results and JSON to stdout.

mod explained;
mod json;
mod live;
mod plain;
mod subject;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use selection::Selection;
use tokio::sync::mpsc;

use super::failure::Failure;
use super::text::one_line;
use super::{args, output};
use crate::node::{Command, Details, Notice, Report, Snapshot};

pub(crate) use live::Input;
pub(crate) use subject::{FileSpan, Subject};

/// Saying something can fail: the reader may have gone.
pub(crate) type Said = Result<(), Failure>;

/// What a person wants who looks at a face.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Want {
    /// Something of one torrent.
    Command(usize, Command),
    /// Other files of one torrent.
    Choose(usize, Selection),
    /// That everything ends, as with Ctrl-C.
    Stop,
}

/// Of which torrents a face wants to be told the details.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Looking {
    /// Of none.
    Nobody,
    /// Of each.
    All,
    /// Of the one in this place.
    One(usize),
}

impl Looking {
    /// Whether it looks at a torrent, by its place.
    pub(crate) fn at(self, torrent: usize) -> bool {
        match self {
            Looking::Nobody => false,
            Looking::All => true,
            Looking::One(one) => one == torrent,
        }
    }
}

/// What is known when everything is there.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    /// Where its file or folder is.
    pub(crate) path: PathBuf,
    /// Payload bytes received.
    pub(crate) downloaded: u64,
    /// Payload bytes sent.
    pub(crate) uploaded: u64,
    /// How long it took, the check at the start included.
    pub(crate) took: Duration,
}

/// What a face can be told. `now` is the time since the start; `torrent` is the place of a torrent
/// among those that were started. Where there are several, a face says which it speaks of.
pub(crate) trait Face {
    /// The work begins, on at least one torrent.
    fn started(&mut self, subjects: &[Subject]) -> Said;
    /// Figures: new ones several times a second, and the old ones when it is [`due`](Face::due).
    fn snapshot(&mut self, now: Duration, torrent: usize, snapshot: &Snapshot) -> Said;
    /// When it wants to be told the figures though nothing has changed.
    fn due(&self) -> Option<Duration> {
        None
    }
    /// Of whom it wants to be told the details.
    fn looks(&self) -> Looking {
        Looking::Nobody
    }
    /// Pieces, peers, trackers, and what limits the speed: several times a second, after the check of
    /// what is there.
    fn details(&mut self, _now: Duration, _torrent: usize, _details: &Arc<Details>) -> Said {
        Ok(())
    }
    /// Where keys come from, to be taken once.
    fn inputs(&mut self) -> Option<mpsc::UnboundedReceiver<Input>> {
        None
    }
    /// Something has come from there. What a person wants by it.
    fn input(&mut self, _input: Input) -> Option<Want> {
        None
    }
    /// When it wants to draw.
    fn redraw_at(&self) -> Option<Instant> {
        None
    }
    /// It is time to draw.
    fn redraw(&mut self) {}
    /// The metadata of a magnet link are here: what is known of its torrent from now on.
    fn known(&mut self, torrent: usize, subject: &Subject) -> Said;
    /// Other files of a torrent are wanted: what is known of it from now on.
    fn chosen(&mut self, _torrent: usize, _subject: &Subject) {}
    /// Something a user may like to know.
    fn notice(&mut self, torrent: usize, notice: &Notice) -> Said;
    /// A person asked us to stop; it takes a moment.
    fn stopping(&mut self) -> Said;
    /// Everything is there and verified. The work may go on, seeding.
    fn complete(&mut self, torrent: usize, summary: &Summary) -> Said;
    /// A torrent has been seeded as long, or as much, as was wanted: it ends now.
    fn given_enough(&mut self, torrent: usize, sentence: &str) -> Said;
    /// The work was stopped.
    fn stopped(&mut self, torrent: usize, last: &Snapshot) -> Said;
    /// One of several torrents has failed, and the others go on. That of a single one is told when
    /// the program ends.
    fn failed(&mut self, torrent: usize, why: &str) -> Said;
}

// ANCHOR: choose
/// The face that was asked for, or suits where we are. A live view does not go together with a
/// log.
pub(crate) fn choose(args: args::Face, logging: bool) -> Box<dyn Face> {
    let dumb = || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if args.json {
        Box::new(json::Json::new(args.explain))
    } else if args.quiet {
        Box::new(Quiet)
    } else if io::stderr().is_terminal() && !dumb() && !logging {
        Box::new(live::Live::new())
    } else {
        Box::new(plain::Plain::new(args.explain))
    }
}
// ANCHOR_END: choose

/// Tells, before the work begins, what a person may not expect.
pub(crate) fn warn(args: args::Face, message: &str) -> Said {
    if args.json {
        return json::warning(message);
    }
    if !args.quiet {
        output::error(&format!("note: {}", one_line(message)));
    }
    Ok(())
}

/// The last JSON event of a command that failed.
pub(crate) use json::error as error_event;

/// Says nothing. What goes wrong for good is told when the program ends.
struct Quiet;

impl Face for Quiet {
    fn started(&mut self, _: &[Subject]) -> Said {
        Ok(())
    }
    fn snapshot(&mut self, _: Duration, _: usize, _: &Snapshot) -> Said {
        Ok(())
    }
    fn known(&mut self, _: usize, _: &Subject) -> Said {
        Ok(())
    }
    fn notice(&mut self, _: usize, _: &Notice) -> Said {
        Ok(())
    }
    fn stopping(&mut self) -> Said {
        Ok(())
    }
    fn complete(&mut self, _: usize, _: &Summary) -> Said {
        Ok(())
    }
    fn given_enough(&mut self, _: usize, _: &str) -> Said {
        Ok(())
    }
    fn stopped(&mut self, _: usize, _: &Snapshot) -> Said {
        Ok(())
    }
    fn failed(&mut self, _: usize, _: &str) -> Said {
        Ok(())
    }
}

/// A sentence, with the torrent's name before it where there are several.
fn about(subjects: &[Subject], torrent: usize, sentence: &str) -> String {
    match subjects {
        [_] => sentence.to_owned(),
        _ => match subjects.get(torrent) {
            Some(subject) => format!("{}: {sentence}", one_line(&subject.name)),
            None => sentence.to_owned(),
        },
    }
}

/// What happened, for a person; `None` where the figures tell it already.
pub(crate) fn sentence(notice: &Notice) -> Option<String> {
    let report = match notice {
        Notice::Torrent(report) => report,
        // The face is told what it is.
        Notice::Metadata { .. } => return None,
        Notice::FileFailed { why, .. } => return Some(one_line(why)),
        Notice::FileBack { path } => {
            let sentence = format!("{} is there again, and good", path.display());
            return Some(one_line(&sentence));
        }
        Notice::NotRemembered { why } => {
            let sentence = format!("what is on disk is not remembered: {why}");
            return Some(one_line(&sentence));
        }
        Notice::NotTrusted { path, why } => {
            let sentence = format!(
                "what was remembered in {} is not used, and everything is read: {why}",
                path.display()
            );
            return Some(one_line(&sentence));
        }
        Notice::Chosen { selection } => {
            let (wanted, of) = (selection.count(), selection.marks().len());
            return Some(format!("{wanted} of {of} files are wanted now"));
        }
        Notice::NotAllocated { path } => {
            let sentence = format!(
                "the file system at {} cannot give files their space at once: they take it as they \
                 are written",
                path.display()
            );
            return Some(one_line(&sentence));
        }
        Notice::LowSpace { path, needed, free } => {
            let sentence = format!(
                "{} are still to be written to {}, and {} are free there: make room, or the download \
                 will wait when the disk is full",
                progress::bytes(*needed),
                path.display(),
                progress::bytes(*free)
            );
            return Some(one_line(&sentence));
        }
    };
    let sentence = match report {
        Report::PieceFailed { piece, from: 1 } => {
            format!("piece {piece} did not match its hash, all of it from one peer")
        }
        Report::PieceFailed { piece, from } => format!(
            "piece {piece} did not match its hash; {from} peers sent parts of it, and one alone is \
             asked for it now"
        ),
        Report::PeerBanned { addr, piece } => {
            format!("{addr} sent wrong bytes in piece {piece} and is banned")
        }
        Report::MetadataLiar { addr, why } => format!("{addr} is banned: {why}"),
        Report::PeerDoubted { addr, piece } => format!(
            "{addr} sent wrong bytes in piece {piece}; it has sent good pieces, and nobody else \
             has what is missing, so it is asked again"
        ),
        Report::BansLifted { peers: 1 } => {
            "nobody else is left, so a peer that was banned is asked again".to_owned()
        }
        Report::BansLifted { peers } => {
            format!("nobody else is left, so {peers} peers that were banned are asked again")
        }
        Report::NameFailed { name, why } => format!("{name} cannot be looked up: {why}"),
        Report::TrackerWarning { tracker, warning } => format!("{tracker} warns: {warning}"),
        Report::TrackerFailed { why, .. } => why.to_string(),
        Report::NoWayForward { why } => format!("nothing arrives: {why}"),
        Report::DiskFault { why } => format!(
            "{why}; nothing more is fetched until that is mended, and then the download goes on"
        ),
        Report::DiskWell => "the disk can be written to again: the download goes on".to_owned(),
        Report::InterfaceGone { interface } => {
            format!("the interface {interface} is not there: everything waits for it")
        }
        Report::InterfaceBack { interface } => {
            format!("the interface {interface} is there again: everything goes on")
        }
        Report::SuperSeeded => {
            "super-seeding is over: from now on all peers see all that is here".to_owned()
        }
        Report::Paused => "paused".to_owned(),
        Report::Resumed => "going on".to_owned(),
        Report::Complete => return None,
    };
    Some(one_line(&sentence))
}

/// `complete: DIR/NAME, 703.4 KiB in 10 s (70.3 KiB/s), every piece verified`
fn complete_sentence(subject: &Subject, summary: &Summary) -> String {
    let path = summary.path.to_string_lossy();
    let size = progress::bytes(subject.total);
    let sentence = if summary.downloaded == 0 {
        format!("complete: {path}, {size}; all of it was there already, and every piece is good")
    } else {
        let rate = summary.downloaded as f64 / summary.took.as_secs_f64().max(0.001);
        format!(
            "complete: {path}, {size} in {} ({}), every piece verified",
            progress::duration(summary.took),
            progress::rate(rate as u64)
        )
    };
    one_line(&sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torrent_is_named_where_there_are_several() {
        let subject = |name: &str| Subject {
            name: name.into(),
            info_hash: String::new(),
            is_known: true,
            total: 0,
            pieces: 0,
            piece_length: 1,
            path: PathBuf::new(),
            is_given: false,
            listening: ([127, 0, 0, 1], 1).into(),
            files: Arc::default(),
            choosable: None,
            selection: None,
        };
        assert_eq!(about(&[subject("a")], 0, "is here"), "is here");
        let two = [subject("a"), subject("b\u{1b}")];
        assert_eq!(about(&two, 1, "is here"), "b\\u{1b}: is here");
    }

    #[test]
    fn a_tracker_cannot_write_on_the_terminal() {
        let warning = "a\u{1b}[31m\nb".to_string();
        let said = sentence(&Notice::Torrent(Report::TrackerWarning {
            tracker: "http://t/".into(),
            warning,
        }));
        assert_eq!(said.as_deref(), Some("http://t/ warns: a\\u{1b}[31m b"));
    }
}
