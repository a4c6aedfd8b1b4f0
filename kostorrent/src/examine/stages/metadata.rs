//! Chapter 18: a seeder that is asked for the torrent's metadata.

use std::time::Duration;

use magnet::limits::BLOCK;
use magnet::{
    EXTENDED, ExtendedHandshake, Extensions, Heard as Said, MetadataMessage, UT_METADATA,
};
use messages::Message;

use super::called::{is_past, unheard};
use super::extended::{about_metadata, handshake, hears, ours};
use crate::examine::caller::Caller;
use crate::examine::scene::Scene;
use crate::examine::stage::{Playing, Stage, Take};
use crate::examine::verdict::{Check, Finding};
use crate::lab::peer::Passed;

const CHAPTER: u8 = 18;

static TELLS: Check = Check {
    name: "tells",
    right: "says in its extension handshake how many bytes its metadata have",
    source: "BEP 9, metadata_size",
    chapter: CHAPTER,
    section: "The other side",
};
static GIVES: Check = Check {
    name: "gives",
    right: "gives each block of its metadata that it is asked for, byte for byte",
    source: "BEP 9, data",
    chapter: CHAPTER,
    section: "The other side",
};
static OUTSIDE: Check = Check {
    name: "outside",
    right: "rejects a request for a block that there is not",
    source: "BEP 9, reject",
    chapter: CHAPTER,
    section: "The other side",
};

/// The stage.
pub const STAGE: Stage = Stage {
    name: "metadata",
    chapter: CHAPTER,
    about: "giving metadata to who has a magnet link and no more",
    seeds: true,
    checks: &[&TELLS, &GIVES, &OUTSIDE],
    takes: &[Take {
        name: "asked",
        play: asked,
    }],
};

/// So many bytes are put into `info`, that its metadata have three blocks.
const FILLER: usize = 40_000;
/// Under this number the caller hears about metadata.
const OURS: u8 = 33;
/// As it is called in the notes.
const ASKER: &str = "asker";
/// How long an answer may take.
const WATCHED: Duration = Duration::from_secs(5);

fn asked(mut scene: Scene) -> Playing {
    Box::pin(async move {
        scene.torrent = scene.torrent.clone().with_filler(FILLER);
        scene.fill_data()?;
        let count = blocks(&scene);
        let (ours, tape) = (ours(&scene, ASKER), scene.tape.clone());
        scene.caller(move |phone| async move {
            let mut line = phone.call(Caller::new(ASKER, 2)).await?;
            line.introduce(&ours).await?;
            let mut table = Extensions::new([(UT_METADATA, OURS)]);
            let hello = table.hello(ExtendedHandshake::default()).to_body();
            let say = |body| Message::Later { id: EXTENDED, body };
            line.say(&say(hello));
            while let Some(message) = line.next().await? {
                let Message::Later { id: EXTENDED, body } = message else {
                    continue;
                };
                let first = table.theirs().is_none();
                let greeted = first && matches!(table.hear(&body), Ok(Said::Handshake(_)));
                // Each of them; and when they are here, one that there is not: some hang up over that.
                let asks = match about_metadata(&tape, ASKER, OURS).len() {
                    _ if greeted => 0..count,
                    answers if answers == count => count..count + 1,
                    _ => continue,
                };
                for piece in asks {
                    let piece = u32::try_from(piece).unwrap_or(u32::MAX);
                    let request = MetadataMessage::Request { piece };
                    if let Some(number) = table.id(UT_METADATA) {
                        line.say(&say(request.to_body(number)));
                    }
                }
            }
            Ok(())
        });
        scene.tracker_for(&[]).await?;
        let over = move |scene: &Scene| {
            let answers = answers_to(scene);
            let mut passed = scene.tape.with(ASKER).into_iter();
            let asked = passed.rfind(|(_, passed)| matches!(passed, Passed::WeSaid(_)));
            let asked = asked.map(|(at, _)| at);
            answers > count || scene.tape.hung_up(ASKER) || is_past(scene, asked, WATCHED)
        };
        let played = scene.play(scene.patience(), &over).await?;
        let all = [&TELLS, &GIVES, &OUTSIDE];
        let silent = unheard(&scene, &TELLS, &played);
        let theirs = scene.tape.handshakes(ASKER);
        let skips = |why: &str| all.map(|check| check.skipped(why));
        let findings = match theirs.first() {
            _ if played.crash().is_some() => all.map(|check| check.wrong(played.why())),
            None => match silent {
                Some(silent) => all.map(|check| Finding {
                    check,
                    text: silent.text.replace(TELLS.right, check.right),
                    ..silent.clone()
                }),
                None => skips("it did not answer a caller"),
            },
            Some(theirs) if !theirs.reserved.extension_protocol() => {
                skips("it does not claim the extension protocol")
            }
            Some(_) => match handshake(&scene.tape, ASKER) {
                None => {
                    all.map(|it| it.wrong("claims the extension protocol, and says nothing by it"))
                }
                Some(Err(why)) => {
                    all.map(|it| it.wrong(format!("its extension handshake cannot be read: {why}")))
                }
                Some(Ok(_)) if hears(&scene.tape, ASKER, UT_METADATA).is_none() => {
                    skips("it does not claim `ut_metadata`")
                }
                Some(Ok(said)) => [
                    tells(&scene, said.metadata_size),
                    gives(&scene),
                    outside(&scene),
                ],
            },
        };
        let findings = findings.into_iter();
        let seen = scene.tape.last(8);
        Ok(findings.map(|finding| finding.seen(seen.clone())).collect())
    })
}

fn blocks(scene: &Scene) -> usize {
    scene.torrent.info().len().div_ceil(BLOCK)
}

fn tells(scene: &Scene, size: Option<u64>) -> Finding {
    let right = scene.torrent.info().len() as u64;
    match size {
        Some(size) if size == right => TELLS.ok(),
        Some(size) => TELLS.wrong(format!("says {size}, and they have {right}")),
        None => TELLS.wrong("does not say it: nobody can ask for them"),
    }
}

fn gives(scene: &Scene) -> Finding {
    let info = scene.torrent.info();
    let answers = about_metadata(&scene.tape, ASKER, OURS);
    let mut given = 0;
    for (piece, right) in info.chunks(BLOCK).enumerate() {
        let about = answers
            .iter()
            .filter_map(|(_, it)| it.as_ref().ok())
            .find(|it| match it {
                MetadataMessage::Data { piece: of, .. } | MetadataMessage::Reject { piece: of } => {
                    *of as usize == piece
                }
                _ => false,
            });
        match about {
            Some(MetadataMessage::Data { block, .. }) if block == right => given += 1,
            Some(MetadataMessage::Data { block, .. }) => {
                let (is, should) = (block.len(), right.len());
                return GIVES.wrong(format!(
                    "what it sends as block {piece} is something else ({is} bytes, {should} are right)"
                ));
            }
            Some(_) => return GIVES.odd(format!("rejects block {piece}")),
            None => {}
        }
    }
    if let Some((_, Err(why))) = answers.iter().find(|(_, answer)| answer.is_err()) {
        return GIVES.wrong(format!("sends what cannot be read: {why}"));
    }
    match blocks(scene) {
        all if given == all => GIVES.ok(),
        all => GIVES.wrong(format!("gives {given} of {all} blocks, and says no more")),
    }
}

/// What it has said of metadata.
fn answers_to(scene: &Scene) -> usize {
    about_metadata(&scene.tape, ASKER, OURS).len()
}

fn outside(scene: &Scene) -> Finding {
    let beyond = blocks(scene);
    let answers = about_metadata(&scene.tape, ASKER, OURS);
    let answer = answers
        .into_iter()
        .find_map(|(_, answer)| match answer.ok()? {
            MetadataMessage::Data { piece, .. } if piece as usize >= beyond => Some(false),
            MetadataMessage::Reject { piece } if piece as usize >= beyond => Some(true),
            _ => None,
        });
    match answer {
        Some(true) => OUTSIDE.ok(),
        Some(false) => OUTSIDE.wrong("sends something for a block that there is not"),
        None if answers_to(scene) < beyond => OUTSIDE.skipped("it was not asked"),
        None if scene.tape.hung_up(ASKER) => {
            OUTSIDE.odd("hangs up on who asks for a block that there is not")
        }
        None => OUTSIDE.odd("does not answer a request for a block that there is not"),
    }
}
