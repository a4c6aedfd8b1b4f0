//! The other end of the line: a peer that gives metadata away, for practice and for tests.

use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use handshake::Handshake;
use handshake::blocking::read_handshake;
use picker::PeerKey;

use super::{GONE, read_extended, to_wire};
use crate::{ExtendedHandshake, Extensions, Heard, MetadataMessage, MetadataServe, UT_METADATA};

/// The number under which this peer wants to hear about metadata: another than ours, so that nobody
/// takes one for the other.
const ITS_ID: u8 = 3;

/// How a practice peer behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It sends what it has.
    Honest,
    /// It sends blocks in which one byte is wrong.
    Lies,
    /// It does not answer.
    Silent,
    /// It refuses.
    Refuses,
}

/// Answers one caller until it hangs up.
///
/// # Errors
///
/// When the caller does not shake hands, asks for another torrent, or the connection breaks.
pub fn serve(
    mut stream: TcpStream,
    ours: &Handshake,
    info: &Arc<[u8]>,
    manner: Manner,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(GONE))?;
    let theirs = read_handshake(&mut stream, Duration::from_secs(5));
    let theirs = theirs.map_err(io::Error::other)?;
    theirs.accept(ours).map_err(io::Error::other)?;
    stream.write_all(&ours.to_bytes())?;

    let mut serve = match manner {
        Manner::Refuses => MetadataServe::nothing(),
        _ => MetadataServe::new(info.clone()),
    };
    let mut extensions = Extensions::new([(UT_METADATA, ITS_ID)]);
    let hello = extensions.hello(ExtendedHandshake {
        client: Some("a practice peer".to_owned()),
        metadata_size: Some(info.len() as u64),
        ..ExtendedHandshake::default()
    });
    stream.write_all(&to_wire(&hello.to_body()))?;

    let (key, begun) = (PeerKey(0), Instant::now());
    while let Ok(body) = read_extended(&mut stream) {
        let Ok(Heard::Message { payload, .. }) = extensions.hear(&body) else {
            continue;
        };
        let Ok(MetadataMessage::Request { piece }) = MetadataMessage::decode(payload) else {
            continue;
        };
        let answer = serve.answer(key, piece, begun.elapsed());
        let answer = answer.filter(|_| manner != Manner::Silent);
        if let (Some(mut answer), Some(id)) = (answer, extensions.id(UT_METADATA)) {
            if let (MetadataMessage::Data { block, .. }, Manner::Lies) = (&mut answer, manner) {
                block[0] ^= 1;
            }
            stream.write_all(&to_wire(&answer.to_body(id)))?;
            serve.sent(key);
        }
    }
    Ok(())
}
