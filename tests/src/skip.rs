//! Tests that need what is not installed skip themselves, loudly, or fail where nothing may be skipped.

use std::env;
use std::fs::OpenOptions;
use std::io::Write as _;

/// Passes a found thing on. A missing one is a skipped test: it is said on stderr and counted by `tests/run`.
///
/// # Panics
///
/// With `KOSTORRENT_REQUIRE_PEERS=1`, or `CI=true`: there a missing thing is a failure.
pub fn unless_missing<T>(what: &str, found: Option<T>) -> Option<T> {
    if found.is_none() {
        let required = env::var("KOSTORRENT_REQUIRE_PEERS")
            .or_else(|_| env::var("CI"))
            .unwrap_or_default();
        assert!(
            !matches!(required.as_str(), "1" | "true"),
            "{what} is not installed; tests/install gets it"
        );
        let test = test_name();
        eprintln!("SKIPPED {test}: {what} is not installed; tests/install gets it");
        if let Some(path) = env::var_os("KOSTORRENT_SKIPPED")
            && let Ok(mut list) = OpenOptions::new().append(true).create(true).open(path)
        {
            let _ = writeln!(list, "{test}: no {what}");
        }
    }
    found
}

/// The program on the `PATH`, or a skipped test.
#[must_use]
pub fn unless_no_program(name: &str) -> Option<std::path::PathBuf> {
    let found = env::var_os("PATH").and_then(|path| {
        env::split_paths(&path)
            .map(|dir| dir.join(name))
            .find(|p| p.is_file())
    });
    unless_missing(name, found)
}

/// The name of the test that is running.
pub(crate) fn test_name() -> String {
    env::var("NEXTEST_TEST_NAME")
        .ok()
        .or_else(|| std::thread::current().name().map(str::to_owned))
        .unwrap_or_else(|| "a test".to_owned())
}
