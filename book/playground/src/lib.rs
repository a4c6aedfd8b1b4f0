//! What runs in the reader's page: the libraries of the book behind one function.
//!
//! [`Playground::call`] takes the name of a thing to do and JSON, and answers with JSON. Nothing is
//! drawn here, nothing read from a clock, and chance has a seed: the same calls have the same
//! answers, here and in a browser.
//!
//! ```
//! let mut playground = playground::Playground::default();
//! let answer = playground.call("bencode", r#"{ "hex": "693432" }"#);
//! assert!(answer.contains("cut short"), "{answer}");
//! ```

mod bencode_tree;
mod choking;
mod crash;
#[cfg(target_arch = "wasm32")]
mod door;
mod end_game;
mod lanes;
mod swarm;
mod window;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use swarm::Swarm;

/// So many swarms are kept at a time; the oldest makes room.
const SWARMS: usize = 4;

/// What is remembered from call to call: the swarms that run.
#[derive(Default)]
pub struct Playground {
    swarms: BTreeMap<u32, Swarm>,
    last: u32,
}

impl Playground {
    /// Does what is called `name`, with what stands in `json`. The answer is an object of JSON; if
    /// something is wrong with the question it has one key, `error`, with a sentence.
    pub fn call(&mut self, name: &str, json: &str) -> String {
        let answer = match name {
            "sample" => plain(json, |_: Nothing| Ok(Sample::default())),
            "bencode" => plain(json, bencode_tree::look),
            "window" => plain(json, window::run),
            "swarm.new" => plain(json, |wish: swarm::Wish| self.new_swarm(&wish)),
            "swarm.run" => plain(json, |go: swarm::Go| self.swarm(go.swarm)?.run(&go)),
            "swarm.leave" => plain(json, |who: swarm::Who| self.swarm(who.swarm)?.leave(&who)),
            "end_game" => plain(json, end_game::run),
            "choking.play" => plain(json, choking::play),
            "choking.choker" => plain(json, choking::choker),
            "lanes" => plain(json, lanes::run),
            "crash" => plain(json, crash::cut),
            _ => Err(format!("there is no \"{name}\" here")),
        };
        answer.unwrap_or_else(|error| serde_json::json!({ "error": error }).to_string())
    }

    fn new_swarm(&mut self, wish: &swarm::Wish) -> Result<swarm::State, String> {
        self.last += 1;
        let mut swarm = Swarm::new(self.last, wish)?;
        let state = swarm.state();
        self.swarms.insert(self.last, swarm);
        if self.swarms.len() > SWARMS {
            self.swarms.pop_first();
        }
        Ok(state)
    }

    fn swarm(&mut self, number: u32) -> Result<&mut Swarm, String> {
        let swarm = self.swarms.get_mut(&number);
        swarm.ok_or_else(|| "this swarm is not here any more; begin another one".to_owned())
    }
}

/// The torrent file that comes with the book.
const SAMPLE: &[u8] = include_bytes!("../../../kostorrent/sample/kostorrent-sample.torrent");

/// A question without a word.
#[derive(Deserialize)]
struct Nothing {}

#[derive(Serialize)]
struct Sample {
    hex: String,
}

impl Default for Sample {
    fn default() -> Sample {
        Sample {
            hex: hex::encode(SAMPLE),
        }
    }
}

/// Reads the question, and writes the answer.
fn plain<Q: DeserializeOwned, A: Serialize>(
    json: &str,
    answer: impl FnOnce(Q) -> Result<A, String>,
) -> Result<String, String> {
    let question = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let answer = answer(question)?;
    serde_json::to_string(&answer).map_err(|error| error.to_string())
}

/// A number that a reader has chosen, if it is within its bounds.
fn within<T: PartialOrd + std::fmt::Display>(
    what: &str,
    number: T,
    [least, most]: [T; 2],
) -> Result<T, String> {
    match number >= least && number <= most {
        true => Ok(number),
        false => Err(format!("{what}: from {least} to {most}, not {number}")),
    }
}

#[cfg(test)]
mod tests;
