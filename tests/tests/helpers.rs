//! The helpers themselves, tested without our client: what they send is what real clients expect.

use kostorrent_tests::clients::{OpenTracker, aria2, libtorrent, transmission};
use kostorrent_tests::payload::Payload;
use kostorrent_tests::peer::{Manner, Seeder};
use kostorrent_tests::tracker::Tracker;
use kostorrent_tests::{temp, wait};

#[test]
fn a_real_client_downloads_from_the_scripted_seeder() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    let payload = Payload::odd("scripted");
    let seeder = Seeder::start(
        &payload.torrent(32_768, &[]),
        payload.bytes(),
        Manner::default(),
    );
    let tracker = Tracker::naming(&[seeder.address()]);
    let folder = temp();
    let torrent = folder.path().join("scripted.torrent");
    payload
        .torrent(32_768, &[&[&tracker.url()]])
        .write(&torrent);

    libtorrent::download(&python, &torrent, folder.path())
        .process
        .finish()
        .expect_code(0);

    payload.assert_in(folder.path());
    assert_eq!(
        seeder.seen().pieces().len(),
        payload.torrent(32_768, &[]).pieces.len()
    );
    assert_eq!(tracker.events()[0], "started");
}

#[test]
fn real_clients_find_each_other_by_a_real_tracker() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    let (Some(port), Some(())) = (OpenTracker::available(), aria2::available()) else {
        return;
    };
    let payload = Payload::odd("real");
    let (there, here) = (temp(), temp());
    payload.write(there.path());
    let described = payload.torrent(65_536, &[&[&port.url()]]);
    let torrent = there.path().join("real.torrent");
    described.write(&torrent);
    let tracker = port.start(&[described.info_hash()]);

    let _seeder = libtorrent::seed(&python, &torrent, there.path());
    tracker.until_counts(described.info_hash(), 1, 0);
    aria2::download(&torrent, here.path())
        .process
        .finish()
        .expect_code(0);

    payload.assert_in(here.path());
}

#[test]
fn transmission_checks_and_announces_what_it_seeds() {
    let (Some(port), Some(())) = (OpenTracker::available(), transmission::available()) else {
        return;
    };
    let payload = Payload::odd("transmission");
    let folder = temp();
    payload.write(folder.path());
    let described = payload.torrent(65_536, &[&[&port.url()]]);
    let torrent = folder.path().join("transmission.torrent");
    described.write(&torrent);
    let tracker = port.start(&[described.info_hash()]);

    let _seeder = transmission::start(&torrent, folder.path());

    tracker.until_counts(described.info_hash(), 1, 0);
}

#[test]
fn what_is_wrong_on_disk_is_seen() {
    let payload = Payload::multi("wrong", [("a".to_owned(), 10), ("b".to_owned(), 0)]);
    let folder = temp();
    assert!(payload.difference(folder.path(), true).is_some());
    payload.write(folder.path());
    assert_eq!(payload.difference(folder.path(), true), None);
    std::fs::remove_file(folder.path().join("wrong/b")).unwrap();
    assert!(payload.difference(folder.path(), true).is_some());
    assert_eq!(payload.difference(folder.path(), false), None);
    std::fs::write(folder.path().join("wrong/a"), [0; 10]).unwrap();
    assert!(
        payload
            .difference(folder.path(), false)
            .unwrap()
            .contains("differs")
    );
    wait::until_true("nothing", || true);
}
