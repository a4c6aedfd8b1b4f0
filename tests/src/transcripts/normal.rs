//! What differs from run to run, taken out of an output so that two runs can be compared.
//!
//! Ports that the system chose, the random part of our peer ids and of the announce key, times of day, durations and
//! rates. Equal ones stay equal: a port that comes twice is `<port 1>` both times, in text and in the six bytes of a
//! compact peer.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::dump;

/// The output without what varies: what is known to, and what matches one of `vary`.
#[must_use]
pub fn normal(text: &str, vary: &[Regex]) -> String {
    let mut text = text.to_owned();
    for pattern in vary {
        text = pattern.replace_all(&text, "<varies>").into_owned();
    }
    let text = dump::mask_peer_ids(&text);
    let text = peer_ids(&text);
    let text = ports(&text);
    let text = KEY.replace_all(&text, "${1}<key>");
    let text = TIME.replace_all(&text, "<time>");
    let text = RATE.replace_all(&text, " <rate> ");
    DURATION.replace_all(&text, " <duration> ").into_owned()
}

macro_rules! pattern {
    ($text:literal) => {
        LazyLock::new(|| Regex::new($text).expect("a pattern of ours"))
    };
}

static PEER_ID: LazyLock<Regex> = pattern!(r"-KO\d{4}-[0-9A-Za-z]{12}");
static PORT: LazyLock<Regex> = pattern!(
    r"(?:127\.0\.0\.1:|\[::1\]:|\bport[ =:]+)([0-9]{5})\b|\b7f 00 00 01 +([0-9a-f]{2}) ([0-9a-f]{2})\b"
);
static KEY: LazyLock<Regex> = pattern!(r"\b(key[ =:]+)[0-9A-Fa-f]{8}\b");
static TIME: LazyLock<Regex> = pattern!(r"\b(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d(?:\.\d+)?Z?\b");
/// A value may be longer or shorter than in the last run, and a column of them is padded: the spaces go with it.
static RATE: LazyLock<Regex> = pattern!(r" *\b\d[\d,.]* ?(?:[KMGT]i?)?(?:B|bytes|bit)/s *");
static DURATION: LazyLock<Regex> =
    pattern!(r" *\b(?:\d[\d,]*\.\d+ ?(?:s|seconds)|\d[\d,.]* ?(?:ms|µs|ns)|\d+ m \d\d s)\b *");

/// Numbers distinct values in the order in which they come.
fn number<T: PartialEq>(seen: &mut Vec<T>, value: T) -> usize {
    if let Some(at) = seen.iter().position(|one| *one == value) {
        at + 1
    } else {
        seen.push(value);
        seen.len()
    }
}

fn peer_ids(text: &str) -> String {
    let mut seen = Vec::new();
    let replace = |found: &Captures<'_>| {
        let id = found[0].to_owned();
        format!("{}<{}>", &found[0][..8], number(&mut seen, id))
    };
    PEER_ID.replace_all(text, replace).into_owned()
}

fn ports(text: &str) -> String {
    let mut seen = Vec::new();
    let replace = |found: &Captures<'_>| {
        let whole = &found[0];
        if let Some(port) = found.get(1) {
            let before = &whole[..whole.len() - port.len()];
            let n = number(&mut seen, port.as_str().parse().unwrap_or(0));
            return format!("{before}<port {n}>");
        }
        let byte = |i| u16::from_str_radix(&found[i], 16).expect("two hex digits");
        let port = byte(2) << 8 | byte(3);
        if port < 10_000 {
            return whole.to_owned(); // not one that the system chose
        }
        let n = number(&mut seen, u32::from(port));
        format!("{}<port {n}>", &whole[..whole.len() - 5])
    };
    PORT.replace_all(text, replace).into_owned()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn plain(text: &str) -> String {
        normal(text, &[])
    }

    #[test]
    fn ports_are_numbered_in_text_and_in_compact_peers() {
        assert_eq!(
            plain(
                "7f 00 00 01  9e 87   127.0.0.1:40583\n7f 00 00 01 a4 75\n[::1]:42101 port=40583"
            ),
            "7f 00 00 01  <port 1>   127.0.0.1:<port 1>\n7f 00 00 01 <port 2>\n[::1]:<port 2> port=<port 1>"
        );
    }

    #[test]
    fn ports_that_we_chose_stay() {
        let text = "http://127.0.0.1:7878/announce 7f 00 00 01  1e c6  port 6881, port 123456";
        assert_eq!(plain(text), text);
    }

    #[test]
    fn two_runs_with_other_peers_are_the_same_and_mixed_up_peers_are_not() {
        let run = |a, b, c| {
            plain(&format!(
                "127.0.0.1:{a} 127.0.0.1:{b}, connected to 127.0.0.1:{c}"
            ))
        };
        assert_eq!(run(40_001, 40_002, 40_002), run(51_234, 34_567, 34_567));
        assert_ne!(run(40_001, 40_002, 40_001), run(51_234, 34_567, 34_567));
    }

    #[test]
    fn peer_ids_keep_their_client() {
        assert_eq!(
            plain(
                "-KO0100-AtbXCfzgZxwM -KO0100-tVnqQK97nH98 -KO0100-AtbXCfzgZxwM -TR4060-k8hj0wgej6ch"
            ),
            "-KO0100-<1> -KO0100-<2> -KO0100-<1> -TR4060-k8hj0wgej6ch"
        );
    }

    #[test]
    fn the_key_of_an_announce_is_random() {
        assert_eq!(plain("&key=E47A1E67  a number"), "&key=<key>  a number");
        assert_eq!(plain("key \"pieces\""), "key \"pieces\"");
    }

    #[test]
    fn times_of_day() {
        assert_eq!(plain("2026-11-22T21:45:03Z started"), "<time> started");
        assert_eq!(
            plain("at 21:45:03, 2026-11-22 21:45:03"),
            "at <time>, <time>"
        );
        assert_eq!(plain("2026-11-22 00:00 UTC"), "2026-11-22 00:00 UTC");
    }

    #[test]
    fn rates_and_durations_take_their_padding_along() {
        assert_eq!(plain("a   9.8 MiB/s  x"), plain("a 1,010.2 KiB/s x"));
        assert_eq!(plain("done in 0.42 s."), "done in <duration> .");
        assert_eq!(plain("done in 2 m 05 s"), "done in <duration> ");
        assert_eq!(plain("took 12 ms, 350 µs"), "took <duration> , <duration> ");
        for stays in ["interval 60 s", "3.5 MiB in all", "every 30 seconds"] {
            assert_eq!(plain(stays), stays);
        }
    }

    #[test]
    fn a_transcript_may_say_what_else_varies() {
        let vary = [Regex::new(r"seed \d+").unwrap()];
        assert_eq!(normal("seed 12, seed 7", &vary), "<varies>, <varies>");
    }
}
