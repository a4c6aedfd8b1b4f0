//! What is odd about a torrent that is taken all the same.

use std::fmt;

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
    /// Two files have the same path, or would have it on some system.
    PathTaken {
        /// The last name of the path.
        name: Excerpt,
        /// Where the second one is on disk.
        on_disk: Excerpt,
    },
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

/// Collects what is odd.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    kept: Vec<Warning>,
    more: usize,
}

impl Warnings {
    /// Notes something odd. The warning is only made when it is kept.
    pub fn add(&mut self, warning: impl FnOnce() -> Warning) {
        if self.kept.len() < MAX_WARNINGS {
            self.kept.push(warning());
        } else {
            self.more += 1;
        }
    }

    /// The warnings, with a last one for those that were not kept.
    pub fn into_list(mut self) -> Vec<Warning> {
        if self.more > 0 {
            self.kept.push(Warning::More(self.more));
        }
        self.kept
    }
}
