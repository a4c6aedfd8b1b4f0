//! Nodes that come and go, and connections that break.

use std::time::Duration;

use engine::{Config, ContentConfig, Event, Time};
use messages::Ended;
use picker::PeerKey;

use crate::happen::Happens;
use crate::line::up_to;
use crate::{Recording, World};

impl World {
    /// A node goes at this moment, counted from the world's beginning: with a goodbye to the
    /// trackers, or without. One that is not there then does nothing.
    pub fn leaves(&mut self, node: usize, at: Duration, politely: bool) {
        let at = Time::after_start(at).max(self.now);
        self.schedule(at, node, Happens::Leaves { politely });
    }

    /// A node that has gone is back at this moment, with what it had on its disk. One that is there
    /// then, or has ended with everything, does nothing.
    pub fn returns(&mut self, node: usize, at: Duration) {
        let at = Time::after_start(at).max(self.now);
        self.schedule(at, node, Happens::Returns);
    }

    pub(crate) fn starts(&mut self, node: usize) {
        self.nodes[node].alive = true;
        self.obey(node);
    }

    pub(crate) fn is_back(&mut self, number: usize) {
        let now = self.now;
        let node = &mut self.nodes[number];
        if node.alive || node.is_complete() || now < node.joined {
            return;
        }
        // Who began with a link has the torrent by now, if its metadata had come.
        if let (None, Some(have)) = (&node.config.content, node.engine.have()) {
            node.config.content = Some(ContentConfig::all(self.geometry, have.clone()));
            node.config.metadata = Some(self.info.as_slice().into());
        }
        node.begin_again(now);
        if self.records {
            let config = Config::clone(&node.config);
            node.recording = Some(Box::new(Recording::new(config, now)));
        }
        self.starts(number);
    }

    /// A connection over lines that do not hold breaks some time, if it is still there then.
    pub(crate) fn will_break(&mut self, node: usize, other: usize, key: PeerKey) {
        let lines = [self.line_of(node), self.line_of(other)];
        let latency = self.latency(node, other);
        for usual in lines.iter().filter_map(|line| line.breaks) {
            // The caller must have heard that its call was answered.
            let lasts = latency * 2 + usual / 2 + up_to(usual, &mut self.rng);
            self.later(lasts, node, Happens::Breaks { key });
        }
    }

    /// Both ends of a connection notice that it is gone.
    pub(crate) fn breaks(&mut self, node: usize, key: PeerKey) {
        let Some(end) = self.nodes[node].ends.get(key) else {
            return;
        };
        let other = end.other_key.map(|other_key| (end.other, other_key));
        for (node, peer) in other.into_iter().chain([(node, key)]) {
            if self.nodes[node].ends.remove(peer).is_some() {
                self.nodes[node].uplink.forget(peer);
                let why = Ended::Network("the connection was reset".to_owned());
                self.tell(node, Event::Closed { peer, why });
            }
        }
    }
}
