//! What the extension protocol adds to a connection (BEP 10).

use std::net::{IpAddr, SocketAddr};

use exchange::{Inbox, Outbox};
use magnet::{ExtendedHandshake, Extensions, UT_METADATA};

/// The number under which we hear peer exchange. Any would do; this is libtorrent's, too.
const PEX_ID: u8 = 1;

/// The number under which we hear of metadata.
const METADATA_ID: u8 = 2;

/// What both have said of their extensions, and what is said over them.
#[derive(Debug)]
pub(crate) struct Extended {
    pub table: Extensions,
    /// What it has told us of other peers; `None` if we do not exchange them.
    pub inbox: Option<Inbox>,
    /// What it was told of others.
    pub outbox: Outbox,
}

impl Extended {
    /// On a connection to this address, over which peers are exchanged, or not.
    pub fn new(addr: IpAddr, exchanges: bool) -> Extended {
        let pex = exchanges.then_some((exchange::NAME, PEX_ID));
        let ours = [(UT_METADATA, METADATA_ID)].into_iter().chain(pex);
        Extended {
            table: Extensions::new(ours),
            inbox: exchanges.then(|| Inbox::new(addr)),
            outbox: Outbox::new(),
        }
    }

    fn theirs(&self) -> Option<&ExtendedHandshake> {
        self.table.theirs()
    }

    /// Whether it has said that it wants nothing (BEP 21).
    pub fn is_upload_only(&self) -> bool {
        self.theirs().and_then(|theirs| theirs.upload_only) == Some(true)
    }

    /// How many requests it keeps; as many as we like, if it has not said.
    pub fn most_requests(&self) -> usize {
        let most = self.theirs().and_then(|theirs| theirs.requests);
        most.map_or(usize::MAX, |most| (most as usize).max(1))
    }

    /// Where it sees us, if it has said.
    pub fn sees_us_at(&self) -> Option<IpAddr> {
        self.theirs()?.your_ip
    }

    /// Where a peer that has called us from this address can be called, if it has said.
    pub fn listens_at(&self, from: IpAddr) -> Option<SocketAddr> {
        let port = self.theirs()?.port?;
        (port > 0).then_some(SocketAddr::new(from, port))
    }
}
