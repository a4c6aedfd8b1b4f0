//! What `tests/refresh-book` does.

use std::fs;
use std::process::ExitCode;

use crate::figures;
use crate::programs;
use crate::transcripts::{self, Outcome, Settings};

/// Refreshes what has one of these names; everything, without names. Files that are right stay as they are.
#[must_use]
pub fn refresh(names: &[String]) -> ExitCode {
    let mut known = Vec::new();
    let mut failed = false;
    match figures(names) {
        Ok(found) => known.extend(found),
        Err(error) => {
            eprintln!("error: {error}");
            failed = true;
        }
    }
    match transcripts(names) {
        Ok((found, well)) => {
            known.extend(found);
            failed |= !well;
        }
        Err(error) => {
            eprintln!("error: {error}");
            failed = true;
        }
    }
    for name in names.iter().filter(|name| !known.contains(name)) {
        eprintln!("error: there is no {name}");
        failed = true;
    }
    if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// Draws figures; returns the names of all.
fn figures(wanted: &[String]) -> Result<Vec<String>, String> {
    let folder = programs::root().join("book/src/figures");
    let mut names = Vec::new();
    for figure in figures::all() {
        names.push(figure.name.to_owned());
        if !wanted.is_empty() && !wanted.iter().any(|name| name == figure.name) {
            continue;
        }
        if figure.is_in(&folder) {
            println!("{}: the same", figure.name);
        } else {
            figure
                .write(&folder)
                .map_err(|error| format!("{}: {error}", figure.name))?;
            println!("{}: drawn", figure.name);
        }
    }
    Ok(names)
}

/// The names of all transcripts, and whether all that were asked for went well.
fn transcripts(wanted: &[String]) -> Result<(Vec<String>, bool), String> {
    let folder = programs::root().join("book/src/transcripts");
    let text = fs::read_to_string(folder.join("transcripts.toml"))
        .map_err(|error| format!("transcripts.toml: {error}"))?;
    let settings = transcripts::settings::parse(&text)
        .map_err(|error| format!("transcripts.toml: {error}"))?;
    let names = transcripts::names(&folder).map_err(|error| error.to_string())?;
    let mut well = true;
    for name in &names {
        if !wanted.is_empty() && !wanted.contains(name) {
            continue;
        }
        let default = Settings::default();
        let settings = settings.get(name).unwrap_or(&default);
        match transcripts::check(&folder, name, settings) {
            Ok(Outcome::Same) => println!("{name}: the same"),
            Ok(Outcome::NotRun(why)) => println!("{name}: not run: {why}"),
            Ok(Outcome::Differs { now, .. }) => {
                fs::write(folder.join(name).with_extension("txt"), now)
                    .map_err(|error| format!("{name}: {error}"))?;
                println!("{name}: written");
            }
            Err(error) => {
                eprintln!("error: {name}: {error}");
                well = false;
            }
        }
    }
    Ok((names, well))
}
