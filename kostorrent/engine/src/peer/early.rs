//! What a peer says of pieces before it is known what pieces there are.

use std::collections::BTreeSet;

use fast::Fast;
use messages::Message;

/// Pieces that it names one by one, at most; most clients send a bitfield.
const MOST_HAVES: usize = 10_000;

/// Pieces that it allows us, at most, as later.
const MOST_ALLOWED: usize = super::MOST_ALLOWED;

/// What it has said of pieces so far, no more than is still true. When the metadata are known it is as
/// if it said all of it then.
#[derive(Debug, Default)]
pub(crate) struct Early {
    /// Its bitfield, or that it has all or none.
    has: Option<Message>,
    haves: BTreeSet<u32>,
    allowed: BTreeSet<u32>,
    /// Whether it has let us ask.
    unchoked: bool,
    interested: bool,
}

impl Early {
    /// It has said this. False if that is more than is remembered.
    pub fn said(&mut self, message: Message) -> bool {
        match message {
            Message::Choke => self.unchoked = false,
            Message::Unchoke => self.unchoked = true,
            Message::Interested => self.interested = true,
            Message::NotInterested => self.interested = false,
            Message::Bitfield(_) => {
                self.haves.clear();
                self.has = Some(message);
            }
            Message::Have(piece) => {
                self.haves.insert(piece);
            }
            // What is no such message, or is about a piece that there is not, shows later.
            Message::Later { id, ref body } => match Fast::read(id, body, u32::MAX) {
                Ok(Some(Fast::HaveAll | Fast::HaveNone)) if self.has.is_none() => {
                    self.has = Some(message);
                }
                Ok(Some(Fast::AllowedFast(piece))) if self.allowed.len() < MOST_ALLOWED => {
                    self.allowed.insert(piece);
                }
                _ => {}
            },
            // It cannot be asked for anything yet, nor can we.
            Message::Request(_) | Message::Cancel(_) => {}
            Message::KeepAlive | Message::Skipped(_) => {}
        }
        self.haves.len() <= MOST_HAVES
    }

    /// Whether it has any piece.
    pub fn has_any(&self) -> bool {
        let in_one = match &self.has {
            Some(Message::Bitfield(bytes)) => bytes.iter().any(|&byte| byte != 0),
            Some(Message::Later { id, body }) => {
                matches!(Fast::read(*id, body, u32::MAX), Ok(Some(Fast::HaveAll)))
            }
            _ => false,
        };
        in_one || !self.haves.is_empty()
    }

    /// How many bytes of memory that takes, but for some.
    pub fn bytes(&self) -> usize {
        let has = match &self.has {
            Some(Message::Bitfield(bytes)) => bytes.len(),
            _ => 0,
        };
        has + (self.haves.len() + self.allowed.len()) * 8
    }

    /// All of it, in an order in which it could have been said.
    pub fn into_messages(self) -> Vec<Message> {
        let allowed = self.allowed.into_iter();
        let mut messages: Vec<Message> = self.has.into_iter().collect();
        messages.extend(self.haves.into_iter().map(Message::Have));
        messages.extend(allowed.map(|piece| Fast::AllowedFast(piece).into()));
        messages.extend(self.unchoked.then_some(Message::Unchoke));
        messages.extend(self.interested.then_some(Message::Interested));
        messages
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn what_is_still_true_is_said_again() {
        let mut early = Early::default();
        let all_it_says = [
            Message::Have(7),
            Message::Bitfield(vec![1]),
            Message::Unchoke,
            Message::Interested,
            Message::Choke,
            Message::Have(3),
            Fast::AllowedFast(5).into(),
            Message::Unchoke,
            Message::NotInterested,
        ];
        for message in all_it_says {
            assert!(early.said(message));
        }
        let expected = [
            Message::Bitfield(vec![1]),
            Message::Have(3),
            Fast::AllowedFast(5).into(),
            Message::Unchoke,
        ];
        assert_eq!(early.into_messages(), expected);
    }

    #[test]
    fn whoever_names_piece_after_piece_is_not_listened_to_for_ever() {
        let mut early = Early::default();
        let stops = (0..).find(|&piece| !early.said(Message::Have(piece)));
        assert_eq!(stops, Some(MOST_HAVES as u32));
    }
}
