//! Messages on a connection, of which one kind is read.

use std::io::{self, ErrorKind, Read};

use crate::EXTENDED;
use crate::limits::{MAX_HANDSHAKE, MAX_MESSAGE};

/// No message is longer, in bytes with its id: a bitfield of eight million pieces.
const MAX_WIRE: u32 = 1024 * 1024;

// ANCHOR: wire
/// The bytes of an `extended` message: length, the id 20, and the body, which begins with the number of
/// the extension.
pub fn to_wire(body: &[u8]) -> Vec<u8> {
    let length = 1 + body.len() as u32;
    [&length.to_be_bytes(), &[EXTENDED][..], body].concat()
}

/// Reads messages until one is `extended`; returns its body. Others are nothing to us: without the
/// metadata we do not even know how long a bitfield should be.
///
/// # Errors
///
/// When the stream ends, or what comes is no message.
pub fn read_extended(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    loop {
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length);
        if length == 0 {
            continue; // a keep-alive
        }
        if length > MAX_WIRE {
            let error = format!("the peer announced a message of {length} bytes");
            return Err(io::Error::new(ErrorKind::InvalidData, error));
        }
        let mut id = [0];
        stream.read_exact(&mut id)?;
        let mut rest = stream.take(u64::from(length) - 1);
        if id == [EXTENDED] && (length as usize).saturating_sub(2) <= MAX_HANDSHAKE.max(MAX_MESSAGE)
        {
            let mut body = vec![0; length as usize - 1];
            rest.read_exact(&mut body)?;
            return Ok(body);
        }
        if io::copy(&mut rest, &mut io::sink())? < u64::from(length) - 1 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
}
// ANCHOR_END: wire

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn messages_that_are_nothing_to_us_are_read_past() {
        let mut bytes = vec![0, 0, 0, 0]; // a keep-alive
        bytes.extend([0, 0, 0, 4, 5, 1, 2, 3]); // a bitfield
        bytes.extend(to_wire(b"\0de"));
        bytes.extend([0, 0, 0, 1, 20]); // an extended message without a body
        let mut stream = &bytes[..];
        assert_eq!(read_extended(&mut stream).unwrap(), b"\0de");
        assert_eq!(read_extended(&mut stream).unwrap(), b"");
        assert!(read_extended(&mut stream).is_err(), "the end");
    }

    #[test]
    fn what_is_no_message_ends_the_connection() {
        let error = read_extended(&mut &[0xff, 0, 0, 0, 20][..]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the peer announced a message of 4278190080 bytes"
        );
        for cut in [
            &[0, 0, 0][..],
            &[0, 0, 0, 9],
            &[0, 0, 0, 9, 4, 1],
            &[0, 0, 0, 9, 20, 1],
        ] {
            let error = read_extended(&mut &cut[..]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        }
    }
}
