//! What happens to nodes.

use std::net::SocketAddr;

use engine::{BufKey, Command, Encryption, Event};
use handshake::Handshake;
use messages::{BlockRequest, Ended, Message};
use picker::PeerKey;

use crate::flow::Packet;
use crate::uplink::Parcel;
use crate::{Content, World};

/// How many payload bytes a connection takes ahead, as the client's own do.
const ROOM: u64 = 512 * 1024;

/// Something that happens to a node.
#[derive(Debug)]
pub(crate) enum Happens {
    /// It begins for the first time.
    Starts,
    /// It goes: with a goodbye, or without.
    Leaves { politely: bool },
    /// It is back, with what it had on its disk.
    Returns,
    /// Its engine may want to be told that time has passed.
    Alarm,
    /// It tells its neighbours where it is.
    Multicasts,
    /// Its disk or a tracker has answered what it asked in this life.
    Told { life: u32, event: Box<Event> },
    /// A call arrives; `key` is the number that the caller gave its end.
    Called { from: usize, key: PeerKey },
    /// Its own call was answered.
    Answered { key: PeerKey, addr: SocketAddr },
    /// A connection of its breaks, at both ends.
    Breaks { key: PeerKey },
    /// The block on its line is out.
    Sent { life: u32 },
    /// Something has come to its line.
    Arrives { key: PeerKey, parcel: Parcel },
    /// Something has come through its line.
    Passed { key: PeerKey, parcel: Parcel },
    /// A connection of its that is like TCP's looks what it can send.
    Pushes { key: PeerKey },
    /// One of these has held an answer back.
    Answers { key: PeerKey },
    /// One may have waited too long for an answer.
    Overdue { key: PeerKey },
    /// A packet has come to its line.
    Comes { key: PeerKey, packet: Packet },
    /// A packet has come through its line.
    Through { key: PeerKey, packet: Packet },
}

impl World {
    pub(crate) fn happen(&mut self, node: usize, happens: Happens) {
        match happens {
            Happens::Starts => return self.starts(node),
            Happens::Returns => return self.is_back(node),
            _ => {}
        }
        if !self.nodes[node].alive {
            if let Happens::Called { from, key } = happens {
                let parcel = Parcel::HangUp;
                self.later(
                    self.latency(node, from),
                    from,
                    Happens::Arrives { key, parcel },
                );
            }
            return;
        }
        match happens {
            Happens::Starts | Happens::Returns => {}
            Happens::Leaves { politely: true } => self.tell(node, Event::Command(Command::Stop)),
            Happens::Leaves { politely: false } => self.kill(node),
            Happens::Alarm => self.alarm(node),
            Happens::Multicasts => self.multicasts(node),
            Happens::Told { life, event } => {
                if life == self.nodes[node].life {
                    self.tell(node, *event);
                }
            }
            Happens::Breaks { key } => self.breaks(node, key),
            Happens::Called { from, key } => self.called(node, from, key),
            Happens::Answered { key, addr } => {
                if let Some(end) = self.nodes[node].ends.get(key) {
                    let other = end.other;
                    self.connected(node, key, addr, false, other);
                }
            }
            Happens::Sent { life } => {
                if life == self.nodes[node].life {
                    self.sent(node);
                }
            }
            Happens::Arrives { key, parcel } => {
                let rate = self.line_of(node).down;
                let downlink = &mut self.nodes[node].downlink;
                let at = downlink.pass(parcel.payload(), rate, self.now);
                if at > self.now {
                    let passed = Happens::Passed { key, parcel };
                    self.schedule(at, node, passed);
                } else {
                    self.passed(node, key, parcel);
                }
            }
            Happens::Passed { key, parcel } => self.passed(node, key, parcel),
            Happens::Pushes { key } => self.push(node, key),
            Happens::Answers { key } => self.answers(node, key),
            Happens::Overdue { key } => self.overdue(node, key),
            Happens::Comes { key, packet } => self.comes(node, key, packet),
            Happens::Through { key, packet } => self.through(node, key, packet),
        }
    }

    fn alarm(&mut self, number: usize) {
        let node = &mut self.nodes[number];
        if node.alarm != Some(self.now) {
            return; // an earlier one was set since, and has rung
        }
        node.alarm = None;
        if node.engine.poll_timeout().is_some_and(|at| at <= self.now) {
            self.tell(number, Event::Timeout);
            let next = self.nodes[number].engine.poll_timeout();
            assert!(
                next.is_none_or(|at| at > self.now),
                "node {number} has a timer that rings for ever"
            );
        } else {
            self.set_alarm(number);
        }
    }

    fn called(&mut self, node: usize, from: usize, key: PeerKey) {
        if !self.nodes[from].ends.has(key) {
            return; // it has hung up already
        }
        let peer = self.new_end(node, from, Some(key));
        if let Some(end) = self.nodes[from].ends.get_mut(key) {
            end.other_key = Some(peer);
        }
        // A caller's port is not the one at which it can be called.
        let port = 40_000 + (key.0 % 20_000) as u16;
        let addr = SocketAddr::new(self.nodes[from].addr.ip(), port);
        self.connected(node, peer, addr, true, from);
        self.will_break(node, from, peer);
    }

    fn connected(
        &mut self,
        node: usize,
        peer: PeerKey,
        addr: SocketAddr,
        incoming: bool,
        other: usize,
    ) {
        let handshake = Handshake {
            reserved: self.nodes[other].config.reserved,
            info_hash: self.info_hash(),
            peer_id: self.nodes[other].id,
        };
        let event = Event::Connected {
            peer,
            addr,
            incoming,
            encryption: Encryption::None,
            handshake,
        };
        self.tell(node, event);
        if self.nodes[node].ends.has(peer) {
            self.tell(node, Event::Room { peer, bytes: ROOM });
        }
    }

    /// The block on the line is out, and the messages behind it.
    fn sent(&mut self, node: usize) {
        let sent = self.nodes[node].uplink.sent();
        self.begin_block(node);
        let Some((peer, parcels)) = sent else {
            return;
        };
        let bytes = parcels.iter().map(Parcel::payload).sum();
        self.nodes[node].sent += bytes;
        for parcel in parcels {
            self.depart_over(node, peer, parcel);
        }
        self.tell(node, Event::Room { peer, bytes });
    }

    pub(crate) fn passed(&mut self, node: usize, peer: PeerKey, parcel: Parcel) {
        match parcel {
            Parcel::HangUp => {
                if self.nodes[node].ends.remove(peer).is_some() {
                    self.nodes[node].uplink.forget(peer);
                    let why = Ended::HungUp;
                    self.tell(node, Event::Closed { peer, why });
                }
            }
            Parcel::Message(message) => {
                let Some(other) = self.nodes[node].ends.get(peer).map(|end| end.other) else {
                    return;
                };
                let forgets = message == Message::Choke && !self.both_fast(node, other);
                if let Some(end) = self.nodes[node].ends.get_mut(peer).filter(|_| forgets) {
                    end.asked.clear();
                }
                self.tell(node, Event::Message { peer, message });
            }
            Parcel::Block(block, content) => {
                if let Some(content) = content {
                    self.block(node, peer, block, content);
                }
            }
        }
    }

    fn block(&mut self, number: usize, peer: PeerKey, block: BlockRequest, content: Content) {
        let node = &mut self.nodes[number];
        let Some(end) = node.ends.get_mut(peer) else {
            return;
        };
        if !end.asked.remove(&block) {
            // Nobody asked for it, or not any more: it is read past.
            let bytes = u64::from(block.len);
            let block = Some(block);
            node.received += bytes;
            return self.tell(number, Event::Wasted { peer, block, bytes });
        }
        let from = end.other;
        let is_trade = !self.nodes[from].is_seed();
        let node = &mut self.nodes[number];
        let buf = BufKey(node.next_buf);
        node.next_buf = node.next_buf.wrapping_add(1);
        node.bufs.insert(buf.0, content);
        node.received += u64::from(block.len);
        if is_trade {
            node.traded += u64::from(block.len);
        }
        self.tell(number, Event::Block { peer, block, buf });
    }
}
