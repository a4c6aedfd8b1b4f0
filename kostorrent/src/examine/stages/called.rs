//! What the stages share in which the client is called.

use std::time::Duration;

use crate::examine::caller;
use crate::examine::scene::{Played, Scene};
use crate::examine::tape::{Note, What};
use crate::examine::verdict::{Check, Finding};
use crate::lab::peer::Passed;

/// Why a client could not be called, or fell over it.
pub(super) fn unheard(scene: &Scene, check: &'static Check, played: &Played) -> Option<Finding> {
    if let Some(crash) = played.crash() {
        return Some(check.wrong(crash));
    }
    let notes = scene.tape.notes();
    let called = |note: &Note| matches!(note.what, What::Passed(Passed::WeCalled));
    if notes.iter().any(called) {
        return None;
    }
    let why = played.why();
    Some(check.skipped(match caller::port(&scene.tape) {
        Some(port) => {
            format!("nobody listens at port {port}, which it has told its tracker: {why}")
        }
        None => format!("it told no tracker a port at which one may call it: {why}"),
    }))
}

/// When this caller has called.
pub(super) fn called(scene: &Scene, who: &str) -> Option<Duration> {
    scene.tape.first(who, |passed| *passed == Passed::WeCalled)
}

/// Whether something happened so long ago.
pub(super) fn is_past(scene: &Scene, at: Option<Duration>, span: Duration) -> bool {
    at.is_some_and(|at| scene.tape.now() > at + span)
}
