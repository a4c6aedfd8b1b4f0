//! Which folder is meant: `--data` and `--output` name the one that holds the torrent's file or
//! folder, and many a person names that file or folder itself.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use layout::{Kind, Layout};
use metainfo::Metainfo;
use storage::Names;

use super::args::Face;
use super::face;
use super::failure::Failure;

/// The folder that holds the data of a torrent: what was given, or the folder around it if it is
/// the torrent's own file or folder.
pub(crate) fn of_data(given: &Path, torrent: &Metainfo, face: Face) -> Result<PathBuf, Failure> {
    let look = Look::new(given, torrent)?;
    if look.is_own_file() {
        return look.around(face);
    }
    if !given.is_dir() {
        let what = match given.exists() {
            true => "is no folder",
            false => "is not there",
        };
        return Err(Failure::Failed(format!(
            "{} {what}: --data names the folder that holds {}",
            given.display(),
            look.own()
        )));
    }
    let has_any = |around: &Path| look.has_any(around);
    let is_around = look.around.as_deref().is_some_and(has_any);
    match (look.has_any(given), is_around) {
        (true, true) => return look.of_both(face, "--data"),
        (true, false) => return Ok(given.to_owned()),
        (false, true) => return look.around(face),
        (false, false) => {}
    }
    if look.is_own_folder_renamed() {
        look.say_it_is_renamed(face)?;
    }
    Ok(given.to_owned())
}

/// The folder that receives a torrent: what was given, or the folder around it if it is the
/// torrent's own file or folder and has some of the torrent already.
pub(crate) fn of_output(given: &Path, torrent: &Metainfo, face: Face) -> Result<PathBuf, Failure> {
    let look = Look::new(given, torrent)?;
    if look.is_own_file() {
        return look.around(face);
    }
    if given.is_file() {
        return Err(Failure::Failed(format!(
            "{} is a file: --output names the folder that receives {}",
            given.display(),
            look.own()
        )));
    }
    let has_whole = |around: &Path| look.has_whole_file(around);
    let is_around = look.around.as_deref().is_some_and(has_whole);
    match (look.has_any(given), is_around) {
        (true, true) => return look.of_both(face, "--output"),
        (true, false) => return Ok(given.to_owned()),
        (false, true) => return look.around(face),
        (false, false) => {}
    }
    if let Some(around) = &look.around {
        face::warn(
            face,
            &format!(
                "the torrent goes to {}; if {} is meant to be its own folder, give --output {}",
                given.join(&torrent.name).display(),
                given.display(),
                around.display()
            ),
        )?;
    } else if look.is_own_folder_renamed() {
        look.say_it_is_renamed(face)?;
    }
    Ok(given.to_owned())
}

struct Look<'a> {
    given: &'a Path,
    torrent: &'a Metainfo,
    names: Names,
    /// The folder around what was given, if that exists and has the name under which the torrent is
    /// looked for there.
    around: Option<PathBuf>,
}

impl Look<'_> {
    fn new<'a>(given: &'a Path, torrent: &'a Metainfo) -> Result<Look<'a>, Failure> {
        let names = Names::of(torrent).map_err(Failure::failed)?;
        let is_own = |(around, name): &(PathBuf, PathBuf)| {
            let place = names.place(around);
            place == around.join(name) && place.is_dir() == torrent.multi_file && place.exists()
        };
        // A link may have the name itself, or lead to what has it.
        let found = around(given).filter(is_own).or_else(|| {
            let real = given.canonicalize().ok()?;
            around(&real).filter(is_own)
        });
        Ok(Look {
            given,
            torrent,
            names,
            around: found.map(|(around, _)| around),
        })
    }

    /// Whether it is the file of a torrent of one file, of the right length.
    fn is_own_file(&self) -> bool {
        let around = self.around.as_deref().filter(|_| !self.torrent.multi_file);
        around.is_some_and(|around| self.has_whole_file(around))
    }

    /// Whether it holds files of the torrent, though it is called otherwise.
    fn is_own_folder_renamed(&self) -> bool {
        let inside = |path: &Path| {
            let mut names = path.components();
            names.next();
            self.given.join(names.as_path())
        };
        self.torrent.multi_file && any_file(self.names.own(), true, inside)
    }

    fn has_any(&self, root: &Path) -> bool {
        any_file(&self.names.found(root), false, |path| root.join(path))
    }

    fn has_whole_file(&self, root: &Path) -> bool {
        any_file(&self.names.found(root), true, |path| root.join(path))
    }

    /// Of two folders that both hold the torrent's files takes the one in which more of them have
    /// content; what was given, if that does not tell. A download that was begun at the wrong place
    /// leaves files of the right length with nothing in them.
    fn of_both(self, face: Face, option: &str) -> Result<PathBuf, Failure> {
        let filled = |root: &Path| {
            let found = self.names.found(root);
            let files = files(&found).filter(|(path, length)| is_filled(&root.join(path), *length));
            files.count()
        };
        let around = self.around.clone().unwrap_or_default();
        if filled(&around) > filled(self.given) {
            return self.around(face);
        }
        let message = format!(
            "there is a {} in {} and one in {}: the first is taken; for the other, give {option} {}",
            self.own(),
            self.given.display(),
            around.display(),
            around.display()
        );
        face::warn(face, &message)?;
        Ok(self.given.to_owned())
    }

    /// Takes the folder around, and says so.
    fn around(self, face: Face) -> Result<PathBuf, Failure> {
        let around = self.around.unwrap_or_default();
        let what = if self.torrent.multi_file {
            "folder"
        } else {
            "file"
        };
        let message = format!(
            "{} is the torrent's own {what}: {} is taken for the folder that holds it",
            self.given.display(),
            around.display()
        );
        face::warn(face, &message)?;
        Ok(around)
    }

    fn say_it_is_renamed(&self, face: Face) -> Result<(), Failure> {
        let message = format!(
            "{} holds files of the torrent, but they are looked for in a folder {} in it: rename it \
             so, and give the folder that holds it",
            self.given.display(),
            self.own()
        );
        face::warn(face, &message)
    }

    /// The torrent's own name, in quotes.
    fn own(&self) -> String {
        format!("{:?}", self.torrent.name)
    }
}

/// The files of a layout, with their lengths.
fn files(layout: &Layout) -> impl Iterator<Item = (&Path, u64)> {
    let files = layout.files().iter();
    let files = files.filter(|file| matches!(file.kind, Kind::Regular { .. }));
    files.map(|file| (&*file.path, file.length))
}

/// Whether any file of a layout is there; of its length and not empty, if `whole` is wanted.
fn any_file(layout: &Layout, whole: bool, place: impl Fn(&Path) -> PathBuf) -> bool {
    files(layout).any(|(path, length)| {
        let found = fs::metadata(place(path));
        found.is_ok_and(|found| !whole || (found.is_file() && length > 0 && found.len() == length))
    })
}

/// Whether a file has its length, and something in it: a byte that is not zero near its start, its
/// middle or its end.
fn is_filled(path: &Path, length: u64) -> bool {
    const SAMPLE: u64 = 16 * 1024;
    let whole = fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() == length);
    let Some(file) = whole.then(|| File::open(path).ok()).flatten() else {
        return false;
    };
    let last = length.saturating_sub(SAMPLE);
    let has_byte = |at: u64| -> io::Result<bool> {
        let mut bytes = Vec::new();
        (&file).seek(SeekFrom::Start(at))?;
        (&file).take(SAMPLE).read_to_end(&mut bytes)?;
        Ok(bytes.iter().any(|&byte| byte != 0))
    };
    [0, last / 2, last]
        .into_iter()
        .any(|at| has_byte(at).unwrap_or(false))
}

/// The folder around a file or folder, and the name that this has in it.
fn around(given: &Path) -> Option<(PathBuf, PathBuf)> {
    let whole;
    let path = match given.file_name() {
        Some(_) => given,
        // Such as "." and "..".
        None => {
            whole = given.canonicalize().ok()?;
            &whole
        }
    };
    let folder = path.parent()?;
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    Some((folder.to_owned(), path.file_name()?.into()))
}
