//! An announce: what we tell a tracker.

use metainfo::InfoHash;
use peer_id::PeerId;
use tracker::{AnnounceEvent, AnnounceRequest};

use super::{PacketError, part, u32_at, u64_at};
use crate::options::{decode_options, encode_options};

/// The bytes of an announce behind its head, up to its options: bytes 16 to 98 of the datagram.
pub(super) const LEN: usize = 82;

/// What to give as `left` when it is not known how long the torrent is, as behind a magnet link: the
/// largest number that is positive to everybody. BEP 15 says nothing about it; this is what
/// Transmission sends. 0 would make us a seeder.
pub const UNKNOWN_LEFT: u64 = i64::MAX as u64;

/// The numbers of the events (BEP 15); 0 is none.
const COMPLETED: u32 = 1;
const STARTED: u32 = 2;
const STOPPED: u32 = 3;

/// As many peers as the tracker likes to give: -1.
const ANY: u32 = u32::MAX;

/// An announce, as the tracker is told in one datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announce {
    /// What an HTTP tracker would be told as well. Its `tracker_id` is not sent, there is no place for
    /// it, and its event `paused` goes as none, for it has no number. Of a `numwant` beyond 2^31 - 1
    /// that much is sent.
    pub request: AnnounceRequest,
    /// Path and query of the tracker's URL (BEP 41); none if they are not to be sent. At most
    /// [`MAX_URL_DATA`](crate::limits::MAX_URL_DATA) bytes.
    pub url_data: Option<Vec<u8>>,
}

impl Announce {
    // ANCHOR: encode
    /// Writes all that comes behind the head.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        // ANCHOR: yours_encode (chapter 17, "The datagrams")
        let request = &self.request;
        let event = match request.event {
            None | Some(AnnounceEvent::Paused) => 0,
            Some(AnnounceEvent::Completed) => COMPLETED,
            Some(AnnounceEvent::Started) => STARTED,
            Some(AnnounceEvent::Stopped) => STOPPED,
        };
        let wanted = request.numwant.map_or(ANY, |n| n.min(i32::MAX as u32));
        out.extend(request.info_hash.0);
        out.extend(request.peer_id.0);
        out.extend(request.downloaded.to_be_bytes());
        out.extend(request.left.to_be_bytes());
        out.extend(request.uploaded.to_be_bytes());
        out.extend(event.to_be_bytes());
        // Our address: the tracker is to take the one that the datagram comes from.
        out.extend([0; 4]);
        out.extend(request.key.to_be_bytes());
        out.extend(wanted.to_be_bytes());
        out.extend(request.port.to_be_bytes());
        if let Some(url_data) = &self.url_data {
            encode_options(url_data, out);
        }
        // ANCHOR_END: yours_encode
    }
    // ANCHOR_END: encode

    /// Reads what comes behind the head: the announce, and its options. An unknown event is none. The
    /// address that a client may name is not read: whoever could name another's would send us there.
    pub(super) fn decode(bytes: &[u8; LEN], options: &[u8]) -> Result<Announce, PacketError> {
        let event = match u32_at(bytes, 64) {
            COMPLETED => Some(AnnounceEvent::Completed),
            STARTED => Some(AnnounceEvent::Started),
            STOPPED => Some(AnnounceEvent::Stopped),
            _ => None,
        };
        let wanted = u32_at(bytes, 76);
        Ok(Announce {
            request: AnnounceRequest {
                info_hash: InfoHash(part(bytes, 0)),
                peer_id: PeerId(part(bytes, 20)),
                port: u16::from_be_bytes(part(bytes, 80)),
                uploaded: u64_at(bytes, 56),
                downloaded: u64_at(bytes, 40),
                left: u64_at(bytes, 48),
                event,
                numwant: (wanted <= i32::MAX as u32).then_some(wanted),
                key: u32_at(bytes, 72),
                tracker_id: None,
            },
            url_data: decode_options(options)?,
        })
    }
}
