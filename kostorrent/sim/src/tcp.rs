//! Lines that carry connections as TCP does.

use std::time::Duration;

use crate::line::time_for;

/// The payload of a whole packet on a line that takes 1,500 bytes at a time, in bytes.
pub(crate) const SEGMENT: u64 = 1448;

/// The headers of a packet: IP, TCP, and TCP's timestamps, in bytes.
pub(crate) const HEADERS: u64 = 52;

/// So much waits before a line however slow it is, in bytes.
const LEAST_QUEUE: u64 = 64 * 1024;

/// What makes a line a real one. Its rates then count whole packets with their headers, and everything
/// that goes over it is packets: blocks, messages, and TCP's own answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tcp {
    /// How long the queue before each of its directions may become, at its rate; 64 KiB wait in any case.
    /// What comes to a full one is lost.
    pub queue: Duration,
    /// How many of a million packets are lost on it, in each direction.
    pub loss: u32,
    /// How much the kernel of its node takes ahead for a connection at most, in bytes.
    pub buffer: u64,
    /// What the connections of its node do about it.
    pub control: Control,
}

/// How a connection finds out how much a line carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Control {
    /// By filling it until something is lost (RFC 9438), as most do.
    Cubic,
    /// By how much arrives in a round trip, whatever is lost: the idea of BBR, without its pacing.
    Bbr,
}

impl Default for Tcp {
    /// A quarter of a second of queue, as modems have, nothing lost, and CUBIC with the usual buffer
    /// (Linux: `tcp_wmem`).
    fn default() -> Tcp {
        Tcp {
            queue: Duration::from_millis(250),
            loss: 0,
            buffer: 4 * 1024 * 1024,
            control: Control::Cubic,
        }
    }
}

impl Tcp {
    /// How long the last byte of the fullest queue waits before a direction of this rate.
    pub(crate) fn longest_wait(&self, rate: u64) -> Duration {
        self.queue.max(time_for(LEAST_QUEUE, rate))
    }
}
