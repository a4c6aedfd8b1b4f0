//! A private torrent is nobody's business.

use std::time::Duration;

use super::nodes::{Known, add};
use super::{NO_ROUTER, NOT_ASKED, is_about, queries, said};
use crate::examine::scene::{Scene, SceneError};
use crate::examine::stage::Playing;
use crate::examine::stages::called::is_past;
use crate::examine::verdict::Check;

pub(super) static PRIVATE: Check = Check {
    name: "private",
    right: "neither searches nor announces a private torrent",
    source: "BEP 27: peers of the tracker alone",
    chapter: 2,
    section: "When it goes wrong",
};

/// How long a client is watched, from its first announce to the tracker on.
const WATCHED: Duration = Duration::from_secs(6);

pub(super) fn private(mut scene: Scene) -> Playing {
    Box::pin(async move {
        if !scene.ground.template.has("{router}") {
            return Ok(vec![PRIVATE.skipped(NO_ROUTER)]);
        }
        scene.torrent = scene.torrent.clone().with_info("private", b"i1e");
        let keeper = scene.keeper("keeper").await?;
        scene.tracker_for(&[keeper]).await?;
        add(&mut scene, Known::of(&[keeper]), None).await?;
        let info_hash = scene.torrent.info_hash();
        let asks = move |scene: &Scene| {
            let said = said(scene);
            queries(&said)
                .iter()
                .any(|(_, query)| is_about(query, info_hash))
        };
        let over = move |scene: &Scene| {
            let announced = scene.tape.asked(None).first().map(|(at, _)| *at);
            asks(scene) || is_past(scene, announced, WATCHED)
        };
        let played = scene.play(scene.patience(), &over).await?;
        let finding = if asks(&scene) {
            PRIVATE.wrong(
                "asks nodes of the DHT for the peers of a private torrent, or tells them of itself",
            )
        } else if let Some(crash) = played.crash() {
            PRIVATE.wrong(crash)
        } else if said(&scene).is_empty() && !asks_else(&scene).await? {
            PRIVATE.skipped(NOT_ASKED)
        } else {
            PRIVATE.ok()
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}

/// Whether it asks nodes when its torrent is not private.
async fn asks_else(scene: &Scene) -> Result<bool, SceneError> {
    let mut public = scene.another("public")?;
    let keeper = public.keeper("keeper").await?;
    public.tracker_for(&[keeper]).await?;
    add(&mut public, Known::of(&[keeper]), None).await?;
    let asks = |scene: &Scene| !said(scene).is_empty();
    public.play(public.patience(), &asks).await?;
    Ok(asks(&public))
}
