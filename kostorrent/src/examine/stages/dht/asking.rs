//! What a client asks of nodes.

use std::collections::BTreeSet;

use dht::krpc::{AnnouncePeer, Ask};

use super::nodes::{Known, add, whose};
use super::{CHAPTER, NO_ROUTER, NOT_ASKED, SEARCH, Said, is_about, queries, said};
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::verdict::{Check, Finding};
use crate::lab::peer::Manner;

pub(super) static QUERIES: Check = Check {
    name: "queries",
    right: "asks in dictionaries that can be read, under one id of 20 bytes",
    source: "BEP 5, KRPC protocol",
    chapter: CHAPTER,
    section: "On the wire",
};
pub(super) static FINDS: Check = Check {
    name: "finds",
    right: "finds a peer by the DHT alone",
    source: "BEP 5, get_peers",
    chapter: CHAPTER,
    section: "The way there",
};
pub(super) static ANNOUNCES: Check = Check {
    name: "announces",
    right: "announces itself to nodes, each with the token that it gave, and with its port",
    source: "BEP 5, announce_peer",
    chapter: CHAPTER,
    section: "The token",
};

pub(super) fn search(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let all = [&QUERIES, &FINDS, &ANNOUNCES];
        if !scene.ground.template.has("{router}") {
            return Ok(all.map(|check| check.skipped(NO_ROUTER)).into());
        }
        // It has a seeder that stays, so that there is something to announce.
        let script = scene.honest()?;
        let manner = Manner {
            rate: Some(scene.torrent.total() / 6),
            ..Manner::default()
        };
        let peer = scene.script("seeder", manner, script).await?;
        add(&mut scene, Known::of(&[peer]), None).await?;
        let info_hash = scene.torrent.info_hash();
        let over = move |scene: &Scene| {
            let said = said(scene);
            let found = scene.finds("seeder", peer) && !announces(&said, info_hash).is_empty();
            found || said.iter().any(|said| said.message.is_err())
        };
        let limit = scene.patience().max(SEARCH);
        let played = scene.play(limit, &over).await?;
        let said = said(&scene);
        let findings = if let Some(crash) = played.crash() {
            all.map(|check| check.wrong(crash.clone()))
        } else if said.is_empty() {
            all.map(|check| check.skipped(format!("{NOT_ASKED}: {}", played.why())))
        } else {
            let mut queries = queries(&said).into_iter();
            let searches = queries.any(|(_, query)| is_about(query, info_hash));
            let finds = match (scene.finds("seeder", peer), searches) {
                (true, _) => FINDS.ok(),
                (false, true) => FINDS.odd(format!(
                    "does not call the peer that all nodes name: {}",
                    played.why()
                )),
                (false, false) => FINDS.odd(format!(
                    "knows nodes, and asks none of them for peers within {} s",
                    limit.as_secs()
                )),
            };
            let announced = match searches {
                true => announced(&said, info_hash),
                false => ANNOUNCES.skipped("it has not come so far"),
            };
            [well_formed(&said), finds, announced]
        };
        let seen = scene.tape.last(12);
        let findings = findings.into_iter();
        Ok(findings.map(|finding| finding.seen(seen.clone())).collect())
    })
}

fn well_formed(said: &[Said]) -> Finding {
    if let Some(why) = said.iter().find_map(|said| said.message.as_ref().err()) {
        return QUERIES.wrong(format!("sends a datagram that cannot be read: {why}"));
    }
    let queries = queries(said);
    let ids: BTreeSet<_> = queries.iter().map(|(_, query)| query.id).collect();
    match ids.len() {
        0 => QUERIES.skipped("it asked nothing"),
        1 => QUERIES.ok(),
        // One for each of its addresses is as BEP 42 has it; at one address one is enough.
        many => QUERIES.odd(format!("asks under {many} ids")),
    }
}

fn announces(said: &[Said], info_hash: metainfo::InfoHash) -> Vec<AnnouncePeer> {
    let all = queries(said).into_iter();
    let ours = all.filter(|(_, query)| is_about(query, info_hash));
    ours.filter_map(|(_, query)| match &query.ask {
        Ask::AnnouncePeer(announce) => Some(announce.clone()),
        _ => None,
    })
    .collect()
}

fn announced(said: &[Said], info_hash: metainfo::InfoHash) -> Finding {
    let announces = announces(said, info_hash);
    if let Some(other) = announces.iter().find(|it| whose(&it.token).is_none()) {
        let token = other.token.escape_ascii();
        return ANNOUNCES.wrong(format!("shows the token `{token}`, which no node gave it"));
    }
    match announces.iter().find(|it| it.port == 0 && !it.implied_port) {
        Some(_) => ANNOUNCES.wrong("announces the port 0"),
        None if announces.is_empty() => {
            ANNOUNCES.odd("announces itself to no node: nobody finds it")
        }
        None => ANNOUNCES.ok(),
    }
}
