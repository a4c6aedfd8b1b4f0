//! A node that stays.

use std::error::Error;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::time::Duration;

use dht::Config;
use dht::blocking::Wired;

use crate::{Serve, begin, show};

/// How often it says how it is doing, if that has changed.
const REPORT: Duration = Duration::from_secs(10);

/// How often it writes down whom it knows.
const SAVE: Duration = Duration::from_secs(60);

pub fn run(args: &Serve, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let addrs = begin::addresses(&args.node)?;
    let is_local = dht::is_local(args.ip) || begin::has_local(&addrs);
    let config = if is_local {
        Config::LOCAL
    } else {
        Config::PUBLIC
    };
    let wired = Wired::open((args.ip, args.port).into(), config);
    let mut wired = wired
        .map_err(|error| format!("cannot take UDP port {} of {}: {error}", args.port, args.ip))?;
    if let Some(path) = &args.state {
        restore(&mut wired, path)?;
    }
    for addr in addrs {
        wired.node.add_seed(addr, Duration::ZERO);
    }
    writeln!(
        out,
        "a node at {}; it runs until it is ended (Ctrl-C)",
        wired.addr()?
    )?;
    out.flush()?;
    let (mut report, mut save) = (REPORT, SAVE);
    let mut said = None;
    loop {
        wired.step(report.saturating_sub(wired.now()))?;
        while wired.event().is_some() {}
        let now = wired.now();
        if now >= report {
            report = now + REPORT;
            let snapshot = wired.node.snapshot(now);
            if said.as_ref() != Some(&snapshot) {
                show::snapshot(out, &snapshot)?;
            }
            said = Some(snapshot);
        }
        if let Some(path) = args.state.as_deref().filter(|_| now >= save) {
            save = now + SAVE;
            keep(&wired, path)?;
        }
    }
}

/// Begins from whom it knew the last time, if there was one.
fn restore(wired: &mut Wired, path: &Path) -> Result<(), Box<dyn Error>> {
    let told = |error: &dyn Error| format!("{}: {error}", path.display());
    match fs::read(path) {
        Ok(bytes) => Ok(wired
            .node
            .restore(&bytes, Duration::ZERO)
            .map_err(|e| told(&e))?),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(told(&error).into()),
    }
}

/// Writes beside it first: a power cut leaves the old one or the new one.
fn keep(wired: &Wired, path: &Path) -> Result<(), Box<dyn Error>> {
    let beside = path.with_extension("new");
    fs::write(&beside, wired.node.save(wired.now()))
        .and_then(|()| fs::rename(&beside, path))
        .map_err(|error| format!("cannot write {}: {error}", path.display()).into())
}
