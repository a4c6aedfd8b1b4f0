//! Chapter 8: four messages side by side, round by round.

// The rounds one by one are those of the chapter's plain form.
#[path = "../../../steps/step08-sha1/examples/common/plain.rs"]
#[allow(dead_code, reason = "the digests are made by the lanes themselves")]
mod plain;

use hashing::lanes::{Block, run_4};
use plain::{START, pad, rounds, schedule};
use serde::{Deserialize, Serialize};

/// The most bytes that fit into one block with their padding.
const ONE_BLOCK: usize = 55;

#[derive(Deserialize)]
pub(crate) struct Question {
    messages: [String; 4],
}

#[derive(Serialize)]
pub(crate) struct Answer {
    /// The states before the first round and after each: for each of the five words, that of each
    /// message, in hex.
    states: Vec<[[String; 4]; 5]>,
    /// What each round mixes in: a word of each message.
    words: Vec<[String; 4]>,
    /// The digests, as the lanes make them and as `sha1` does.
    digests: [String; 4],
    alone: [String; 4],
}

pub(crate) fn run(question: Question) -> Result<Answer, String> {
    let messages = question.messages;
    if let Some(long) = messages.iter().find(|message| message.len() > ONE_BLOCK) {
        let length = long.len();
        return Err(format!(
            "at most {ONE_BLOCK} bytes fit into one block, and this message has {length}"
        ));
    }
    let blocks: [Block; 4] = std::array::from_fn(|lane| {
        let padded = pad(messages[lane].as_bytes(), 0);
        std::array::from_fn(|byte| padded[byte])
    });
    let schedules = blocks.map(|block| schedule(&block));
    let mut lanes = [const { Vec::new() }; 4];
    for (lane, states) in lanes.iter_mut().enumerate() {
        states.push(START);
        rounds(START, &schedules[lane], |_, state| states.push(state));
    }
    let across = |round: usize| {
        std::array::from_fn(|word| std::array::from_fn(|lane| hex(lanes[lane][round][word])))
    };
    let mut digests = [START; 4];
    run_4(&mut digests, blocks.each_ref().map(std::slice::from_ref));
    Ok(Answer {
        states: (0..=80).map(across).collect(),
        words: (0..80)
            .map(|round| std::array::from_fn(|lane| hex(schedules[lane][round])))
            .collect(),
        digests: digests.map(|state| state.map(hex).concat()),
        alone: messages.map(|message| hex::encode(hashing::digest(&[message.as_bytes()]))),
    })
}

fn hex(word: u32) -> String {
    format!("{word:08x}")
}
