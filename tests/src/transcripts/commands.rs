//! A command as the reader types it, made into one that runs the programs that are built already.

use std::path::{Path, PathBuf};

/// The tracker's port in the committed torrent of the sample.
pub const LAB_PORT: u16 = 7878;

/// A program of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// The client.
    Client,
    /// The program of a step.
    Step(String),
    /// An example of a step.
    Example {
        /// The step's package.
        package: String,
        /// The example.
        name: String,
    },
}

/// The shell command for what the reader types. Each `cargo run …` becomes the program that `path` finds, and another
/// port than the lab's usual one is put in its place.
///
/// # Errors
///
/// When a `cargo run` is not understood.
pub fn shell(typed: &str, port: u16, path: impl Fn(&Program) -> PathBuf) -> Result<String, String> {
    let mut shell = String::new();
    let mut rest = typed;
    while let Some((before, after)) = rest.split_once("cargo run ") {
        let (program, after) = cargo_run(after)?;
        shell.push_str(before);
        shell.push_str(&quoted(&path(&program)));
        rest = after;
    }
    shell.push_str(rest);
    Ok(at_port(&shell, port))
}

/// Whether `kostorrent` is called by that name.
#[must_use]
pub fn calls_client(typed: &str) -> bool {
    typed
        .split(['|', '&', ';', '(', '\n'])
        .any(|part| part.split_whitespace().next() == Some("kostorrent"))
}

/// Whether the client is run, by its name or by cargo.
#[must_use]
pub fn runs_client(typed: &str) -> bool {
    let by_cargo = |rest| matches!(cargo_run(rest), Ok((Program::Client, _)));
    calls_client(typed) || typed.split("cargo run ").skip(1).any(by_cargo)
}

/// Reads the arguments after `cargo run`; returns the program, and the rest from the program's own arguments on.
fn cargo_run(arguments: &str) -> Result<(Program, &str), String> {
    let (mut package, mut example) = (None, None);
    let mut rest = arguments;
    loop {
        let (word, after) = first_word(rest);
        if matches!(
            word,
            "" | "|" | ">" | ">>" | "&&" | "||" | ";" | "2>" | "2>&1"
        ) {
            break;
        }
        rest = after;
        match word {
            "-q" | "--quiet" | "--release" | "-r" => {}
            "--" => break,
            "-p" | "--package" | "--example" => {
                let (name, after) = first_word(rest);
                rest = after;
                let option = if word == "--example" {
                    &mut example
                } else {
                    &mut package
                };
                *option = Some(name.to_owned());
            }
            other => {
                return Err(format!(
                    "`cargo run … {other}` is not understood: use -q, --release, -p, --example and `--` before the \
                     program's own arguments"
                ));
            }
        }
    }
    let program = match (package, example) {
        (None, None) => Program::Client,
        (Some(package), None) if package == "kostorrent" => Program::Client,
        (Some(package), None) => Program::Step(package),
        (Some(package), Some(name)) => Program::Example { package, name },
        (None, Some(_)) => return Err("--example needs -p".to_owned()),
    };
    Ok((program, rest))
}

/// The first word, and what follows it.
fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches(' ');
    text.split_at(text.find([' ', '\n']).unwrap_or(text.len()))
}

fn at_port(command: &str, port: u16) -> String {
    if port == LAB_PORT {
        return command.to_owned();
    }
    ["127.0.0.1:", "localhost:", "--port "].iter().fold(
        lab_at_port(command, port),
        |command, before| {
            command.replace(&format!("{before}{LAB_PORT}"), &format!("{before}{port}"))
        },
    )
}

/// A lab that the reader starts on its usual port is started on another one, with its torrent where the sample's is.
fn lab_at_port(command: &str, port: u16) -> String {
    let mut out = String::new();
    let mut rest = command;
    while let Some(at) = rest.find(" lab") {
        let (before, after) = rest.split_at(at + " lab".len());
        out.push_str(before);
        let ours = before.ends_with("kostorrent lab") || before.ends_with("' lab");
        if ours && (after.is_empty() || after.starts_with([' ', '\n'])) && !after.contains("--port")
        {
            out.push_str(&format!(" --port {port} --dir kostorrent/sample"));
        }
        rest = after;
    }
    out + rest
}

/// The output of a lab on another port, as if it had been on its usual one: in text, in the two bytes of the port, and in
/// a dump of the text. All ports have four digits, so nothing moves.
#[must_use]
pub fn from_port(output: &str, port: u16) -> String {
    if port == LAB_PORT {
        return output.to_owned();
    }
    let digits = |port: u16| {
        let text = port.to_string();
        let hex: Vec<String> = text.bytes().map(|digit| format!("{digit:02x}")).collect();
        hex.join(" ")
    };
    let bytes = |port: u16| format!("{:02x} {:02x}", port >> 8, port & 0xff);
    let mut output = output
        .replace(&digits(port), &digits(LAB_PORT))
        .replace(&port.to_string(), &LAB_PORT.to_string());
    for gap in [" ", "  "] {
        output = output.replace(
            &format!("7f 00 00 01{gap}{}", bytes(port)),
            &format!("7f 00 00 01{gap}{}", bytes(LAB_PORT)),
        );
    }
    output
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn path(program: &Program) -> PathBuf {
        match program {
            Program::Client => "/t/client".into(),
            Program::Step(package) => format!("/t/{package}").into(),
            Program::Example { package, name } => format!("/t/{package}/{name}").into(),
        }
    }

    #[test]
    fn cargo_run_becomes_the_program() {
        for (typed, runs) in [
            (
                "cargo run -q -p step01-bencode -- a.torrent",
                "'/t/step01-bencode' a.torrent",
            ),
            ("cargo run -q -p step03-peer-id", "'/t/step03-peer-id'"),
            (
                "cargo run -q -p step01-bencode --example naive -- 9 | head -n 2",
                "'/t/step01-bencode/naive' 9 | head -n 2",
            ),
            (
                "cargo run -q -p step01-bencode | head",
                "'/t/step01-bencode' | head",
            ),
            ("cargo run -q --release -- lab", "'/t/client' lab"),
            (
                "cargo run --release -- demo && ls",
                "'/t/client' demo && ls",
            ),
            ("kostorrent show a", "kostorrent show a"),
            (
                "cargo run -q -p a -- x | cargo run -q -p b -- -",
                "'/t/a' x | '/t/b' -",
            ),
            ("cargo run -q -p a -- \\\n    x", "'/t/a' \\\n    x"),
        ] {
            assert_eq!(shell(typed, LAB_PORT, path).unwrap(), runs);
        }
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        assert!(shell("cargo run -q -p a file", LAB_PORT, path).is_err());
        assert!(shell("cargo run --example x -- a", LAB_PORT, path).is_err());
    }

    #[test]
    fn calls_of_the_client_are_seen() {
        assert!(calls_client("kostorrent show x"));
        assert!(calls_client("cd x && kostorrent show x"));
        assert!(!calls_client("ls kostorrent/sample"));
        assert!(!calls_client("ls kostorrent"));
        assert!(runs_client("kostorrent show x"));
        assert!(runs_client("ls && cargo run -q --release -- show x"));
        assert!(!runs_client(
            "cargo run -q -p step01-bencode -- kostorrent/sample"
        ));
    }

    #[test]
    fn another_port_is_put_in_and_taken_out_again() {
        let typed = "curl -s 'http://127.0.0.1:7878/announce?x=7878' --port 7878";
        let run = "curl -s 'http://127.0.0.1:7919/announce?x=7878' --port 7919";
        assert_eq!(shell(typed, 7919, path).unwrap(), run);
        for (typed, run) in [
            (
                "cargo run -q -- lab",
                "'/t/client' lab --port 7919 --dir kostorrent/sample",
            ),
            (
                "kostorrent lab --fast",
                "kostorrent lab --port 7919 --dir kostorrent/sample --fast",
            ),
            ("cat laboratory lab", "cat laboratory lab"),
        ] {
            assert_eq!(shell(typed, 7919, path).unwrap(), run);
        }
        let output = "127.0.0.1:7919 7f 00 00 01  1e ef 3a 37 39 31 39 2f";
        let shown = "127.0.0.1:7878 7f 00 00 01  1e c6 3a 37 38 37 38 2f";
        assert_eq!(from_port(output, 7919), shown);
        assert_eq!(from_port(shown, LAB_PORT), shown);
    }
}
