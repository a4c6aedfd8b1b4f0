//! The fast extension (BEP 6): what its messages mean for us, and what we say.

use std::net::IpAddr;

use fast::{ALLOWED, Fast, FastError, allowed_fast};
use handshake::Handshake;
use messages::{Bitfield, BlockRequest, Message};
use picker::PeerKey;

use crate::peer::{self, Peer};
use crate::{Action, CloseReason, Engine};

impl Engine {
    /// What the fast extension adds to a connection with who has said this, if both speak it.
    pub(crate) fn fast_with(&self, theirs: &Handshake) -> Option<Box<peer::Fast>> {
        let both = self.reserved.common(theirs.reserved);
        both.fast()
            .then(|| Box::new(peer::Fast::new(theirs.info_hash)))
    }

    /// A peer that is new hears what we have.
    pub(crate) fn introduce(&mut self, peer: &mut Peer) {
        let shows_all = self.super_seed.is_none();
        let have = self.content.as_ref().map(|content| content.have());
        let have = have.filter(|have| shows_all && have.count() > 0);
        let message = match (have, &peer.fast) {
            (None, None) => return,
            (None, Some(_)) => Fast::HaveNone.into(),
            (Some(have), Some(_)) if have.is_full() => Fast::HaveAll.into(),
            (Some(have), _) => Message::Bitfield(have.to_bytes()),
        };
        self.cx.send(peer, message);
    }

    /// A message of a later BEP has come: one of these, or one that nobody knows.
    pub(crate) fn later(&mut self, key: PeerKey, id: u8, body: &[u8]) -> Result<(), CloseReason> {
        let Some(content) = &mut self.content else {
            return Ok(());
        };
        let pieces = content.geometry.pieces();
        let Some(message) = Fast::read(id, body, pieces)? else {
            return Ok(());
        };
        let Some(peer) = self.swarm.get_mut(key) else {
            return Ok(());
        };
        let Some(fast) = &mut peer.fast else {
            return Err(FastError::NotAgreed { id }.into());
        };
        match message {
            // It would be fetched first because somebody wishes so, and not because it is rare.
            Fast::Suggest(_) => Ok(()),
            // A bitfield may come late, and costs what it tells; these would cost five bytes each time.
            Fast::HaveAll | Fast::HaveNone if fast.has_told => Err(CloseReason::ToldTwice),
            Fast::HaveAll | Fast::HaveNone => {
                let has = match message {
                    Fast::HaveAll => Bitfield::full(pieces),
                    _ => Bitfield::new(pieces),
                };
                content.has_pieces(peer, &has.to_bytes(), self.cx.now)?;
                self.told_of_all(key)
            }
            Fast::AllowedFast(piece) => {
                if self.allows_fast
                    && fast.allowed.len() < peer::MOST_ALLOWED
                    && fast.allowed.insert(piece)
                {
                    self.look_again(key);
                }
                Ok(())
            }
            Fast::Reject(block) => self.rejected(key, block),
        }
    }

    /// A peer has told us of all that it has.
    pub(crate) fn told_of_all(&mut self, key: PeerKey) -> Result<(), CloseReason> {
        if let Some(fast) = self.swarm.get_mut(key).and_then(|peer| peer.fast.as_mut()) {
            fast.has_told = true;
        }
        self.heard_of(key, None);
        self.grant(key);
        self.interest(key)
    }

    // ANCHOR: grant
    /// Lets a peer that has next to nothing ask for some pieces while it is choked, so that it soon has
    /// something to trade with. Where others wait for us, only such pieces as somebody else has, too: of what
    /// we alone have, each piece is to go out once, and not to everybody whose address has drawn it.
    fn grant(&mut self, key: PeerKey) {
        let waits = |other: &Peer| other.key != key && other.up.peer_interested;
        let is_crowd = self.swarm.iter().any(waits);
        let (Some(content), Some(peer)) = (&self.content, self.swarm.get_mut(key)) else {
            return;
        };
        let grants = self.allows_fast && self.super_seed.is_none();
        let (IpAddr::V4(address), true) = (peer.addr.ip(), grants) else {
            return;
        };
        let is_new = peer.has.count() < ALLOWED as u32;
        let Some(fast) = peer
            .fast
            .as_mut()
            .filter(|fast| is_new && fast.granted.is_empty())
        else {
            return;
        };
        let pieces = content.geometry.pieces();
        let mut granted = allowed_fast(address, fast.info_hash, pieces, ALLOWED);
        granted.retain(|&piece| {
            let is_rare = content.picker.copies(piece) == 0;
            content.have().get(piece) && !peer.has.get(piece) && !(is_crowd && is_rare)
        });
        fast.granted = granted.iter().map(|&piece| (piece, 0)).collect();
        for piece in granted {
            self.cx.send(peer, Fast::AllowedFast(piece).into());
        }
    }
    // ANCHOR_END: grant

    // ANCHOR: rejected
    /// A peer will not send what it was asked for.
    fn rejected(&mut self, key: PeerKey, block: BlockRequest) -> Result<(), CloseReason> {
        let now = self.cx.now;
        let (Some(content), Some(peer)) = (&mut self.content, self.swarm.get_mut(key)) else {
            return Ok(());
        };
        let Some(fast) = &mut peer.fast else {
            return Ok(());
        };
        if fast.taken_back.answered(block) {
            return Ok(());
        }
        if !content.picker.release(key, block) {
            return match fast.strays() {
                true => Ok(()),
                false => Err(CloseReason::RejectsNothing),
            };
        }
        // With a choke it rejects what is out. What it lets us have all the same it can reject, too.
        let goes_on = match peer.down.peer_choking {
            true => {
                fast.allowed.remove(&block.piece);
                true
            }
            false => fast.refuses(block.piece, now),
        };
        self.cx.act(Action::Rejected { peer: key, block });
        self.download.give_back(&mut self.cx, block.len.into());
        // Whoever fetches a failed piece alone, and will not, makes room for another.
        if content.integrity.parole.of(key).contains(&block.piece) {
            let (cx, swarm) = (&mut self.cx, &mut self.swarm);
            self.download.end_parole_of(cx, swarm, content, key);
        }
        self.look_again(key);
        match goes_on {
            true => Ok(()),
            false => Err(CloseReason::RefusesAll),
        }
    }
    // ANCHOR_END: rejected

    /// What this peer can be asked for is another than before.
    pub(crate) fn look_again(&mut self, key: PeerKey) {
        if let Some(content) = &mut self.content {
            content.picker.look_again(key);
            self.download.ask_soon(key);
        }
    }

    /// Pieces that a peer has refused for a while may be asked of it again.
    pub(crate) fn forgive(&mut self, key: PeerKey) {
        let now = self.cx.now;
        let fast = self.swarm.get_mut(key).and_then(|peer| peer.fast.as_mut());
        if fast.is_some_and(|fast| fast.forgive(now)) {
            self.look_again(key);
        }
    }
}
