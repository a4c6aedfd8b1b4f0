//! How the real clients did that took the examination: `tests/real-clients` writes it down.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

const RESULTS: &str = include_str!("real_clients.json");

/// How many real clients did something right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// So many did.
    pub right: usize,
    /// Of so many in which it was seen.
    pub seen: usize,
}

#[derive(Deserialize)]
struct Results {
    clients: Vec<Client>,
}

#[derive(Deserialize)]
struct Client {
    checks: BTreeMap<String, Told>,
}

#[derive(Deserialize)]
struct Told {
    verdict: String,
}

/// How many passed this check of this stage.
pub fn passed(stage: &str, check: &str) -> Passed {
    static ALL: OnceLock<BTreeMap<String, Passed>> = OnceLock::new();
    // A test reads it: it is what it should be, or nothing is known.
    let all = ALL.get_or_init(|| count(RESULTS).unwrap_or_default());
    all.get(&format!("{stage}/{check}"))
        .copied()
        .unwrap_or_default()
}

fn count(results: &str) -> serde_json::Result<BTreeMap<String, Passed>> {
    let results: Results = serde_json::from_str(results)?;
    let mut all: BTreeMap<String, Passed> = BTreeMap::new();
    for (check, told) in results.clients.into_iter().flat_map(|client| client.checks) {
        let passed = all.entry(check).or_default();
        passed.seen += usize::from(told.verdict != "skipped");
        passed.right += usize::from(told.verdict == "ok");
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use pretty_assertions::assert_eq;

    use super::*;
    use crate::examine::STAGES;

    #[test]
    fn who_passes_is_counted_among_those_in_whom_it_was_seen() {
        let results = r#"{ "clients": [
            { "checks": { "a/b": { "verdict": "ok" }, "a/c": { "verdict": "skipped", "text": "" } } },
            { "checks": { "a/b": { "verdict": "odd", "text": "" } } } ] }"#;
        let all = count(results).unwrap();
        assert_eq!(all["a/b"], Passed { right: 1, seen: 2 });
        assert_eq!(all["a/c"], Passed { right: 0, seen: 0 });
    }

    #[test]
    fn the_results_are_of_the_checks_that_there_are() {
        let all = count(RESULTS).unwrap();
        let known: BTreeSet<String> = STAGES
            .iter()
            .flat_map(|stage| {
                stage
                    .checks
                    .iter()
                    .map(|check| format!("{}/{}", stage.name, check.name))
            })
            .collect();
        let results: BTreeSet<String> = all.into_keys().collect();
        assert_eq!(results, known, "tests/real-clients examines them anew");
    }
}
