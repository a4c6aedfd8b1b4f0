//! A scenario as text: one JSON object.

use std::time::Duration;

use serde_json::{Map, Value};

use super::near::near;
use super::{Finds, Group, Role, Scenario};
use crate::{Disk, Line, Vice};

/// Peers at most: each is a whole engine.
const MOST_PEERS: u32 = 10_000;
/// Pieces at most: each peer has a list of them, for each of its connections.
const MOST_PIECES: u32 = 65_536;
/// Longer than 30 days no swarm is waited for.
const LONGEST: f64 = 30.0 * 86_400.0;

const MIB: u64 = 1024 * 1024;

impl Scenario {
    /// Reads a description: one JSON object, in which what is left out has a usual value. `name` is
    /// for one that names itself not.
    ///
    /// # Errors
    ///
    /// What is wrong, and where, in a sentence.
    pub fn read(text: &str, name: &str) -> Result<Scenario, String> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))?;
        let mut fields = Fields::of(value, "the scenario")?;
        let scenario = Scenario {
            name: fields.text("name")?.unwrap_or_else(|| name.to_owned()),
            about: fields.text("about")?.unwrap_or_default(),
            size: fields.bytes("size", Some(64 * MIB))?.unwrap_or_default(),
            piece_length: fields
                .bytes("piece_length", Some(MIB / 4))?
                .unwrap_or_default(),
            until: fields.time("until", Some(3600.0))?.unwrap_or_default(),
            groups: match fields.take("peers") {
                Some(Value::Array(groups)) => {
                    let groups = groups.into_iter().enumerate();
                    groups
                        .map(|(index, value)| group(value, index))
                        .collect::<Result<_, _>>()?
                }
                _ => return Err("`peers` must be a list of groups".to_owned()),
            },
        };
        fields.end()?;
        if scenario.size == 0 || scenario.piece_length == 0 {
            return Err(
                "a torrent with nothing in it: `size` and `piece_length` must be bytes".to_owned(),
            );
        }
        let geometry = scenario.geometry().map_err(|error| error.to_string())?;
        match (scenario.peers(), geometry.pieces()) {
            (0, _) => Err("there is no peer in it".to_owned()),
            (peers, _) if peers > MOST_PEERS => {
                Err(format!("there are more than {MOST_PEERS} peers in it"))
            }
            (_, pieces @ MOST_PIECES..) => Err(format!(
                "the torrent has {pieces} pieces, and {MOST_PIECES} are too many here: make `piece_length` \
                 larger"
            )),
            _ => Ok(scenario),
        }
    }
}

fn group(value: Value, index: usize) -> Result<Group, String> {
    let mut fields = Fields::of(value, &format!("group {} of `peers`", index + 1))?;
    let (role, usual_name) = match fields.word("role", &["seeder", "leecher"])?.as_deref() {
        Some("seeder") => (Role::Seeder, "seeder"),
        Some(_) => (Role::Leecher, "leecher"),
        None => return Err(fields.wrong("role", "must be given: \"seeder\" or \"leecher\"")),
    };
    let vices = ["none", "lies", "lies-once", "stalls", "free-rides"];
    let vice = fields.word("vice", &vices)?;
    let name = fields
        .text("name")?
        .unwrap_or_else(|| usual_name.to_owned());
    let count = fields.count("count", Some(1))?.unwrap_or(1);
    let usual = Group::new(&name, role, count);
    let time = |time: Option<Duration>| time.unwrap_or_default();
    let group = Group {
        line: Line {
            latency: time(fields.time("latency", Some(0.02))?),
            jitter: time(fields.time("jitter", Some(0.0))?),
            up: fields.bytes("up", Some(MIB))?,
            down: fields.bytes("down", Some(4 * MIB))?,
            breaks: fields.time("breaks", None)?,
            tcp: None,
        },
        disk: match fields.take("disk") {
            Some(value) => disk(value)?,
            None => Disk::default(),
        },
        free_rides: vice.as_deref() == Some("free-rides"),
        vice: match vice.as_deref() {
            Some("lies") => Vice::Lies,
            Some("lies-once") => Vice::LiesOnce,
            Some("stalls") => Vice::Stalls,
            _ => Vice::None,
        },
        slots: fields.count("slots", Some(8))?.unwrap_or(8) as usize,
        connections: fields.count("connections", Some(50))?.unwrap_or(50) as usize,
        joins: time(fields.time("joins", Some(0.0))?),
        every: time(fields.time("every", Some(0.0))?),
        leaves: fields.time("leaves", None)?,
        away: fields.time("away", None)?,
        stays: fields.flag("stays")?.unwrap_or(true),
        super_seeds: fields.flag("super_seeds")?.unwrap_or(false),
        fast: fields.flag("fast")?.unwrap_or(false),
        magnet: fields.flag("magnet")?.unwrap_or(false),
        finds: match fields.take("finds") {
            Some(value) => finds(value).ok_or_else(|| fields.wrong("finds", &ways()))?,
            None => Finds::default(),
        },
        ..usual
    };
    fields.end()?;
    Ok(group)
}

/// A list of ways.
fn finds(value: Value) -> Option<Finds> {
    let Value::Array(words) = value else {
        return None;
    };
    let mut finds = Finds::nobody();
    for word in &words {
        *finds.way(word.as_str()?)? = true;
    }
    Some(finds)
}

fn ways() -> String {
    format!("must be a list of some of {}", Finds::WORDS.join(", "))
}

fn disk(value: Value) -> Result<Disk, String> {
    let mut fields = Fields::of(value, "`disk`")?;
    let disk = Disk {
        latency: fields.time("latency", Some(0.001))?.unwrap_or_default(),
        rate: fields.bytes("rate", None)?,
        takes: fields.count("room", None)?,
        fault: match fields.take("fault") {
            None | Some(Value::Null) => None,
            Some(Value::Array(ends)) if ends.len() == 2 => {
                let end = |value: &Value| value.as_f64().and_then(seconds);
                match (end(&ends[0]), end(&ends[1])) {
                    (Some(from), Some(until)) if from <= until => Some((from, until)),
                    _ => return Err(fields.wrong("fault", "must be [FROM, UNTIL] in seconds")),
                }
            }
            Some(_) => return Err(fields.wrong("fault", "must be [FROM, UNTIL] in seconds")),
        },
        ..Disk::default()
    };
    fields.end()?;
    Ok(disk)
}

fn seconds(seconds: f64) -> Option<Duration> {
    (0.0..=LONGEST)
        .contains(&seconds)
        .then(|| Duration::from_secs_f64(seconds))
}

/// The fields of an object. Each is taken once; what is left in the end is unknown.
struct Fields {
    object: Map<String, Value>,
    place: String,
    asked: Vec<&'static str>,
}

impl Fields {
    fn of(value: Value, place: &str) -> Result<Fields, String> {
        match value {
            Value::Object(object) => Ok(Fields {
                object,
                place: place.to_owned(),
                asked: Vec::new(),
            }),
            _ => Err(format!("{place} must be an object")),
        }
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.asked.push(name);
        self.object.remove(name)
    }

    fn wrong(&self, name: &str, what: &str) -> String {
        format!("{}: `{name}` {what}", self.place)
    }

    fn end(self) -> Result<(), String> {
        match self.object.keys().next() {
            None => Ok(()),
            Some(unknown) => Err(format!(
                "{}: there is no field `{unknown}`{}",
                self.place,
                near(unknown, &self.asked)
            )),
        }
    }

    fn text(&mut self, name: &'static str) -> Result<Option<String>, String> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(name, "must be text")),
        }
    }

    fn word(
        &mut self,
        name: &'static str,
        known: &[&'static str],
    ) -> Result<Option<String>, String> {
        match self.text(name)? {
            Some(word) if !known.contains(&&*word) => {
                let what = format!("must be one of {}{}", known.join(", "), near(&word, known));
                Err(self.wrong(name, &what))
            }
            word => Ok(word),
        }
    }

    fn flag(&mut self, name: &'static str) -> Result<Option<bool>, String> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(self.wrong(name, "must be true or false")),
        }
    }

    fn count(&mut self, name: &'static str, usual: Option<u32>) -> Result<Option<u32>, String> {
        match self.take(name) {
            None => Ok(usual),
            Some(Value::Null) if usual.is_none() => Ok(None),
            Some(value) => match value.as_u64().and_then(|count| u32::try_from(count).ok()) {
                Some(count) => Ok(Some(count)),
                None => Err(self.wrong(name, "must be a whole number")),
            },
        }
    }

    /// Bytes, or bytes a second: more than none.
    fn bytes(&mut self, name: &'static str, usual: Option<u64>) -> Result<Option<u64>, String> {
        let bytes = match self.take(name) {
            None => return Ok(usual),
            Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => progress::parse_rate(&text).ok(),
            Some(value) => value.as_u64(),
        };
        match bytes {
            Some(bytes) if bytes > 0 => Ok(Some(bytes)),
            _ => Err(self.wrong(name, "must be bytes, as 65536 or \"64K\"")),
        }
    }

    fn time(&mut self, name: &'static str, usual: Option<f64>) -> Result<Option<Duration>, String> {
        let value = match self.take(name) {
            None => return Ok(usual.and_then(seconds)),
            Some(Value::Null) if usual.is_none() => return Ok(None),
            Some(value) => value.as_f64().and_then(seconds),
        };
        match value {
            Some(time) => Ok(Some(time)),
            None => Err(self.wrong(name, "must be seconds, 30 days at most")),
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn every_field_is_read() {
        let text = r#"{"name": "n", "about": "a", "size": "2M", "piece_length": 32768, "until": 60.5,
            "peers": [
                {"role": "seeder"},
                {"role": "leecher", "name": "l", "count": 3, "up": "1K", "down": null, "latency": 0.5,
                 "jitter": 0.25, "breaks": 9, "vice": "free-rides", "slots": 2, "connections": 7,
                 "joins": 1, "every": 2, "leaves": 3, "away": 4, "stays": false, "super_seeds": true, "fast": true,
                 "magnet": true, "finds": ["dht", "exchange", "local"],
                 "disk": {"latency": 0.01, "rate": "5K", "room": 6, "fault": [1, 2.5]}}]}"#;
        let scenario = Scenario::read(text, "file").unwrap();
        let leecher = Group {
            line: Line {
                latency: Duration::from_millis(500),
                jitter: Duration::from_millis(250),
                up: Some(1024),
                down: None,
                breaks: Some(Duration::from_secs(9)),
                tcp: None,
            },
            disk: Disk {
                latency: Duration::from_millis(10),
                rate: Some(5120),
                takes: Some(6),
                fault: Some((Duration::from_secs(1), Duration::from_millis(2_500))),
                ..Disk::default()
            },
            free_rides: true,
            slots: 2,
            connections: 7,
            joins: Duration::from_secs(1),
            every: Duration::from_secs(2),
            leaves: Some(Duration::from_secs(3)),
            away: Some(Duration::from_secs(4)),
            stays: false,
            super_seeds: true,
            fast: true,
            magnet: true,
            finds: Finds {
                dht: true,
                exchange: true,
                local: true,
                ..Finds::nobody()
            },
            ..Group::new("l", Role::Leecher, 3)
        };
        let seeder = Group {
            line: Line {
                latency: Duration::from_millis(20),
                up: Some(MIB),
                down: Some(4 * MIB),
                ..Line::default()
            },
            ..Group::new("seeder", Role::Seeder, 1)
        };
        let wanted = Scenario {
            name: "n".to_owned(),
            about: "a".to_owned(),
            size: 2 * MIB,
            piece_length: 32_768,
            until: Duration::from_millis(60_500),
            groups: vec![seeder, leecher],
        };
        assert_eq!(scenario, wanted);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place_and_what_is_near() {
        for (text, named) in [
            ("{", "no JSON"),
            ("[]", "the scenario must be an object"),
            ("{}", "`peers` must be a list"),
            (r#"{"peers": []}"#, "no peer"),
            (
                r#"{"peers": [{}]}"#,
                "group 1 of `peers`: `role` must be given",
            ),
            (
                r#"{"sise": 1, "peers": [{"role": "seeder"}]}"#,
                "did you mean `size`?",
            ),
            (
                r#"{"peers": [{"role": "seedr"}]}"#,
                "did you mean `seeder`?",
            ),
            (
                r#"{"peers": [{"role": "seeder"}, {"role": "seeder", "latncy": 1}]}"#,
                "group 2 of `peers`: there is no field `latncy`; did you mean `latency`?",
            ),
            (
                r#"{"peers": [{"role": "seeder", "disk": {"rat": 1}}]}"#,
                "`disk`: there is no field `rat`; did you mean `rate`?",
            ),
            (
                r#"{"peers": [{"role": "seeder", "up": 0}]}"#,
                "`up` must be bytes",
            ),
            (
                r#"{"peers": [{"role": "seeder", "up": "fast"}]}"#,
                "`up` must be bytes",
            ),
            (
                r#"{"peers": [{"role": "seeder", "joins": -1}]}"#,
                "`joins` must be seconds",
            ),
            (
                r#"{"peers": [{"role": "seeder", "joins": 1e99}]}"#,
                "`joins` must be seconds",
            ),
            (
                r#"{"peers": [{"role": "seeder", "finds": ["dht", "pex"]}]}"#,
                "`finds` must be a list of some of tracker, dht, exchange, local",
            ),
            (
                r#"{"peers": [{"role": "seeder", "finds": "dht"}]}"#,
                "`finds` must be a list",
            ),
            (
                r#"{"peers": [{"role": "seeder", "count": 10001}]}"#,
                "more than 10000 peers",
            ),
            (
                r#"{"size": "1G", "piece_length": 16384, "peers": [{"role": "seeder"}]}"#,
                "65536 pieces",
            ),
            (
                r#"{"size": null, "peers": [{"role": "seeder"}]}"#,
                "nothing in it",
            ),
            (
                r#"{"peers": [{"role": "seeder", "disk": {"fault": [2, 1]}}]}"#,
                "`fault` must be [FROM, UNTIL]",
            ),
        ] {
            let why = Scenario::read(text, "file").unwrap_err();
            assert!(why.contains(named), "{text}: {why}");
        }
    }
}
