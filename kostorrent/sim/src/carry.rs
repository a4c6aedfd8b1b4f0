//! How packets come from one node to another.

use std::time::Duration;

use engine::{Event, Time};
use picker::PeerKey;
use rand_chacha::rand_core::Rng;

use crate::flow::{Flow, HOLD, Packet};
use crate::happen::Happens;
use crate::line::up_to;
use crate::tcp::HEADERS;
use crate::uplink::Parcel;
use crate::{Tcp, World};

impl World {
    /// What makes the connections of two nodes real ones: they are, if both lines are.
    pub(crate) fn tcp_between(&self, one: usize, other: usize) -> Option<Tcp> {
        self.line_of(other).tcp.and(self.line_of(one).tcp)
    }

    /// A connection without engines, over which the one node sends without end and the other drops what
    /// comes: as fast as its line alone can be. Both lines must be like TCP's.
    pub fn pour(&mut self, from: usize, to: usize) {
        let key = self.new_end(to, from, None);
        let peer = self.new_end(from, to, Some(key));
        if let Some(end) = self.nodes[to].ends.get_mut(key) {
            end.other_key = Some(peer);
        }
        if let Some(flow) = self.flow(from, peer) {
            flow.pour();
        }
        // There, back, and there again: that is when it hears that it may.
        self.later(
            self.latency(from, to) * 3,
            from,
            Happens::Pushes { key: peer },
        );
    }

    /// How many bytes have come to a node over all its connections that are like TCP's, each once.
    pub fn poured(&self, node: usize) -> u64 {
        let ends = self.nodes[node].ends.iter();
        ends.filter_map(|end| Some(end.flow.as_ref()?.come)).sum()
    }

    fn flow(&mut self, node: usize, key: PeerKey) -> Option<&mut Flow> {
        self.nodes[node].ends.get_mut(key)?.flow.as_deref_mut()
    }

    /// The flow at the other end of a connection.
    fn other_flow(&mut self, node: usize, key: PeerKey) -> Option<&mut Flow> {
        let end = self.nodes[node].ends.get(key)?;
        let (other, other_key) = (end.other, end.other_key?);
        self.flow(other, other_key)
    }

    /// Hands a parcel to a connection that is like TCP's. What is said at the same moment goes together.
    pub(crate) fn put(&mut self, node: usize, key: PeerKey, parcel: Parcel) {
        let Some(flow) = self.flow(node, key) else {
            return;
        };
        flow.put(parcel);
        if !std::mem::replace(&mut flow.will_push, true) {
            self.later(Duration::ZERO, node, Happens::Pushes { key });
        }
    }

    /// Sends what can be sent, and answers what has to be answered.
    pub(crate) fn push(&mut self, node: usize, key: PeerKey) {
        let now = self.now;
        let mut room = 0;
        let Some(flow) = self.flow(node, key) else {
            return;
        };
        flow.will_push = false;
        while let Some((end, parcel)) = self.flow(node, key).and_then(Flow::take) {
            room += parcel.payload();
            if let Some(other) = self.other_flow(node, key) {
                other.expect(end, parcel);
            }
        }
        while let Some(packet) = self.flow(node, key).and_then(|flow| flow.next(now)) {
            self.post(node, key, packet);
        }
        if let Some(answer) = self.flow(node, key).and_then(Flow::owed_answer) {
            self.post(node, key, answer);
        }
        self.watch(node, key);
        if room > 0 {
            self.nodes[node].sent += room;
            let bytes = room;
            self.tell(node, Event::Room { peer: key, bytes });
        }
    }

    /// Makes sure that a connection notices when it waits too long, and that it answers in the end.
    fn watch(&mut self, node: usize, key: PeerKey) {
        let now = self.now;
        let Some(flow) = self.flow(node, key) else {
            return;
        };
        let answers = flow.holds_an_answer() && !flow.will_answer;
        flow.will_answer |= answers;
        let rings = flow.overdue().filter(|_| !flow.will_ring);
        flow.will_ring |= rings.is_some();
        if answers {
            self.later(HOLD, node, Happens::Answers { key });
        }
        if let Some(at) = rings {
            self.schedule(at.max(now), node, Happens::Overdue { key });
        }
    }

    /// A connection has held an answer back.
    pub(crate) fn answers(&mut self, node: usize, key: PeerKey) {
        if let Some(flow) = self.flow(node, key) {
            flow.will_answer = false;
            flow.held_long_enough();
            self.push(node, key);
        }
    }

    /// A connection may have waited too long.
    pub(crate) fn overdue(&mut self, node: usize, key: PeerKey) {
        let now = self.now;
        let Some(flow) = self.flow(node, key) else {
            return;
        };
        flow.will_ring = false;
        if flow.overdue().is_some_and(|at| at <= now)
            && let Some(packet) = flow.probe(now)
        {
            self.post(node, key, packet);
        }
        self.watch(node, key);
    }

    /// A packet goes out through the node's line, if the queue before that has room for it.
    fn post(&mut self, node: usize, key: PeerKey, packet: Packet) {
        let line = self.line_of(node);
        let Some(end) = self.nodes[node].ends.get(key) else {
            return;
        };
        let (other, other_key) = (end.other, end.other_key);
        let (latency, jitter) = (end.latency, end.jitter);
        let bytes = u64::from(packet.len) + HEADERS;
        let out = &mut self.nodes[node].out;
        let gone = out.take(bytes, line.up, line.tcp, self.now);
        let loss = self.line_of(other).tcp.map_or(0, |tcp| tcp.loss);
        let is_lost = gone.is_none()
            || self.is_lost(line.tcp.map_or(0, |tcp| tcp.loss))
            || self.is_lost(loss);
        let (Some(gone), Some(other_key), false) = (gone, other_key, is_lost) else {
            if let Some(flow) = self.flow(node, key) {
                flow.loses(packet);
            }
            return;
        };
        let mut at = gone + latency;
        if !jitter.is_zero() {
            at = at + up_to(jitter, &mut self.rng);
            if let Some(end) = self.nodes[other].ends.get_mut(other_key) {
                at = at.max(end.last);
                end.last = at;
            }
        }
        let key = other_key;
        self.schedule(at, other, Happens::Comes { key, packet });
    }

    /// Whether a packet is one of so many in a million.
    fn is_lost(&mut self, loss: u32) -> bool {
        loss > 0 && self.rng.next_u64() % 1_000_000 < loss.into()
    }

    /// A packet has come to the node's line.
    pub(crate) fn comes(&mut self, node: usize, key: PeerKey, packet: Packet) {
        let line = self.line_of(node);
        let bytes = u64::from(packet.len) + HEADERS;
        let downlink = &mut self.nodes[node].downlink;
        match downlink.take(bytes, line.down, line.tcp, self.now) {
            Some(at) if at > self.now => {
                let through = Happens::Through { key, packet };
                self.schedule(at, node, through);
            }
            Some(_) => self.through(node, key, packet),
            None => {
                if let Some(flow) = self.other_flow(node, key) {
                    flow.loses(packet);
                }
            }
        }
    }

    /// A packet has come through the node's line.
    pub(crate) fn through(&mut self, node: usize, key: PeerKey, packet: Packet) {
        let now = self.now;
        self.nodes[node].packets += u64::from(packet.len) + HEADERS;
        let Some(flow) = self.flow(node, key) else {
            return;
        };
        flow.answered(packet.answers, now);
        if packet.len > 0 {
            flow.receive(packet);
            // What the engine says to it goes along with the answer.
            flow.will_push = true;
            while let Some(parcel) = self.flow(node, key).and_then(Flow::whole) {
                self.passed(node, key, parcel);
            }
        }
        self.push(node, key);
    }

    /// When what leaves a node now is behind all its packets.
    pub(crate) fn behind_packets(&self, node: usize) -> Time {
        self.nodes[node].out.free().max(self.now)
    }
}
