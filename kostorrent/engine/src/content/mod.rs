//! What the torrent consists of: the pieces that are here, those that are wanted, those that are
//! being fetched, and which of them can be trusted.

mod blame;
mod fellows;
mod integrity;
mod parole;

use std::borrow::Cow;
use std::collections::BTreeSet;

use blocks::Geometry;
use messages::Bitfield;
use picker::{PeerKey, Picker};

use crate::peer::Peer;
use crate::{CloseReason, ContentConfig, Time};

pub(crate) use blame::Culprit;
pub(crate) use fellows::Firsts;
pub(crate) use integrity::Integrity;
pub(crate) use parole::NOBODY;

/// The pieces of a torrent whose metadata is known.
///
/// Three things are to be told apart. What we *have* is on disk and verified. What is *wanted* was
/// chosen. What is *missing* is wanted and not there. Who has everything is a seed; who misses
/// nothing has finished, and may still have only a part.
pub(crate) struct Content {
    pub geometry: Geometry,
    pub picker: Picker,
    pub integrity: Integrity,
    /// When we had pieces before all others that fetch.
    firsts: Firsts,
    /// Whether what only the seeds have is shared out with those that fetch it too.
    pub shares: bool,
    /// Whole pieces that are at the disk.
    pub under_way: BTreeSet<u32>,
    wanted: Bitfield,
    /// What is not missing: had, or not wanted.
    settled: Bitfield,
    max_open: u32,
    left: u64,
    left_wanted: u64,
    total_wanted: u64,
}

impl Content {
    pub fn new(config: ContentConfig, peer_id: &[u8; 20], memory: u64) -> Content {
        let ContentConfig {
            geometry,
            have,
            wanted,
            first,
        } = config;
        let max_open = max_open_pieces(&geometry, memory);
        let mut content = Content {
            picker: Picker::new(geometry, max_open),
            max_open,
            integrity: Integrity::default(),
            firsts: Firsts::default(),
            shares: true,
            under_way: BTreeSet::new(),
            settled: have.clone(),
            left: 0,
            left_wanted: 0,
            total_wanted: wanted
                .iter_ones()
                .map(|p| u64::from(geometry.piece_len(p)))
                .sum(),
            wanted,
            geometry,
        };
        for piece in 0..geometry.pieces() {
            let length = u64::from(geometry.piece_len(piece));
            if have.get(piece) {
                content.picker.set_have(piece);
                continue;
            }
            content.left += length;
            if content.wanted.get(piece) {
                content.left_wanted += length;
            } else {
                content.settled.set(piece);
                content.picker.leave_out(piece);
            }
        }
        content.picker.prefer(first);
        content.picker.set_peer_id(peer_id);
        content
    }

    /// The pieces that are on disk and verified.
    pub fn have(&self) -> &Bitfield {
        self.picker.have()
    }

    /// Whether a piece is wanted and not there.
    pub fn misses(&self, piece: u32) -> bool {
        !self.settled.get(piece)
    }

    /// Whether nothing is missing.
    pub fn is_finished(&self) -> bool {
        self.settled.is_full()
    }

    /// Whether everything is there, wanted or not.
    pub fn is_seed(&self) -> bool {
        self.have().is_full()
    }

    /// Bytes of the torrent that are not there: what trackers are told.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Bytes that are wanted, there or not.
    pub fn total_wanted(&self) -> u64 {
        self.total_wanted
    }

    /// Bytes that are wanted and not there.
    pub fn left_wanted(&self) -> u64 {
        self.left_wanted
    }

    /// Bytes of the pieces that are being fetched or are at the disk, at most.
    pub fn open_bytes(&self) -> u64 {
        self.picker.open().count() as u64 * u64::from(self.geometry.piece_length())
    }

    /// Bytes that have come of those pieces.
    pub fn bytes_here(&self) -> u64 {
        let open = self.picker.open();
        open.map(|piece| self.picker.bytes_here(piece)).sum()
    }

    /// The pieces that a peer can be asked for now; `None` if it would answer no request. One that chokes
    /// us can name pieces that we would not begin with: then only those that come first are asked for.
    pub fn askable<'p>(&self, peer: &'p Peer) -> Option<Cow<'p, Bitfield>> {
        let askable = peer.askable()?;
        let first = self.picker.first_class().filter(|_| !peer.serves());
        Some(match first {
            Some(first) => Cow::Owned(askable.common_with(first)),
            None => askable,
        })
    }

    /// Whether this piece is whole, and at the disk.
    pub fn is_under_way(&self, piece: u32) -> bool {
        self.under_way.contains(&piece)
    }

    /// Whether a piece that this peer has sent, another than `piece`, is at the disk.
    pub fn has_at_disk(&self, peer: PeerKey, piece: u32) -> bool {
        let mut others = self.under_way.iter().filter(|&&other| other != piece);
        others.any(|&other| self.picker.contributors(other).contains(&peer))
    }

    /// The memory for open pieces is another from now on.
    pub fn set_memory(&mut self, bytes: u64) {
        self.max_open = max_open_pieces(&self.geometry, bytes);
        self.picker.set_max_open(self.max_open);
    }

    /// Whether as many pieces are open as the memory is for.
    pub fn memory_is_full(&self) -> bool {
        self.picker.open().count() >= self.max_open as usize
    }

    /// A piece has been verified, and is on disk.
    pub fn written(&mut self, piece: u32) {
        if self.have().get(piece) {
            return;
        }
        self.picker.close(piece);
        let length = u64::from(self.geometry.piece_len(piece));
        self.left -= length;
        // What was not wanted is settled already.
        if self.settled.set(piece) {
            self.left_wanted -= length;
        }
    }

    /// A piece is not on disk any more; whether it was.
    pub fn lost(&mut self, piece: u32) -> bool {
        if piece >= self.geometry.pieces() || !self.have().get(piece) {
            return false;
        }
        let length = u64::from(self.geometry.piece_len(piece));
        let is_wanted = self.wanted.get(piece);
        self.picker.lost(piece, is_wanted);
        self.left += length;
        if is_wanted {
            self.settled.clear(piece);
            self.left_wanted += length;
        }
        true
    }

    // ANCHOR: want
    /// Other pieces are wanted from now on. Gives those that are not any more, and neither are on
    /// disk nor about to be.
    pub fn want(&mut self, wanted: Bitfield, first: Vec<Bitfield>) -> Vec<u32> {
        let more: Vec<u32> = wanted.missing_from(&self.wanted).collect();
        let less: Vec<u32> = self.wanted.missing_from(&wanted).collect();
        self.wanted = wanted;
        self.picker.prefer(first);
        for &piece in &more {
            let length = u64::from(self.geometry.piece_len(piece));
            self.total_wanted += length;
            if !self.have().get(piece) {
                self.settled.clear(piece);
                self.left_wanted += length;
                self.picker.take_in(piece);
            }
        }
        let mut given_up = Vec::new();
        for piece in less {
            let length = u64::from(self.geometry.piece_len(piece));
            self.total_wanted -= length;
            if self.settled.set(piece) {
                self.left_wanted -= length;
                if !self.is_under_way(piece) {
                    given_up.push(piece);
                }
            }
        }
        given_up
    }
    // ANCHOR_END: want

    /// Whether a piece that was found on disk is news. One that is at the disk is about to be.
    pub fn is_news(&self, piece: u32) -> bool {
        piece < self.geometry.pieces() && !self.have().get(piece) && !self.is_under_way(piece)
    }

    /// Looks anew which of a peer's pieces we miss.
    pub fn count_offers(&self, peer: &mut Peer) {
        peer.offers = peer.has.count_missing_from(&self.settled);
    }

    /// Whether anything was chosen: a seeder wants nothing. Of a torrent of empty files, which has no
    /// pieces, everything is.
    pub fn wants_anything(&self) -> bool {
        self.wanted.len() == 0 || self.wanted.count() > 0
    }

    /// A peer says that it has a piece.
    pub fn has_piece(&mut self, peer: &mut Peer, piece: u32, now: Time) -> Result<(), CloseReason> {
        let pieces = self.geometry.pieces();
        if piece >= pieces {
            let last = pieces.saturating_sub(1);
            return Err(CloseReason::NoSuchPiece { piece, last });
        }
        if peer.has.set(piece) {
            let is_first = self.note_first(peer, piece, now);
            self.picker.peer_has(piece);
            peer.offers += u32::from(self.misses(piece));
            if is_first || peer.is_seed() {
                self.review_fellow(peer, now);
            }
        }
        Ok(())
    }

    /// A peer says which pieces it has. A bitfield that comes late, or again, stands in the place of
    /// what the peer said before, and costs no more than what is new in it: aria2 sends one again,
    /// and who has lost a piece has no other way to say so.
    pub fn has_pieces(
        &mut self,
        peer: &mut Peer,
        bytes: &[u8],
        now: Time,
    ) -> Result<(), CloseReason> {
        let has = Bitfield::from_bytes(self.geometry.pieces(), bytes)?;
        if peer.has.count() == 0 {
            self.picker.peer_joined(&has);
            peer.has = has;
        } else {
            let new: Vec<u32> = has.missing_from(&peer.has).collect();
            for piece in new {
                peer.has.set(piece);
                self.picker.peer_has(piece);
            }
            let gone: Vec<u32> = peer.has.missing_from(&has).collect();
            for piece in gone {
                peer.has.clear(piece);
                self.picker.peer_lost(piece);
            }
        }
        self.review_fellow(peer, now);
        self.count_offers(peer);
        Ok(())
    }
}

/// How many pieces may be open at a time within `memory`.
fn max_open_pieces(geometry: &Geometry, memory: u64) -> u32 {
    let blocks = geometry.piece_length().div_ceil(blocks::BLOCK).max(1);
    let piece = u64::from(blocks) * u64::from(blocks::BLOCK);
    u32::try_from(memory / piece).unwrap_or(u32::MAX).max(2)
}
