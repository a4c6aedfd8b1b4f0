//! From the bytes of a torrent file to [`Metainfo`].

use bencode::{Limits, Mode, Options};
use sha2::{Digest, Sha256};

use crate::fields::{Fields, Place};
use crate::files::{self, Builder};
use crate::limits::{MAX_TEXT, MAX_TORRENT_SIZE};
use crate::model::v2_piece_count;
use crate::warnings::{Excerpt, Warnings};
use crate::{Error, File, InfoHash, Metainfo, Portable, Version, Warning, path, trackers};

/// The bytes of a torrent file's `info` dictionary, as they stand there: what peers call its metadata
/// (BEP 9). `None` if there is no such dictionary.
pub fn info_bytes(torrent: &[u8]) -> Option<Vec<u8>> {
    let document = DECODE.decode(torrent).ok()?;
    let info = document.root().get("info")?;
    info.dict()?;
    Some(info.raw().to_vec())
}

impl Metainfo {
    // ANCHOR: parse
    /// Reads a torrent file.
    ///
    /// The memory taken is bounded: some 110 MiB while it reads, and what the result needs.
    ///
    /// # Errors
    ///
    /// [`Error`] says what makes the torrent unusable or dangerous. What is merely odd is listed
    /// in [`Metainfo::warnings`].
    pub fn parse(bytes: &[u8]) -> Result<Metainfo, Error> {
        let document = DECODE.decode(bytes)?;
        let mut warnings = Warnings::default();
        for &quirk in document.quirks() {
            warnings.add(|| Warning::NotCanonical(quirk));
        }
        // ANCHOR_END: parse

        // ANCHOR: info_hash
        let torrent = Fields {
            value: document.root(),
            place: Place::Torrent,
        };
        torrent.value.dict().ok_or(Error::NotADictionary)?;
        torrent.need_dict("info")?;
        let info = Fields {
            value: torrent.need("info")?,
            place: Place::Info,
        };

        // The torrent's name in the protocol: the hash of these very bytes, not of our idea of them.
        let original = info.value.raw();
        let version = version(info, &mut warnings)?;
        let info_hash_v1 = (version != Version::V2).then(|| InfoHash::of(original));
        let info_hash_v2 = (version != Version::V1).then(|| Sha256::digest(original).into());
        // ANCHOR_END: info_hash

        let (name, portable_name) = name(info, &mut warnings)?;
        let piece_length = piece_length(info, version)?;
        let mut builder = Builder::new(&name, portable_name.as_deref(), &mut warnings);
        let (multi_file, roots) = match version {
            Version::V2 => files::v2::read(info, files::v2::is_multi(info), &mut builder)?,
            Version::V1 | Version::Hybrid => (files::v1::read(info, &mut builder)?, Vec::new()),
        };
        let (files, portable_files) = builder.finish()?;
        let total_length = total_length(&files)?;
        let pieces = match version {
            Version::V2 => check_piece_count(&files, piece_length)?,
            Version::V1 | Version::Hybrid => pieces(info, total_length, piece_length)?,
        };
        match version {
            Version::V1 => {}
            Version::V2 => files::layers::check(torrent, &files, &roots, piece_length)?,
            Version::Hybrid => {
                let v1 = (&*files, multi_file);
                files::hybrid::check((torrent, info), &name, v1, piece_length, &mut warnings)?;
            }
        }
        if total_length == 0 {
            warnings.add(|| Warning::NothingToDownload);
        }

        Ok(Metainfo {
            info_hash_v1,
            info_hash_v2,
            multi_file,
            piece_length,
            pieces,
            files,
            total_length,
            private: private(info, &mut warnings),
            announce: trackers::announce(torrent, &mut warnings),
            web_seeds: trackers::web_seeds(torrent, &mut warnings),
            comment: text(torrent, "comment"),
            created_by: text(torrent, "created by"),
            source: text(info, "source"),
            creation_date: creation_date(torrent, &mut warnings),
            name,
            warnings: warnings.into_list(portable_files.len()),
            portable: Portable {
                name: portable_name,
                files: portable_files,
            },
        })
    }
}

const DECODE: Options = Options {
    mode: Mode::Lenient,
    limits: Limits {
        max_size: MAX_TORRENT_SIZE,
        ..Limits::DEFAULT
    },
};

/// Which descriptions of the files are there.
fn version(info: Fields<'_, '_>, warnings: &mut Warnings) -> Result<Version, Error> {
    let v1 = info.get("pieces").is_some()
        && (info.get("files").is_some() || info.get("length").is_some());
    let Some(value) = info.get("meta version") else {
        return Ok(Version::V1);
    };
    match value.as_int() {
        Some(2) if v1 => Ok(Version::Hybrid),
        Some(2) => Ok(Version::V2),
        Some(1) => Ok(Version::V1),
        // BEP 52: a version of the future is told from a broken torrent before anything else.
        Some(newer @ 3..) if !v1 => Err(Error::UnknownVersion(newer)),
        _ if v1 => {
            warnings.add(|| Warning::UnknownVersion);
            Ok(Version::V1)
        }
        _ => Err(info.wrong("meta version", value, "1 or 2")),
    }
}

/// The name, made safe, and the portable one if that is another. The name is only advice (BEP 3).
fn name(info: Fields<'_, '_>, warnings: &mut Warnings) -> Result<(String, Option<String>), Error> {
    let raw = match info.text("name") {
        Some(raw) => raw,
        None => info.need_bytes("name")?,
    };
    if raw.is_empty() {
        // Of every version, so that a name has always 40 letters.
        let name = InfoHash::of(info.value.raw()).to_string();
        warnings.add(|| Warning::NoName { used: name.clone() });
        return Ok((name, None));
    }
    let name = path::safe_name(raw);
    if name.as_bytes() != raw {
        warnings.add(|| Warning::NameChanged {
            raw: Excerpt::of(raw),
            on_disk: name.clone().into_owned(),
        });
    }
    let portable = files::portable_if_other(raw, &name, warnings);
    Ok((name.into_owned(), portable))
}

fn piece_length(info: Fields<'_, '_>, version: Version) -> Result<u64, Error> {
    let length = info.need_length("piece length")?;
    let wrong = |expected| Err(info.wrong("piece length", info.need("piece length")?, expected));
    if length == 0 {
        return wrong("at least 1");
    }
    if version != Version::V1 && !files::v2::is_piece_length(length) {
        return wrong("a power of two and at least 16384");
    }
    Ok(length)
}

fn total_length(files: &[File]) -> Result<u64, Error> {
    let sum = |sum: u64, file: &File| sum.checked_add(file.length);
    let total = files.iter().try_fold(0, sum).ok_or(Error::TooLarge)?;
    if total > i64::MAX as u64 {
        return Err(Error::TooLarge);
    }
    Ok(total)
}

// ANCHOR: pieces
/// The SHA-1 of each piece: one long string, cut every 20 bytes.
fn pieces(
    info: Fields<'_, '_>,
    total_length: u64,
    piece_length: u64,
) -> Result<Vec<[u8; 20]>, Error> {
    // ANCHOR: yours_pieces (chapter 2, "The hashes")
    let bytes = info.need_bytes("pieces")?;
    let (hashes, rest) = bytes.as_chunks::<20>();
    let expected = total_length.div_ceil(piece_length);
    if !rest.is_empty() || hashes.len() as u64 != expected {
        return Err(Error::PiecesLength {
            offset: info.need("pieces")?.span().start,
            found: bytes.len(),
            expected,
            piece_length,
        });
    }
    Ok(hashes.to_vec())
    // ANCHOR_END: yours_pieces
}
// ANCHOR_END: pieces

/// A v2 torrent has no list of pieces, but its pieces must be countable.
fn check_piece_count(files: &[File], piece_length: u64) -> Result<Vec<[u8; 20]>, Error> {
    match v2_piece_count(files, piece_length) {
        Some(count) if count <= u64::from(u32::MAX) => Ok(Vec::new()),
        _ => Err(Error::TooManyPieces),
    }
}

fn private(info: Fields<'_, '_>, warnings: &mut Warnings) -> bool {
    let Some(value) = info.get("private") else {
        return false;
    };
    match value.as_int() {
        Some(0) => false,
        Some(1) => true,
        // A torrent that says anything at all here wants to be private more likely than not.
        _ => {
            warnings.add(|| Warning::OddPrivate);
            true
        }
    }
}

fn creation_date(torrent: Fields<'_, '_>, warnings: &mut Warnings) -> Option<i64> {
    let value = torrent.get("creation date")?;
    let date = value.as_int();
    if date.is_none() {
        warnings.add(|| Warning::OddCreationDate);
    }
    date
}

/// A text for people. What is not UTF-8 in it is shown as �.
fn text(fields: Fields<'_, '_>, key: &str) -> Option<String> {
    let bytes = fields.text(key)?;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_TEXT)]);
    Some(text.into_owned())
}
