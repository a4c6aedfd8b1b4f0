//! A small download that notes how far it is, in several orders, on the disk in memory that forgets.

#[path = "../../tests/crash/disk.rs"]
#[allow(dead_code)]
pub mod disk;

use disk::{Disk, Stop};

/// What a disk writes at once. Here a piece is no longer.
pub const SECTOR: usize = 512;

/// The pieces of the download.
pub const PIECES: u8 = 2;

/// The torrent's file, the note, and where the next note is written.
pub const FILE: &str = "data/file";
pub const NOTE: &str = "state/note";
pub const NEW: &str = "state/note.new";

/// "So many pieces are there." It has two sectors, and says it in each byte of them.
fn note(pieces: u8) -> Vec<u8> {
    vec![pieces; 2 * SECTOR]
}

// ANCHOR: naive
/// Writes each piece, and then what is there over what the note said before.
pub fn naive(disk: &mut Disk) -> Result<(), Stop> {
    disk.create(FILE)?;
    disk.create(NOTE)?;
    for piece in 0..PIECES {
        disk.write(FILE, place(piece), &bytes(piece))?;
        disk.write(NOTE, 0, &note(piece + 1))?;
    }
    Ok(())
}
// ANCHOR_END: naive

/// Where a piece is in the file.
fn place(piece: u8) -> usize {
    usize::from(piece) * SECTOR
}

/// The bytes of a piece.
fn bytes(piece: u8) -> Vec<u8> {
    vec![b'A' + piece; SECTOR]
}

/// What a program does for each piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Do {
    /// Writes the piece.
    Piece,
    /// Syncs the torrent's file.
    SyncFile,
    /// Syncs the folder with its name.
    SyncFolder,
    /// Writes the note over the old one.
    Over,
    /// Writes the note beside the old one.
    Beside,
    /// Syncs the note that was written beside.
    SyncNew,
    /// Gives it the name of the old one.
    Rename,
    /// Syncs the note under its name.
    SyncNote,
    /// Syncs the folder with its name.
    SyncState,
}

/// What can be done for each piece, and in which order.
pub const ORDERS: [(&str, &[Do]); 6] = [
    ("write over the old note", &[Do::Piece, Do::Over]),
    ("write beside, rename", &[Do::Piece, Do::Beside, Do::Rename]),
    (
        "write beside, rename, sync",
        &[Do::Piece, Do::Beside, Do::Rename, Do::SyncNote],
    ),
    (
        "write beside, sync, rename",
        &[Do::Piece, Do::Beside, Do::SyncNew, Do::Rename],
    ),
    (
        "the piece is synced first",
        &[Do::Piece, Do::SyncFile, Do::Beside, Do::SyncNew, Do::Rename],
    ),
    (
        "and so are the names",
        &[
            Do::Piece,
            Do::SyncFile,
            Do::SyncFolder,
            Do::Beside,
            Do::SyncNew,
            Do::Rename,
            Do::SyncState,
        ],
    ),
];

/// Downloads all pieces, in one of the orders.
pub fn download(disk: &mut Disk, order: &[Do]) -> Result<(), Stop> {
    disk.create(FILE)?;
    for piece in 0..PIECES {
        for step in order {
            take(disk, *step, piece)?;
        }
    }
    Ok(())
}

fn take(disk: &mut Disk, step: Do, piece: u8) -> Result<(), Stop> {
    let note = note(piece + 1);
    match step {
        Do::Piece => disk.write(FILE, place(piece), &bytes(piece)),
        Do::SyncFile => disk.sync(FILE),
        Do::SyncFolder => disk.sync_folder("data"),
        Do::Over => disk.create(NOTE).and_then(|()| disk.write(NOTE, 0, &note)),
        Do::Beside => disk.create(NEW).and_then(|()| disk.write(NEW, 0, &note)),
        Do::SyncNew => disk.sync(NEW),
        Do::Rename => disk.rename(NEW, NOTE),
        Do::SyncNote => disk.sync(NOTE),
        Do::SyncState => disk.sync_folder("state"),
    }
}

/// What a start finds after a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// There is no note, or all that it claims is there.
    Honest,
    /// A note that is neither the old one nor the new one: all has to be read.
    Torn,
    /// The note claims so many pieces, and one of them is not there.
    Lie(u8),
}

/// Reads the note, and compares it with what is in the file.
pub fn find(disk: &Disk) -> Found {
    let Some(found) = disk.read(NOTE) else {
        return Found::Honest;
    };
    let Some(claimed) = (0..=PIECES).find(|&pieces| found == note(pieces)) else {
        return Found::Torn;
    };
    let file = disk.read(FILE).unwrap_or_default();
    let is_there = |piece| {
        let from = place(piece);
        file.get(from..from + SECTOR) == Some(&bytes(piece)[..])
    };
    match (0..claimed).all(is_there) {
        true => Found::Honest,
        false => Found::Lie(claimed),
    }
}

/// The moment before a call: how many power cuts were tried there, and what was found after them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    pub cuts: usize,
    pub torn: usize,
    pub lies: usize,
}

/// Cuts the power before every call and after the last one, and lets every selection survive of the
/// changes that were not synced.
pub fn cuts(run: impl Fn(&mut Disk) -> Result<(), Stop>) -> Vec<Moment> {
    let mut moments = Vec::new();
    for at in 0.. {
        let mut disk = Disk::new();
        disk.crash_at = at;
        let is_over = run(&mut disk).is_ok();
        let mut moment = Moment::default();
        for lucky in 0..1_u32 << disk.pending() {
            moment.cuts += 1;
            match find(&disk.power_cut(survivors(lucky))) {
                Found::Honest => {}
                Found::Torn => moment.torn += 1,
                Found::Lie(_) => moment.lies += 1,
            }
        }
        moments.push(moment);
        if is_over {
            break;
        }
    }
    moments
}

/// The changes that have luck: their bits are set.
pub fn survivors(lucky: u32) -> impl Iterator<Item = usize> {
    (0..32).filter(move |change| lucky >> change & 1 == 1)
}

/// The sum of all moments.
pub fn sum(moments: &[Moment]) -> Moment {
    moments
        .iter()
        .fold(Moment::default(), |sum, moment| Moment {
            cuts: sum.cuts + moment.cuts,
            torn: sum.torn + moment.torn,
            lies: sum.lies + moment.lies,
        })
}
