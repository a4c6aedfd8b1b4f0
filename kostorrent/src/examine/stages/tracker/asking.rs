//! What stands in an announce.

use super::CHAPTER;
use crate::examine::asked::Asked;
use crate::examine::scene::{Over, Scene};
use crate::examine::stage::Playing;
use crate::examine::torrent::{Torrent, number};
use crate::examine::verdict::{Check, Finding};

pub(super) static ESCAPING: Check = Check {
    name: "escaping",
    right: "escapes the info-hash: it arrives as it is, with a space, a `%` and a `+` in it",
    source: "BEP 3, trackers: info_hash",
    chapter: CHAPTER,
    section: "Bytes in a URL",
};
pub(super) static PARAMETERS: Check = Check {
    name: "parameters",
    right: "says all that has to be said: info_hash, peer_id, port, uploaded, downloaded, left",
    source: "BEP 3, trackers",
    chapter: CHAPTER,
    section: "The announce, by hand",
};
pub(super) static PEER_ID: Check = Check {
    name: "peer-id",
    right: "has a peer id of 20 bytes",
    source: "BEP 3, trackers: peer_id",
    chapter: 3,
    section: "On the wire",
};

/// The bytes that are escaped wrongly most often.
const AWKWARD: [u8; 3] = *b" %+";

pub(super) fn announce(mut scene: Scene) -> Playing {
    Box::pin(async move {
        // Some number in `info` makes an info-hash that has them; the same one each time.
        let small = scene.own(Torrent::single("small.bin", 1_000, 6));
        for count in 0.. {
            let torrent = small.clone().with_info("x-count", &number(count));
            let hash = torrent.info_hash();
            if AWKWARD.iter().all(|byte| hash.0.contains(byte)) {
                scene.torrent = torrent;
                break;
            }
        }
        scene.usual().await?;
        let asked = |scene: &Scene| !scene.tape.asked(None).is_empty();
        let played = scene.play(scene.patience(), &asked).await?;
        let all = [&ESCAPING, &PARAMETERS, &PEER_ID];
        let asked = scene.tape.asked(None);
        let Some((_, asked)) = asked.first() else {
            let why = |check: &'static Check| match &played.over {
                Over::Ended(_) if played.crash().is_some() => check.wrong(played.why()),
                _ => check.skipped("it asked no tracker"),
            };
            return Ok(all.map(why).into());
        };
        let seen = scene.tape.last(1);
        let findings = [escaping(asked, &scene), parameters(asked), peer_id(asked)];
        let findings = findings.into_iter();
        Ok(findings.map(|finding| finding.seen(seen.clone())).collect())
    })
}

fn escaping(asked: &Asked, scene: &Scene) -> Finding {
    let right = scene.torrent.info_hash();
    if let Some(why) = &asked.unreadable {
        return ESCAPING.wrong(format!("its announce cannot be read: {why}"));
    }
    let raw = asked.target.split(['?', '&']);
    let raw = raw
        .into_iter()
        .find_map(|part| part.strip_prefix("info_hash="));
    match asked.get("info_hash") {
        Some(hash) if hash == right.0 && raw.is_some_and(|raw| raw.contains('+')) => {
            ESCAPING.odd("sends a `+` of the info-hash as it is: many trackers take it for a space")
        }
        Some(hash) if hash == right.0 => ESCAPING.ok(),
        Some(hash) => ESCAPING.wrong(format!(
            "the info-hash is {right}, and {} arrives ({} bytes)",
            hex::encode(hash),
            hash.len()
        )),
        None => ESCAPING.wrong("its announce has no info_hash"),
    }
}

fn parameters(asked: &Asked) -> Finding {
    let needed = [
        "info_hash",
        "peer_id",
        "port",
        "uploaded",
        "downloaded",
        "left",
    ];
    let missing: Vec<&str> = needed
        .into_iter()
        .filter(|name| asked.get(name).is_none())
        .collect();
    if !missing.is_empty() {
        return PARAMETERS.wrong(format!("does not say {}", missing.join(", ")));
    }
    let numbers = ["port", "uploaded", "downloaded", "left"];
    let mut numbers = numbers.into_iter();
    if let Some(name) = numbers.find(|name| asked.number(name).is_none()) {
        let text = asked.text(name).unwrap_or_default();
        return PARAMETERS.wrong(format!("says `{name}={text}`, which is no number"));
    }
    if asked.get("compact") != Some(b"1") {
        return PARAMETERS
            .odd("does not ask for a compact list (`compact=1`): some trackers then refuse it");
    }
    PARAMETERS.ok()
}

fn peer_id(asked: &Asked) -> Finding {
    match asked.get("peer_id").map(<[u8]>::len) {
        Some(20) => PEER_ID.ok(),
        Some(length) => PEER_ID.wrong(format!("its peer id has {length} bytes")),
        None => PEER_ID.wrong("its announce has no peer_id"),
    }
}
