//! The README's commands, run as they stand there.
#![cfg(target_os = "linux")]

use std::fs;

use kostorrent_tests::transcripts::settings::{Lab, Stderr};
use kostorrent_tests::transcripts::{self, Command, Settings, Transcript};
use kostorrent_tests::{ports, programs};
use pretty_assertions::assert_eq;

/// What a block of commands that is not run begins with, and why it is not.
const NOT_RUN: [(&str, &str); 2] = [
    (
        "cargo run --release -- demo",
        "tests of its own; and `tests/run` would run itself",
    ),
    (
        "mdbook serve",
        "it runs until it is ended, and tests/run builds the book",
    ),
];

/// The lines of the original roadmap, each as it stands beside the command that shows it.
const ROADMAP: [&str; 21] = [
    "# bencode",
    "# our peer id",
    "# ask the tracker",
    "# 68 bytes to begin with",
    "told by a bitfield or by `have`",
    "# SHA-1",
    "# a single file or many",
    "# pieces of any size",
    "# pieces straight to disk",
    "# many peers at once",
    "# asynchronous",
    "# rates and estimates",
    "# pause, stop",
    "kostorrent pause",
    "kostorrent resume",
    "kostorrent stop",
    "# choose files",
    "--choose",
    "# seeding",
    "kostorrent seed",
    "kostorrent man",
];

fn readme() -> String {
    fs::read_to_string(programs::root().join("README.md")).unwrap()
}

/// The blocks of commands: lines that are indented by four.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = vec![String::new()];
    for line in text.lines() {
        match (line.strip_prefix("    "), blocks.last_mut()) {
            (Some(command), Some(block)) => *block += &format!("{command}\n"),
            (None, Some(block)) if !block.is_empty() => blocks.push(String::new()),
            _ => {}
        }
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}

fn is_run(block: &str) -> bool {
    !NOT_RUN.iter().any(|(start, _)| block.starts_with(start))
}

/// The script that does what a reader does. Whoever types gives a program in the background its time; a script waits.
fn script(blocks: &[String], port: u16) -> String {
    let mut script = String::from(
        "set -ex\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\nunset XDG_STATE_HOME\n\
         export XDG_RUNTIME_DIR=$HOME/run\nmkdir \"$XDG_RUNTIME_DIR\"\n",
    );
    for line in blocks.iter().flat_map(|block| block.lines()) {
        let command = line.split(" #").next().unwrap_or_default();
        script += &command.replace("6881", &port.to_string());
        script.push('\n');
        if command.trim_end().ends_with('&') {
            script += "until kostorrent status --json | grep -q seeding; do sleep 0.1; done\n";
        }
    }
    script + "wait\n"
}

#[test]
fn every_command_does_what_it_says() {
    let all = blocks(&readme());
    for (start, _) in NOT_RUN {
        assert!(all.iter().any(|block| block.starts_with(start)), "{start}");
    }
    let run: Vec<String> = all.into_iter().filter(|block| is_run(block)).collect();
    assert_eq!(run.len(), 3, "the steps, the client, the examination");
    let transcript = Transcript {
        commands: vec![Command {
            text: script(&run, ports::free()),
            output: String::new(),
        }],
    };
    let settings = Settings {
        lab: Lab::Fast,
        stderr: Stderr::Hidden,
        ..Settings::default()
    };
    let ran = transcripts::run(&transcript, &settings).unwrap_or_else(|error| panic!("{error}"));
    let output = &ran.commands[0].output;
    for part in [
        "kostorrent-sample",                 // show, and the steps
        "evening.bmp",                       // status
        "recorded actions are wanted again", // replay
        "complete -c kostorrent",            // completions
        " ok, 0 WRONG, ",                    // examine
    ] {
        assert!(output.contains(part), "{part} is not in:\n{output}");
    }
}

#[test]
fn every_line_of_the_roadmap_has_its_command() {
    let commands: String = blocks(&readme())
        .into_iter()
        .filter(|block| is_run(block))
        .collect();
    for part in ROADMAP {
        assert!(commands.contains(part), "`{part}` is not in:\n{commands}");
    }
}

#[test]
fn every_step_and_every_command_is_there() {
    let text = readme();
    for entry in fs::read_dir(programs::root().join("steps")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(text.contains(&format!("cargo run -p {name} ")), "{name}");
    }
    let help = kostorrent_tests::kostorrent::run(["--help"]);
    let commands = help
        .stdout
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1);
    let names: Vec<&str> = commands
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        let called = [format!("kostorrent {name}"), format!("-- {name}")];
        assert!(called.iter().any(|call| text.contains(call)), "{name}");
    }
}

#[test]
fn every_file_that_it_links_to_is_there() {
    let text = readme();
    let links = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let ours: Vec<&str> = links.filter(|link| !link.contains("://")).collect();
    assert!(ours.len() > 3, "{ours:?}");
    let headings = text.lines().filter_map(|line| line.strip_prefix("## "));
    let places: Vec<String> = headings
        .map(|heading| format!("#{}", heading.to_lowercase().replace(' ', "-")))
        .collect();
    for link in ours {
        let there = match link.starts_with('#') {
            true => places.iter().any(|place| place == link),
            false => programs::root().join(link).exists(),
        };
        assert!(there, "{link}");
    }
}
