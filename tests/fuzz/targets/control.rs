//! Any line is a question of the control protocol, an answer, or is refused; and what was read can be said again.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &[u8]| kostorrent::fuzzing::control_line(line));
