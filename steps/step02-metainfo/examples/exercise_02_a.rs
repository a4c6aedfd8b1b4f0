//! Exercise 2a: the magnet link of a torrent (BEP 9).

use metainfo::Metainfo;

// ANCHOR: answer
/// The magnet link of a torrent of version 1: its info-hash, its name and its trackers.
fn magnet(torrent: &Metainfo) -> Option<String> {
    let mut link = format!("magnet:?xt=urn:btih:{}", torrent.info_hash_v1?);
    link.push_str(&format!("&dn={}", escaped(&torrent.name)));
    for url in torrent.announce.iter().flatten() {
        link.push_str(&format!("&tr={}", escaped(url)));
    }
    Some(link)
}

/// Everything but letters, digits and `-._~` as `%` and two hex digits.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(byte));
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}
// ANCHOR_END: answer

fn main() {
    let path = "kostorrent/sample/kostorrent-sample.torrent";
    match Metainfo::parse(&std::fs::read(path).unwrap_or_default()) {
        Ok(torrent) => println!("{}", magnet(&torrent).unwrap_or_default()),
        Err(error) => eprintln!("error: {path}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_the_hash_the_name_and_the_trackers() {
        let bytes = b"d8:announce10:http://t/a4:infod6:lengthi3e4:name5:a bcd\
                      12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee";
        let torrent = Metainfo::parse(bytes).unwrap();
        let hash = torrent.info_hash_v1.unwrap();
        assert_eq!(
            magnet(&torrent).unwrap(),
            format!("magnet:?xt=urn:btih:{hash}&dn=a%20bcd&tr=http%3A%2F%2Ft%2Fa")
        );
    }
}
