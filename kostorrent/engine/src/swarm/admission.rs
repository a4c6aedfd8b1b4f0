//! Who may come in, and whose place it gets when none is free.

use std::net::SocketAddr;
use std::time::Duration;

use handshake::Handshake;
use picker::PeerKey;

use super::Swarm;
use crate::ours::Ours;
use crate::peer::Peer;
use crate::{CloseReason, Time};

/// Two calls within so long of each other may have crossed.
const CROSSING: Duration = Duration::from_secs(10);

/// How many of all connections may be callers: the others are for those whom we call.
const CALLERS_PERCENT: usize = 60;

/// Connections that one host may have, whoever else waits. People share addresses.
const FEW: usize = 5;

/// Beyond those, a host may take any place while so many per cent of all are free.
const FREE_PERCENT: usize = 25;

/// How long a connection of a host with many may take to show that it is of use, before another
/// of the same host takes its place.
const GRACE: Duration = Duration::from_secs(10);

/// A connection that neither side is interested in makes room for a call of ours after so long.
const IDLE: Duration = Duration::from_secs(60);

/// And so does any over which no block has gone for so long.
const NO_PAYLOAD: Duration = Duration::from_secs(120);

/// What becomes of a new connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Admission {
    /// It is kept.
    Welcome,
    /// It is kept, and another has to go.
    Instead(PeerKey, CloseReason),
    /// The same peer is connected already.
    Twin(PeerKey),
    /// It is not kept.
    Refused(CloseReason),
}

impl Swarm {
    /// Looks at a new connection. `all_callers` says that we have nobody to call: then everybody
    /// may be a caller.
    pub fn admit(
        &self,
        (addr, incoming): (SocketAddr, bool),
        theirs: &Handshake,
        all_callers: bool,
        ours: &Ours,
        now: Time,
    ) -> Admission {
        let id = theirs.peer_id.0;
        if self.bans.is_banned(addr, Some(id)) {
            return Admission::Refused(CloseReason::Banned);
        }
        // ANCHOR: twin
        if let Some(twin) = self.ids.get(&id).and_then(|&key| self.get(key)) {
            // Both ends called at the same moment. Both keep the call of the larger peer id, or
            // each would hang up on the other's.
            let crossed = twin.incoming != incoming && now.since(twin.connected) < CROSSING;
            if !crossed || incoming == (self.our_id > id) {
                return Admission::Twin(twin.key);
            }
            return Admission::Instead(twin.key, CloseReason::Crossed);
        }
        // ANCHOR_END: twin
        if !incoming {
            return self.place_for_a_call(now);
        }
        let most_callers = match all_callers {
            true => self.max_peers,
            false => self.max_peers * CALLERS_PERCENT / 100,
        };
        let full = self.len() >= self.max_peers || self.callers >= most_callers;
        let theirs = self.hosts.count(addr.ip());
        let few_free = self.callers >= most_callers - most_callers * FREE_PERCENT / 100;
        if theirs >= FEW && (full || few_free) {
            // Whoever has many already takes nobody else's place.
            return match self.least_useful_of(addr, now) {
                Some(key) => Admission::Instead(key, CloseReason::PlaceNeeded),
                None => Admission::Refused(CloseReason::Crowd(theirs)),
            };
        }
        if !full {
            return Admission::Welcome;
        }
        let least = self.least_useful(theirs, ours, now);
        match least.or_else(|| self.outranked(addr, ours, now)) {
            Some(key) => Admission::Instead(key, CloseReason::PlaceNeeded),
            None => Admission::Refused(CloseReason::Full),
        }
    }

    /// We called, and the call was taken. Calls are made when there is a place; it may be gone.
    fn place_for_a_call(&self, now: Time) -> Admission {
        if self.len() < self.max_peers {
            return Admission::Welcome;
        }
        match self.idle(false, now) {
            Some(key) => Admission::Instead(key, CloseReason::PlaceNeeded),
            None => Admission::Refused(CloseReason::Full),
        }
    }

    /// Which caller makes room for a newcomer whose host has so many connections already: one of a
    /// host that has many more; or one that has been of no use for long; or, at once, one that
    /// nobody is interested in, and of these the one of the least priority.
    fn least_useful(&self, newcomers: usize, ours: &Ours, now: Time) -> Option<PeerKey> {
        let largest = || self.hosts.largest().filter_map(|key| self.get(key));
        let callers = || largest().filter(|peer| peer.incoming);
        let count = largest().count();
        if count > FEW.max(newcomers + 1)
            && let Some(peer) = callers().min_by_key(|peer| use_of(peer, now))
        {
            return Some(peer.key);
        }
        self.idle(true, now).or_else(|| {
            let unwanted = |peer: &&Peer| peer.incoming && !peer.is_wanted();
            let unwanted = self.iter().filter(unwanted);
            let least = unwanted.min_by_key(|peer| (ours.priority(peer.addr), peer.connected));
            least.map(|peer| peer.key)
        })
    }

    // ANCHOR: outranked
    /// The caller of the least priority (BEP 40), if the newcomer's is higher. Who gives or takes anything at
    /// the moment stays, and so does who has had no time for that.
    fn outranked(&self, newcomer: SocketAddr, ours: &Ours, now: Time) -> Option<PeerKey> {
        let rests = |peer: &&Peer| use_of(peer, now).0 == 0;
        let had_time = |peer: &&Peer| now.since(peer.connected) >= GRACE;
        let resting = self.iter().filter(|peer| peer.incoming);
        let resting = resting.filter(had_time).filter(rests);
        let ranked = resting.map(|peer| (ours.priority(peer.addr), peer.key));
        let (least, key) = ranked.min()?;
        (least < ours.priority(newcomer)).then_some(key)
    }
    // ANCHOR_END: outranked

    /// The connection of the newcomer's own host that makes room for it.
    fn least_useful_of(&self, addr: SocketAddr, now: Time) -> Option<PeerKey> {
        let own = self.hosts.of(addr.ip()).filter_map(|key| self.get(key));
        let had_time = own.filter(|peer| peer.incoming && now.since(peer.connected) >= GRACE);
        let least = had_time.min_by_key(|peer| use_of(peer, now));
        least.map(|peer| peer.key)
    }
}

/// Bytes a second in both directions; among those who move none, who did so last is of more use.
fn use_of(peer: &Peer, now: Time) -> (u64, Time) {
    let rate = |rate: &progress::Rate| rate.per_second(now.since_start());
    let rates = rate(&peer.down.rate) + rate(&peer.up.rate);
    (rates, peer.payload_at)
}

/// The one of these that has been of no use for longest, if it was for long enough.
pub(super) fn idle<'p>(peers: impl Iterator<Item = &'p Peer>, now: Time) -> Option<PeerKey> {
    let idle = peers.filter(|peer| {
        let least = if peer.is_wanted() { NO_PAYLOAD } else { IDLE };
        now.since(peer.payload_at) >= least
    });
    idle.min_by_key(|peer| peer.payload_at).map(|peer| peer.key)
}
