//! Bytes between block buffers and files, at a given place, so that no file has a position to
//! share.

use std::fs::File;
use std::io::{self, ErrorKind, IoSlice};

use blocks::{BLOCK, BlockBuf};

/// The most slices that one system call takes everywhere (POSIX guarantees 16, Linux and macOS take
/// 1024).
const MAX_SLICES: usize = 1024;

// ANCHOR: slices
/// The `len` bytes of a piece from `offset` on, as slices of its blocks.
pub fn slices(blocks: &[BlockBuf], offset: usize, len: usize) -> impl Iterator<Item = &[u8]> {
    let block = BLOCK as usize;
    let end = offset + len;
    (offset / block..end.div_ceil(block)).map(move |index| {
        let start = index * block;
        &blocks[index][offset.saturating_sub(start)..block.min(end - start)]
    })
}

/// Writes the `len` bytes of a piece from `from` on to `at` in `file`: one system call, if the
/// system takes it all.
pub fn write(file: &File, at: u64, blocks: &[BlockBuf], from: usize, len: usize) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = slices(blocks, from, len).map(IoSlice::new).collect();
    write_slices(file, at, &mut slices)
}

/// Writes slices one after the other, from `at` in `file` on.
fn write_slices(file: &File, mut at: u64, mut left: &mut [IoSlice<'_>]) -> io::Result<()> {
    // ANCHOR: yours_write_slices (chapter 10, "To its place, without going there")
    // Slices without a byte, which a write of nothing would be.
    IoSlice::advance_slices(&mut left, 0);
    while !left.is_empty() {
        match write_some(file, &left[..left.len().min(MAX_SLICES)], at) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => {
                at += written as u64;
                IoSlice::advance_slices(&mut left, written);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
    // ANCHOR_END: yours_write_slices
}
// ANCHOR_END: slices

/// Writes all of `bytes` to `at` in `file`.
pub fn write_all(file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
    write_slices(file, at, &mut [IoSlice::new(bytes)])
}

/// How bytes of a piece compare with what is in a file in their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// There are zeros.
    Zeros,
    /// There are the same bytes, or zeros where nothing was written yet.
    Same,
    /// There are others.
    Other,
}

/// Compares slices of a piece, none longer than a block, with what is in `file` from `at` on.
pub fn compare<'b>(
    file: &File,
    mut at: u64,
    slices: impl Iterator<Item = &'b [u8]>,
) -> io::Result<Likeness> {
    let mut likeness = Likeness::Zeros;
    let mut there = vec![0; BLOCK as usize];
    for slice in slices {
        let there = &mut there[..slice.len()];
        there.fill(0);
        match read(file, at, there) {
            // What is not there yet is as good as zeros.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {}
            read => read?,
        }
        let mut pairs = there.iter().zip(slice).filter(|(there, _)| **there != 0);
        match pairs.next() {
            None => {}
            Some((there, ours)) if there == ours && pairs.all(|(there, ours)| there == ours) => {
                likeness = Likeness::Same;
            }
            Some(_) => return Ok(Likeness::Other),
        }
        at += slice.len() as u64;
    }
    Ok(likeness)
}

// ANCHOR: write_some
#[cfg(unix)]
fn write_some(file: &File, slices: &[IoSlice<'_>], at: u64) -> io::Result<usize> {
    Ok(rustix::io::pwritev(file, slices, at)?)
}
// ANCHOR_END: write_some

#[cfg(windows)]
fn write_some(file: &File, slices: &[IoSlice<'_>], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, &slices[0], at)
}

/// Reads at `at` until `buffer` is full. A file that ends before is [`ErrorKind::UnexpectedEof`].
pub fn read(file: &File, mut at: u64, mut buffer: &mut [u8]) -> io::Result<()> {
    while !buffer.is_empty() {
        match read_some(file, buffer, at) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                at += read as u64;
                buffer = &mut buffer[read..];
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(unix)]
fn read_some(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_some(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

/// Fills `buffer` from `at` in `file` on, if all of those bytes are in memory already; whether they
/// were. It never waits for a disk.
///
/// Linux does this on most file systems, but on few others than those that keep files on a disk.
/// Where it cannot be done, the answer is no.
#[cfg(target_os = "linux")]
pub fn read_now(file: &File, mut at: u64, mut buffer: &mut [u8]) -> bool {
    use rustix::io::{Errno, ReadWriteFlags, preadv2};

    while !buffer.is_empty() {
        let slices = &mut [io::IoSliceMut::new(buffer)];
        match preadv2(file, slices, at, ReadWriteFlags::NOWAIT) {
            Ok(0) => return false,
            Ok(read) => {
                at += read as u64;
                buffer = &mut buffer[read..];
            }
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
    true
}

/// Elsewhere nobody can tell what is in memory.
#[cfg(not(target_os = "linux"))]
pub fn read_now(_file: &File, _at: u64, _buffer: &mut [u8]) -> bool {
    false
}
