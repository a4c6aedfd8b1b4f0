//! The choice between two names for each folder and file, against what a file system answers.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use layout::{Entry, Kind, Layout};
use metainfo::path::portable_name;

/// A file system, as far as names go. Paths are relative to the download folder.
pub trait Ground {
    /// Whether things are made, or only looked for.
    fn makes(&self) -> bool;
    /// What is found under a path.
    fn look(&self, path: &Path) -> Option<Seen>;
    /// Whether the folder lists the last name of the path.
    fn lists(&mut self, path: &Path) -> Listed;
    /// Makes a folder or an empty file where nothing may be yet.
    fn make(&mut self, path: &Path, what: What) -> io::Result<()>;
    /// Takes away what was just made.
    fn remove(&mut self, path: &Path, what: What);
}

/// What stands under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Folder,
    File,
    /// A symbolic link, of the torrent's making.
    Link,
    Other,
}

/// What the system says of it.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    pub what: What,
    pub is_link: bool,
    /// The same for the same thing only: its disk and its number there.
    pub id: (u64, u64),
    /// How many names it has.
    pub names: u64,
}

/// How a folder lists a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// In these very bytes.
    Exactly,
    /// With other capitals: some file systems store all names in small letters.
    InAnotherCase,
    No,
}

/// Whether a name can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It is there.
    There,
    /// Nothing of its kind is there.
    Free,
    /// The file system takes it for another name that is there.
    Alias,
}

/// The two names of a file, in the folder that is used.
struct Two {
    own: PathBuf,
    portable: PathBuf,
}

struct Chooser<'g> {
    ground: &'g mut dyn Ground,
    /// The torrent's own folders.
    own_folders: BTreeSet<PathBuf>,
    /// For a path by own names the one that is used.
    used: BTreeMap<PathBuf, PathBuf>,
    /// The first of the folders that differ by case alone, by what they have in common.
    folders: BTreeMap<String, PathBuf>,
    /// The files that have their names already: what they are, and where.
    ids: BTreeSet<(u64, u64)>,
    taken: BTreeSet<PathBuf>,
    /// The same in small letters.
    taken_small: BTreeSet<String>,
}

/// The layout by those names that are used; `None` if they are in each other's way. Folders come
/// first: a file gives way to them. Then come the files, in the order of the torrent, so the choice
/// is the same each time.
pub fn choose(
    ground: &mut dyn Ground,
    own: &Layout,
    portable: &Layout,
    stop: &dyn Fn() -> bool,
) -> Option<Layout> {
    let pairs: Vec<(&Entry, &Entry)> = own.files().iter().zip(portable.files()).collect();
    let on_disk = pairs.iter().filter(|(own, _)| own.kind != Kind::Padding);
    let folders = on_disk.flat_map(|(own, _)| own.path.ancestors().skip(1));
    let mut chooser = Chooser {
        own_folders: folders.map(Path::to_path_buf).collect(),
        used: BTreeMap::from([(PathBuf::new(), PathBuf::new())]),
        folders: BTreeMap::new(),
        ids: BTreeSet::new(),
        taken: BTreeSet::new(),
        taken_small: BTreeSet::new(),
        ground,
    };
    let mut both = Vec::new();
    for (own, portable) in &pairs {
        both.push(match own.kind {
            Kind::Padding => None,
            _ => Some(chooser.two(&own.path, &portable.path)),
        });
    }
    let own_files = both.iter().flatten().map(|two| (&*two.own, &*two.portable));
    let own_files: BTreeMap<&Path, &Path> = own_files.collect();
    for (two, (entry, _)) in both.iter().zip(&pairs) {
        let (false, Some(two)) = (stop(), two) else {
            continue;
        };
        let path = match entry.kind {
            Kind::Symlink { .. } => chooser.link(two),
            _ => chooser.file(two, &own_files),
        };
        chooser.used.insert(entry.path.clone(), path);
    }
    chooser.layout(own)
}

impl Chooser<'_> {
    /// The two names of a file in its folder, once it is decided how that is called.
    fn two(&mut self, own: &Path, portable: &Path) -> Two {
        let empty = Path::new("");
        let folder = self.folder(
            own.parent().unwrap_or(empty),
            portable.parent().unwrap_or(empty),
        );
        let last = |path: &Path| folder.join(path.file_name().unwrap_or_default());
        Two {
            own: last(own),
            portable: last(portable),
        }
    }

    fn folder(&mut self, own: &Path, portable: &Path) -> PathBuf {
        if let Some(used) = self.used.get(own) {
            return used.clone();
        }
        let two = self.two(own, portable);
        // Where folders are made, each can have a name of its own.
        let other = own.with_file_name(portable.file_name().unwrap_or_default());
        let is_others = self.ground.makes() && self.own_folders.contains(&other);
        let used = self.pick(&two, What::Folder, !is_others);
        self.make_sure(&used, What::Folder);
        let used = self.same_folder(used);
        self.used.insert(own.to_path_buf(), used.clone());
        used
    }

    /// A folder that is used already under a name with other capitals, if it is the same one.
    fn same_folder(&mut self, used: PathBuf) -> PathBuf {
        let is_same =
            self.ground.look(&used).is_some() && self.ground.lists(&used) == Listed::InAnotherCase;
        let known = self
            .folders
            .entry(small(&used))
            .or_insert_with(|| used.clone());
        match is_same {
            true => known.clone(),
            false => used,
        }
    }

    fn file(&mut self, two: &Two, own_files: &BTreeMap<&Path, &Path>) -> PathBuf {
        // It may be another file's own name, and be there as that file.
        let others_portable = own_files.get(&*two.portable);
        let others_portable = others_portable.filter(|_| two.own != two.portable);
        let is_others = others_portable.is_some_and(|other| self.ground.look(other).is_none());
        let used = self.pick(two, What::File, !is_others);
        self.make_sure(&used, What::File);
        self.ids
            .extend(self.ground.look(&used).map(|found| found.id));
        self.taken.insert(used.clone());
        self.taken_small.insert(small(&used));
        used
    }

    /// Links are made later, when nothing is written any more.
    fn link(&mut self, two: &Two) -> PathBuf {
        match (self.own_state(two, What::Link), &two.portable) {
            (State::Alias, portable) => portable.clone(),
            (State::Free, portable) if self.state(portable, What::Link) == State::There => {
                portable.clone()
            }
            _ => two.own.clone(),
        }
    }

    /// The name that is used of two; `may_be_there` by its portable one.
    fn pick(&mut self, two: &Two, what: What, may_be_there: bool) -> PathBuf {
        if two.own == two.portable {
            return two.own.clone();
        }
        let own_is_used = match self.own_state(two, what) {
            State::There => true,
            State::Alias => false,
            State::Free if may_be_there && self.state(&two.portable, what) == State::There => false,
            State::Free => !self.ground.makes() || self.keeps(two, what),
        };
        match own_is_used {
            true => two.own.clone(),
            false => two.portable.clone(),
        }
    }

    /// Makes something by its own name, and tells whether it has that name now. If not, it is taken
    /// away again. If it cannot be made by either name, the fault is not the name's.
    fn keeps(&mut self, two: &Two, what: What) -> bool {
        let cut = cut(&two.own);
        let is_there = |ground: &dyn Ground| cut.as_deref().and_then(|cut| ground.look(cut));
        let was_there = is_there(self.ground).is_some();
        match self.ground.make(&two.own, what) {
            Ok(()) if was_there || is_there(self.ground).is_none() => true,
            Ok(()) => {
                self.ground.remove(&two.own, what);
                false
            }
            Err(_) => {
                self.state(&two.portable, what) != State::There
                    && self.ground.make(&two.portable, what).is_err()
            }
        }
    }

    /// Where things are made: from now on it shows if a later name is taken for this one.
    fn make_sure(&mut self, path: &Path, what: What) {
        if self.ground.makes() && self.ground.look(path).is_none() {
            // A failure comes again when the files are laid out, and is told then.
            let _ = self.ground.make(path, what);
        }
    }

    /// The state of a file's own name, which may be the same as another one's where case is no
    /// difference. Not every file system gives one thing one number, but a folder lists it once.
    fn own_state(&mut self, two: &Two, what: What) -> State {
        let last = |path: &Path| {
            path.file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        };
        let has_a_number = *portable_name(last(&two.own).as_bytes()) != last(&two.portable);
        let state = self.state(&two.own, what);
        if state != State::There || !has_a_number {
            return state;
        }
        match self.ground.lists(&two.own) {
            Listed::Exactly => State::There,
            Listed::InAnotherCase if !self.taken_small.contains(&small(&two.own)) => State::There,
            Listed::InAnotherCase | Listed::No => State::Alias,
        }
    }

    fn state(&mut self, path: &Path, what: What) -> State {
        if self.taken.contains(path) {
            return State::Alias;
        }
        let Some(found) = self.ground.look(path) else {
            return State::Free;
        };
        let is_it = match what {
            What::Link => found.is_link,
            _ => found.what == what,
        };
        if !is_it {
            return State::Free;
        }
        let is_file_with_its_name = self.ids.contains(&found.id);
        if !is_file_with_its_name && !self.is_cut(path, found) {
            return State::There;
        }
        // A file may have two names that are really two.
        let is_hard_link = what != What::Folder && found.names > 1;
        match is_hard_link && self.ground.lists(path) == Listed::Exactly {
            true => State::There,
            false => State::Alias,
        }
    }

    /// Whether what is found is there under the name without dots and spaces at its end.
    fn is_cut(&mut self, path: &Path, found: Seen) -> bool {
        let other = cut(path).and_then(|cut| self.ground.look(&cut));
        other.is_some_and(|other| other.id == found.id || self.ground.lists(path) == Listed::No)
    }

    /// The torrent's layout with the names that are used.
    fn layout(&self, own: &Layout) -> Option<Layout> {
        let files = own.files().iter().map(|entry| {
            let kind = match &entry.kind {
                Kind::Symlink { target } => Kind::Symlink {
                    target: self.used(target),
                },
                other => other.clone(),
            };
            (self.used(&entry.path), entry.length, kind)
        });
        Layout::new(files, own.geometry().piece_length().into()).ok()
    }

    fn used(&self, own: &Path) -> PathBuf {
        match (self.used.get(own), own.parent(), own.file_name()) {
            (Some(used), ..) => used.clone(),
            (None, Some(folder), Some(name)) => self.used(folder).join(name),
            _ => own.to_path_buf(),
        }
    }
}

/// The path without dots and spaces at its end, if there are any.
fn cut(path: &Path) -> Option<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let cut = name.trim_end_matches(['.', ' ']);
    (!cut.is_empty() && cut.len() < name.len()).then(|| path.with_file_name(cut))
}

fn small(path: &Path) -> String {
    path.to_string_lossy().to_lowercase()
}

#[cfg(test)]
mod tests;
