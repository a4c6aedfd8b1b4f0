//! The end of a download: what is left is shared out by speed, so that all peers finish together.

use std::time::Duration;

use blocks::BLOCK;

use crate::Time;
use crate::content::Content;
use crate::peer::Peer;
use crate::swarm::Swarm;

/// The end is near when what is left takes no longer than this: more than any requests last.
const NEAR: Duration = Duration::from_secs(4);

/// How often it is looked at how long that is.
const LOOK: Duration = Duration::from_millis(50);

/// How long what is left will take.
#[derive(Debug, Default)]
pub(super) struct Ending {
    looked_at: Option<Time>,
    /// `None` while the end is not near.
    lasts: Option<Duration>,
}

impl Ending {
    /// How many requests this peer may have out: as many as its window holds, and no more than its share.
    pub fn window(&mut self, swarm: &Swarm, content: &Content, peer: &Peer, now: Time) -> usize {
        let share = self.share(swarm, content, peer, now);
        let window = peer.down.window.size().min(share);
        window.min(peer.most_requests())
    }

    // ANCHOR: share
    /// How many requests this peer may have out at the end, so that what it was asked for has come when all the
    /// others are done too. It is kept busy in any case: with what its line carries in a round trip.
    fn share(&mut self, swarm: &Swarm, content: &Content, peer: &Peer, now: Time) -> usize {
        let trip = peer.down.window.trip();
        let (Some(lasts), Some(trip)) = (self.lasts(swarm, content, now), trip) else {
            return usize::MAX;
        };
        let lasts = lasts.max(trip + trip / 2);
        let bytes = u128::from(peer.speed(now)) * lasts.as_micros() / 1_000_000;
        bytes.div_ceil(BLOCK.into()) as usize + 1
    }
    // ANCHOR_END: share

    fn lasts(&mut self, swarm: &Swarm, content: &Content, now: Time) -> Option<Duration> {
        if self.looked_at.is_none_or(|at| now.since(at) >= LOOK) {
            self.looked_at = Some(now);
            self.lasts = time_left(swarm, content, now).filter(|left| *left <= NEAR);
        }
        self.lasts
    }
}

/// How long what is missing and not here takes all those together who send us something; `None` if
/// nobody does.
fn time_left(swarm: &Swarm, content: &Content, now: Time) -> Option<Duration> {
    let senders = swarm.iter().filter(|peer| peer.serves() && peer.offers > 0);
    let speed: u64 = senders.map(|peer| peer.speed(now)).sum();
    let most = u128::from(speed) * NEAR.as_micros() / 1_000_000;
    // Nearly always that is all there is to look at.
    if speed == 0 || u128::from(content.left_wanted()) > most + u128::from(content.open_bytes()) {
        return None;
    }
    let left = content.left_wanted().saturating_sub(content.bytes_here());
    let micros = u128::from(left) * 1_000_000 / u128::from(speed);
    Some(Duration::from_micros(micros.try_into().unwrap_or(u64::MAX)))
}
