//! What goes to a tracker.

use metainfo::InfoHash;

use super::{
    Action, Announce, ConnectionId, PROTOCOL_ID, PacketError, TransactionId, announce, at_least,
    u32_at, u64_at,
};

/// A question that takes a connection id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// For peers; it tells the tracker of us.
    Announce(Announce),
    /// For the counts of these torrents, at most [`MAX_SCRAPED`](crate::limits::MAX_SCRAPED).
    Scrape(Vec<InfoHash>),
}

/// A datagram to a tracker (BEP 15).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// For a connection id: 16 bytes.
    Connect {
        /// By which the reply is known.
        transaction: TransactionId,
    },
    /// A question: 98 bytes and the options for an announce, 16 and 20 a torrent for a scrape.
    Ask {
        /// What the tracker gave us.
        connection: ConnectionId,
        /// By which the reply is known.
        transaction: TransactionId,
        /// The question.
        ask: Ask,
    },
}

impl Request {
    /// The datagram.
    pub fn encode(&self) -> Vec<u8> {
        let (first, action, transaction) = match self {
            Request::Connect { transaction } => (PROTOCOL_ID, Action::Connect, transaction),
            Request::Ask {
                connection,
                transaction,
                ask,
            } => (connection.0, ask.action(), transaction),
        };
        let mut out = Vec::new();
        out.extend(first.to_be_bytes());
        out.extend(action.number().to_be_bytes());
        out.extend(transaction.0.to_be_bytes());
        if let Request::Ask { ask, .. } = self {
            match ask {
                Ask::Announce(announce) => announce.encode(&mut out),
                Ask::Scrape(torrents) => out.extend(torrents.iter().flat_map(|torrent| torrent.0)),
            }
        }
        out
    }

    /// Reads a datagram that a tracker has got.
    ///
    /// # Errors
    ///
    /// When it is no request, or one that ends too soon.
    pub fn decode(bytes: &[u8]) -> Result<Request, PacketError> {
        let (head, rest) = at_least::<16>("a request", bytes)?;
        let first = u64_at(head, 0);
        let action = Action::of(u32_at(head, 8))?;
        let transaction = TransactionId(u32_at(head, 12));
        let ask = match action {
            Action::Connect if first == PROTOCOL_ID => return Ok(Request::Connect { transaction }),
            Action::Connect => return Err(PacketError::ProtocolId { found: first }),
            Action::Error => return Err(PacketError::ErrorRequest),
            Action::Scrape => Ask::Scrape(info_hashes(rest)),
            Action::Announce => {
                let (announce, options) =
                    rest.split_first_chunk::<{ announce::LEN }>()
                        .ok_or(PacketError::TooShort {
                            what: "an announce",
                            needed: 16 + announce::LEN,
                            found: bytes.len(),
                        })?;
                Ask::Announce(Announce::decode(announce, options)?)
            }
        };
        Ok(Request::Ask {
            connection: ConnectionId(first),
            transaction,
            ask,
        })
    }
}

impl Ask {
    /// What it is about.
    pub fn action(&self) -> Action {
        match self {
            Ask::Announce(_) => Action::Announce,
            Ask::Scrape(_) => Action::Scrape,
        }
    }
}

/// The torrents of a scrape. What is left at the end is dropped.
fn info_hashes(bytes: &[u8]) -> Vec<InfoHash> {
    let (torrents, _) = bytes.as_chunks::<20>();
    torrents.iter().map(|&torrent| InfoHash(torrent)).collect()
}
