use metainfo::text::is_obeyed;
use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

const HASH: &str = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a";
const OTHER: &str = "0000000000000000000000000000000000000001";
/// The SHA-256 of an `info` dictionary, as a multihash.
const V2: &str = "1220caf1e1c30e81cb361b9ee167c4aa64228a7fa4fa9f6105232b28ad099f3a302e";

fn read(parameters: &str) -> Magnet {
    let link = format!("magnet:?xt=urn:btih:{HASH}&{parameters}");
    link.parse().unwrap()
}

fn told(parameters: &str) -> String {
    let link = format!("magnet:?{parameters}");
    link.parse::<Magnet>().unwrap_err().to_string()
}

fn skipped(parameters: &str) -> Vec<String> {
    let link = format!("magnet:?xt=urn:btih:{HASH}&{parameters}");
    let (_, skipped) = Magnet::parse(&link).unwrap();
    skipped.iter().map(ToString::to_string).collect()
}

#[test]
fn the_form_of_bep_9_is_read_and_written() {
    let link = format!(
        "magnet:?xt=urn:btih:{HASH}&dn=a%20talk&tr=http%3A%2F%2Ft.example%2Fannounce&x.pe=192.0.2.7:6881"
    );
    let magnet: Magnet = link.parse().unwrap();
    assert_eq!(magnet.info_hash_v1, HASH.parse().ok());
    assert_eq!(magnet.info_hash_v2, None);
    assert_eq!(magnet.name.as_deref(), Some("a talk"));
    assert_eq!(magnet.trackers, ["http://t.example/announce"]);
    assert_eq!(magnet.peers, ["192.0.2.7:6881".parse().unwrap()]);
    assert_eq!(magnet.to_string(), link);
}

#[test]
fn a_hybrid_torrent_has_both_hashes() {
    let link = format!("magnet:?xt=urn:btih:{HASH}&xt=urn:btmh:{V2}");
    let magnet: Magnet = link.parse().unwrap();
    assert_eq!(magnet.info_hash_v1, HASH.parse().ok());
    assert_eq!(magnet.info_hash_v2.map(|hash| hash[0]), Some(0xca));
    assert_eq!(magnet.to_string(), link);
    let v2_only: Magnet = format!("magnet:?xt=urn:btmh:{V2}").parse().unwrap();
    assert_eq!(v2_only.info_hash_v1, None);
}

#[test]
fn a_plus_is_a_space_in_a_name_and_a_plus_in_a_url() {
    let magnet = read("dn=a+b%2Bc&tr=http://t.example/?k=a+b");
    assert_eq!(magnet.name.as_deref(), Some("a b+c"));
    assert_eq!(magnet.trackers, ["http://t.example/?k=a+b"]);
}

#[test]
fn parameters_may_be_numbered_escaped_and_in_capitals() {
    let link = format!(
        "MAGNET:?XT.1=urn%3Abtih%3A{HASH}&tr.1=udp://a.example:1&tr.2=udp://b.example:2&TR=udp://c.example:3"
    );
    let magnet: Magnet = link.parse().unwrap();
    assert_eq!(magnet.info_hash_v1, HASH.parse().ok());
    let trackers = [
        "udp://a.example:1",
        "udp://b.example:2",
        "udp://c.example:3",
    ];
    assert_eq!(magnet.trackers, trackers);
}

#[test]
fn what_was_copied_from_the_source_of_a_page_is_understood() {
    let magnet = read("amp;dn=x&amp;tr=http://t.example/a");
    assert_eq!(magnet.name.as_deref(), Some("x"));
    assert_eq!(magnet.trackers, ["http://t.example/a"]);
}

#[test]
fn peers_are_addresses_in_brackets_or_not_and_names() {
    let magnet =
        read("x.pe=192.0.2.7:1&x.pe=[2001:db8::7]:2&x.pe=%5B::1%5D%3A3&x.pe=host.example:4");
    let peers: Vec<String> = magnet.peers.iter().map(ToString::to_string).collect();
    assert_eq!(
        peers,
        [
            "192.0.2.7:1",
            "[2001:db8::7]:2",
            "[::1]:3",
            "host.example:4"
        ]
    );
    assert_eq!(magnet.to_string().parse(), Ok(magnet));
}

#[test]
fn a_peer_behind_an_interface_is_written_so_that_it_comes_back() {
    let magnet = read("x.pe=[fe80::1%25eth0]:5");
    assert_eq!(magnet.peers[0].to_string(), "[fe80::1%eth0]:5");
    assert_eq!(magnet.to_string().parse(), Ok(magnet));
}

#[test]
fn unknown_parameters_are_nothing_to_us_and_repeated_ones_count_once() {
    let magnet = read(
        "kt=a&xl=10&dht=a:1&as=http://x&xs=http://y&&=&dn&dn=a&dn=b&so=1&so=x&tr=http://t&tr=http://t",
    );
    assert_eq!(magnet.name.as_deref(), Some("a"));
    assert_eq!(magnet.selected.unwrap().to_string(), "1");
    assert_eq!(magnet.trackers, ["http://t"]);
}

#[test]
fn what_is_no_link_to_a_torrent_is_told_in_a_sentence() {
    let start = "http://a\x1b[2J.example/a/b/c".parse::<Magnet>();
    assert_eq!(
        start.unwrap_err().to_string(),
        "a magnet link begins with `magnet:?`, and this with `http://a [2J.example`"
    );
    assert!(told("").starts_with("the magnet link names no torrent"));
    assert!(told("dn=x").ends_with("Put it in quotes"));
    assert!(told("xt=urn:sha1:ABC").starts_with("the magnet link names no torrent"));
    assert_eq!(
        told("dn=x&xt=urn:btih:123"),
        "at byte 13 of the magnet link, the hash `urn:btih:123` cannot be used: it has neither 40 \
         hex digits nor 32 letters of base32"
    );
    assert!(told(&format!("xt=urn:btmh:1114{HASH}")).contains("is no SHA-256"));
}

#[test]
fn the_first_hash_that_can_be_used_counts_and_two_torrents_are_one_too_many() {
    let magnet = read(&format!(
        "xt=urn:btih:123&xt=urn:btih:{}",
        HASH.to_uppercase()
    ));
    assert_eq!(magnet.info_hash_v1, HASH.parse().ok());
    assert_eq!(skipped("xt=urn:btih:123").len(), 1);
    assert_eq!(
        told(&format!("xt=urn:btih:{HASH}&xt=urn:btih:{OTHER}")),
        format!(
            "the magnet link names two torrents: {HASH}, and at byte 61 {OTHER}; leave one of them out"
        )
    );
    let other = V2.replace("caf1", "0000");
    assert!(told(&format!("xt=urn:btmh:{V2}&xt=urn:btmh:{other}")).contains("two torrents"));
}

#[test]
fn a_selection_that_cannot_be_understood_is_no_selection_of_everything() {
    let error = told(&format!("xt=urn:btih:{HASH}&so=1-x"));
    assert_eq!(
        error,
        "at byte 61 of the magnet link, `so` selects files by their numbers, but `1-x` is neither \
         the number of a file nor a range such as 6-8; without `so` all files are meant"
    );
}

#[test]
fn trackers_and_peers_that_are_none_are_left_out_and_told() {
    let long = format!("tr=http://{}", "x".repeat(MAX_URL));
    for (parameters, why) in [
        ("tr=a%0Ab", "this is no URL: `a b`"),
        ("tr=%FF", "this is no URL: `\u{fffd}`"),
        ("tr=", "this is no URL: ``"),
        (&long, "the URL is longer than 4096 bytes"),
        (
            "x.pe=1.2.3.4",
            "the peer cannot be called: the port is missing: write `1.2.3.4:PORT`",
        ),
    ] {
        let told = skipped(parameters);
        assert_eq!(told, [format!("at byte 61 of the magnet link: {why}")]);
    }
}

#[test]
fn nothing_that_a_terminal_obeys_comes_out_of_what_is_told() {
    let obeyed = ["%1b%5b2J", "%C2%9B2J", "%E2%80%AEa", "%0a", "%07"];
    let places = [
        "a:",
        "a",
        "[",
        "[::1]:",
        "[::1]",
        "[fe80::1%25",
        "1.2.3.4:5",
        "::1%25",
    ];
    for obeyed in obeyed {
        let selected = format!("xt=urn:btih:{HASH}&so=1{obeyed}2");
        let mut all = vec![told(&selected)];
        for place in places {
            all.extend(skipped(&format!("x.pe={place}{obeyed}x")));
        }
        assert_eq!(all.len(), 1 + places.len());
        for told in all {
            assert!(!told.contains(is_obeyed), "{told:?}");
        }
    }
    assert_eq!(
        skipped("x.pe=a:%1b%5b2J"),
        [
            "at byte 61 of the magnet link: the peer cannot be called: `a: [2J` is neither an address \
          nor the name of a host"
        ]
    );
    assert_eq!(read("x.pe=1.2.3.4:5%0a").peers.len(), 1);
}

#[test]
fn a_link_costs_a_bounded_amount_whatever_stands_in_it() {
    let many: Vec<String> = (0..300).map(|n| format!("tr=http://{n}")).collect();
    let magnet = read(&many.join("&"));
    assert_eq!(magnet.trackers.len(), MAX_SOURCES);
    assert_eq!(skipped(&many.join("&")).len(), MAX_SOURCES);
    let long = format!("magnet:?xt=urn:btih:{HASH}&dn={}", "x".repeat(MAX_LINK));
    let error = long.parse::<Magnet>().unwrap_err().to_string();
    assert_eq!(
        error,
        "the magnet link has 65600 bytes; more than 65536 are not read"
    );
}

#[test]
fn the_link_of_a_torrent_has_its_trackers_as_far_as_they_fit() {
    let url = |n: usize| format!("http://t.example/{n}/{}", "x".repeat(4_000));
    let tier = |n: usize| format!("l{}:{}e", url(n).len(), url(n));
    let tiers: String = (0..200).map(tier).collect();
    let info = "d6:lengthi3e4:name5:a.txt12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae";
    let torrent = format!("d13:announce-listl{tiers}e4:info{info}8:url-list13:http://w.exame");
    let torrent = Metainfo::parse(torrent.as_bytes()).unwrap();
    let magnet = Magnet::of(&torrent);
    let link = magnet.to_string();
    assert!(link.len() <= MAX_LINK, "{}", link.len());
    assert_eq!(magnet.trackers.len(), 16);
    assert_eq!(magnet.info_hash_v1, torrent.info_hash_v1);
    assert_eq!(magnet.name.as_deref(), Some("a.txt"));
    assert_eq!(magnet.web_seeds, ["http://w.exam"]);
    assert_eq!(link.parse(), Ok(magnet));
}

fn a_magnet() -> impl Strategy<Value = Magnet> {
    let url = "[a-z]{1,5}://[ -~]{1,20}[!-~]";
    let urls = || prop::collection::btree_set(url, 0..4);
    let peer = prop_oneof![
        any::<std::net::SocketAddrV4>().prop_map(|addr| addr.to_string()),
        any::<(std::net::Ipv6Addr, u16)>().prop_map(|(ip, port)| format!("[{ip}]:{port}")),
        "[a-z]{1,9}\\.example:[1-9][0-9]{0,3}",
    ];
    let peers = prop::collection::btree_set(peer, 0..4);
    let hashes = (any::<Option<[u8; 20]>>(), any::<Option<[u8; 32]>>());
    let selected = prop::option::of("[0-9]{1,4}(,[0-9]{1,4}){0,5}");
    (
        hashes,
        any::<Option<String>>(),
        urls(),
        urls(),
        peers,
        selected,
    )
        .prop_map(
            |((v1, v2), name, trackers, web_seeds, peers, selected)| Magnet {
                info_hash_v1: v1.or(v2.is_none().then_some([7; 20])).map(InfoHash),
                info_hash_v2: v2,
                name: name.filter(|name| !name.is_empty()),
                trackers: trackers.into_iter().collect(),
                web_seeds: web_seeds.into_iter().collect(),
                peers: peers.iter().filter_map(|peer| peer.parse().ok()).collect(),
                selected: selected.map(|text| text.parse().unwrap()),
            },
        )
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(magnet in a_magnet()) {
        let link = magnet.to_string();
        prop_assert!(link.is_ascii());
        let (read, skipped) = Magnet::parse(&link).unwrap();
        prop_assert_eq!(read, magnet);
        prop_assert_eq!(skipped, []);
    }

    #[test]
    fn anything_can_be_read(text in "(magnet:\\?)?(xt=urn:btih:[0-9a-f]{40}&)?.{0,60}") {
        if let Ok(magnet) = text.parse::<Magnet>() {
            prop_assert_eq!(magnet.to_string().parse(), Ok(magnet));
        }
    }

    #[test]
    fn any_parameters_can_be_read(text in "((xt|dn|tr|x\\.pe|ws|so|tr\\.1)=[%a-f0-9:\\[\\].,+-]{0,20}&?){0,8}") {
        let link = format!("magnet:?xt=urn:btih:{HASH}&{text}");
        if let Ok(magnet) = link.parse::<Magnet>() {
            prop_assert_eq!(magnet.to_string().parse(), Ok(magnet));
        }
    }
}
