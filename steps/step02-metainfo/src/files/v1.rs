//! The files of version 1 (BEP 3): `length` for one file, `files` for several.

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
    let attributes = Attributes {
        // One file alone has nothing to fill up and nothing to point to.
        padding: false,
        symlink: false,
        ..Attributes::of(info)
    };
    let length = info.need_length("length")?;
    builder.add(info, [].into_iter(), attributes, length)
}

/// One file of several, in the folder of the torrent's name.
fn several(file: Fields<'_, '_>, builder: &mut Builder<'_>) -> Result<(), Error> {
    let mut attributes = Attributes::of(file);
    let length = match attributes.symlink {
        true => 0,
        false => file.need_length("length")?,
    };
    let path = path(file, attributes, length)?;
    // BitComet had padding files before there was an attribute for them.
    let last = path.last().map(|element| element.as_ref());
    attributes.padding |= last.is_some_and(|name: &[u8]| name.starts_with(b"_____padding_file_"));
    let elements = path.iter().map(|element| element.as_ref());
    builder.add(file, elements, attributes, length)
}
// ANCHOR_END: read

/// The path of a file. A padding file needs none (BEP 47).
fn path<'a>(
    file: Fields<'_, 'a>,
    attributes: Attributes,
    length: u64,
) -> Result<Vec<std::borrow::Cow<'a, [u8]>>, Error> {
    let utf8 = file.get("path.utf-8").filter(|value| {
        let mut elements = value.list().into_iter().flatten().peekable();
        elements.peek().is_some() && elements.all(|element| element.as_str().is_some())
    });
    if attributes.padding && utf8.is_none() && file.get("path").is_none() {
        let number = length.to_string().into_bytes();
        return Ok(vec![b".pad"[..].into(), number.into()]);
    }
    let (key, value) = match utf8 {
        Some(value) => ("path.utf-8", value),
        None => ("path", file.need("path")?),
    };
    let elements = byte_strings(file, key, value)?;
    if elements.is_empty() {
        return Err(file.wrong(key, value, "a list of at least one name"));
    }
    Ok(elements.into_iter().map(Into::into).collect())
}
