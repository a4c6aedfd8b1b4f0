//! A choke without a word about what it has thrown away, and two ways to guess.
//!
//! `cargo run -p step21-fast --example naive_choke`

#[path = "common/crossing.rs"]
#[allow(dead_code)] // a figure of the book looks at when things were sent
mod crossing;

use std::collections::BTreeSet;

use crossing::{BLOCKS, Manner, Word, play};

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    blocks: usize,
    twice: usize,
    never: usize,
    done: Option<u64>,
}

fn outcome(manner: Manner) -> Outcome {
    let sent = play(manner);
    let blocks = sent.iter().filter_map(|sent| match sent.word {
        Word::Block(block) => Some((block, sent)),
        _ => None,
    });
    let blocks: Vec<_> = blocks.collect();
    let here: BTreeSet<u32> = blocks.iter().map(|(block, _)| *block).collect();
    let never = BLOCKS as usize - here.len();
    let needed = blocks.iter().filter(|(_, sent)| !sent.in_vain);
    Outcome {
        blocks: blocks.len(),
        twice: blocks.iter().filter(|(_, sent)| sent.in_vain).count(),
        never,
        done: needed
            .map(|(_, sent)| sent.arrives)
            .max()
            .filter(|_| never == 0),
    }
}

fn main() {
    println!("{BLOCKS} blocks, and a choke that is over after 20 ms\n");
    println!("at the choke we                 blocks sent   in vain   never   done after");
    for (manner, name) in [
        (Manner::Waits, "wait for what was asked"),
        (Manner::AsksAgain, "ask for everything again"),
        (Manner::Fast, "are told what is lost"),
    ] {
        let Outcome {
            blocks,
            twice,
            never,
            done,
        } = outcome(manner);
        let done = done.map_or("-".to_owned(), |at| format!("{at} ms"));
        println!("  {name:<28}  {blocks:>11}  {twice:>8}  {never:>6}   {done:>10}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_lacks_something_for_ever_and_who_asks_again_gets_something_twice() {
        let waits = outcome(Manner::Waits);
        assert!(waits.never > 0 && waits.twice == 0, "{waits:?}");
        let again = outcome(Manner::AsksAgain);
        assert!(again.never == 0 && again.twice > 0, "{again:?}");
    }

    #[test]
    fn who_is_told_gets_each_block_once() {
        let told = outcome(Manner::Fast);
        assert_eq!(told.blocks, BLOCKS as usize);
        assert_eq!((told.twice, told.never), (0, 0));
        assert!(told.done < outcome(Manner::AsksAgain).done);
    }
}
