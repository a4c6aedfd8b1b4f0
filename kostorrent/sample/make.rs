//! Makes the figures, the sound and the numbers of the sample.
//!
//! ```text
//! cargo run -p kostorrent --example make-sample -- kostorrent/sample/kostorrent-sample
//! ```
//!
//! The torrent is made of them and of the texts, which are written by hand:
//!
//! ```text
//! kostorrent create kostorrent/sample/kostorrent-sample --force --piece-length 32K \
//!     --output kostorrent/sample/kostorrent-sample.torrent \
//!     --announce http://127.0.0.1:7878/announce --date 2026-11-22 \
//!     --comment "A small torrent to practise with, from the kostorrent guide"
//! ```
//!
//! Only whole numbers are computed with, so that every machine makes the same bytes; a test
//! compares them with the committed files.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).unwrap_or_else(|| ".".into());
    for (path, bytes) in made_files() {
        fs::write(Path::new(&folder).join(path), bytes)?;
    }
    Ok(())
}

/// The files that are made by code: their paths in the sample, and their bytes.
pub fn made_files() -> Vec<(&'static str, Vec<u8>)> {
    let table = swarm_table();
    vec![
        ("data/bytes.bin", (0..=255).collect()),
        ("data/empty.txt", Vec::new()),
        ("data/rarest.csv", csv(&table).into_bytes()),
        ("figures/evening.bmp", evening()),
        ("figures/pieces.svg", pieces_figure().into_bytes()),
        ("figures/rarest.svg", rarest_figure(&table).into_bytes()),
        ("sound/handshake.wav", handshake_tune()),
    ]
}

/// Chance that is the same everywhere (xorshift64*).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }
}

/// A wave of height 1024 and length 1024, made of parabolas: near enough to a sine.
fn wave(phase: i64) -> i64 {
    let x = phase.rem_euclid(1024);
    let (half, sign) = if x < 512 { (x, 1) } else { (x - 512, -1) };
    sign * half * (512 - half) / 64
}

// ----- a swarm of 40, in two tempers -----

const PEERS: usize = 40;
const PIECES: usize = 64;
const ROUNDS: usize = 100;
/// After this round the only seeder leaves.
const SEEDER_LEAVES: usize = 72;

/// One line of the table.
struct Round {
    /// Pieces that at least one leecher has: they survive if the seeder leaves.
    safe: usize,
    /// Peers that have everything.
    complete: usize,
}

/// Round by round: first with pieces chosen at random, then rarest first.
fn swarm_table() -> [Vec<Round>; 2] {
    [false, true].map(swarm)
}

/// Forty leechers and a seeder. In a round everyone sends one piece and receives one at most.
fn swarm(rarest_first: bool) -> Vec<Round> {
    let mut chance = Chance(2001);
    let mut has = vec![[false; PIECES]; PEERS];
    let mut rounds = Vec::new();
    for round in 1..=ROUNDS {
        let seeder = [true; PIECES];
        let before = has.clone();
        let copies = |piece: usize| before.iter().filter(|peer| peer[piece]).count();
        let mut givers: Vec<_> = before.iter().collect();
        if round <= SEEDER_LEAVES {
            givers.push(&seeder);
        }
        // Everyone in turn, in an order that changes, asks the givers that are still free.
        let start = chance.below(PEERS);
        for taker in (start..start + PEERS).map(|n| n % PEERS) {
            for _ in 0..6 {
                if givers.is_empty() {
                    break;
                }
                let giver = chance.below(givers.len());
                let wanted: Vec<_> = (0..PIECES)
                    .filter(|&p| givers[giver][p] && !has[taker][p])
                    .collect();
                if wanted.is_empty() {
                    continue;
                }
                let mut piece = wanted[chance.below(wanted.len())];
                if rarest_first {
                    let rarest = wanted.iter().map(|&p| copies(p)).min().unwrap_or(0);
                    let rare: Vec<_> = wanted
                        .iter()
                        .copied()
                        .filter(|&p| copies(p) == rarest)
                        .collect();
                    piece = rare[chance.below(rare.len())];
                }
                has[taker][piece] = true;
                givers.swap_remove(giver);
                break;
            }
        }
        let copies = |piece: usize| has.iter().filter(|peer| peer[piece]).count();
        rounds.push(Round {
            safe: (0..PIECES).filter(|&piece| copies(piece) > 0).count(),
            complete: has.iter().filter(|peer| peer.iter().all(|&p| p)).count(),
        });
    }
    rounds
}

fn csv([random, rarest]: &[Vec<Round>; 2]) -> String {
    let mut text = String::from(
        "round,at random: pieces that are safe,at random: complete peers,\
         rarest first: pieces that are safe,rarest first: complete peers\n",
    );
    for (number, (a, b)) in (1..).zip(random.iter().zip(rarest)) {
        let _ = writeln!(
            text,
            "{number},{},{},{},{}",
            a.safe, a.complete, b.safe, b.complete
        );
    }
    text
}

// ----- the drawings -----

const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" font-family=\"sans-serif\" \
                   font-size=\"14\"";

/// How many pieces would survive if the seeder left, round after round.
fn rarest_figure([random, rarest]: &[Vec<Round>; 2]) -> String {
    let mut svg = format!(
        "{SVG} viewBox=\"0 0 680 400\">\n<title>Pieces that are safe, in a swarm of {PEERS}\
         </title>\n<rect width=\"680\" height=\"400\" fill=\"#fdfcf8\"/>\n"
    );
    let (x, y) = (
        |round: usize| 60 + round * 6,
        |pieces: usize| 340 - pieces * 9 / 2,
    );
    for pieces in (0..=PIECES).step_by(16) {
        let y = y(pieces);
        let _ = write!(
            svg,
            "<path d=\"M60 {y}H660\" stroke=\"#ddd\"/>\n<text x=\"50\" y=\"{}\" \
             text-anchor=\"end\">{pieces}</text>\n",
            y + 5
        );
    }
    for round in (0..=ROUNDS).step_by(20) {
        let x = x(round);
        let _ = writeln!(
            svg,
            "<text x=\"{x}\" y=\"362\" text-anchor=\"middle\">{round}</text>"
        );
    }
    let leaves = x(SEEDER_LEAVES);
    let _ = write!(
        svg,
        "<path d=\"M{leaves} 50V340\" stroke=\"#888\" stroke-dasharray=\"4 4\"/>\n\
         <text x=\"{}\" y=\"326\" fill=\"#555\">the seeder leaves</text>\n\
         <text x=\"360\" y=\"388\" text-anchor=\"middle\">round</text>\n\
         <text x=\"60\" y=\"30\">pieces that somebody beside the seeder has</text>\n",
        leaves + 6
    );
    for (rounds, colour, name, below) in [
        (random, "#b4552d", "at random", 60),
        (rarest, "#2d6fb4", "rarest first", -12_i32),
    ] {
        let mut path = format!("M{} {}", x(0), y(0));
        for (round, line) in (1..).zip(rounds) {
            let _ = write!(path, "L{} {}", x(round), y(line.safe));
        }
        let Some(last) = rounds.last() else { continue };
        let _ = write!(
            svg,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2.5\"/>\n\
             <text x=\"660\" y=\"{}\" text-anchor=\"end\" fill=\"{colour}\">{name}: {} of {PIECES}, \
             {} peers finish</text>\n",
            y(last.safe) as i32 + below,
            last.safe,
            last.complete
        );
    }
    svg + "</svg>\n"
}

/// Files end to end, cut into pieces, and one piece into blocks.
fn pieces_figure() -> String {
    let mut svg = format!(
        "{SVG} viewBox=\"0 0 680 330\">\n<title>From files to pieces to blocks</title>\n\
         <rect width=\"680\" height=\"330\" fill=\"#fdfcf8\"/>\n"
    );
    let mut row = |top: u32, label: &str, cells: &[(u32, &str, &str)]| {
        let _ = writeln!(
            svg,
            "<text x=\"20\" y=\"{}\" fill=\"#555\">{label}</text>",
            top - 12
        );
        let mut left = 20;
        for (width, colour, text) in cells {
            let _ = write!(
                svg,
                "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"44\" fill=\"{colour}\" \
                 stroke=\"#333\"/>\n<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{text}</text>\n",
                left + width / 2,
                top + 27
            );
            left += width;
        }
    };
    row(
        40,
        "the files, end to end",
        &[
            (70, "#dcead9", "a"),
            (300, "#f0e2c8", "b"),
            (40, "#dcead9", "c"),
            (190, "#f0e2c8", "d"),
        ],
    );
    let pieces = ["piece 0", "piece 1", "piece 2", "piece 3", "4"];
    let widths = [128, 128, 128, 128, 88];
    let cells: Vec<_> = widths
        .iter()
        .zip(pieces)
        .map(|(&w, p)| (w, "#d8e4f2", p))
        .collect();
    row(
        140,
        "the same bytes, cut into pieces: each has its SHA-1 in the torrent",
        &cells,
    );
    row(
        250,
        "",
        &[(160, "#ecdcec", "block 0"), (160, "#ecdcec", "block 1")],
    );
    svg.push_str(
        "<path d=\"M148 184L20 250M276 184L340 250\" stroke=\"#888\" stroke-dasharray=\"4 4\"/>\n\
         <text x=\"20\" y=\"316\" fill=\"#555\">one piece, asked for in blocks of 16 KiB</text>\n\
         </svg>\n",
    );
    svg
}

// ----- the picture -----

const WIDTH: i64 = 512;
const HEIGHT: i64 = 384;
const HORIZON: i64 = 250;

/// An evening over water, as a bitmap: 24 bits a pixel, the lowest row first.
fn evening() -> Vec<u8> {
    let size = (WIDTH * HEIGHT * 3) as u32;
    let mut bmp = b"BM".to_vec();
    for number in [54 + size, 0, 54, 40, WIDTH as u32, HEIGHT as u32] {
        bmp.extend_from_slice(&number.to_le_bytes());
    }
    bmp.extend_from_slice(&[1, 0, 24, 0]);
    for number in [0, size, 2835, 2835, 0, 0_u32] {
        bmp.extend_from_slice(&number.to_le_bytes());
    }
    for y in (0..HEIGHT).rev() {
        for x in 0..WIDTH {
            let [red, green, blue] = pixel(x, y).map(|value| value.clamp(0, 255) as u8);
            bmp.extend_from_slice(&[blue, green, red]);
        }
    }
    bmp
}

fn pixel(x: i64, y: i64) -> [i64; 3] {
    if y < HORIZON {
        return land_and_sky(x, y);
    }
    // Water: what is above it, mirrored, darker, and shaken by waves that grow towards us.
    let depth = y - HORIZON;
    let shake = wave(x * 9 + y * y * 3 / 2 + depth * 40) * (2 + depth / 10) / 1024;
    let mirrored = land_and_sky(
        (x + shake).clamp(0, WIDTH - 1),
        (HORIZON - 1 - depth * 3 / 2 - shake).clamp(0, HORIZON - 1),
    );
    let dark = 210 - depth / 2;
    [
        mirrored[0] * dark / 280,
        mirrored[1] * dark / 260,
        mirrored[2] * dark / 240 + 8,
    ]
}

fn land_and_sky(x: i64, y: i64) -> [i64; 3] {
    // Hills, the nearest first, each a sum of waves.
    for (layer, colour) in [(0, [26, 28, 44]), (1, [52, 46, 72]), (2, [92, 68, 98])] {
        let ridge = HORIZON - 22 - layer * 26
            + wave(x * (3 - layer) + layer * 400 + 90) * (16 - layer * 2) / 1024
            + wave(x * 7 + layer * 333) * 6 / 1024
            + wave(x * 23 + layer * 77) * 2 / 1024;
        if y > ridge {
            // Mist in the valleys.
            let mist = (y - ridge) * (layer + 1) / 4;
            return [colour[0] + mist, colour[1] + mist, colour[2] + mist];
        }
    }
    sky(x, y)
}

fn sky(x: i64, y: i64) -> [i64; 3] {
    let bands = [
        (0, [14, 20, 54]),
        (110, [70, 62, 118]),
        (180, [198, 108, 104]),
        (250, [252, 190, 110]),
    ];
    let mut colour = bands[3].1;
    for pair in bands.windows(2) {
        let ((top, above), (bottom, below)) = (pair[0], pair[1]);
        if (top..bottom).contains(&y) {
            let (part, whole) = (y - top, bottom - top);
            colour = [0, 1, 2].map(|c| (above[c] * (whole - part) + below[c] * part) / whole);
            break;
        }
    }
    // The sun and its glow.
    let (dx, dy) = (x - 340, y - 168);
    let distance = dx * dx + dy * dy;
    if distance < 26 * 26 {
        return [255, 236, 180];
    }
    let glow = 160_000 / (distance + 900);
    colour = [
        colour[0] + glow,
        colour[1] + glow * 3 / 4,
        colour[2] + glow / 3,
    ];
    // Stars, where it is dark, and a cloud or two.
    let mut chance = Chance((x * 7919 + y * 104_729 + 1) as u64 * 0x9e37_79b9);
    chance.below(2);
    if y < 130 && chance.below(600 + y as usize * 30) == 0 {
        return [235, 235, 250];
    }
    let cloud = wave(x * 2 + y * 9) + wave(x * 5 - y * 23 + 300) + wave(y * 31 + x) - 1500;
    if (90..200).contains(&y) && cloud > 0 {
        let bright = cloud / 24;
        colour = [
            colour[0] + bright,
            colour[1] + bright * 2 / 3,
            colour[2] + bright / 2,
        ];
    }
    // A grain, so that the bands do not show.
    colour.map(|value| value + chance.below(5) as i64 - 2)
}

// ----- the tune -----

/// The 68 bytes of a handshake, a tone for each: 8 bits, 11,025 samples a second.
fn handshake_tune() -> Vec<u8> {
    const RATE: u32 = 11_025;
    const TONE: i64 = 1_378;
    let mut bytes = b"\x13BitTorrent protocol".to_vec();
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(b"this hash is silent!");
    bytes.extend_from_slice(b"-KT0100-abcdefghijkl");

    let mut samples = Vec::new();
    for byte in bytes {
        // Three octaves of a pentatonic scale on A, in tenths of a hertz; a zero is a rest.
        let scale = [
            2200, 2475, 2750, 3300, 3667, 4400, 4950, 5500, 6600, 7333, 8800, 9900, 11000,
        ];
        let pitch = if byte == 0 {
            0
        } else {
            scale[usize::from(byte) % scale.len()]
        };
        for at in 0..TONE {
            let phase = at * pitch * 1024 / (i64::from(RATE) * 10);
            let tone = wave(phase) * 3 + wave(phase * 2) + wave(phase * 3) / 2;
            let attack = at.min(60);
            let decay = (TONE - at) * 100 / TONE;
            samples.push((128 + tone * attack * decay / (60 * 100 * 52)).clamp(0, 255) as u8);
        }
    }
    let size = samples.len() as u32;
    let mut wav = b"RIFF".to_vec();
    wav.extend_from_slice(&(36 + size).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend_from_slice(&RATE.to_le_bytes());
    wav.extend_from_slice(&RATE.to_le_bytes());
    wav.extend_from_slice(b"\x01\0\x08\0data");
    wav.extend_from_slice(&size.to_le_bytes());
    wav.extend_from_slice(&samples);
    wav
}
