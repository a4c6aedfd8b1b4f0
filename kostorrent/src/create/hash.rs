//! The SHA-1 of every piece, with all processors.
//!
//! Workers take runs of neighbouring pieces. Inside a run all pieces are read side by side, a
//! chunk of each in turn, so that one pass over the lanes hashes them all.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use super::stamp::Stamp;
use super::{CreateError, Source};

/// What is read of a piece at a time, in bytes.
const CHUNK: u64 = 64 * 1024;

/// Files that all workers together keep open; each at least one.
const OPEN_FILES: usize = 32;

/// The digests of all pieces. `progress` hears how many bytes are done, in the calling thread.
pub(super) fn hash_pieces(
    files: &[Source],
    piece_length: u32,
    mut progress: impl FnMut(u64),
) -> Result<Vec<[u8; 20]>, CreateError> {
    let stream = Stream::new(files);
    let pieces = stream.length.div_ceil(u64::from(piece_length)) as usize;
    let threads = thread::available_parallelism()
        .map_or(1, |n| n.get())
        .min(pieces.max(1));
    let run = hashing::lane_count().clamp(1, pieces.div_ceil(threads).max(1));

    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let mut digests = vec![[0; 20]; pieces];
    let mut done = 0;
    thread::scope(|scope| {
        let (results, finished) = mpsc::channel();
        for _ in 0..threads {
            let (results, next, stop, stream) = (results.clone(), &next, &stop, &stream);
            scope.spawn(move || {
                let mut reader = Reader::new(stream, OPEN_FILES / threads);
                while !stop.load(Ordering::Relaxed) {
                    let first = next.fetch_add(run, Ordering::Relaxed);
                    if first >= pieces {
                        break;
                    }
                    let last = (first + run).min(pieces);
                    let digests = hash_run(&mut reader, first, last, piece_length.into());
                    if results.send((first, digests)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(results);
        for (first, run) in finished {
            let run: Vec<[u8; 20]> = run.inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
            digests[first..first + run.len()].copy_from_slice(&run);
            done += run.len() as u64 * u64::from(piece_length);
            progress(done.min(stream.length));
        }
        Ok(digests)
    })
}

/// The pieces from `first` up to, not including, `last`.
fn hash_run(
    reader: &mut Reader<'_>,
    first: usize,
    last: usize,
    piece_length: u64,
) -> Result<Vec<[u8; 20]>, CreateError> {
    let mut batch = hashing::Batch::new(last - first);
    let mut buffers = vec![Vec::new(); last - first];
    for start in (0..piece_length).step_by(CHUNK as usize) {
        for (buffer, piece) in buffers.iter_mut().zip(first as u64..) {
            let from = piece * piece_length + start;
            let to =
                (piece * piece_length + piece_length.min(start + CHUNK)).min(reader.stream.length);
            buffer.resize(usize::try_from(to.saturating_sub(from)).unwrap_or(0), 0);
            reader.read(from, buffer)?;
        }
        batch.update(&buffers.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
    Ok(batch.finish())
}

/// All files one after another, as a torrent sees them.
struct Stream<'a> {
    files: &'a [Source],
    /// Where each file begins.
    starts: Vec<u64>,
    length: u64,
}

impl<'a> Stream<'a> {
    fn new(files: &'a [Source]) -> Stream<'a> {
        let mut length = 0;
        let starts = files.iter().map(|file| {
            let start = length;
            length += file.length;
            start
        });
        let starts = starts.collect();
        Stream {
            files,
            starts,
            length,
        }
    }
}

/// One worker's view of the stream, with a few files kept open.
struct Reader<'a> {
    stream: &'a Stream<'a>,
    /// The latest used comes last.
    open: Vec<(usize, File)>,
    most_open: usize,
}

impl<'a> Reader<'a> {
    fn new(stream: &'a Stream<'a>, most_open: usize) -> Reader<'a> {
        Reader {
            stream,
            open: Vec::new(),
            most_open: most_open.max(1),
        }
    }

    /// Fills the buffer from an offset in the stream.
    fn read(&mut self, mut offset: u64, mut buffer: &mut [u8]) -> Result<(), CreateError> {
        while !buffer.is_empty() {
            // Of files that begin at the same place, all but the last are empty.
            let index = self.stream.starts.partition_point(|&start| start <= offset) - 1;
            let source = &self.stream.files[index];
            let inside = offset - self.stream.starts[index];
            let left = usize::try_from(source.length - inside).unwrap_or(usize::MAX);
            let (part, rest) = buffer.split_at_mut(left.min(buffer.len()));
            self.read_file(index, inside, part)?;
            offset += part.len() as u64;
            buffer = rest;
        }
        Ok(())
    }

    fn read_file(
        &mut self,
        index: usize,
        offset: u64,
        buffer: &mut [u8],
    ) -> Result<(), CreateError> {
        let source = &self.stream.files[index];
        match self.open.iter().position(|&(open, _)| open == index) {
            Some(position) => {
                let file = self.open.remove(position);
                self.open.push(file);
            }
            None => {
                let file = open(source)?;
                if self.open.len() >= self.most_open {
                    self.open.remove(0);
                }
                self.open.push((index, file));
            }
        }
        let Some((_, file)) = self.open.last_mut() else {
            return Ok(());
        };
        let read = file.seek(SeekFrom::Start(offset));
        let read = read.and_then(|_| file.read_exact(buffer));
        read.map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => CreateError::Changed(source.path.clone()),
            _ => CreateError::read(&source.path, error),
        })
    }
}

/// Opens the file if it is still the one that was chosen.
fn open(source: &Source) -> Result<File, CreateError> {
    let opened = File::open(&source.path).and_then(|file| Ok((file.metadata()?, file)));
    let (metadata, file) = opened.map_err(|error| match error.kind() {
        ErrorKind::NotFound => CreateError::Changed(source.path.clone()),
        _ => CreateError::read(&source.path, error),
    })?;
    if Stamp::of(&metadata) != source.stamp {
        return Err(CreateError::Changed(source.path.clone()));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn write(dir: &std::path::Path, lengths: &[usize]) -> (Vec<Source>, Vec<u8>) {
        let mut all = Vec::new();
        let mut files = Vec::new();
        for (index, &length) in lengths.iter().enumerate() {
            let content: Vec<u8> = (0..length).map(|at| (at * 31 + index * 7) as u8).collect();
            let path = dir.join(index.to_string());
            std::fs::write(&path, &content).unwrap();
            all.extend_from_slice(&content);
            let inside = vec![index.to_string()];
            files.push(Source::look(path, inside).unwrap());
        }
        (files, all)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn pieces_are_those_of_the_files_joined(
            lengths in prop::collection::vec(0usize..200_000, 0..50),
            piece_length in prop::sample::select(vec![16u32 << 10, 64 << 10, 100_000, 128 << 10]),
        ) {
            let dir = tempfile::tempdir().unwrap();
            let (files, all) = write(dir.path(), &lengths);
            let expected: Vec<_> = all
                .chunks(piece_length as usize)
                .map(|piece| hashing::digest(&[piece]))
                .collect();
            let mut last = 0;
            let digests = hash_pieces(&files, piece_length, |done| last = done).unwrap();
            prop_assert_eq!(digests, expected);
            prop_assert_eq!(last, all.len() as u64);
        }
    }

    #[test]
    fn a_file_that_shrinks_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let (mut files, _) = write(dir.path(), &[100_000, 5]);
        files[0].length += 1;
        let error = hash_pieces(&files, 16 << 10, |_| ()).unwrap_err();
        assert_eq!(
            error
                .to_string()
                .contains(&*files[0].path.to_string_lossy()),
            true
        );
    }
}
