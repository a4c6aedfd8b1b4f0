//! Any bytes become a name that is safe on disk and one that every system can keep; both stay as they are.
#![no_main]

use libfuzzer_sys::fuzz_target;
use metainfo::path::{MAX_NAME, is_portable, is_safe, portable_name, safe_name};

fuzz_target!(|raw: &[u8]| {
    let name = safe_name(raw);
    let portable = portable_name(raw);
    assert!(is_safe(&name), "{name:?}");
    assert!(is_portable(&portable), "{portable:?}");
    assert_eq!(safe_name(name.as_bytes()), name);
    assert_eq!(portable_name(portable.as_bytes()), portable);
    for name in [&name, &portable] {
        assert!(is_safe(name) && name.len() <= MAX_NAME);
        assert!(!matches!(&**name, "" | "." | ".."));
        assert!(!name.contains(['/', '\\']) && !name.contains(char::is_control));
    }
    assert!(!portable.ends_with(['.', ' ']) && !portable.contains([':', '?', '*']));
    if std::str::from_utf8(raw).is_ok_and(is_safe) {
        assert_eq!(name.as_bytes(), raw);
    }
    if std::str::from_utf8(raw).is_ok_and(is_portable) {
        assert_eq!(portable.as_bytes(), raw);
    }
});
