//! `kostorrent sim`: a swarm in virtual time, and its picture.

mod json;
mod svg;
mod table;

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use sim::scenario::{Scenario, Story, near};

use super::args::Sim;
use super::failure::Failure;
use super::output;

/// A description is no longer than this, in bytes.
const MOST: u64 = 1024 * 1024;

/// What stands under the help: the two formats.
pub(crate) const FORMATS: &str = "\
A file describes a scenario as one JSON object. Times are seconds, with a fraction if needed.
Sizes are bytes, and rates bytes a second: a number, or text with K, M or G (powers of 1024), as
\"64M\".
    name          text [default: the file's name]
    about         what it shows [default: nothing]
    size          bytes of the torrent [default: 64M]
    piece_length  bytes of a piece [default: 256K]
    until         when it is given up [default: 3600]
    peers         a list of groups of peers that are alike:
        role         \"seeder\" or \"leecher\"; it must be given
        name         what they are called [default: the role]
        count        how many they are [default: 1]
        up, down     their lines' rates, null is no bound [default: 1M and 4M]
        latency      how long a message takes over their line; between two peers both count
                     [default: 0.02]
        jitter       how much longer it may take, by chance [default: 0]
        breaks       how long a connection lasts, roughly, null is for ever [default: null]
        vice         \"none\", \"lies\", \"lies-once\", \"stalls\" or \"free-rides\" [default: \"none\"]
        slots        how many peers each serves at a time [default: 8]
        connections  how many connections each holds at most [default: 50]
        joins        when the first comes [default: 0]
        every        how long after it the next one comes, and so on [default: 0]
        leaves       how long after its coming each goes without a goodbye, null is never
                     [default: null]
        away         how long after that it is back, with what it had, null is never
                     [default: null]
        stays        whether a leecher seeds when it has everything [default: true]
        super_seeds  whether a seeder super-seeds (BEP 16) [default: false]
        fast         whether they speak the fast extension (BEP 6) [default: false]
        magnet       whether a leecher begins with a magnet link (BEP 9) [default: false]
        finds        a list of the ways by which they find others: \"tracker\", \"dht\", \"exchange\"
                     (BEP 11), \"local\" (BEP 14) [default: [\"tracker\"]]
        disk         an object:
            latency      what each access takes [default: 0.001]
            rate         bytes a second, null is no bound [default: null]
            room         after how many pieces it is full, null is never [default: null]
            fault        [FROM, UNTIL]: when it can write nothing, null is never [default: null]

--json FILE writes one JSON object:
    scenario, seed, size, pieces, piece_length
    ideal    the seconds that nobody could be faster than: the seeders have sent each byte once,
             each peer has taken all in over its own line and disk, and all together have sent as
             much as all need
    took     the seconds after which all that should had everything, or null
    ended    when it was over, in seconds
    good     whether that was so, and nobody honest was banned
    sent     payload bytes that were sent by all
    look     the seconds between two looks at who has what
    peers    a list of objects:
        name, role, vice  as above
        joined, finished  seconds; finished is null if it never had everything, or always
        sent, received    payload bytes
        banned_by         how many have banned it
        doubted           how often it was caught, and not banned
        failed_pieces     how many pieces it got that were wrong
        most_open         the most pieces it held in memory
        had               a list: how many pieces it had at each look";

/// Runs a scenario, or names them all.
pub(crate) fn run(args: &Sim) -> Result<(), Failure> {
    let Some(named) = args.scenario.as_deref().filter(|_| !args.list) else {
        return list();
    };
    let scenario = find(named)?;
    let story = scenario.run(args.seed);
    if let Some(path) = &args.svg {
        write(path, &svg::picture(&story))?;
    }
    let result = json::result(&story).to_string() + "\n";
    match args.json.as_deref() {
        Some(path) if path.as_os_str() == "-" => output::result(|out| write!(out, "{result}"))?,
        other => {
            if let Some(path) = other {
                write(path, &result)?;
            }
            output::result(|out| table::print(out, &scenario, &story))?;
        }
    }
    match story.is_good() {
        true => Ok(()),
        false => Err(Failure::Failed(complaint(&story))),
    }
}

fn list() -> Result<(), Failure> {
    output::result(|out| {
        for scenario in Scenario::all() {
            writeln!(out, "{:<12} {}", scenario.name, scenario.about)?;
        }
        Ok(())
    })
}

/// A scenario by name, or a file that describes one.
fn find(named: &str) -> Result<Scenario, Failure> {
    if let Some(scenario) = Scenario::named(named) {
        return Ok(scenario);
    }
    if named.contains(['.', '/', '\\']) {
        return load(Path::new(named));
    }
    let all = Scenario::all();
    let names: Vec<&str> = all.iter().map(|scenario| &*scenario.name).collect();
    Err(Failure::Usage(format!(
        "there is no scenario `{named}`{}: `kostorrent sim --list` names them all, and a file is named \
         with its folder or its ending, as ./{named}",
        near(named, &names)
    )))
}

fn load(path: &Path) -> Result<Scenario, Failure> {
    let failed = |error| Failure::io("read", path, &error);
    let mut text = String::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MOST + 1)
        .read_to_string(&mut text)
        .map_err(failed)?;
    if text.len() as u64 > MOST {
        return Err(Failure::Failed(format!(
            "{} is longer than a scenario can be ({MOST} bytes)",
            path.display()
        )));
    }
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    Scenario::read(&text, &name)
        .map_err(|why| Failure::Failed(format!("{}: {why}", path.display())))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| Failure::io("write", path, &error))
}

/// What was not good.
fn complaint(story: &Story) -> String {
    let unfinished =
        |peer: &&sim::scenario::PeerStory| peer.is_to_finish && peer.finished.is_none();
    let late: Vec<&str> = story
        .peers
        .iter()
        .filter(unfinished)
        .map(|p| &*p.name)
        .collect();
    match &*late {
        [] => "somebody honest was banned".to_owned(),
        [one] => format!("{one} does not have everything"),
        [first, rest @ ..] => {
            format!("{first} and {} others do not have everything", rest.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_help_names_each_key_of_a_scenario() {
        let reader = include_str!("../../../sim/src/scenario/read.rs");
        let asked = reader.split("fields.").skip(1).filter_map(|call| {
            let (_, arguments) = call.split_once('(')?;
            Some(arguments.strip_prefix('"')?.split_once('"')?.0)
        });
        let asked: BTreeSet<&str> = asked.collect();
        assert!(asked.len() > 20, "{asked:?}");
        let (input, _) = FORMATS.split_once("--json FILE").expect("two formats");
        let indented = input.lines().filter(|line| line.starts_with("    "));
        let named: BTreeSet<&str> = indented
            .map(|line| line.trim_start())
            .filter_map(|line| line.split_once("  "))
            .chain([("peers", ""), ("disk", "")])
            .flat_map(|(keys, _)| keys.split(", "))
            .collect();
        let missing: Vec<&&str> = asked.difference(&named).collect();
        assert_eq!(missing, Vec::<&&str>::new());
    }
}
