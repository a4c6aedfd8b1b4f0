//! Every message of BEP 3 in bytes, as our own code writes it.

use messages::{Bitfield, BlockRequest, Message, piece_header};

fn main() {
    let mut has = Bitfield::new(10);
    for piece in [0, 1, 2, 9] {
        has.set(piece);
    }
    let block = BlockRequest {
        piece: 2,
        offset: 16384,
        len: 16384,
    };
    for (message, says) in [
        (Message::KeepAlive, "I am still here"),
        (Message::Choke, "I will not answer requests"),
        (Message::Unchoke, "I will"),
        (Message::Interested, "you have pieces that I lack"),
        (Message::NotInterested, "you have none"),
        (Message::Have(42), "I now have piece 42"),
        (
            Message::Bitfield(has.to_bytes()),
            "I have 0, 1, 2 and 9 of 10",
        ),
        (
            Message::Request(block),
            "send 16,384 bytes of piece 2, from byte 16,384",
        ),
        (Message::Cancel(block), "no need to send them"),
    ] {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        show(message.name(), &bytes, says);
    }
    let header = piece_header(block.piece, block.offset, block.len);
    show("piece", &header, "here they are; 16,384 bytes follow");
}

/// Name and meaning, and below them the bytes: length, id, body.
fn show(name: &str, bytes: &[u8], says: &str) {
    let hex = |bytes: &[u8]| {
        let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        digits.join(" ")
    };
    let words: Vec<String> = match bytes.split_at(4) {
        (length, [id, body @ ..]) => {
            let numbers = body.chunks(4).map(hex);
            [hex(length), hex(&[*id])]
                .into_iter()
                .chain(numbers)
                .collect()
        }
        (length, []) => vec![hex(length)],
    };
    println!("{name:15}  {says}\n  {}", words.join("  "));
}
