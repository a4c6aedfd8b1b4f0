//! Trackers that are slow or refuse, peers that are named, and the only peer that there is.

use std::path::{Path, PathBuf};

use kostorrent_tests::payload::Payload;
use kostorrent_tests::peer::{Manner, Seeder};
use kostorrent_tests::process::{Finished, Process};
use kostorrent_tests::tracker::{Answer, Tracker};
use kostorrent_tests::{json, kostorrent, programs, temp};
use pretty_assertions::assert_eq;
use tempfile::TempDir;

/// A payload of sixteen pieces, a seeder of it, and a folder for its torrent.
struct Swarm {
    payload: Payload,
    seeder: Seeder,
    folder: TempDir,
}

impl Swarm {
    fn new(name: &str, manner: Manner) -> Swarm {
        let payload = Payload::single(name, 16 * 65_536);
        let seeder = Seeder::start(&payload.torrent(65_536, &[]), payload.bytes(), manner);
        let folder = temp();
        Swarm {
            payload,
            seeder,
            folder,
        }
    }

    /// The torrent with these trackers, each a tier.
    fn torrent(&self, trackers: &[&Tracker]) -> PathBuf {
        let urls: Vec<String> = trackers.iter().map(|tracker| tracker.url()).collect();
        let tiers: Vec<Vec<&str>> = urls.iter().map(|url| vec![url.as_str()]).collect();
        let tiers: Vec<&[&str]> = tiers.iter().map(Vec::as_slice).collect();
        let path = self.folder.path().join("the.torrent");
        self.payload.torrent(65_536, &tiers).write(&path);
        path
    }

    /// A download with these trackers and options.
    fn download(&self, trackers: &[&Tracker], options: &[&str]) -> Finished {
        let torrent = self.torrent(trackers);
        let mut command = kostorrent::download(&torrent, self.folder.path());
        Process::run("kostorrent download", command.args(options))
    }

    fn expect_complete(&self, finished: &Finished) {
        finished.expect_code(0);
        self.payload.assert_in(self.folder.path());
    }
}

#[test]
fn silent_trackers_are_not_waited_for() {
    let swarm = Swarm::new("silent.bin", Manner::default());
    let silent = [(); 2].map(|()| Tracker::start(Answer::Silence));
    let good = Tracker::naming(&[swarm.seeder.address()]);
    let finished = swarm.download(&[&silent[0], &silent[1], &good], &[]);
    swarm.expect_complete(&finished);
    // Nobody has waited so long that a tracker was given up.
    let events = json::events(&finished.stdout);
    assert!(!events.contains(&"tracker_failed".to_owned()), "{events:?}");
    assert_eq!(good.events(), ["started", "completed", "stopped"]);
    for silent in silent {
        assert_eq!(silent.events(), ["started"]);
    }
}

#[test]
fn a_busy_tracker_says_when_to_come_back_and_the_next_is_asked() {
    let swarm = Swarm::new("busy.bin", Manner::default());
    let busy = Tracker::start(Answer::Http(
        "503 Service Unavailable",
        "Retry-After: 3600\r\n",
        Vec::new(),
    ));
    let good = Tracker::naming(&[swarm.seeder.address()]);
    let finished = swarm.download(&[&busy, &good], &[]);
    swarm.expect_complete(&finished);
    assert!(
        finished
            .stdout
            .contains("it wants to be asked again in 60 min"),
        "{}",
        finished.stdout
    );
    assert_eq!(busy.events(), ["started"]);
}

#[test]
fn when_the_only_tracker_never_wants_to_be_asked_again_it_ends_with_its_words() {
    let swarm = Swarm::new("never.bin", Manner::default());
    let body = b"d14:failure reason13:Not a tracker8:retry in5:nevere";
    let tracker = Tracker::start(Answer::Body(body.to_vec()));
    let finished = swarm.download(&[&tracker], &[]);
    finished.expect_code(1);
    assert!(
        finished.stderr.contains("Not a tracker"),
        "{}",
        finished.stderr
    );
    assert_eq!(finished.stderr.lines().count(), 1, "{}", finished.stderr);
    assert_eq!(tracker.events(), ["started"]);
}

#[test]
fn trackers_are_asked_through_the_proxy_of_the_environment_and_peers_are_not() {
    let swarm = Swarm::new("proxy.bin", Manner::default());
    let proxy = Tracker::naming(&[swarm.seeder.address()]);
    let torrent = swarm.folder.path().join("the.torrent");
    let tiers: &[&[&str]] = &[&["http://tracker.test/announce"]];
    swarm.payload.torrent(65_536, tiers).write(&torrent);
    let download = |value: &str, folder: &Path| {
        let mut command = kostorrent::download(&torrent, folder);
        for variable in ["NO_PROXY", "no_proxy", "http_proxy"] {
            command.env_remove(variable);
        }
        command.env("HTTP_PROXY", value);
        command
    };
    let address = proxy.url().replace("/announce", "");
    let finished = Process::run(
        "kostorrent download",
        &mut download(&address, swarm.folder.path()),
    );
    swarm.expect_complete(&finished);
    assert_eq!(proxy.events(), ["started", "completed", "stopped"]);

    // One that cannot be used is named, and the tracker is not asked without it.
    let folder = temp();
    let mut command = download("gopher://127.0.0.1:1", folder.path());
    let mut client = Process::start("kostorrent download", &mut command);
    client.until_line("the proxy is named", |line| {
        let told = line.contains("tracker_failed") && line.contains("HTTP_PROXY");
        told.then_some(())
    });
}

#[test]
fn the_only_seeder_may_send_one_bad_piece() {
    let manner = Manner {
        spoils: Some(30),
        ..Manner::default()
    };
    let swarm = Swarm::new("doubt.bin", manner);
    let peer = swarm.seeder.address().to_string();
    let finished = swarm.download(&[], &["--peer", &peer]);
    swarm.expect_complete(&finished);
    let events = json::events(&finished.stdout);
    assert!(events.contains(&"peer_doubted".to_owned()), "{events:?}");
    assert!(!events.contains(&"peer_banned".to_owned()), "{events:?}");
    assert_eq!(swarm.seeder.seen().blocks, 16 * 4 + 4);
}

#[test]
fn a_peer_may_be_named_by_its_hosts_name() {
    let swarm = Swarm::new("named.bin", Manner::default());
    let peer = format!("localhost:{}", swarm.seeder.address().port());
    swarm.expect_complete(&swarm.download(&[], &["--peer", &peer]));

    let mut command = kostorrent_tests::process::command(programs::step("step09-file-layout"));
    let folder = temp();
    command
        .arg(swarm.torrent(&[]))
        .arg("--output")
        .arg(folder.path());
    let finished = Process::run("step09", command.args(["--peer", &peer]));
    finished.expect_code(0);
    swarm.payload.assert_in(folder.path());
}

#[test]
fn a_name_that_leads_nowhere_is_named() {
    let swarm = Swarm::new("nowhere.bin", Manner::default());
    let finished = swarm.download(&[], &["--peer", "nobody.invalid:6881"]);
    finished.expect_code(1);
    assert!(
        finished.stderr.contains("nobody.invalid"),
        "{}",
        finished.stderr
    );

    // With somebody else it is no more than a notice.
    let peer = swarm.seeder.address().to_string();
    let options = ["--peer", "nobody.invalid:6881", "--peer", &peer];
    swarm.expect_complete(&swarm.download(&[], &options));
}

#[test]
fn an_address_that_cannot_be_one_is_wrong_usage_and_told_how_to_write_it() {
    let swarm = Swarm::new("wrong.bin", Manner::default());
    for (peer, told) in [
        ("::1:1234", "`[::1]:1234`"),
        ("1.2.3.4", "`1.2.3.4:PORT`"),
        ("localhost:0", "from 1 to 65535"),
        ("localhost:70000", "from 1 to 65535"),
    ] {
        let finished = swarm.download(&[], &["--peer", peer]);
        finished.expect_code(2);
        assert!(
            finished.stderr.contains(told),
            "{peer}: {}",
            finished.stderr
        );
    }
}
