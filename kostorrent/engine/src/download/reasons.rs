//! Why just these blocks are asked for: worked out only if somebody wants to know.

use std::collections::BTreeSet;

use messages::BlockRequest;
use picker::{PeerKey, RANDOM_FIRST};

use crate::content::Content;
use crate::cx::Cx;
use crate::swarm::Swarm;
use crate::{Choice, Why};

/// How it was before the picker chose.
pub(super) struct Before {
    open: BTreeSet<u32>,
    any_first: bool,
}

impl Before {
    /// A look at the content before the picker chooses, if reasons are wanted.
    pub fn pick(cx: &Cx, content: &Content) -> Option<Before> {
        cx.explains().then(|| Before {
            open: content.picker.open().collect(),
            any_first: content.have().count() < RANDOM_FIRST,
        })
    }

    /// Why each of these blocks is asked of this peer.
    pub fn whys(
        &self,
        swarm: &Swarm,
        content: &Content,
        key: PeerKey,
        picks: &[BlockRequest],
    ) -> Vec<Why> {
        let parole = content.integrity.parole.of(key);
        let why = |&block: &BlockRequest| {
            let asked = |other: PeerKey| other != key && content.picker.is_asked(other, block);
            let others = swarm.iter().filter(|peer| asked(peer.key)).count();
            let choice = if parole.contains(&block.piece) {
                Choice::Parole
            } else if others > 0 && content.picker.in_end_game() {
                Choice::EndGame { others }
            } else if others > 0 {
                Choice::Slower { others }
            } else if self.open.contains(&block.piece) {
                Choice::Begun
            } else if self.any_first {
                Choice::AnyFirst
            } else {
                Choice::Rarest
            };
            let has = swarm.iter().filter(|peer| peer.has.get(block.piece));
            let copies = has.count();
            Why::Asked { choice, copies }
        };
        picks.iter().map(why).collect()
    }
}
