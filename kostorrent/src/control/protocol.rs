//! What is said: a line of JSON that asks, and a line that answers.
//!
//! | asked | answered |
//! | --- | --- |
//! | `{"version":1,"ask":"status"}` | `{"version":1,"status":{"pid":…,"torrents":[…]}}`: a [`Standing`] each |
//! | `{"version":1,"ask":"pause","torrent":"<info-hash>"}`, also `resume` and `stop` | `{"version":1,"done":"<info-hash>"}` |
//! | `{"version":1,"ask":"choose","torrent":"<info-hash>","files":"<list>"}`, a list as for `--files` | the same |
//! | anything else | `{"version":1,"error":"<sentence>"}` |
//!
//! A connection carries one question. Whoever hears another version than its own says so in a
//! sentence. Fields that are not known are passed over.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ControlError;

/// The version of the protocol.
const VERSION: u64 = 1;

/// The longest question, in bytes.
pub(crate) const LONGEST_ASK: u64 = 64 * 1024;

/// The longest answer, in bytes: a few thousand torrents.
pub(crate) const LONGEST_ANSWER: u64 = 4 * 1024 * 1024;

// ANCHOR: ask
/// What can be asked. A torrent is meant by its info-hash in hex.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub(crate) enum Ask {
    /// How all torrents stand.
    Status,
    /// Ask for nothing more and give nothing, until it is resumed.
    Pause {
        /// Which one.
        torrent: String,
    },
    /// Go on.
    Resume {
        /// Which one.
        torrent: String,
    },
    /// Fetch these files from now on, and no others.
    Choose {
        /// Which one.
        torrent: String,
        /// The files, as for `--files`.
        files: String,
    },
    /// End, as Ctrl-C does.
    Stop {
        /// Which one.
        torrent: String,
    },
}
// ANCHOR_END: ask

/// What can be answered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Said {
    /// How it stands.
    Status {
        /// The process.
        pid: u32,
        /// Its torrents.
        torrents: Vec<Standing>,
    },
    /// This torrent was told.
    Done(String),
    /// A sentence: why not.
    Error(String),
}

/// What a torrent is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// Looking at what is on disk already.
    Checking,
    /// Fetching the metadata of a magnet link.
    Metadata,
    /// Fetching what is missing.
    Downloading,
    /// Everything is there; serving others.
    Seeding,
    /// Somebody has paused it.
    Paused,
    /// The disk has a fault; it goes on when that is over.
    Waiting,
    /// Saying goodbye.
    Ending,
    /// Over, with everything there.
    Complete,
    /// Over, stopped by somebody.
    Stopped,
    /// Over, and something went wrong.
    Failed,
}

impl State {
    /// Whether its work is over.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, State::Complete | State::Stopped | State::Failed)
    }
}

/// How a torrent stands. Sizes are bytes, rates bytes a second.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Standing {
    /// The torrent's name.
    pub(crate) name: String,
    /// Its info-hash in hex.
    pub(crate) info_hash: String,
    /// What it is doing.
    pub(crate) state: State,
    /// Pieces looked at, while checking.
    pub(crate) checked: u32,
    /// Pieces that are there.
    pub(crate) pieces_have: u32,
    /// Pieces of the torrent.
    pub(crate) pieces: u32,
    /// Bytes still to be had.
    pub(crate) left: u64,
    /// Bytes of the torrent.
    pub(crate) total_length: u64,
    /// Payload bytes received.
    pub(crate) downloaded: u64,
    /// Payload bytes sent.
    pub(crate) uploaded: u64,
    /// Bytes a second coming in.
    pub(crate) down_rate: u64,
    /// Bytes a second going out.
    pub(crate) up_rate: u64,
    /// Connections.
    pub(crate) peers: usize,
    /// Connections to peers that have everything.
    pub(crate) seeds: usize,
    /// How many the trackers know that have everything; `None`: none has said.
    #[serde(default)]
    pub(crate) known_seeders: Option<u32>,
    /// How many others they know; `None`, likewise.
    #[serde(default)]
    pub(crate) known_leechers: Option<u32>,
    /// Bytes sent for each byte that is there; `None` while nothing is.
    pub(crate) ratio: Option<f64>,
    /// Seconds that the rest takes at the present rate; `None`: unknown.
    pub(crate) eta: Option<u64>,
    /// Where its file or folder is, or will be.
    pub(crate) path: String,
    /// Where peers may call.
    pub(crate) listening: String,
}

#[derive(Serialize)]
struct Line<'a, T> {
    version: u64,
    #[serde(flatten)]
    said: &'a T,
}

/// A question or an answer as a line, its end included.
pub(crate) fn line(said: &impl Serialize) -> Vec<u8> {
    let line = Line {
        version: VERSION,
        said,
    };
    // Plain structures with names for keys can always be written.
    let mut line = serde_json::to_vec(&line).unwrap_or_default();
    line.push(b'\n');
    line
}

/// Reads a question.
///
/// # Errors
///
/// A sentence for whoever asked.
pub(crate) fn read_ask(line: &[u8]) -> Result<Ask, String> {
    let value = of_our_version(line)?;
    let what = value["ask"].as_str().unwrap_or_default().to_owned();
    serde_json::from_value(value).map_err(|error| match &*what {
        "status" | "pause" | "resume" | "stop" => format!("`{what}` is not well said: {error}"),
        _ => "this kostorrent is not asked that: it knows status, pause, resume, choose and stop"
            .into(),
    })
}

/// Reads an answer.
///
/// # Errors
///
/// [`ControlError::Refused`] if it is none, is an error, or is of another version.
pub(crate) fn read_answer(line: &[u8]) -> Result<Said, ControlError> {
    // What is wrong is told whatever its version.
    let value = serde_json::from_slice::<Value>(line).unwrap_or_default();
    if let Some(why) = value["error"].as_str() {
        return Err(ControlError::Refused(why.to_owned()));
    }
    let value = of_our_version(line).map_err(ControlError::Refused)?;
    serde_json::from_value(value)
        .map_err(|_| ControlError::Refused("its answer cannot be understood".into()))
}

/// A JSON object that says our version, without it.
fn of_our_version(line: &[u8]) -> Result<Value, String> {
    let mut value: Value =
        serde_json::from_slice(line).map_err(|_| "that is no line of JSON".to_owned())?;
    let version = value.as_object_mut().and_then(|all| all.remove("version"));
    let version = version.as_ref().and_then(Value::as_u64);
    match version {
        Some(VERSION) => Ok(value),
        Some(other) => Err(format!(
            "kostorrent {} speaks version {VERSION} of the control protocol, and the other side \
             version {other}: use the same kostorrent on both sides",
            env!("CARGO_PKG_VERSION")
        )),
        None => Err("that is not the control protocol of kostorrent: it says no version".into()),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn text(line: Vec<u8>) -> String {
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn questions_and_answers_are_lines_as_written_down() {
        let torrent = "00ff".to_owned();
        for (ask, expected) in [
            (Ask::Status, r#"{"version":1,"ask":"status"}"#),
            (
                Ask::Pause { torrent },
                r#"{"version":1,"ask":"pause","torrent":"00ff"}"#,
            ),
            (
                Ask::Choose {
                    torrent: "00ff".to_owned(),
                    files: "2,*.txt:high".to_owned(),
                },
                r#"{"version":1,"ask":"choose","torrent":"00ff","files":"2,*.txt:high"}"#,
            ),
        ] {
            let line = line(&ask);
            assert_eq!(text(line.clone()), format!("{expected}\n"));
            assert_eq!(read_ask(&line), Ok(ask));
        }
        let done = Said::Done("00ff".into());
        assert_eq!(text(line(&done)), "{\"version\":1,\"done\":\"00ff\"}\n");
        assert_eq!(read_answer(&line(&done)).unwrap(), done);
        let status = Said::Status {
            pid: 7,
            torrents: Vec::new(),
        };
        assert_eq!(
            text(line(&status)),
            "{\"version\":1,\"status\":{\"pid\":7,\"torrents\":[]}}\n"
        );
        assert_eq!(read_answer(&line(&status)).unwrap(), status);
    }

    #[test]
    fn another_version_is_answered_with_a_sentence() {
        let said = read_ask(br#"{"version":2,"ask":"dance","how":["well"]}"#).unwrap_err();
        assert!(
            said.contains("version 2") && said.contains("version 1"),
            "{said}"
        );
        let said = read_answer(br#"{"version":2,"status":{}}"#).unwrap_err();
        assert!(said.to_string().contains("version 2"), "{said}");
        // Its own sentence is better than ours.
        let said = read_answer(br#"{"version":2,"error":"too old"}"#).unwrap_err();
        assert_eq!(said.to_string(), "too old");
    }

    #[test]
    fn what_is_new_is_passed_over_and_what_is_wrong_is_said() {
        let more = br#"{"version":1,"ask":"stop","torrent":"aa","gently":true}"#;
        assert!(matches!(read_ask(more), Ok(Ask::Stop { .. })));
        for (line, part) in [
            (&b""[..], "JSON"),
            (b"GET / HTTP/1.1\r\n", "JSON"),
            (b"[1]", "no version"),
            (br#"{"ask":"status"}"#, "no version"),
            (br#"{"version":"1","ask":"status"}"#, "no version"),
            (br#"{"version":1}"#, "status, pause"),
            (br#"{"version":1,"ask":"fly"}"#, "status, pause"),
            (
                br#"{"version":1,"ask":"pause"}"#,
                "`pause` is not well said",
            ),
        ] {
            let said = read_ask(line).unwrap_err();
            assert!(said.contains(part), "{said}");
        }
    }

    prop_compose! {
        fn standing()(
            name in any::<String>(), path in any::<String>(), numbers in any::<[u32; 3]>(),
            bytes in any::<[u64; 4]>(), ratio in prop::option::of(0u32..9_000), eta in any::<Option<u64>>(),
        ) -> Standing {
            Standing {
                name,
                info_hash: "00ff".to_owned(),
                state: State::Paused,
                checked: numbers[0],
                pieces_have: numbers[1],
                pieces: numbers[2],
                left: bytes[0],
                total_length: bytes[1],
                downloaded: bytes[2],
                uploaded: bytes[3],
                down_rate: bytes[0],
                up_rate: bytes[1],
                peers: numbers[0] as usize,
                seeds: numbers[1] as usize,
                known_seeders: Some(numbers[2]),
                known_leechers: eta.map(|eta| eta as u32),
                ratio: ratio.map(|eighths| f64::from(eighths) / 8.0),
                eta,
                path,
                listening: String::new(),
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(torrents in prop::collection::vec(standing(), 0..4), pid: u32) {
            let said = Said::Status { pid, torrents };
            prop_assert_eq!(read_answer(&line(&said)).unwrap(), said);
        }

        #[test]
        fn no_line_breaks_it(line in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_ask(&line);
            let _ = read_answer(&line);
        }

        #[test]
        fn no_json_breaks_it(ask in ".{0,20}", torrent in ".{0,50}", version in 0u64..3) {
            let line = serde_json::json!({"version": version, "ask": ask, "torrent": torrent});
            let _ = read_ask(line.to_string().as_bytes());
            let _ = read_answer(line.to_string().as_bytes());
        }
    }
}
