//! The list of files: of version 1, of version 2, and what makes it safe to write.

mod collisions;
pub(crate) mod hybrid;
pub(crate) mod layers;
mod names;
mod symlinks;
pub(crate) mod v1;
pub(crate) mod v2;

use std::collections::BTreeMap;

use bencode::Value;

use crate::fields::Fields;
use crate::limits::{MAX_FILES, MAX_PATH_DEPTH, MAX_PATH_ELEMENTS, MAX_PATH_LENGTH};
use crate::path::{portable_name, safe_name};
use crate::warnings::{Excerpt, Warnings};
use crate::{Error, File, Names, Warning};

use names::Named;

/// Names of files, by their places in the list.
pub(crate) type ByPlace = BTreeMap<usize, Names>;

/// A path by its own names and, if any is another, by the portable ones.
type TwoPaths = (Vec<String>, Option<Vec<String>>);

/// Collects the files, makes their paths safe and keeps the limits.
pub(crate) struct Builder<'w> {
    /// The torrent's name, already safe.
    name: String,
    /// The portable one, if it is another.
    portable_name: Option<String>,
    files: Vec<File>,
    portable: ByPlace,
    /// Path elements of all files together.
    elements: usize,
    /// Whether there was a link that is not among the files.
    left_out: bool,
    warnings: &'w mut Warnings,
}

impl<'w> Builder<'w> {
    pub fn new(name: &str, portable_name: Option<&str>, warnings: &'w mut Warnings) -> Builder<'w> {
        Builder {
            name: name.to_owned(),
            portable_name: portable_name.map(str::to_owned),
            files: Vec::new(),
            portable: BTreeMap::new(),
            elements: 0,
            left_out: false,
            warnings,
        }
    }

    /// Adds a file. `elements` is its path inside the torrent's folder, as the torrent has it.
    /// An empty one stands for the torrent's name itself.
    ///
    /// A symbolic link that leads nowhere, or out of the torrent's folder, is left out, with a
    /// warning. It has no bytes, so the places of all others stay as they are.
    pub fn add(
        &mut self,
        fields: Fields<'_, '_>,
        elements: &[&[u8]],
        attributes: Attributes,
        length: u64,
    ) -> Result<(), Error> {
        if self.files.len() == MAX_FILES {
            return Err(Error::TooManyFiles);
        }
        let (path, portable) = self.safe_path(elements, || fields.name("path"), true)?;
        let target = match attributes.symlink {
            true => self.symlink_target(fields, &path)?,
            false => None,
        };
        if attributes.symlink && target.is_none() {
            self.left_out = true;
            return Ok(());
        }
        let (symlink, portable_symlink) = target.unzip();
        let portable_symlink = portable_symlink.flatten();
        if portable.is_some() || portable_symlink.is_some() {
            let names = Names {
                path: portable.unwrap_or_else(|| path.clone()),
                symlink: portable_symlink.or_else(|| symlink.clone()),
            };
            self.portable.insert(self.files.len(), names);
        }
        self.files.push(File {
            path,
            length,
            padding: attributes.padding,
            executable: attributes.executable,
            hidden: attributes.hidden,
            symlink,
        });
        Ok(())
    }

    /// The files, once they are known to be safe together, and the portable names of those that
    /// have others.
    pub fn finish(mut self) -> Result<(Vec<File>, ByPlace), Error> {
        if self.files.is_empty() {
            return Err(match self.left_out {
                true => Error::OnlyLinks,
                false => Error::NoFiles,
            });
        }
        names::settle(&mut self.files, &mut self.portable, self.warnings)?;
        self.files.shrink_to_fit();
        Ok((self.files, self.portable))
    }

    /// The torrent's name and the elements, each made safe; and each made portable, if that is
    /// another path.
    fn safe_path(
        &mut self,
        elements: &[&[u8]],
        field: impl Fn() -> String,
        warn: bool,
    ) -> Result<TwoPaths, Error> {
        let mut path = vec![self.name.clone()];
        let mut portable = self.portable_name.clone().map(|name| vec![name]);
        let mut length = self.name.len();
        for &raw in elements {
            let safe = safe_name(raw);
            if warn && safe.as_bytes() != raw {
                self.warnings.add(|| Warning::ElementChanged {
                    raw: Excerpt::of(raw),
                    on_disk: safe.clone().into_owned(),
                });
            }
            let other = portable_if_other(raw, &safe, self.warnings);
            length += 1 + safe.len();
            if length > MAX_PATH_LENGTH {
                return Err(Error::PathTooLong { field: field() });
            }
            if path.len() == MAX_PATH_DEPTH {
                return Err(Error::PathTooDeep { field: field() });
            }
            if other.is_some() && portable.is_none() {
                portable = Some(path.clone());
            }
            if let Some(portable) = &mut portable {
                portable.push(other.unwrap_or_else(|| safe.clone().into_owned()));
            }
            path.push(safe.into_owned());
        }
        path.shrink_to_fit();
        self.elements += path.len();
        if self.elements > MAX_PATH_ELEMENTS {
            return Err(Error::TooManyPathElements);
        }
        Ok((path, portable))
    }

    /// Where the symbolic link at `path` points, if that is inside the torrent's folder (BEP 47).
    fn symlink_target(
        &mut self,
        fields: Fields<'_, '_>,
        path: &[String],
    ) -> Result<Option<TwoPaths>, Error> {
        const KEY: &str = "symlink path";
        let elements = match fields.get(KEY) {
            Some(value) => byte_strings(fields, KEY, value)?,
            None => Vec::new(),
        };
        let path = || Excerpt::of(path.join("/"));
        if elements.is_empty() {
            self.warnings
                .add(|| Warning::LinkWithoutTarget { path: path() });
            return Ok(None);
        }
        if !elements.iter().all(|raw| symlinks::stays_inside(raw)) {
            self.warnings.add(|| Warning::LinkLeaves { path: path() });
            return Ok(None);
        }
        let target = self.safe_path(&elements, || fields.name(KEY), false)?;
        Ok(Some(target))
    }
}

/// The portable name, if it is another than the safe one.
pub(crate) fn portable_if_other(raw: &[u8], safe: &str, warnings: &mut Warnings) -> Option<String> {
    let portable = portable_name(raw);
    if portable == safe {
        return None;
    }
    warnings.add_not_portable(|| Warning::NotPortable {
        name: Excerpt::of(raw),
        portable: portable.clone().into_owned(),
    });
    Some(portable.into_owned())
}

/// The letters of `attr` (BEP 47).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Attributes {
    pub padding: bool,
    pub executable: bool,
    pub hidden: bool,
    pub symlink: bool,
}

impl Attributes {
    pub fn of(fields: Fields<'_, '_>) -> Attributes {
        let letters = fields.get("attr").and_then(|value| value.as_bytes());
        let has = |letter| letters.is_some_and(|letters| letters.contains(&letter));
        Attributes {
            padding: has(b'p'),
            executable: has(b'x'),
            hidden: has(b'h'),
            // Padding is never written, so it cannot be a link as well.
            symlink: has(b'l') && !has(b'p'),
        }
    }
}

/// The members of a list of strings, such as a path.
fn byte_strings<'a>(
    fields: Fields<'_, 'a>,
    key: &str,
    value: Value<'_, 'a>,
) -> Result<Vec<&'a [u8]>, Error> {
    let wrong = || fields.wrong(key, value, "a list of strings");
    let list = value.list().ok_or_else(wrong)?;
    list.map(|element| element.as_bytes().ok_or_else(wrong))
        .collect()
}
