//! Magnet links in the client: followed to real clients and to the lab, and by real clients to ours.

use std::fs;
use std::path::{Path, PathBuf};

use kostorrent_tests::clients::{OpenTracker, aria2, libtorrent, transmission};
use kostorrent_tests::payload::Payload;
use kostorrent_tests::process::{Finished, Process};
use kostorrent_tests::{json, kostorrent, ports, temp, wait};
use pretty_assertions::assert_eq;
use tempfile::TempDir;

/// A torrent whose metadata have several blocks, its files, and a tracker that knows it.
struct Swarm {
    tracker: OpenTracker,
    payload: Payload,
    torrent: PathBuf,
    link: String,
    info_hash: [u8; 20],
    full: TempDir,
}

impl Swarm {
    fn new() -> Option<Swarm> {
        let port = OpenTracker::available()?;
        let full = temp();
        let files = (0..900).map(|number| {
            let name = format!("a folder with a name/file number {number}");
            (name, 1 + number * 37 % 5_000)
        });
        let payload = Payload::multi("by a link", files);
        payload.write(full.path());
        let described = payload.torrent(16_384, &[&[&port.url()]]);
        let torrent = full.path().join("the.torrent");
        described.write(&torrent);
        let info_hash = described.info_hash();
        Some(Swarm {
            link: link_of(&torrent),
            tracker: port.start(&[info_hash]),
            payload,
            torrent,
            info_hash,
            full,
        })
    }

    fn until(&self, seeders: u64, leechers: u64) {
        self.tracker.until_counts(self.info_hash, seeders, leechers);
    }

    /// Follows the link with our client and checks every file.
    fn follow(&self) {
        let folder = temp();
        let finished = kostorrent::download_all(Path::new(&self.link), folder.path());
        let events = json::events(&finished.stdout);
        assert_eq!(events.first().map(String::as_str), Some("magnet"));
        assert!(events.contains(&"start".to_owned()));
        self.payload.assert_in(folder.path());
    }

    /// Starts our seeder, and waits until the tracker knows it.
    fn seed(&self) -> Process {
        let (seeder, _) = kostorrent::start_seed(&self.torrent, self.full.path());
        self.until(1, 0);
        seeder
    }
}

/// What `show` says is a torrent's link.
fn link_of(torrent: &Path) -> String {
    let shown = kostorrent::show(torrent);
    shown.expect_code(0);
    let shown: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    shown["magnet"].as_str().expect("a link").to_owned()
}

#[test]
fn a_link_is_followed_to_transmission() {
    let (Some(()), Some(swarm)) = (transmission::available(), Swarm::new()) else {
        return;
    };
    let _seeder = transmission::start(&swarm.torrent, swarm.full.path());
    swarm.until(1, 0);
    swarm.follow();
}

#[test]
fn a_link_is_followed_to_aria2() {
    let (Some(()), Some(swarm)) = (aria2::available(), Swarm::new()) else {
        return;
    };
    let _seeder = aria2::seed(&swarm.torrent, swarm.full.path());
    swarm.until(1, 0);
    swarm.follow();
}

#[test]
fn a_link_is_followed_to_libtorrent() {
    let (Some(python), Some(swarm)) = (libtorrent::available(), Swarm::new()) else {
        return;
    };
    let _seeder = libtorrent::seed(&python, &swarm.torrent, swarm.full.path());
    swarm.until(1, 0);
    swarm.follow();
}

#[test]
fn transmission_follows_a_link_to_us() {
    let (Some(()), Some(swarm)) = (transmission::available(), Swarm::new()) else {
        return;
    };
    let folder = temp();
    let _leecher = transmission::start(Path::new(&swarm.link), folder.path());
    swarm.until(0, 1); // it dials no loopback address: we find it at the tracker, and do
    let _seeder = kostorrent::start_seed(&swarm.torrent, swarm.full.path());
    let is_there = || swarm.payload.difference(folder.path(), false).is_none();
    wait::until_true("all files", is_there);
}

#[test]
fn aria2_follows_a_link_to_us() {
    let (Some(()), Some(swarm)) = (aria2::available(), Swarm::new()) else {
        return;
    };
    let _seeder = swarm.seed();
    let folder = temp();
    let leecher = aria2::download(Path::new(&swarm.link), folder.path());
    leecher.process.finish().expect_code(0);
    swarm.payload.assert_in(folder.path());
}

#[test]
fn libtorrent_takes_the_metadata_from_us() {
    let (Some(python), Some(swarm)) = (libtorrent::available(), Swarm::new()) else {
        return;
    };
    let _seeder = swarm.seed();
    let folder = temp();
    let finished = libtorrent::metadata(&python, &swarm.link, folder.path());
    let finished = finished.process.finish();
    finished.expect_code(0);
    assert!(finished.stdout.contains("METADATA"), "{}", finished.stdout);
}

/// The lab's torrent and link, and the lab.
fn lab(folder: &Path, more: &[&str]) -> (Process, PathBuf, String) {
    let mut command = kostorrent::lab(folder);
    command.args(["--port", "0", "--fast"]).args(more);
    let mut lab = Process::start("kostorrent lab", &mut command);
    let torrent = lab.until_line("the lab", |line| {
        let (_, torrent) = line.strip_prefix("READY ")?.split_once(' ')?;
        Some(PathBuf::from(torrent))
    });
    let said = lab.stdout();
    let link = said
        .lines()
        .find_map(|line| line.trim().strip_prefix("magnet "));
    let link = link.expect("a link").trim().to_owned();
    assert_eq!(link, link_of(&torrent));
    (lab, torrent, link)
}

fn follow(link: &str, folder: &Path, more: &[&str]) -> Finished {
    let mut command = kostorrent::download(Path::new(link), folder);
    Process::run("kostorrent download", command.args(more))
}

#[test]
fn the_link_of_the_lab_leads_to_what_its_torrent_file_does() {
    let folder = temp();
    let (_lab, torrent, link) = lab(folder.path(), &[]);
    let [by_link, shown] = [(); 2].map(|()| temp());
    follow(&link, by_link.path(), &[]).expect_code(0);
    kostorrent::verify(&torrent, by_link.path()).expect_code(0);
    // The same once more finds everything there.
    let again = follow(&link, by_link.path(), &[]);
    again.expect_code(0);
    let complete = json::lines(&again.stdout);
    let complete = complete.iter().find(|event| event["event"] == "complete");
    assert_eq!(complete.unwrap()["downloaded"], 0);
    // What is written of it is a torrent like any other.
    let file = shown.path().join("a.torrent");
    let output = file.to_str().unwrap();
    let show = kostorrent::run(["show", &link, "--no-dht", "--output", output]);
    show.expect_code(0);
    assert!(show.stdout.starts_with("name          kostorrent-sample\n"));
    kostorrent::verify(&file, by_link.path()).expect_code(0);
    let piped = kostorrent::run(["show", &link, "--no-dht", "--output", "-"]);
    assert_eq!(piped.stdout.as_bytes().first(), Some(&b'd'));
    let again = kostorrent::run(["show", &link, "--no-dht", "--output", output]);
    again.expect_code(1);
    assert!(again.stderr.contains("--force"), "{}", again.stderr);
}

#[test]
fn a_link_says_which_files_are_wanted_and_the_user_says_better() {
    let folder = temp();
    let (_lab, _, link) = lab(folder.path(), &[]);
    let some = format!("{link}&so=0");
    let wanted = |more: &[&str]| {
        let to = temp();
        let finished = follow(&some, to.path(), more);
        finished.expect_code(0);
        let lines = json::lines(&finished.stdout);
        let start = lines.iter().find(|event| event["event"] == "start");
        start.unwrap()["total_length"].as_u64().unwrap()
    };
    let (first, all) = (wanted(&[]), wanted(&["--files", "*"]));
    assert!(first < all, "{first} of {all}");
}

#[test]
fn among_trouble_makers_a_link_is_followed_all_the_same() {
    let folder = temp();
    let (_lab, torrent, link) = lab(folder.path(), &["--trouble"]);
    let to = temp();
    follow(&link, to.path(), &[]).expect_code(0);
    kostorrent::verify(&torrent, to.path()).expect_code(0);
}

#[test]
fn a_link_among_files_and_the_same_torrent_twice() {
    let folder = temp();
    let (_lab, torrent, link) = lab(folder.path(), &[]);
    let to = temp();
    let mut command = kostorrent::download(Path::new(&link), to.path());
    let finished = Process::run("kostorrent download", command.arg(&torrent));
    finished.expect_code(0);
    let said = format!("{}{}", finished.stdout, finished.stderr);
    assert!(said.contains("is the same torrent as"), "{said}");
    kostorrent::verify(&torrent, to.path()).expect_code(0);
}

#[test]
fn a_link_that_leads_nowhere_says_so() {
    let hash = "a".repeat(40);
    let nobody = format!("127.0.0.1:{}", ports::free());
    let link = format!("magnet:?xt=urn:btih:{hash}&x.pe={nobody}");
    let to = temp();
    let finished = follow(&link, to.path(), &[]);
    finished.expect_code(1);
    assert!(
        finished.stderr.contains("no address answered"),
        "{}",
        finished.stderr
    );
    assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0);
    for (bad, word) in [
        ("magnet:?dn=nothing", "xt"),
        ("magnet:?xt=urn:btih:12", "btih"),
    ] {
        let finished = follow(bad, to.path(), &[]);
        finished.expect_code(1);
        assert!(finished.stderr.contains(word), "{}", finished.stderr);
    }
    let seed = kostorrent::run(["seed", &link, "--data", "."]);
    seed.expect_code(2);
    assert!(seed.stderr.contains("kostorrent show"), "{}", seed.stderr);
}

#[test]
fn an_interrupted_search_for_metadata_says_what_it_was() {
    let (listener, hash) = (
        std::net::TcpListener::bind("127.0.0.1:0").unwrap(),
        "b".repeat(40),
    );
    // It takes the call and says nothing.
    let silent = listener.local_addr().unwrap();
    let link = format!("magnet:?xt=urn:btih:{hash}&x.pe={silent}&dn=nobody%20knows");
    let to = temp();
    let mut client = kostorrent::start_download(Path::new(&link), to.path());
    client.until_line("its search", |line| {
        line.contains("\"metadata\"").then_some(())
    });
    client.interrupt();
    let finished = client.finish();
    finished.expect_code(130);
    assert!(
        finished.stderr.contains("the metadata"),
        "{}",
        finished.stderr
    );
}

#[test]
fn the_demo_begins_with_a_link() {
    let folder = temp();
    let to = folder.path().join("demo");
    let mut command = kostorrent::command(["demo", "--magnet", "--fast", "--json", "--output"]);
    let finished = Process::run("kostorrent demo", command.arg(&to));
    finished.expect_code(0);
    let events = json::events(&finished.stdout);
    assert_eq!(events.first().map(String::as_str), Some("magnet"));
    assert!(events.contains(&"complete".to_owned()));
}
