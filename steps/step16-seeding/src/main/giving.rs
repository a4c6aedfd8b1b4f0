//! To whom a member gives, and how much.

use std::time::Duration;

use choker::{Candidate, Decision};

use crate::link::Link;
use crate::party::Party;
use crate::report;

/// In so many rounds a member could give a half of the torrent, if it gave all to one: slow enough
/// to see whom it chooses.
const ROUNDS: f64 = 8.0;

/// A peer that has sent none of the blocks it owes us for so many rounds snubs us.
pub const SNUBBED: u32 = 6;

impl Party {
    /// Gives blocks to those who are unchoked, one to each in turn, as fast as it gives at all.
    pub fn give(&mut self) {
        let now = self.swarm.time();
        let half = self.geometry().total_length() as f64 / 2.0;
        let per_second = half / (ROUNDS * self.swarm.round.as_secs_f64());
        let passed = now.saturating_sub(self.paid).as_secs_f64();
        self.paid = now;
        // What was not used is not saved up for long.
        let most = per_second.max(2.0 * f64::from(blocks::BLOCK));
        self.allowance = (self.allowance + per_second * passed).min(most);
        // Each is the first in turn.
        let first = usize::from(self.links.len() > 1);
        self.links.rotate_left(first);
        for at in (0..self.links.len()).rev() {
            let Some(&block) = self.links[at].requests.front() else {
                continue;
            };
            if f64::from(block.len) > self.allowance {
                continue;
            }
            self.links[at].requests.pop_front();
            // What a peer asks for may be nonsense, and then it gets nothing.
            let is_here = self.have().get(block.piece) && block.len <= blocks::BLOCK;
            let Some(bytes) = is_here.then(|| self.store.read(block).ok()).flatten() else {
                continue;
            };
            self.allowance -= f64::from(block.len);
            self.links[at].got += u64::from(block.len);
            if self.links[at].line.send(block, &bytes).is_err() {
                self.hang_up(at);
            }
        }
    }

    /// At the end of a round: decides who may download, and says why.
    pub fn decide(&mut self) {
        let now = self.swarm.choker_time();
        if now < self.choker.next_round() || self.links.is_empty() {
            return;
        }
        let (seeding, time) = (self.have().is_full(), self.swarm.time());
        let candidates: Vec<Candidate> =
            self.links.iter().map(|l| self.candidate(l, time)).collect();
        let decisions = self
            .choker
            .round(now, seeding, &candidates, &mut rand::rng());
        self.round += 1;
        let lines = report::round(
            &self.swarm,
            self.member,
            self.round,
            self.have(),
            &decisions,
        );
        self.swarm.say(&lines);
        for at in (0..self.links.len()).rev() {
            let key = self.links[at].key;
            let is_this = |decision: &&Decision| decision.peer == key;
            let unchoke = decisions.iter().find(is_this).is_some_and(|d| d.unchoke);
            if self.links[at].choke(!unchoke).is_err() {
                self.hang_up(at);
            }
        }
    }

    // ANCHOR: candidate
    /// What the choker has to know of a peer.
    fn candidate(&self, link: &Link, now: Duration) -> Candidate {
        let owes = self.picker.asked_of(link.key) > 0;
        Candidate {
            peer: link.key,
            // All are on one host here. That is not to count.
            host: link.key.0.to_be_bytes().into(),
            interested: link.interested,
            unchoked: !link.choking,
            rate: link.rate.per_second(now),
            since: now.saturating_sub(link.since),
            snubbed: owes && now.saturating_sub(link.heard) > self.swarm.round * SNUBBED,
            served: link.got - link.before_turn >= self.geometry().piece_length().into(),
            pieces: link.has.count(),
            gave: link.gave,
            got: link.got,
        }
    }
    // ANCHOR_END: candidate
}
