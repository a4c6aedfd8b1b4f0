//! `kostorrent sim`: the table, the picture, the JSON, and scenarios in files.

mod common;

use std::fs;

use common::{run, text};
use pretty_assertions::assert_eq;
use serde_json::Value;

#[test]
fn every_scenario_of_the_list_runs_and_ends_well() {
    let list = run(["sim", "--list"]).good().out;
    let names: Vec<&str> = list
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    let wanted = [
        "one",
        "swarm",
        "flash",
        "liars",
        "free-rider",
        "churn",
        "slow-disk",
        "far",
        "link",
    ];
    assert_eq!(names, wanted);
    for name in names {
        let said = run(["sim", name]).good().out;
        let who = match name {
            "free-rider" => "All who give",
            _ => "Everybody",
        };
        let end = format!("{who} had everything after");
        assert!(said.contains(&end), "{said}");
        assert!(
            said.lines().all(|line| line.chars().count() <= 110),
            "{said}"
        );
    }
}

#[test]
fn the_table_says_who_was_banned() {
    let said = run(["sim", "liars", "--seed", "3"]).good().out;
    let liar = said.lines().find(|line| line.contains("liar 1")).unwrap();
    assert!(liar.contains("lies, banned 10 times"), "{liar}");
    let staller = said.lines().find(|line| line.contains("staller")).unwrap();
    assert!(
        staller.contains("stalls") && !staller.contains("banned"),
        "{staller}"
    );
}

#[test]
fn the_picture_is_the_same_to_the_byte_for_a_seed_and_well_formed() {
    let dir = tempfile::tempdir().unwrap();
    let picture = |name: &str, seed: &str| {
        let path = dir.path().join(name);
        run(["sim", "liars", "--seed", seed, "--svg", &text(&path)]).good();
        fs::read_to_string(path).unwrap()
    };
    let (one, again, other) = (
        picture("a.svg", "1"),
        picture("b.svg", "1"),
        picture("c.svg", "2"),
    );
    assert_eq!(one, again);
    assert_ne!(one, other);
    for part in [
        "<title>Who had what when: liars, seed 1</title>",
        "<desc>",
        "currentColor",
        "prefers-color-scheme:dark",
        "✗ liar 1 (lies)",
        ">ideal</text>",
    ] {
        assert!(one.contains(part), "{part} is not in:\n{one}");
    }
    // Every element that is opened is closed.
    for name in ["svg", "g", "text", "title", "desc", "style"] {
        let opened =
            one.matches(&format!("<{name}>")).count() + one.matches(&format!("<{name} ")).count();
        assert_eq!(opened, one.matches(&format!("</{name}>")).count(), "{name}");
    }
}

#[test]
fn the_json_has_what_the_help_says() {
    let said = run(["sim", "free-rider", "--json", "-"]).good().out;
    let story: Value = serde_json::from_str(&said).unwrap();
    let keys =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    let mut wanted = vec![
        "scenario",
        "seed",
        "size",
        "pieces",
        "piece_length",
        "ideal",
        "took",
        "ended",
        "good",
        "sent",
        "look",
        "peers",
    ];
    wanted.sort_unstable();
    let mut found = keys(&story);
    found.sort_unstable();
    assert_eq!(found, wanted);
    assert_eq!(
        (&story["scenario"], &story["seed"]),
        (&"free-rider".into(), &1.into())
    );
    assert_eq!(story["good"], Value::Bool(true));
    let peers = story["peers"].as_array().unwrap();
    assert_eq!(peers.len(), 24);
    let (mut wanted, mut found) = (
        vec![
            "name",
            "role",
            "vice",
            "joined",
            "finished",
            "sent",
            "received",
            "banned_by",
            "doubted",
            "failed_pieces",
            "most_open",
            "had",
        ],
        keys(&peers[0]),
    );
    wanted.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, wanted);
    let seeder = &peers[0];
    assert_eq!(
        (&seeder["role"], &seeder["finished"]),
        (&"seeder".into(), &Value::Null)
    );
    let rider = peers.last().unwrap();
    assert_eq!(
        (&rider["vice"], &rider["sent"]),
        (&"free-rides".into(), &0.into())
    );
    let had: Vec<u64> = rider["had"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_u64)
        .collect();
    assert_eq!((had.first(), had.last()), (Some(&0), Some(&128)));
    let help = run(["sim", "--help"]).good().out;
    for key in keys(&story).iter().chain(&keys(rider)) {
        assert!(help.contains(key.as_str()), "{key} is not in the help");
    }
}

#[test]
fn a_scenario_may_stand_in_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mine.json");
    let own = r#"{"about": "three that trade", "size": "4M", "peers": [
        {"role": "seeder", "up": "512K"},
        {"role": "leecher", "count": 3, "latency": 0.05, "jitter": 0.01}]}"#;
    fs::write(&path, own).unwrap();
    let said = run(["sim", &text(&path)]).good().out;
    assert!(said.starts_with("mine: three that trade\n"), "{said}");
    assert!(said.contains("leecher 3"), "{said}");

    fs::write(&path, own.replace("latency", "latncy")).unwrap();
    let why = run(["sim", &text(&path)]).failed(1);
    assert!(
        why.contains("no field `latncy`; did you mean `latency`?"),
        "{why}"
    );
    let why = run(["sim", &text(dir.path().join("none.json"))]).failed(1);
    assert!(why.contains("none.json"), "{why}");
    let why = run(["sim", "flsh"]).failed(2);
    assert!(why.contains("did you mean `flash`?"), "{why}");
}

#[test]
fn a_swarm_that_cannot_end_well_is_a_failure_that_names_who() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("alone.json");
    let alone = r#"{"until": 30, "peers": [{"role": "leecher", "name": "alone"}]}"#;
    fs::write(&path, alone).unwrap();
    let ran = run(["sim", &text(&path)]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("Given up after 30.0 s"), "{}", ran.out);
    assert_eq!(ran.err, "error: alone does not have everything\n");
}
