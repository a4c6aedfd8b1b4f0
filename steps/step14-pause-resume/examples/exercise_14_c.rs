//! Exercise 14c: a journal in place of a file that is replaced.

#[path = "../tests/crash/disk.rs"]
#[allow(dead_code)]
mod disk;

use disk::{Disk, Stop};

const JOURNAL: &str = "state/journal";
const FILE: &str = "data/file";

/// A piece is as long as a sector.
const PIECE: usize = 512;

// ANCHOR: answer
/// An entry: a piece that is durable, and a check of that number. The check is never zero, so zeros
/// are no entry.
fn entry(piece: u32) -> [u8; 8] {
    let check = piece.wrapping_add(1).wrapping_mul(0x9e37_79b1);
    let mut entry = [0; 8];
    entry[..4].copy_from_slice(&piece.to_be_bytes());
    entry[4..].copy_from_slice(&check.to_be_bytes());
    entry
}

/// The pieces of a journal, as far as it can be read: what follows a damaged entry is not believed.
fn read(journal: &[u8]) -> Vec<u32> {
    let pieces = journal.chunks(8).map_while(|found| {
        let piece = u32::from_be_bytes(found.get(..4)?.try_into().ok()?);
        (found == entry(piece)).then_some(piece)
    });
    pieces.collect()
}

/// Writes pieces, and adds each to the journal when it is durable.
fn download(disk: &mut Disk, pieces: u32) -> Result<(), Stop> {
    for name in [FILE, JOURNAL] {
        disk.create(name)?;
    }
    disk.sync_folder("data")?;
    disk.sync_folder("state")?;
    for piece in 0..pieces {
        disk.write(FILE, piece as usize * PIECE, &[piece as u8 + 1; PIECE])?;
        disk.sync(FILE)?;
        disk.write(JOURNAL, piece as usize * 8, &entry(piece))?;
    }
    disk.sync(JOURNAL)
}
// ANCHOR_END: answer

/// How many power cuts there can be, each with every selection of what survives; every one of them is
/// looked at.
fn try_all(pieces: u32, found: impl Fn(&Disk)) -> usize {
    let mut cuts = 0;
    for at in 0.. {
        let mut disk = Disk::new();
        disk.crash_at = at;
        let is_over = download(&mut disk, pieces).is_ok();
        for lucky in 0..1_u32 << disk.pending() {
            let survivors = (0..disk.pending()).filter(|change| lucky >> change & 1 == 1);
            found(&disk.power_cut(survivors));
            cuts += 1;
        }
        if is_over {
            break;
        }
    }
    cuts
}

/// Whether all that the journal says is there.
fn is_honest(disk: &Disk) -> bool {
    let journal = disk.read(JOURNAL).unwrap_or_default();
    let file = disk.read(FILE).unwrap_or_default();
    let is_there = |piece: &u32| {
        let from = *piece as usize * PIECE;
        file.get(from..from + PIECE) == Some(&[*piece as u8 + 1; PIECE][..])
    };
    read(journal).iter().all(is_there)
}

fn main() {
    let cuts = try_all(5, |disk| assert!(is_honest(disk)));
    println!("{cuts} power cuts, and the journal never lies");
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_journal_is_read_up_to_what_is_damaged() {
        let mut journal = [entry(3), entry(7), entry(1)].concat();
        assert_eq!(read(&journal), [3, 7, 1]);
        assert_eq!(read(&journal[..20]), [3, 7]);
        assert_eq!(read(&[0; 64]), []);
        journal[9] ^= 1;
        assert_eq!(read(&journal), [3]);
    }

    #[test]
    fn no_power_cut_makes_it_lie() {
        main();
        let mut disk = Disk::new();
        assert_eq!(download(&mut disk, 5), Ok(()));
        let disk = disk.power_cut([]);
        assert_eq!(read(disk.read(JOURNAL).unwrap()), [0, 1, 2, 3, 4]);
    }
}
