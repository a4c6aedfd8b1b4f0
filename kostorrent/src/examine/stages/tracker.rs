//! Chapter 4: how a client asks a tracker, and what it makes of the answer.

mod asking;
mod events;

use std::net::{Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;

use super::NOT_SO_FAR;
use crate::examine::scene::{Scene, SceneError};
use crate::examine::stage::{Playing, Stage, Take};
use crate::examine::torrent::string;
use crate::examine::tracker::{INTERVAL, listed, peers};
use crate::examine::verdict::{Check, Finding};
use crate::lab::peer::Manner;
use crate::lab::tracker::http::Response;
use crate::lab::tracker::request::Form;

const CHAPTER: u8 = 4;

static LISTS: Check = Check {
    name: "dictionaries",
    right: "reads a list of peers that is not compact",
    source: "BEP 23: clients MUST continue to support both",
    chapter: CHAPTER,
    section: "The reply",
};
static IPV6: Check = Check {
    name: "ipv6",
    right: "calls a peer that is named with an IPv6 address, in `peers6`",
    source: "BEP 7, announce response",
    chapter: CHAPTER,
    section: "The reply",
};
static GZIP: Check = Check {
    name: "gzip",
    right: "reads an answer that is compressed, as it said that it could be",
    source: "RFC 9110, 8.4.1.3 and 12.5.3",
    chapter: CHAPTER,
    section: "The reply",
};
static REDIRECT: Check = Check {
    name: "redirect",
    right: "goes where the tracker sends it",
    source: "RFC 9110, 15.4: trackers move",
    chapter: CHAPTER,
    section: "When it goes wrong",
};
static QUERY: Check = Check {
    name: "query",
    right: "keeps what stands behind a `?` in the tracker's URL, and goes on with `&`",
    source: "BEP 3, trackers: a tracker's URL is any",
    chapter: CHAPTER,
    section: "The announce, by hand",
};
static TIERS: Check = Check {
    name: "tiers",
    right: "asks the next tier when a tracker is dead",
    source: "BEP 12, order of processing",
    chapter: CHAPTER,
    section: "Several trackers",
};

/// The stage.
pub const STAGE: Stage = Stage {
    name: "tracker",
    chapter: CHAPTER,
    about: "the announce and its answer, over HTTP",
    seeds: false,
    checks: &[
        &asking::ESCAPING,
        &asking::PARAMETERS,
        &asking::PEER_ID,
        &events::STARTED,
        &events::COMPLETED,
        &events::STOPPED,
        &events::COUNTED,
        &events::INTERVAL_KEPT,
        &events::FAILURE,
        &LISTS,
        &IPV6,
        &GZIP,
        &REDIRECT,
        &QUERY,
        &TIERS,
    ],
    takes: &[
        take("announce", asking::announce),
        take("events", events::events),
        take("interval", events::interval),
        take("failure", events::failure),
        take("dictionaries", dictionaries),
        take("ipv6", ipv6),
        take("gzip", gzip),
        take("redirect", redirect),
        take("query", query),
        take("tiers", tiers),
    ],
};

const fn take(name: &'static str, play: fn(Scene) -> Playing) -> Take {
    Take { name, play }
}

/// Runs the client until it finds the seeder at this address, and judges: whoever finds an ordinary one, and
/// asked, has to find this one.
async fn found(
    scene: &Scene,
    check: &'static Check,
    addr: SocketAddr,
    otherwise: fn(&'static Check, String) -> Finding,
) -> Result<Finding, SceneError> {
    let finds = move |scene: &Scene| scene.finds("seeder", addr);
    let played = scene.play(scene.patience(), &finds).await?;
    let finding = if finds(scene) {
        check.ok()
    } else if let Some(crash) = played.crash() {
        check.wrong(crash)
    } else if !scene.ground.baseline().await?.finds {
        check.skipped(NOT_SO_FAR)
    } else if scene.tape.asked(None).is_empty() {
        check.skipped("it did not ask this tracker")
    } else {
        otherwise(check, played.why())
    };
    Ok(finding.seen(scene.tape.last(4)))
}

fn dictionaries(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let script = scene.honest()?;
        let peer = scene.script("seeder", Manner::default(), script).await?;
        let form = Form::Dictionaries { peer_ids: false };
        scene
            .tracker("tracker", move |_, _| listed(&[peer], form, INTERVAL))
            .await?;
        let wrong = |check: &'static Check, why| {
            check.wrong(format!(
                "calls nobody when `peers` is a list of dictionaries: {why}"
            ))
        };
        Ok(vec![found(&scene, &LISTS, peer, wrong).await?])
    })
}

fn ipv6(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let here = SocketAddr::from((Ipv6Addr::LOCALHOST, 0));
        if TcpListener::bind(here).is_err() {
            return Ok(vec![IPV6.skipped("this machine has no IPv6")]);
        }
        let (mut script, ours) = (scene.honest()?, scene.handshake("seeder"));
        script = script.clone();
        let peer = scene
            .peer_at(here, "seeder", Manner::default(), move |mut line| {
                let mut script = script.clone();
                async move {
                    line.shake_hands(&ours).await?;
                    line.play(&mut script).await
                }
            })
            .await?;
        scene.tracker_for(&[peer]).await?;
        let odd = |check: &'static Check, why| {
            check.odd(format!(
                "does not call a peer that is named in `peers6`: {why}"
            ))
        };
        Ok(vec![found(&scene, &IPV6, peer, odd).await?])
    })
}

fn gzip(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let script = scene.honest()?;
        let peer = scene.script("seeder", Manner::default(), script).await?;
        scene
            .tracker("tracker", move |asked, _| {
                let plain = peers(&[peer]);
                match asked.takes_gzip {
                    true => compressed(plain),
                    false => plain,
                }
            })
            .await?;
        let wrong = |check: &'static Check, why| {
            check.wrong(format!(
                "asks with `Accept-Encoding: gzip`, and cannot read the answer: {why}"
            ))
        };
        let finding = found(&scene, &GZIP, peer, wrong).await?;
        let asked = scene.tape.asked(None);
        let takes = asked.iter().any(|(_, asked)| asked.takes_gzip);
        Ok(vec![match takes || asked.is_empty() {
            true => finding,
            false => GZIP.skipped("it does not say that it takes gzip"),
        }])
    })
}

fn compressed(plain: Response) -> Response {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    // Into memory: nothing fails.
    let body = std::io::Write::write_all(&mut encoder, &plain.body).and_then(|()| encoder.finish());
    match body {
        Ok(body) => Response {
            headers: "Content-Encoding: gzip\r\n".into(),
            body,
            ..plain
        },
        Err(_) => plain,
    }
}

fn redirect(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let script = scene.honest()?;
        let peer = scene.script("seeder", Manner::default(), script).await?;
        let moved = scene.tracker("moved", move |_, _| peers(&[peer])).await?;
        scene.announce.clear();
        scene
            .tracker("tracker", move |asked, _| {
                let (_, query) = asked.target.split_once('?').unwrap_or_default();
                Response {
                    status: "302 Found",
                    headers: format!("Location: {moved}?{query}\r\n"),
                    body: Vec::new(),
                }
            })
            .await?;
        let odd = |check: &'static Check, why| {
            check.odd(format!(
                "does not follow a tracker that has moved (302): {why}"
            ))
        };
        Ok(vec![found(&scene, &REDIRECT, peer, odd).await?])
    })
}

fn query(mut scene: Scene) -> Playing {
    Box::pin(async move {
        scene.usual().await?;
        scene.announce += "?passkey=ab%2Fcd";
        let asked = |scene: &Scene| !scene.tape.asked(None).is_empty();
        let played = scene.play(scene.patience(), &asked).await?;
        let finding = match scene.tape.asked(None).first() {
            Some((_, asked)) => {
                let key = asked.text("passkey");
                let hash = asked.info_hash() == Some(scene.torrent.info_hash());
                match (key.as_deref() == Some("ab/cd"), hash) {
                    (true, true) => QUERY.ok(),
                    (false, _) => QUERY.wrong(format!(
                        "loses what the tracker's URL says, `?passkey=ab%2Fcd`: it asks {}",
                        asked.target
                    )),
                    (true, false) => QUERY.wrong(format!(
                        "the info-hash is lost behind `?passkey=ab%2Fcd`: it asks {}",
                        asked.target
                    )),
                }
            }
            None => match played.crash() {
                Some(crash) => QUERY.wrong(crash),
                None if scene.ground.baseline().await?.finds => QUERY.wrong(format!(
                    "does not ask a tracker whose URL has a `?`: {}",
                    played.why()
                )),
                None => QUERY.skipped("it asked no tracker"),
            },
        };
        Ok(vec![finding.seen(scene.tape.last(2))])
    })
}

fn tiers(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let script = scene.honest()?;
        let peer = scene.script("seeder", Manner::default(), script).await?;
        let good = scene
            .tracker("second tracker", move |_, _| peers(&[peer]))
            .await?;
        let dead = scene.nobody(200)?;
        let dead = format!("http://{dead}/announce");
        let tier = |url: &str| [b"l", &string(url.as_bytes())[..], b"e"].concat();
        let list = [b"l", &tier(&dead)[..], &tier(&good)[..], b"e"].concat();
        scene.torrent.more = vec![(b"announce-list".into(), list)];
        scene.announce = dead;
        let asked = |scene: &Scene| !scene.tape.asked(Some("second tracker")).is_empty();
        let limit = scene.patience().max(Duration::from_secs(1));
        let played = scene.play(limit, &asked).await?;
        let finding = if asked(&scene) {
            TIERS.ok()
        } else if let Some(crash) = played.crash() {
            TIERS.wrong(crash)
        } else if !scene.ground.baseline().await?.finds {
            TIERS.skipped(NOT_SO_FAR)
        } else {
            let why = played.why();
            TIERS.odd(format!(
                "the first tracker is dead, and the one in the second tier of `announce-list` is not asked: {why}"
            ))
        };
        Ok(vec![finding.seen(scene.tape.last(2))])
    })
}
