//! From metadata to a torrent file.

use bendy::encoding::{Encoder, Error, SingleItemEncoder, ToBencode};

use crate::Magnet;

// ANCHOR: torrent_file
/// The torrent file for a link and the `info` dictionary that it names, which goes in byte for byte:
/// written anew it might be another torrent. The link's trackers become a tier each, and its web seeds
/// the torrent's.
pub fn torrent_file(info: &[u8], magnet: &Magnet) -> Vec<u8> {
    let tiers: Vec<[&String; 1]> = magnet.trackers.iter().map(|url| [url]).collect();
    let mut file = b"d".to_vec();
    if let Some(first) = magnet.trackers.first() {
        pair(&mut file, "announce", |item| item.emit(first));
    }
    if tiers.len() > 1 {
        pair(&mut file, "announce-list", |item| {
            item.emit_list(|list| tiers.iter().try_for_each(|tier| list.emit(&tier[..])))
        });
    }
    file.extend(b"4:info");
    file.extend(info);
    if !magnet.web_seeds.is_empty() {
        pair(&mut file, "url-list", |item| item.emit(&magnet.web_seeds));
    }
    file.push(b'e');
    file
}
// ANCHOR_END: torrent_file

/// A key and its value.
fn pair(
    file: &mut Vec<u8>,
    key: &str,
    value: impl FnOnce(SingleItemEncoder<'_>) -> Result<(), Error>,
) {
    let key = key.to_bencode().expect("text can be written");
    let mut encoder = Encoder::new();
    let written = encoder.emit_with(value).and_then(|()| encoder.get_output());
    file.extend(key);
    file.extend(written.expect("lists of text can be written"));
}

#[cfg(test)]
mod tests {
    use metainfo::{InfoHash, Metainfo};
    use pretty_assertions::assert_eq;

    use super::*;

    const INFO: &[u8] =
        b"d6:lengthi3e4:name5:a.txt12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae";

    fn magnet(trackers: &[&str], web_seeds: &[&str]) -> Magnet {
        let all = |urls: &[&str]| urls.iter().map(|url| (*url).to_owned()).collect();
        Magnet {
            info_hash_v1: Some(InfoHash::of(INFO)),
            trackers: all(trackers),
            web_seeds: all(web_seeds),
            ..Magnet::default()
        }
    }

    #[test]
    fn what_stands_in_the_link_stands_in_the_torrent() {
        for trackers in [&[][..], &["http://a/x"], &["http://a/x", "udp://b:1"]] {
            let magnet = magnet(trackers, &["http://w/"]);
            let file = torrent_file(INFO, &magnet);
            assert!(bencode::decode(&file).is_ok(), "canonical");
            let torrent = Metainfo::parse(&file).unwrap();
            assert_eq!(torrent.info_hash_v1, magnet.info_hash_v1);
            let tiers: Vec<Vec<&str>> = trackers.iter().map(|url| vec![*url]).collect();
            assert_eq!(torrent.announce, tiers);
            assert_eq!(torrent.web_seeds, ["http://w/"]);
            let again = Magnet::of(&torrent);
            assert_eq!(
                (again.trackers, again.web_seeds),
                (magnet.trackers, magnet.web_seeds)
            );
        }
    }

    #[test]
    fn a_dictionary_that_is_not_canonical_keeps_its_bytes() {
        // Its keys stand in the wrong order.
        let info =
            b"d12:piece lengthi16384e6:lengthi3e4:name5:a.txt6:pieces20:aaaaaaaaaaaaaaaaaaaae";
        let file = torrent_file(info, &magnet(&["http://a/x"], &[]));
        let torrent = Metainfo::parse(&file).unwrap();
        assert_eq!(torrent.info_hash_v1, Some(InfoHash::of(info)));
    }
}
