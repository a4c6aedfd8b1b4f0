//! Reading a torrent file, in bounded memory.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use metainfo::Metainfo;

use super::failure::Failure;
use super::text::printable;

/// The largest torrent file that is read, in bytes.
const MAX_SIZE: u64 = 64 << 20;

/// Reads and parses a torrent file of at most 64 MiB.
pub(crate) fn load(path: &Path) -> Result<Metainfo, Failure> {
    let bytes = read(path)?;
    Metainfo::parse(&bytes).map_err(|error| {
        Failure::Failed(format!(
            "{} is not a usable torrent file: {error}",
            path.display()
        ))
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let text = path.to_string_lossy();
    if text.starts_with("magnet:") {
        return Err(Failure::not_yet("opening magnet links"));
    }
    if text.starts_with("http://") || text.starts_with("https://") {
        return Err(Failure::Usage(format!(
            "{} is an address: download the torrent file first",
            printable(&text)
        )));
    }
    let cannot_read = |error| Failure::io("read", path, &error);
    let file = File::open(path).map_err(cannot_read)?;
    if file.metadata().map_err(cannot_read)?.is_dir() {
        return Err(Failure::Failed(format!(
            "{} is a folder: name the torrent file itself",
            path.display()
        )));
    }
    let mut bytes = Vec::new();
    file.take(MAX_SIZE + 1)
        .read_to_end(&mut bytes)
        .map_err(cannot_read)?;
    if bytes.len() as u64 > MAX_SIZE {
        return Err(Failure::Failed(format!(
            "{} is larger than 64 MiB: that is no torrent file",
            path.display()
        )));
    }
    Ok(bytes)
}
