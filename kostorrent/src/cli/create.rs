//! `kostorrent create`: makes a torrent file.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use metainfo::create::About;
use metainfo::text::grouped;
use serde::Serialize;

use super::args::{self, Create};
use super::aside::aside;
use super::failure::Failure;
use super::interrupt::Interrupts;
use super::meter::Meter;
use super::show::{count, exact};
use super::target::Target;
use super::text::printable;
use super::{clock, face, output, running, show};
use crate::create::{Choice, Created, LeftOut, Options, Plan, Why, name_of};

/// The most things that are left out of which each is told.
const MOST_TOLD: usize = 10;

/// Makes the torrent and says what it is.
pub(crate) fn run(args: &Create) -> Result<(), Failure> {
    running::told_in_json(args.json, || {
        running::block_on(async {
            let mut interrupts = Interrupts::new()?;
            make(args, &mut interrupts).await
        })
    })
}

async fn make(args: &Create, interrupts: &mut Interrupts) -> Result<(), Failure> {
    let target = find_target(args)?;
    let mut options = options(args)?;
    options.choice.output = target.file();
    let path = args.path.clone();
    let plan = aside(interrupts, move || Plan::new(&path, options), || ()).await?;
    let plan = plan.map_err(Failure::failed)?;
    target.check_room(plan.size())?;
    let left_out = plan.left_out().len();
    for note in notes(&plan) {
        tell(args, &note)?;
    }

    let mut meter = Meter::new();
    let far = Arc::new([const { AtomicU64::new(0) }; 2]);
    let hashed = far.clone();
    let make = move || {
        plan.make(|done, total| {
            for (shared, now) in hashed.iter().zip([done, total]) {
                shared.store(now, Relaxed);
            }
        })
    };
    let show = || meter.show(far[0].load(Relaxed), far[1].load(Relaxed));
    let created = aside(interrupts, make, show).await;
    meter.clear();
    let created = created?.map_err(Failure::failed)?;

    if target.may_block() {
        let (target, bytes) = (target.clone(), created.bytes.clone());
        aside(interrupts, move || target.write(&bytes), || ()).await??;
    } else {
        // Not aside: what an interrupt would leave here is an unfinished file.
        target.write(&created.bytes)?;
    }
    for warning in &created.metainfo.warnings {
        tell(args, &warning.to_string())?;
    }
    report(&created, &target, left_out, args.json)
}

/// Where the torrent file goes. All that speaks against it is told now.
fn find_target(args: &Create) -> Result<Target, Failure> {
    let Some(output) = &args.output else {
        let name = name(args)?;
        if name.contains(std::path::is_separator) {
            return Err(Failure::Usage(format!(
                "--name {name:?} is the name of no file: it may not lead into a folder"
            )));
        }
        return Target::find(Path::new(&format!("{name}.torrent")), args.force);
    };
    let target = Target::find(output, args.force)?;
    match target {
        Target::Stdout if args.json => Err(Failure::Usage(
            "the torrent file goes to stdout, and so would what --json prints: leave one of them out"
                .into(),
        )),
        target => Ok(target),
    }
}

fn name(args: &Create) -> Result<String, Failure> {
    let name = args.name.clone().map(Ok);
    let name = name.unwrap_or_else(|| name_of(&args.path));
    name.map_err(Failure::failed)
}

fn options(args: &Create) -> Result<Options, Failure> {
    Ok(Options {
        name: name(args)?,
        piece_length: args.piece_length.map(|length| length.0),
        choice: Choice {
            all: args.all,
            follow_links: args.follow_links,
            exclude: args.exclude.clone(),
            output: None,
        },
        about: About {
            announce: args.announce.iter().map(|tier| tier.0.clone()).collect(),
            web_seeds: args.web_seeds.clone(),
            private: args.private,
            source: args.source.clone(),
            comment: args.comment.clone(),
            created_by: Some(concat!("kostorrent ", env!("CARGO_PKG_VERSION")).into()),
            creation_date: creation_date(args)?,
        },
    })
}

/// What a person may not expect of the files that are shared, and of those that are not.
fn notes(plan: &Plan) -> Vec<String> {
    let mut left_out: Vec<&LeftOut> = plan.left_out().iter().collect();
    // The rest may hide in a number; that the torrent file is among it would surprise.
    left_out.sort_by_key(|left| left.why != Why::Output);
    let told = left_out.iter().take(MOST_TOLD);
    let mut notes: Vec<String> = told
        .map(|left| format!("left out: {} ({})", left.path.display(), left.why))
        .collect();
    if let Some(more @ 1..) = left_out.len().checked_sub(MOST_TOLD) {
        notes.push(format!("left out: {} more", grouped(more as u64)));
    }
    let unmatched = plan.unmatched().iter();
    notes.extend(
        unmatched.map(|pattern| format!("--exclude {} has excluded nothing", pattern.text())),
    );
    notes
}

fn tell(args: &Create, note: &str) -> Result<(), Failure> {
    let face = args::Face {
        quiet: false,
        json: args.json,
        explain: false,
    };
    face::warn(face, note)
}

/// As told; or as the build system says, so that builds can be repeated; or now.
fn creation_date(args: &Create) -> Result<Option<i64>, Failure> {
    if args.no_date {
        return Ok(None);
    }
    if let Some(date) = args.date {
        return Ok(Some(date.0));
    }
    match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => match text.parse() {
            Ok(seconds) => Ok(Some(seconds)),
            Err(_) => Err(Failure::Usage(
                "SOURCE_DATE_EPOCH must be seconds since 1970".into(),
            )),
        },
        Err(_) => Ok(Some(clock::now())),
    }
}

/// The object of `create --json`.
#[derive(Serialize)]
struct Made<'a> {
    event: &'static str,
    output: String,
    name: &'a str,
    info_hash_v1: Option<String>,
    piece_length: u64,
    pieces: u32,
    total_length: u64,
    files: usize,
    left_out: usize,
    /// `None` of a private torrent: its peers give no metadata away.
    magnet: Option<String>,
}

fn report(created: &Created, target: &Target, left_out: usize, json: bool) -> Result<(), Failure> {
    let torrent = &created.metainfo;
    let hash = torrent.info_hash_v1.map(|hash| hash.to_string());
    if json {
        return output::json(&Made {
            event: "created",
            output: target.name().to_string_lossy().into_owned(),
            name: &torrent.name,
            info_hash_v1: hash,
            piece_length: torrent.piece_length,
            pieces: torrent.piece_count(),
            total_length: torrent.total_length,
            files: torrent.files.len(),
            left_out,
            magnet: show::magnet_of(torrent),
        });
    }
    if torrent.announce.is_empty() {
        output::error(match torrent.private {
            false => "note: no tracker; peers will find each other in the DHT",
            true => "note: private, and no tracker; peers will have to be named with --peer",
        });
    }
    let mut text = format!(
        "{}\n  info-hash  {}\n  size       {} in {}\n  pieces     {} of {}",
        printable(&target.name().to_string_lossy()),
        hash.unwrap_or_default(),
        exact(torrent.total_length),
        count(torrent.files.len() as u64, "file"),
        torrent.piece_count(),
        progress::bytes(torrent.piece_length),
    );
    if let Some(magnet) = show::magnet_of(torrent) {
        text += &format!("\n  magnet     {magnet}");
    }
    if let Target::Stdout = target {
        output::error(&text);
        return Ok(());
    }
    output::result(|out| writeln!(out, "{text}"))
}
