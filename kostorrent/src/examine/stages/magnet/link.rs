//! What a link may say, and what a client makes of it.

use super::asking::{blocks_asked, numbers, speaks};
use super::{
    CHAPTER, HONEST, NO_MAGNET, failed, give_link, give_usual_link, informed, over, prepared,
};
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::stages::messages::Otherwise;
use crate::examine::verdict::{Check, Finding};
use crate::lab::trouble::Metadata;

pub(super) static LINK: Check = Check {
    name: "link",
    right: "fetches what a magnet link names, from peers of its tracker",
    source: "BEP 9, magnet URI format: tr",
    chapter: CHAPTER,
    section: "The link",
};
pub(super) static PEERS: Check = Check {
    name: "peers",
    right: "calls the peer that a link names, without a tracker",
    source: "BEP 9, magnet URI format: x.pe",
    chapter: CHAPTER,
    section: "The link",
};
pub(super) static BASE32: Check = Check {
    name: "base32",
    right: "takes an info-hash of 32 letters",
    source: "BEP 9, magnet URI format: clients should also support the 32 character base32 encoded info-hash",
    chapter: CHAPTER,
    section: "The link, taken apart",
};
pub(super) static LEFT: Check = Check {
    name: "left",
    right: "does not tell its tracker that nothing is left before it knows what there is",
    source: "BEP 3, trackers: left; no BEP says what to say of a torrent of unknown length",
    chapter: 17,
    section: "The datagrams",
};

pub(super) fn link(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let all = [
            &LINK,
            &LEFT,
            &super::asking::SPEAKS,
            &super::asking::BLOCKS,
            &super::asking::NUMBERS,
        ];
        if prepared(&mut scene).is_none() {
            return Ok(all.map(|check| check.skipped(NO_MAGNET)).into());
        }
        let peer = informed(&mut scene, "seeder", Metadata::Gives, HONEST, |_| true).await?;
        scene.tracker_for(&[peer]).await?;
        give_usual_link(&mut scene);
        let played = scene.play(scene.patience(), &over).await?;
        let whole = failed(&scene, &LINK, &played, Otherwise::Wrong);
        let findings = [
            whole.unwrap_or_else(|| LINK.ok()),
            left(&scene),
            speaks(&scene),
            blocks_asked(&scene),
            numbers(&scene),
        ];
        let seen = scene.tape.last(12);
        let findings = findings.into_iter();
        Ok(findings.map(|finding| finding.seen(seen.clone())).collect())
    })
}

fn left(scene: &Scene) -> Finding {
    match scene
        .tape
        .asked(None)
        .first()
        .map(|(_, asked)| asked.number("left"))
    {
        None => LEFT.skipped("it asked no tracker"),
        Some(Some(0)) => {
            LEFT.odd("says `left=0`: its tracker takes it for a seeder, and names it no seeders")
        }
        Some(Some(_)) => LEFT.ok(),
        Some(None) => LEFT.odd("does not say how much is left, or no number"),
    }
}

pub(super) fn peers(mut scene: Scene) -> Playing {
    Box::pin(async move {
        if prepared(&mut scene).is_none() {
            return Ok(vec![PEERS.skipped(NO_MAGNET)]);
        }
        let peer = informed(&mut scene, "seeder", Metadata::Gives, HONEST, |_| true).await?;
        let topic = scene.torrent.info_hash().to_string();
        give_link(&mut scene, &topic, &[("x.pe", peer.to_string())]);
        let called = |scene: &Scene| scene.tape.called("seeder");
        let played = scene.play_for(scene.patience(), &called).await?;
        let finding = if called(&scene) {
            PEERS.ok()
        } else if let Some(crash) = played.crash() {
            PEERS.wrong(crash)
        } else {
            PEERS.odd(format!(
                "does not call the peer that the link names: {}",
                played.why()
            ))
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}

pub(super) fn base32(mut scene: Scene) -> Playing {
    Box::pin(async move {
        if prepared(&mut scene).is_none() {
            return Ok(vec![BASE32.skipped(NO_MAGNET)]);
        }
        let peer = informed(&mut scene, "seeder", Metadata::Gives, HONEST, |_| true).await?;
        scene.tracker_for(&[peer]).await?;
        let right = scene.torrent.info_hash();
        let tracker = ("tr", scene.announce.clone());
        give_link(&mut scene, &in_base32(&right.0), &[tracker]);
        let named = |scene: &Scene| scene.named().is_some();
        let played = scene.play(scene.patience(), &named).await?;
        let finding = match scene.named() {
            Some(named) if named == right => BASE32.ok(),
            Some(other) => BASE32.wrong(format!("takes {right} for {other}")),
            None => match played.crash() {
                Some(crash) => BASE32.wrong(crash),
                None => BASE32.odd(format!("does not take it: {}", played.why())),
            },
        };
        Ok(vec![finding.seen(scene.tape.last(4))])
    })
}

/// Five bits a letter (RFC 4648, 6); 20 bytes are 32 letters.
fn in_base32(hash: &[u8; 20]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bit = |at: usize| hash[at / 8] >> (7 - at % 8) & 1;
    let letter = |place: usize| {
        let number = (0..5).fold(0, |number, more| number << 1 | bit(5 * place + more));
        char::from(LETTERS[usize::from(number)])
    };
    (0..32).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_five_bits_each() {
        let hash = [
            7, 200, 31, 0, 255, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        ];
        let link = format!("magnet:?xt=urn:btih:{}", in_base32(&hash));
        let magnet: magnet::Magnet = link.parse().unwrap();
        assert_eq!(magnet.info_hash_v1.unwrap().0, hash);
    }
}
