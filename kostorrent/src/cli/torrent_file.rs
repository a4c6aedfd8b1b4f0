//! Reading a torrent file, in bounded memory.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::Path;

use metainfo::{MAX_TORRENT_SIZE, Metainfo};

use super::failure::Failure;
use super::job::{self, Found};
use super::text::printable;
use super::{args, face};

/// What stands for the torrent file that comes through stdin.
const STDIN: &str = "-";

/// Reads and parses a torrent file of at most [`MAX_TORRENT_SIZE`] bytes; `-` is stdin.
pub(crate) fn load(path: &Path, names: args::FileNames) -> Result<Metainfo, Failure> {
    Ok(named(parse(path, &read(path)?)?, names))
}

/// The same, for a torrent that is to be worked on: tells what of it is not made on disk.
pub(crate) fn load_to_use(
    path: &Path,
    names: args::FileNames,
    face: args::Face,
) -> Result<Found, Failure> {
    let bytes = read(path)?;
    let metainfo = parse(path, &bytes)?;
    let info = metainfo::info_bytes(&bytes).unwrap_or_default().into();
    let nodes = dht::torrent_nodes(&bytes);
    drop(bytes);
    let metainfo = to_use(metainfo, names, face)?.into();
    Ok(Found {
        metainfo,
        info,
        nodes,
    })
}

/// A torrent that is to be worked on: tells what of it is not made on disk.
pub(crate) fn to_use(
    torrent: Metainfo,
    names: args::FileNames,
    face: args::Face,
) -> Result<Metainfo, Failure> {
    let warnings = torrent.warnings.iter();
    for warning in warnings.filter(|warning| warning.leaves_out()) {
        face::warn(face, &warning.to_string())?;
    }
    Ok(named(torrent, names))
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Metainfo, Failure> {
    Metainfo::parse(bytes).map_err(|error| {
        Failure::Failed(format!(
            "{} is not a usable torrent file: {error}",
            name(path)
        ))
    })
}

/// With only names that every system can keep, if these are wanted.
pub(crate) fn named(torrent: Metainfo, names: args::FileNames) -> Metainfo {
    match names.portable_names {
        true => torrent.into_portable(),
        false => torrent,
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let text = path.to_string_lossy();
    if job::magnet(path)?.is_some() {
        return Err(Failure::Usage(
            "a magnet link says too little for this: `kostorrent show LINK -o FILE` fetches the torrent \
             file that it names"
                .into(),
        ));
    }
    if text.starts_with("http://") || text.starts_with("https://") {
        return Err(Failure::Usage(format!(
            "{} is an address: download the torrent file first",
            printable(&text)
        )));
    }
    let cannot_read = |error| Failure::io("read", Path::new(&name(path)), &error);
    if path == Path::new(STDIN) {
        let stdin = io::stdin();
        if stdin.is_terminal() {
            return Err(Failure::Failed(
                "- is stdin, and stdin is a terminal: lead a torrent file into it, or name one"
                    .into(),
            ));
        }
        return bounded(
            path,
            metainfo::read_limited(stdin.lock()).map_err(cannot_read)?,
        );
    }
    let file = File::open(path).map_err(cannot_read)?;
    if file.metadata().map_err(cannot_read)?.is_dir() {
        return Err(Failure::Failed(format!(
            "{} is a folder: name the torrent file itself",
            path.display()
        )));
    }
    bounded(path, metainfo::read_limited(file).map_err(cannot_read)?)
}

fn bounded(path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, Failure> {
    if bytes.len() > MAX_TORRENT_SIZE {
        return Err(Failure::Failed(format!(
            "{} is larger than {}: that is no torrent file",
            name(path),
            progress::bytes(MAX_TORRENT_SIZE as u64)
        )));
    }
    Ok(bytes)
}

/// What a person calls it.
fn name(path: &Path) -> String {
    match path == Path::new(STDIN) {
        true => "stdin".to_owned(),
        false => path.display().to_string(),
    }
}
