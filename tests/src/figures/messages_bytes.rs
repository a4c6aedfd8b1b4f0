//! Messages, byte by byte.

use messages::{BlockRequest, Message, piece_header};

use super::Figure;
use super::bytes::{self, Field, Row};

pub(super) fn figure() -> Figure {
    // The second block of piece 3 of the sample.
    let block = BlockRequest {
        piece: 3,
        offset: 16_384,
        len: 16_384,
    };
    let header = piece_header(block.piece, block.offset, block.len);
    let piece = Row {
        then: Some("the block".to_owned()),
        ..row(
            "piece",
            "the answer to the request",
            &header,
            &["piece", "offset"],
        )
    };
    bytes::rows(
        "06-messages",
        "Six messages in hexadecimal: keep-alive is a length of zero; interested is a length and an id; have adds the \
         number of a piece; bitfield adds a bit for each piece; request adds piece, offset and length; piece adds piece, \
         offset and then the block itself.",
        &[
            encoded(
                "keep-alive",
                "nothing but a length of zero",
                &Message::KeepAlive,
                &[],
            ),
            encoded(
                "interested",
                "choke, unchoke and not interested look alike",
                &Message::Interested,
                &[],
            ),
            encoded("have", "piece 21", &Message::Have(21), &["piece"]),
            encoded(
                "bitfield",
                "all of 22 pieces",
                &Message::Bitfield(vec![0xff, 0xff, 0xfc]),
                &["bits"],
            ),
            encoded(
                "request",
                "cancel looks alike",
                &Message::Request(block),
                &["piece", "offset", "length"],
            ),
            piece,
        ],
    )
}

/// A message as `messages` writes it.
pub(super) fn encoded(
    name: &'static str,
    about: &str,
    message: &Message,
    fields: &[&'static str],
) -> Row {
    let mut bytes = Vec::new();
    message.encode(&mut bytes);
    row(name, about, &bytes, fields)
}

/// Length, id, and then fields: one takes all that is left, several take four bytes each.
fn row(name: &'static str, about: &str, bytes: &[u8], names: &[&'static str]) -> Row {
    let mut fields = vec![Field::new("length", "a", &bytes[..4])];
    if let Some(id) = bytes.get(4) {
        fields.push(Field::new("id", "b", &[*id]));
    }
    let payload = bytes.get(5..).unwrap_or_default();
    let each = if names.len() == 1 { payload.len() } else { 4 };
    let payload = payload.chunks(each.max(1));
    fields.extend(
        payload
            .zip(names)
            .map(|(bytes, name)| Field::new(name, "c", bytes)),
    );
    Row {
        name,
        about: about.to_owned(),
        fields,
        then: None,
    }
}
