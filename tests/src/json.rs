//! What the client prints with `--json`.

use serde_json::Value;

/// Every line as a JSON object (NDJSON).
///
/// # Panics
///
/// When a line is none.
#[must_use]
#[track_caller]
pub fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| {
            let value: Value = serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("not JSON: {error}\n{line}"));
            assert!(value.is_object(), "not an object: {line}");
            value
        })
        .collect()
}

/// The names of the events, in their order.
///
/// # Panics
///
/// When a line has none.
#[must_use]
#[track_caller]
pub fn events(text: &str) -> Vec<String> {
    lines(text)
        .iter()
        .map(|value| {
            value["event"]
                .as_str()
                .expect("each line has an event")
                .to_owned()
        })
        .collect()
}
