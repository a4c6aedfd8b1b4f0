//! `transcripts.toml`: what a transcript needs to be run.
//!
//! ```toml
//! [04-announce]
//! lab = true               # needs the running lab; also "slow", "rare", "trouble", and "off": nobody listens there
//! seeders = 1              # how many seeders the lab has
//! status = 1               # the exit code of each command; [0, 1] for one after the other
//! stderr = true            # what goes to stderr is shown too; "hide" leaves it out
//! cut = 40                 # each output is shown up to line 40, then `…`
//! needs = ["curl"]         # programs that must be installed
//! until = "READY"          # the last command is ended with Ctrl-C when a line has this in it
//! vary = ['took \d+ s']    # what may differ from run to run, beside what is known to
//!
//! [00-install]
//! not_run = "it asks the network"    # shown without output, never run
//! ```

use std::collections::BTreeMap;

use regex::Regex;

/// The lab that a transcript needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lab {
    /// None; the sample is as it is committed.
    #[default]
    None,
    /// A running one, as fast as it can.
    Fast,
    /// A running one at its usual pace.
    Slow,
    /// The same, whose seeders have a part each.
    Rare,
    /// A fast one with trouble-makers.
    Trouble,
    /// None, and nobody listens where the sample's tracker should be.
    Off,
}

/// What is shown of stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stderr {
    /// There must be nothing.
    #[default]
    Empty,
    /// It is shown between the lines of stdout, as in a terminal.
    Shown,
    /// It is left out.
    Hidden,
}

/// What one transcript needs.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The lab.
    pub lab: Lab,
    /// How many seeders the lab has.
    pub seeders: Option<u8>,
    /// Exit codes, one for each command or one for all; nothing is 0.
    pub status: Vec<i32>,
    /// What is shown of stderr.
    pub stderr: Stderr,
    /// How many lines of each output are shown.
    pub cut: Option<usize>,
    /// Programs that must be installed.
    pub needs: Vec<String>,
    /// The last command is interrupted when a line has this in it.
    pub until: Option<String>,
    /// What may differ from run to run.
    pub vary: Vec<Regex>,
    /// Why it is not run at all.
    pub not_run: Option<String>,
}

impl Settings {
    /// The exit code that a command must have.
    #[must_use]
    pub fn status_of(&self, command: usize) -> i32 {
        match &*self.status {
            [] => 0,
            [all] => *all,
            each => each.get(command).copied().unwrap_or(0),
        }
    }

    fn set(&mut self, key: &str, value: Value) -> Result<(), String> {
        match (key, value) {
            ("lab", Value::Bool(running)) => {
                self.lab = if running { Lab::Fast } else { Lab::None };
            }
            ("lab", Value::Text(kind)) => {
                self.lab = match kind.as_str() {
                    "fast" => Lab::Fast,
                    "slow" => Lab::Slow,
                    "rare" => Lab::Rare,
                    "trouble" => Lab::Trouble,
                    "off" => Lab::Off,
                    other => return Err(format!("there is no lab of the kind {other:?}")),
                };
            }
            ("seeders", Value::Number(seeders)) => {
                self.seeders = Some(u8::try_from(seeders).map_err(|error| error.to_string())?);
            }
            ("status", Value::Number(status)) => {
                self.status = vec![i32::try_from(status).map_err(|error| error.to_string())?];
            }
            ("status", Value::List(each)) => {
                let code = |value| match value {
                    Value::Number(code) => i32::try_from(code).map_err(|error| error.to_string()),
                    _ => Err("an exit code is a number".to_owned()),
                };
                self.status = each.into_iter().map(code).collect::<Result<_, _>>()?;
            }
            ("stderr", Value::Bool(true)) => self.stderr = Stderr::Shown,
            ("stderr", Value::Bool(false)) => self.stderr = Stderr::Empty,
            ("stderr", Value::Text(how)) if how == "hide" => self.stderr = Stderr::Hidden,
            ("cut", Value::Number(lines)) => {
                self.cut = Some(usize::try_from(lines).map_err(|error| error.to_string())?);
            }
            ("needs", Value::List(programs)) => self.needs = texts(programs)?,
            ("until", Value::Text(line)) => self.until = Some(line),
            ("vary", Value::List(patterns)) => {
                let compile = |pattern: String| {
                    Regex::new(&pattern).map_err(|error| format!("{pattern:?}: {error}"))
                };
                self.vary = texts(patterns)?
                    .into_iter()
                    .map(compile)
                    .collect::<Result<_, _>>()?;
            }
            ("not_run", Value::Text(why)) => self.not_run = Some(why),
            (key, value) => return Err(format!("`{key}` cannot be {value:?}")),
        }
        Ok(())
    }
}

/// Reads the settings of all transcripts.
///
/// # Errors
///
/// With the number of the line that is wrong.
pub fn parse(text: &str) -> Result<BTreeMap<String, Settings>, String> {
    let mut all: BTreeMap<String, Settings> = BTreeMap::new();
    let mut name: Option<String> = None;
    for (line, number) in text.lines().map(str::trim).zip(1..) {
        let wrong = |what: String| format!("line {number}: {what}");
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            let header = header
                .strip_suffix(']')
                .ok_or_else(|| wrong("a name stands in [ ]".to_owned()))?;
            if all.insert(header.to_owned(), Settings::default()).is_some() {
                return Err(wrong(format!("{header} is there twice")));
            }
            name = Some(header.to_owned());
            continue;
        }
        let (key, value) = line
            .split_once('=')
            .ok_or_else(|| wrong("neither [name] nor key = value".to_owned()))?;
        let settings = name
            .as_ref()
            .and_then(|name| all.get_mut(name))
            .ok_or_else(|| wrong("a value before the first [name]".to_owned()))?;
        let (value, rest) = Value::parse(value.trim()).map_err(wrong)?;
        let rest = rest.trim();
        if !rest.is_empty() && !rest.starts_with('#') {
            return Err(wrong(format!("what is {rest:?}?")));
        }
        settings.set(key.trim(), value).map_err(wrong)?;
    }
    Ok(all)
}

/// The part of TOML that is used here; a value is on one line.
#[derive(Clone, Debug)]
enum Value {
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<Value>),
}

impl Value {
    /// The value at the beginning of `text`, and what follows it.
    fn parse(text: &str) -> Result<(Value, &str), String> {
        if let Some(rest) = text.strip_prefix("true") {
            return Ok((Value::Bool(true), rest));
        }
        if let Some(rest) = text.strip_prefix("false") {
            return Ok((Value::Bool(false), rest));
        }
        for quote in ['"', '\''] {
            if let Some(rest) = text.strip_prefix(quote) {
                let (inside, rest) = rest.split_once(quote).ok_or("a quote does not end")?;
                if quote == '"' && inside.contains('\\') {
                    return Err("write a text with a backslash in single quotes".to_owned());
                }
                return Ok((Value::Text(inside.to_owned()), rest));
            }
        }
        if let Some(mut rest) = text.strip_prefix('[') {
            let mut values = Vec::new();
            loop {
                rest = rest.trim_start();
                if let Some(rest) = rest.strip_prefix(']') {
                    return Ok((Value::List(values), rest));
                }
                let (value, after) = Value::parse(rest)?;
                values.push(value);
                rest = after.trim_start();
                rest = rest.strip_prefix(',').unwrap_or(rest);
            }
        }
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '-')
            .unwrap_or(text.len());
        let number = text[..end]
            .parse()
            .map_err(|_| format!("{text:?} is no value"))?;
        Ok((Value::Number(number), &text[end..]))
    }
}

fn texts(values: Vec<Value>) -> Result<Vec<String>, String> {
    let text = |value| match value {
        Value::Text(text) => Ok(text),
        other => Err(format!("{other:?} should be a text")),
    };
    values.into_iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn every_setting_is_understood() {
        let all = parse(
            "# A comment\n\
             [04-a]\nlab = true # running\nseeders = 1\nstatus = [0, 1]\nstderr = \"hide\"\ncut = 40\n\
             needs = [\"curl\", \"xxd\"]\nuntil = \"READY\"\nvary = ['took \\d+ s']\n\n\
             [00-b]\nnot_run = \"no network\"\nlab = \"off\"\nstatus = 2\nstderr = true\n[05-c]\n",
        )
        .unwrap();
        let a = &all["04-a"];
        assert_eq!((a.lab, a.seeders), (Lab::Fast, Some(1)));
        assert_eq!((a.status_of(0), a.status_of(1), a.status_of(2)), (0, 1, 0));
        assert_eq!((a.stderr, a.cut), (Stderr::Hidden, Some(40)));
        assert_eq!(a.needs, ["curl", "xxd"]);
        assert_eq!(a.until.as_deref(), Some("READY"));
        assert!(a.vary[0].is_match("took 12 s"));
        let b = &all["00-b"];
        assert_eq!((b.lab, b.stderr), (Lab::Off, Stderr::Shown));
        assert_eq!((b.status_of(0), b.status_of(5)), (2, 2));
        assert_eq!(b.not_run.as_deref(), Some("no network"));
        assert_eq!(all["05-c"].status_of(0), 0);
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        for (text, line) in [
            ("lab = true", 1),
            ("[a]\nlab", 2),
            ("[a]\nlap = true", 2),
            ("[a]\nlab = \"fastest\"", 2),
            ("[a]\nlab = true true", 2),
            ("[a]\ncut = many", 2),
            ("[a]\n[b]\n[a]", 3),
            ("[a]\nvary = ['(']", 2),
            ("[a]\nneeds = [\"curl\"", 2),
        ] {
            let error = parse(text).map(|_| ()).unwrap_err();
            assert!(
                error.starts_with(&format!("line {line}: ")),
                "{text}: {error}"
            );
        }
    }
}
