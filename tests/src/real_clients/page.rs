//! The page *How real clients do*: the part of it that is made from the results.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use serde_json::Value;

use super::Taken;
use crate::programs;

/// Where that part begins and ends.
const BEGIN: &str = "<!-- tests/real-clients writes what follows -->\n";
const END: &str = "<!-- until here -->\n";

/// A check as the examination names it.
#[derive(Clone, Debug)]
struct Row {
    stage: String,
    check: String,
    right: String,
}

/// The page as it should be now.
///
/// # Errors
///
/// A sentence, when the page has lost its marks or the checks cannot be named.
pub fn now(taken: &[Taken]) -> Result<String, String> {
    let path = super::page();
    let page = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let (before, rest) = page
        .split_once(BEGIN)
        .ok_or("the page has no beginning mark")?;
    let (_, after) = rest.split_once(END).ok_or("the page has no end mark")?;
    Ok(format!(
        "{before}{BEGIN}\n{}\n{END}{after}",
        made(taken, &rows()?)
    ))
}

/// All checks in their order, as a client that does nothing is told of them.
fn rows() -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for (options, command) in [
        (&[][..], "{torrent}"),
        (&["--seeder"], "{torrent} {data} {port}"),
    ] {
        let output = Command::new(programs::kostorrent())
            .args(["examine", "--json", "--timeout", "1"])
            .args(options)
            .args(["--", "true"])
            .args(command.split(' '))
            .output()
            .map_err(|error| error.to_string())?;
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let event: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
            let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
            if event["event"] == "check" {
                rows.push(Row {
                    stage: text("stage"),
                    check: text("check"),
                    right: text("right"),
                });
            }
        }
    }
    Ok(rows)
}

fn made(taken: &[Taken], rows: &[Row]) -> String {
    let mut out = String::from(
        "| client | version | examined | ok | WRONG | odd | skipped |\n| --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for client in taken {
        let count = |verdict: &str| {
            client
                .checks
                .values()
                .filter(|(it, _)| it == verdict)
                .count()
        };
        let [ok, wrong, odd, skipped] = ["ok", "wrong", "odd", "skipped"].map(count);
        let (name, version, date) = (&client.name, &client.version, &client.date);
        let _ = writeln!(
            out,
            "| {name} | {version} | {date} | {ok} | {wrong} | {odd} | {skipped} |"
        );
    }
    out += "\n## Check by check\n\nA dash stands for *skipped*.\n";
    let mut stage = "";
    for row in rows {
        if row.stage != stage {
            stage = &row.stage;
            let names: Vec<&str> = taken.iter().map(|client| &*client.name).collect();
            let lines = "| --- ".repeat(taken.len());
            let _ = write!(
                out,
                "\n### {stage}\n\n| it | {} |\n| --- {lines}|\n",
                names.join(" | ")
            );
        }
        let cells: Vec<&str> = taken.iter().map(|client| word(client, row)).collect();
        let _ = writeln!(
            out,
            "| {} (`{}`) | {} |",
            escaped(&row.right),
            row.check,
            cells.join(" | ")
        );
    }
    out += "\n## What was seen\n";
    for client in taken {
        let _ = write!(out, "\n### {}\n\n", client.name);
        let mut none = true;
        for row in rows {
            let Some((verdict, text)) = client.checks.get(&format!("{}/{}", row.stage, row.check))
            else {
                continue;
            };
            if verdict == "wrong" || verdict == "odd" {
                none = false;
                let verdict = verdict.replace("wrong", "WRONG");
                let _ = writeln!(
                    out,
                    "- **{verdict}**, `{}/{}`: {}.",
                    row.stage,
                    row.check,
                    escaped(&steady(text))
                );
            }
        }
        if none {
            out += "Nothing was odd or wrong.\n";
        }
    }
    out
}

fn word(client: &Taken, row: &Row) -> &'static str {
    match client
        .checks
        .get(&format!("{}/{}", row.stage, row.check))
        .map(|(verdict, _)| &**verdict)
    {
        Some("ok") => "ok",
        Some("odd") => "odd",
        Some("wrong") => "**WRONG**",
        _ => "–",
    }
}

/// Without the folder of that one run.
fn steady(text: &str) -> String {
    let folder = regex::Regex::new(r"\S*/kostorrent-lab-[0-9a-f]+/").expect("a pattern");
    folder.replace_all(text, "…/").into_owned()
}

/// As text in a table of Markdown.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    let mut in_code = false;
    for letter in text.trim_end_matches('.').chars() {
        in_code ^= letter == '`';
        match letter {
            '|' => out += "\\|",
            '<' | '>' | '*' | '_' | '[' | ']' | '{' | '}' if !in_code => {
                out.push('\\');
                out.push(letter);
            }
            '\n' => out.push(' '),
            _ => out.push(letter),
        }
    }
    out
}
