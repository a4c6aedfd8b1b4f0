//! What limits the speed now? One sentence, from the engine's own counters.
//!
//! Several things limit a download at a time; the one that is told is the first that would have to
//! be mended. Nothing of this is worked out before somebody asks.

mod words;

use serde::{Deserialize, Serialize};

use crate::leaving::Stage;
use crate::peer::Peer;
use crate::{Engine, Stall, Time};

/// So few peers are called few: one more would be felt.
const FEW: usize = 3;

/// What limits the speed of a torrent. Its Display is a sentence without a full stop.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Bound {
    /// What is on disk is being looked at.
    #[default]
    Checking,
    /// The user has paused it.
    Paused,
    /// The work is over but for the goodbyes.
    Leaving,
    /// The network interface that everything is to go through is not there.
    Offline {
        /// Which.
        interface: String,
    },
    /// The disk has a fault.
    DiskFault,
    /// The user's limit for what comes in.
    LimitDown {
        /// Bytes a second.
        limit: u64,
    },
    /// Pieces come in faster than the disk takes them.
    DiskBehind {
        /// Whole pieces that wait for the disk.
        pieces: usize,
    },
    /// Nothing comes at all.
    Stalled(Stall),
    /// Most of those who have something choke us.
    Choked {
        /// How many choke us.
        choking: usize,
        /// How many have what we lack.
        offering: usize,
        /// Bytes a second that come from the others.
        rate: u64,
    },
    /// Everything that is missing has been asked for.
    LastBlocks {
        /// Requests that are out.
        requests: usize,
    },
    /// Most peers have nothing that we lack.
    Poor {
        /// How many have nothing for us.
        without: usize,
        /// How many are connected.
        connected: usize,
        /// Bytes a second that come from the others.
        rate: u64,
    },
    /// Most of those who serve us could not be asked for more: what they have was asked of others, who
    /// hold all the memory there is for open pieces.
    Starved {
        /// How many could send more.
        starved: usize,
        /// How many serve us.
        serving: usize,
        /// Bytes a second.
        rate: u64,
    },
    /// A few peers give what they can.
    FewPeers {
        /// How many serve us.
        serving: usize,
        /// Bytes a second.
        rate: u64,
    },
    /// Many peers give what their lines carry, or ours.
    Lines {
        /// How many serve us.
        serving: usize,
        /// Bytes a second.
        rate: u64,
    },
    /// Everything is here; the user's limit for what goes out.
    LimitUp {
        /// Bytes a second.
        limit: u64,
    },
    /// Everything is here, and nobody is there who wants it.
    NobodyWants {
        /// How many are connected.
        connected: usize,
    },
    /// Everything is here, and others get it.
    Giving {
        /// How many may download from us.
        served: usize,
        /// How many want something of us.
        interested: usize,
        /// Bytes a second.
        rate: u64,
    },
}

impl Engine {
    /// What limits the speed at `now`.
    pub fn bound(&self, now: Time) -> Bound {
        if self.stage != Stage::Running {
            return Bound::Leaving;
        }
        if self.paused {
            return Bound::Paused;
        }
        if let Some(interface) = self.offline.clone() {
            return Bound::Offline { interface };
        }
        match (self.is_finished(), self.is_complete) {
            (true, true) => self.bound_of_giving(now),
            _ if self.fault.is_some() => Bound::DiskFault,
            // What came last is looked at once more.
            (true, false) => Bound::Checking,
            _ => self.bound_of_fetching(now),
        }
    }

    fn bound_of_fetching(&self, now: Time) -> Bound {
        let rate = self.download.rate.per_second(now.since_start());
        if let Some(limit) = self.download.held_by_limit(rate) {
            return Bound::LimitDown { limit };
        }
        if let Some(pieces) = self.waiting_for_disk() {
            return Bound::DiskBehind { pieces };
        }
        let count =
            |which: &dyn Fn(&Peer) -> bool| self.swarm.iter().filter(|peer| which(peer)).count();
        let connected = self.swarm.len();
        let offering = count(&|peer| peer.offers > 0);
        let choking = count(&|peer| peer.offers > 0 && peer.down.peer_choking);
        let serving = count(&Peer::serves);
        let starved = count(&|peer| peer.serves() && peer.down.starved);
        if serving == 0 || rate == 0 {
            return Bound::Stalled(self.why_stalled());
        }
        if choking * 2 > offering {
            return Bound::Choked {
                choking,
                offering,
                rate,
            };
        }
        if let Some(requests) = self.last_requests() {
            return Bound::LastBlocks { requests };
        }
        if offering * 2 < connected {
            return Bound::Poor {
                without: connected - offering,
                connected,
                rate,
            };
        }
        match serving {
            _ if starved * 2 > serving => Bound::Starved {
                starved,
                serving,
                rate,
            },
            0..=FEW => Bound::FewPeers { serving, rate },
            _ => Bound::Lines { serving, rate },
        }
    }

    /// How many whole pieces wait for the disk, if it is they that hold up the rest: they take half
    /// of the memory, or there is nothing else to wait for.
    fn waiting_for_disk(&self) -> Option<usize> {
        let content = self.content.as_ref()?;
        let (waiting, open) = (content.under_way.len(), content.picker.open().count());
        let all = waiting == open && content.picker.in_end_game();
        let most = content.memory_is_full() && waiting * 2 >= open;
        (waiting > 0 && (all || most)).then_some(waiting)
    }

    /// How many requests are out, if there is nothing more to ask for.
    fn last_requests(&self) -> Option<usize> {
        let picker = &self.content.as_ref()?.picker;
        let requests = || {
            self.swarm
                .iter()
                .map(|peer| picker.asked_of(peer.key))
                .sum()
        };
        picker.in_end_game().then(requests)
    }

    fn bound_of_giving(&self, now: Time) -> Bound {
        let rate = self.upload.rate.per_second(now.since_start());
        if let Some(limit) = self.upload.held_by_limit(rate) {
            return Bound::LimitUp { limit };
        }
        let interested = || self.swarm.iter().filter(|peer| peer.up.peer_interested);
        let served = interested().filter(|peer| !peer.up.am_choking).count();
        match interested().count() {
            0 => Bound::NobodyWants {
                connected: self.swarm.len(),
            },
            interested => Bound::Giving {
                served,
                interested,
                rate,
            },
        }
    }
}
