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
        warnings(&torrent)[0],
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
    assert_eq!(
        warnings(&torrent),
        ["\"announce-list\" has more than 1000 URLs; the rest is left out"]
    );
    let torrent = beside(vec![("announce-list", path(&urls))]);
    assert_eq!(torrent.announce.len(), 1_000, "each a tier");
    assert_eq!(torrent.warnings.len(), 1);
}

#[test]
fn exactly_as_many_trackers_as_are_kept_are_no_flood() {
    let urls: Vec<String> = (0..1_000)
        .map(|number| format!("http://{number}"))
        .collect();
    let mut urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    urls.push("http://0");
    let torrent = beside(vec![("announce-list", tiers(&[&urls]))]);
    assert_eq!(torrent.announce[0].len(), 1_000);
    assert_eq!(torrent.warnings, []);
}

#[test]
fn millions_of_trackers_take_no_time() {
    const URLS: usize = 2_000_000;
    let urls: String = (0..URLS).map(|number| format!("7:{number:07}")).collect();
    let info = Ben::Dict(single()).bytes();
    for (before, after) in [
        (format!("13:announce-listll{urls}ee"), String::new()),
        (format!("13:announce-listl{urls}e"), String::new()),
        (String::new(), format!("8:url-listl{urls}e")),
    ] {
        let (before, after) = (format!("d{before}4:info"), format!("{after}e"));
        let bytes = [before.as_bytes(), &info, after.as_bytes()].concat();
        let torrent = Metainfo::parse(&bytes).unwrap();
        let kept = torrent.announce.concat().len() + torrent.web_seeds.len();
        assert_eq!(kept, 1_000);
        assert_eq!(torrent.warnings.len(), 1, "{:?}", torrent.warnings);
    }
}
