//! The same items come out of a peer's stream, wherever it is cut.
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use messages::{Decoder, Item, MAX_BLOCK, Message};

#[derive(Arbitrary, Debug)]
struct Input {
    pieces: u16,
    cuts: Vec<u8>,
    stream: Vec<u8>,
}

/// The items of a stream that arrives in these parts, and whether it ended in an error.
fn items<'a>(pieces: u32, parts: impl Iterator<Item = &'a [u8]>) -> (Vec<Item>, bool) {
    let mut decoder = Decoder::new(pieces).keeping(fast::IDS);
    let mut items = Vec::new();
    let mut payload = 0; // bytes of a block that are still to come, and are no message
    for mut part in parts {
        while !part.is_empty() {
            if payload > 0 {
                let n = part.len().min(payload);
                part = &part[n..];
                payload -= n;
                continue;
            }
            match decoder.next(part) {
                Err(_) => return (items, true),
                Ok((used, item)) => {
                    assert!(
                        used <= part.len() && (used > 0 || item.is_some()),
                        "no progress"
                    );
                    part = &part[used..];
                    if let Some(Item::Block(block)) = &item {
                        assert!((1..=MAX_BLOCK).contains(&block.len) && block.piece < pieces);
                        payload = block.len as usize;
                    }
                    if let Some(Item::Message(Message::Later { id, body })) = &item {
                        // Whatever it says, it is written as it is read.
                        if let Ok(Some(read)) = fast::Fast::read(*id, body, pieces) {
                            assert_eq!(Some(&Item::Message(read.into())), item.as_ref());
                        }
                    }
                    items.extend(item);
                }
            }
        }
    }
    (items, false)
}

fuzz_target!(|input: Input| {
    let pieces = u32::from(input.pieces);
    let whole = items(pieces, [&input.stream[..]].into_iter());

    let mut rest = &input.stream[..];
    let mut cuts = input.cuts.iter().cycle();
    let parts = std::iter::from_fn(|| {
        let n = rest.len().min(usize::from(*cuts.next().unwrap_or(&0)) + 1);
        let (part, after) = rest.split_at(n);
        rest = after;
        (n > 0).then_some(part)
    });
    assert_eq!(items(pieces, parts), whole);

    // What was understood is encoded and understood again.
    let mut bytes = Vec::new();
    let known = |item: &Item| matches!(item, Item::Message(message) if !matches!(message, Message::Skipped(_)));
    let messages: Vec<Item> = whole.0.into_iter().filter(known).collect();
    for item in &messages {
        if let Item::Message(message) = item {
            message.encode(&mut bytes);
        }
    }
    let again = items(pieces, [&bytes[..]].into_iter());
    // A bitfield may come only first in some readings: then the rest is refused, and nothing else differs.
    assert!(again.1 || again.0 == messages);
    assert!(messages.starts_with(&again.0));
});
