//! The version that waits for ever: an answer counts only if it is exactly what was asked for.
//!
//! `cargo run -p step07-block-requests --example naive_exact`

use blocks::{BLOCK, BlockHeader, BlockRequest, Geometry, Landed, Outstanding};

// ANCHOR: naive
/// The blocks of one piece that were asked for and are not here.
struct Waiting {
    asked: Vec<BlockRequest>,
}

impl Waiting {
    /// A block has arrived: is it one of ours?
    fn arrived(&mut self, header: BlockHeader) {
        let BlockHeader { piece, offset, len } = header;
        let block = BlockRequest { piece, offset, len };
        self.asked.retain(|asked| *asked != block);
    }
}
// ANCHOR_END: naive

/// How many blocks are missing after these answers: by the naive version, and by the real one.
fn missing(answers: &[BlockHeader]) -> (usize, usize) {
    let geometry = Geometry::new(2 * 32_768, 32_768).expect("two pieces of two blocks");
    let mut naive = Waiting {
        asked: geometry.blocks(0).collect(),
    };
    let mut outstanding = Outstanding::new();
    for block in geometry.blocks(0) {
        outstanding.ask(block);
    }
    let mut whole = 0;
    for &answer in answers {
        naive.arrived(answer);
        for part in outstanding.arriving(answer) {
            if let Some(target) = part.target
                && let Landed::Whole(_) = outstanding.landed(target, part.len)
            {
                whole += 1;
            }
        }
    }
    (naive.asked.len(), geometry.blocks_in(0) as usize - whole)
}

fn answer(offset: u32, len: u32) -> BlockHeader {
    let piece = 0;
    BlockHeader { piece, offset, len }
}

fn main() {
    println!("Two blocks of {BLOCK} bytes were asked for: the whole of piece 0.");
    println!();
    println!("  the answers                                  still missing");
    println!("  offset + length                              naive   ours");
    let rows: [&[BlockHeader]; 4] = [
        &[answer(0, BLOCK), answer(BLOCK, BLOCK)],
        &[answer(BLOCK, BLOCK), answer(0, BLOCK)],
        &[answer(0, 2 * BLOCK)],
        &[
            answer(20_000, 12_768),
            answer(0, 12_000),
            answer(12_000, 8_000),
        ],
    ];
    for answers in rows {
        let texts: Vec<String> = answers
            .iter()
            .map(|answer| format!("{} + {}", answer.offset, answer.len))
            .collect();
        let (naive, ours) = missing(answers);
        println!("  {:<43}  {naive:>5}  {ours:>5}", texts.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_naive_version_understands_only_what_it_asked_for() {
        let as_asked = [answer(BLOCK, BLOCK), answer(0, BLOCK)];
        assert_eq!(missing(&as_asked), (0, 0));
        assert_eq!(missing(&[answer(0, 2 * BLOCK)]), (2, 0));
        let cuts = [answer(20_000, 12_768), answer(0, 20_000)];
        assert_eq!(missing(&cuts), (2, 0));
    }

    #[test]
    fn the_table_is_printed() {
        main();
    }
}
