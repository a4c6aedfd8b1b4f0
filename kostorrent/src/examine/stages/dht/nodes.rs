//! The nodes that the client meets: they know each other, and where the torrent is.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use dht::krpc::{Ask, Body, Message, Query, Refusal, Response};
use dht::{Contact, Id};

use super::{NODE, ROUTER};
use crate::examine::scene::{Scene, SceneError};

/// How many there are, the router not counted.
const NODES: u8 = 12;
/// The last byte of the first one's address.
const HOSTS: u8 = 160;
/// As many nodes are named at a time (BEP 5).
const NAMED: usize = 8;

/// What a node asks of its own accord, when it has heard something: under which number, and what.
pub(super) type Adds = Box<dyn FnMut(&Message) -> Vec<(&'static [u8], Ask)> + Send>;

/// What all of them know.
#[derive(Clone, Default)]
pub(super) struct Known {
    nodes: Arc<Mutex<Vec<Contact>>>,
    peers: Vec<SocketAddr>,
}

impl Known {
    /// They know of these peers that have the torrent.
    pub(super) fn of(peers: &[SocketAddr]) -> Known {
        Known {
            peers: peers.to_vec(),
            ..Known::default()
        }
    }

    fn nodes(&self) -> Vec<Contact> {
        let nodes = self.nodes.lock();
        nodes.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The nodes that are closest to this id, as far as they are known.
    fn closest(&self, to: Id) -> Vec<Contact> {
        let mut nodes = self.nodes();
        nodes.sort_by_key(|node| node.id.distance(to));
        nodes.truncate(NAMED);
        nodes
    }
}

/// One of them.
#[derive(Clone)]
pub(super) struct Node {
    id: Id,
    known: Known,
}

impl Node {
    /// What it gives for announcing.
    pub(super) fn token(id: Id) -> Vec<u8> {
        id.0[..6].to_vec()
    }

    /// What it answers.
    pub(super) fn answer(&self, question: &Query) -> Body {
        let mut response = Response::of(self.id);
        match &question.ask {
            Ask::Ping => {}
            Ask::FindNode { target, .. } => response.nodes = self.known.closest(*target),
            Ask::GetPeers(ask) => {
                response.nodes = self.known.closest(ask.info_hash.into());
                response.values = self.known.peers.clone();
                response.token = Some(Node::token(self.id));
            }
            Ask::AnnouncePeer(ask) if ask.token != Node::token(self.id) => {
                return Body::Error(Refusal::protocol("another token"));
            }
            Ask::AnnouncePeer(_) => {}
            Ask::Unknown => return Body::Error(Refusal::unknown_method()),
        }
        Body::Response(response)
    }
}

/// The id of a node.
fn id(number: u8) -> Id {
    Id(hashing::digest(&[b"a node", &[number]]))
}

/// Adds the nodes, and tells the client to begin from one of them. Each may ask something itself.
pub(super) async fn add(
    scene: &mut Scene,
    known: Known,
    adds: Option<Adds>,
) -> Result<(), SceneError> {
    let adds = Arc::new(Mutex::new(adds));
    for number in 0..=NODES {
        let node = Node {
            id: id(number),
            known: known.clone(),
        };
        let name = if number == 0 { ROUTER } else { NODE };
        let host = scene.host_of(HOSTS + number);
        let addr = scene
            .speaker(name, host, conduct(node, adds.clone()))
            .await?;
        if number == 0 {
            scene.router = Some(addr);
        }
        let contact = Contact {
            id: id(number),
            addr,
        };
        let nodes = known.nodes.lock();
        nodes.unwrap_or_else(PoisonError::into_inner).push(contact);
    }
    Ok(())
}

fn conduct(
    node: Node,
    adds: Arc<Mutex<Option<Adds>>>,
) -> impl FnMut(&[u8], SocketAddr) -> Vec<(SocketAddr, Vec<u8>)> + Send + 'static {
    move |datagram, from| {
        let Ok(message) = Message::decode(datagram) else {
            return Vec::new();
        };
        let mut says = Vec::new();
        if let Body::Query(question) = &message.body {
            says.push(Message {
                transaction: message.transaction.clone(),
                version: None,
                read_only: false,
                ip: Some(from),
                body: node.answer(question),
            });
        }
        let mut adds = adds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(adds) = &mut *adds {
            let more = adds(&message).into_iter();
            says.extend(more.map(|(number, ask)| asks(node.id, number, ask)));
        }
        says.into_iter().map(|it| (from, it.encode())).collect()
    }
}

/// A question of a node's, under this number.
fn asks(id: Id, number: &[u8], ask: Ask) -> Message {
    Message {
        transaction: number.to_vec(),
        version: None,
        read_only: false,
        ip: None,
        body: Body::Query(Query { id, ask }),
    }
}

/// Whose token this is, if it is a node's of ours.
pub(super) fn whose(token: &[u8]) -> Option<u8> {
    (0..=NODES).find(|&number| Node::token(id(number)) == token)
}

#[cfg(test)]
mod tests {
    use dht::krpc::{AnnouncePeer, GetPeers};
    use metainfo::InfoHash;
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_node_knows_its_neighbours_its_peers_and_its_token() {
        let peers = ["127.0.0.1:7".parse().unwrap()];
        let known = Known::of(&peers);
        let contact = |number: u8| Contact {
            id: id(number),
            addr: SocketAddr::from(([127, 0, 0, 1], 1000 + u16::from(number))),
        };
        known.nodes.lock().unwrap().extend((0..20).map(contact));
        let node = Node { id: id(3), known };
        let answer = |ask| node.answer(&Query { id: id(9), ask });
        let Body::Response(response) = answer(Ask::GetPeers(GetPeers::of(InfoHash(id(5).0))))
        else {
            panic!()
        };
        assert_eq!(response.nodes.len(), NAMED);
        assert_eq!(response.nodes[0].id, id(5), "the closest comes first");
        assert_eq!(response.values, peers);
        let token = response.token.unwrap();
        assert_eq!(whose(&token), Some(3));
        let announce = |token: &[u8]| {
            let announce = AnnouncePeer {
                info_hash: InfoHash([1; 20]),
                port: 1,
                implied_port: false,
                token: token.to_vec(),
                seed: false,
            };
            answer(Ask::AnnouncePeer(announce))
        };
        assert!(matches!(announce(&token), Body::Response(_)));
        assert!(matches!(announce(b"else"), Body::Error(_)));
    }
}
