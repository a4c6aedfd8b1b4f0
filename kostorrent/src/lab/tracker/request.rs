//! From the query of a URL to an announce: percent-escapes, numbers, and what may be missing.

use std::net::{IpAddr, SocketAddr};

use metainfo::InfoHash;
use peer_id::PeerId;
use tracker::AnnounceEvent;

use super::swarm::Announce;

/// An announce, and in which form its answer is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) announce: Announce,
    pub(super) form: Form,
}

/// How peers are listed in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// 6 bytes a peer (BEP 23), 18 with IPv6 (BEP 7).
    Compact,
    /// A dictionary a peer (BEP 3), with its peer id or without.
    Dictionaries { peer_ids: bool },
}

/// What is wrong with a request; told to the client as the `failure reason`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadRequest {
    #[error("the request has no {0}")]
    Missing(&'static str),
    #[error("{0} must be 20 bytes")]
    NotTwentyBytes(&'static str),
    #[error("{0} is not a number that makes sense")]
    NotANumber(&'static str),
    #[error("a percent sign must be followed by two hex digits")]
    Escape,
}

// ANCHOR: parse
/// Reads the query of an announce. The address is the one that called: were clients free to name
/// any other, a tracker could be used to send a whole swarm against somebody.
pub(super) fn parse(query: &str, from: IpAddr) -> Result<Request, BadRequest> {
    let query = pairs(query)?;
    let get = |name: &str| {
        query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| &value[..])
    };
    let number = |name: &'static str| get(name).map(|value| parse_number(name, value)).transpose();

    let port = number("port")?.ok_or(BadRequest::Missing("port"))?;
    let port = u16::try_from(port).map_err(|_| BadRequest::NotANumber("port"))?;
    let announce = Announce {
        info_hash: InfoHash(twenty("info_hash", get("info_hash"))?),
        peer_id: PeerId(twenty("peer_id", get("peer_id"))?),
        addr: SocketAddr::new(from, port),
        left: number("left")?.unwrap_or(u64::MAX),
        event: match get("event") {
            Some(b"started") => Some(AnnounceEvent::Started),
            Some(b"completed") => Some(AnnounceEvent::Completed),
            Some(b"stopped") => Some(AnnounceEvent::Stopped),
            Some(b"paused") => Some(AnnounceEvent::Paused),
            // `event=` and `event=empty` mean a regular announce; what is unknown is taken as one.
            _ => None,
        },
        wanted: number("numwant")?.map(|n| usize::try_from(n).unwrap_or(usize::MAX)),
    };
    let form = match (get("compact"), get("no_peer_id")) {
        (Some(b"0"), Some(b"1")) => Form::Dictionaries { peer_ids: false },
        (Some(b"0"), _) => Form::Dictionaries { peer_ids: true },
        _ => Form::Compact,
    };
    Ok(Request { announce, form })
}
// ANCHOR_END: parse

/// The torrents a scrape asks for.
pub(super) fn parse_scrape(query: &str) -> Result<Vec<InfoHash>, BadRequest> {
    let query = pairs(query)?;
    let hashes = query.iter().filter(|(key, _)| key == "info_hash");
    hashes
        .map(|(_, hash)| twenty("info_hash", Some(hash)).map(InfoHash))
        .collect()
}

fn twenty(name: &'static str, value: Option<&[u8]>) -> Result<[u8; 20], BadRequest> {
    let value = value.ok_or(BadRequest::Missing(name))?;
    value
        .try_into()
        .map_err(|_| BadRequest::NotTwentyBytes(name))
}

/// Some clients send `numwant=-1` or `left=-1` for "I do not know": that is no number here, but
/// no reason to refuse them either.
fn parse_number(name: &'static str, value: &[u8]) -> Result<u64, BadRequest> {
    let text = std::str::from_utf8(value).map_err(|_| BadRequest::NotANumber(name))?;
    match text.strip_prefix('-') {
        Some(_) if name == "numwant" || name == "left" => Ok(u64::MAX),
        _ => text.parse().map_err(|_| BadRequest::NotANumber(name)),
    }
}

/// Names and values of a query, unescaped. A value is bytes: an info-hash is seldom text.
pub(crate) fn pairs(query: &str) -> Result<Vec<(String, Vec<u8>)>, BadRequest> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    let pairs = parts.map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        Ok((name.to_owned(), unescape(value)?))
    });
    pairs.collect()
}

fn unescape(text: &str) -> Result<Vec<u8>, BadRequest> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first != b'%' {
            bytes.push(first);
            rest = after;
            continue;
        }
        let (digits, after) = after.split_at_checked(2).ok_or(BadRequest::Escape)?;
        let mut byte = [0];
        hex::decode_to_slice(digits, &mut byte).map_err(|_| BadRequest::Escape)?;
        bytes.push(byte[0]);
        rest = after;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const QUERY: &str = "info_hash=%00aaaaaaaaaaaaaaaaa%fF%25&peer_id=-KT0100-abcdefghijkl\
        &port=6881&uploaded=0&downloaded=0&left=12&event=started&numwant=7&compact=1&key=ff";

    #[test]
    fn a_whole_announce_is_read() {
        let request = parse(QUERY, HOME).unwrap();
        assert_eq!(request.form, Form::Compact);
        assert_eq!(
            request.announce,
            Announce {
                info_hash: InfoHash(*b"\x00aaaaaaaaaaaaaaaaa\xff%"),
                peer_id: PeerId(*b"-KT0100-abcdefghijkl"),
                addr: SocketAddr::new(HOME, 6881),
                left: 12,
                event: Some(AnnounceEvent::Started),
                wanted: Some(7),
            }
        );
    }

    #[test]
    fn the_form_of_the_answer_is_the_clients_choice() {
        let form = |more: &str| {
            parse(&QUERY.replace("&compact=1", more), HOME)
                .unwrap()
                .form
        };
        assert_eq!(form(""), Form::Compact);
        assert_eq!(form("&compact=0"), Form::Dictionaries { peer_ids: true });
        assert_eq!(
            form("&compact=0&no_peer_id=1"),
            Form::Dictionaries { peer_ids: false }
        );
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let error = |from: &str, to: &str| parse(&QUERY.replace(from, to), HOME).unwrap_err();
        assert_eq!(error("info_hash", "hash"), BadRequest::Missing("info_hash"));
        assert_eq!(
            error("-KT0100", "-KT01000"),
            BadRequest::NotTwentyBytes("peer_id")
        );
        assert_eq!(error("6881", "68810"), BadRequest::NotANumber("port"));
        assert_eq!(
            error("left=12", "left=twelve"),
            BadRequest::NotANumber("left")
        );
        assert_eq!(error("%25", ""), BadRequest::NotTwentyBytes("info_hash"));
        assert_eq!(error("%fF", "%fx"), BadRequest::Escape);
        assert_eq!(parse("", HOME), Err(BadRequest::Missing("port")));
    }

    #[test]
    fn unknown_numbers_are_taken_as_many() {
        let request = parse(&QUERY.replace("left=12", "left=-1"), HOME).unwrap();
        assert_eq!(request.announce.left, u64::MAX);
    }

    proptest! {
        #[test]
        fn nothing_panics(query in "[%&=0-9a-f_ihnoprtsl+]*") {
            let _ = parse(&query, HOME);
            let _ = parse_scrape(&query);
        }

        #[test]
        fn any_bytes_survive_the_url(bytes: [u8; 20]) {
            let escaped: String = bytes.iter().map(|byte| format!("%{byte:02x}")).collect();
            prop_assert_eq!(parse_scrape(&format!("info_hash={escaped}")), Ok(vec![InfoHash(bytes)]));
        }
    }
}
