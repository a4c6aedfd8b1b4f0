//! Makes the recording that the program has built in: a download in virtual time, with the picker of
//! chapter 11 and peers that come and go.
//!
//! `cargo run -p step13-progress --example record > steps/step13-progress/src/main/sample.ndjson`
//!
//! Its lines are those of `kostorrent download --json`, and before each `progress` a `map`: a letter
//! for each piece.

use blocks::Geometry;
use messages::{Bitfield, BlockRequest};
use picker::{PeerKey, Picker, Receipt};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::json;

const PIECES: u32 = 240;
const PIECE: u64 = 128 * 1024;
/// The file that starts here is not wanted.
const UNWANTED: std::ops::Range<u32> = 150..170;
/// How many requests are out at each peer.
const OUT: usize = 12;

/// A peer of the recording.
struct Peer {
    key: PeerKey,
    has: Bitfield,
    /// From which second on it is there, until which, and bytes a second.
    from: u64,
    to: u64,
    rate: u64,
    /// Bytes that it has sent of the block that is next.
    begun: u64,
}

impl Peer {
    /// A peer that has one piece of every `each`, from the `first` on.
    fn new(key: u32, first: u32, each: usize, seconds: std::ops::Range<u64>, rate: u64) -> Peer {
        let mut has = Bitfield::new(PIECES);
        for piece in (first..PIECES).step_by(each) {
            has.set(piece);
        }
        Peer {
            key: PeerKey(key),
            has,
            from: seconds.start,
            to: seconds.end,
            rate,
            begun: 0,
        }
    }
}

fn main() {
    for line in recording() {
        println!("{line}");
    }
}

/// The whole recording.
fn recording() -> Vec<String> {
    let total = u64::from(PIECES) * PIECE;
    let geometry = Geometry::new(total, PIECE).expect("a geometry");
    let mut picker = Picker::new(geometry, 24);
    UNWANTED.for_each(|piece| picker.leave_out(piece));
    let wanted = total - UNWANTED.len() as u64 * PIECE;
    let mut peers = [
        Peer::new(1, 0, 2, 1..100, 130_000),
        Peer::new(2, 0, 1, 3..24, 420_000),
        Peer::new(3, 1, 3, 6..100, 240_000),
        Peer::new(4, 0, 1, 30..100, 900_000),
        Peer::new(5, 2, 5, 10..26, 160_000),
    ];
    let mut rng = ChaCha8Rng::seed_from_u64(13);
    let mut lines = vec![
        json!({"event": "start", "name": "a-film-for-everybody", "info_hash": "00".repeat(20),
               "total_length": wanted, "pieces": PIECES - UNWANTED.len() as u32,
               "path": "a-film-for-everybody", "listening": "[::]:6881"}),
    ];
    let (mut downloaded, mut uploaded) = (0, 0);
    for second in 0..100 {
        let mut came = 0;
        for peer in &mut peers {
            if second == peer.from {
                picker.peer_joined(&peer.has);
            }
            if second == peer.to {
                picker.peer_left(peer.key, &peer.has);
            }
            if (peer.from..peer.to).contains(&second) {
                came += serve(&mut picker, peer, second, &mut rng);
            }
        }
        downloaded += came;
        uploaded += came / 9;
        let here = peers
            .iter()
            .filter(|peer| (peer.from..peer.to).contains(&second));
        let (count, seeds) = (
            here.clone().count(),
            here.filter(|p| p.has.is_full()).count(),
        );
        let have = picker.have().count();
        let left = wanted - u64::from(have) * PIECE;
        lines.push(json!({"event": "map", "pieces": map(&picker)}));
        lines.push(
            json!({"event": "progress", "phase": "downloading", "pieces_have": have,
                   "pieces": PIECES - UNWANTED.len() as u32, "left": left, "total_length": wanted,
                   "downloaded": downloaded, "uploaded": uploaded, "down_rate": came,
                   "up_rate": came / 9, "peers": count, "seeds": seeds,
                   "eta": left.checked_div(came)}),
        );
        if second == 24 {
            let message = "the peer that had everything has left";
            lines.push(json!({"event": "warning", "message": message}));
        }
        if left == 0 {
            lines.push(json!({"event": "complete", "name": "a-film-for-everybody",
                       "path": "a-film-for-everybody", "total_length": wanted,
                       "downloaded": downloaded, "uploaded": uploaded, "seconds": second as f64}));
            break;
        }
    }
    lines.iter().map(|line| line.to_string()).collect()
}

/// A peer sends for a second; says how many bytes.
fn serve(picker: &mut Picker, peer: &mut Peer, second: u64, rng: &mut ChaCha8Rng) -> u64 {
    // No line is even: 85 to 115 % of its speed, in turns.
    let percent = 85 + (second * 7 + u64::from(peer.key.0) * 11) % 31;
    let mut room = peer.begun + peer.rate * percent / 100;
    let mut sent = 0;
    loop {
        let mut out: Vec<BlockRequest> = Vec::new();
        let free = OUT - picker.asked_of(peer.key).min(OUT);
        picker.pick(peer.key, &peer.has, free, rng, &mut out);
        let Some(block) = picker.asked(peer.key).next() else {
            peer.begun = 0;
            return sent;
        };
        let bytes = u64::from(block.len);
        if room < bytes {
            peer.begun = room;
            return sent;
        }
        room -= bytes;
        sent += bytes;
        if let Receipt::Kept { whole: true, .. } = picker.received(peer.key, block) {
            picker.close(block.piece);
        }
    }
}

/// A letter for each piece.
fn map(picker: &Picker) -> String {
    let open: Vec<u32> = picker.open().collect();
    let letter = |piece| {
        if picker.have().get(piece) {
            '#'
        } else if UNWANTED.contains(&piece) {
            ' '
        } else if open.contains(&piece) {
            'o'
        } else if picker.copies(piece) < 2 {
            '!'
        } else {
            '.'
        }
    };
    (0..PIECES).map(letter).collect()
}

#[test]
fn the_recording_that_is_built_in_is_what_this_makes() {
    let committed = include_str!("../src/main/sample.ndjson");
    let made: String = recording().iter().map(|line| line.clone() + "\n").collect();
    assert!(committed == made, "make it anew: see the head of this file");
    assert!(committed.contains("\"complete\""));
}
