//! From what is to be said to a datagram: canonical bencode.

use bendy::encoding::{Encoder, Error, SingleItemEncoder};

use super::compact::{address, contacts};
use super::{AnnouncePeer, Ask, Body, GetPeers, Message, Query, Refusal, Response, Want};

impl Ask {
    /// Its name on the wire.
    pub fn method(&self) -> &'static str {
        match self {
            Ask::Ping => "ping",
            Ask::FindNode { .. } => "find_node",
            Ask::GetPeers(_) => "get_peers",
            Ask::AnnouncePeer(_) => "announce_peer",
            Ask::Unknown => "unknown",
        }
    }
}

impl Message {
    /// The datagram: one dictionary, its keys in order.
    pub fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::new();
        encoder
            .emit_with(|item| self.encode_into(item))
            .and_then(|()| encoder.get_output())
            .expect("the keys are sorted, and nothing is nested deeply")
    }

    fn encode_into(&self, item: SingleItemEncoder<'_>) -> Result<(), Error> {
        item.emit_dict(|mut dict| {
            if let Body::Query(query) = &self.body {
                dict.emit_pair_with(b"a", |item| arguments(query, item))?;
            }
            if let Body::Error(refusal) = &self.body {
                dict.emit_pair_with(b"e", |item| error(refusal, item))?;
            }
            if let Some(ip) = self.ip {
                dict.emit_pair_with(b"ip", |item| item.emit_bytes(&address(ip)))?;
            }
            if let Body::Query(query) = &self.body {
                dict.emit_pair(b"q", query.ask.method())?;
            }
            if let Body::Response(response) = &self.body {
                dict.emit_pair_with(b"r", |item| values(response, item))?;
            }
            if self.read_only {
                dict.emit_pair(b"ro", 1)?;
            }
            dict.emit_pair_with(b"t", |item| item.emit_bytes(&self.transaction))?;
            if let Some(version) = &self.version {
                dict.emit_pair_with(b"v", |item| item.emit_bytes(version))?;
            }
            let kind = match self.body {
                Body::Query(_) => "q",
                Body::Response(_) => "r",
                Body::Error(_) => "e",
            };
            dict.emit_pair(b"y", kind)
        })
    }
}

/// What is in `a`.
fn arguments(query: &Query, item: SingleItemEncoder<'_>) -> Result<(), Error> {
    item.emit_dict(|mut dict| {
        dict.emit_pair_with(b"id", |item| item.emit_bytes(&query.id.0))?;
        match &query.ask {
            Ask::Ping | Ask::Unknown => Ok(()),
            Ask::FindNode { target, want } => {
                dict.emit_pair_with(b"target", |item| item.emit_bytes(&target.0))?;
                emit_want(*want, |want| {
                    dict.emit_pair_with(b"want", |item| list(want, item))
                })
            }
            Ask::GetPeers(GetPeers {
                info_hash,
                want,
                noseed,
                scrape,
            }) => {
                dict.emit_pair_with(b"info_hash", |item| item.emit_bytes(&info_hash.0))?;
                if *noseed {
                    dict.emit_pair(b"noseed", 1)?;
                }
                if *scrape {
                    dict.emit_pair(b"scrape", 1)?;
                }
                emit_want(*want, |want| {
                    dict.emit_pair_with(b"want", |item| list(want, item))
                })
            }
            Ask::AnnouncePeer(AnnouncePeer {
                info_hash,
                port,
                implied_port,
                token,
                seed,
            }) => {
                dict.emit_pair(b"implied_port", i32::from(*implied_port))?;
                dict.emit_pair_with(b"info_hash", |item| item.emit_bytes(&info_hash.0))?;
                dict.emit_pair(b"port", *port)?;
                if *seed {
                    dict.emit_pair(b"seed", 1)?;
                }
                dict.emit_pair_with(b"token", |item| item.emit_bytes(token))
            }
        }
    })
}

/// Writes `want`, if something else is wanted than one gets anyway.
fn emit_want(want: Want, emit: impl FnOnce(&[Vec<u8>]) -> Result<(), Error>) -> Result<(), Error> {
    let names = [(want.v4, b"n4"), (want.v6, b"n6")].into_iter();
    let names = names.filter(|(is_wanted, _)| *is_wanted);
    let names: Vec<Vec<u8>> = names.map(|(_, name)| name.to_vec()).collect();
    match names.is_empty() {
        true => Ok(()),
        false => emit(&names),
    }
}

fn list(items: &[Vec<u8>], item: SingleItemEncoder<'_>) -> Result<(), Error> {
    item.emit_list(|list| {
        let mut items = items.iter();
        items.try_for_each(|bytes| list.emit_bytes(bytes))
    })
}

/// What is in `r`.
fn values(response: &Response, item: SingleItemEncoder<'_>) -> Result<(), Error> {
    let of = |is_v4: bool| {
        let nodes = response.nodes.iter();
        contacts(nodes.filter(|contact| contact.addr.ip().to_canonical().is_ipv4() == is_v4))
    };
    item.emit_dict(|mut dict| {
        if let Some(counts) = &response.counts {
            dict.emit_pair_with(b"BFpe", |item| item.emit_bytes(&counts.peers.0))?;
            dict.emit_pair_with(b"BFsd", |item| item.emit_bytes(&counts.seeds.0))?;
        }
        dict.emit_pair_with(b"id", |item| item.emit_bytes(&response.id.0))?;
        for (key, nodes) in [(&b"nodes"[..], of(true)), (b"nodes6", of(false))] {
            if !nodes.is_empty() {
                dict.emit_pair_with(key, |item| item.emit_bytes(&nodes))?;
            }
        }
        if let Some(token) = &response.token {
            dict.emit_pair_with(b"token", |item| item.emit_bytes(token))?;
        }
        if !response.values.is_empty() {
            let values: Vec<Vec<u8>> = response.values.iter().copied().map(address).collect();
            dict.emit_pair_with(b"values", |item| list(&values, item))?;
        }
        Ok(())
    })
}

/// What is in `e`.
fn error(refusal: &Refusal, item: SingleItemEncoder<'_>) -> Result<(), Error> {
    item.emit_list(|list| {
        list.emit(refusal.code)?;
        list.emit_str(&refusal.text)
    })
}
