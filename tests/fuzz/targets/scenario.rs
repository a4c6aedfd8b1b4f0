//! Any text describes a swarm that can be run, or is refused with a reason. The small ones are run.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use sim::scenario::Scenario;

fuzz_target!(|text: &str| {
    let scenario = match Scenario::read(text, "fuzz") {
        Ok(scenario) => scenario,
        Err(why) => {
            assert!(!why.is_empty());
            return;
        }
    };
    let geometry = scenario.geometry().expect("a torrent that can be");
    let is_small = scenario.peers() <= 4
        && geometry.pieces() <= 8
        && geometry.total_length() <= 512 * 1024
        && scenario.until <= Duration::from_secs(900);
    if is_small {
        let story = scenario.run(1);
        assert_eq!(story.peers.len() as u32, scenario.peers());
    }
});
