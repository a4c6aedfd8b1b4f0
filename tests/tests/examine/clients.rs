//! Clients that do what they should.

use pretty_assertions::assert_eq;

use super::{Said, examine, plain, python, read, said, with};
use kostorrent_tests::{programs, temp};

/// Our own client with these words.
fn ours(words: &[&str]) -> Vec<String> {
    let kostorrent = programs::kostorrent().to_str().unwrap().to_owned();
    let words = words.iter().map(ToString::to_string);
    [kostorrent].into_iter().chain(words).collect()
}

/// Ours as it downloads.
fn our_leecher() -> Vec<String> {
    let words = ["download", "{torrents}", "--output", "{output}", "--no-dht"];
    ours(&[&words[..], &["--port", "{port}"]].concat())
}

/// What is not seen of clients that ask no tracker when they have nothing to fetch; and nobody knows what they cost where there
/// is no /proc.
const NOT_SEEN: &[&str] = if cfg!(target_os = "linux") {
    &["lasting/old-news"]
} else {
    &["lasting/old-news", "lasting/idle", "lasting/flood"]
};

/// Nothing is wrong or odd, and no more is skipped than this.
#[track_caller]
fn passes_all(said: &Said, may_be_skipped: &[&str]) {
    for verdict in ["wrong", "odd"] {
        assert_eq!(with(said, verdict), [] as [String; 0], "{said:#?}");
    }
    let skipped = with(said, "skipped");
    let may_be = |check: &String| may_be_skipped.contains(&check.as_str());
    assert!(skipped.iter().all(may_be), "{said:#?}");
}

#[test]
fn our_own_client_passes_all_of_the_first_chapters() {
    let folder = temp();
    let junit = folder.path().join("result.xml");
    let junit_path = junit.to_str().unwrap();
    let options = ["--json", "--until", "9", "--junit", junit_path];
    let finished = examine(&options, &our_leecher());
    finished.expect_code(0);
    let said = read(&finished);
    // A machine may have none.
    passes_all(&said, &["tracker/ipv6"]);

    let last = finished.stdout.lines().last().unwrap();
    let last: serde_json::Value = serde_json::from_str(last).unwrap();
    assert_eq!(last["event"], "examined");
    assert_eq!(last["ok"], with(&said, "ok").len());
    let xml = std::fs::read_to_string(junit).unwrap();
    assert_eq!(xml.matches("<testcase ").count(), said.len());
    assert!(!xml.contains("<failure"), "{xml}");
}

#[test]
fn our_own_client_passes_all_among_many_peers_that_call_it_and_started_again() {
    let options = ["--only", "peers,lasting,inbound", "--jobs", "12"];
    let said = said(&options, &our_leecher());
    passes_all(&said, NOT_SEEN);
}

/// UDP trackers, magnet links, peer exchange, the DHT, the fast extension and encryption.
#[test]
fn our_own_client_passes_all_that_the_swarm_of_today_asks() {
    let words = [
        "download",
        "{torrent}",
        "{magnet}",
        "--output",
        "{output}",
        "--port",
        "{port}",
        "--dht-router",
        "{router}",
    ];
    let stages = "udp-tracker,magnet,peer-exchange,dht,fast,encryption";
    let said = said(&["--only", stages, "--jobs", "8"], &ours(&words));
    passes_all(&said, &[]);
}

#[test]
fn our_own_seeder_passes_all_of_it() {
    let command = ours(&["seed", "{torrent}", "--data", "{data}", "--port", "{port}"]);
    let said = said(&["--seeder", "--jobs", "8"], &command);
    let unknown: &[&str] = if cfg!(target_os = "linux") {
        &[]
    } else {
        &["seeding/flood"]
    };
    passes_all(&said, unknown);
}

/// The plain client at the end of a chapter: it passes what belongs to the chapters so far.
#[track_caller]
fn passes(file: &str, words: &[&str], chapter: &str) {
    let Some(command) = python(plain(file), words) else {
        return;
    };
    let said = said(&["--until", chapter], &command);
    assert_eq!(with(&said, "wrong"), [] as [String; 0], "{said:#?}");
    assert!(with(&said, "ok").len() >= 4, "{said:#?}");
}

#[test]
fn the_plain_client_of_chapter_2_reads_torrents() {
    passes("ch02_metainfo.py", &["{torrent}"], "2");
}

#[test]
fn the_plain_client_of_chapter_5_shakes_hands() {
    passes("ch05_handshake.py", &["{torrent}"], "5");
}

/// It fetches one piece, and is told of no folder.
#[test]
fn the_plain_client_of_chapter_8_ends_badly_when_its_piece_is_wrong_and_only_then() {
    let Some(command) = python(plain("ch08_sha1.py"), &["{torrent}", "0"]) else {
        return;
    };
    let runs = ["--only", "nothing-good,blocks/honest"];
    let said = said(&runs, &command);
    assert_eq!(
        with(&said, "ok"),
        [
            "blocks/once",
            "blocks/sizes",
            "hashes/let-go",
            "hashes/nothing-good"
        ],
        "{said:#?}"
    );
    assert_eq!(
        with(&said, "skipped"),
        ["blocks/end", "blocks/whole"],
        "{said:#?}"
    );
}

#[test]
fn the_plain_client_of_chapter_9_downloads() {
    let words = ["{torrent}", "{output}"];
    let Some(command) = python(plain("ch09_files.py"), &words) else {
        return;
    };
    let said = said(&["--until", "9"], &command);
    assert_eq!(with(&said, "wrong"), [] as [String; 0], "{said:#?}");
    // What it leaves out is seen: the book says so where it does. A machine may have no IPv6, or be so slow that `interested`
    // comes late enough.
    let mut odd = with(&said, "odd");
    odd.retain(|check| !["tracker/ipv6", "messages/interest"].contains(&check.as_str()));
    assert_eq!(
        odd,
        [
            "blocks/big",
            "blocks/cuts",
            "messages/wrong-size",
            "tracker/completed",
            "tracker/stopped",
            "tracker/tiers"
        ],
        "{said:#?}"
    );
}

#[test]
fn the_plain_client_of_chapter_12_downloads_from_many() {
    passes("ch12_async.py", &["{torrent}", "{output}"], "12");
}

#[test]
fn the_plain_client_of_chapter_14_goes_on() {
    let words = ["{torrent}", "{output}", "{output}.note"];
    let Some(command) = python(plain("ch14_resume.py"), &words) else {
        return;
    };
    let said = said(&["--only", "lasting"], &command);
    passes_all(&said, NOT_SEEN);
}

#[test]
fn the_plain_client_of_chapter_16_passes_all_that_there_is_for_it() {
    let words = ["{torrent}", "{output}", "{port}", "60"];
    let Some(command) = python(plain("ch16_trade.py"), &words) else {
        return;
    };
    let options = ["--only", "blocks,files,peers,inbound", "--jobs", "12"];
    let said = said(&options, &command);
    assert_eq!(with(&said, "wrong"), [] as [String; 0], "{said:#?}");
    assert!(with(&said, "ok").len() > 25, "{said:#?}");
}

#[test]
fn the_plain_seeder_of_chapter_16_gives() {
    let words = ["{torrent}", "{data}", "{port}", "1000"];
    let Some(command) = python(plain("ch16_seed.py"), &words) else {
        return;
    };
    let said = said(&["--seeder", "--jobs", "8"], &command);
    assert_eq!(with(&said, "wrong"), [] as [String; 0], "{said:#?}");
    assert!(with(&said, "ok").len() > 8, "{said:#?}");
}
