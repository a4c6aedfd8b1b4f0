//! A handshake is told from anything else by its first bytes already, and keeps all its bits.
#![no_main]

use handshake::{Handshake, LEN};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for n in 0..=bytes.len().min(LEN) {
        if Handshake::check_start(&bytes[..n]).is_err() {
            for m in n..=bytes.len().min(LEN) {
                assert!(
                    Handshake::check_start(&bytes[..m]).is_err(),
                    "wrong at {n} bytes, right at {m}"
                );
            }
            break;
        }
    }
    let Some(whole) = bytes.first_chunk::<LEN>() else {
        return;
    };
    let parsed = Handshake::parse(whole);
    assert_eq!(parsed.is_ok(), Handshake::check_start(whole).is_ok());
    if let Ok(handshake) = parsed {
        assert_eq!(handshake.to_bytes(), *whole);
        assert!(
            handshake.accept(&handshake).is_err(),
            "our own peer id comes back"
        );
        let ones: u32 = handshake
            .reserved
            .0
            .iter()
            .map(|byte| byte.count_ones())
            .sum();
        assert_eq!(handshake.reserved.bits().count() as u32, ones);
    }
});
