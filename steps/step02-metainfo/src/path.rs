//! Names that are safe to write to.
//!
//! A torrent comes from a stranger, and its paths decide which files are written. So no name from
//! a torrent reaches the disk unseen. [`safe_name`] changes what is dangerous, and nothing else.
//! [`portable_name`] changes also what some system cannot keep, in the same way on every system.
//! Both are always a plain file name, and always the same one: the next start of the program must
//! find its files.

use std::borrow::Cow;

use crate::text::turns_direction;

/// The most bytes of a file name, on every common file system.
pub const MAX_NAME: usize = 255;

// ANCHOR: safe_name
/// A path element from a torrent as a safe file name.
///
/// Most names stay as they are. In the others an underscore stands for what is not safe:
///
/// - bytes that are not UTF-8, control characters, and the invisible characters that turn the
///   direction of writing, with which `exe.txt` can be made to look like `txt.exe`;
/// - `/` and `\`: an element is never a path;
/// - nothing at all, `.` and `..`: they become `_`, `_` and `__`.
///
/// A name over [`MAX_NAME`] bytes is cut short before its extension. On Windows all this is not
/// enough, and a safe name is a [`portable_name`].
///
/// A safe name is its own safe name.
pub fn safe_name(raw: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(raw) {
        Ok(name) if is_safe(name) => Cow::Borrowed(name),
        _ if cfg!(windows) => Cow::Owned(make_portable(raw)),
        _ => Cow::Owned(make_safe(raw)),
    }
}

/// Whether a name is safe as it is.
pub fn is_safe(name: &str) -> bool {
    // ANCHOR: yours_is_safe (chapter 2, "Traps in paths")
    !matches!(name, "" | "." | "..")
        && name.len() <= MAX_NAME
        && !name.chars().any(is_unsafe)
        && (!cfg!(windows) || windows_keeps(name))
    // ANCHOR_END: yours_is_safe
}
// ANCHOR_END: safe_name

/// What makes a name unsafe, to follow its mention; `None` if nothing does.
pub(crate) fn fault(name: &str) -> Option<String> {
    let character = |c| match c {
        '/' => "a slash in it (/)".to_owned(),
        '\\' => "a backslash in it (\\)".to_owned(),
        c if turns_direction(c) => {
            let code = u32::from(c);
            format!("a character in it that turns the direction of reading (U+{code:04X})")
        }
        c => format!("a control character in it (U+{:04X})", u32::from(c)),
    };
    let found = name.chars().find(|&c| is_unsafe(c));
    match name {
        "" => Some("is empty".to_owned()),
        "." | ".." => Some("means a folder, not a file".to_owned()),
        long if long.len() > MAX_NAME => Some(format!("has more than {MAX_NAME} bytes")),
        _ if found.is_some() => found.map(|c| format!("has {}", character(c))),
        name if is_safe(name) => None,
        _ => Some("is one that Windows cannot keep".to_owned()),
    }
}

/// A path element from a torrent as a file name that every system can keep.
///
/// What is not safe anywhere is changed as in [`safe_name`], and underscores stand for what Windows
/// cannot store: `< > : " | ? *`, and the dots and spaces at the end. Names that mean a device there,
/// such as `NUL` or `com1.txt`, get an underscore in front.
///
/// A portable name is safe, and its own portable name.
pub fn portable_name(raw: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(raw) {
        Ok(name) if is_portable(name) => Cow::Borrowed(name),
        _ => Cow::Owned(make_portable(raw)),
    }
}

/// Whether every system can keep a name as it is.
pub fn is_portable(name: &str) -> bool {
    is_safe(name) && windows_keeps(name)
}

fn windows_keeps(name: &str) -> bool {
    !name.contains(WINDOWS_REFUSES) && !name.ends_with(['.', ' ']) && !is_device(name)
}

// ANCHOR: make_safe
fn make_safe(raw: &[u8]) -> String {
    let name = replaced(raw);
    match &*name {
        "" | "." => "_".to_owned(),
        ".." => "__".to_owned(),
        long if long.len() > MAX_NAME => cut(long, MAX_NAME - 1),
        _ => name,
    }
}

fn make_portable(raw: &[u8]) -> String {
    let mut name = replaced(raw).replace(WINDOWS_REFUSES, "_");
    if name.is_empty() {
        name.push('_');
    }
    settle(&mut name);
    if name.len() > MAX_NAME {
        // One byte is left for the underscore in front of a device's name.
        name = cut(&name, MAX_NAME - 1);
        settle(&mut name);
    }
    name
}

/// The name with an underscore for all that no file name keeps.
fn replaced(raw: &[u8]) -> String {
    let mut name = String::with_capacity(raw.len().min(MAX_NAME));
    for chunk in raw.utf8_chunks() {
        let safe = |char| if is_unsafe(char) { '_' } else { char };
        name.extend(chunk.valid().chars().map(safe));
        if !chunk.invalid().is_empty() {
            name.push('_');
        }
    }
    name
}
// ANCHOR_END: make_safe

/// Mends what Windows would take for another name: the end, and a device.
fn settle(name: &mut String) {
    let kept = name.trim_end_matches(['.', ' ']).len();
    name.replace_range(kept.., &"_".repeat(name.len() - kept));
    if is_device(name) {
        name.insert(0, '_');
    }
}

/// Characters that Windows stores in no name.
const WINDOWS_REFUSES: [char; 7] = ['<', '>', ':', '"', '|', '?', '*'];

/// Characters that no file name keeps.
fn is_unsafe(char: char) -> bool {
    char.is_control() || matches!(char, '/' | '\\') || turns_direction(char)
}

/// Whether Windows takes the name for a device. What follows the first dot does not matter.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let stem = stem.trim_end_matches(' ').to_ascii_uppercase();
    let numbered = |prefix| {
        let digit = stem.strip_prefix(prefix).unwrap_or_default();
        matches!(digit, "¹" | "²" | "³") || matches!(digit.as_bytes(), [b'0'..=b'9'])
    };
    let named = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"];
    named.contains(&stem.as_str()) || numbered("COM") || numbered("LPT")
}

/// The name and its extension, with the dot. A name of dots in front has no extension.
pub(crate) fn split_extension(name: &str) -> (&str, &str) {
    const LONGEST: usize = 20;
    match name.rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= LONGEST => name.split_at(dot),
        _ => (name, ""),
    }
}

/// The name cut to at most `max` bytes, which is far more than an extension has. The extension
/// stays, and no character is cut in two.
pub(crate) fn cut(name: &str, max: usize) -> String {
    let (stem, extension) = split_extension(name);
    let end = stem.floor_char_boundary(max - extension.len());
    format!("{}{extension}", &stem[..end])
}
