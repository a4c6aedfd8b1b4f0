//! From a datagram to what it says.

use bencode::{Limits, Mode, Options, Value};
use metainfo::InfoHash;
use tracker::printable;

use super::compact::{read_address, read_contacts};
use super::{
    AnnouncePeer, Ask, Body, Contact, Counts, GetPeers, Message, MessageError, Query, Refusal,
    Response, Want,
};
use crate::limits::{
    MAX_NAMED, MAX_READ, MAX_TEXT, MAX_TOKEN, MAX_TRANSACTION, MAX_VALUES, MAX_VERSION,
};
use crate::{Filter, Id};

/// What a datagram may be made of: `values` is a list in a dictionary in a dictionary.
const LIMITS: Limits = Limits {
    max_depth: 8,
    max_size: MAX_READ,
    max_values: 1_024,
};

// ANCHOR: decode
impl Message {
    /// Reads a datagram. Keys may stand in any order; those that we do not know are skipped.
    ///
    /// # Errors
    ///
    /// When it is no bencode, or lacks what it has to have.
    pub fn decode(bytes: &[u8]) -> Result<Message, MessageError> {
        if bytes.len() > MAX_READ {
            let bytes = bytes.len();
            return Err(MessageError::TooLong { bytes });
        }
        let options = Options {
            mode: Mode::Lenient,
            limits: LIMITS,
        };
        let document = options.decode(bytes)?;
        let root = document.root();
        let body = match text(root, "y", 1) {
            Some(b"q") => Body::Query(query(root)?),
            Some(b"r") => Body::Response(response(root)?),
            Some(b"e") => Body::Error(refusal(root)?),
            _ => return Err(missing("y", "`q`, `r` or `e`")),
        };
        let transaction = text(root, "t", MAX_TRANSACTION).filter(|t| !t.is_empty());
        let transaction = transaction.ok_or(missing("t", "1 to 32 bytes"))?;
        Ok(Message {
            transaction: transaction.to_vec(),
            version: text(root, "v", MAX_VERSION).map(<[u8]>::to_vec),
            read_only: flag(root, "ro"),
            ip: text(root, "ip", 18).and_then(read_address),
            body,
        })
    }
}

fn query(root: Value<'_, '_>) -> Result<Query, MessageError> {
    let method = root.get("q").and_then(Value::as_bytes);
    let method = method.ok_or(missing("q", "the name of a question"))?;
    let a = root.get("a").ok_or(missing("a", "a dictionary"))?;
    let id = id(a, "id").ok_or(missing("a.id", "20 bytes"))?;
    let ask = match method {
        b"ping" => Ask::Ping,
        b"find_node" => Ask::FindNode {
            target: self::id(a, "target").ok_or(missing("a.target", "20 bytes"))?,
            want: want(a),
        },
        b"get_peers" => Ask::GetPeers(GetPeers {
            info_hash: info_hash(a)?,
            want: want(a),
            noseed: flag(a, "noseed"),
            scrape: flag(a, "scrape"),
        }),
        b"announce_peer" => Ask::AnnouncePeer(announce(a)?),
        _ => Ask::Unknown,
    };
    Ok(Query { id, ask })
}
// ANCHOR_END: decode

fn announce(a: Value<'_, '_>) -> Result<AnnouncePeer, MessageError> {
    let implied_port = flag(a, "implied_port");
    let port = a.get("port").and_then(Value::as_int);
    let port = port.and_then(|port| u16::try_from(port).ok());
    let port = match port {
        Some(port) if port != 0 => port,
        // It is not looked at, and may be missing.
        _ if implied_port => 0,
        _ => return Err(missing("a.port", "a port")),
    };
    let token = text(a, "token", MAX_TOKEN);
    let token = token.ok_or(missing("a.token", "a token that we gave"))?;
    Ok(AnnouncePeer {
        info_hash: info_hash(a)?,
        port,
        implied_port,
        token: token.to_vec(),
        seed: flag(a, "seed"),
    })
}

fn response(root: Value<'_, '_>) -> Result<Response, MessageError> {
    let r = root.get("r").ok_or(missing("r", "a dictionary"))?;
    let id = id(r, "id").ok_or(missing("r.id", "20 bytes"))?;
    let bytes = |key| r.get(key).and_then(Value::as_bytes).unwrap_or_default();
    let v4 = read_contacts::<26>(bytes("nodes")).take(MAX_NAMED);
    let v6 = read_contacts::<38>(bytes("nodes6")).take(MAX_NAMED);
    // Who writes an IPv4 address among those of IPv6 wants to get by our rules.
    let v6 = v6.filter(|contact| contact.addr.is_ipv6());
    let nodes: Vec<Contact> = v4.chain(v6).collect();
    let values = r.get("values").and_then(Value::list);
    let values = values.into_iter().flatten().take(MAX_VALUES);
    let filter = |key| Some(Filter(bytes(key).try_into().ok()?));
    let counts = filter("BFsd").zip(filter("BFpe"));
    Ok(Response {
        id,
        nodes,
        values: values
            .filter_map(|value| read_address(value.as_bytes()?))
            .collect(),
        token: text(r, "token", MAX_TOKEN).map(<[u8]>::to_vec),
        counts: counts.map(|(seeds, peers)| Box::new(Counts { seeds, peers })),
    })
}

/// Some nodes send a text in place of a list, or nothing.
fn refusal(root: Value<'_, '_>) -> Result<Refusal, MessageError> {
    let e = root.get("e").ok_or(missing("e", "a number and a text"))?;
    let mut list = e.list().into_iter().flatten();
    let code = list.next().and_then(Value::as_int).unwrap_or(201);
    let words = list.next().unwrap_or(e).as_bytes().unwrap_or_default();
    let text = printable(words).chars().take(MAX_TEXT).collect();
    Ok(Refusal { code, text })
}

/// A byte string of at most so many bytes.
fn text<'a>(dict: Value<'_, 'a>, key: &str, longest: usize) -> Option<&'a [u8]> {
    let bytes = dict.get(key)?.as_bytes()?;
    (bytes.len() <= longest).then_some(bytes)
}

fn id(dict: Value<'_, '_>, key: &str) -> Option<Id> {
    let bytes = dict.get(key)?.as_bytes()?;
    Some(Id(bytes.try_into().ok()?))
}

fn info_hash(a: Value<'_, '_>) -> Result<InfoHash, MessageError> {
    let id = id(a, "info_hash").ok_or(missing("a.info_hash", "20 bytes"))?;
    Ok(InfoHash(id.0))
}

/// A number that is there and is not 0.
fn flag(dict: Value<'_, '_>, key: &str) -> bool {
    let number = dict.get(key).and_then(Value::as_int);
    number.is_some_and(|number| number != 0)
}

fn want(a: Value<'_, '_>) -> Want {
    let list = || a.get("want").and_then(Value::list).into_iter().flatten();
    let has = |name: &[u8]| list().any(|value| value.as_bytes() == Some(name));
    Want {
        v4: has(b"n4"),
        v6: has(b"n6"),
    }
}

fn missing(key: &'static str, expected: &'static str) -> MessageError {
    MessageError::Key { key, expected }
}
