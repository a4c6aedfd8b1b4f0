//! The info-hash that comes to mind first: read the torrent, keep what we know, write it again and
//! hash that. It is right for most torrents, and for the others it finds no peer at all.
//!
//! `cargo run -p step02-metainfo --example naive_info_hash`

use bencode::Value;
use bendy::encoding::{Encoder, Error};
use metainfo::InfoHash;

// ANCHOR: info
/// The keys of `info` that we know, for a torrent of one file.
struct Info<'a> {
    length: i64,
    name: &'a [u8],
    piece_length: i64,
    pieces: &'a [u8],
}
// ANCHOR_END: info

impl<'a> Info<'a> {
    fn read(info: Value<'_, 'a>) -> Option<Info<'a>> {
        Some(Info {
            length: info.get("length")?.as_int()?,
            name: info.get("name")?.as_bytes()?,
            piece_length: info.get("piece length")?.as_int()?,
            pieces: info.get("pieces")?.as_bytes()?,
        })
    }

    // ANCHOR: encode
    fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut encoder = Encoder::new();
        encoder.emit_dict(|mut info| {
            info.emit_pair(b"length", self.length)?;
            info.emit_pair_with(b"name", |string| string.emit_bytes(self.name))?;
            info.emit_pair(b"piece length", self.piece_length)?;
            info.emit_pair_with(b"pieces", |string| string.emit_bytes(self.pieces))
        })?;
        encoder.get_output()
    }
    // ANCHOR_END: encode
}

// ANCHOR: naive
/// The hash of what we understood, instead of what is there.
pub fn naive_info_hash(torrent: &[u8]) -> Option<InfoHash> {
    let document = bencode::decode_lenient(torrent).ok()?;
    let info = Info::read(document.root().get("info")?)?;
    Some(InfoHash::of(&info.encode().ok()?))
}
// ANCHOR_END: naive

// ANCHOR: right
/// The hash of the bytes that are there.
pub fn info_hash(torrent: &[u8]) -> Option<InfoHash> {
    let document = bencode::decode_lenient(torrent).ok()?;
    Some(InfoHash::of(document.root().get("info")?.raw()))
}
// ANCHOR_END: right

/// Three torrents of one file, each right in its own way.
pub const TORRENTS: [(&str, &str); 3] = [
    (
        "only keys that we know, in order",
        "d4:infod6:lengthi3e4:name5:a.txt12:piece lengthi16384e\
         6:pieces20:aaaaaaaaaaaaaaaaaaaaee",
    ),
    (
        "one key more",
        "d4:infod6:lengthi3e4:name5:a.txt12:piece lengthi16384e\
         6:pieces20:aaaaaaaaaaaaaaaaaaaa6:source4:clubee",
    ),
    (
        "the name before the length",
        "d4:infod4:name5:a.txt6:lengthi3e12:piece lengthi16384e\
         6:pieces20:aaaaaaaaaaaaaaaaaaaaee",
    ),
];

fn main() {
    let shown = |hash: Option<InfoHash>| hash.map_or("none".into(), |hash| hash.to_string());
    for (what, torrent) in TORRENTS {
        println!("{what}");
        println!("  naive  {}", shown(naive_info_hash(torrent.as_bytes())));
        println!("  right  {}", shown(info_hash(torrent.as_bytes())));
    }
}
