//! Real clients in the examination, and the page about it.
//!
//! `tests/real-clients` runs `kostorrent examine` with each client that is installed, keeps what came of it in a file that the
//! client is built with, and writes the table of the page *How real clients do* from it.

pub mod commands;
pub mod page;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::programs;

/// Where the results are kept.
#[must_use]
pub fn results() -> PathBuf {
    programs::root().join("kostorrent/src/examine/real_clients.json")
}

/// The page.
#[must_use]
pub fn page() -> PathBuf {
    programs::root().join("book/src/reference/real-clients.md")
}

/// What came of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its name.
    pub name: String,
    /// What it calls its version.
    pub version: String,
    /// When it was examined.
    pub date: String,
    /// The verdict and what was seen, by stage and check.
    pub checks: BTreeMap<String, (String, String)>,
}

/// The results that are kept.
///
/// # Errors
///
/// A sentence, when they cannot be read.
pub fn read() -> Result<Vec<Taken>, String> {
    let path = results();
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let all: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let clients = all["clients"].as_array().ok_or("no clients")?;
    let taken = clients.iter().map(|client| {
        let checks = client["checks"].as_object().into_iter().flatten();
        let checks = checks.map(|(check, told)| {
            let told = (text(&told["verdict"]), text(&told["text"]));
            (check.clone(), told)
        });
        Taken {
            name: text(&client["name"]),
            version: text(&client["version"]),
            date: text(&client["date"]),
            checks: checks.collect(),
        }
    });
    Ok(taken.collect())
}

/// Keeps results.
///
/// # Errors
///
/// A sentence, when they cannot be written.
pub fn write(all: &[Taken]) -> Result<(), String> {
    let clients: Vec<Value> = all
        .iter()
        .map(|client| {
            let told = |(verdict, text): &(String, String)| match &**verdict {
                // Why it is right is written with the check.
                "ok" => json!({ "verdict": verdict }),
                _ => json!({ "verdict": verdict, "text": text }),
            };
            let checks: BTreeMap<&String, Value> =
                client.checks.iter().map(|(check, it)| (check, told(it))).collect();
            json!({ "name": client.name, "version": client.version, "date": client.date, "checks": checks })
        })
        .collect();
    let text = serde_json::to_string_pretty(&json!({ "clients": clients })).unwrap_or_default();
    fs::write(results(), text + "\n").map_err(|error| error.to_string())
}

/// The examination, at this address of a network of its own where the client calls no loopback address.
fn start(host: Option<&str>) -> Command {
    const NETWORK: &str = r#"ip link set lo up && ip addr add "$0/24" dev lo && exec "$@""#;
    let kostorrent = programs::kostorrent();
    let Some(host) = host else {
        let mut command = Command::new(kostorrent);
        command.arg("examine");
        return command;
    };
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--net", "sh", "-c", NETWORK, host]);
    command.arg(kostorrent).args(["examine", "--host", host]);
    command
}

/// Examines a client as one that downloads, and as one that seeds.
///
/// # Errors
///
/// A sentence, when the examination does not come to its end.
pub fn examine(client: &commands::Client, date: &str) -> Result<Taken, String> {
    let mut checks = BTreeMap::new();
    for (options, command) in [
        (&["--json"][..], &client.download),
        (&["--json", "--seeder"], &client.seed),
    ] {
        let output = start(client.host)
            .args(options)
            .arg("--")
            .args(command)
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| error.to_string())?;
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        let events = lines
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut ended = false;
        for event in events {
            let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
            ended |= event["event"] == "examined";
            if event["event"] == "check" {
                let check = format!("{}/{}", text("stage"), text("check"));
                checks.insert(check, (text("verdict"), text("text")));
            }
        }
        if !ended {
            return Err(format!("{}: the examination did not end", client.name));
        }
    }
    // It cannot have run: what is known of it is not to be lost over that.
    if checks.values().all(|(verdict, _)| verdict == "skipped") {
        return Err(format!("{}: nothing was seen of it", client.name));
    }
    Ok(Taken {
        name: client.name.to_owned(),
        version: client.version.clone(),
        date: date.to_owned(),
        checks,
    })
}
