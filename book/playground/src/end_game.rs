//! Chapter 11: the last blocks of a download, with an end game and without.

// The chapter's own peers, and the real picker.
#[path = "../../../steps/step11-concurrent-peers/examples/common/last_blocks.rs"]
mod last_blocks;

use last_blocks::{Came, Ending, PEERS, download};
use serde::{Deserialize, Serialize};

use crate::within;

#[derive(Deserialize)]
pub(crate) struct Question {
    /// For how many milliseconds the slow one sends a block.
    slow: u64,
    ending: Wanted,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    Wait,
    Again,
    IfSooner,
}

#[derive(Serialize)]
pub(crate) struct Answer {
    /// When the last block was here, in milliseconds, and how many came that were here already.
    last: u64,
    in_vain: usize,
    /// Of each peer, what it sent.
    peers: Vec<Vec<Block>>,
}

#[derive(Serialize)]
struct Block {
    /// The piece, and the block's place in it.
    piece: u32,
    block: u32,
    /// From when to when it was sent, in milliseconds.
    from: u64,
    to: u64,
    in_vain: bool,
}

pub(crate) fn run(question: Question) -> Result<Answer, String> {
    let mut each = PEERS;
    each[3] = within("ms for a block", question.slow, [150, 5_000])?;
    let ending = match question.ending {
        Wanted::Wait => Ending::Wait,
        Wanted::Again => Ending::Again,
        Wanted::IfSooner => Ending::IfSooner,
    };
    let came = download(each, ending);
    let wanted = came.iter().filter(|came| !came.in_vain);
    Ok(Answer {
        last: wanted.map(|came| came.to).max().unwrap_or(0),
        in_vain: came.iter().filter(|came| came.in_vain).count(),
        peers: (0..each.len()).map(|peer| sent_by(&came, peer)).collect(),
    })
}

fn sent_by(came: &[Came], peer: usize) -> Vec<Block> {
    let his = came.iter().filter(|came| came.peer == peer);
    his.map(|came| Block {
        piece: came.block.piece,
        block: came.block.offset / blocks::BLOCK,
        from: came.from,
        to: came.to,
        in_vain: came.in_vain,
    })
    .collect()
}
