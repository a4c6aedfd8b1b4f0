//! Exercise 14a: what is to be believed after an end in order.

use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

// ANCHOR: answer
/// How a file is: its length, and when it was last written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    length: u64,
    modified: SystemTime,
}

/// Looks at a file; `None` if it is not there.
fn look(path: &Path) -> io::Result<Option<Look>> {
    match fs::metadata(path) {
        Ok(found) => Ok(Some(Look {
            length: found.len(),
            modified: found.modified()?,
        })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a file is to be trusted, and why not.
fn verdict(noted: Option<Look>, now: Option<Look>) -> &'static str {
    match (noted, now) {
        (_, None) => "it is not there",
        (None, Some(_)) => "nothing is noted of it",
        (Some(was), Some(is)) if was.length != is.length => "it has another length",
        (Some(was), Some(is)) if was.modified != is.modified => "somebody has written to it",
        (Some(_), Some(_)) => "trusted",
    }
}
// ANCHOR_END: answer

fn main() -> io::Result<()> {
    let path = std::env::temp_dir().join(format!("noted-{}", std::process::id()));
    println!("before it is made: {}", verdict(None, look(&path)?));
    fs::write(&path, "piece 0!")?;
    let noted = look(&path)?;
    println!("as it was noted:   {}", verdict(noted, look(&path)?));
    fs::write(&path, "piece 0 ")?;
    fs::File::open(&path)?.set_modified(SystemTime::UNIX_EPOCH)?;
    println!("changed:           {}", verdict(noted, look(&path)?));
    fs::remove_file(path)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn each_difference_has_its_word() {
        let modified = SystemTime::UNIX_EPOCH;
        let noted = Look {
            length: 8,
            modified,
        };
        let longer = Look { length: 9, ..noted };
        let later = Look {
            modified: modified + Duration::from_secs(1),
            ..noted
        };
        assert_eq!(verdict(Some(noted), Some(noted)), "trusted");
        assert_eq!(verdict(Some(noted), None), "it is not there");
        assert_eq!(verdict(None, None), "it is not there");
        assert_eq!(verdict(None, Some(noted)), "nothing is noted of it");
        assert_eq!(verdict(Some(noted), Some(longer)), "it has another length");
        let written = "somebody has written to it";
        assert_eq!(verdict(Some(noted), Some(later)), written);
        assert_eq!(verdict(Some(later), Some(noted)), written);
        main().unwrap();
    }
}
