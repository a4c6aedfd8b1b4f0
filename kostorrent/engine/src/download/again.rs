//! Asking for a block that somebody else was asked for.

use std::collections::BTreeMap;
use std::time::Duration;

use blocks::BLOCK;
use messages::BlockRequest;
use picker::PeerKey;

use super::Download;
use super::patience::END_GAME_WATCH;
use crate::content::Content;
use crate::cx::Cx;
use crate::peer::{FAR_SLOWER, Peer};
use crate::swarm::Swarm;
use crate::timers::Timer;

/// In the end game a peer gets what others were asked for if it would bring it so many times as soon,
const SOONER: u32 = 2;

/// and by more than this, because nothing comes sooner than the latency of its line.
const LATENCY: Duration = Duration::from_millis(250);

impl Download {
    // ANCHOR: pick_again
    /// There is nothing that nobody was asked for. In the end game, this peer gets what others were
    /// asked for and it would bring well before they do. And so it does at any time when it has
    /// nothing to do, while all memory waits for peers that are far slower than it is.
    pub(super) fn pick_again(
        &mut self,
        cx: &mut Cx,
        swarm: &mut Swarm,
        content: &mut Content,
        key: PeerKey,
        count: usize,
        picks: &mut Vec<BlockRequest>,
    ) {
        let now = cx.now;
        let count = count - picks.len();
        let times = if content.picker.in_end_game() {
            cx.timers.set_earlier(Timer::Watch, now + END_GAME_WATCH);
            SOONER
        } else if picks.is_empty() && content.memory_is_full() && content.picker.asked_of(key) == 0
        {
            FAR_SLOWER as u32
        } else {
            return;
        };
        let is_well = |peer: &&Peer| peer.serves() && !peer.down.is_snubbed();
        let Some(peer) = swarm.get(key).filter(is_well) else {
            return;
        };
        // A comparison looks at all requests. One in vain is enough for a while.
        let in_vain = peer.down.compared_at;
        if in_vain.is_some_and(|at| now.since(at) < END_GAME_WATCH) {
            return;
        }
        let Some(askable) = peer.askable() else {
            return;
        };
        let picker = &content.picker;
        let owing: BTreeMap<PeerKey, Duration> = swarm
            .iter()
            .map(|peer| (peer.key, peer.down.overdue(picker.asked_of(peer.key), now)))
            .collect();
        let due = |other: PeerKey, place: usize| {
            let owed = owing.get(&other).copied().unwrap_or_default();
            let speed = swarm.get(other).map_or(0, |peer| peer.speed(now));
            owed + time_for((place as u64 + 1) * u64::from(BLOCK), speed)
        };
        let is_worth = |ours: Duration, theirs: Duration| theirs > ours * times + LATENCY;
        let before = picks.len();
        content
            .picker
            .pick_again(key, &askable, count, due, is_worth, picks);
        let in_vain = picks.len() == before;
        if let Some(peer) = swarm.get_mut(key) {
            peer.down.compared_at = in_vain.then_some(now);
        }
    }
    // ANCHOR_END: pick_again
}

/// How long `bytes` take at `rate` bytes a second.
fn time_for(bytes: u64, rate: u64) -> Duration {
    Duration::from_micros(bytes.saturating_mul(1_000_000) / rate.max(1))
}
