//! `kostorrent show --scrape`: how many have a torrent, as its trackers know it. Nobody is called, and nothing
//! is told of us but that somebody asks (BEP 48; BEP 15, "Scrape").

use std::io::{self, Write};
use std::sync::Arc;

use metainfo::InfoHash;
use metainfo::text::grouped;
use serde::Serialize;
use tokio::task::JoinSet;
use tracker::{AnnounceError, Counts, host_of};

use super::args::Show;
use super::failure::Failure;
use super::interrupt::Interrupts;
use super::text::{one_line, printable};
use super::{environment, job, output, running, torrent_file};
use crate::node::{Node, NodeOptions};

/// Whose trackers are asked.
struct Subject {
    name: String,
    info_hash: Option<InfoHash>,
    /// In their order, each once.
    trackers: Vec<String>,
}

/// What a tracker has said.
type Said = Result<Counts, AnnounceError>;

/// Asks all trackers, and prints what they say.
pub(crate) fn run(args: &Show) -> Result<(), Failure> {
    let subject = subject(args)?;
    let info_hash = subject.info_hash.ok_or_else(|| {
        Failure::Failed(
            "it is a BitTorrent v2 torrent without a v1 half: no tracker is asked".into(),
        )
    })?;
    if subject.trackers.is_empty() {
        return Err(Failure::Failed(
            "it names no tracker that could be asked".into(),
        ));
    }
    let said = running::block_on(ask(args, info_hash, subject.trackers.clone()))?;
    let rows: Vec<(String, Said)> = subject.trackers.into_iter().zip(said).collect();
    if args.json {
        output::json(&Description::of(&subject.name, info_hash, &rows))?;
    } else {
        output::result(|out| print(&subject.name, info_hash, &rows, out))?;
    }
    match rows.iter().any(|(_, said)| said.is_ok()) {
        true => Ok(()),
        false => Err(Failure::Failed(
            "no tracker has told how many there are".into(),
        )),
    }
}

fn subject(args: &Show) -> Result<Subject, Failure> {
    let (name, info_hash, tiers) = match job::magnet(&args.torrent)? {
        Some(magnet) => {
            let tiers = magnet.trackers.into_iter().map(|tracker| vec![tracker]);
            (magnet.name, magnet.info_hash_v1, tiers.collect())
        }
        None => {
            let torrent = torrent_file::load(&args.torrent, args.names)?;
            (Some(torrent.name), torrent.info_hash_v1, torrent.announce)
        }
    };
    let mut trackers: Vec<String> = Vec::new();
    for tracker in tiers.into_iter().flatten() {
        if !trackers.contains(&tracker) {
            trackers.push(tracker);
        }
    }
    Ok(Subject {
        name: name.unwrap_or_else(|| "a magnet link without a name".to_owned()),
        info_hash,
        trackers,
    })
}

/// Asks all of them side by side; what they say, in their order.
async fn ask(
    args: &Show,
    info_hash: InfoHash,
    trackers: Vec<String>,
) -> Result<Vec<Said>, Failure> {
    let mut interrupts = Interrupts::new()?;
    let options = NodeOptions {
        local: environment::local_network(),
        route: args.network.route(),
        ..NodeOptions::default()
    };
    let node = Node::start(options).map_err(Failure::failed)?;
    let listen = running::listen_on(args.network.port);
    let endpoint = Arc::new(node.listen(listen).map_err(Failure::failed)?);
    let mut asked = JoinSet::new();
    for (number, tracker) in trackers.into_iter().enumerate() {
        let endpoint = endpoint.clone();
        asked.spawn(async move { (number, endpoint.scrape(info_hash, tracker).await) });
    }
    let said = tokio::select! {
        said = asked.join_all() => Ok(said),
        () = interrupts.next() => Err(Failure::Interrupted("interrupted before all had answered".into())),
    };
    drop(endpoint);
    node.end().await;
    let mut said = said?;
    said.sort_unstable_by_key(|&(number, _)| number);
    Ok(said.into_iter().map(|(_, said)| said).collect())
}

/// The object of `show --scrape --json`.
#[derive(Serialize)]
struct Description<'a> {
    name: &'a str,
    info_hash_v1: String,
    scrape: Vec<Scraped>,
}

/// What one tracker knows; null: it has not said. `message` is there where it has said nothing at all.
#[derive(Serialize)]
struct Scraped {
    tracker: String,
    seeders: Option<u32>,
    leechers: Option<u32>,
    completed: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl Description<'_> {
    fn of<'a>(name: &'a str, info_hash: InfoHash, rows: &[(String, Said)]) -> Description<'a> {
        let scraped = rows.iter().map(|(tracker, said)| {
            let counts = said.as_ref().copied().unwrap_or_default();
            Scraped {
                tracker: host_of(tracker),
                seeders: counts.seeders,
                leechers: counts.leechers,
                completed: counts.completed,
                message: said.as_ref().err().map(ToString::to_string),
            }
        });
        Description {
            name,
            info_hash_v1: info_hash.to_string(),
            scrape: scraped.collect(),
        }
    }
}

fn print(
    name: &str,
    info_hash: InfoHash,
    rows: &[(String, Said)],
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "{:<13} {}", "name", printable(name))?;
    writeln!(out, "{:<13} {info_hash}", "info-hash")?;
    let hosts = rows.iter().map(|(tracker, _)| one_line(&host_of(tracker)));
    let hosts: Vec<String> = hosts.collect();
    let width = hosts.iter().map(|host| host.chars().count()).max();
    let width = width.unwrap_or_default().max("tracker".len());
    writeln!(
        out,
        "\n{:<width$} {:>9} {:>9} {:>10}",
        "tracker", "seeders", "leechers", "completed"
    )?;
    for (host, (_, said)) in hosts.iter().zip(rows) {
        match said {
            Ok(counts) => {
                let [seeders, leechers, completed] =
                    [counts.seeders, counts.leechers, counts.completed].map(number);
                writeln!(
                    out,
                    "{host:<width$} {seeders:>9} {leechers:>9} {completed:>10}"
                )?;
            }
            Err(why) => writeln!(out, "{host:<width$} {}", one_line(&why.to_string()))?,
        }
    }
    Ok(())
}

fn number(count: Option<u32>) -> String {
    count.map_or_else(|| "-".to_owned(), |count| grouped(count.into()))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_person_reads_a_table_in_which_nothing_steers_the_terminal() {
        let host = "t.example".to_owned();
        let error = tracker::ReplyError::Failure {
            reason: "a\u{1b}[2Jb".to_owned(),
            retry: None,
        };
        let counts = Counts {
            seeders: Some(3),
            leechers: None,
            completed: Some(1_000),
        };
        let rows = [
            (
                "http://tracker.example/secret/announce".to_owned(),
                Ok(counts),
            ),
            (
                "http://t.example/announce".to_owned(),
                Err(AnnounceError::Reply { host, error }),
            ),
        ];
        let mut out = Vec::new();
        print("a\u{9b}b", InfoHash([0xab; 20]), &rows, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "name          a\\u{9b}b\n\
             info-hash     abababababababababababababababababababab\n\
             \n\
             tracker           seeders  leechers  completed\n\
             tracker.example         3         -      1,000\n\
             t.example       t.example: the tracker refused: a\\u{1b}[2Jb\n"
        );
    }
}
