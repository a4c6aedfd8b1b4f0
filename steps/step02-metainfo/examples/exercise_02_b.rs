//! Exercise 2b: another tracker in a torrent file, and still the same torrent.

// ANCHOR: answer
/// The torrent file with this tracker instead of its own. Everything else stays byte for byte.
fn with_tracker(torrent: &[u8], url: &str) -> Option<Vec<u8>> {
    let document = bencode::decode(torrent).ok()?;
    let mut out = b"d".to_vec();
    // `announce` stands before every other key that a torrent is known to have.
    out.extend(format!("8:announce{}:{url}", url.len()).bytes());
    for (key, value) in document.root().dict()? {
        if key != b"announce" && key != b"announce-list" {
            out.extend(format!("{}:", key.len()).bytes());
            out.extend(key);
            out.extend(value.raw());
        }
    }
    out.push(b'e');
    // A key that should stand before `announce` would show here.
    bencode::decode(&out).ok()?;
    Some(out)
}
// ANCHOR_END: answer

fn main() {
    let path = "kostorrent/sample/kostorrent-sample.torrent";
    let torrent = std::fs::read(path).unwrap_or_default();
    match with_tracker(&torrent, "http://127.0.0.1:9999/announce") {
        Some(changed) => println!("{} bytes instead of {}", changed.len(), torrent.len()),
        None => eprintln!("error: {path} is no canonical torrent file"),
    }
}

#[cfg(test)]
mod tests {
    use metainfo::Metainfo;

    use super::*;

    const TORRENT: &[u8] = b"d8:announce10:http://t/a13:announce-listll10:http://t/aee\
        4:infod6:lengthi3e4:name5:a.txt12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaa\
        7:unknownlee8:url-listlee";

    #[test]
    fn the_tracker_is_another_one_and_the_torrent_is_not() {
        let changed = with_tracker(TORRENT, "http://other/announce").unwrap();
        let (old, new) = (Metainfo::parse(TORRENT), Metainfo::parse(&changed));
        let (old, new) = (old.unwrap(), new.unwrap());
        assert_eq!(new.announce, [["http://other/announce"]]);
        assert_eq!(new.info_hash_v1, old.info_hash_v1);
    }

    #[test]
    fn what_is_not_canonical_is_left_alone() {
        assert_eq!(with_tracker(b"d1:b0:1:a0:e", "http://t"), None);
        assert_eq!(with_tracker(b"d1:a0:e", "http://t"), None);
    }
}
