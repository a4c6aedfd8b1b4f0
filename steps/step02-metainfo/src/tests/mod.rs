//! Torrents good, odd, bad and hostile.

mod bad;
mod collisions;
mod created;
mod good;
mod hybrid;
mod layers;
mod limits;
mod names;
mod properties;
mod symlinks;
mod trackers;
mod v2;

use crate::{Error, Metainfo};

/// A value for a test torrent. Dictionaries are written in the order given.
#[derive(Debug, Clone)]
pub enum Ben {
    Int(i128),
    Bytes(Vec<u8>),
    List(Vec<Ben>),
    Dict(Vec<(&'static str, Ben)>),
}

impl Ben {
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Ben::Int(number) => out.extend(format!("i{number}e").bytes()),
            Ben::Bytes(bytes) => {
                out.extend(format!("{}:", bytes.len()).bytes());
                out.extend(bytes);
            }
            Ben::List(list) => {
                out.push(b'l');
                list.iter().for_each(|value| value.write(out));
                out.push(b'e');
            }
            Ben::Dict(entries) => {
                out.push(b'd');
                for (key, value) in entries {
                    text(key).write(out);
                    value.write(out);
                }
                out.push(b'e');
            }
        }
    }
}

pub fn text(text: &str) -> Ben {
    Ben::Bytes(text.into())
}

pub fn int(number: i128) -> Ben {
    Ben::Int(number)
}

pub fn path(elements: &[&str]) -> Ben {
    Ben::List(elements.iter().map(|element| text(element)).collect())
}

/// A file in `files`.
pub fn file(elements: &[&str], length: i128) -> Ben {
    Ben::Dict(vec![("length", int(length)), ("path", path(elements))])
}

/// So many piece hashes.
pub fn pieces(count: usize) -> Ben {
    Ben::Bytes(vec![b'h'; 20 * count])
}

/// A torrent around an `info`.
pub fn torrent(info: Vec<(&'static str, Ben)>) -> Vec<u8> {
    Ben::Dict(vec![("info", Ben::Dict(info))]).bytes()
}

/// The `info` of one file of three bytes.
pub fn single() -> Vec<(&'static str, Ben)> {
    vec![
        ("length", int(3)),
        ("name", text("a.txt")),
        ("piece length", int(16384)),
        ("pieces", pieces(1)),
    ]
}

/// The `info` of files whose bytes fit in one piece.
pub fn multi(files: Vec<Ben>) -> Vec<(&'static str, Ben)> {
    vec![
        ("files", Ben::List(files)),
        ("name", text("folder")),
        ("piece length", int(16384)),
        ("pieces", pieces(1)),
    ]
}

/// The fields with another value for a key, or with the key added.
pub fn with(
    mut fields: Vec<(&'static str, Ben)>,
    key: &'static str,
    value: Ben,
) -> Vec<(&'static str, Ben)> {
    match fields.iter_mut().find(|(present, _)| *present == key) {
        Some(field) => field.1 = value,
        None => fields.push((key, value)),
    }
    sorted(fields)
}

/// The fields in the order that is canonical.
pub fn sorted(mut fields: Vec<(&'static str, Ben)>) -> Vec<(&'static str, Ben)> {
    fields.sort_by_key(|(key, _)| *key);
    fields
}

pub fn without(
    mut fields: Vec<(&'static str, Ben)>,
    key: &'static str,
) -> Vec<(&'static str, Ben)> {
    fields.retain(|(present, _)| *present != key);
    fields
}

pub fn parse(info: Vec<(&'static str, Ben)>) -> Result<Metainfo, Error> {
    Metainfo::parse(&torrent(info))
}

/// What is odd about a torrent, in sentences.
pub fn warnings(torrent: &Metainfo) -> Vec<String> {
    torrent.warnings.iter().map(ToString::to_string).collect()
}

/// The paths of a torrent's files, with slashes.
pub fn paths(torrent: &Metainfo) -> Vec<String> {
    torrent
        .files
        .iter()
        .map(|file| file.path.join("/"))
        .collect()
}
