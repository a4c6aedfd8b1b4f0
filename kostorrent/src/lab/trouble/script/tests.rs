use messages::{BlockHeader, Decoder, Item};
use pretty_assertions::assert_eq;

use super::*;

/// Two pieces of 40,000 bytes and one of 20,000.
fn content() -> Arc<Content> {
    let bytes: Vec<u8> = (0..100_000_u32).map(|at| (at % 251) as u8).collect();
    let pieces: Vec<u8> = bytes
        .chunks(40_000)
        .flat_map(|piece| hashing::digest(&[piece]))
        .collect();
    let mut torrent =
        b"d4:infod6:lengthi100000e4:name1:a12:piece lengthi40000e6:pieces60:".to_vec();
    torrent.extend_from_slice(&pieces);
    torrent.extend_from_slice(b"ee");
    let torrent = metainfo::Metainfo::parse(&torrent).unwrap();
    Arc::new(Content::new(&torrent, bytes).unwrap())
}

/// What a peer said, as a client would take it apart.
#[derive(Debug, PartialEq)]
enum Said {
    Message(Message),
    Block(BlockHeader, Vec<u8>),
}

fn take_apart(mut bytes: &[u8]) -> Vec<Said> {
    let mut decoder = Decoder::new(3);
    let mut said = Vec::new();
    while !bytes.is_empty() {
        let (used, item) = decoder.next(bytes).unwrap();
        bytes = &bytes[used..];
        match item {
            Some(Item::Message(message)) => said.push(Said::Message(message)),
            Some(Item::Block(header)) => {
                let (payload, rest) = bytes.split_at(header.len as usize);
                said.push(Said::Block(header, payload.to_vec()));
                bytes = rest;
            }
            None => assert!(used > 0, "an unfinished message"),
        }
    }
    said
}

fn request(piece: u32, offset: u32, len: u32) -> Message {
    Message::Request(BlockRequest { piece, offset, len })
}

/// What comes back when all these are heard at once.
fn say(script: &mut Script, messages: &[Message]) -> Vec<Said> {
    let mut out = Vec::new();
    for message in messages {
        script.hear(message, &mut out);
    }
    script.answer(&mut out);
    take_apart(&out)
}

fn unchoked(trouble: Trouble) -> Script {
    let mut script = Script::new(trouble, content());
    let said = say(&mut script, &[Message::Interested]);
    assert_eq!(said, [Said::Message(Message::Unchoke)]);
    script
}

fn headers(said: &[Said]) -> Vec<(u32, u32, u32)> {
    let headers = said.iter().filter_map(|said| match said {
        Said::Block(header, _) => Some((header.piece, header.offset, header.len)),
        Said::Message(_) => None,
    });
    headers.collect()
}

/// Whether every block holds the torrent's bytes.
fn honest(said: &[Said]) -> Vec<bool> {
    let content = content();
    let blocks = said.iter().filter_map(|said| match said {
        Said::Block(BlockHeader { piece, offset, len }, bytes) => {
            let block = BlockRequest {
                piece: *piece,
                offset: *offset,
                len: *len,
            };
            Some(content.block(block) == Some(bytes))
        }
        Said::Message(_) => None,
    });
    blocks.collect()
}

#[test]
fn the_liar_lies_in_every_fourth_block() {
    let mut script = unchoked(Trouble::Liar);
    let requests: Vec<_> = (0..8).map(|n| request(0, n * 1000, 1000)).collect();
    let said = say(&mut script, &requests);
    assert_eq!(
        honest(&said),
        [true, true, true, false, true, true, true, false]
    );
}

#[test]
fn the_staller_unchokes_and_is_silent() {
    let mut script = unchoked(Trouble::Staller);
    assert_eq!(say(&mut script, &[request(0, 0, BLOCK)]), []);
    assert_eq!(script.nap(), None);
}

#[test]
fn the_choker_forgets_requests_and_comes_back() {
    let mut script = unchoked(Trouble::Choker);
    let requests: Vec<_> = (0..6).map(|n| request(0, n * 1000, 1000)).collect();
    let said = say(&mut script, &requests);
    assert_eq!(headers(&said).len(), 4);
    assert_eq!(said.last(), Some(&Said::Message(Message::Choke)));
    assert_eq!(say(&mut script, &[request(0, 0, 1000)]), [], "choked");

    assert_eq!(script.nap(), Some(CHOKED));
    let mut out = Vec::new();
    script.wake(&mut out);
    assert_eq!(take_apart(&out), [Said::Message(Message::Unchoke)]);
    assert_eq!(script.nap(), None);
    assert_eq!(headers(&say(&mut script, &[request(0, 0, 1000)])).len(), 1);
}

#[test]
fn big_blocks_answer_two_requests_at_once() {
    let mut script = unchoked(Trouble::BigBlocks);
    let both = [request(0, 0, BLOCK), request(0, BLOCK, BLOCK)];
    assert_eq!(headers(&say(&mut script, &both)), [(0, 0, 2 * BLOCK)]);
    assert_eq!(headers(&say(&mut script, &both[..1])), [(0, 0, 2 * BLOCK)]);
    assert_eq!(headers(&say(&mut script, &both[1..])), [(0, BLOCK, BLOCK)]);
    // Piece 0 has 40,000 bytes: its third block has no other half. Neither has the last piece.
    let last = request(0, 2 * BLOCK, 40_000 - 2 * BLOCK);
    assert_eq!(
        headers(&say(&mut script, &[last])),
        [(0, 2 * BLOCK, 40_000 - 2 * BLOCK)]
    );
    assert_eq!(
        headers(&say(&mut script, &[request(2, 0, BLOCK)])),
        [(2, 0, BLOCK)]
    );
}

#[test]
fn odd_cuts_add_up() {
    let mut script = unchoked(Trouble::OddCuts);
    let said = say(&mut script, &[request(1, BLOCK, BLOCK)]);
    let mut cuts = headers(&said);
    assert_eq!(cuts.len(), 3);
    assert!(cuts[0].1 > cuts[1].1, "the last one first");
    assert_eq!(honest(&said), [true; 3]);
    cuts.sort();
    let mut at = BLOCK;
    for (_, offset, len) in cuts {
        assert_eq!(offset, at);
        at += len;
    }
    assert_eq!(at, 2 * BLOCK);
    // Blocks too short to be cut in three come whole, or in fewer.
    assert_eq!(honest(&say(&mut script, &[request(1, 0, 1)])), [true]);
}

#[test]
fn have_only_sends_no_bitfield() {
    let mut script = unchoked(Trouble::HaveOnly);
    assert!(script.hello().is_empty());
    let mut out = Vec::new();
    while script.nap().is_some() {
        script.wake(&mut out);
    }
    let haves = [0, 1, 2].map(|piece| Said::Message(Message::Have(piece)));
    assert_eq!(take_apart(&out), haves);
    assert_eq!(honest(&say(&mut script, &[request(2, 0, 20_000)])), [true]);
}

#[test]
fn everybody_else_begins_with_a_full_bitfield() {
    for trouble in Trouble::ALL.into_iter().filter(|&t| t != Trouble::HaveOnly) {
        let hello = Script::new(trouble, content()).hello();
        assert_eq!(
            take_apart(&hello),
            [Said::Message(Message::Bitfield(vec![0b1110_0000]))]
        );
    }
}

#[test]
fn senseless_requests_are_not_answered() {
    for trouble in Trouble::ALL {
        let mut script = unchoked(trouble);
        for odd in [
            request(3, 0, 1),
            request(0, u32::MAX, BLOCK),
            request(0, 0, 0),
            request(2, 0, 20_001),
        ] {
            assert_eq!(say(&mut script, &[odd]), []);
        }
        let flood = vec![request(0, 0, 1); 2_000];
        assert!(say(&mut script, &flood).len() <= 3 * MAX_WAITING);
    }
}
