//! `kostorrent examine`: the test that any client can take.

mod json;
mod junit;
mod text;

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use super::args::Examine;
use super::failure::Failure;
use super::interrupt::Interrupts;
use super::running;
use crate::examine::{
    Examined, Options, Part, STAGES, SceneError, Stage, Template, Verdict, examine, guard,
};
use crate::lab::temp::TempFolder;

/// Lines of a failed run's output that are shown.
const SHOWN: usize = 12;

/// Examines, or lists what there is.
pub(crate) fn run(args: &Examine) -> Result<(), Failure> {
    if let Some(report) = &args.guard {
        return guard::run(report, &args.command).map_err(Failure::failed);
    }
    if args.list {
        return text::list(&chosen(args)?);
    }
    running::told_in_json(args.json, || put_to_the_test(args))
}

fn put_to_the_test(args: &Examine) -> Result<(), Failure> {
    let parts: Vec<Part> = chosen(args)?;
    if let Some(other) = parts.iter().find(|part| part.stage.seeds != args.seeder) {
        let name = other.stage.name;
        return Err(Failure::Usage(match args.seeder {
            true => format!("the stage {name} is not for seeders: leave --seeder out"),
            false => format!("the stage {name} is for seeders: say --seeder"),
        }));
    }
    let template = Template::new(args.command.clone(), args.seeder);
    let template = template.map_err(|why| Failure::Usage(why.to_string()))?;
    if args.seeder && args.port.is_none() && !template.has("{port}") {
        return Err(Failure::Usage(
            "nobody knows where to call the seeder: put {port} where it is told its port, or say with --port where it listens"
                .into(),
        ));
    }
    // It could be any address of this machine, then, and the whole network would hear of it.
    if args.host.is_unspecified() {
        let why = format!("{} is every address: say one of this machine", args.host);
        return Err(Failure::Usage(why));
    }
    TcpListener::bind((args.host, 0)).map_err(|error| {
        Failure::Failed(format!(
            "{} cannot be used as an address of this machine: {error}",
            args.host
        ))
    })?;
    // Removed last, when no run writes into it any more.
    let (temp, kept);
    let folder = match &args.keep {
        Some(dir) => {
            kept = new_folder(dir)?;
            &*kept
        }
        None => {
            temp = TempFolder::new();
            temp.as_ref()
                .map_err(|error| Failure::io("make a folder in", &std::env::temp_dir(), error))?
                .path()
        }
    };
    let options = Options {
        template,
        port: args.port,
        host: args.host,
        jobs: args.jobs.into(),
        patience: Duration::from_secs(args.timeout),
        folder: folder.to_owned(),
    };
    if args.json {
        json::start(&args.command, &parts)?;
    }
    let began = Instant::now();
    let mut all = Vec::new();
    let result = running::block_on(async {
        let mut interrupts = Interrupts::new()?;
        let work = examine(options, &parts, |examined| {
            match args.json {
                true => json::stage(&examined)?,
                false => text::stage(&examined)?,
            }
            all.push(examined);
            Ok::<(), Failure>(())
        });
        tokio::select! {
            result = work => result,
            () = interrupts.next() => Err(Failure::Interrupted("interrupted; the rest was not looked at".into())),
        }
    });
    result?;
    let count = Count::of(&all);
    match args.json {
        true => json::end(&count, began.elapsed())?,
        false => text::end(&count)?,
    }
    if let Some(path) = &args.junit {
        let written = fs::write(path, junit::document(&all));
        written.map_err(|error| Failure::io("write", path, &error))?;
    }
    match count.wrong {
        0 => Ok(()),
        _ => Err(Failure::Said),
    }
}

/// Our own failure, or the system's.
impl From<SceneError> for Failure {
    fn from(error: SceneError) -> Failure {
        Failure::failed(error)
    }
}

/// What is asked for.
fn chosen(args: &Examine) -> Result<Vec<Part>, Failure> {
    let mut only = Vec::new();
    for name in &args.only {
        only.extend(one_choice(name, args.seeder)?);
    }
    // A list names all there are, and whoever names a stage is told if it is not for such a client.
    let all = args.list || !only.is_empty();
    let early = STAGES
        .iter()
        .filter(|stage| all || stage.seeds == args.seeder)
        .filter(|stage| args.until.is_none_or(|until| stage.chapter <= until));
    let parts = early.filter_map(|stage| match only.is_empty() {
        true => Some(Part::whole(stage)),
        false => together(stage, &only),
    });
    let parts: Vec<Part> = parts.collect();
    match parts.is_empty() {
        true => Err(Failure::Usage(format!(
            "no stage is left: the first belongs to chapter {}",
            STAGES[0].chapter
        ))),
        false => Ok(parts),
    }
}

/// What one word of `--only` names: a stage, one run of it, or all runs of that name which are for such a client.
fn one_choice(name: &str, seeder: bool) -> Result<Vec<Part>, Failure> {
    let is_named = |stage: &&Stage, name: &str| stage.name == name;
    if let Some(stage) = STAGES.iter().find(|stage| is_named(stage, name)) {
        return Ok(vec![Part::whole(stage)]);
    }
    let (stages, run): (Vec<&'static Stage>, &str) = match name.split_once('/') {
        None => (STAGES.iter().collect(), name),
        Some((stage, run)) => {
            let stages = STAGES.iter().filter(|it| is_named(it, stage));
            (stages.collect(), run)
        }
    };
    let parts = stages.iter().map(|stage| {
        let mut part = Part::whole(stage);
        part.takes.retain(|take| take.name == run);
        part
    });
    let parts: Vec<Part> = parts.filter(|part| !part.takes.is_empty()).collect();
    let fit = parts.iter().filter(|part| part.stage.seeds == seeder);
    let fit: Vec<Part> = fit.cloned().collect();
    if !fit.is_empty() {
        return Ok(fit);
    }
    // Whoever names one for other clients is told so later.
    if !parts.is_empty() {
        return Ok(parts);
    }
    // Some checks have no run of their own: it is one of a stage's that they are made in.
    let looks_at = |stage: &&&Stage| stage.checks.iter().any(|check| check.name == run);
    let place = stages.iter().find(looks_at).or(match &stages[..] {
        [stage] => Some(stage),
        _ => None,
    });
    Err(Failure::Usage(match place {
        Some(stage) => {
            let names: Vec<&str> = stage.takes.iter().map(|take| take.name).collect();
            let (stage, names) = (stage.name, names.join(", "));
            format!("the stage {stage} has no run `{run}`; it has {names}")
        }
        None => {
            let names: Vec<&str> = STAGES.iter().map(|stage| stage.name).collect();
            let names = names.join(", ");
            format!("there is no stage and no run `{name}`; there are the stages {names}")
        }
    }))
}

/// All that several choices name of a stage.
fn together(stage: &'static Stage, only: &[Part]) -> Option<Part> {
    let mut part = Part::whole(stage);
    part.takes.retain(|take| {
        let mut named = only.iter().filter(|it| it.stage.name == stage.name);
        named.any(|it| it.takes.iter().any(|its| its.name == take.name))
    });
    (!part.takes.is_empty()).then_some(part)
}

/// A folder that holds nothing yet, by its absolute path.
fn new_folder(dir: &Path) -> Result<std::path::PathBuf, Failure> {
    let failed = |error| Failure::io("use", dir, &error);
    fs::create_dir_all(dir).map_err(failed)?;
    if fs::read_dir(dir).map_err(failed)?.next().is_some() {
        let dir = dir.display();
        return Err(Failure::Failed(format!(
            "{dir} is not empty: choose a new folder"
        )));
    }
    dir.canonicalize().map_err(failed)
}

/// How many checks came to which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    ok: usize,
    wrong: usize,
    odd: usize,
    skipped: usize,
}

impl Count {
    fn of(all: &[Examined]) -> Count {
        let mut count = Count::default();
        for finding in all.iter().flat_map(|examined| &examined.findings) {
            match finding.verdict {
                Verdict::Ok => count.ok += 1,
                Verdict::Wrong => count.wrong += 1,
                Verdict::Odd => count.odd += 1,
                Verdict::Skipped => count.skipped += 1,
            }
        }
        count
    }
}

/// The output of the runs in which something is wrong, as far as it is shown.
fn outputs(examined: &Examined) -> impl Iterator<Item = (&'static str, Vec<&str>)> {
    let wrong = |take: &str| {
        let findings = examined.findings.iter();
        let mut wrong = findings.filter(|finding| finding.verdict == Verdict::Wrong);
        wrong.any(|finding| finding.take == take)
    };
    let printed = examined.printed.iter();
    printed
        .filter(move |(take, _)| wrong(take))
        .map(|(take, text)| {
            let lines: Vec<&str> = text.lines().collect();
            let from = lines.len().saturating_sub(SHOWN);
            (*take, lines[from..].to_vec())
        })
}
