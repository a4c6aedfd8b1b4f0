//! Trackers and web seeds.

use pretty_assertions::assert_eq;

use super::*;

fn beside(mut fields: Vec<(&'static str, Ben)>) -> Metainfo {
    fields.push(("info", Ben::Dict(single())));
    Metainfo::parse(&Ben::Dict(sorted(fields)).bytes()).unwrap()
}

fn tiers(list: &[&[&str]]) -> Ben {
    Ben::List(list.iter().map(|tier| path(tier)).collect())
}

#[test]
fn one_tracker_alone_is_one_tier() {
    assert_eq!(
        beside(vec![("announce", text("http://a"))]).announce,
        [["http://a"]]
    );
    assert!(beside(vec![]).announce.is_empty());
    assert!(beside(vec![("announce", text(""))]).announce.is_empty());
}

#[test]
fn the_list_wins_over_the_one_tracker() {
    let torrent = beside(vec![
        ("announce", text("http://alone")),
        (
            "announce-list",
            tiers(&[&["http://a", "udp://b"], &["http://c"]]),
        ),
    ]);
    assert_eq!(
        torrent.announce,
        [vec!["http://a", "udp://b"], vec!["http://c"]]
    );
}

#[test]
fn a_list_without_a_tracker_leaves_the_one() {
    for list in [
        tiers(&[]),
        tiers(&[&[]]),
        tiers(&[&["", " "]]),
        int(1),
        Ben::List(vec![int(1)]),
    ] {
        let torrent = beside(vec![
            ("announce", text("http://alone")),
            ("announce-list", list),
        ]);
        assert_eq!(torrent.announce, [["http://alone"]]);
    }
}

#[test]
fn a_flat_list_is_a_list_of_tiers() {
    let torrent = beside(vec![("announce-list", path(&["http://a", "http://b"]))]);
    assert_eq!(torrent.announce, [["http://a"], ["http://b"]]);
}

#[test]
fn trackers_are_named_once_and_without_spaces_around() {
    let list = tiers(&[
        &["http://a", " http://a\r\n"],
        &["http://a"],
        &["http://b "],
    ]);
    assert_eq!(
        beside(vec![("announce-list", list)]).announce,
        [["http://a"], ["http://b"]]
    );
}

#[test]
fn what_is_no_url_is_left_out() {
    let long = format!("http://{}", "a".repeat(5_000));
    let list = Ben::List(vec![
        text("http://a\x1b[2J"),
        Ben::Bytes(b"http://\xff".to_vec()),
        text(&long),
        int(1),
        text("http://b"),
    ]);
    let torrent = beside(vec![("url-list", list)]);
    assert_eq!(torrent.web_seeds, ["http://b"]);
    assert_eq!(
        torrent.warnings[0],
        "\"http://a\\u{1b}[2J\" in \"url-list\" is no URL; it is left out"
    );
    assert_eq!(torrent.warnings.len(), 4);
}

#[test]
fn web_seeds_are_one_or_a_list() {
    assert_eq!(
        beside(vec![("url-list", text("http://a/"))]).web_seeds,
        ["http://a/"]
    );
    let torrent = beside(vec![(
        "url-list",
        path(&["http://a/", "http://b/", "http://a/"]),
    )]);
    assert_eq!(torrent.web_seeds, ["http://a/", "http://b/"]);
    assert!(beside(vec![("url-list", text(""))]).web_seeds.is_empty());
    assert!(beside(vec![("url-list", path(&[]))]).web_seeds.is_empty());
}

#[test]
fn a_flood_of_trackers_is_kept_within_bounds() {
    let urls: Vec<String> = (0..3_000)
        .map(|number| format!("http://{number}"))
        .collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let torrent = beside(vec![("announce-list", tiers(&[&urls]))]);
    assert_eq!(torrent.announce[0].len(), 1_000);
    assert_eq!(torrent.warnings.len(), 51);
    assert_eq!(torrent.warnings[50], "1950 more oddities");
}
