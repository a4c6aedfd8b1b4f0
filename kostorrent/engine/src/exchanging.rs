//! Peer exchange (BEP 11): whom we are connected to, told to those who want to hear it, and whom they
//! tell us of.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use exchange::{Flags, Heard};
use magnet::EXTENDED;
use messages::Message;
use picker::PeerKey;

use crate::peer::Peer;
use crate::timers::Timer;
use crate::{CloseReason, Engine, Source, Time};

/// What is to be told gathers for so long.
const GATHER: Duration = Duration::from_secs(2);

/// Where a peer can be called, as far as we know: where we called it, or where it says it listens.
fn listens_at(peer: &Peer) -> Option<SocketAddr> {
    match peer.incoming {
        false => Some(peer.addr),
        true => peer.extended.as_ref()?.listens_at(peer.addr.ip()),
    }
}

fn flags(peer: &Peer) -> Flags {
    let mut flags = Flags::NONE;
    if peer.wants_nothing() {
        flags = flags.and(Flags::SEED);
    }
    if !peer.incoming {
        flags = flags.and(Flags::REACHABLE);
    }
    flags
}

impl Engine {
    /// There may be news for those who want to hear of others.
    pub(crate) fn exchange_soon(&mut self) {
        if self.sources.exchange {
            let at = self.cx.now + GATHER;
            self.cx.timers.set_earlier(Timer::Exchange, at);
        }
    }

    /// Tells those who may be told now, whom we have met and lost since.
    pub(crate) fn exchange(&mut self) {
        if !self.sources.exchange || !self.works() {
            return;
        }
        let now = self.cx.now.since_start();
        let met = self.swarm.iter();
        let met = met.filter_map(|peer| Some((listens_at(peer)?, flags(peer))));
        let met: BTreeMap<SocketAddr, Flags> = met.collect();
        let mut next: Option<Duration> = None;
        for peer in self.swarm.iter_mut() {
            let receiver = listens_at(peer);
            let Some(extended) = &mut peer.extended else {
                continue;
            };
            let Some(id) = extended.table.id(exchange::NAME) else {
                continue;
            };
            if let Some(news) = extended.outbox.next(receiver, &met, now, &mut self.cx.rng) {
                let body = [&[id], &news.encode()[..]].concat();
                self.cx.send(peer, Message::Later { id: EXTENDED, body });
            } else if extended.outbox.earliest() > now {
                let at = extended.outbox.earliest();
                next = Some(next.map_or(at, |next| next.min(at)));
            }
        }
        // Whoever could not be told yet is told of what has changed by then.
        if let Some(next) = next {
            self.cx
                .timers
                .set_earlier(Timer::Exchange, Time::after_start(next));
        }
    }

    /// A peer has told us of others.
    pub(crate) fn exchanged(&mut self, key: PeerKey, body: &[u8]) -> Result<(), CloseReason> {
        let now = self.cx.now.since_start();
        let peer = self.swarm.get_mut(key);
        let extended = peer.and_then(|peer| peer.extended.as_mut());
        let Some(inbox) = extended.and_then(|extended| extended.inbox.as_mut()) else {
            return Ok(());
        };
        if let Heard::News { added, .. } = inbox.handle(body, now)? {
            let added: Vec<SocketAddr> = added.iter().map(|contact| contact.addr).collect();
            self.named(Source::Exchange, &added);
        }
        Ok(())
    }
}
