//! Child processes that cannot outlive their test.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::wait::{self, PATIENCE};

/// A command that starts `program` so that it ends when this test does, however that comes about.
///
/// On Linux `setpriv` (util-linux) asks the kernel for that; elsewhere [`Process`] ending it on drop has to do. The
/// kernel watches the *thread* that starts the child, so start it from one that lives as long as the test.
#[must_use]
pub fn command(program: impl AsRef<OsStr>) -> Command {
    wrapped(program.as_ref(), &[])
}

/// The same, but never as root: for programs that would do other things then.
#[must_use]
pub fn command_as_nobody(program: impl AsRef<OsStr>) -> Command {
    let more: &[&str] = if is_root() {
        &["--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    } else {
        &[]
    };
    wrapped(program.as_ref(), more)
}

fn wrapped(program: &OsStr, more: &[&str]) -> Command {
    let setpriv = Path::new("/usr/bin/setpriv");
    if cfg!(target_os = "linux") && setpriv.exists() {
        let mut command = Command::new(setpriv);
        command
            .args(["--pdeathsig", "KILL"])
            .args(more)
            .arg("--")
            .arg(program);
        command
    } else {
        Command::new(program)
    }
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

/// A running program. Its output is collected; dropping it ends it. If the test panics, the output is shown.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    stdout: Arc<Mutex<String>>,
    stderr: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

/// What a program that has ended left behind.
#[derive(Debug)]
pub struct Finished {
    /// Its exit status.
    pub status: ExitStatus,
    /// All it wrote to stdout.
    pub stdout: String,
    /// All it wrote to stderr.
    pub stderr: String,
}

impl Finished {
    /// Its exit code; `None` when a signal ended it.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Checks the exit code.
    ///
    /// # Panics
    ///
    /// When it is another one; the output is in the message.
    #[track_caller]
    pub fn expect_code(&self, code: i32) -> &Finished {
        assert_eq!(
            self.code(),
            Some(code),
            "exit status: {}\nstdout:\n{}\nstderr:\n{}",
            self.status,
            self.stdout,
            self.stderr
        );
        self
    }
}

impl Process {
    /// Starts a program with nothing on its stdin.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[must_use]
    pub fn start(name: &str, command: &mut Command) -> Process {
        Process::start_with(name, command, Stdio::null())
    }

    /// Starts a program with this on its stdin.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[must_use]
    pub fn start_with(name: &str, command: &mut Command, stdin: Stdio) -> Process {
        let mut child = command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} cannot be started: {error}"));
        let (stdout, out) = collect(child.stdout.take().expect("stdout is a pipe"));
        let (stderr, err) = collect(child.stderr.take().expect("stderr is a pipe"));
        Process {
            name: name.to_owned(),
            child,
            stdout,
            stderr,
            readers: vec![out, err],
        }
    }

    /// Runs a program to its end.
    ///
    /// # Panics
    ///
    /// When it cannot be started, or does not end within [`PATIENCE`].
    #[must_use]
    pub fn run(name: &str, command: &mut Command) -> Finished {
        Process::start(name, command).finish()
    }

    /// Waits until the program has ended.
    ///
    /// # Panics
    ///
    /// When it does not end within [`PATIENCE`].
    #[must_use]
    pub fn finish(self) -> Finished {
        self.finish_within(PATIENCE)
    }

    /// Waits until the program has ended.
    ///
    /// # Panics
    ///
    /// When it does not end within `limit`.
    #[must_use]
    pub fn finish_within(mut self, limit: Duration) -> Finished {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.ended() {
                break status;
            }
            assert!(
                start.elapsed() < limit,
                "{} did not end within {} s",
                self.name,
                limit.as_secs()
            );
            thread::sleep(Duration::from_millis(5));
        };
        for reader in self.readers.drain(..) {
            reader.join().expect("the output is read");
        }
        Finished {
            status,
            stdout: self.stdout(),
            stderr: self.stderr(),
        }
    }

    /// Waits until the program has ended, and looks meanwhile how much memory it has had.
    ///
    /// # Panics
    ///
    /// When it does not end within [`PATIENCE`], or [its memory was not bounded](assert_memory).
    #[must_use]
    pub fn finish_bounded(mut self, most: u64) -> Finished {
        let mut peak = None;
        wait::until_true(&format!("{} to end", self.name), || {
            peak = self.peak_memory().max(peak);
            self.ended().is_some()
        });
        let finished = self.finish();
        assert_memory(peak, most);
        finished
    }

    /// Its exit status, once it has ended.
    ///
    /// # Panics
    ///
    /// When the system does not tell.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the state of a child")
    }

    /// Waits until stdout has a line for which `found` returns something.
    ///
    /// # Panics
    ///
    /// When the program ends without it, or nothing came within [`PATIENCE`].
    pub fn until_line<T>(&mut self, what: &str, found: impl Fn(&str) -> Option<T>) -> T {
        wait::until(what, || {
            let ended = self.ended(); // asked first: what it wrote before its end is then all there
            let result = self.stdout().lines().find_map(&found);
            assert!(
                result.is_some() || ended.is_none(),
                "{} ended before {what}",
                self.name
            );
            result
        })
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// All it has written to stdout so far.
    ///
    /// # Panics
    ///
    /// Never: the lock is not held across a panic.
    #[must_use]
    pub fn stdout(&self) -> String {
        self.stdout.lock().expect("output").clone()
    }

    /// All it has written to stderr so far.
    ///
    /// # Panics
    ///
    /// Never: the lock is not held across a panic.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.stderr.lock().expect("output").clone()
    }

    /// What Ctrl-C does.
    ///
    /// # Panics
    ///
    /// When the process is gone.
    #[cfg(unix)]
    pub fn interrupt(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("a running child");
    }

    /// What Ctrl-C does to what this process, a shell, has started and waits for.
    ///
    /// # Panics
    ///
    /// When there is no such process.
    #[cfg(target_os = "linux")]
    pub fn interrupt_inner(&self) {
        let id = self.id();
        let path = format!("/proc/{id}/task/{id}/children");
        let children = std::fs::read_to_string(path).expect("a running shell");
        let child = children
            .split_whitespace()
            .next()
            .and_then(|id| id.parse().ok());
        let child = child
            .and_then(rustix::process::Pid::from_raw)
            .expect("a running child");
        rustix::process::kill_process(child, rustix::process::Signal::INT)
            .expect("a running child");
    }

    /// What `kill` and `timeout` do.
    ///
    /// # Panics
    ///
    /// When the process is gone.
    #[cfg(unix)]
    pub fn terminate(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("a running child");
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The most memory it has had resident so far, in bytes (`VmHWM` of Linux). `None` where that is not known.
    #[must_use]
    pub fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim()
            .strip_suffix("kB")?
            .trim()
            .parse::<u64>()
            .ok()
            .map(|kib| kib * 1024)
    }
}

/// Checks that the most memory a program has had is within a bound, in bytes.
///
/// # Panics
///
/// When it is not, or is not known though the system tells.
#[track_caller]
pub fn assert_memory(peak: Option<u64>, most: u64) {
    assert!(
        peak.is_some() || cfg!(not(target_os = "linux")),
        "nobody knows"
    );
    assert!(peak < Some(most), "{peak:?} bytes of memory");
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        if thread::panicking() {
            let tail = |text: String| {
                text.lines()
                    .rev()
                    .take(40)
                    .collect::<Vec<_>>()
                    .into_iter()
                    .rev()
                    .collect::<Vec<_>>()
                    .join("\n")
            };
            eprintln!(
                "--- {}: the end of its stdout\n{}",
                self.name,
                tail(self.stdout())
            );
            eprintln!(
                "--- {}: the end of its stderr\n{}",
                self.name,
                tail(self.stderr())
            );
        }
    }
}

/// Reads to the end in a thread, so that the child never waits for a full pipe.
fn collect(pipe: impl Read + Send + 'static) -> (Arc<Mutex<String>>, JoinHandle<()>) {
    let text = Arc::new(Mutex::new(String::new()));
    let into = Arc::clone(&text);
    let reader = thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while pipe.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
            into.lock()
                .expect("output")
                .push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    });
    (text, reader)
}
