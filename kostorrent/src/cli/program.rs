//! How this program is called, in a command that a person is to copy.

use std::env;
use std::path::{Path, PathBuf};

/// `kostorrent` where the shell finds us by that name; else the path of the program, relative where
/// that is shorter.
pub(crate) fn program() -> String {
    let name = env!("CARGO_PKG_NAME");
    let Ok(exe) = env::current_exe() else {
        return name.into();
    };
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    let places = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&places)
        .map(|folder| folder.join(&file))
        .find(|p| p.is_file());
    if found.is_some_and(|found| same(&found, &exe)) {
        return name.into();
    }
    let here = env::current_dir().unwrap_or_default();
    let path = match exe.strip_prefix(&here) {
        Ok(inside) if inside.components().count() > 1 => inside.to_owned(),
        Ok(inside) => PathBuf::from(".").join(inside),
        Err(_) => exe,
    };
    quoted(&path)
}

fn same(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    if text.contains(' ') {
        format!("\"{text}\"")
    } else {
        text.into_owned()
    }
}
