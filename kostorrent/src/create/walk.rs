//! Which files go into a torrent, and in what order.

use std::fs;
use std::path::{Path, PathBuf};

use super::CreateError;

/// A file to be shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it is on this machine.
    pub path: PathBuf,
    /// Its path inside the torrent's folder; empty when the torrent is this one file.
    pub inside: Vec<String>,
    /// Its size in bytes.
    pub length: u64,
}

/// Lists the file, or all files of the folder, sorted by their paths, byte by byte: the order of
/// a folder's entries on disk is another one on every machine, and the info-hash depends on it.
pub(super) fn walk(root: &Path) -> Result<Vec<Source>, CreateError> {
    // What was named on the command line may be a link: it was chosen on purpose.
    let metadata = fs::metadata(root).map_err(|error| CreateError::read(root, error))?;
    if metadata.is_file() {
        let length = metadata.len();
        return Ok(vec![Source {
            path: root.to_owned(),
            inside: Vec::new(),
            length,
        }]);
    }
    if !metadata.is_dir() {
        return Err(CreateError::NeitherFileNorFolder(root.to_owned()));
    }
    let mut files = Vec::new();
    let mut folders = vec![(root.to_owned(), Vec::new())];
    while let Some((folder, inside)) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|error| CreateError::read(&folder, error))? {
            let entry = entry.map_err(|error| CreateError::read(&folder, error))?;
            let path = entry.path();
            let Ok(name) = entry.file_name().into_string() else {
                return Err(CreateError::NotUtf8(path));
            };
            let inside: Vec<String> = inside.iter().cloned().chain([name]).collect();
            let kind = entry
                .file_type()
                .map_err(|error| CreateError::read(&path, error))?;
            if kind.is_dir() {
                folders.push((path, inside));
            } else if kind.is_file() {
                let metadata = entry
                    .metadata()
                    .map_err(|error| CreateError::read(&path, error))?;
                files.push(Source {
                    path,
                    inside,
                    length: metadata.len(),
                });
            } else if kind.is_symlink() {
                return Err(CreateError::Symlink(path));
            } else {
                return Err(CreateError::NeitherFileNorFolder(path));
            }
        }
    }
    files.sort_by(|a, b| a.inside.cmp(&b.inside));
    Ok(files)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn files_come_in_the_order_of_their_paths() {
        let dir = tempfile::tempdir().unwrap();
        for path in ["b.txt", "a/z", "a/b/c", "a.txt", ".hidden", "Z"] {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "12").unwrap();
        }
        fs::create_dir(dir.path().join("empty folder")).unwrap();
        let files = walk(dir.path()).unwrap();
        let paths: Vec<_> = files.iter().map(|file| file.inside.join("/")).collect();
        assert_eq!(paths, [".hidden", "Z", "a/b/c", "a/z", "a.txt", "b.txt"]);
        assert!(files.iter().all(|file| file.length == 2));
    }

    #[test]
    fn one_file_is_a_torrent_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("one");
        fs::write(&path, "abc").unwrap();
        assert_eq!(
            walk(&path).unwrap(),
            [Source {
                path,
                inside: vec![],
                length: 3
            }]
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_and_odd_things_are_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("nowhere", dir.path().join("link")).unwrap();
        assert!(walk(dir.path()).unwrap_err().to_string().contains("link"));

        let dir = tempfile::tempdir().unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("socket")).unwrap();
        assert!(walk(dir.path()).unwrap_err().to_string().contains("socket"));
    }
}
