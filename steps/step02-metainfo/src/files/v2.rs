//! The files of version 2 (BEP 52): a tree of dictionaries, one for each folder.

use bencode::{Dict, Value};

use super::{Attributes, Builder};
use crate::Error;
use crate::fields::{Fields, Place};
use crate::limits::MAX_PATH_DEPTH;
use crate::merkle::Hash;

/// Whether version 2 allows pieces of this length.
pub(crate) fn is_piece_length(length: u64) -> bool {
    length >= 16 * 1024 && length.is_power_of_two()
}

/// The root of a file's hash tree.
pub(crate) struct Root {
    /// Which file: its place in the builder's list.
    pub file: usize,
    pub hash: Hash,
}

/// Reads the files into the builder. Gives back `multi_file`, which is whether the torrent's name is
/// a folder, and the roots of the files that are not empty.
///
/// The tree is walked with a list of the folders that are open, not by a function that calls
/// itself: how deep the tree goes is the torrent's choice.
pub(crate) fn read(
    info: Fields<'_, '_>,
    multi_file: bool,
    builder: &mut Builder<'_>,
) -> Result<(bool, Vec<Root>), Error> {
    let mut roots = Vec::new();
    let mut open = vec![info.need_dict("file tree")?];
    // The names of the open folders but the first, then of the entry that is being read.
    let mut path: Vec<&[u8]> = Vec::new();

    while let Some(folder) = open.last_mut() {
        let entry = next_entry(folder, info)?;
        path.truncate(open.len() - 1);
        let Some((name, value)) = entry else {
            open.pop();
            continue;
        };
        path.push(name);
        if let Some(properties) = properties(value)? {
            let file = Fields {
                value: properties,
                place: Place::TreeFile,
            };
            let inside = if multi_file { path.len() } else { 0 };
            roots.extend(self::file(file, &path[..inside], builder)?);
        } else if open.len() + 1 == MAX_PATH_DEPTH {
            let field = info.name("file tree");
            return Err(Error::PathTooDeep { field });
        } else {
            open.extend(value.dict());
        }
    }
    Ok((multi_file, roots))
}

fn file(
    file: Fields<'_, '_>,
    path: &[&[u8]],
    builder: &mut Builder<'_>,
) -> Result<Option<Root>, Error> {
    let attributes = Attributes {
        // One file alone has nothing to point to.
        symlink: !path.is_empty() && Attributes::of(file).symlink,
        ..Attributes::of(file)
    };
    let length = match attributes.symlink {
        true => 0,
        false => file.need_length("length")?,
    };
    let hash = match attributes.symlink {
        true => None,
        false => root(file, length)?,
    };
    let place = builder.files.len();
    builder.add(file, path, attributes, length)?;
    if let (true, Some(padding)) = (attributes.padding, builder.files.get(place)) {
        // Every file begins a new piece, so there is nothing to fill up.
        let path = padding.path.join("/");
        return Err(Error::PaddingInTree { path });
    }
    Ok(hash.map(|hash| Root { file: place, hash }))
}

/// The root of a file's hash tree. An empty file has none.
fn root(file: Fields<'_, '_>, length: u64) -> Result<Option<Hash>, Error> {
    const KEY: &str = "pieces root";
    if length == 0 {
        return match file.get(KEY) {
            Some(root) => Err(file.wrong(KEY, root, "left out of an empty file")),
            None => Ok(None),
        };
    }
    let root = file.need(KEY)?;
    let hash = root.as_bytes().and_then(|root| Hash::try_from(root).ok());
    match hash {
        Some(hash) if hash == [0; 32] => Err(file.wrong(KEY, root, "a hash, which zeros are not")),
        Some(hash) => Ok(Some(hash)),
        None => Err(file.wrong(KEY, root, "a string of 32 bytes")),
    }
}

/// The next entry of a folder. Every entry has a name and is a dictionary.
fn next_entry<'d, 'a>(
    folder: &mut Dict<'d, 'a>,
    info: Fields<'_, '_>,
) -> Result<Option<(&'a [u8], Value<'d, 'a>)>, Error> {
    let Some((name, value)) = folder.next() else {
        return Ok(None);
    };
    if name.is_empty() {
        let offset = value.span().start;
        return Err(Error::FileAndFolder { offset });
    }
    if value.dict().is_none() {
        return Err(info.wrong("file tree", value, "made of dictionaries"));
    }
    Ok(Some((name, value)))
}

/// What is under the empty name, if the entry is a file. Then nothing may stand beside it.
fn properties<'d, 'a>(entry: Value<'d, 'a>) -> Result<Option<Value<'d, 'a>>, Error> {
    let mut entries = entry.dict().into_iter().flatten();
    match (entries.next(), entries.next()) {
        (Some((b"", properties)), None) => Ok(Some(properties)),
        (Some((b"", properties)), Some(_)) => Err(Error::FileAndFolder {
            offset: properties.span().start,
        }),
        _ => Ok(None),
    }
}

/// Whether the torrent's name is a folder. One file at the top of the tree, of the torrent's own
/// name, is a torrent of a single file.
pub(crate) fn is_multi(info: Fields<'_, '_>) -> bool {
    let name = info.get("name").and_then(|name| name.as_bytes());
    let mut entries = info
        .get("file tree")
        .and_then(|tree| tree.dict())
        .into_iter()
        .flatten();
    match (entries.next(), entries.next()) {
        (Some((only, value)), None) => {
            Some(only) != name || !matches!(properties(value), Ok(Some(_)))
        }
        _ => true,
    }
}
