//! Peers of the DHT, for the engine.

use std::net::SocketAddr;

use engine::{Event, Source};

use super::{Task, Told};
use crate::node::dht::{Announcing, Found};

impl Task {
    /// A peer has said where a node of the DHT is.
    pub(super) fn dht_node(&self, addr: SocketAddr) {
        if let Some(dht) = &self.dht {
            dht.add_node(addr);
        }
    }

    /// Has the DHT searched, and tells the engine what is found and when it is over.
    pub(super) fn search_dht(&mut self) {
        let to_told = self.to_told.clone();
        let tell = move |event| drop(to_told.send(Told::Event(event)));
        let Some(dht) = &self.dht else {
            return tell(Event::Searched {
                answered: 0,
                seen_at: Vec::new(),
            });
        };
        let have = self.engine.have();
        let announce = Announcing {
            port: self.announcer.port(),
            // Where our datagrams come from nobody takes calls yet.
            implied_port: false,
            seed: have.is_some_and(|have| have.count() == have.len()),
        };
        let info_hash = self.door.ours().info_hash;
        let mut finds = dht.search(info_hash, Some(announce));
        self.spawn(async move {
            let (mut answered, mut seen_at) = (0, Vec::new());
            while let Some(found) = finds.recv().await {
                match found {
                    Found::Peers(peers) => {
                        let source = Source::Dht;
                        tell(Event::Named { source, peers });
                    }
                    Found::Ended(total) => {
                        answered = total.answered;
                        seen_at = total.seen_at.into_iter().flatten().collect();
                    }
                }
            }
            tracing::debug!(answered, "searched the DHT");
            tell(Event::Searched { answered, seen_at });
        });
    }
}
