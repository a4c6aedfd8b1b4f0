//! Clients that do one thing wrong: the check that is for it says so, and not many others of the same run do.

use std::sync::Mutex;
use std::thread;

use kostorrent_tests::programs;
use pretty_assertions::assert_eq;

use super::{Said, python, said, with};

/// A switch of the broken client, the check that has to catch it, and the verdict. One with the verdict that the
/// unbroken client has, too, is told from it by the text.
type Case = (&'static str, &'static str, &'static str);

/// How many examinations go on side by side: those of the joined client wait for others more than they work.
fn together(client: Client) -> usize {
    match client[0] {
        "plain_client" => 4,
        _ => 2,
    }
}

/// Other checks that a fault may show in, at most.
const OTHERS: usize = 4;

/// A plain client, and the words that it takes.
type Client = &'static [&'static str];

/// Those that can download, as they are at the end of a chapter.
const CHAPTER_9: Client = &["ch09_files", "{torrent}", "{output}"];
const CHAPTER_11: Client = &["ch11_peers", "{torrent}", "{output}"];
const CHAPTER_14: Client = &["ch14_resume", "{torrent}", "{output}", "{output}.note"];
const CHAPTER_16: Client = &["ch16_trade", "{torrent}", "{output}", "{port}", "60"];
/// The one that joins all chapters.
const JOINED: Client = &[
    "plain_client",
    "{torrent}",
    "{magnet}",
    "{output}",
    "--port",
    "{port}",
    "--router",
    "{router}",
    "--stay",
    "60",
];
/// Those that give.
const JOINED_SEEDER: Client = &[
    "plain_client",
    "{torrent}",
    "{data}",
    "--port",
    "{port}",
    "--stay",
    "1000",
];
const SEEDER: Client = &["ch16_seed", "{torrent}", "{data}", "{port}", "1000"];

fn examined(client: Client, switch: &str, only: &str) -> Option<Said> {
    let file = programs::root().join("tests/peers/broken_client.py");
    let words = [&client[..1], &[switch], &client[1..]].concat();
    let command = python(file, &words)?;
    let mut options = vec!["--only", only, "--timeout", "8"];
    if client.contains(&"{data}") {
        options.push("--seeder");
    }
    Some(said(&options, &command))
}

/// How bad a verdict is.
fn badness(verdict: &str) -> u8 {
    match verdict {
        "ok" | "skipped" => 0,
        "odd" => 1,
        _ => 2,
    }
}

/// What is wrong with what was said of a client with this fault.
fn missed(case: &Case, stage: &str, sound: &Said, broken: &Said) -> Option<String> {
    let (switch, check, verdict) = case;
    let key = (stage.to_owned(), (*check).to_owned());
    let (was, is) = (&sound[&key], &broken[&key]);
    if is.verdict != *verdict || (&is.verdict, &is.text) == (&was.verdict, &was.text) {
        return Some(format!("{switch}: {check} is {}: {}", is.verdict, is.text));
    }
    let worse = broken.iter().filter(|(other, told)| {
        **other != key && badness(&told.verdict) > badness(&sound[*other].verdict)
    });
    let worse: Vec<_> = worse.collect();
    (worse.len() > OTHERS).then(|| format!("{switch} is caught by too many: {worse:#?}"))
}

/// Each of these faults is caught, by the run of the stage that is for it.
#[track_caller]
fn are_caught(client: Client, stage: &str, cases: &[Case]) {
    are_caught_in(client, stage, stage, cases);
}

/// The same, where some runs of the stage are enough.
#[track_caller]
fn are_caught_in(client: Client, stage: &str, only: &str, cases: &[Case]) {
    let Some(sound) = examined(client, "none", only) else {
        return;
    };
    let (next, wrong) = (Mutex::new(cases.iter()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..together(client) {
            scope.spawn(|| {
                loop {
                    let case = next.lock().unwrap().next();
                    let Some(case) = case else { return };
                    let run = &sound[&(stage.to_owned(), case.1.to_owned())].run;
                    let broken = examined(client, case.0, &format!("{stage}/{run}")).unwrap();
                    wrong
                        .lock()
                        .unwrap()
                        .extend(missed(case, stage, &sound, &broken));
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(
        wrong.is_empty(),
        "{}\n\nsound: {sound:#?}",
        wrong.join("\n")
    );
}

#[test]
fn what_is_wrong_with_torrent_files_is_caught() {
    are_caught(
        CHAPTER_9,
        "metainfo",
        &[
            ("drops-unknown-keys", "unknown-keys", "wrong"),
            ("sorts-keys", "unsorted-keys", "wrong"),
            ("wants-keys-to-be-text", "strange-values", "wrong"),
            ("has-64-bits", "huge-number", "wrong"),
            ("dies-of-depth", "deep", "wrong"),
            ("left-is-a-piece", "single", "wrong"),
            ("left-is-one-file", "multi", "wrong"),
            ("believes-names", "names", "wrong"),
        ],
    );
}

#[test]
fn what_is_wrong_with_announces_is_caught() {
    are_caught(
        CHAPTER_9,
        "tracker",
        &[
            ("escapes-as-a-form", "escaping", "wrong"),
            ("has-no-port", "parameters", "wrong"),
            ("has-a-short-id", "peer-id", "wrong"),
            ("says-no-started", "started", "wrong"),
            ("completes-at-once", "completed", "wrong"),
            ("never-stops", "stopped", "odd"),
            ("counts-nothing", "downloaded", "wrong"),
            ("hammers", "interval", "wrong"),
            ("takes-refusal-for-success", "failure", "wrong"),
            ("reads-compact-only", "dictionaries", "wrong"),
            ("cannot-inflate", "gzip", "wrong"),
            ("stays-where-it-was", "redirect", "odd"),
            ("forgets-the-query", "query", "wrong"),
        ],
    );
}

#[test]
fn what_is_wrong_with_handshakes_is_caught() {
    are_caught(
        CHAPTER_9,
        "handshake",
        &[
            ("asks-for-another", "hello", "wrong"),
            ("sets-strange-bits", "own-bits", "odd"),
            ("does-not-wait", "waits", "odd"),
            ("reads-once", "parts", "wrong"),
            ("talks-to-strangers", "stranger", "wrong"),
            ("talks-to-itself", "ourselves", "odd"),
            ("knows-no-bits", "other-bits", "wrong"),
        ],
    );
}

#[test]
fn what_is_wrong_with_messages_is_caught() {
    are_caught(
        CHAPTER_9,
        "messages",
        &[
            ("asks-for-anything", "bitfield", "wrong"),
            ("needs-a-bitfield", "have-only", "wrong"),
            ("hears-no-later-have", "lazy", "wrong"),
            ("wants-the-bitfield-first", "late", "odd"),
            ("wants-one-bitfield", "again", "odd"),
            ("dies-of-spare-bits", "spare-bits", "wrong"),
            ("asks-while-choked", "choked", "wrong"),
            ("reads-a-length-once", "parts", "wrong"),
            ("takes-keep-alive-for-a-message", "keep-alive", "wrong"),
            ("hangs-up-on-the-unknown", "unknown", "odd"),
            ("waits-for-4-gib", "huge", "odd"),
        ],
    );
}

#[test]
fn what_is_wrong_with_requests_is_caught() {
    are_caught(
        CHAPTER_9,
        "blocks",
        &[
            ("writes-beside", "whole", "wrong"),
            ("fails-and-says-so", "whole", "odd"),
            ("fails-and-says-nothing", "whole", "wrong"),
            ("asks-for-32-kib", "sizes", "wrong"),
            ("asks-for-8-kib", "sizes", "odd"),
            ("asks-past-the-end", "end", "wrong"),
            ("asks-twice", "once", "odd"),
            ("asks-one-by-one", "pipelining", "odd"),
            ("forgets-after-a-choke", "choke", "wrong"),
            ("hangs-up-on-the-unexpected", "twice", "wrong"),
            ("writes-what-comes", "unasked", "wrong"),
        ],
    );
}

#[test]
fn who_claims_the_fast_extension_and_does_not_know_it_is_caught() {
    are_caught(
        CHAPTER_9,
        "fast",
        &[
            ("claims-fast", "have-all", "wrong"),
            ("claims-fast", "reject", "wrong"),
        ],
    );
    are_caught(SEEDER, "fast-seeding", &[("claims-fast", "rejects", "odd")]);
}

/// All but what takes a minute, or asks again when nothing comes.
#[test]
fn what_is_wrong_with_asking_by_udp_is_caught() {
    are_caught_in(
        JOINED,
        "udp-tracker",
        "udp-tracker/announce,udp-tracker/forged,udp-tracker/refused",
        &[
            ("asks-without-an-id", "connect", "wrong"),
            ("announces-another-by-udp", "announce", "wrong"),
            ("draws-one-number", "transactions", "odd"),
            ("knows-no-options", "path", "odd"),
            ("mixes-up-events", "events", "wrong"),
            ("stops-as-if-nothing-were", "stopped", "odd"),
            ("believes-any-number", "forged", "wrong"),
            ("insists", "refused", "wrong"),
        ],
    );
}

#[test]
fn what_is_wrong_with_magnet_links_is_caught() {
    are_caught(
        JOINED,
        "magnet",
        &[
            ("asks-under-its-own-number", "link", "wrong"),
            ("calls-no-named-peer", "peers", "odd"),
            ("knows-no-letters", "base32", "odd"),
            ("lacks-nothing", "left", "odd"),
            ("gives-out-no-number", "speaks", "wrong"),
            ("asks-past-the-metadata", "blocks", "wrong"),
            ("asks-under-its-own-number", "numbers", "wrong"),
            ("believes-metadata", "rubbish", "odd"),
            ("ends-over-a-terabyte", "sizes", "odd"),
            ("waits-for-one", "unhelpful", "odd"),
        ],
    );
}

#[test]
fn what_is_wrong_with_giving_metadata_is_caught() {
    are_caught(
        JOINED_SEEDER,
        "metadata",
        &[
            ("does-not-say-how-many", "tells", "wrong"),
            ("gives-other-metadata", "gives", "wrong"),
            ("gives-what-there-is-not", "outside", "wrong"),
        ],
    );
}

#[test]
fn what_is_wrong_with_telling_of_peers_is_caught() {
    let runs = ["calls", "flood", "private"];
    let only = runs.map(|run| format!("peer-exchange/{run}")).join(",");
    are_caught_in(
        JOINED,
        "peer-exchange",
        &only,
        &[
            ("heeds-nobody", "calls", "odd"),
            ("dies-of-many", "flood", "wrong"),
            ("knows-no-private", "private", "wrong"),
        ],
    );
    // A sound client is watched for a minute; what is wrong is seen before.
    for (switch, check) in [
        ("flags-one-too-many", "form"),
        ("tells-hearsay", "contacts"),
        ("tells-at-once", "seldom"),
    ] {
        let Some(said) = examined(JOINED, switch, "peer-exchange/tells") else {
            return;
        };
        let wrong = with(&said, "wrong");
        assert_eq!(wrong, [format!("peer-exchange/{check}")], "{said:#?}");
    }
}

/// All but a search that finds nobody, which takes long.
#[test]
fn what_is_wrong_in_the_dht_is_caught() {
    are_caught(
        JOINED,
        "dht",
        &[
            ("has-a-short-node-id", "queries", "wrong"),
            ("makes-tokens-up", "announces", "wrong"),
            ("answers-with-another-number", "ping", "odd"),
            ("names-no-nodes", "find-node", "odd"),
            ("gives-no-token", "get-peers", "wrong"),
            ("takes-any-token", "token", "wrong"),
            ("stores-nothing", "stores", "odd"),
            ("knows-no-private", "private", "wrong"),
        ],
    );
}

#[test]
fn what_is_wrong_with_encrypted_calls_is_caught() {
    are_caught(
        JOINED,
        "encryption",
        &[
            ("keeps-the-first-kilobyte", "rc4", "wrong"),
            ("ends-with-an-exchange", "broken-off", "wrong"),
            ("reckons-with-three", "answers", "wrong"),
            ("answers-with-the-callers-row", "answers", "wrong"),
            ("reads-a-key-once", "parts", "wrong"),
            ("knows-no-plain-text", "both", "odd"),
        ],
    );
}

#[test]
fn trust_is_caught() {
    are_caught(
        CHAPTER_9,
        "hashes",
        &[
            ("trusts-everybody", "poison", "wrong"),
            ("trusts-everybody", "nothing-good", "wrong"),
            ("forgives-everything", "let-go", "odd"),
        ],
    );
    are_caught_in(
        CHAPTER_16,
        "hashes",
        "hashes/nothing-good",
        &[("tells-of-what-is-wrong", "nothing-good", "wrong")],
    );
}

#[test]
fn what_is_wrong_with_files_is_caught() {
    are_caught(
        CHAPTER_9,
        "files",
        &[
            ("writes-the-first-part-again", "files", "wrong"),
            ("makes-no-empty-files", "empty", "odd"),
        ],
    );
}

#[test]
fn what_is_wrong_among_many_peers_is_caught() {
    are_caught(
        CHAPTER_11,
        "peers",
        &[
            ("calls-one-by-one", "several", "odd"),
            ("wants-all-from-each", "parts", "wrong"),
            ("fetches-in-order", "rarest", "odd"),
            ("knows-no-end-game", "end-game", "odd"),
            ("never-cancels", "cancel", "odd"),
            ("waits-for-nobody", "slow", "odd"),
            ("ends-with-a-peer", "leaves", "wrong"),
            ("calls-one-alone", "dead", "odd"),
            ("calls-one-by-one", "silent", "odd"),
        ],
    );
}

#[test]
fn what_is_wrong_with_a_second_start_is_caught() {
    are_caught(
        CHAPTER_14,
        "lasting",
        &[
            ("hears-no-ctrl-c", "ends", "odd"),
            ("believes-nothing", "interrupted", "odd"),
            ("believes-everything", "killed", "wrong"),
            ("believes-nothing", "complete", "odd"),
            ("tells-old-news", "old-news", "wrong"),
            ("has-one-id", "new-id", "odd"),
            ("looks-at-no-stamp", "damaged", "odd"),
            ("waits-by-asking", "idle", "odd"),
            ("keeps-every-message", "flood", "wrong"),
        ],
    );
}

#[test]
fn what_is_wrong_with_being_called_is_caught() {
    // All but the one that takes long.
    let runs = [
        "calls",
        "halves",
        "stranger",
        "rabble",
        "ourselves",
        "twice",
        "uninterested",
        "gives",
    ];
    let only = runs.map(|run| format!("inbound/{run}")).join(",");
    are_caught_in(
        CHAPTER_16,
        "inbound",
        &only,
        &[
            ("announces-another-port", "port", "odd"),
            ("answers-for-another", "answers", "wrong"),
            ("wants-nothing-of-callers", "fetches", "odd"),
            ("reads-once", "halves", "wrong"),
            ("tells-strangers", "stranger", "odd"),
            ("greets-one-by-one", "rabble", "wrong"),
            ("talks-to-itself", "ourselves", "odd"),
            ("keeps-both-calls", "twice", "odd"),
            ("stays-interested", "uninterested", "wrong"),
            ("tells-nothing", "tells", "odd"),
            ("tells-no-news", "have", "odd"),
            ("gives-something-else", "gives", "wrong"),
        ],
    );
}

#[test]
fn what_is_wrong_with_giving_is_caught() {
    are_caught(
        SEEDER,
        "seeding",
        &[
            ("completes-from-the-start", "complete", "wrong"),
            ("turns-bits-round", "bitfield", "wrong"),
            ("never-unchokes", "unchoke", "wrong"),
            ("gives-something-else", "bytes", "wrong"),
            ("gives-to-the-choked", "choked", "wrong"),
            ("hears-no-cancel", "cancel", "odd"),
            ("reads-over-the-edge", "outside", "wrong"),
            ("reads-ahead", "flood", "wrong"),
            ("waits-for-the-slow", "slow-reader", "wrong"),
            ("serves-everybody", "slots", "odd"),
        ],
    );
}

/// A client that takes one torrent, and is given two.
#[test]
fn who_knows_one_of_two_torrents_is_caught() {
    let file = programs::root().join("book/plain/ch16_trade.py");
    let Some(plain) = python(file, &["\"$0\"", "{output}", "{port}", "60"]) else {
        return;
    };
    let command = [
        "sh",
        "-c",
        &format!("exec {}", plain.join(" ")),
        "{torrents}",
    ];
    let command = command.map(ToOwned::to_owned);
    let said = said(&["--only", "inbound/several", "--timeout", "8"], &command);
    let told = &said[&("inbound".to_owned(), "several".to_owned())];
    assert_eq!(told.verdict, "odd", "{}", told.text);
}

/// What takes long: the sound client and the broken one side by side, in one run of a stage.
#[track_caller]
fn is_caught(client: Client, run: &str, check: &str, switch: &str) {
    let told = |switch| {
        let said = examined(client, switch, run)?;
        let (stage, _) = run.split_once('/').unwrap();
        let told = &said[&(stage.to_owned(), check.to_owned())];
        Some((told.verdict.clone(), told.text.clone()))
    };
    let (sound, broken) = thread::scope(|scope| {
        let sound = scope.spawn(|| told("none"));
        let broken = told(switch);
        (sound.join().unwrap(), broken)
    });
    let (Some(sound), Some(broken)) = (sound, broken) else {
        return;
    };
    assert_eq!(sound.0, "ok", "{}", sound.1);
    assert_eq!(broken.0, "odd", "{}", broken.1);
}

#[test]
fn who_serves_those_that_only_take_is_caught() {
    let run = "inbound/reciprocates";
    is_caught(CHAPTER_16, run, "reciprocates", "serves-those-who-take");
}

#[test]
fn who_lets_others_wait_in_vain_is_caught() {
    is_caught(SEEDER, "seeding/crowd", "turns", "serves-the-first");
}
