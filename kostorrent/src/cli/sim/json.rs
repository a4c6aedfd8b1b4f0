//! What became of a swarm, for a script. The help of `sim` has the schema.

use std::time::Duration;

use serde_json::{Value, json};
use sim::scenario::{Role, Story};

use super::table::vice;

pub(super) fn result(story: &Story) -> Value {
    let seconds = |time: Duration| time.as_secs_f64();
    let peers = story.peers.iter().map(|peer| {
        json!({
            "name": peer.name,
            "role": match peer.role {
                Role::Seeder => "seeder",
                Role::Leecher => "leecher",
            },
            "vice": vice(peer).unwrap_or("none"),
            "joined": seconds(peer.joined),
            "finished": peer.finished.map(seconds),
            "sent": peer.sent,
            "received": peer.received,
            "banned_by": peer.banned_by.len(),
            "doubted": peer.doubted,
            "failed_pieces": peer.failed_pieces,
            "most_open": peer.most_open,
            "had": peer.had,
        })
    });
    let peers: Vec<Value> = peers.collect();
    json!({
        "scenario": story.scenario,
        "seed": story.seed,
        "size": story.size,
        "pieces": story.pieces,
        "piece_length": story.piece_length,
        "ideal": seconds(story.ideal),
        "took": story.took().map(seconds),
        "ended": seconds(story.ended),
        "good": story.is_good(),
        "sent": story.sent(),
        "look": seconds(story.look),
        "peers": peers,
    })
}
