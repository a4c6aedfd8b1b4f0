//! Any announce URL of a torrent becomes a URL that can be sent, with the raw bytes escaped, or an error.
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use metainfo::InfoHash;
use peer_id::PeerId;
use tracker::{AnnounceEvent, AnnounceRequest, announce_url};

#[derive(Arbitrary, Debug)]
struct Input {
    announce: String,
    info_hash: [u8; 20],
    peer_id: [u8; 20],
    numbers: [u64; 3],
    port: u16,
    key: u32,
    numwant: Option<u32>,
    tracker_id: Option<Vec<u8>>,
    event: Option<bool>,
}

fuzz_target!(|input: Input| {
    let request = AnnounceRequest {
        info_hash: InfoHash(input.info_hash),
        peer_id: PeerId(input.peer_id),
        port: input.port,
        uploaded: input.numbers[0],
        downloaded: input.numbers[1],
        left: input.numbers[2],
        event: input.event.map(|started| {
            if started {
                AnnounceEvent::Started
            } else {
                AnnounceEvent::Stopped
            }
        }),
        numwant: input.numwant,
        key: input.key,
        tracker_id: input.tracker_id,
    };
    let Ok(sent) = announce_url(&input.announce, &request) else {
        return;
    };
    assert!(sent.bytes().all(|byte| byte.is_ascii_graphic()), "{sent:?}");
    assert!(
        !sent.contains('#'),
        "what follows a # is never sent: {sent:?}"
    );
    let url = url::Url::parse(&sent).expect("a URL");
    assert!(matches!(url.scheme(), "http" | "https"));
    // The last pair of a name is ours: the torrent's URL may have one of the same name.
    let value = |name: &str| {
        let pairs = url
            .query()
            .unwrap_or_default()
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        pairs
            .filter(|pair| pair.0 == name)
            .last()
            .map(|pair| decoded(pair.1))
    };
    assert_eq!(value("info_hash").as_deref(), Some(&input.info_hash[..]));
    assert_eq!(value("peer_id").as_deref(), Some(&input.peer_id[..]));
    assert_eq!(
        value("left"),
        Some(input.numbers[2].to_string().into_bytes())
    );
});

fn decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| {
                char::from(byte.expect("two digits"))
                    .to_digit(16)
                    .expect("a hex digit")
            };
            let (high, low) = (digit(bytes.next()), digit(bytes.next()));
            out.push((high * 16 + low) as u8);
        } else {
            out.push(byte);
        }
    }
    out
}
