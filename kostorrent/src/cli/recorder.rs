//! Where `--record` writes: a new file, or in the place of an old recording.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _};
use std::path::Path;
use std::sync::Arc;

use recording::Target;

use super::args::Record;
use super::failure::Failure;

/// What every recording begins with.
const BEGINNING: &[u8] = b"{\"kostorrent_recording\":";

/// Opens the file that was named, if one was.
pub(crate) fn target(args: &Record) -> Result<Option<Target>, Failure> {
    let Some(path) = &args.file else {
        return Ok(None);
    };
    Ok(Some(Target {
        file: Arc::new(open(path)?),
        path: path.clone(),
        anonymous: args.anonymous,
    }))
}

fn open(path: &Path) -> Result<File, Failure> {
    let failed = |error| Failure::io("write the recording", path, &error);
    match File::options().write(true).create_new(true).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        opened => return opened.map_err(failed),
    }
    let found = path.metadata().map_err(failed)?;
    if !found.is_file() {
        // A pipe or a device: what reads there has a use for it.
        return File::options().write(true).open(path).map_err(failed);
    }
    let file = File::options().read(true).write(true).open(path);
    let mut file = file.map_err(failed)?;
    let mut old = Vec::new();
    let most = BEGINNING.len() as u64;
    (&file).take(most).read_to_end(&mut old).map_err(failed)?;
    if !old.is_empty() && old != BEGINNING {
        return Err(Failure::Failed(format!(
            "{} is there and is no recording, so --record does not write over it: remove it first, or \
             name another file",
            path.display()
        )));
    }
    file.set_len(0).map_err(failed)?;
    file.rewind().map_err(failed)?;
    Ok(file)
}
