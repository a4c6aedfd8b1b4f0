//! Several torrents in one command: those that can be worked on together, and why others cannot.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use layout::Kind;
use storage::Names;

use super::args;
use super::face;
use super::failure::Failure;
use super::job::Job;
use super::text::printable;
use crate::node::TorrentOptions;

/// Torrents to work on.
pub(crate) struct Several {
    /// Those that can be worked on, at least one.
    pub(crate) jobs: Vec<Job>,
    /// Where their files are to be: those of a magnet link are known later.
    pub(crate) places: Places,
    /// Which cannot, and why: a sentence each.
    pub(crate) failed: Vec<String>,
}

/// Refuses an option that is about one torrent where several are given.
pub(crate) fn only_one(paths: &[PathBuf], is_given: bool, option: &str) -> Result<(), Failure> {
    match is_given && paths.len() > 1 {
        true => Err(Failure::Usage(format!(
            "{option} is about one torrent, and several are given"
        ))),
        false => Ok(()),
    }
}

/// Reads torrent files, each with `one`. Of several, one that fails is told and left out, and so is
/// one that is there already. `writes` says that their files are written: then no two may have the
/// same.
///
/// # Errors
///
/// Wrong usage; and why there is nothing to do, if there is nothing.
pub(crate) fn gather(
    paths: &[PathBuf],
    face: args::Face,
    writes: bool,
    one: impl Fn(&Path) -> Result<Job, Failure>,
) -> Result<Several, Failure> {
    if paths.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(Failure::Usage(
            "- is given twice, and stdin brings one torrent file only".into(),
        ));
    }
    let mut several = Several {
        jobs: Vec::new(),
        places: Places::default(),
        failed: Vec::new(),
    };
    if let [path] = paths {
        several.jobs.push(one(path)?);
        return Ok(several);
    }
    let mut first = HashMap::new();
    for path in paths {
        let name = name(path);
        let job = match one(path) {
            Ok(job) => job,
            Err(Failure::Failed(why)) => {
                several.leave_out(face, name, why)?;
                continue;
            }
            Err(other) => return Err(other),
        };
        // What has no such hash is refused when it is to begin.
        if let Some(hash) = job.info_hash() {
            match first.entry(hash) {
                Entry::Vacant(free) => drop(free.insert(name.clone())),
                Entry::Occupied(first) => {
                    let first = first.get();
                    let note = format!("{name} is the same torrent as {first}, and is left out");
                    face::warn(face, &note)?;
                    continue;
                }
            }
        }
        if writes
            && let Job::Torrent(options) = &job
            && let Some(clash) = several.places.add(&name, options)
        {
            several.leave_out(face, name, clash)?;
            continue;
        }
        several.jobs.push(job);
    }
    match several.jobs.is_empty() {
        true => Err(Failure::Failed(told(&several.failed, paths.len()))),
        false => Ok(several),
    }
}

/// How many of `all` torrents have failed, and why: a sentence each.
pub(crate) fn told(failed: &[String], all: usize) -> String {
    format!(
        "{} of {all} torrents failed: {}",
        failed.len(),
        failed.join("; ")
    )
}

impl Several {
    fn leave_out(&mut self, face: args::Face, name: String, why: String) -> Result<(), Failure> {
        // What cannot be read is named already.
        let sentence = match why.split([' ', ':']).any(|word| word == name) {
            true => why,
            false => format!("{name}: {why}"),
        };
        face::warn(face, &format!("{sentence}; it is left out"))?;
        self.failed.push(sentence);
        Ok(())
    }
}

/// What a person calls it.
fn name(path: &Path) -> String {
    match path.as_os_str() == "-" {
        true => "stdin".to_owned(),
        false => printable(&path.to_string_lossy()).into_owned(),
    }
}

/// Where the files of torrents are to be.
#[derive(Default)]
pub(crate) struct Places {
    /// Whose they are.
    files: HashMap<PathBuf, String>,
    /// The folders around them.
    folders: HashMap<PathBuf, String>,
}

impl Places {
    /// Adds a torrent's files, unless one of them is in the way of another torrent's: why then. What
    /// cannot be laid out at all is told when it is to be begun.
    pub(crate) fn add(&mut self, torrent: &str, options: &TorrentOptions) -> Option<String> {
        let names = Names::of(&options.metainfo).ok()?;
        let root = whole(&options.root);
        let layout = names.found(&root);
        let files = layout.files().iter();
        let files = files.filter(|file| file.kind != Kind::Padding);
        let files: HashSet<PathBuf> = files.map(|file| folded(&root.join(&file.path))).collect();
        let folders: HashSet<&Path> = files
            .iter()
            .flat_map(|file| file.ancestors().skip(1))
            .filter(|folder| folder.starts_with(folded(&root)))
            .collect();
        let mut clashes = files
            .iter()
            .filter_map(|file| {
                let other = self.files.get(file).or_else(|| self.folders.get(file));
                other.map(|other| (file.as_path(), other))
            })
            .chain(
                folders
                    .iter()
                    .filter_map(|folder| Some((*folder, self.files.get(*folder)?))),
            )
            .collect::<Vec<_>>();
        clashes.sort();
        if let Some((path, other)) = clashes.first() {
            return Some(format!(
                "{} is a file of {other}, too: give it another folder with --output, in a command of \
                 its own",
                path.display()
            ));
        }
        let own = |path: &Path| (path.to_owned(), torrent.to_owned());
        self.folders.extend(folders.into_iter().map(own));
        self.files.extend(files.iter().map(|file| own(file)));
        None
    }
}

/// The folder by its whole name, links followed where it is there already.
fn whole(folder: &Path) -> PathBuf {
    let absolute = || std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    folder.canonicalize().unwrap_or_else(|_| absolute())
}

/// Two names that differ by case alone are one file on the usual disks of these systems.
fn folded(path: &Path) -> PathBuf {
    match cfg!(any(windows, target_os = "macos")) {
        true => path.to_string_lossy().to_lowercase().into(),
        false => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use metainfo::Metainfo;
    use metainfo::create::Create;
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::node::Mode;

    const QUIET: args::Face = args::Face {
        quiet: true,
        json: false,
        explain: false,
    };

    /// A torrent of one file of one piece; the letter makes it its own.
    fn single(name: &str, letter: u8, root: &Path) -> TorrentOptions {
        let create = Create::single(name, 1, 16 * 1024);
        let torrent = create.to_bytes(&[hashing::digest(&[&[letter]])]).unwrap();
        let metainfo = Arc::new(Metainfo::parse(&torrent).unwrap());
        let mode = Mode::Download {
            keep_seeding: false,
        };
        TorrentOptions::new(metainfo, root, mode)
    }

    fn paths(names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn one_that_fails_is_left_out_and_the_same_twice_is_one() {
        let dir = tempfile::tempdir().unwrap();
        let one = |path: &Path| match path.to_str() {
            Some("bad") => Err(Failure::Failed("it broke".into())),
            Some("again") => Ok(single("a", b'a', dir.path()).into()),
            Some(name) => Ok(single(name, name.as_bytes()[0], dir.path()).into()),
            None => unreachable!(),
        };
        let several = gather(&paths(&["a", "bad", "again", "b"]), QUIET, true, one).unwrap();
        let names = several.jobs.iter().map(|job| match job {
            Job::Torrent(options) => options.metainfo.name.clone(),
            Job::Magnet(_) => unreachable!(),
        });
        assert_eq!(names.collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(several.failed, ["bad: it broke"]);
        let nothing = gather(&paths(&["bad", "bad"]), QUIET, true, one).map(drop);
        let why = "2 of 2 torrents failed: bad: it broke; bad: it broke";
        assert!(matches!(nothing, Err(Failure::Failed(said)) if said == why));
        let alone = gather(&paths(&["bad"]), QUIET, true, one).map(drop);
        assert!(matches!(alone, Err(Failure::Failed(said)) if said == "it broke"));
    }

    #[test]
    fn stdin_is_read_once() {
        let never = |_: &Path| -> Result<Job, Failure> { unreachable!() };
        let twice = gather(&paths(&["-", "a", "-"]), QUIET, true, never).map(drop);
        assert!(matches!(twice, Err(Failure::Usage(_))));
    }

    #[test]
    fn two_torrents_may_not_write_the_same_file() {
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut places = Places::default();
        assert_eq!(places.add("one", &single("a", 1, dir.path())), None);
        let clash = places.add("two", &single("a", 2, dir.path())).unwrap();
        assert!(clash.contains("a file of one"), "{clash}");
        assert_eq!(places.add("two", &single("b", 2, dir.path())), None);
        assert_eq!(places.add("two", &single("a", 2, other.path())), None);
        // By another name of the same folder, too.
        let dotted = dir.path().join(".");
        assert!(places.add("three", &single("a", 3, &dotted)).is_some());
    }

    #[test]
    fn a_file_of_one_may_not_be_a_folder_of_the_other() {
        let dir = tempfile::tempdir().unwrap();
        let folder = |inside: &str, name: &str| {
            std::fs::create_dir_all(dir.path().join("made")).unwrap();
            let info = format!(
                "d4:infod5:filesld6:lengthi1e4:pathl{}:{inside}eee4:name{}:{name}12:piece \
                 lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee",
                inside.len(),
                name.len()
            );
            let metainfo = Arc::new(Metainfo::parse(info.as_bytes()).unwrap());
            let mode = Mode::Download {
                keep_seeding: false,
            };
            TorrentOptions::new(metainfo, dir.path(), mode)
        };
        let mut places = Places::default();
        assert_eq!(places.add("one", &folder("x", "a")), None);
        assert_eq!(
            places.add("two", &folder("y", "a")),
            None,
            "one folder, two files"
        );
        assert!(places.add("three", &single("a", 3, dir.path())).is_some());
        let mut places = Places::default();
        assert_eq!(places.add("three", &single("a", 3, dir.path())), None);
        assert!(places.add("one", &folder("x", "a")).is_some());
    }
}
