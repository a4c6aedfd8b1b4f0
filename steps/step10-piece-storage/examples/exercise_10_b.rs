//! Exercise 10b: a small file that is always the old one or the new one.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

// ANCHOR: answer
/// Replaces what is in a small file. Whatever happens, and whenever, there is the old content or the
/// new one, and never a part.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(content)?;
    file.sync_all()?; // before the name: or the name may be durable, and what it names may not
    fs::rename(&new, path)?; // POSIX: whoever opens `path` gets the one or the other
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}
// ANCHOR_END: answer

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::temp_dir().join(format!("replaced-{}", std::process::id()));
    for content in ["2 of 22", "3 of 22"] {
        replace(&path, content.as_bytes())?;
        println!("{}", fs::read_to_string(&path)?);
    }
    Ok(fs::remove_file(&path)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_the_new_content_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("resume");
        // What a run left that died in the middle.
        fs::write(path.with_extension("new"), "half of a longer conte").unwrap();
        for content in ["old", "new and longer", "short"] {
            replace(&path, content.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        main().unwrap();
    }

    #[test]
    fn what_fails_leaves_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("resume");
        replace(&path, b"old").unwrap();
        fs::create_dir(path.with_extension("new")).unwrap();
        assert!(replace(&path, b"new").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }
}
