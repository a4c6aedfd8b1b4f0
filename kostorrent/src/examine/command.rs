//! The command that is examined: its words, and one run of it.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::time::Duration;

use super::guard;
use super::status::Status;

/// The words of a command line, with places to fill in.
#[derive(Clone, Debug)]
pub struct Template(Vec<String>);

/// Why a command line cannot be examined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Nothing stands behind `--`.
    #[error("no command is given: it stands behind `--`")]
    Empty,
    /// The client is not told which torrent.
    #[error("the command has no {{torrent}}: that is where the path of a torrent file is put in")]
    NoTorrent,
    /// A seeder is not told what to seed.
    #[error(
        "the command of a seeder has no {{data}}: that is where the folder with the files is put in"
    )]
    NoData,
    /// There is nothing that could be put into `{data}`.
    #[error("{{data}} is for seeders, which are examined with --seeder")]
    NoSeeder,
}

/// What is put into the places.
#[derive(Clone, Debug)]
pub struct Fill<'a> {
    /// The paths of the torrent files: the first for `{torrent}`, all of them for a word `{torrents}`.
    pub torrents: &'a [PathBuf],
    /// The link for `{magnet}`, if the client is given one: then the words of the torrent files are left out, else those of the
    /// link.
    pub magnet: Option<&'a str>,
    /// The node of the DHT to begin from, for `{router}`.
    pub router: SocketAddr,
    /// The folder that receives the files, for `{output}`.
    pub output: &'a Path,
    /// The folder that holds the torrent's file or folder, for `{data}`.
    pub data: &'a Path,
    /// The port to listen on, for `{port}`.
    pub port: u16,
}

impl Template {
    /// Takes a command line, word by word: that of a client that downloads, or of one that seeds.
    ///
    /// # Errors
    ///
    /// [`TemplateError`], when it cannot be of use.
    pub fn new(words: Vec<String>, seeds: bool) -> Result<Template, TemplateError> {
        if words.is_empty() {
            return Err(TemplateError::Empty);
        }
        let template = Template(words);
        if !template.has("{torrent}") && !template.0.iter().any(|word| word == "{torrents}") {
            return Err(TemplateError::NoTorrent);
        }
        match (seeds, template.has("{data}")) {
            (true, false) => Err(TemplateError::NoData),
            (false, true) => Err(TemplateError::NoSeeder),
            _ => Ok(template),
        }
    }

    /// Whether this place is in it.
    pub fn has(&self, place: &str) -> bool {
        self.0.iter().any(|word| word.contains(place))
    }

    fn fill(&self, fill: &Fill<'_>) -> Vec<String> {
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        let first = fill.torrents.first().map(path).unwrap_or_default();
        let (is_link, link) = (fill.magnet.is_some(), fill.magnet.unwrap_or_default());
        let words = self.0.iter().flat_map(|word| {
            let is_file = word.contains("{torrent}") || word == "{torrents}";
            if is_file && is_link || word.contains("{magnet}") && !is_link {
                return Vec::new();
            }
            if word == "{torrents}" {
                return fill.torrents.iter().map(path).collect();
            }
            let word = word
                .replace("{magnet}", link)
                .replace("{router}", &fill.router.to_string())
                .replace("{torrent}", &first)
                .replace("{output}", &fill.output.to_string_lossy())
                .replace("{data}", &fill.data.to_string_lossy())
                .replace("{port}", &fill.port.to_string());
            vec![word]
        });
        words.collect()
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

/// One run of the command. Dropping it ends the command and whatever that has started.
#[derive(Debug)]
pub struct Run {
    guard: std::process::Child,
    /// While this is open the command may live.
    leash: Option<ChildStdin>,
    /// Where the guard says how it went.
    report: PathBuf,
}

impl Run {
    /// Starts the command in the caller's folder. What it prints goes to the end of `output.txt` in `folder`.
    ///
    /// # Errors
    ///
    /// When the guard cannot be started. That the command itself cannot is its [`Status`].
    pub fn start(template: &Template, fill: &Fill<'_>, folder: &Path) -> io::Result<Run> {
        let output = folder.join("output.txt");
        let output = File::options().append(true).create(true).open(output)?;
        let report = folder.join("status");
        // That of an earlier run is not this one's.
        let _ = fs::remove_file(&report);
        let state = folder.join("state");
        fs::create_dir_all(&state)?;
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["examine", "--guard"])
            .arg(&report)
            .arg("--")
            .args(template.fill(fill))
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            // What it remembers is not to outlive the run, nor to come from another.
            .env("XDG_STATE_HOME", &state)
            .env("XDG_CACHE_HOME", &state)
            // A proxy would stand between it and our tracker.
            .env("NO_PROXY", "*")
            .env("no_proxy", "*");
        // A Ctrl-C at the terminal is for us; we end the command.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut guard = command.spawn()?;
        Ok(Run {
            leash: guard.stdin.take(),
            guard,
            report,
        })
    }

    /// How it ended, once it has.
    pub fn status(&mut self) -> Option<Status> {
        let ended = self.guard.try_wait().ok()??;
        let report = fs::read_to_string(&self.report).unwrap_or_default();
        let said = report.lines().find_map(guard::read_status);
        let unknown = || Status::NotStarted(format!("its guard {ended}"));
        Some(said.unwrap_or_else(unknown))
    }

    /// What Ctrl-C does.
    pub fn interrupt(&mut self) {
        if let Some(leash) = &mut self.leash {
            // A guard that is gone needs no word.
            let _ = leash.write_all(&[guard::INTERRUPT]);
            let _ = leash.flush();
        }
    }

    /// What can be asked about its processes.
    pub fn vitals(&self) -> Vitals {
        Vitals(self.guard.id())
    }
}

/// The processes of a run, as far as the system tells of them.
#[derive(Clone, Copy, Debug)]
pub struct Vitals(u32);

/// The unit in which Linux counts processor time, whatever its clock: 100 a second.
const TICK: Duration = Duration::from_millis(10);

impl Vitals {
    /// The most memory that the command and what it started had at a time each, in bytes, together;
    /// `None` where the system does not tell.
    pub fn memory(self) -> Option<u64> {
        self.sum(|process| {
            let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("VmHWM:"))?;
            let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
            Some(kib * 1024)
        })
    }

    /// The processor time that they have had, those that have ended included; `None` where the system does not tell.
    pub fn processor(self) -> Option<Duration> {
        let ticks = self.sum(|process| {
            let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
            ticks(&stat)
        })?;
        Some(TICK * u32::try_from(ticks).ok()?)
    }

    fn sum(self, of: impl Fn(u32) -> Option<u64>) -> Option<u64> {
        let processes = guard::descendants(self.0).into_iter();
        processes.filter_map(of).reduce(|all, more| all + more)
    }
}

/// The times in a line of `/proc/…/stat`: its own and its children's, for itself and in the system. Its second word may have
/// anything in it, brackets and spaces, too.
fn ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let times = rest.split_whitespace().skip(11).take(4);
    let times = times.map(|time| time.parse::<u64>().ok());
    times.sum()
}

impl Drop for Run {
    fn drop(&mut self) {
        drop(self.leash.take());
        // The guard kills what is left, and then ends: that takes no time.
        let _ = self.guard.wait();
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn places_are_filled_wherever_they_stand() {
        let template = words(&["c", "--to={output}", "{torrent}", "{port}"]);
        let template = Template::new(template, false);
        let torrents = ["/t/a b.torrent".into(), "/t/c.torrent".into()];
        let fill = fill(&torrents, None);
        let filled = template.unwrap().fill(&fill);
        assert_eq!(filled, ["c", "--to=/o", "/t/a b.torrent", "7"]);
        let several = Template::new(words(&["c", "{torrents}"]), false);
        let filled = several.unwrap().fill(&fill);
        assert_eq!(filled, ["c", "/t/a b.torrent", "/t/c.torrent"]);
    }

    fn fill<'a>(torrents: &'a [PathBuf], magnet: Option<&'a str>) -> Fill<'a> {
        Fill {
            torrents,
            magnet,
            router: "127.0.0.1:9".parse().unwrap(),
            output: Path::new("/o"),
            data: Path::new("/d"),
            port: 7,
        }
    }

    #[test]
    fn a_link_takes_the_place_of_the_torrent_files() {
        let torrents = ["/t".into()];
        for file in ["{torrent}", "{torrents}"] {
            let template = words(&["c", file, "{magnet}", "--node={router}"]);
            let template = Template::new(template, false).unwrap();
            let filled = template.fill(&fill(&torrents, None));
            assert_eq!(filled, ["c", "/t", "--node=127.0.0.1:9"]);
            let filled = template.fill(&fill(&torrents, Some("magnet:?xt=1")));
            assert_eq!(filled, ["c", "magnet:?xt=1", "--node=127.0.0.1:9"]);
        }
    }

    #[test]
    fn a_command_without_a_torrent_is_of_no_use() {
        let error = |it: &[&str], seeds| Template::new(words(it), seeds).unwrap_err();
        assert_eq!(error(&[], false), TemplateError::Empty);
        let none = error(&["client", "{output}"], false);
        assert_eq!(none, TemplateError::NoTorrent);
        assert_eq!(error(&["c", "{torrent}"], true), TemplateError::NoData);
        let both = error(&["c", "{torrent}", "{data}"], false);
        assert_eq!(both, TemplateError::NoSeeder);
    }

    #[test]
    fn times_are_found_behind_any_name() {
        let stat = "7 (a) b 1) S 1 7 7 0 -1 4194304 100 200 0 0 11 22 3 4 20 0 1 0 5 6 7";
        assert_eq!(ticks(stat), Some(40));
        assert_eq!(ticks("7 (a"), None);
        assert_eq!(ticks("7 (a) S x"), Some(0));
    }
}
