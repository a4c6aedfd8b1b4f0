//! Names that are safe to write to, on every system.
//!
//! A torrent comes from a stranger, and its paths decide which files are written. So no name from
//! a torrent reaches the disk as it is. [`safe_name`] maps each path element to one that is always
//! a plain file name, and always the same one: the next start of the program must find its files.

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
/// - `/` and `\`, and the colon of a drive letter: an element is never a path;
/// - dots and spaces at the end, which Windows drops; so `..` becomes `__`, and `.` becomes `_`;
/// - nothing at all: the empty name becomes `_`;
/// - on Windows only, the characters that it cannot store: `< > : " | ? *`.
///
/// Names that mean a device on Windows, such as `NUL` or `com1.txt`, get an underscore in front.
/// A name over [`MAX_NAME`] bytes is cut short before its extension.
///
/// A safe name is its own safe name.
pub fn safe_name(raw: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(raw) {
        Ok(name) if is_safe(name) => Cow::Borrowed(name),
        _ => Cow::Owned(make_safe(raw)),
    }
}

/// Whether a name is safe as it is.
pub fn is_safe(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_NAME
        && !name.chars().any(is_unsafe)
        && !name.ends_with(['.', ' '])
        && !has_drive_letter(name)
        && !is_device(name)
}
// ANCHOR_END: safe_name

// ANCHOR: make_safe
fn make_safe(raw: &[u8]) -> String {
    let mut name = String::with_capacity(raw.len().min(MAX_NAME));
    for chunk in raw.utf8_chunks() {
        let safe = |char| if is_unsafe(char) { '_' } else { char };
        name.extend(chunk.valid().chars().map(safe));
        if !chunk.invalid().is_empty() {
            name.push('_');
        }
    }
    if has_drive_letter(&name) {
        name.replace_range(1..2, "_");
    }
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
// ANCHOR_END: make_safe

/// Mends what Windows would take for another name: the end, and a device.
fn settle(name: &mut String) {
    let kept = name.trim_end_matches(['.', ' ']).len();
    name.replace_range(kept.., &"_".repeat(name.len() - kept));
    if is_device(name) {
        name.insert(0, '_');
    }
}

/// Characters that no file name keeps.
fn is_unsafe(char: char) -> bool {
    let windows_cannot = cfg!(windows) && "<>:\"|?*".contains(char);
    char.is_control() || matches!(char, '/' | '\\') || turns_direction(char) || windows_cannot
}

fn has_drive_letter(name: &str) -> bool {
    matches!(name.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
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
