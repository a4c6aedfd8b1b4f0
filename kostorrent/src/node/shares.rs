//! The node's budgets at work: who has which share now.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use blocks::BLOCK;
use engine::{Command, Stats};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::budget::{self, Flow};
use super::disk::TorrentId;

/// The least time between two divisions.
const EVERY: Duration = Duration::from_secs(1);

/// In less time than that it cannot be seen whether a torrent uses its share.
const LEAST_USE: Duration = Duration::from_millis(500);

/// What all torrents of a node have together.
pub(super) struct Shares {
    /// Bytes a second.
    limit_down: Option<u64>,
    /// Bytes a second.
    limit_up: Option<u64>,
    /// Bytes for pieces that are being fetched.
    memory: u64,
    members: RefCell<BTreeMap<TorrentId, Member>>,
    changed: Notify,
}

/// What a torrent could use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Wants {
    pub down: Flow,
    pub up: Flow,
    /// Bytes that it still lacks.
    pub left: u64,
}

/// What a torrent may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Given {
    /// Bytes a second.
    pub down: Option<u64>,
    /// Bytes a second.
    pub up: Option<u64>,
    /// Bytes.
    pub memory: u64,
}

/// What a torrent has done with its share in one direction, since the last division.
#[derive(Clone, Copy, Default)]
struct Use {
    /// Payload bytes, over its whole life: when it began, and now.
    then: u64,
    now: u64,
    /// Whether anything had to wait for the share.
    waited: bool,
}

impl Use {
    fn note(&mut self, bytes: u64, waits: bool) {
        self.now = bytes;
        self.waited |= waits;
    }

    /// Whether the share was all that held it back: something had to wait for it, and nearly all of
    /// it was used. A little has to wait in every torrent, as requests go out in groups. Of a share of
    /// a few blocks one may be on its way.
    fn is_held_back(self, share: Option<u64>, time: Duration) -> bool {
        let block = f64::from(BLOCK);
        let share = share.map_or(f64::INFINITY, |share| share as f64) * time.as_secs_f64();
        let used = (self.now.saturating_sub(self.then)) as f64;
        let used = if share < 4.0 * block {
            used + block
        } else {
            used
        };
        self.waited && used >= 0.9 * share
    }

    fn begin_anew(&mut self) {
        self.then = self.now;
        self.waited = false;
    }
}

struct Member {
    wants: Wants,
    given: Given,
    down: Use,
    up: Use,
    /// Since when its use is looked at.
    since: Instant,
    tell: mpsc::UnboundedSender<Command>,
}

impl Member {
    /// Sees what it has done with its share, if it has had time for it.
    fn look(&mut self) {
        let time = self.since.elapsed();
        if time < LEAST_USE {
            return;
        }
        self.wants.down.held_back = self.down.is_held_back(self.given.down, time);
        self.wants.up.held_back = self.up.is_held_back(self.given.up, time);
        self.down.begin_anew();
        self.up.begin_anew();
        self.since = Instant::now();
    }
}

/// A torrent's place among the others; it has none any more when this is dropped.
pub(super) struct Share {
    shares: Rc<Shares>,
    id: TorrentId,
}

impl Shares {
    pub fn new(limit_down: Option<u64>, limit_up: Option<u64>, memory: u64) -> Shares {
        Shares {
            limit_down,
            limit_up,
            memory,
            members: RefCell::default(),
            changed: Notify::new(),
        }
    }

    /// Gives a torrent its share, at the cost of the others. It is told by `tell` when that changes.
    pub fn enter(
        self: &Rc<Shares>,
        id: TorrentId,
        wants: Wants,
        tell: mpsc::UnboundedSender<Command>,
    ) -> (Share, Given) {
        let given = Given::default();
        let member = Member {
            wants,
            given,
            down: Use::default(),
            up: Use::default(),
            since: Instant::now(),
            tell,
        };
        self.members.borrow_mut().insert(id, member);
        self.divide(Some(id));
        let given = self.members.borrow()[&id].given;
        let shares = self.clone();
        (Share { shares, id }, given)
    }

    /// Divides anew whenever something has changed, for ever. While nothing does, it sleeps.
    pub async fn keep_dividing(&self) {
        loop {
            self.changed.notified().await;
            self.divide(None);
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Divides, and tells all whose share is another one now, but `entering`.
    fn divide(&self, entering: Option<TorrentId>) {
        let mut members = self.members.borrow_mut();
        members.values_mut().for_each(Member::look);
        let flows = |of: fn(&Wants) -> Flow| -> Vec<Flow> {
            members.values().map(|member| of(&member.wants)).collect()
        };
        let down = budget::speeds(self.limit_down, &flows(|wants| wants.down));
        let up = budget::speeds(self.limit_up, &flows(|wants| wants.up));
        let left: Vec<u64> = members.values().map(|member| member.wants.left).collect();
        let memory = budget::memory(self.memory, &left);
        let all = down.into_iter().zip(up).zip(memory);
        for ((&id, member), ((down, up), memory)) in members.iter_mut().zip(all) {
            let before = std::mem::replace(&mut member.given, Given { down, up, memory });
            if entering == Some(id) {
                continue;
            }
            // A torrent that is about to end does not listen.
            if (before.down, before.up) != (down, up) {
                let _ = member.tell.send(Command::Limits { down, up });
            }
            if before.memory != memory {
                let _ = member.tell.send(Command::Memory(memory));
            }
        }
    }
}

impl Share {
    /// Says what the torrent moves now. One that is alone has everything already.
    pub fn moves(&self, stats: &Stats) {
        let mut members = self.shares.members.borrow_mut();
        let alone = members.len() == 1;
        let Some(member) = members.get_mut(&self.id) else {
            return;
        };
        member.down.note(stats.downloaded, stats.limited_down);
        member.up.note(stats.uploaded, stats.limited_up);
        let before = member.wants;
        member.wants.down.rate = stats.down_rate;
        member.wants.up.rate = stats.up_rate;
        member.wants.left = stats.left;
        let waits = stats.limited_down || stats.limited_up;
        if (before != member.wants || waits) && !alone {
            self.shares.changed.notify_one();
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.shares.members.borrow_mut().remove(&self.id);
        self.shares.changed.notify_one();
    }
}

#[cfg(test)]
mod tests;
