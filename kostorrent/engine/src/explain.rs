//! Why is nothing happening? The engine's own answer, in a sentence.

use super::event::Report;
use super::timers::Timer;
use super::{Engine, Phase, STALLED, Time};

impl Engine {
    /// Tells the user when nothing has arrived for a minute, and why as far as is known.
    pub(super) fn stalled(&mut self, now: Time) {
        self.timers.set(Timer::Stalled, now + STALLED);
        if self.phase != Phase::Running
            || self.picker.is_complete()
            || now.since(self.progress_at) < STALLED
        {
            return;
        }
        let why = self.why_stalled();
        self.report(Report::NoWayForward { why });
    }

    fn why_stalled(&self) -> String {
        let connected = self.peers.len();
        if connected == 0 {
            return match &self.trackers.last {
                Some(last) => format!("no peer is connected; {last}"),
                None if self.trackers.any() => {
                    "no peer is connected, and no tracker has answered yet".to_owned()
                }
                None => "no peer is connected".to_owned(),
            };
        }
        let offering = self.peers.values().filter(|p| p.offers > 0).count();
        let choking = self
            .peers
            .values()
            .filter(|p| p.offers > 0 && p.peer_choking)
            .count();
        if offering == 0 {
            return format!(
                "{} connected, but none has a piece that is still missing",
                peers(connected)
            );
        }
        if choking == offering {
            return format!(
                "{} connected, {offering} with missing pieces, but all of these choke us",
                peers(connected)
            );
        }
        format!(
            "{} connected, {} asked, but no block has arrived",
            peers(connected),
            peers(offering - choking)
        )
    }

    /// Why there is nobody left to ask.
    pub(super) fn why_hopeless(&self) -> String {
        if self.progress_at == Time::ZERO {
            "no tracker and no peer can be reached: the torrent names no HTTP tracker that could be \
             asked, and no address answered; give one with --peer ADDRESS"
                .to_owned()
        } else {
            "all peers have gone and there is no tracker to ask for others; what is complete stays \
             on disk, so start again later or give an address with --peer"
                .to_owned()
        }
    }
}

fn peers(count: usize) -> String {
    match count {
        1 => "1 peer".to_owned(),
        n => format!("{n} peers"),
    }
}
