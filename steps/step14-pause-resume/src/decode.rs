//! From bytes to a record. Whatever the bytes are, the answer is a record or a reason.

use bencode::{Limits, Mode, Options, Value};
use messages::Bitfield;
use metainfo::InfoHash;

use crate::record::{Counters, FORMAT, Recorded, Resume};
use crate::{ResumeError, Stamp, UnixTime};

/// The longest resume file that is read, in bytes. A torrent of 250,000 files and four million
/// pieces has one of 24 MiB.
pub const MAX_SIZE: usize = 32 * 1024 * 1024;

/// No counter of seconds has more: a thousand years.
const MOST_SECONDS: u64 = 1_000 * 31_556_952;

/// No counter of bytes has more: 4 EiB. Whatever one life adds, there is no overflow.
const MOST_BYTES: u64 = 1 << 62;

impl Resume {
    /// Reads a resume file. Keys that are not known are passed over: a later version of the program
    /// may write more than this one needs.
    ///
    /// # Errors
    ///
    /// [`ResumeError`] says what is wrong with it.
    pub fn decode(bytes: &[u8]) -> Result<Resume, ResumeError> {
        if bytes.len() > MAX_SIZE {
            return Err(ResumeError::TooLarge { found: bytes.len() });
        }
        let limits = Limits {
            max_depth: 16,
            ..Limits::DEFAULT
        };
        let options = Options {
            mode: Mode::Strict,
            limits,
        };
        let document = options.decode(bytes)?;
        let root = document.root();
        let format = number(root, "format")?;
        if format > FORMAT {
            return Err(ResumeError::Newer { found: format });
        }
        if format < FORMAT {
            let expected = "a format that there ever was";
            return Err(wrong("format", expected));
        }
        let mut files = files(root)?;
        changed(root, &mut files)?;
        Ok(Resume {
            info_hash: info_hash(root)?,
            folder: string(root, "folder")?.to_vec(),
            pieces: pieces(root)?,
            choice: choice(root, files.len())?,
            files,
            counters: Counters {
                uploaded: bytes_counted(root, "uploaded")?,
                downloaded: bytes_counted(root, "downloaded")?,
                active: seconds_counted(root, "active")?,
                seeding: seconds_counted(root, "seeding")?,
            },
            in_order: flag(value(root, "in order")?).ok_or(wrong("in order", "0 or 1"))?,
            saved: value(root, "saved")?
                .as_int()
                .ok_or(wrong("saved", "a date in seconds"))?,
        })
    }
}

fn wrong(key: &'static str, expected: &'static str) -> ResumeError {
    ResumeError::Wrong { key, expected }
}

fn value<'d, 'a>(root: Value<'d, 'a>, key: &'static str) -> Result<Value<'d, 'a>, ResumeError> {
    root.get(key).ok_or(ResumeError::Missing { key })
}

fn number(root: Value<'_, '_>, key: &'static str) -> Result<u64, ResumeError> {
    unsigned(value(root, key)?).ok_or(wrong(key, "a number from 0 to 2^64 - 1"))
}

fn bytes_counted(root: Value<'_, '_>, key: &'static str) -> Result<u64, ResumeError> {
    counted(root, key, MOST_BYTES, "a number of bytes that can be")
}

fn seconds_counted(root: Value<'_, '_>, key: &'static str) -> Result<u64, ResumeError> {
    counted(root, key, MOST_SECONDS, "a number of seconds that can be")
}

fn counted(
    root: Value<'_, '_>,
    key: &'static str,
    most: u64,
    expected: &'static str,
) -> Result<u64, ResumeError> {
    match number(root, key)? {
        count if count <= most => Ok(count),
        _ => Err(wrong(key, expected)),
    }
}

fn string<'a>(root: Value<'_, 'a>, key: &'static str) -> Result<&'a [u8], ResumeError> {
    value(root, key)?
        .as_bytes()
        .ok_or(wrong(key, "a string of bytes"))
}

fn unsigned(value: Value<'_, '_>) -> Option<u64> {
    value.digits()?.parse().ok()
}

fn flag(value: Value<'_, '_>) -> Option<bool> {
    match value.as_int()? {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

fn info_hash(root: Value<'_, '_>) -> Result<InfoHash, ResumeError> {
    let bytes = string(root, "info hash")?.try_into();
    bytes
        .map(InfoHash)
        .map_err(|_| wrong("info hash", "20 bytes long"))
}

fn pieces(root: Value<'_, '_>) -> Result<Bitfield, ResumeError> {
    let count = u32::try_from(number(root, "piece count")?);
    let count = count.map_err(|_| wrong("piece count", "a number of pieces"))?;
    Bitfield::from_bytes(count, string(root, "pieces")?)
        .map_err(|_| wrong("pieces", "one bit for each piece, and zeros after the last"))
}

fn choice(root: Value<'_, '_>, files: usize) -> Result<Option<Vec<u8>>, ResumeError> {
    if root.get("choice").is_none() {
        return Ok(None);
    }
    let choice = string(root, "choice")?;
    match choice.len() == files {
        true => Ok(Some(choice.to_vec())),
        false => Err(wrong("choice", "one byte for each file")),
    }
}

fn files(root: Value<'_, '_>) -> Result<Vec<Option<Recorded>>, ResumeError> {
    let expected = "a list of lists of lengths and times";
    let files = value(root, "files")?.list();
    let files = files.ok_or(wrong("files", expected))?;
    files
        .map(|file| recorded(file).ok_or(wrong("files", expected)))
        .collect()
}

/// What is recorded of a file; `None` if that makes no sense.
fn recorded(file: Value<'_, '_>) -> Option<Option<Recorded>> {
    let mut parts = file.list()?;
    let Some(length) = parts.next() else {
        return Some(None);
    };
    let seconds = parts.next()?.as_int()?;
    let nanos = unsigned(parts.next()?)?.try_into().ok()?;
    let settled = flag(parts.next()?)?;
    let number = match parts.next() {
        Some(number) => Some(unsigned(number)?),
        None => None,
    };
    let stamp = Stamp {
        length: unsigned(length)?,
        modified: UnixTime::new(seconds, nanos)?,
        number,
        changed: None,
    };
    match parts.next() {
        Some(_) => None,
        None => Some(Some(Recorded { stamp, settled })),
    }
}

/// When anything of each file was changed. Earlier versions did not ask.
fn changed(root: Value<'_, '_>, files: &mut [Option<Recorded>]) -> Result<(), ResumeError> {
    let fault = wrong("changed", "a list of a time for each file that is recorded");
    let Some(list) = root.get("changed") else {
        return Ok(());
    };
    let mut times = list.list().ok_or(fault.clone())?;
    for file in files {
        let time = times.next().and_then(time).ok_or(fault.clone())?;
        match (file, time) {
            (Some(file), time) => file.stamp.changed = time,
            (None, Some(_)) => return Err(fault),
            (None, None) => {}
        }
    }
    match times.next() {
        Some(_) => Err(fault),
        None => Ok(()),
    }
}

/// A time, or none; `None` if that makes no sense.
fn time(value: Value<'_, '_>) -> Option<Option<UnixTime>> {
    let mut parts = value.list()?;
    let Some(seconds) = parts.next() else {
        return Some(None);
    };
    let nanos = unsigned(parts.next()?)?.try_into().ok()?;
    let time = UnixTime::new(seconds.as_int()?, nanos)?;
    match parts.next() {
        Some(_) => None,
        None => Some(Some(time)),
    }
}

#[cfg(test)]
mod tests;
