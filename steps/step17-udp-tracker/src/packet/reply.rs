//! What comes from a tracker.

use tracker::printable;

use super::{
    Action, Announced, ConnectionId, Family, PacketError, Scraped, TransactionId, at_least, part,
    u32_at,
};

/// A datagram from a tracker (BEP 15).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The number from the question.
    pub transaction: TransactionId,
    /// What the tracker says.
    pub said: Said,
}

/// What a tracker says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A connection id: 16 bytes.
    Connected(ConnectionId),
    /// Peers: 20 bytes, and 6 or 18 for each.
    Announced(Announced),
    /// The counts of torrents, in the order in which it was asked for them: 8 bytes, and 12 for each.
    Scraped(Vec<Scraped>),
    /// No, and why: 8 bytes, and a text. A text that was read is fit for a terminal, and never empty.
    Refused(String),
}

impl Reply {
    /// The datagram; to whom it goes decides the form of the peers.
    pub fn encode(&self, to: Family) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(self.said.action().number().to_be_bytes());
        out.extend(self.transaction.0.to_be_bytes());
        match &self.said {
            Said::Connected(id) => out.extend(id.0.to_be_bytes()),
            Said::Announced(announced) => announced.encode(to, &mut out),
            Said::Scraped(torrents) => {
                out.extend(torrents.iter().flat_map(|torrent| torrent.to_bytes()));
            }
            Said::Refused(reason) => out.extend(reason.as_bytes()),
        }
        out
    }

    // ANCHOR: decode
    /// Reads a datagram that came from a tracker; where it came from decides the form of the peers.
    ///
    /// # Errors
    ///
    /// When it is no reply, or one that ends too soon.
    pub fn decode(bytes: &[u8], from: Family) -> Result<Reply, PacketError> {
        let (head, rest) = at_least::<8>("a reply", bytes)?;
        let said = match Action::of(u32_at(head, 0))? {
            Action::Connect => {
                let (reply, _) = at_least::<16>("the reply to a connect", bytes)?;
                Said::Connected(ConnectionId(u64::from_be_bytes(part(reply, 8))))
            }
            Action::Announce => Said::Announced(Announced::decode(bytes, from)?),
            Action::Scrape => Said::Scraped(Scraped::all(rest)),
            Action::Error => Said::Refused(words(rest)),
        };
        Ok(Reply {
            transaction: TransactionId(u32_at(head, 4)),
            said,
        })
    }
    // ANCHOR_END: decode
}

impl Said {
    /// What it is about.
    pub fn action(&self) -> Action {
        match self {
            Said::Connected(_) => Action::Connect,
            Said::Announced(_) => Action::Announce,
            Said::Scraped(_) => Action::Scrape,
            Said::Refused(_) => Action::Error,
        }
    }
}

/// A tracker's words, as far as a person is to see them. Some trackers end them with a zero.
fn words(bytes: &[u8]) -> String {
    let words = printable(bytes);
    match words.is_empty() {
        true => "it does not say why".to_owned(),
        false => words,
    }
}
