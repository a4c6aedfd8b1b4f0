//! `kostorrent replay`: tells the engine a recording again, and prints each decision with its reason.

mod decision;
mod known;
mod session;
mod standing;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, BufReader, Write};

use engine::Time;
use recording::{Damage, Reader, Step};
use serde_json::json;

use super::args::Replay;
use super::failure::Failure;
use super::output;
use super::text::{json_printable, one_line, printable};
use super::values::Whose;
use decision::Decision;
use session::{Session, Verdict};

/// Replays a recording.
pub(crate) fn run(args: &Replay) -> Result<(), Failure> {
    let path = &args.recording;
    let file = File::open(path).map_err(|error| Failure::io("open", path, &error))?;
    let mut damage = None;
    output::result(|out| {
        damage = replay(args, BufReader::new(file), out)?;
        Ok(())
    })?;
    match damage {
        None => Ok(()),
        Some(damage) => Err(Failure::Failed(format!("{}: {damage}", path.display()))),
    }
}

/// Replays what can be read, and returns what is damaged, if anything.
fn replay(
    args: &Replay,
    input: impl io::BufRead,
    out: &mut dyn Write,
) -> io::Result<Option<Damage>> {
    let mut reader = match Reader::new(input) {
        Ok(reader) => reader,
        Err(damage) => return Ok(Some(damage)),
    };
    let header = reader.header().clone();
    let config = match header.config() {
        Ok(config) => config,
        Err(why) => return Ok(Some(Damage::Header(why))),
    };
    let mut session = Session::new(config, header.anonymous);
    let damage = tell(args, &mut reader, &mut session, out)?;
    let verdict = session.verdict();
    if args.json {
        let all = summary(&session, &verdict, damage.as_ref(), &header.version);
        line(out, &all)?;
    } else {
        end(out, &session, &verdict, &header.version)?;
    }
    Ok(damage)
}

/// Tells all events until the end, or until the moment that was asked for; what is damaged, if
/// anything.
fn tell(
    args: &Replay,
    reader: &mut Reader<impl io::BufRead>,
    session: &mut Session,
    out: &mut dyn Write,
) -> io::Result<Option<Damage>> {
    let until = args.at.or(args.until).map(Time::after_start);
    print(args, session.begin(), out)?;
    let damage = loop {
        let step = match reader.next_step() {
            Ok(Some(step)) => step,
            Ok(None) => break None,
            Err(damage) => break Some(damage),
        };
        match step {
            Step::Told(at, _) if until.is_some_and(|until| at > until) => break None,
            Step::Told(at, event) => print(args, session.tell(at, event), out)?,
            Step::Wanted(action) => session.compare(action),
        }
    };
    if let Some(at) = args.at {
        session.stand(Time::after_start(at), args.json, out)?;
    }
    Ok(damage)
}

fn print(args: &Replay, decisions: Vec<Decision>, out: &mut dyn Write) -> io::Result<()> {
    if args.at.is_some() {
        return Ok(());
    }
    for decision in decisions {
        let peer = match args.peer {
            None => true,
            Some(Whose::Key(key)) => decision.peer == Some(key),
            Some(Whose::Addr(addr)) => decision.addr == Some(addr),
            Some(Whose::Host(ip)) => decision.addr.is_some_and(|addr| addr.ip() == ip),
        };
        let piece = args.piece.is_none() || decision.piece == args.piece;
        if !peer || !piece {
            continue;
        }
        match args.json {
            true => line(out, &decision.to_json())?,
            false => {
                let text = decision.to_string().replace(['\n', '\r'], " ");
                writeln!(out, "{}", printable(&text))?;
            }
        }
    }
    Ok(())
}

fn line(out: &mut dyn Write, value: &serde_json::Value) -> io::Result<()> {
    writeln!(out, "{}", json_printable(value.to_string()))
}

/// The last object of `--json`.
fn summary(
    session: &Session,
    verdict: &Verdict,
    damage: Option<&Damage>,
    version: &str,
) -> serde_json::Value {
    let (same, differs) = match verdict {
        Verdict::Nothing => (None, None),
        Verdict::Same(_) => (Some(true), None),
        Verdict::Differs(how) => (Some(false), Some(how)),
    };
    json!({
        "event": "replayed",
        "version": version,
        "events": session.events(),
        "same": same,
        "differs": differs,
        "damage": damage.map(ToString::to_string),
    })
}

/// The last line for a person.
fn end(out: &mut dyn Write, session: &Session, verdict: &Verdict, version: &str) -> io::Result<()> {
    let events = session.events();
    let said = match verdict {
        Verdict::Nothing => format!("{events} events; no action was recorded to compare with"),
        Verdict::Same(actions) => {
            format!("{events} events; all {actions} recorded actions are wanted again")
        }
        Verdict::Differs(how) => format!(
            "{events} events; this kostorrent ({}) wants something else than the one that recorded \
             ({version}): {how}",
            env!("CARGO_PKG_VERSION")
        ),
    };
    writeln!(out, "{}", one_line(&said))
}
