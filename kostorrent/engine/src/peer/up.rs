//! What one peer gets from us.

use blocks::BLOCK;
use choker::Reason;
use progress::Rate;

use super::requests::Requests;
use crate::Time;

/// Pieces that are remembered of what a peer got: as many as a pipeline of small ones has.
const MOST_GIVEN: usize = 16;

/// A connection is given what it sends in half a second, so that it always has something to send
/// (libtorrent: `send_buffer_watermark_factor`),
const AHEAD_PARTS: u64 = 2;

/// and this in any case, in bytes: nothing is known of its line at the beginning.
const LEAST_AHEAD: u64 = 4 * BLOCK as u64;

/// What one peer gets from us: the half of a connection over which we upload, with two of the four
/// booleans of BEP 3.
pub(crate) struct Up {
    pub am_choking: bool,
    pub peer_interested: bool,
    pub requests: Requests,
    /// How many payload bytes its connection can take at the moment.
    pub room: u64,
    /// Payload that its connection was given and has not sent yet, in bytes.
    pub in_connection: u64,
    /// What it has asked for is to be void: some of it we have no more.
    pub void: bool,
    /// The pieces it was given blocks of last, the latest at the end.
    pub given: Vec<u32>,
    /// It waits for the speed limit.
    pub limited: bool,
    /// Why it is choked or not, as the choker decided last.
    pub reason: Option<Reason>,
    pub rate: Rate,
    /// Payload bytes that were sent.
    pub total: u64,
    /// How many there were when it was unchoked last.
    pub before_turn: u64,
}

impl Up {
    pub fn new() -> Up {
        Up {
            am_choking: true,
            peer_interested: false,
            requests: Requests::default(),
            room: 0,
            in_connection: 0,
            void: false,
            given: Vec::new(),
            limited: false,
            reason: None,
            rate: Rate::new(),
            total: 0,
            before_turn: 0,
        }
    }

    // ANCHOR: room_now
    /// How many bytes its connection is to be given now: what its line carries in half a second, and no
    /// more. What the connection has cannot be taken back when it is cancelled, and is sent for
    /// nothing.
    pub fn room_now(&self, now: Time) -> u64 {
        let carries = self.rate.per_second(now.since_start()) / AHEAD_PARTS;
        let most = carries.max(LEAST_AHEAD);
        // One block more than that is no matter; a long one is sent all the same.
        match self.in_connection < most {
            true => self.room,
            false => 0,
        }
    }
    // ANCHOR_END: room_now

    /// How many payload bytes it has asked for that were not sent yet.
    pub fn waits(&self) -> u64 {
        self.requests.len() as u64 * u64::from(BLOCK) + self.in_connection
    }

    /// A block of this piece goes to it.
    pub fn gives(&mut self, piece: u32) {
        if self.given.last() != Some(&piece) {
            self.given.retain(|&given| given != piece);
            if self.given.len() == MOST_GIVEN {
                self.given.remove(0);
            }
            self.given.push(piece);
        }
    }
}
