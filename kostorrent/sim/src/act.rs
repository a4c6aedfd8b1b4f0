//! What engines want done.

use std::net::SocketAddr;
use std::time::Duration;

use blocks::BlockDigests;
use engine::{
    Action, Announcement, BufKey, ConnectFailure, ContentConfig, Event, Known, Report, Source,
    Stored, Time,
};
use messages::{Bitfield, BlockRequest, Message};
use picker::PeerKey;
use tracker::{AnnounceError, AnnounceEvent, AnnounceReply, TIMEOUT};

use crate::ends::End;
use crate::happen::Happens;
use crate::line::{time_for, up_to};
use crate::uplink::Parcel;
use crate::{Announced, Content, Vice, World};

/// How long it takes to look a name up.
const LOOK_UP: Duration = Duration::from_millis(50);

/// How long it takes to look what is there of a torrent that has just become known.
const OPENING: Duration = Duration::from_millis(20);

/// How many peers a search in the DHT finds, at most, and how many nodes answer it.
const DHT_NAMES: usize = 50;
const DHT_NODES: usize = 20;

/// What a disk says that has a fault for a while.
const FAULT: &str = "the disk cannot be written to";

impl World {
    pub(crate) fn act(&mut self, node: usize, action: Action) {
        match action {
            Action::Connect { addr } => self.connect(node, addr),
            Action::Close { peer, .. } => {
                if let Some(end) = self.nodes[node].ends.remove(peer) {
                    self.nodes[node].uplink.forget(peer);
                    self.hang_up(node, &end);
                }
            }
            Action::Send { peer, message } => self.send(node, peer, message),
            Action::Rejected { peer, block } => {
                if let Some(end) = self.nodes[node].ends.get_mut(peer) {
                    end.asked.remove(&block);
                }
            }
            Action::Upload { peer, block } => self.upload(node, peer, block),
            Action::Keep { buf, piece, block } => {
                let content = self.take_buf(node, buf);
                let blocks = self.geometry.blocks_in(piece) as usize;
                let kept = self.nodes[node].kept.entry(piece);
                let kept = kept.or_insert_with(|| vec![None; blocks]);
                kept[block as usize] = Some(content);
                let node = &mut self.nodes[node];
                node.most_open = node.most_open.max(node.kept.len());
            }
            Action::Drop { buf } => {
                self.take_buf(node, buf);
            }
            Action::Forget { piece } => {
                self.nodes[node].kept.remove(&piece);
            }
            Action::Store { piece, digests } => self.store(node, piece, digests),
            // What a disk has forgotten is told when it happens, by whoever makes it forget.
            Action::Check { .. } => {}
            Action::Settle => self.will_tell(Duration::ZERO, node, Event::Settled),
            Action::Look => {
                let event = match self.disk_of(node).has_fault(self.now) {
                    true => Event::DiskFailed {
                        why: FAULT.to_owned(),
                    },
                    false => Event::DiskWell,
                };
                self.will_tell(Duration::ZERO, node, event);
            }
            Action::LookUp { name, port } => {
                let found = self.names.get(&name).cloned();
                let result = found.ok_or_else(|| "no such name".to_owned());
                let event = Event::LookedUp { name, port, result };
                self.will_tell(LOOK_UP, node, event);
            }
            // Its disk has nothing of it yet.
            Action::Metadata { info } => {
                assert_eq!(info, self.info);
                let nothing = Bitfield::new(self.geometry.pieces());
                let content = ContentConfig::all(self.geometry, nothing);
                let known = Event::Known(Known::of(&content, false));
                self.will_tell(OPENING, node, known);
            }
            // There is no local network here.
            Action::TellLocal { .. } | Action::DhtNode { .. } => {}
            Action::SearchDht => self.search_dht(node),
            Action::Announce {
                tracker,
                announcement,
            } => self.announce(node, tracker, &announcement),
            Action::Scrape { tracker } => self.scrape(node, tracker),
            Action::Report(report) => {
                let node = &mut self.nodes[node];
                if report == Report::Complete {
                    node.completed.get_or_insert(self.now);
                }
                node.reports.push((self.now, report));
            }
            Action::Finished(outcome) => {
                self.nodes[node].outcome = Some((self.now, outcome));
                self.kill(node);
            }
        }
    }

    /// A tracker tells how many it knows.
    fn scrape(&mut self, node: usize, url: String) {
        let tracker = self.trackers.entry(url.clone()).or_default();
        let result = match &tracker.refuses {
            Some(why) => Err(why.clone()),
            None => Ok(tracker.counts()),
        };
        let (takes, tracker) = (tracker.takes, url);
        self.will_tell(takes, node, Event::Scraped { tracker, result });
    }

    /// The DHT names whom it knows, and knows one more.
    fn search_dht(&mut self, node: usize) {
        self.dht.enter(node, 1);
        let named = self.dht.name(DHT_NAMES, &mut self.rng).into_iter();
        let others = named.filter(|&other| other != node);
        let named = Event::Named {
            source: Source::Dht,
            peers: others.map(|other| self.nodes[other].addr).collect(),
        };
        let takes = self.dht.takes;
        self.will_tell(takes, node, named);
        self.will_tell(
            takes,
            node,
            Event::Searched {
                answered: DHT_NODES,
                seen_at: vec![self.nodes[node].addr.ip()],
            },
        );
    }

    fn connect(&mut self, node: usize, addr: SocketAddr) {
        let failure = match self.by_addr.get(&addr) {
            Some(&other) if other == node => ConnectFailure::Ourselves,
            Some(&other) if self.nodes[other].alive && self.can_meet(node, other) => {
                return self.call(node, other, addr);
            }
            _ => ConnectFailure::Network("nobody there".to_owned()),
        };
        let takes = self.line_of(node).latency * 4;
        let event = Event::ConnectFailed { addr, why: failure };
        self.will_tell(takes, node, event);
    }

    fn call(&mut self, node: usize, other: usize, addr: SocketAddr) {
        let key = self.new_end(node, other, None);
        let latency = self.latency(node, other);
        // TCP's own greeting comes before that of the peers.
        let first = match self.tcp_between(node, other) {
            Some(_) => latency * 2,
            None => Duration::ZERO,
        };
        self.later(first + latency, other, Happens::Called { from: node, key });
        self.later(first + latency * 2, node, Happens::Answered { key, addr });
    }

    /// Whether one of these nodes can call the other.
    fn can_meet(&self, one: usize, other: usize) -> bool {
        let may = |one: usize, other| self.nodes[one].only.is_none_or(|only| only == other);
        may(one, other) && may(other, one)
    }

    fn send(&mut self, node: usize, peer: PeerKey, message: Message) {
        let Some(end) = self.nodes[node].ends.get_mut(peer) else {
            return;
        };
        match &message {
            Message::Request(block) => assert!(end.asked.insert(*block), "asked twice: {block:?}"),
            Message::Cancel(block) => {
                end.asked.remove(block);
            }
            _ => {}
        }
        self.dispatch(node, peer, Parcel::Message(message));
    }

    fn upload(&mut self, node: usize, peer: PeerKey, block: BlockRequest) {
        let vice = &mut self.nodes[node].vice;
        let content = match vice {
            Vice::None => Some(Content::RIGHT),
            Vice::Lies => Some(Content::lie_of(node)),
            Vice::LiesOnce => {
                *vice = Vice::None;
                Some(Content::lie_of(node))
            }
            Vice::LiesAbout(piece) if *piece == block.piece => Some(Content::lie_of(node)),
            Vice::LiesAbout(_) => Some(Content::RIGHT),
            Vice::Stalls => None,
        };
        self.dispatch(node, peer, Parcel::Block(block, content));
    }

    /// Hands a parcel to the node's line.
    pub(crate) fn dispatch(&mut self, node: usize, peer: PeerKey, parcel: Parcel) {
        match self.nodes[node].ends.get(peer) {
            None => return,
            Some(end) if end.flow.is_some() => return self.put(node, peer, parcel),
            Some(_) => {}
        }
        match self.nodes[node].uplink.put(peer, parcel) {
            Some(parcel) => self.depart_over(node, peer, parcel),
            None => self.begin_block(node),
        }
    }

    /// Puts the next block on a node's line, if it is free.
    pub(crate) fn begin_block(&mut self, node: usize) {
        if let Some(bytes) = self.nodes[node].uplink.begin() {
            let rate = self.line_of(node).up;
            let takes = rate.map(|rate| time_for(bytes, rate));
            let life = self.nodes[node].life;
            self.later(takes.unwrap_or_default(), node, Happens::Sent { life });
        }
    }

    /// A parcel has left a node over this connection.
    pub(crate) fn depart_over(&mut self, node: usize, peer: PeerKey, parcel: Parcel) {
        if let Some(end) = self.nodes[node].ends.get(peer) {
            let (other, key, latency, jitter) = (end.other, end.other_key, end.latency, end.jitter);
            self.depart_to(other, key, self.now + latency, jitter, parcel);
        }
    }

    /// A node leaves an end that is over already. What is under way arrives before that.
    pub(crate) fn hang_up(&mut self, node: usize, end: &End) {
        let leaves = match end.flow {
            Some(_) => self.behind_packets(node),
            None => self.now,
        };
        let at = leaves + end.latency;
        self.depart_to(end.other, end.other_key, at, end.jitter, Parcel::HangUp);
    }

    fn depart_to(
        &mut self,
        other: usize,
        key: Option<PeerKey>,
        mut at: Time,
        jitter: Duration,
        parcel: Parcel,
    ) {
        // A call that is broken off before it has arrived is not noticed.
        let Some(key) = key else {
            return;
        };
        if !jitter.is_zero() {
            at = at + up_to(jitter, &mut self.rng);
            if let Some(end) = self.nodes[other].ends.get_mut(key) {
                at = at.max(end.last);
                end.last = at;
            }
        }
        self.schedule(at, other, Happens::Arrives { key, parcel });
    }

    /// A node's disk or a tracker will answer.
    fn will_tell(&mut self, after: Duration, node: usize, event: Event) {
        let (life, event) = (self.nodes[node].life, Box::new(event));
        self.later(after, node, Happens::Told { life, event });
    }

    fn take_buf(&mut self, node: usize, buf: BufKey) -> Content {
        let content = self.nodes[node].bufs.remove(&buf.0);
        content.expect("a buffer that has arrived and was not decided about")
    }

    /// Verifies a whole piece, and writes it if it is right.
    fn store(&mut self, number: usize, piece: u32, digests: BlockDigests) {
        let bytes = u64::from(self.geometry.piece_len(piece));
        let disk = self.disk_of(number);
        let node = &mut self.nodes[number];
        let contents = node.contents(piece);
        let right = !disk.spoils && contents.iter().all(|&content| content == Content::RIGHT);
        let wanted = match digests {
            BlockDigests::Never => false,
            BlockDigests::IfWrong => !right,
            BlockDigests::Always => true,
        };
        let digests = wanted.then(|| contents.into_iter().map(Content::digest).collect());
        let result = if !right {
            Stored::Wrong { digests }
        } else if disk.has_fault(self.now) {
            Stored::Failed(FAULT.to_owned())
        } else if disk.takes.is_some_and(|most| node.written >= most) {
            Stored::Failed("the disk is full".to_owned())
        } else {
            node.written += 1;
            Stored::Written { digests }
        };
        let done = disk.done(if right { bytes } else { 0 }, node.disk_free, self.now);
        node.disk_free = done;
        let event = Event::Stored { piece, result };
        self.will_tell(done.since(self.now), number, event);
    }

    fn announce(&mut self, node: usize, url: String, announcement: &Announcement) {
        let event = announcement.event;
        self.nodes[node].announces.push(Announced {
            at: self.now,
            tracker: url.clone(),
            event,
        });
        let tracker = self.trackers.entry(url.clone()).or_default();
        if event == Some(AnnounceEvent::Stopped) {
            tracker.leave(node);
        } else if tracker.refuses.is_none() {
            tracker.enter(node, announcement.left);
        }
        let takes = if tracker.silent {
            TIMEOUT
        } else {
            tracker.takes
        };
        let failure = match tracker.silent {
            true => Some(AnnounceError::TimedOut {
                host: tracker::host_of(&url),
                limit: TIMEOUT,
            }),
            false => tracker.refuses.clone(),
        };
        if let Some(why) = failure {
            let event = Event::Announced {
                tracker: url,
                told: event,
                result: Err(why),
            };
            return self.will_tell(takes, node, event);
        }
        let named = tracker
            .name(announcement.numwant as usize, &mut self.rng)
            .into_iter();
        let reply = AnnounceReply {
            interval: tracker.interval,
            min_interval: tracker.min_interval,
            tracker_id: None,
            complete: tracker.counts().seeders,
            incomplete: tracker.counts().leechers,
            external_ip: None,
            peers: named.map(|node| self.nodes[node].addr).collect(),
            warning: None,
        };
        let event = Event::Announced {
            tracker: url,
            told: event,
            result: Ok(reply),
        };
        self.will_tell(takes, node, event);
    }
}
