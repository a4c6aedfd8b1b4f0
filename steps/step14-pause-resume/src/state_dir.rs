//! Where a program keeps what it has to remember.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The folder's name.
const NAME: &str = "kostorrent";

/// Systems that keep such things at different places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Linux, the BSDs and what else follows the XDG base directories.
    Xdg,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
}

impl System {
    /// The one that this is compiled for.
    pub const HERE: System = if cfg!(windows) {
        System::Windows
    } else if cfg!(target_os = "macos") {
        System::MacOs
    } else {
        System::Xdg
    };
}

/// The environment names no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "there is no folder to remember things in: {} is not set; name a folder with --state",
    home(*.0)
)]
pub struct NoStateDir(System);

fn home(system: System) -> &'static str {
    match system {
        System::Xdg | System::MacOs => "HOME",
        System::Windows => "LOCALAPPDATA",
    }
}

/// The folder in which resume files are kept, unless the user names another. It may not be there
/// yet. `var` gives the values of the environment: `std::env::var_os`.
///
/// That is `kostorrent` below
///
/// - `$XDG_STATE_HOME`, where that is an absolute path (XDG Base Directory Specification: others
///   are to be ignored), whatever the system but Windows;
/// - else `~/.local/state`, as the same specification says; on macOS `~/Library/Application Support`;
/// - on Windows `%LOCALAPPDATA%`: what one machine remembers of its disks is of no use to another.
///
/// # Errors
///
/// [`NoStateDir`] when the environment says where none of these is.
pub fn state_dir(
    system: System,
    var: impl Fn(&str) -> Option<OsString>,
) -> Result<PathBuf, NoStateDir> {
    let absolute = |name: &str| {
        let path = var(name).map(PathBuf::from)?;
        let is_usable = match system {
            System::Windows => !path.as_os_str().is_empty(),
            System::Xdg | System::MacOs => path.has_root(),
        };
        is_usable.then_some(path)
    };
    let below_home = |path: &str| Some(absolute("HOME")?.join(Path::new(path)));
    let found = match system {
        System::Xdg => absolute("XDG_STATE_HOME").or_else(|| below_home(".local/state")),
        System::MacOs => {
            absolute("XDG_STATE_HOME").or_else(|| below_home("Library/Application Support"))
        }
        System::Windows => absolute("LOCALAPPDATA"),
    };
    Ok(found.ok_or(NoStateDir(system))?.join(NAME))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn dir(system: System, vars: &[(&str, &str)]) -> Option<PathBuf> {
        let var = |name: &str| {
            let found = vars.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        state_dir(system, var).ok()
    }

    #[test]
    fn it_is_where_the_xdg_rules_say() {
        let home = ("HOME", "/home/me");
        let dir = |vars: &[_]| dir(System::Xdg, vars);
        let usual = Some("/home/me/.local/state/kostorrent".into());
        assert_eq!(dir(&[home]), usual);
        assert_eq!(dir(&[home, ("XDG_STATE_HOME", "")]), usual);
        assert_eq!(dir(&[home, ("XDG_STATE_HOME", "here")]), usual);
        let named = dir(&[home, ("XDG_STATE_HOME", "/var/s")]);
        assert_eq!(named, Some("/var/s/kostorrent".into()));
        assert_eq!(dir(&[("HOME", "me")]), None);
    }

    #[test]
    fn other_systems_have_other_places() {
        let found = dir(System::MacOs, &[("HOME", "/Users/me")]);
        let expected = "/Users/me/Library/Application Support/kostorrent";
        assert_eq!(found, Some(expected.into()));
        let found = dir(
            System::Windows,
            &[("LOCALAPPDATA", "C:/Local"), ("HOME", "/x")],
        );
        assert_eq!(found, Some("C:/Local/kostorrent".into()));
    }

    #[test]
    fn without_a_home_there_is_a_reason() {
        for system in [System::Xdg, System::MacOs, System::Windows] {
            let error = state_dir(system, |_| None).unwrap_err().to_string();
            assert!(
                error.contains(home(system)) && error.contains("--state"),
                "{error}"
            );
        }
    }
}
