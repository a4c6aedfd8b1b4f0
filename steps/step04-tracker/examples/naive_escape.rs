//! Escaping an info-hash as if it were text: the tracker cannot know such a torrent.
//!
//! It looks right, and it is right for one info-hash in a million.

use std::error::Error;
use std::path::Path;

use rand::RngExt;
use tracker::blocking::{fetch, free_port, leave, read_torrent};
use tracker::{
    AnnounceError, AnnounceEvent, AnnounceReply, AnnounceRequest, TIMEOUT, announce_url, http,
};

// ANCHOR: naive
/// Escapes for a URL, the way one would escape a name.
fn naive_escape(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
// ANCHOR_END: naive

/// Announces the sample twice, with its info-hash as text and as bytes.
fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("which torrent?")?;
    let torrent = read_torrent(Path::new(&path))?;
    let info_hash = torrent.info_hash_v1.ok_or("no v1 torrent")?;
    let tracker = torrent.announce.concat().concat();
    let request = AnnounceRequest {
        info_hash,
        peer_id: peer_id::PeerId::generate(&mut rand::rng()),
        port: free_port(),
        uploaded: 0,
        downloaded: 0,
        left: torrent.total_length,
        event: Some(AnnounceEvent::Started),
        numwant: None,
        key: rand::rng().random(),
        tracker_id: None,
    };
    let good = announce_url(&tracker, &request)?;
    let as_text = naive_escape(&info_hash.0);
    let as_bytes = tracker::percent_encode(&info_hash.0);
    let bad = good.replace(&as_bytes, &as_text);

    println!("as text   info_hash={as_text}");
    println!("          {}\n", told(ask(&bad)));
    println!("as bytes  info_hash={as_bytes}");
    let reply = ask(&good);
    if let Ok(reply) = &reply {
        leave(&tracker, &request, reply);
    }
    println!("          {}", told(reply));
    Ok(())
}

fn ask(url: &str) -> Result<AnnounceReply, AnnounceError> {
    let answer = fetch(url, TIMEOUT)?;
    http::read_answer(url, answer.status, answer.retry_after, &answer.body)
}

fn told(answer: Result<AnnounceReply, AnnounceError>) -> String {
    match answer {
        Ok(reply) => format!("{} peers", reply.peers.len()),
        Err(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_and_a_hash_does_not() {
        assert_eq!(naive_escape(b"name"), tracker::percent_encode(b"name"));
        // ab and ff begin no UTF-8 character. Each becomes U+FFFD, whose three bytes are sent.
        assert_eq!(
            naive_escape(&[0x12, 0x34, 0xab, 0x20, 0xff]),
            "%124%EF%BF%BD+%EF%BF%BD"
        );
        assert_eq!(
            tracker::percent_encode(&[0x12, 0x34, 0xab, 0x20, 0xff]),
            "%124%AB%20%FF"
        );
    }
}
