//! How things stood at a moment.

use std::io::{self, Write};

use engine::Time;
use serde_json::json;

use super::session::Session;
use crate::cli::text::{json_printable, printable};

impl Session {
    /// How things stand.
    pub fn stand(&mut self, at: Time, json: bool, out: &mut dyn Write) -> io::Result<()> {
        let stats = self.engine.stats(at.max(self.now));
        if json {
            let peers = self.peers.iter().map(|(key, known)| {
                json!({
                    "peer": key.0,
                    "addr": known.addr,
                    "incoming": known.incoming,
                    "client": known.client,
                    "pieces": known.has.count(),
                    "chokes_us": known.peer_choking,
                    "choked": known.am_choking,
                    "requests": known.out.len(),
                    "downloaded": known.got,
                    "uploaded": known.given,
                })
            });
            let peers: Vec<_> = peers.collect();
            let all = json!({
                "event": "standing",
                "at": at.since_start().as_secs_f64(),
                "pieces_have": stats.pieces_have,
                "pieces": stats.pieces,
                "open_pieces": stats.open_pieces,
                "requests": stats.requests,
                "peers": peers,
            });
            return writeln!(out, "{}", json_printable(all.to_string()));
        }
        writeln!(
            out,
            "After {:.3} s: {} of {} pieces, {} open, {} requests out, {} connections",
            at.since_start().as_secs_f64(),
            stats.pieces_have,
            stats.pieces,
            stats.open_pieces,
            stats.requests,
            self.peers.len(),
        )?;
        if self.peers.is_empty() {
            return Ok(());
        }
        writeln!(
            out,
            "  {:<24} {:<18} {:>7} {:<10} {:<10} {:>5} {:>10} {:>10}",
            "peer", "client", "pieces", "to us", "to it", "asked", "got", "given"
        )?;
        for (key, known) in &self.peers {
            let chokes = |choking| if choking { "chokes" } else { "serves" };
            let row = format!(
                "{:<24} {:<18} {:>7} {:<10} {:<10} {:>5} {:>10} {:>10}",
                format!("{} (#{key})", known.addr),
                known.client,
                known.has.count(),
                chokes(known.peer_choking),
                chokes(known.am_choking),
                known.out.len(),
                progress::bytes(known.got),
                progress::bytes(known.given),
            );
            writeln!(out, "  {}", printable_row(&row))?;
        }
        Ok(())
    }
}

fn printable_row(row: &str) -> String {
    printable(row).trim_end().to_owned()
}
