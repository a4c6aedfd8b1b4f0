//! Any bytes become a name that is safe on disk, and a safe name stays as it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use metainfo::path::{is_safe, safe_name};

fuzz_target!(|raw: &[u8]| {
    let name = safe_name(raw);
    assert!(is_safe(&name), "{name:?}");
    assert_eq!(safe_name(name.as_bytes()), name);
    if std::str::from_utf8(raw).is_ok_and(is_safe) {
        assert_eq!(name.as_bytes(), raw);
    }
});
