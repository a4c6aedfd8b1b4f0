//! From messages and files to the socket.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::rc::Rc;

use messages::{BlockRequest, Message, piece_header};
use tokio::net::TcpStream;

use super::{FileSpan, Files};

/// A peer that reads so little that this much piles up, uploads not counted, is not worth keeping.
const MOST_QUEUED: usize = 4 * 1024 * 1024;

/// Parts of files below this many bytes are read and sent together: a system call for each would
/// cost more than the copy.
const SMALL: u64 = 4 * 1024;

/// As much is read together at most, in bytes.
const TOGETHER: usize = 16 * 1024;

/// Something to be sent.
enum Chunk {
    /// Encoded messages, of which `sent` bytes are gone.
    Bytes { bytes: Vec<u8>, sent: usize },
    /// Bytes of a file.
    File(FileSpan),
    /// A block is out: its payload counts as room again.
    Done(u64),
}

/// The writing side of a connection.
pub(crate) struct Outgoing {
    files: Rc<dyn Files>,
    queue: VecDeque<Chunk>,
    queued_bytes: usize,
}

impl Outgoing {
    pub fn new(files: Rc<dyn Files>) -> Outgoing {
        Outgoing {
            files,
            queue: VecDeque::new(),
            queued_bytes: 0,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether the peer has stopped reading.
    pub fn is_overfull(&self) -> bool {
        self.queued_bytes > MOST_QUEUED
    }

    pub fn message(&mut self, message: &Message) {
        self.bytes(|out| message.encode(out));
    }

    // ANCHOR: upload
    /// A `piece` message: its 13 bytes, then the block from the files it lies in.
    pub fn upload(&mut self, block: BlockRequest, spans: Vec<FileSpan>) {
        let header = piece_header(block.piece, block.offset, block.len);
        self.bytes(|out| out.extend_from_slice(&header));
        self.queue.extend(spans.into_iter().map(Chunk::File));
        self.queue.push_back(Chunk::Done(u64::from(block.len)));
    }
    // ANCHOR_END: upload

    /// Appends to the bytes that are last in the queue.
    fn bytes(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if !matches!(self.queue.back(), Some(Chunk::Bytes { .. })) {
            self.queue.push_back(Chunk::Bytes {
                bytes: Vec::new(),
                sent: 0,
            });
        }
        if let Some(Chunk::Bytes { bytes, .. }) = self.queue.back_mut() {
            let before = bytes.len();
            write(bytes);
            self.queued_bytes += bytes.len() - before;
        }
    }

    // ANCHOR: write
    /// Sends until the socket takes no more; returns the payload bytes of the blocks that are out.
    pub fn write(&mut self, stream: &TcpStream) -> io::Result<u64> {
        let mut payload = 0;
        loop {
            self.read_small()?;
            let more = self.queue.len() > 1;
            let Some(chunk) = self.queue.front_mut() else {
                break;
            };
            let result = match chunk {
                Chunk::Done(len) => {
                    payload += *len;
                    self.queue.pop_front();
                    continue;
                }
                Chunk::Bytes { bytes, sent } => send(stream, &bytes[*sent..], more),
                Chunk::File(span) => send_span(stream, &*self.files, span),
            };
            match result {
                Ok(bytes) => self.gone(bytes),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(payload)
    }
    // ANCHOR_END: write

    /// Puts the small parts of files that are first in the queue into one chunk of bytes.
    fn read_small(&mut self) -> io::Result<()> {
        let mut bytes = Vec::new();
        while let Some(&Chunk::File(span)) = self.queue.front() {
            if span.len >= SMALL || bytes.len() + span.len as usize > TOGETHER {
                break;
            }
            let start = bytes.len();
            bytes.resize(start + span.len as usize, 0);
            if let Some(index) = span.file {
                let file = self.files.open(index)?;
                read_exact_at(&file, &mut bytes[start..], span.offset)
                    .inspect_err(|error| self.files.unreadable(index, error))?;
            }
            self.queue.pop_front();
        }
        if !bytes.is_empty() {
            self.queued_bytes += bytes.len();
            self.queue.push_front(Chunk::Bytes { bytes, sent: 0 });
        }
        Ok(())
    }

    /// Takes `len` sent bytes off the first chunk, and the chunk if that was all.
    fn gone(&mut self, len: usize) {
        let finished = match self.queue.front_mut() {
            Some(Chunk::Bytes { bytes, sent }) => {
                *sent += len;
                self.queued_bytes -= len;
                *sent == bytes.len()
            }
            Some(Chunk::File(span)) => {
                span.offset += len as u64;
                span.len -= len as u64;
                span.len == 0
            }
            Some(Chunk::Done(_)) | None => false,
        };
        if finished {
            self.queue.pop_front();
        }
    }
}

/// Sends bytes; `more` says that others follow at once, so that they may share a packet.
#[cfg(target_os = "linux")]
fn send(stream: &TcpStream, bytes: &[u8], more: bool) -> io::Result<usize> {
    use rustix::net::SendFlags;
    let mut flags = SendFlags::NOSIGNAL;
    flags.set(SendFlags::MORE, more);
    stream.try_io(tokio::io::Interest::WRITABLE, || {
        Ok(rustix::net::send(stream, bytes, flags)?)
    })
}

#[cfg(not(target_os = "linux"))]
fn send(stream: &TcpStream, bytes: &[u8], _more: bool) -> io::Result<usize> {
    stream.try_write(bytes)
}

/// Sends bytes of a file, which is open only meanwhile.
fn send_span(stream: &TcpStream, files: &dyn Files, span: &FileSpan) -> io::Result<usize> {
    let Some(index) = span.file else {
        return send_zeros(stream, span);
    };
    let file = files.open(index)?;
    let sent = send_file(stream, &file, span);
    match &sent {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            files.unreadable(index, error);
        }
        _ => {}
    }
    sent
}

/// Sends bytes of a file without reading them into the program.
#[cfg(target_os = "linux")]
fn send_file(stream: &TcpStream, file: &File, span: &FileSpan) -> io::Result<usize> {
    let mut offset = span.offset;
    let len = usize::try_from(span.len).unwrap_or(usize::MAX);
    let sent = stream.try_io(tokio::io::Interest::WRITABLE, || {
        Ok(rustix::fs::sendfile(stream, file, Some(&mut offset), len)?)
    })?;
    if sent == 0 {
        return Err(ended());
    }
    Ok(sent)
}

#[cfg(not(target_os = "linux"))]
fn send_file(stream: &TcpStream, file: &File, span: &FileSpan) -> io::Result<usize> {
    let mut buf = [0; 16 * 1024];
    let len = span.len.min(buf.len() as u64) as usize;
    let read = read_at(file, &mut buf[..len], span.offset)?;
    if read == 0 {
        return Err(ended());
    }
    stream.try_write(&buf[..read])
}

/// Fills the buffer from `offset` on.
fn read_exact_at(file: &File, mut buf: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buf.is_empty() {
        match read_at(file, buf, offset) {
            Ok(0) => return Err(ended()),
            Ok(read) => {
                offset += read as u64;
                buf = &mut buf[read..];
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(unix)]
fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buf, offset)
}

#[cfg(windows)]
fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buf, offset)
}

/// Padding is zeros that lie in no file (BEP 47).
fn send_zeros(stream: &TcpStream, span: &FileSpan) -> io::Result<usize> {
    const ZEROS: [u8; 4096] = [0; 4096];
    let len = span.len.min(ZEROS.len() as u64) as usize;
    stream.try_write(&ZEROS[..len])
}

/// A file became shorter while it was shared.
fn ended() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "a shared file is shorter than it was; check it with `kostorrent verify`",
    )
}
