//! Whatever stands in a recording: it is read as far as it makes sense, and the engine can be told it again.
#![no_main]

use engine::{Engine, Time};
use libfuzzer_sys::fuzz_target;
use recording::{Reader, Step};

fuzz_target!(|text: &[u8]| {
    let Ok(mut reader) = Reader::new(text) else {
        return;
    };
    let Ok(config) = reader.header().config() else {
        return;
    };
    let mut engine = Engine::new(config, Time::ZERO);
    while let Ok(Some(step)) = reader.next_step() {
        if let Step::Told(at, event) = step {
            engine.handle(event, at);
        }
        while engine.poll_action().is_some() {}
    }
});
