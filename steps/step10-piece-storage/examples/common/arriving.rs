//! A torrent of any length whose pieces arrive by arithmetic, and a look at where they are.

use std::fs;
use std::path::Path;

use storage::space_of;

/// The length of a piece.
pub const PIECE: u32 = 1 << 20;

const MIB: u64 = 1 << 20;

/// How many pieces there are from one line of the table to the next.
const EVERY: u32 = 32;

/// A piece, as a good peer would send it: other bytes for each, and never zeros.
pub fn piece(index: u32) -> Vec<u8> {
    let seed = index.to_le_bytes();
    let mut piece = Vec::with_capacity(PIECE as usize);
    for number in 0..PIECE / 8 {
        piece.extend_from_slice(&number.to_le_bytes());
        piece.extend_from_slice(&seed.map(|byte| byte ^ 0xa5));
    }
    piece
}

/// Says where the bytes are after so many pieces, a line for every 32; and ends the program as hard
/// as can be, if it is to end then.
pub fn tell(arrived: u32, file: &Path) {
    if arrived.is_multiple_of(EVERY) {
        let on_disk = fs::metadata(file).ok().and_then(|found| space_of(&found));
        println!(
            "arrived {arrived:>4} MiB    in memory {:>4} MiB    on disk {:>4} MiB",
            resident().unwrap_or(0) / MIB,
            on_disk.unwrap_or(0) / MIB
        );
    }
    if std::env::args().nth(3) == Some(arrived.to_string()) {
        std::process::abort();
    }
}

/// How many bytes of memory this program has from the system now, on Linux.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// How many pieces, and in which folder, by the program's arguments. A third one says after how many
/// pieces it ends in the middle.
pub fn arguments() -> Result<(u32, std::path::PathBuf), String> {
    let mut words = std::env::args().skip(1);
    match (words.next().map(|pieces| pieces.parse()), words.next()) {
        (Some(Ok(pieces)), Some(folder)) => Ok((pieces, folder.into())),
        _ => Err("how many MiB, and into which folder?".to_owned()),
    }
}
