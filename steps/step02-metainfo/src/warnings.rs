//! What is odd about a torrent that is taken all the same.

use std::fmt;

use crate::path::portable_name;

/// Something odd about a torrent. Its `Display` is a sentence for a person, with nothing in it that
/// a terminal would obey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// It is bencoded in another way than the only right one (BEP 3).
    NotCanonical(bencode::Quirk),
    /// Its `meta version` means nothing (BEP 52); it has all that version 1 needs.
    UnknownVersion,
    /// It has no name of its own.
    NoName {
        /// What is used instead: the SHA-1 of its `info`, in hex.
        used: String,
    },
    /// Its name is not safe as it is.
    NameChanged {
        /// What the torrent says.
        raw: Excerpt,
        /// What it is on disk.
        on_disk: String,
    },
    /// The name of a file or folder in it is not safe as it is.
    ElementChanged {
        /// What the torrent says.
        raw: Excerpt,
        /// What it is on disk.
        on_disk: String,
    },
    /// Two files have the same path.
    PathTaken {
        /// The last name of the path.
        name: Excerpt,
        /// Where the second one is on disk.
        on_disk: Excerpt,
    },
    /// A name that some system cannot keep.
    NotPortable {
        /// The torrent's name for it.
        name: Excerpt,
        /// What it is there.
        portable: String,
    },
    /// A file whose path some system takes for that of another file.
    SameElsewhere {
        /// The last name of the path.
        name: Excerpt,
        /// Where the file is there.
        portable: Excerpt,
    },
    /// There were more names of these two kinds. Of so many files the path is not portable.
    FilesNotPortable(usize),
    /// A symbolic link whose target is not plainly inside the torrent's folder (BEP 47). The link
    /// is left out.
    LinkLeaves {
        /// Where the link would be.
        path: Excerpt,
    },
    /// A symbolic link without a target (BEP 47). The link is left out.
    LinkWithoutTarget {
        /// Where the link would be.
        path: Excerpt,
    },
    /// A hybrid torrent without the hashes of its v2 half (BEP 52).
    NoPieceLayers,
    /// All files together have no byte.
    NothingToDownload,
    /// `private` is neither 0 nor 1 (BEP 27).
    OddPrivate,
    /// `creation date` is no number.
    OddCreationDate,
    /// A tracker or web seed that is no URL. It is left out.
    NoUrl {
        /// The key it stands under.
        field: &'static str,
        /// What it says, if it is a string.
        raw: Option<Excerpt>,
    },
    /// More trackers, or more web seeds, than are kept.
    TooManyUrls {
        /// The key they stand under.
        field: &'static str,
    },
    /// There was more that is odd: so many things.
    More(usize),
}

impl Warning {
    /// Whether something of the torrent is not made on disk. Whoever downloads it wants to know.
    pub fn leaves_out(&self) -> bool {
        matches!(
            self,
            Warning::LinkLeaves { .. } | Warning::LinkWithoutTarget { .. }
        )
    }

    /// Whether it is about a name that is fine here and may not be elsewhere.
    pub fn is_about_portability(&self) -> bool {
        matches!(
            self,
            Warning::NotPortable { .. }
                | Warning::SameElsewhere { .. }
                | Warning::FilesNotPortable(_)
        )
    }

    /// What is odd about a torrent when portable names are used.
    pub(crate) fn all_portable(warnings: Vec<Warning>) -> Vec<Warning> {
        let mut portable = Vec::new();
        for warning in warnings {
            add_new(&mut portable, warning.into_portable());
        }
        portable
    }

    fn into_portable(self) -> Warning {
        let again = |name: String| portable_name(name.as_bytes()).into_owned();
        match self {
            Warning::NameChanged { raw, on_disk } => Warning::NameChanged {
                raw,
                on_disk: again(on_disk),
            },
            Warning::ElementChanged { raw, on_disk } => Warning::ElementChanged {
                raw,
                on_disk: again(on_disk),
            },
            Warning::NotPortable { name, portable } => Warning::ElementChanged {
                raw: name,
                on_disk: portable,
            },
            Warning::SameElsewhere { name, portable } => Warning::PathTaken {
                name,
                on_disk: portable,
            },
            other => other,
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::NotCanonical(quirk) => write!(f, "the bencoding is not canonical: {quirk}"),
            Warning::UnknownVersion => {
                f.write_str("its \"meta version\" is unknown; it is read as version 1")
            }
            Warning::NoName { used } => {
                write!(
                    f,
                    "it has no name; the SHA-1 of its \"info\" is used: {used}"
                )
            }
            Warning::NameChanged { raw, on_disk } => {
                write!(f, "its name {raw} is \"{on_disk}\" on disk")
            }
            Warning::ElementChanged { raw, on_disk } => {
                write!(f, "the name {raw} is \"{on_disk}\" on disk")
            }
            Warning::PathTaken { name, on_disk } => write!(
                f,
                "a file or folder {name} is there already; this one is {on_disk} on disk"
            ),
            Warning::NotPortable { name, portable } => write!(
                f,
                "not every system can keep the name {name}; where it cannot, it is \"{portable}\" on disk"
            ),
            Warning::SameElsewhere { name, portable } => write!(
                f,
                "some systems take the name {name} for that of another file; there it is {portable} on \
                 disk"
            ),
            Warning::FilesNotPortable(files) => write!(
                f,
                "there are more such names; {files} files have a path that not every system can keep"
            ),
            Warning::LinkLeaves { path } => write!(
                f,
                "the symbolic link {path} does not plainly point into the torrent's own folder; it is \
                 left out"
            ),
            Warning::LinkWithoutTarget { path } => {
                write!(
                    f,
                    "the symbolic link {path} points to nothing; it is left out"
                )
            }
            Warning::NoPieceLayers => f.write_str(
                "the hashes of its v2 half (\"piece layers\") are not there; its v1 half is used",
            ),
            Warning::NothingToDownload => {
                f.write_str("there is nothing to download: all files are empty")
            }
            Warning::OddPrivate => {
                f.write_str("\"info.private\" is neither 0 nor 1; it is taken for 1")
            }
            Warning::OddCreationDate => {
                f.write_str("\"creation date\" is no number; it is left out")
            }
            Warning::NoUrl { field, raw: None } => {
                write!(f, "something in \"{field}\" is no URL; it is left out")
            }
            Warning::NoUrl {
                field,
                raw: Some(raw),
            } => write!(f, "{raw} in \"{field}\" is no URL; it is left out"),
            Warning::TooManyUrls { field } => write!(
                f,
                "\"{field}\" has more than {} URLs; the rest is left out",
                crate::limits::MAX_URLS
            ),
            Warning::More(number) => write!(f, "{number} more oddities"),
        }
    }
}

/// The beginning of a text from a torrent, of at most 60 bytes. Shown in quotes, with nothing in it
/// that a terminal would obey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    bytes: Vec<u8>,
    cut: bool,
}

impl Excerpt {
    /// So many bytes are kept.
    const LONGEST: usize = 60;

    /// The beginning of `text`.
    pub fn of(text: impl AsRef<[u8]>) -> Excerpt {
        let text = text.as_ref();
        Excerpt {
            bytes: text[..text.len().min(Excerpt::LONGEST)].to_vec(),
            cut: text.len() > Excerpt::LONGEST,
        }
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(&self.bytes);
        let cut = if self.cut { "…" } else { "" };
        write!(f, "\"{}{cut}\"", text.escape_debug())
    }
}

/// So many warnings are kept: a torrent made of oddities must not fill the memory with them.
const MAX_WARNINGS: usize = 50;

/// So many of them are about names that are not portable: they are more of a hint.
const MAX_NOT_PORTABLE: usize = 10;

/// Collects what is odd.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    kept: Vec<Warning>,
    more: usize,
    not_portable: Vec<Warning>,
    more_not_portable: bool,
}

impl Warnings {
    /// Notes something odd, once: a folder's name is in the paths of all its files. The warning is
    /// only made when it may be kept.
    pub fn add(&mut self, warning: impl FnOnce() -> Warning) {
        if self.kept.len() < MAX_WARNINGS {
            add_new(&mut self.kept, warning());
        } else {
            self.more += 1;
        }
    }

    /// The same for a name that is not portable.
    pub fn add_not_portable(&mut self, warning: impl FnOnce() -> Warning) {
        if self.not_portable.len() < MAX_NOT_PORTABLE {
            add_new(&mut self.not_portable, warning());
        } else {
            self.more_not_portable = true;
        }
    }

    /// The warnings, with a last one for those that were not kept. `not_portable` files have a path
    /// that is not portable.
    pub fn into_list(mut self, not_portable: usize) -> Vec<Warning> {
        if self.more > 0 {
            self.kept.push(Warning::More(self.more));
        }
        self.kept.append(&mut self.not_portable);
        if self.more_not_portable {
            self.kept.push(Warning::FilesNotPortable(not_portable));
        }
        self.kept
    }
}

fn add_new(kept: &mut Vec<Warning>, warning: Warning) {
    if !kept.contains(&warning) {
        kept.push(warning);
    }
}
