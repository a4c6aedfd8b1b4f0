//! Chapter 21: a client that claims the fast extension, and fetches.

mod allowed;
pub(super) mod has;
mod rejects;

use handshake::{Handshake, Reserved};

use super::messages::{Otherwise, fetched};
use crate::examine::scene::{Scene, SceneError};
use crate::examine::stage::{Playing, Stage, Take};
use crate::examine::verdict::{Check, Finding};
use crate::lab::peer::{Line, Manner, Passed, Role};
use crate::lab::trouble::Script;

pub(super) const CHAPTER: u8 = 21;

/// The stage.
pub const STAGE: Stage = Stage {
    name: "fast",
    chapter: CHAPTER,
    about: "the fast extension, if it claims that: all and none, no, and pieces for who is choked",
    seeds: false,
    checks: &[
        &has::HAVE_ALL,
        &has::SAYS,
        &has::AGREED,
        &rejects::REJECT,
        &rejects::CHOKE,
        &rejects::ELSEWHERE,
        &rejects::FOR_EVER,
        &allowed::ALLOWED,
    ],
    takes: &[
        take("have-all", has::have_all),
        take("have-none", has::have_none),
        take("agreed", has::agreed),
        take("reject", rejects::reject),
        take("choke", rejects::choke),
        take("elsewhere", rejects::elsewhere),
        take("for-ever", rejects::for_ever),
        take("allowed", allowed::allowed),
    ],
};

const fn take(name: &'static str, play: fn(Scene) -> Playing) -> Take {
    Take { name, play }
}

/// What is said of who does not.
pub(super) const NOT_CLAIMED: &str = "it does not claim the fast extension";

/// Whether it claims the extension to this peer.
pub(super) fn claims_it(scene: &Scene, who: &str) -> bool {
    scene.tape.has(who, |passed| match passed {
        Passed::Handshake(theirs) => theirs.reserved.fast(),
        _ => false,
    })
}

/// Adds a peer that claims the extension, and has this role with those who do, too; and a tracker that names it.
async fn add(
    scene: &mut Scene,
    name: &'static str,
    role: impl Fn(Script) -> Box<dyn Role> + Clone + Send + Sync + 'static,
) -> Result<(), SceneError> {
    let script = scene.honest()?;
    let ours = Handshake {
        reserved: Reserved::none().with_fast(),
        ..scene.handshake(name)
    };
    let conduct = move |mut line: Line| {
        let (script, role) = (script.clone(), role.clone());
        async move {
            let theirs = line.shake_hands(&ours).await?;
            let mut role: Box<dyn Role> = match theirs.reserved.fast() {
                true => role(script.rejecting()),
                false => Box::new(script),
            };
            line.play(&mut *role).await
        }
    };
    let peer = scene.peer(name, Manner::default(), conduct).await?;
    scene.tracker_for(&[peer]).await
}

/// Runs the client until everything is on disk, and judges, if it claims the extension.
async fn judged(scene: &Scene, check: &'static Check) -> Result<Vec<Finding>, SceneError> {
    let finding = fetched(scene, check, Otherwise::Wrong).await?;
    Ok(vec![match claims_it(scene, "peer") {
        true => finding,
        false => check.skipped(NOT_CLAIMED),
    }])
}

/// Both with one peer.
fn with(
    mut scene: Scene,
    check: &'static Check,
    role: impl Fn(Script) -> Box<dyn Role> + Clone + Send + Sync + 'static,
) -> Playing {
    Box::pin(async move {
        add(&mut scene, "peer", role).await?;
        judged(&scene, check).await
    })
}
