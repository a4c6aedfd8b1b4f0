//! A choke that is over before it has arrived: who asks, who gives, and the way between them.

use std::collections::VecDeque;

/// Blocks that are wanted, and how many requests are out at a time.
pub const BLOCKS: u32 = 8;
const WINDOW: usize = 4;

/// Milliseconds that everything takes from one end to the other,
const WAY: u64 = 100;
/// and how long the giver's line needs for a block.
const PACE: u64 = 40;

/// When the giver chokes, and when it has thought better of it: somebody else has left.
const CHOKES: u64 = 170;
const UNCHOKES: u64 = 190;

/// When we stop to look.
const END: u64 = 3_000;

/// How the asking side takes a choke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As if nothing had been lost.
    Waits,
    /// As BEP 3 has it: all that was asked for is lost.
    AsksAgain,
    /// With the fast extension: lost is what was rejected.
    Fast,
}

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Request(u32),
    Block(u32),
    Choke,
    Unchoke,
    Reject(u32),
}

/// Something that went from one end to the other.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    pub word: Word,
    pub at: u64,
    pub arrives: u64,
    /// A block that was there already.
    pub in_vain: bool,
}

// ANCHOR: asking
/// The side that asks.
struct Asking {
    manner: Manner,
    choked: bool,
    wanted: VecDeque<u32>,
    asked: Vec<u32>,
    here: Vec<u32>,
}

impl Asking {
    fn hear(&mut self, word: Word) {
        match word {
            Word::Choke => {
                self.choked = true;
                if self.manner == Manner::AsksAgain {
                    let void = std::mem::take(&mut self.asked);
                    self.wanted = void.into_iter().chain(self.wanted.drain(..)).collect();
                }
            }
            Word::Unchoke => self.choked = false,
            Word::Reject(block) => {
                self.asked.retain(|asked| *asked != block);
                self.wanted.push_front(block);
            }
            Word::Block(block) => {
                self.asked.retain(|asked| *asked != block);
                self.here.push(block);
            }
            Word::Request(_) => {}
        }
    }
}
// ANCHOR_END: asking

impl Asking {
    /// The next request, if there is room for one.
    fn ask(&mut self) -> Option<Word> {
        if self.choked || self.asked.len() >= WINDOW {
            return None;
        }
        let block = self.wanted.pop_front()?;
        self.asked.push(block);
        Some(Word::Request(block))
    }
}

/// The side that gives.
struct Giving {
    rejects: bool,
    choking: bool,
    queue: VecDeque<u32>,
}

impl Giving {
    fn hear(&mut self, word: Word) -> Option<Word> {
        let Word::Request(block) = word else {
            return None;
        };
        if self.choking {
            return self.rejects.then_some(Word::Reject(block));
        }
        self.queue.push_back(block);
        None
    }

    fn choke(&mut self) -> Vec<Word> {
        self.choking = true;
        let dropped = self.queue.drain(..);
        let rejects = self.rejects;
        let rejected = dropped.filter(|_| rejects).map(Word::Reject);
        [Word::Choke].into_iter().chain(rejected).collect()
    }
}

/// All that was sent, in the order of sending.
pub fn play(manner: Manner) -> Vec<Sent> {
    let mut asking = Asking {
        manner,
        choked: false,
        wanted: (0..BLOCKS).collect(),
        asked: Vec::new(),
        here: Vec::new(),
    };
    let mut giving = Giving {
        rejects: manner == Manner::Fast,
        choking: false,
        queue: VecDeque::new(),
    };
    let mut sent: Vec<Sent> = Vec::new();
    let mut free_at = 0;
    for now in (0..END).step_by(10) {
        for i in 0..sent.len() {
            if sent[i].arrives != now {
                continue;
            }
            let word = sent[i].word;
            if let Word::Block(block) = word {
                sent[i].in_vain = asking.here.contains(&block);
            }
            asking.hear(word);
            sent.extend(giving.hear(word).map(|word| new(word, now)));
        }
        if now == CHOKES {
            sent.extend(giving.choke().into_iter().map(|word| new(word, now)));
        }
        if now == UNCHOKES {
            giving.choking = false;
            sent.push(new(Word::Unchoke, now));
        }
        if free_at <= now
            && let Some(block) = giving.queue.pop_front()
        {
            free_at = now + PACE;
            sent.push(new(Word::Block(block), now));
        }
        while let Some(word) = asking.ask() {
            sent.push(new(word, now));
        }
    }
    sent
}

fn new(word: Word, at: u64) -> Sent {
    Sent {
        word,
        at,
        arrives: at + WAY,
        in_vain: false,
    }
}
