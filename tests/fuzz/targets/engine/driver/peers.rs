//! What peers do.

use super::*;

impl Driver {
    pub fn called(&mut self, id: u8, host: u8) -> PeerKey {
        let addr = SocketAddr::from((
            [10, 0, 0, host % 16],
            40_000 + (self.next_key % 1_000) as u16,
        ));
        self.connected(addr, true, id)
    }

    /// A caller that has these pieces and lets us ask.
    pub fn giver(&mut self, id: u8, host: u8, has: Bitfield) {
        let peer = self.called(id, host);
        for message in [Message::Bitfield(has.to_bytes()), Message::Unchoke] {
            if self.connections.contains_key(&peer) {
                self.say_as(peer, message);
            }
        }
    }

    pub fn answered(&mut self, which: u8, id: u8) {
        if let Some(addr) = self.some_call(which) {
            self.connected(addr, false, id);
        }
    }

    pub fn unanswered(&mut self, which: u8, why: ConnectFailure) {
        if let Some(addr) = self.some_call(which) {
            self.tell(Event::ConnectFailed { addr, why });
        }
    }

    pub(super) fn some_call(&mut self, which: u8) -> Option<SocketAddr> {
        let count = self.dialling.len();
        (count > 0).then(|| self.dialling.remove(usize::from(which) % count))
    }

    pub(super) fn connected(&mut self, addr: SocketAddr, incoming: bool, id: u8) -> PeerKey {
        let peer = PeerKey(self.next_key);
        self.next_key += 1;
        let fast = id % 2 == 1;
        let connection = Connection {
            fast,
            ..Connection::default()
        };
        self.connections.insert(peer, connection);
        let reserved = Reserved::none();
        let handshake = Handshake {
            reserved: if fast { reserved.with_fast() } else { reserved },
            info_hash: InfoHash([1; 20]),
            peer_id: PeerId([id; 20]),
        };
        self.tell(Event::Connected {
            peer,
            addr,
            incoming,
            encryption: Encryption::None,
            handshake,
        });
        peer
    }

    pub fn hung_up(&mut self, peer: u8) {
        if let Some(peer) = self.some_peer(peer) {
            self.connections.remove(&peer);
            let why = Ended::HungUp;
            self.tell(Event::Closed { peer, why });
        }
    }

    pub fn say(&mut self, peer: u8, message: Message) {
        if let Some(peer) = self.some_peer(peer) {
            self.say_as(peer, message);
        }
    }

    pub(super) fn say_as(&mut self, peer: PeerKey, message: Message) {
        let pieces = self.geometry.pieces();
        let connection = self.connection(peer);
        match &message {
            Message::Choke if !connection.fast => connection.asked.clear(),
            Message::Request(block) if connection.unchoked || connection.fast => {
                if !connection.wants.contains(block) {
                    connection.wants.push(*block);
                }
            }
            Message::Cancel(block) => connection.wants.retain(|other| other != block),
            Message::Have(piece) => drop(connection.has.insert(*piece)),
            Message::Bitfield(bytes) => {
                if let Ok(field) = Bitfield::from_bytes(pieces, bytes) {
                    connection.has = (0..pieces).filter(|&piece| field.get(piece)).collect();
                }
            }
            Message::Later { id, body } if connection.fast => match Fast::read(*id, body, pieces) {
                Ok(Some(Fast::HaveAll)) => connection.has = (0..pieces).collect(),
                Ok(Some(Fast::HaveNone)) => connection.has.clear(),
                _ => {}
            },
            _ => {}
        }
        self.tell(Event::Message { peer, message });
    }

    pub fn cancel(&mut self, peer: u8, which: u8) {
        let Some(peer) = self.some_peer(peer) else {
            return;
        };
        let wants = &self.connection(peer).wants;
        if let Some(&block) = wants.get(usize::from(which) % wants.len().max(1)) {
            self.say_as(peer, Message::Cancel(block));
        }
    }

    pub fn reject(&mut self, peer: u8, which: u8) {
        let Some(peer) = self.some_peer(peer) else {
            return;
        };
        let asked = &self.connection(peer).asked;
        if let Some(&block) = asked.get(usize::from(which) % asked.len().max(1)) {
            self.say_as(peer, Fast::Reject(block).into());
        }
    }

    pub fn deliver(&mut self, peer: u8, which: u8) {
        let Some(peer) = self.some_peer(peer) else {
            return;
        };
        let asked = &self.connection(peer).asked;
        if let Some(&block) = asked.get(usize::from(which) % asked.len().max(1)) {
            self.block_from(peer, block);
        }
    }

    /// Every peer in turn sends the first block that it was asked for, so many in all.
    pub fn deliver_all(&mut self, count: usize) {
        let mut left = count;
        while left > 0 {
            let peers: Vec<PeerKey> = self.connections.keys().copied().collect();
            let before = left;
            for peer in peers.into_iter().take(left) {
                let connection = self.connections.get(&peer);
                if let Some(&block) = connection.and_then(|other| other.asked.first()) {
                    self.block_from(peer, block);
                    left -= 1;
                }
            }
            if left == before {
                return;
            }
        }
    }

    pub fn block(&mut self, peer: u8, block: BlockRequest) {
        if let Some(peer) = self.some_peer(peer).filter(|_| self.metadata) {
            self.block_from(peer, block);
        }
    }

    pub(super) fn block_from(&mut self, peer: PeerKey, block: BlockRequest) {
        let buf = BufKey(self.next_buf);
        self.next_buf += 1;
        self.connection(peer).asked.retain(|&other| other != block);
        self.downloaded += u64::from(block.len);
        self.deciding = Some((buf, block));
        self.tell(Event::Block { peer, block, buf });
    }

    pub fn room(&mut self, peer: u8, bytes: u64) {
        if let Some(peer) = self.some_peer(peer) {
            self.room_of(peer, bytes);
        }
    }

    pub fn sent(&mut self, peer: u8) {
        if let Some(peer) = self.some_peer(peer) {
            let unsent = self.connection(peer).unsent;
            self.room_of(peer, unsent);
        }
    }

    pub(super) fn room_of(&mut self, peer: PeerKey, bytes: u64) {
        let connection = self.connection(peer);
        let sent = bytes.min(connection.unsent);
        connection.unsent -= sent;
        connection.room += bytes;
        self.uploaded += sent;
        self.tell(Event::Room { peer, bytes });
    }

    /// Payload comes that nobody waits for, or a part of a block.
    pub fn wasted(&mut self, peer: u8, block: Option<BlockRequest>, bytes: u64) {
        let Some(peer) = self.some_peer(peer) else {
            return;
        };
        self.downloaded += bytes;
        self.tell(Event::Wasted { peer, block, bytes });
    }

    /// The block that a connection was given last cannot be read.
    pub fn unsent(&mut self, peer: u8) {
        let Some(peer) = self.some_peer(peer) else {
            return;
        };
        let connection = self.connection(peer);
        let Some(block) = connection.given.pop() else {
            return;
        };
        let bytes = u64::from(block.len);
        if connection.unsent >= bytes {
            connection.unsent -= bytes;
            connection.room += bytes;
            self.tell(Event::Unsent { peer, block });
        }
    }
}
