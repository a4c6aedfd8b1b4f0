//! Any 20 bytes are named or not, in few words that a terminal can show; and what is printed is read back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use peer_id::PeerId;

fuzz_target!(|input: &[u8]| {
    if let Some(bytes) = input.first_chunk::<20>() {
        let id = PeerId(*bytes);
        if let Some(client) = id.client() {
            let text = client.to_string();
            assert!(
                text.len() < 200 && !text.contains(char::is_control),
                "{text:?}"
            );
        }
        let printed = id.to_string();
        assert!(!printed.contains(char::is_control), "{printed:?}");
        assert_eq!(printed.parse::<PeerId>().ok(), Some(id), "{printed:?}");
    }
    if let Ok(text) = std::str::from_utf8(input) {
        let _ = text.parse::<PeerId>();
    }
});
