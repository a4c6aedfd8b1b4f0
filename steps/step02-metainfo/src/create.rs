//! Making a torrent file: from a description of the files to canonical bencode.

use std::collections::HashSet;

use bendy::encoding::{Encoder, Error as EncodeError, SingleItemEncoder};
use thiserror::Error;

use crate::limits::{MAX_URL, MAX_URLS};
use crate::path::fault;
use crate::text::is_obeyed;
use crate::{File, Metainfo};

/// What a new torrent of version 1 says (BEP 3). Its fields mean what those of [`Metainfo`] mean.
///
/// ```
/// use metainfo::{Metainfo, create::Create};
///
/// let mut create = Create::multi("talk", 16 * 1024);
/// create.add_file(["notes", "today.txt"], 20_000).about.announce = vec![vec![
///     "http://tracker.example/announce".into(),
/// ]];
/// create.add_file(["empty"], 0);
/// let bytes = create.to_bytes(&[[1; 20], [2; 20]]).unwrap();
///
/// let torrent = Metainfo::parse(&bytes).unwrap();
/// assert_eq!(torrent.files[0].path, ["talk", "notes", "today.txt"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Create {
    /// The name of the file, or of the folder that holds the files.
    pub name: String,
    /// Whether `name` is a folder.
    pub multi_file: bool,
    /// The files, in the order of their bytes. Each path begins with the torrent's name.
    pub files: Vec<File>,
    /// The bytes of a piece.
    pub piece_length: u64,
    /// What it says beside its files.
    pub about: About,
}

/// What a new torrent says beside its files. Nothing, by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// The trackers in tiers (BEP 12).
    pub announce: Vec<Vec<String>>,
    /// HTTP servers that hold the files (BEP 19).
    pub web_seeds: Vec<String>,
    /// Peers may come from the torrent's own trackers only (BEP 27).
    pub private: bool,
    /// Where the torrent comes from; changes the info-hash.
    pub source: Option<String>,
    /// What the maker wants to say.
    pub comment: Option<String>,
    /// The program that makes the torrent.
    pub created_by: Option<String>,
    /// Now, in seconds since 1970-01-01 UTC.
    pub creation_date: Option<i64>,
}

impl Create {
    /// A torrent of one file of `length` bytes.
    pub fn single(name: impl Into<String>, length: u64, piece_length: u64) -> Create {
        let mut create = Create::multi(name, piece_length);
        create.add_file([""; 0], length);
        create.multi_file = false;
        create
    }

    /// A torrent of several files, none yet, in a folder called `name`.
    pub fn multi(name: impl Into<String>, piece_length: u64) -> Create {
        Create {
            name: name.into(),
            multi_file: true,
            files: Vec::new(),
            piece_length,
            about: About::default(),
        }
    }

    /// Adds a file of `length` bytes. The path is that inside the torrent's folder.
    pub fn add_file<S: Into<String>>(
        &mut self,
        path: impl IntoIterator<Item = S>,
        length: u64,
    ) -> &mut Create {
        let inside = path.into_iter().map(Into::into);
        self.files.push(File {
            path: std::iter::once(self.name.clone()).chain(inside).collect(),
            length,
            padding: false,
            executable: false,
            hidden: false,
            symlink: None,
        });
        self
    }

    // ANCHOR: to_bytes
    /// The torrent file, given the SHA-1 of each piece.
    ///
    /// # Errors
    ///
    /// [`CreateError`] if [`Metainfo::parse`] would refuse the torrent or read it otherwise. So a
    /// name that is dangerous anywhere cannot get into a torrent.
    pub fn to_bytes(&self, pieces: &[[u8; 20]]) -> Result<Vec<u8>, CreateError> {
        let mut encoder = Encoder::new();
        encoder.emit_with(|torrent| self.encode(torrent, pieces))?;
        let bytes = encoder.get_output()?;
        self.check(&Metainfo::parse(&bytes)?)?;
        Ok(bytes)
    }

    /// Keys are written in the order of their bytes; the encoder insists on it.
    fn encode(&self, torrent: SingleItemEncoder<'_>, pieces: &[[u8; 20]]) -> Encoded {
        let about = &self.about;
        torrent.emit_dict(|mut torrent| {
            if let Some(first) = about.announce.iter().flatten().next() {
                torrent.emit_pair(b"announce", first)?;
            }
            if about.announce.iter().flatten().count() > 1 {
                torrent.emit_pair(b"announce-list", &about.announce)?;
            }
            if let Some(comment) = &about.comment {
                torrent.emit_pair(b"comment", comment)?;
            }
            if let Some(created_by) = &about.created_by {
                torrent.emit_pair(b"created by", created_by)?;
            }
            if let Some(date) = about.creation_date {
                torrent.emit_pair(b"creation date", date)?;
            }
            torrent.emit_pair_with(b"info", |info| self.encode_info(info, pieces))?;
            if !about.web_seeds.is_empty() {
                torrent.emit_pair(b"url-list", &about.web_seeds)?;
            }
            Ok(())
        })
    }
    // ANCHOR_END: to_bytes

    fn encode_info(&self, info: SingleItemEncoder<'_>, pieces: &[[u8; 20]]) -> Encoded {
        info.emit_dict(|mut info| {
            if self.multi_file {
                info.emit_pair_with(b"files", |files| {
                    files.emit_list(|files| {
                        let mut files_of = self.files.iter();
                        files_of
                            .try_for_each(|file| files.emit_with(|entry| encode_file(entry, file)))
                    })
                })?;
            } else if let [file] = &self.files[..] {
                if let Some(attributes) = attributes(file) {
                    info.emit_pair(b"attr", attributes)?;
                }
                info.emit_pair(b"length", file.length)?;
            }
            info.emit_pair(b"name", &self.name)?;
            info.emit_pair(b"piece length", self.piece_length)?;
            info.emit_pair_with(b"pieces", |string| string.emit_bytes(pieces.as_flattened()))?;
            if self.about.private {
                info.emit_pair(b"private", 1)?;
            }
            if let Some(source) = &self.about.source {
                info.emit_pair(b"source", source)?;
            }
            Ok(())
        })
    }

    /// What was written must be read back as it was meant.
    fn check(&self, read: &Metainfo) -> Result<(), CreateError> {
        if read.name != self.name {
            return Err(CreateError::unsafe_name(&[&self.name], &[&read.name]));
        }
        for (file, read) in self.files.iter().zip(&read.files) {
            if file.path != read.path {
                return Err(CreateError::unsafe_name(&file.path, &read.path));
            }
        }
        if read.files != self.files {
            return Err(CreateError::Files);
        }
        let trackers = self.about.announce.iter().flatten();
        for error in [url_fault(trackers), url_fault(&self.about.web_seeds)] {
            error.map_or(Ok(()), Err)?;
        }
        if read.announce != self.about.announce || read.web_seeds != self.about.web_seeds {
            return Err(CreateError::Urls);
        }
        let texts = [
            &self.about.source,
            &self.about.comment,
            &self.about.created_by,
        ];
        if texts != [&read.source, &read.comment, &read.created_by] {
            return Err(CreateError::Text);
        }
        Ok(())
    }
}

type Encoded = Result<(), EncodeError>;

/// The first URL that would not be read back as it is given, and why.
fn url_fault<'a>(urls: impl IntoIterator<Item = &'a String>) -> Option<CreateError> {
    let mut seen = HashSet::new();
    urls.into_iter().find_map(|url| {
        let bytes = url.as_bytes();
        let why = if bytes.trim_ascii().is_empty() {
            "is empty"
        } else if bytes.trim_ascii() != bytes || bytes.iter().any(u8::is_ascii_control) {
            "has spaces around it, or characters in it that cannot be seen: leave them out"
        } else if url.len() > MAX_URL {
            "is longer than any client would read"
        } else if !seen.insert(url) {
            "is given twice: leave one of them out"
        } else {
            return None;
        };
        let url = url.clone();
        Some(CreateError::Url { url, why })
    })
}

fn encode_file(entry: SingleItemEncoder<'_>, file: &File) -> Encoded {
    entry.emit_dict(|mut entry| {
        if let Some(attributes) = attributes(file) {
            entry.emit_pair(b"attr", attributes)?;
        }
        entry.emit_pair(b"length", file.length)?;
        entry.emit_pair(b"path", inside(&file.path))?;
        if let Some(target) = &file.symlink {
            entry.emit_pair(b"symlink path", inside(target))?;
        }
        Ok(())
    })
}

/// A path without the torrent's name.
fn inside(path: &[String]) -> &[String] {
    path.get(1..).unwrap_or_default()
}

/// The letters of `attr` (BEP 47), if there are any.
fn attributes(file: &File) -> Option<String> {
    let letters = [
        (file.hidden, 'h'),
        (file.symlink.is_some(), 'l'),
        (file.padding, 'p'),
        (file.executable, 'x'),
    ];
    let letters = letters.iter().filter(|(set, _)| *set);
    Some(letters.map(|(_, letter)| letter).collect()).filter(|letters: &String| !letters.is_empty())
}

/// Why a torrent cannot be made.
#[derive(Debug, Clone, Error)]
pub enum CreateError {
    /// A name that [`Metainfo::parse`] changes, because it is dangerous or is there twice.
    #[error(
        "the name \"{}\" {why}: rename it, for example to \"{}\"",
        shown(name),
        shown(safe)
    )]
    UnsafeName {
        /// The name, or the whole path.
        name: String,
        /// What is wrong with it, to follow its mention.
        why: String,
        /// What [`Metainfo::parse`] makes of it.
        safe: String,
        /// Whether it is the torrent's own name, not the path of a file in it.
        is_own: bool,
    },
    /// Files that a torrent cannot describe, such as a link that has a length.
    #[error("a torrent cannot describe these files as they are given")]
    Files,
    /// A tracker or web seed that would not be read as it is given.
    #[error("the tracker or web seed {url:?} {why}")]
    Url {
        /// As it is given.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A tier without trackers, or more URLs than are read.
    #[error("a tier has no tracker, or there are more than {MAX_URLS} trackers or web seeds")]
    Urls,
    /// A comment, source or program name that is too long.
    #[error(
        "a comment, source or program name may have at most {} bytes",
        crate::limits::MAX_TEXT
    )]
    Text,
    /// The torrent would be refused, for example for a wrong number of pieces.
    #[error("the torrent would be of no use: {0}")]
    Refused(#[from] crate::Error),
    /// The encoder failed.
    #[error("the torrent could not be written: {0}")]
    Encode(#[from] EncodeError),
}

impl CreateError {
    /// The error for a path, and what is made of it.
    fn unsafe_name<S: AsRef<str>>(path: &[S], safe: &[S]) -> CreateError {
        let joined = |path: &[S]| {
            let names: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
            names.join("/")
        };
        let mut names = path.iter().map(AsRef::as_ref);
        let why = match names.find_map(fault) {
            Some(fault) => format!("{fault}, which is dangerous in a torrent"),
            None => "is there twice, or is both a file and a folder".to_owned(),
        };
        CreateError::UnsafeName {
            name: joined(path),
            why,
            safe: joined(safe),
            is_own: path.len() == 1,
        }
    }
}

/// A name as it is, but what a terminal would obey.
fn shown(name: &str) -> String {
    let mut shown = String::with_capacity(name.len());
    for char in name.chars() {
        match is_obeyed(char) {
            true => shown.extend(char.escape_debug()),
            false => shown.push(char),
        }
    }
    shown
}
