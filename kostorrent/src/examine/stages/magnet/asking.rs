//! How a client asks for metadata.

use std::collections::BTreeSet;

use magnet::UT_METADATA;

use super::{CHAPTER, HONEST, blocks};
use crate::examine::scene::Scene;
use crate::examine::stages::extended::{about_metadata, asked_for, handshake};
use crate::examine::verdict::{Check, Finding};

pub(super) static SPEAKS: Check = Check {
    name: "speaks",
    right: "sets the bit of the extension protocol, and says in its extension handshake under which number it hears `ut_metadata`",
    source: "BEP 10, handshake message: m; BEP 9, extension header",
    chapter: CHAPTER,
    section: "The extension protocol",
};
pub(super) static BLOCKS: Check = Check {
    name: "blocks",
    right: "asks for each block of 16 KiB of the metadata once, and for none past the end",
    source: "BEP 9, request; metadata_size",
    chapter: CHAPTER,
    section: "Metadata, block by block",
};
pub(super) static NUMBERS: Check = Check {
    name: "numbers",
    right: "sends under the numbers that the other side has given out, and not under its own",
    source: "BEP 10, handshake message: the names to the extended message IDs",
    chapter: CHAPTER,
    section: "Extended messages",
};

/// The honest peer.
const PEER: &str = "seeder";
/// What is said where there is nothing to judge.
const SILENT: &str = "it sent no extended message";

pub(super) fn speaks(scene: &Scene) -> Finding {
    let theirs = scene.tape.handshakes(PEER);
    let Some(theirs) = theirs.first() else {
        return SPEAKS.skipped("it called nobody");
    };
    if !theirs.reserved.extension_protocol() {
        return SPEAKS.wrong("does not set the bit: nobody gives it metadata");
    }
    match handshake(&scene.tape, PEER) {
        None => SPEAKS.wrong("sets the bit, and sends no extension handshake"),
        Some(Err(why)) => SPEAKS.wrong(format!("its extension handshake cannot be read: {why}")),
        Some(Ok(said)) => match said.extensions.get(UT_METADATA) {
            Some(number) if *number > 0 => SPEAKS.ok(),
            Some(_) => {
                SPEAKS.wrong("says that it hears `ut_metadata` under 0, which is: not at all")
            }
            None => SPEAKS.wrong("does not name `ut_metadata` in `m`"),
        },
    }
}

pub(super) fn blocks_asked(scene: &Scene) -> Finding {
    let messages = about_metadata(&scene.tape, PEER, HONEST.metadata);
    let unreadable = messages
        .iter()
        .find_map(|(_, message)| message.as_ref().err());
    if let Some(why) = unreadable {
        return BLOCKS.wrong(format!("sends what cannot be read: {why}"));
    }
    let asked = asked_for(&scene.tape, PEER, HONEST.metadata);
    let count = blocks(scene);
    let beyond = asked.iter().find(|(_, piece)| *piece as usize >= count);
    if let Some((_, piece)) = beyond {
        return BLOCKS.wrong(format!(
            "asks for block {piece}, and the metadata have {count}, counted from 0"
        ));
    }
    let each: BTreeSet<u32> = asked.iter().map(|(_, piece)| *piece).collect();
    match (each.len(), asked.len()) {
        (0, _) => BLOCKS.skipped("it asked for no metadata"),
        (some, _) if some < count => BLOCKS.wrong(format!("asks for {some} of {count} blocks")),
        (_, times) if times > count => BLOCKS.odd(format!(
            "asks {times} times for {count} blocks, of a peer that gives each"
        )),
        _ => BLOCKS.ok(),
    }
}

pub(super) fn numbers(scene: &Scene) -> Finding {
    let known = [0, HONEST.metadata, HONEST.exchange];
    let said = scene.tape.extended(PEER);
    let numbers = said.iter().filter_map(|(_, body)| body.first().copied());
    let numbers: BTreeSet<u8> = numbers.collect();
    let other = numbers.iter().find(|number| !known.contains(number));
    match other {
        Some(other) => NUMBERS.wrong(format!(
            "sends under the number {other}, and was told {} for `ut_metadata` and {} for `ut_pex`",
            HONEST.metadata, HONEST.exchange
        )),
        None if numbers.contains(&HONEST.metadata) => NUMBERS.ok(),
        None => NUMBERS.skipped(SILENT),
    }
}
