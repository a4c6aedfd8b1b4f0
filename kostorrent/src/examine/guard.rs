//! A process between us and the command that is examined. It starts the command, and as soon as we are
//! gone, however we went, it ends the command and all that the command has started.
//!
//! It holds the reading end of a pipe: a byte in it is an order, its end is the last one. The kernel closes
//! the pipe for us even when we are killed.

use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::{fs, thread};

use super::status::Status;

/// The order to do what Ctrl-C does.
pub(super) const INTERRUPT: u8 = b'i';

/// Runs the command to its end, or to ours, and writes how it ended into a file.
///
/// # Errors
///
/// When that file cannot be written.
pub fn run(report: &Path, words: &[String]) -> io::Result<()> {
    let Some((program, arguments)) = words.split_first() else {
        return Ok(());
    };
    adopt();
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return fs::write(report, format!("error {error}\n")),
    };
    let process = child.id();
    thread::spawn(move || obey(io::stdin(), process));
    let status = child.wait()?;
    fs::write(report, written(status))?;
    end(process);
    Ok(())
}

fn obey(mut leash: impl Read, process: u32) {
    let mut order = [0];
    while leash.read(&mut order).is_ok_and(|count| count > 0) {
        if order[0] == INTERRUPT {
            interrupt(process);
        }
    }
    end(process);
}

/// A line of the report.
pub(super) fn read_status(line: &str) -> Option<Status> {
    let (kind, what) = line.split_once(' ')?;
    match kind {
        "exit" => what.parse().ok().map(Status::Code),
        "signal" => what.parse().ok().map(Status::Signal),
        "error" => Some(Status::NotStarted(what.to_owned())),
        _ => None,
    }
}

fn written(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("signal {signal}\n");
    }
    format!("exit {}\n", status.code().unwrap_or(1))
}

/// What a process has started, and what those have; where the system tells (Linux), else nothing.
pub(super) fn descendants(process: u32) -> Vec<u32> {
    let mut found = vec![process];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        next += 1;
        let threads = fs::read_dir(format!("/proc/{parent}/task"));
        for thread in threads.into_iter().flatten().flatten() {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            let children = children
                .split_whitespace()
                .filter_map(|id| id.parse::<u32>().ok());
            found.extend(children);
        }
    }
    found.split_off(1)
}

/// Becomes the parent of whatever the command leaves behind, also of what has left its group.
#[cfg(target_os = "linux")]
fn adopt() {
    let me = rustix::process::getpid();
    // Without it only what stays in the group is found.
    let _ = rustix::process::set_child_subreaper(Some(me));
}

#[cfg(not(target_os = "linux"))]
fn adopt() {}

#[cfg(unix)]
fn interrupt(process: u32) {
    signal(process, rustix::process::Signal::INT);
}

#[cfg(not(unix))]
fn interrupt(_process: u32) {}

/// Ends the command's group and every descendant of ours.
#[cfg(unix)]
fn end(process: u32) {
    use rustix::process::{Pid, Signal, kill_process};

    signal(process, Signal::KILL);
    // Who is killed may have been starting somebody.
    for _ in 0..10 {
        let left = descendants(std::process::id());
        if left.is_empty() {
            return;
        }
        for id in left {
            if let Some(id) = i32::try_from(id).ok().and_then(Pid::from_raw) {
                let _ = kill_process(id, Signal::KILL);
            }
        }
        thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// Windows ends a whole tree by its root.
#[cfg(not(unix))]
fn end(process: u32) {
    let mut command = Command::new("taskkill");
    command.args(["/T", "/F", "/PID", &process.to_string()]);
    let _ = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
}

/// Sends a signal to the command's group. A group that is gone needs none.
#[cfg(unix)]
fn signal(process: u32, signal: rustix::process::Signal) {
    use rustix::process::{Pid, kill_process_group};

    if let Some(group) = i32::try_from(process).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, signal);
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_report_says_how_it_ended() {
        assert_eq!(read_status("exit 3"), Some(Status::Code(3)));
        assert_eq!(read_status("signal 11"), Some(Status::Signal(11)));
        let why = Status::NotStarted("No such file".into());
        assert_eq!(read_status("error No such file"), Some(why));
        assert_eq!(read_status(""), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_code_and_a_signal_are_told_apart() {
        let shell = |line: &str| Command::new("sh").args(["-c", line]).status().unwrap();
        assert_eq!(written(shell("exit 4")), "exit 4\n");
        assert_eq!(written(shell("kill -9 $$")), "signal 9\n");
    }
}
