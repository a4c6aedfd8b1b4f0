//! The files of version 1 (BEP 3): `length` for one file, `files` for several.

use bencode::Value;

use super::{Attributes, Builder, byte_strings};
use crate::Error;
use crate::fields::{Fields, Place};

// ANCHOR: read
/// Reads the files into the builder. Tells whether the torrent's name is a folder.
pub(crate) fn read(info: Fields<'_, '_>, builder: &mut Builder<'_>) -> Result<bool, Error> {
    if info.get("files").is_none() && info.get("length").is_some() {
        single(info, builder)?;
        return Ok(false);
    }
    for (index, value) in info.need_list("files")?.enumerate() {
        let file = Fields {
            value,
            place: Place::File(index),
        };
        several(file, builder)?;
    }
    Ok(true)
}

/// The torrent is one file, and its name is the file's name.
fn single(info: Fields<'_, '_>, builder: &mut Builder<'_>) -> Result<(), Error> {
    // ANCHOR: yours_single (chapter 2, "One file or several")
    let attributes = Attributes {
        // One file alone has nothing to fill up and nothing to point to.
        padding: false,
        symlink: false,
        ..Attributes::of(info)
    };
    let length = info.need_length("length")?;
    builder.add(info, &[], attributes, length)
    // ANCHOR_END: yours_single
}

/// One file of several, in the folder of the torrent's name.
fn several(file: Fields<'_, '_>, builder: &mut Builder<'_>) -> Result<(), Error> {
    let mut attributes = Attributes::of(file);
    let length = match attributes.symlink {
        true => 0,
        false => file.need_length("length")?,
    };
    // A padding file needs no path (BEP 47).
    let number = length.to_string();
    let path = match path(file)? {
        Some(path) => path,
        None if attributes.padding => vec![b".pad", number.as_bytes()],
        None => return Err(file.missing("path")),
    };
    // BitComet had padding files before there was an attribute for them.
    let last = path.last().filter(|_| !attributes.symlink);
    attributes.padding |= last.is_some_and(|name| name.starts_with(BITCOMET_PADDING));
    builder.add(file, &path, attributes, length)
}
// ANCHOR_END: read

const BITCOMET_PADDING: &[u8] = b"_____padding_file_";

/// The path of a file, if it has one. That of which UTF-8 is promised is preferred.
fn path<'a>(file: Fields<'_, 'a>) -> Result<Option<Vec<&'a [u8]>>, Error> {
    if let Some(elements) = file.get("path.utf-8").and_then(texts) {
        return Ok(Some(elements));
    }
    let Some(value) = file.get("path") else {
        return Ok(None);
    };
    let elements = byte_strings(file, "path", value)?;
    match elements.is_empty() {
        true => Err(file.wrong("path", value, "a list of at least one name")),
        false => Ok(Some(elements)),
    }
}

/// The texts of a list, if there are any and all are UTF-8 and none is empty.
fn texts<'a>(list: Value<'_, 'a>) -> Option<Vec<&'a [u8]>> {
    let texts = list.list()?.map(|text| text.as_str().map(str::as_bytes));
    texts
        .collect::<Option<Vec<_>>>()
        .filter(|texts| !texts.is_empty() && !texts.contains(&&b""[..]))
}
