//! The node's budgets at work: who has which share now.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use engine::{Command, Stats};
use tokio::sync::{Notify, mpsc};

use super::budget::{self, Flow};
use super::disk::TorrentId;

/// The least time between two divisions.
const EVERY: Duration = Duration::from_secs(1);

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

impl Wants {
    /// What a torrent could use that moves this much.
    fn of(self, stats: &Stats) -> Wants {
        Wants {
            down: Flow {
                rate: stats.down_rate,
                held_back: stats.limited_down,
                ..self.down
            },
            up: Flow {
                rate: stats.up_rate,
                held_back: stats.limited_up,
                ..self.up
            },
            left: stats.left,
        }
    }
}

struct Member {
    wants: Wants,
    given: Given,
    tell: mpsc::UnboundedSender<Command>,
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
        let member = Member { wants, given, tell };
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
        let wants = member.wants.of(stats);
        let before = std::mem::replace(&mut member.wants, wants);
        if before != wants && !alone {
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
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn told(commands: &mut mpsc::UnboundedReceiver<Command>) -> Vec<Command> {
        std::iter::from_fn(|| commands.try_recv().ok()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_and_goes_changes_the_shares_of_the_others_alone() {
        let tasks = tokio::task::LocalSet::new();
        let shares = Rc::new(Shares::new(Some(1_000_000), None, 24));
        let dividing = shares.clone();
        tasks.spawn_local(async move { dividing.keep_dividing().await });
        let all = async {
            let (tell, mut first) = mpsc::unbounded_channel();
            let fetching = Wants {
                left: 1000,
                ..Wants::default()
            };
            let (one, given) = shares.enter(TorrentId(1), fetching, tell);
            let whole = Given {
                down: Some(1_000_000),
                up: None,
                memory: 24,
            };
            assert_eq!(given, whole);

            let (tell, mut second) = mpsc::unbounded_channel();
            let (two, given) = shares.enter(TorrentId(2), fetching, tell);
            assert_eq!((given.down, given.memory), (Some(500_000), 12));
            let half = Command::Limits {
                down: Some(500_000),
                up: None,
            };
            assert_eq!(told(&mut first), [half, Command::Memory(12)]);

            // The second has all it needs: the first gets all the memory, without anybody asking.
            two.moves(&Stats::default());
            tokio::time::sleep(2 * EVERY).await;
            assert_eq!(told(&mut first), [Command::Memory(24)]);
            assert_eq!(told(&mut second), [Command::Memory(0)]);

            drop(two);
            tokio::time::sleep(2 * EVERY).await;
            let all = Command::Limits {
                down: Some(1_000_000),
                up: None,
            };
            assert_eq!(told(&mut first), [all]);
            drop(one);
        };
        tasks.run_until(all).await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_torrent_that_is_held_back_gets_what_the_idle_one_leaves() {
        let tasks = tokio::task::LocalSet::new();
        let shares = Rc::new(Shares::new(None, Some(1_000_000), 24));
        let dividing = shares.clone();
        tasks.spawn_local(async move { dividing.keep_dividing().await });
        let all = async {
            let (tell, mut first) = mpsc::unbounded_channel();
            let (busy, _) = shares.enter(TorrentId(1), Wants::default(), tell.clone());
            let (_idle, _) = shares.enter(TorrentId(2), Wants::default(), tell);
            told(&mut first);
            busy.moves(&Stats {
                up_rate: 500_000,
                limited_up: true,
                ..Stats::default()
            });
            tokio::time::sleep(EVERY).await;
            let more = told(&mut first).into_iter().any(
                |command| matches!(command, Command::Limits { up: Some(up), .. } if up > 900_000),
            );
            assert!(more);
        };
        tasks.run_until(all).await;
    }
}
