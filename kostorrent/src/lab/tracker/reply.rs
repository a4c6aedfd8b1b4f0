//! The bencoded answers (BEP 3, BEP 7, BEP 23, BEP 48).

use std::net::SocketAddr;

use bendy::encoding::{Encoder, Error};
use metainfo::InfoHash;
use peer_id::PeerId;

use super::request::Form;
use super::swarm::Answer;

/// The body of an answer to an announce.
pub(crate) fn announce(answer: &Answer, form: Form) -> Result<Vec<u8>, Error> {
    let mut encoder = Encoder::new();
    encoder.emit_dict(|mut dict| {
        dict.emit_pair(b"complete", answer.complete)?;
        dict.emit_pair(b"incomplete", answer.incomplete)?;
        dict.emit_pair(b"interval", answer.interval.as_secs())?;
        match form {
            Form::Compact => {
                let (v4, v6) = compact(&answer.peers);
                dict.emit_pair_with(b"peers", |e| e.emit_bytes(&v4))?;
                if !v6.is_empty() {
                    dict.emit_pair_with(b"peers6", |e| e.emit_bytes(&v6))?;
                }
                Ok(())
            }
            Form::Dictionaries { peer_ids } => dict.emit_pair_with(b"peers", |e| {
                e.emit_list(|list| {
                    for (id, addr) in &answer.peers {
                        list.emit_dict(|mut peer| {
                            peer.emit_pair(b"ip", addr.ip().to_string())?;
                            if peer_ids && *id != PeerId([0; 20]) {
                                peer.emit_pair_with(b"peer id", |e| e.emit_bytes(&id.0))?;
                            }
                            peer.emit_pair(b"port", addr.port())
                        })?;
                    }
                    Ok(())
                })
            }),
        }
    })?;
    encoder.get_output()
}

// ANCHOR: compact
/// Address and port of every peer, big-endian, without anything between them.
fn compact(peers: &[(PeerId, SocketAddr)]) -> (Vec<u8>, Vec<u8>) {
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for (_, addr) in peers {
        match addr {
            SocketAddr::V4(addr) => {
                v4.extend_from_slice(&addr.ip().octets());
                v4.extend_from_slice(&addr.port().to_be_bytes());
            }
            SocketAddr::V6(addr) => {
                v6.extend_from_slice(&addr.ip().octets());
                v6.extend_from_slice(&addr.port().to_be_bytes());
            }
        }
    }
    (v4, v6)
}
// ANCHOR_END: compact

/// The body that refuses a request and says why.
pub(crate) fn failure(why: &str) -> Result<Vec<u8>, Error> {
    let mut encoder = Encoder::new();
    encoder.emit_dict(|mut dict| dict.emit_pair(b"failure reason", why))?;
    encoder.get_output()
}

/// The body of an answer to a scrape: seeders and others of each torrent.
pub(super) fn scrape(counts: &[(InfoHash, (usize, usize))]) -> Result<Vec<u8>, Error> {
    let mut encoder = Encoder::new();
    encoder.emit_dict(|mut dict| {
        dict.emit_pair_with(b"files", |e| {
            e.emit_unsorted_dict(|files| {
                for (hash, (complete, incomplete)) in counts {
                    files.emit_pair_with(&hash.0, |e| {
                        e.emit_dict(|mut file| {
                            file.emit_pair(b"complete", *complete)?;
                            file.emit_pair(b"downloaded", 0)?;
                            file.emit_pair(b"incomplete", *incomplete)
                        })
                    })?;
                }
                Ok(())
            })
        })
    })?;
    encoder.get_output()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use pretty_assertions::assert_eq;

    use super::*;

    fn answer() -> Answer {
        let peer = |id: u8, addr: &str| (PeerId([id; 20]), addr.parse().unwrap());
        Answer {
            interval: Duration::from_secs(60),
            complete: 1,
            incomplete: 2,
            peers: vec![peer(b'a', "127.0.0.1:258"), peer(0, "[::1]:3")],
        }
    }

    #[test]
    fn compact_answers_are_six_and_eighteen_bytes_a_peer() {
        assert_eq!(
            announce(&answer(), Form::Compact).unwrap(),
            b"d8:completei1e10:incompletei2e8:intervali60e5:peers6:\x7f\0\0\x01\x01\x02\
              6:peers618:\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\x03e"
        );
    }

    #[test]
    fn dictionaries_name_the_peers_that_have_names() {
        let text = |form| String::from_utf8(announce(&answer(), form).unwrap()).unwrap();
        assert_eq!(
            text(Form::Dictionaries { peer_ids: true }),
            "d8:completei1e10:incompletei2e8:intervali60e5:peersl\
             d2:ip9:127.0.0.17:peer id20:aaaaaaaaaaaaaaaaaaaa4:porti258eed2:ip3:::14:porti3eeee"
        );
        assert!(!text(Form::Dictionaries { peer_ids: false }).contains("peer id"));
    }

    #[test]
    fn our_own_client_reads_the_answer() {
        for form in [Form::Compact, Form::Dictionaries { peer_ids: true }] {
            let reply = tracker::parse_reply(&announce(&answer(), form).unwrap()).unwrap();
            assert_eq!(reply.complete, Some(1));
            let addrs: Vec<_> = answer().peers.into_iter().map(|(_, addr)| addr).collect();
            assert_eq!(reply.peers, addrs);
        }
        let refused = tracker::parse_reply(&failure("no").unwrap());
        assert!(
            matches!(refused, Err(tracker::ReplyError::Failure { reason, .. }) if reason == "no")
        );
    }

    #[test]
    fn a_scrape_lists_each_torrent_once() {
        let counts = [
            (InfoHash([b'b'; 20]), (1, 2)),
            (InfoHash([b'a'; 20]), (0, 0)),
        ];
        let body = String::from_utf8(scrape(&counts).unwrap()).unwrap();
        assert!(body.starts_with("d5:filesd20:aaaa"), "{body}");
    }
}
