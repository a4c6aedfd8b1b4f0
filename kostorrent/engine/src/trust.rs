//! Who sent wrong data: doubted, banned, and asked again when nobody else is left.

use std::collections::BTreeSet;

use picker::PeerKey;

use crate::content::Culprit;
use crate::peer::Peer;
use crate::timers::Timer;
use crate::{CloseReason, Engine, Report};

impl Engine {
    /// Each of these sent wrong data: it is banned, unless it is needed and has earned another
    /// chance.
    pub(crate) fn blame(&mut self, liars: &BTreeSet<Culprit>, piece: u32) {
        for &liar in liars {
            if !self.doubts(liar, piece) {
                self.ban(liar, piece);
            }
        }
    }

    /// Gives a peer another chance that has sent us good pieces before, while others do not give us
    /// all that we miss. It costs the peer some of its trust.
    pub(crate) fn doubts(&mut self, liar: Culprit, piece: u32) -> bool {
        let is_liar = |peer: &Peer| Culprit::from(peer) == liar;
        if self.is_all_served(|peer| !is_liar(peer)) {
            return false;
        }
        let content = &self.content;
        let connected = self.swarm.iter_mut().find(|peer| is_liar(peer));
        let forgiven = connected.is_some_and(|peer| {
            let content = content.as_ref();
            let at_disk = content.is_some_and(|c| c.has_at_disk(peer.key, piece));
            peer.down.trust.doubt(at_disk)
        });
        if forgiven {
            let addr = liar.addr;
            self.cx.report(Report::PeerDoubted { addr, piece });
        }
        forgiven
    }

    /// Whether these peers together have all that we miss, and let us ask for it.
    fn is_all_served(&self, by: impl Fn(&Peer) -> bool) -> bool {
        let Some(content) = &self.content else {
            return false;
        };
        let serves = |peer: &&Peer| peer.offers > 0 && !peer.down.peer_choking && by(peer);
        let others: Vec<&Peer> = self.swarm.iter().filter(serves).collect();
        let mut missing = (0..content.geometry.pieces()).filter(|&piece| content.misses(piece));
        missing.all(|piece| others.iter().any(|peer| peer.has.get(piece)))
    }

    /// It sent wrong bytes.
    pub(crate) fn ban(&mut self, liar: Culprit, piece: u32) {
        let addr = liar.addr;
        self.ban_with(liar, Report::PeerBanned { addr, piece });
    }

    /// Nothing more is taken from this peer, nor sent to it.
    pub(crate) fn ban_with(&mut self, Culprit { addr, id }: Culprit, report: Report) {
        if !self.swarm.ban(addr, id, self.cx.now) {
            return;
        }
        self.discovery.list.banned(addr);
        self.cx.report(report);
        for key in self.swarm.banned() {
            self.close(key, CloseReason::Lied);
        }
    }

    /// These sent blocks of a piece that turned out right.
    pub(crate) fn trust(&mut self, senders: Vec<PeerKey>) {
        for key in BTreeSet::from_iter(senders) {
            if let Some(peer) = self.swarm.get_mut(key) {
                peer.down.trust.earn();
            }
        }
    }

    /// Nobody is left who gives us what we miss: peers whose ban has lasted long enough may come
    /// again.
    pub(crate) fn pardon(&mut self) {
        let Some(at) = self.swarm.next_pardon() else {
            return;
        };
        if at > self.cx.now {
            return self.cx.timers.set_earlier(Timer::Dial, at);
        }
        let peers = self.swarm.pardon(self.cx.now);
        let swarm = &self.swarm;
        let still = |addr| swarm.is_banned(addr);
        self.discovery.list.pardon(still, self.cx.now);
        self.cx.report(Report::BansLifted { peers });
        self.cx.timers.set(Timer::Dial, self.cx.now);
    }
}
