//! Which folder is meant: `--data` and `--output` name the one that holds the torrent's file or
//! folder, and many a person names that file or folder itself.

use std::fs;
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
    if look.has_any(given) {
        return Ok(given.to_owned());
    }
    if look
        .around
        .as_deref()
        .is_some_and(|around| look.has_any(around))
    {
        return look.around(face);
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
    if look.has_any(given) {
        return Ok(given.to_owned());
    }
    if let Some(around) = &look.around {
        if look.has_whole_file(around) {
            return look.around(face);
        }
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
        let around = around(given).filter(|(around, name)| {
            let place = names.place(around);
            place == around.join(name) && place.is_dir() == torrent.multi_file && place.exists()
        });
        Ok(Look {
            given,
            torrent,
            names,
            around: around.map(|(around, _)| around),
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

/// Whether any file of a layout is there; of its length and not empty, if `whole` is wanted.
fn any_file(layout: &Layout, whole: bool, place: impl Fn(&Path) -> PathBuf) -> bool {
    let files = layout.files().iter();
    let mut files = files.filter(|file| matches!(file.kind, Kind::Regular { .. }));
    files.any(|file| {
        let found = fs::metadata(place(&file.path));
        found.is_ok_and(|found| {
            !whole || (found.is_file() && file.length > 0 && found.len() == file.length)
        })
    })
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
