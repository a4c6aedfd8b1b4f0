//! Nodes of the DHT that misbehave, close to the lab's torrent, where each search passes by.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use dht::krpc::{Ask, Body, Message, Query, Response, Want};
use dht::limits::MAX_READ;
use dht::{Contact, Id};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// What such a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mischief {
    /// Names peers at ports where nobody is.
    FalsePeers,
    /// Names nodes that are closer than anybody, and are not there.
    FalseNodes,
    /// Answers a search with something that is no message.
    Babble,
}

/// Where nobody is: ports below all that a system gives away.
const NOBODY: std::ops::RangeInclusive<u16> = 1..=8;

impl Mischief {
    /// Every kind there is.
    pub const ALL: [Mischief; 3] = [Mischief::FalsePeers, Mischief::FalseNodes, Mischief::Babble];

    /// What it does, as one would introduce it: "a node of the DHT that …".
    pub fn does(self) -> &'static str {
        match self {
            Mischief::FalsePeers => "names peers that are not there, in the DHT",
            Mischief::FalseNodes => "names nodes of the DHT that are not there",
            Mischief::Babble => "answers searches in the DHT with nonsense",
        }
    }

    /// What it says to a datagram: nothing, unless that asks something.
    fn answer(self, id: Id, datagram: &[u8]) -> Option<Vec<u8>> {
        let message = Message::decode(datagram).ok()?;
        let Body::Query(query) = message.body else {
            return None;
        };
        let mut response = Response::of(id);
        match (self, query.ask) {
            (Mischief::Babble, Ask::GetPeers(_)) => return Some(b"d1:r5:nonsense1:y1:re".to_vec()),
            (Mischief::FalsePeers, Ask::GetPeers(_)) => {
                response.values = nobody().collect();
                response.token = Some(b"token".to_vec());
            }
            (Mischief::FalseNodes, Ask::GetPeers(ask)) => {
                response.nodes = closer(ask.info_hash.into());
                response.token = Some(b"token".to_vec());
            }
            (Mischief::FalseNodes, Ask::FindNode { target, .. }) => {
                response.nodes = closer(target);
            }
            _ => {}
        }
        let answer = Message {
            transaction: message.transaction,
            version: None,
            read_only: false,
            ip: None,
            body: Body::Response(response),
        };
        Some(answer.encode())
    }
}

fn nobody() -> impl Iterator<Item = SocketAddr> {
    NOBODY.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}

/// Nodes that would be closer to the target than anybody who is there.
fn closer(target: Id) -> Vec<Contact> {
    let contacts = nobody().map(|addr| Contact {
        id: beside(target, addr.port() as u8),
        addr,
    });
    contacts.collect()
}

/// An id that differs from this one in its last bits.
fn beside(target: Id, last: u8) -> Id {
    let mut id = target;
    id.0[19] ^= last;
    id
}

/// A node at work. It ends when this is dropped.
#[derive(Debug)]
pub struct Mischievous {
    addr: SocketAddr,
    task: JoinHandle<()>,
}

impl Mischievous {
    /// Starts one beside this id, and introduces it to the nodes: they ask whether it is there, and it is.
    pub(super) async fn start(
        kind: Mischief,
        target: Id,
        nodes: &[SocketAddr],
    ) -> io::Result<Mischievous> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = socket.local_addr()?;
        // No lookup goes past it.
        let id = beside(target, 0x10 + kind as u8);
        let hello = Message {
            transaction: b"hi".to_vec(),
            version: None,
            read_only: false,
            ip: None,
            body: Body::Query(Query {
                id,
                ask: Ask::FindNode {
                    target: id,
                    want: Want::default(),
                },
            }),
        };
        for &node in nodes {
            socket.send_to(&hello.encode(), node).await?;
        }
        let task = tokio::spawn(async move {
            let mut buffer = vec![0; MAX_READ];
            loop {
                let Ok((len, from)) = socket.recv_from(&mut buffer).await else {
                    tokio::task::yield_now().await;
                    continue;
                };
                let datagram = buffer.get(..len).unwrap_or_default();
                if let Some(answer) = kind.answer(id, datagram) {
                    let _ = socket.send_to(&answer, from).await;
                }
            }
        });
        Ok(Mischievous { addr, task })
    }

    /// Where it is.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for Mischievous {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use dht::krpc::GetPeers;
    use metainfo::InfoHash;
    use pretty_assertions::assert_eq;

    use super::*;

    const OURS: Id = Id([1; 20]);

    fn asked(kind: Mischief, ask: Ask) -> Option<Message> {
        let question = Message {
            transaction: b"aa".to_vec(),
            version: None,
            read_only: false,
            ip: None,
            body: Body::Query(Query { id: OURS, ask }),
        };
        let answer = kind.answer(Id([9; 20]), &question.encode())?;
        Message::decode(&answer).ok()
    }

    fn get_peers(kind: Mischief) -> Option<Response> {
        let message = asked(kind, Ask::GetPeers(GetPeers::of(InfoHash([7; 20]))))?;
        match message.body {
            Body::Response(response) => Some(response),
            _ => None,
        }
    }

    #[test]
    fn each_kind_makes_its_own_trouble_and_answers_pings() {
        let response = get_peers(Mischief::FalsePeers).unwrap();
        assert_eq!((response.values.len(), response.nodes.len()), (8, 0));
        let response = get_peers(Mischief::FalseNodes).unwrap();
        assert_eq!((response.values.len(), response.nodes.len()), (0, 8));
        let target = Id([7; 20]);
        assert!(
            response
                .nodes
                .iter()
                .all(|node| node.id.0[..19] == target.0[..19])
        );
        assert_eq!(get_peers(Mischief::Babble), None, "that is no message");
        for kind in Mischief::ALL {
            let pong = asked(kind, Ask::Ping).unwrap();
            assert_eq!(pong.transaction, b"aa");
            assert!(matches!(pong.body, Body::Response(_)));
            assert_eq!(kind.answer(OURS, b"d1:y1:re"), None);
        }
    }
}
