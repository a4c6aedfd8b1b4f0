//! Runs the commands of a transcript.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::commands::{self, LAB_PORT, Program};
use super::lab::{self, Lab};
use super::scratch::Scratch;
use super::settings::{Lab as Kind, Settings, Stderr};
use super::{Command as Shown, Transcript};
use crate::process::{self, Process};
use crate::programs;
use crate::wait::PATIENCE;

/// How long a command that is to be interrupted may take to end after that.
const AFTER_CTRL_C: Duration = Duration::from_secs(30);

/// Runs a transcript's commands and returns it with the outputs they have now.
///
/// # Errors
///
/// When a command cannot be run, or does not do what the settings say.
pub fn run(transcript: &Transcript, settings: &Settings) -> Result<Transcript, String> {
    let scratch = Scratch::new().map_err(|error| format!("the scratch folder: {error}"))?;
    let io = |error: std::io::Error| format!("the sample's torrent: {error}");
    let torrents = crate::temp();
    let (running, port) = match settings.lab {
        Kind::None => (None, LAB_PORT),
        Kind::Off => {
            let port = lab::nobody();
            scratch.move_tracker(port).map_err(io)?;
            (None, port)
        }
        Kind::Fast | Kind::Slow | Kind::Rare | Kind::Trouble => {
            let lab = Lab::start(settings, torrents.path())?;
            scratch.put_torrent(&lab.torrent).map_err(io)?;
            let port = lab.port;
            (Some(lab), port)
        }
    };
    let place = Place {
        scratch: &scratch,
        port,
    };
    let mut now = Transcript {
        commands: Vec::new(),
    };
    for (i, shown) in transcript.commands.iter().enumerate() {
        let until = settings
            .until
            .as_deref()
            .filter(|_| i + 1 == transcript.commands.len());
        let output = place
            .run(&shown.text, settings, settings.status_of(i), until)
            .map_err(|error| format!("$ {}\n{error}", shown.text))?;
        now.commands.push(Shown {
            text: shown.text.clone(),
            output,
        });
    }
    drop(running);
    Ok(now)
}

/// Where commands run.
struct Place<'a> {
    scratch: &'a Scratch,
    port: u16,
}

impl Place<'_> {
    fn run(
        &self,
        typed: &str,
        settings: &Settings,
        status: i32,
        until: Option<&str>,
    ) -> Result<String, String> {
        let shell = commands::shell(typed, self.port, program)?;
        let mut command = process::command("/bin/sh");
        // In a terminal both streams go to one place; only then their lines are in the right order.
        let shell = match settings.stderr {
            Stderr::Shown => format!("exec 2>&1\n{shell}"),
            _ => shell,
        };
        // The shell outlives Ctrl-C and tells how the command ended.
        let shell = format!("trap : INT\n{shell}");
        command
            .arg("-c")
            .arg(shell)
            .current_dir(self.scratch.root())
            .process_group(0);
        self.environment(&mut command, typed)?;

        let mut process = Process::start(typed, &mut command);
        if let Some(line) = until {
            wait_for(&mut process, line)?;
            interrupt(&process);
        }
        let limit = if until.is_some() {
            AFTER_CTRL_C
        } else {
            PATIENCE
        };
        let finished = process.finish_within(limit);
        if finished.code() != Some(status) {
            return Err(format!(
                "ended with {}, not with {status}\nstdout:\n{}\nstderr:\n{}",
                finished.status, finished.stdout, finished.stderr
            ));
        }
        if settings.stderr == Stderr::Empty && !finished.stderr.is_empty() {
            return Err(format!(
                "wrote to stderr, which the page does not show (stderr = true shows it, \"hide\" leaves it out):\n{}",
                finished.stderr
            ));
        }
        let output = self.as_the_reader_sees_it(&finished.stdout, typed);
        if let Some(control) = output.chars().find(|c| c.is_control() && *c != '\n') {
            return Err(format!("wrote {control:?}, which a page cannot show"));
        }
        Ok(cut(&output, settings.cut))
    }

    fn environment(&self, command: &mut Command, typed: &str) -> Result<(), String> {
        let mut path = env::var_os("PATH").unwrap_or_default();
        if commands::calls_client(typed) {
            let bin = self
                .scratch
                .bin(&programs::kostorrent())
                .map_err(|error| format!("a link to the client: {error}"))?;
            let mut first = OsString::from(bin);
            first.push(":");
            first.push(path);
            path = first;
        }
        let run = self.scratch.run();
        let run = run.map_err(|error| format!("a runtime folder: {error}"))?;
        command
            .env("PATH", path)
            .env("HOME", self.scratch.root())
            .env("XDG_RUNTIME_DIR", &run)
            .env("TMPDIR", run)
            .env("NO_COLOR", "1")
            .env("KOSTORRENT_LSD", "off")
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .env("PYTHONDONTWRITEBYTECODE", "1") // the folder with the plain client is the repository's own
            .env("no_proxy", "*")
            .env("KOSTORRENT_DHT_ROUTERS", "none");
        for name in [
            "KOSTORRENT_LOG",
            "RUST_LOG",
            "RUST_BACKTRACE",
            "COLUMNS",
            "http_proxy",
        ] {
            command.env_remove(name);
        }
        Ok(())
    }

    /// Without the paths of this machine, and with the lab on its usual port.
    fn as_the_reader_sees_it(&self, output: &str, typed: &str) -> String {
        let mut output = commands::from_port(output, self.port);
        if commands::runs_client(typed) {
            let client = programs::kostorrent().display().to_string();
            output = output.replace(&client, "target/release/kostorrent");
        }
        for path in [self.scratch.root(), &programs::root()] {
            output = output.replace(&path.display().to_string(), "/home/you/kostorrent");
        }
        output
    }
}

fn program(program: &Program) -> PathBuf {
    match program {
        Program::Client => programs::kostorrent(),
        Program::Step(package) => programs::step(package),
        Program::Example { package, name } => programs::example(package, name),
    }
}

fn wait_for(process: &mut Process, line: &str) -> Result<(), String> {
    let start = Instant::now();
    loop {
        let ended = process.ended().is_some();
        if process.stdout().lines().any(|shown| shown.contains(line)) {
            return Ok(());
        }
        if ended || start.elapsed() > PATIENCE {
            return Err(format!(
                "no line has {line:?}\nstdout:\n{}\nstderr:\n{}",
                process.stdout(),
                process.stderr()
            ));
        }
        sleep(Duration::from_millis(5));
    }
}

/// What Ctrl-C does: the whole group of the shell gets the signal.
fn interrupt(process: &Process) {
    let group = i32::try_from(process.id())
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::INT);
    }
}

/// The first lines of an output, and `…` where it goes on.
fn cut(output: &str, lines: Option<usize>) -> String {
    match lines {
        Some(most) if output.lines().count() > most => output
            .split_inclusive('\n')
            .take(most)
            .chain(["…\n"])
            .collect(),
        _ => output.to_owned(),
    }
}
