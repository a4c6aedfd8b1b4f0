//! `kostorrent pause`, `resume`, `stop` and `choose`: what a running torrent is told.

use std::time::Duration;

use super::args::{Choose, WhichOrAll};
use super::failure::Failure;
use super::status::word;
use super::text::printable;
use super::which::{self, Meant, NOTHING};
use super::{output, running};
use crate::control::{self, Ask, ControlError, Said, State};

/// How long it is waited for until a torrent does what it was told. Trackers may take their time.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(100);

/// Something that a torrent can be told.
struct Order {
    ask: fn(String) -> Ask,
    /// Whether it does that; `None` of one that is gone.
    obeys: fn(Option<State>) -> bool,
    /// What it was told, when it has not done it in time.
    told: &'static str,
}

pub(crate) fn pause(which: &WhichOrAll) -> Result<(), Failure> {
    let obeys = |state: Option<State>| {
        // A check is not waited for: it may take hours.
        state.is_none_or(|state| {
            matches!(state, State::Paused | State::Checking | State::Ending) || state.is_over()
        })
    };
    give(
        which,
        &Order {
            ask: |torrent| Ask::Pause { torrent },
            obeys,
            told: "will pause",
        },
    )
}

pub(crate) fn resume(which: &WhichOrAll) -> Result<(), Failure> {
    give(
        which,
        &Order {
            ask: |torrent| Ask::Resume { torrent },
            obeys: |state| state != Some(State::Paused),
            told: "will go on",
        },
    )
}

pub(crate) fn stop(which: &WhichOrAll) -> Result<(), Failure> {
    give(
        which,
        &Order {
            ask: |torrent| Ask::Stop { torrent },
            obeys: |state| state.is_none_or(State::is_over),
            told: "is stopping",
        },
    )
}

pub(crate) fn choose(args: &Choose) -> Result<(), Failure> {
    running::block_on(async {
        let all = which::all(&args.which).await?.into_iter();
        let all = all.filter(|meant| !meant.torrent.state.is_over());
        let fitting = which::fitting(&args.which, all.collect())?;
        let meant = which::only(&args.which, fitting)?;
        let name = printable(&meant.torrent.name).into_owned();
        let ask = Ask::Choose {
            torrent: meant.torrent.info_hash,
            files: args.files.clone(),
        };
        match control::ask(&meant.process.socket, &ask).await {
            Ok(_) => output::result(|out| writeln!(out, "{name}: {} is wanted now", args.files)),
            Err(error) => Err(Failure::Failed(format!("{name}: {error}"))),
        }
    })
}

fn give(which: &WhichOrAll, order: &Order) -> Result<(), Failure> {
    running::block_on(async {
        let all = which::all(&which.which).await?;
        // What is over needs no order.
        let all = all
            .into_iter()
            .filter(|meant| !meant.torrent.state.is_over());
        let fitting = which::fitting(&which.which, all.collect())?;
        let meant = match which.all {
            true if fitting.is_empty() => return Err(Failure::Failed(NOTHING.into())),
            true => fitting,
            false => vec![which::only(&which.which, fitting)?],
        };
        let mut failed = Vec::new();
        for meant in &meant {
            let name = printable(&meant.torrent.name).into_owned();
            match tell(meant, order).await {
                Ok(does) => output::result(|out| writeln!(out, "{name}: {does}"))?,
                Err(error) => failed.push(format!("{name}: {error}")),
            }
        }
        match failed.is_empty() {
            true => Ok(()),
            false => Err(Failure::Failed(failed.join("; "))),
        }
    })
}

/// Tells a torrent, and waits for a while until it does it; what it does then.
async fn tell(meant: &Meant, order: &Order) -> Result<String, ControlError> {
    let (socket, info_hash) = (&meant.process.socket, &meant.torrent.info_hash);
    control::ask(socket, &(order.ask)(info_hash.clone())).await?;
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let state = match control::ask(socket, &Ask::Status).await {
            Ok(Said::Status { torrents, .. }) => torrents
                .into_iter()
                .find(|torrent| torrent.info_hash == *info_hash)
                .map(|torrent| torrent.state),
            // It has ended.
            _ => None,
        };
        if (order.obeys)(state) {
            return Ok(match state {
                Some(State::Checking) => format!("{} when its check is over", order.told),
                Some(state) => word(state).to_owned(),
                None => "stopped".to_owned(),
            });
        }
        if tokio::time::Instant::now() >= until {
            return Ok(order.told.to_owned());
        }
        tokio::time::sleep(LOOK).await;
    }
}
