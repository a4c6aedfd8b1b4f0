//! Reading the fields of a dictionary, with errors that say which field is wrong and where.

use std::fmt;

use bencode::{Dict, List, Value};

use crate::Error;

/// Where a dictionary stands in the torrent file, for messages.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// The outermost dictionary.
    Torrent,
    /// `info`.
    Info,
    /// The file of this number in `info.files`.
    File(usize),
    /// A file in `info.file tree`.
    TreeFile,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Torrent => Ok(()),
            Place::Info => f.write_str("info."),
            Place::File(index) => write!(f, "info.files[{index}]."),
            Place::TreeFile => f.write_str("info.file tree."),
        }
    }
}

// ANCHOR: fields
/// A dictionary, and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'d, 'a> {
    pub value: Value<'d, 'a>,
    pub place: Place,
}

impl<'d, 'a> Fields<'d, 'a> {
    pub fn get(&self, key: &str) -> Option<Value<'d, 'a>> {
        self.value.get(key)
    }

    /// The value under a key that every torrent must have.
    pub fn need(&self, key: &str) -> Result<Value<'d, 'a>, Error> {
        self.get(key).ok_or_else(|| self.missing(key))
    }
    // ANCHOR_END: fields

    // ANCHOR: need_length
    /// The number of bytes under a key, which must be there.
    pub fn need_length(&self, key: &str) -> Result<u64, Error> {
        let value = self.need(key)?;
        let length = value.as_int().and_then(|length| u64::try_from(length).ok());
        length.ok_or_else(|| self.wrong(key, value, "a number from 0 to 9223372036854775807"))
    }
    // ANCHOR_END: need_length

    pub fn need_bytes(&self, key: &str) -> Result<&'a [u8], Error> {
        let value = self.need(key)?;
        let bytes = value.as_bytes();
        bytes.ok_or_else(|| self.wrong(key, value, "a string"))
    }

    pub fn need_list(&self, key: &str) -> Result<List<'d, 'a>, Error> {
        let value = self.need(key)?;
        let list = value.list();
        list.ok_or_else(|| self.wrong(key, value, "a list"))
    }

    pub fn need_dict(&self, key: &str) -> Result<Dict<'d, 'a>, Error> {
        let value = self.need(key)?;
        let dict = value.dict();
        dict.ok_or_else(|| self.wrong(key, value, "a dictionary"))
    }
}

impl<'a> Fields<'_, 'a> {
    /// The string under the key that promises UTF-8, if there is anything in it, else the one under
    /// the plain key.
    pub fn text(&self, key: &str) -> Option<&'a [u8]> {
        let utf8 = self.get(&format!("{key}.utf-8"));
        utf8.and_then(|value| value.as_str().map(str::as_bytes))
            .filter(|text| !text.is_empty())
            .or_else(|| self.get(key)?.as_bytes())
    }

    /// The error for a value that is not there.
    pub fn missing(&self, key: &str) -> Error {
        Error::Missing {
            field: self.name(key),
        }
    }

    /// The error for a value that is not what it must be.
    pub fn wrong(&self, key: &str, value: Value<'_, '_>, expected: &'static str) -> Error {
        Error::Wrong {
            field: self.name(key),
            offset: value.span().start,
            expected,
        }
    }

    /// What a field is called in messages.
    pub fn name(&self, key: &str) -> String {
        format!("{}{key}", self.place)
    }
}
