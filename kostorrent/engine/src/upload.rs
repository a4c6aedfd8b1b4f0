//! Giving: who may ask, and what is sent.

use std::time::Duration;

use choker::Candidate;
use messages::{BlockRequest, Message};
use picker::PeerKey;

use super::timers::Timer;
use super::{Action, Engine, Phase, Time};

/// Requests of one peer that wait at most, some 100 KiB; more are dropped, as a choked peer's are.
/// Transmission asks for what ten seconds at the present rate bring: thousands of blocks. A request
/// that is dropped is never answered, so a small limit would stall such a peer.
const MOST_REQUESTS: usize = 8_192;

/// Two timed rounds of the choker are never nearer to each other.
const LEAST_PAUSE: Duration = Duration::from_secs(1);

/// Nor is a round that a peer has brought about nearer to the one before. A round looks at all
/// peers, and a peer could ask for one with every five bytes.
const LEAST_PAUSE_BETWEEN: Duration = Duration::from_millis(100);

impl Engine {
    /// A peer asks for a block.
    pub(super) fn requested(&mut self, key: PeerKey, block: BlockRequest, now: Time) {
        if let Err(error) = self.geometry.check(&block) {
            return self.close(key, error.into(), now);
        }
        let has = self.have().get(block.piece);
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        if peer.am_choking || !has || peer.requests.len() >= MOST_REQUESTS {
            return;
        }
        peer.requests.push_back(block);
        self.upload(key, now);
    }

    /// A peer has got the block elsewhere.
    pub(super) fn cancelled(&mut self, key: PeerKey, block: BlockRequest) {
        if let Some(peer) = self.peers.get_mut(&key) {
            peer.requests.retain(|&asked| asked != block);
        }
    }

    /// A connection can take more: at its beginning, and when it has sent something. Only what has
    /// been sent is counted as uploaded.
    pub(super) fn room(&mut self, key: PeerKey, bytes: u64, now: Time) {
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        let sent = bytes.min(peer.in_connection);
        if sent > 0 {
            peer.in_connection -= sent;
            peer.payload_at = now;
            peer.spoke = now;
            peer.uploaded += sent;
            peer.up.add(now.since_start(), sent);
            self.uploaded += sent;
            self.up.add(now.since_start(), sent);
        }
        peer.room = peer.room.saturating_add(bytes);
        self.upload(key, now);
    }

    /// Sends what this peer asked for, as far as its connection and the limit allow.
    pub(super) fn upload(&mut self, key: PeerKey, now: Time) {
        if self.phase != Phase::Running {
            return;
        }
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        while let Some(&block) = peer.requests.front() {
            let bytes = u64::from(block.len);
            if peer.room < bytes {
                break;
            }
            if !self.limit_up.affords(bytes, now) {
                let wait = self.limit_up.wait_for(bytes, now);
                self.timers.set_earlier(Timer::Refill, now + wait);
                break;
            }
            self.limit_up.take(bytes);
            peer.requests.pop_front();
            peer.room -= bytes;
            peer.in_connection += bytes;
            peer.spoke = now;
            self.actions.push_back(Action::Upload { peer: key, block });
        }
    }

    /// Somebody came, went, or wants something else: decide soon.
    pub(super) fn choke_soon(&mut self, now: Time) {
        let at = self.choked_at.map_or(now, |at| at + LEAST_PAUSE_BETWEEN);
        self.timers.set_earlier(Timer::Choke, at.max(now));
    }

    /// Decides anew who may download from us.
    pub(super) fn choke_round(&mut self, now: Time) {
        self.choked_at = Some(now);
        let seeding = self.picker.is_complete();
        let candidates: Vec<Candidate> = self
            .peers
            .iter_mut()
            .map(|(&peer, state)| Candidate {
                peer,
                interested: state.peer_interested,
                unchoked: !state.am_choking,
                rate: if seeding {
                    state.up.per_second(now.since_start())
                } else {
                    state.down.per_second(now.since_start())
                },
                since: now.since(state.connected),
                snubbed: state.snubbed,
            })
            .collect();
        let unchoked = self
            .choker
            .round(now.since_start(), seeding, &candidates, &mut self.rng);
        let next = Time::after_start(self.choker.next_round());
        self.timers.set(Timer::Choke, next.max(now + LEAST_PAUSE));
        for Candidate { peer: key, .. } in candidates {
            self.set_choking(key, !unchoked.contains(&key), now);
        }
    }

    fn set_choking(&mut self, key: PeerKey, choking: bool, now: Time) {
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        if peer.am_choking == choking {
            return;
        }
        peer.am_choking = choking;
        if choking {
            // Without the fast extension a choke drops what was asked for, without a word.
            peer.requests.clear();
            self.send(key, Message::Choke, now);
        } else {
            self.send(key, Message::Unchoke, now);
        }
    }
}
