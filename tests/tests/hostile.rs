//! Peers, trackers and folders that mean no good, or only behave oddly.

use std::fs;
use std::path::Path;

use kostorrent_tests::payload::Payload;
use kostorrent_tests::peer::{Manner, Seeder, fetch_at_once};
use kostorrent_tests::tracker::{Answer, Tracker};
use kostorrent_tests::{kostorrent, temp, wait};
use pretty_assertions::assert_eq;

/// Downloads a payload from seeders with these manners, and checks every file. Returns the seeders.
fn download_from(payload: &Payload, manners: Vec<Manner>) -> Vec<Seeder> {
    let folder = temp();
    let described = payload.torrent(65_536, &[]);
    let start = |manner| Seeder::start(&described, payload.bytes(), manner);
    let seeders: Vec<Seeder> = manners.into_iter().map(start).collect();
    let addresses: Vec<_> = seeders.iter().map(Seeder::address).collect();
    let tracker = Tracker::naming(&addresses);
    let torrent = folder.path().join("the.torrent");
    payload
        .torrent(65_536, &[&[&tracker.url()]])
        .write(&torrent);
    kostorrent::download_all(&torrent, folder.path());
    payload.assert_in(folder.path());
    seeders
}

#[test]
fn a_liar_is_found_out_and_not_asked_again() {
    let payload = Payload::single("lies.bin", 6_000_000);
    let liar = Manner {
        lies: true,
        rate: Some(2_000_000),
        ..Manner::default()
    };
    let honest = Manner {
        rate: Some(2_000_000),
        ..Manner::default()
    };
    let seeders = download_from(&payload, vec![liar, honest]);
    let blocks = payload.bytes().len().div_ceil(16_384);
    let (lies, all) = (
        seeders[0].seen().blocks as usize,
        seeders[1].seen().blocks as usize,
    );
    assert!(
        lies < blocks / 2,
        "the liar sent {lies} of {blocks} blocks, the honest one {all}"
    );
    assert!(
        seeders[0].seen().connections <= 2,
        "{:?} connections to the liar",
        seeders[0].seen().connections
    );
}

#[test]
fn three_liars_do_not_stop_the_one_who_is_honest() {
    let payload = Payload::odd("more lies");
    let liar = Manner {
        lies: true,
        ..Manner::default()
    };
    let honest = Manner {
        rate: Some(4_000_000),
        ..Manner::default()
    };
    download_from(&payload, vec![liar.clone(), liar.clone(), honest, liar]);
}

#[test]
fn a_peer_that_falls_silent_does_not_keep_its_blocks() {
    let payload = Payload::single("silence.bin", 6_000_000);
    let silent = Manner {
        silent_after: Some(3),
        ..Manner::default()
    };
    let honest = Manner {
        rate: Some(2_000_000),
        ..Manner::default()
    };
    download_from(&payload, vec![silent, honest]);
}

#[test]
fn a_peer_that_hangs_up_is_called_again() {
    let payload = Payload::single("hangs up.bin", 2_000_000);
    download_from(
        &payload,
        vec![Manner {
            close_after: Some(60),
            ..Manner::default()
        }],
    );
}

#[test]
fn a_choke_drops_requests_and_they_are_made_again() {
    let payload = Payload::single("choke.bin", 2_000_000);
    download_from(
        &payload,
        vec![Manner {
            choke_every: Some(10),
            ..Manner::default()
        }],
    );
}

#[test]
fn blocks_may_come_in_other_cuts() {
    for cut in [1_000, 4_096, 16_383] {
        download_from(
            &Payload::single("cuts.bin", 1_000_001),
            vec![Manner {
                cut: Some(cut),
                ..Manner::default()
            }],
        );
    }
}

#[test]
fn a_peer_may_tell_what_it_has_by_have_alone() {
    download_from(
        &Payload::odd("have"),
        vec![Manner {
            have_messages: true,
            ..Manner::default()
        }],
    );
}

#[test]
fn a_peer_may_send_its_bitfield_again() {
    let again = Manner {
        bitfield_every: Some(20),
        ..Manner::default()
    };
    let seeders = download_from(&Payload::odd("again"), vec![again]);
    assert_eq!(seeders[0].seen().connections, 1);
}

#[test]
fn a_seeder_answers_all_that_it_is_asked_at_once() {
    // Transmission asks for what ten seconds at the present rate will bring: thousands of blocks.
    let payload = Payload::single("at once.bin", 4_000_000);
    let (full, tracker) = (temp(), Tracker::naming(&[]));
    payload.write(full.path());
    let described = payload.torrent(65_536, &[&[&tracker.url()]]);
    let torrent = full.path().join("at once.torrent");
    described.write(&torrent);
    let (_seeder, address) = kostorrent::start_seed(&torrent, full.path());
    tracker.until_event("started");
    let bytes = fetch_at_once(address, &described, 1024).expect("an answer to each request");
    assert!(bytes == *payload.bytes(), "the bytes differ");
}

#[test]
fn two_halves_make_a_whole() {
    let even = Manner {
        only: Some(|piece| piece % 2 == 0),
        ..Manner::default()
    };
    let odd = Manner {
        only: Some(|piece| piece % 2 == 1),
        ..Manner::default()
    };
    let seeders = download_from(&Payload::odd("halves"), vec![even, odd]);
    assert!(
        seeders[0]
            .seen()
            .pieces()
            .iter()
            .all(|piece| piece % 2 == 0)
    );
    assert!(
        seeders[1]
            .seen()
            .pieces()
            .iter()
            .all(|piece| piece % 2 == 1)
    );
}

#[cfg(unix)]
#[test]
fn planted_links_lead_nowhere() {
    use std::os::unix::fs::symlink;

    // Each plants one link to something outside before the download starts.
    type Plant = fn(&Path, &Path);

    let payload = Payload::odd("links");
    let plants: [(&str, Plant); 4] = [
        ("the torrent's folder", |inside, outside| {
            symlink(outside, inside.join("links")).unwrap()
        }),
        ("a folder in it", |inside, outside| {
            fs::create_dir(inside.join("links")).unwrap();
            symlink(outside, inside.join("links/a")).unwrap();
        }),
        ("a file in it", |inside, outside| {
            fs::create_dir(inside.join("links")).unwrap();
            symlink(outside.join("precious"), inside.join("links/large.bin")).unwrap();
        }),
        ("a file that is not there yet", |inside, outside| {
            fs::create_dir(inside.join("links")).unwrap();
            symlink(outside.join("new"), inside.join("links/block.bin")).unwrap();
        }),
    ];
    for (what, plant) in plants {
        let (folder, outside) = (temp(), temp());
        fs::write(outside.path().join("precious"), "precious").unwrap();
        plant(folder.path(), outside.path());
        let seeder = Seeder::start(
            &payload.torrent(65_536, &[]),
            payload.bytes(),
            Manner::default(),
        );
        let tracker = Tracker::naming(&[seeder.address()]);
        let torrent = folder.path().join("links.torrent");
        payload
            .torrent(65_536, &[&[&tracker.url()]])
            .write(&torrent);

        let finished = kostorrent::start_download(&torrent, folder.path()).finish();

        let left: Vec<_> = fs::read_dir(outside.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["precious"], "{what}");
        assert_eq!(
            fs::read(outside.path().join("precious")).unwrap(),
            b"precious",
            "{what}"
        );
        match finished.code() {
            Some(0) => payload.assert_in(folder.path()),
            Some(1) => assert_eq!(
                finished.stderr.trim_end().lines().count(),
                1,
                "{what}: {}",
                finished.stderr
            ),
            other => panic!("{what}: {other:?}\n{}", finished.stderr),
        }
    }
}

#[test]
fn links_that_lead_outside_are_left_out() {
    use kostorrent_tests::torrent::{Files, Torrent};
    let payload = Payload::odd("t");
    let parts = |path: &str| path.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let folder = temp();
    let inside = folder.path().join("deep/inside");
    fs::create_dir_all(&inside).unwrap();
    let mut bare = payload.torrent(16_384, &[]);
    let links = vec![
        (parts("up"), parts(".. .. deep")),
        (parts("absolute"), parts("/tmp")),
        (parts("folder parent"), parts("..")),
    ];
    if let Files::Multi(files) = bare.files {
        bare.files = Files::Linked(files, links);
    }
    let seeder = Seeder::start(&bare, payload.bytes(), Manner::default());
    let tracker = Tracker::naming(&[seeder.address()]);
    let torrent = folder.path().join("links.torrent");
    Torrent {
        trackers: vec![vec![tracker.url()]],
        ..bare
    }
    .write(&torrent);

    let finished = kostorrent::run([
        "download".as_ref(),
        torrent.as_os_str(),
        "--output".as_ref(),
        inside.as_os_str(),
    ]);

    finished.expect_code(0);
    payload.assert_in(&inside);
    for link in ["up", "absolute", "folder"] {
        let place = inside.join("t").join(link);
        assert!(place.symlink_metadata().is_err(), "{link} is there");
        assert!(
            finished.stderr.contains(&format!("\"t/{link}")),
            "{link} is not told of:\n{}",
            finished.stderr
        );
    }
}

#[test]
fn a_torrent_whose_paths_lead_outside_stays_inside() {
    use kostorrent_tests::torrent::{Files, Torrent};
    let payload = Payload::single("x", 60_000);
    let parts = |path: &[&str]| path.iter().map(|&part| part.to_owned()).collect::<Vec<_>>();
    let paths = [
        parts(&["..", "..", "escaped"]),
        parts(&["", "etc", "escaped"]),
        parts(&["a", "..", "..", "escaped"]),
        parts(&["/tmp/escaped"]),
        parts(&["..\\escaped"]),
        parts(&["nul\0byte"]),
    ];
    for path in paths {
        let folder = temp();
        let inside = folder.path().join("deep/inside");
        fs::create_dir_all(&inside).unwrap();
        let bare = Torrent {
            name: "..".to_owned(),
            files: Files::Multi(vec![(path.clone(), 60_000)]),
            ..payload.torrent(16_384, &[])
        };
        let seeder = Seeder::start(&bare, payload.bytes(), Manner::default());
        let tracker = Tracker::naming(&[seeder.address()]);
        let torrent = folder.path().join("escape.torrent");
        Torrent {
            trackers: vec![vec![tracker.url()]],
            ..bare
        }
        .write(&torrent);

        let finished = kostorrent::start_download(&torrent, &inside).finish();

        assert!(
            matches!(finished.code(), Some(0 | 1)),
            "{path:?}: {:?}\n{}",
            finished.status,
            finished.stderr
        );
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["deep", "escape.torrent"], "{path:?}");
        let beside: Vec<_> = fs::read_dir(folder.path().join("deep"))
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        assert_eq!(beside, ["inside"], "{path:?}");
        assert!(!Path::new("/tmp/escaped").exists());
    }
}

#[test]
fn a_tracker_that_fails_gives_way_to_the_next_tier() {
    let payload = Payload::single("tiers.bin", 500_000);
    let seeder = Seeder::start(
        &payload.torrent(65_536, &[]),
        payload.bytes(),
        Manner::default(),
    );
    let good = Tracker::naming(&[seeder.address()]);
    let failing = Tracker::start(Answer::Failure("this torrent is not for you".to_owned()));
    let rubbish = Tracker::start(Answer::Body(b"<html>It works!</html>".to_vec()));
    let nobody = "http://127.0.0.1:1/announce";
    for first in [
        vec![failing.url()],
        vec![rubbish.url()],
        vec![nobody.to_owned()],
        vec![failing.url(), rubbish.url()],
    ] {
        let folder = temp();
        let torrent = folder.path().join("tiers.torrent");
        let tier: Vec<&str> = first.iter().map(String::as_str).collect();
        payload
            .torrent(65_536, &[&tier, &[&good.url()]])
            .write(&torrent);
        kostorrent::download_all(&torrent, folder.path());
        payload.assert_in(folder.path());
    }
    assert_eq!(
        failing.events().first().map(String::as_str),
        Some("started")
    );
}

#[test]
fn with_no_tracker_and_no_peer_left_it_fails_with_a_sentence() {
    let folder = temp();
    let torrent = folder.path().join("nobody.torrent");
    Payload::single("nobody.bin", 100_000)
        .torrent(16_384, &[])
        .write(&torrent);
    let finished = kostorrent::start_download(&torrent, folder.path()).finish();
    finished.expect_code(1);
    assert_eq!(
        finished.stderr.trim_end().lines().count(),
        1,
        "{}",
        finished.stderr
    );
}

#[test]
fn peers_that_come_later_are_found_by_asking_the_tracker_again() {
    let payload = Payload::single("later.bin", 500_000);
    let folder = temp();
    let tracker = Tracker::start(Answer::Peers(Vec::new(), 1));
    let described = payload.torrent(65_536, &[&[&tracker.url()]]);
    let torrent = folder.path().join("later.torrent");
    described.write(&torrent);
    let client = kostorrent::start_download(&torrent, folder.path());
    tracker.until_event("started");
    let seeder = Seeder::start(&described, payload.bytes(), Manner::default());
    tracker.answer(Answer::Peers(vec![seeder.address()], 1));
    client.finish().expect_code(0);
    payload.assert_in(folder.path());
}

#[test]
fn a_peer_may_be_named_on_the_command_line() {
    let payload = Payload::odd("named");
    let described = payload.torrent(65_536, &[]);
    let seeder = Seeder::start(&described, payload.bytes(), Manner::default());
    let folder = temp();
    let torrent = folder.path().join("named.torrent");
    described.write(&torrent);
    let mut command = kostorrent::download(&torrent, folder.path());
    command.arg("--peer").arg(seeder.address().to_string());
    kostorrent_tests::process::Process::run("kostorrent download --peer", &mut command)
        .expect_code(0);
    payload.assert_in(folder.path());
}

#[test]
fn its_own_address_from_the_tracker_does_no_harm() {
    let payload = Payload::single("self.bin", 500_000);
    let described = payload.torrent(65_536, &[]);
    let slow = Manner {
        rate: Some(500_000),
        ..Manner::default()
    };
    let seeder = Seeder::start(&described, payload.bytes(), slow);
    let tracker = Tracker::naming(&[]);
    let folder = temp();
    let torrent = folder.path().join("self.torrent");
    payload
        .torrent(65_536, &[&[&tracker.url()]])
        .write(&torrent);
    let port = kostorrent_tests::ports::free();
    let own = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    tracker.answer(Answer::Peers(vec![own, seeder.address()], 1800));
    let mut command = kostorrent::download(&torrent, folder.path());
    command.args(["--port", &port.to_string()]);
    kostorrent_tests::process::Process::run("kostorrent download", &mut command).expect_code(0);
    payload.assert_in(folder.path());
    assert_eq!(tracker.announces()[0].port, port);
}

#[test]
fn strangers_at_the_door_do_not_disturb_a_seeder() {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;

    let payload = Payload::odd("door");
    let (full, folder) = (temp(), temp());
    payload.write(full.path());
    let tracker = Tracker::naming(&[]);
    let torrent = full.path().join("door.torrent");
    payload
        .torrent(65_536, &[&[&tracker.url()]])
        .write(&torrent);
    let (_seeder, address) = kostorrent::start_seed(&torrent, full.path());
    tracker.until_event("started");

    // Who begins an exchange of keys that cannot become one is sent away: with a key that makes a secret which everybody
    // knows, at once and without an answer; with rubbish, when there is too much of it.
    let closed = |bytes: &[u8]| {
        let mut stranger = wait::until("the seeder's port", || TcpStream::connect(address).ok());
        // It may be hung up on before it has sent everything.
        let _ = stranger.write_all(bytes);
        let mut rest = Vec::new();
        let _ = stranger.read_to_end(&mut rest);
        rest.len()
    };
    assert_eq!(closed(&[0; 96]), 0);
    // It may have got our key before.
    assert!(closed(&[0x9c; 1_000]) <= 96 + 512);
    // Others say nothing, or HTTP, or half a key, or no more than a key, or ask for another torrent.
    let mut open = vec![TcpStream::connect(address).unwrap()];
    for bytes in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &[0x9c; 50],
        &[0x9c; 96],
        b"\x13BitTorrent protocol\0\0\0\0\0\0\0\0another info-hash...-XX0001-abcdefghijkl",
    ] {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(bytes).unwrap();
        open.push(stream);
    }

    let mut command = kostorrent::download(&torrent, folder.path());
    command.arg("--peer").arg(address.to_string());
    kostorrent_tests::process::Process::run("kostorrent download", &mut command).expect_code(0);
    payload.assert_in(folder.path());
    drop(open);
}

#[test]
fn without_encryption_who_encrypts_is_sent_away_at_the_first_byte() {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;

    let (payload, full) = (Payload::single("first byte.bin", 100_000), temp());
    payload.write(full.path());
    let torrent = full.path().join("first byte.torrent");
    payload.torrent(65_536, &[]).write(&torrent);
    let options = ["--encryption", "off"];
    let (_seeder, address) = kostorrent::seed_with(&torrent, full.path(), &options);
    let mut stranger = wait::until("the seeder's port", || TcpStream::connect(address).ok());
    stranger.write_all(&[0x9c]).unwrap();
    let mut rest = Vec::new();
    let closed = stranger.read_to_end(&mut rest);
    assert!(closed.is_err() || rest.is_empty(), "{rest:?}");
}

#[test]
fn seeding_what_is_not_all_there_is_refused_with_a_sentence() {
    let (payload, full) = (Payload::single("lacking.bin", 1_000_000), temp());
    let mut bytes = payload.bytes().to_vec();
    bytes[100_000] ^= 1;
    fs::write(full.path().join("lacking.bin"), bytes).unwrap();
    let torrent = full.path().join("lacking.torrent");
    payload.torrent(65_536, &[]).write(&torrent);
    let finished = kostorrent::start_seed(&torrent, full.path()).0.finish();
    finished.expect_code(1);
    assert!(
        finished.stderr.contains("1 of 16 pieces"),
        "{}",
        finished.stderr
    );
    assert_eq!(
        finished.stderr.trim_end().lines().count(),
        1,
        "{}",
        finished.stderr
    );
}
