//! Other pieces are wanted than at the start: somebody has chosen other files.

use messages::Bitfield;

use crate::Engine;
use crate::leaving::Stage;

impl Engine {
    /// These pieces are to be there in the end, and no others; what cannot be pieces of the torrent
    /// changes nothing.
    pub(crate) fn want(&mut self, wanted: &[u8], first: &[Vec<u8>]) {
        let Some(content) = self
            .content
            .as_mut()
            .filter(|_| self.stage == Stage::Running)
        else {
            return;
        };
        let pieces = content.geometry.pieces();
        let read = |bytes: &[u8]| Bitfield::from_bytes(pieces, bytes).ok();
        let first: Option<Vec<Bitfield>> = first.iter().map(|bytes| read(bytes)).collect();
        let (Some(wanted), Some(first)) = (read(wanted), first) else {
            return;
        };
        let was_finished = content.is_finished();
        for piece in content.want(wanted, first) {
            self.leave_out(piece);
        }
        for key in self.swarm.keys() {
            if let (Some(content), Some(peer)) = (&self.content, self.swarm.get_mut(key)) {
                content.count_offers(peer);
            }
            if let Err(why) = self.interest(key) {
                self.close(key, why);
            }
        }
        match self.is_finished() {
            false => self.misses_something(),
            true if !was_finished => self.settle(),
            true => {}
        }
    }

    /// Nobody wants this piece any more: what has come of it is dropped, and what was asked for is
    /// taken back.
    pub(crate) fn leave_out(&mut self, piece: u32) {
        let Some(content) = &mut self.content else {
            return;
        };
        if content.picker.is_open(piece) {
            let (cx, swarm) = (&mut self.cx, &mut self.swarm);
            self.download.forget(cx, swarm, content, piece);
        }
        content.integrity.passed(piece);
        let _ = content.picker.only_from(piece, None); // lifts it, and voids nothing
        content.picker.leave_out(piece);
    }
}
