//! The way of a lookup through a network.

// The lookup of the chapter's own example.
#[path = "../../../steps/step20-dht/examples/common/by_distance.rs"]
#[allow(missing_docs, dead_code)]
mod by_distance;

use by_distance::{Hop, by_distance};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::Figure;
use super::svg::{Svg, Width};

const NODES: usize = 10_000;

/// A lookup that is neither quick nor slow.
const SEED: u64 = 20;

/// Where the bars begin, and how wide one is for each doubling of the nodes.
const LEFT: f64 = 262.0;
const DOUBLING: f64 = 12.5;

pub(super) fn figure() -> Figure {
    let hops = by_distance(NODES, &mut ChaCha8Rng::seed_from_u64(SEED));
    let told: Vec<String> = hops
        .iter()
        .map(|hop| format!("{} bits and {} nodes", hop.shared, hop.nearer))
        .collect();
    let title = format!(
        "A lookup among {NODES} nodes. Each node that is asked names one that is nearer; how many bits the id of each shares with \
         the torrent's, and how many nodes are nearer still: {}.",
        told.join(", ")
    );
    let mut svg = Svg::new("20-path", &title, Width::Narrow);
    svg.text("small", LEFT, 16.0, "nodes that are nearer");
    let mut y = 28.0;
    for (number, hop) in hops.iter().enumerate() {
        let is_last = number + 1 == hops.len();
        let name = match number {
            0 => "a node that we know",
            _ if is_last => "one that keeps the peers",
            1 => "one that it names",
            _ => "one named by that one",
        };
        let class = if is_last { "c" } else { "b" };
        svg.rect(class, 2.0, y, 250.0, 52.0);
        svg.text("bold", 12.0, y + 22.0, name);
        svg.text("small", 12.0, y + 42.0, &bits(hop));
        let width = DOUBLING * (hop.nearer as f64 + 1.0).log2();
        svg.rect("d", LEFT, y + 14.0, width.max(3.0), 22.0);
        svg.text(
            "small",
            LEFT + width + 10.0,
            y + 31.0,
            &hop.nearer.to_string(),
        );
        y += 52.0;
        if !is_last {
            svg.arrow("", (60.0, y + 2.0), (60.0, y + 28.0));
            svg.text("small", 76.0, y + 20.0, "who is nearer?");
            y += 30.0;
        }
    }
    svg.finish(y + 4.0)
}

fn bits(hop: &Hop) -> String {
    match hop.shared {
        0 => "no bit like the torrent".to_owned(),
        1 => "1 bit like the torrent".to_owned(),
        shared => format!("{shared} bits like the torrent"),
    }
}
