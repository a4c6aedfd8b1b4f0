//! The side that is called.

use std::collections::VecDeque;
use std::mem;

use handshake::PROTOCOL;
use metainfo::InfoHash;
use rand::Rng;

use crate::cipher::Keystream;
use crate::dh::{PrivateKey, PublicKey, Secret};
use crate::exchange::{
    Found, Next, Outline, Secured, Streams, VC, find, pad_length, random_pad, random_pad_length,
    take, take_array,
};
use crate::hashes::{SkeyHash, initiators_key, responders_key, sync_mark};
use crate::limits::KEY_LEN;
use crate::{Failure, Method, Methods};

/// The side that is called: it learns from the exchange which torrent is wanted.
///
/// It reads what [`Initiator`](crate::Initiator) sends, and answers. Whoever sends 96 bytes costs it
/// two powers of numbers of 768 bits, a fraction of a millisecond; how many callers may do so at a time
/// is for who takes the calls to bound. It keeps some 600 bytes of a caller, and up to 64 KiB, the
/// initial payload, of one that knows the info-hash of a torrent of ours. What is handed in at a time
/// comes on top.
#[derive(Debug)]
pub struct Responder {
    taken: Methods,
    private: PrivateKey,
    pad_b: Vec<u8>,
    pad_d: usize,
    state: State,
    inbox: Vec<u8>,
    outbox: VecDeque<Vec<u8>>,
    outline: Outline,
}

/// What is waited for.
enum State {
    /// The initiator's public key.
    Key,
    /// A hash of the secret, behind a pad of unknown length.
    Sync { secret: Secret, mark: [u8; 20] },
    /// The hash of the torrent.
    Torrent(Secret),
    /// Eight zeros, the methods offered, and the length of a pad.
    Offer(Agreed),
    /// That pad, and the length of the initial payload.
    Pad {
        agreed: Agreed,
        method: Method,
        length: usize,
    },
    /// The initial payload.
    Initial {
        agreed: Agreed,
        method: Method,
        length: usize,
    },
    /// Nothing.
    Over,
}

/// What both know.
struct Agreed {
    streams: Streams,
    skey: InfoHash,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            State::Key => "Key",
            State::Sync { .. } => "Sync",
            State::Torrent(_) => "Torrent",
            State::Offer(_) => "Offer",
            State::Pad { .. } => "Pad",
            State::Initial { .. } => "Initial",
            State::Over => "Over",
        })
    }
}

impl Responder {
    /// Waits for a caller. Of the methods it offers we select one that is `taken`: plain text, if there
    /// is a choice.
    pub fn new(taken: Methods, rng: &mut impl Rng) -> Responder {
        Responder {
            taken,
            private: PrivateKey::draw(rng),
            pad_b: random_pad(rng),
            pad_d: random_pad_length(rng),
            state: State::Key,
            inbox: Vec::new(),
            outbox: VecDeque::new(),
            outline: Outline::default(),
        }
    }

    /// The next bytes to send, if there are any: once after the caller's public key has come, and once
    /// at the end. A caller that goes on regardless may have both sent at once.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.outbox.pop_front()
    }

    /// Takes what has come; `torrent` finds the torrent with this hash, and is asked once at most (see
    /// [`SkeyIndex`](crate::SkeyIndex)). None, as long as more is needed.
    ///
    /// # Errors
    ///
    /// As soon as it cannot become an encrypted connection any more.
    pub fn handle(
        &mut self,
        bytes: &[u8],
        torrent: impl Fn(SkeyHash) -> Option<InfoHash>,
    ) -> Result<Option<Secured>, Failure> {
        if matches!(self.state, State::Over) {
            return Err(Failure::Over);
        }
        self.inbox.extend_from_slice(bytes);
        loop {
            let next = match mem::replace(&mut self.state, State::Over) {
                State::Key => self.read_key(),
                State::Sync { secret, mark } => self.find_mark(secret, mark),
                State::Torrent(secret) => self.read_torrent(secret, &torrent),
                State::Offer(agreed) => self.read_offer(agreed),
                State::Pad {
                    agreed,
                    method,
                    length,
                } => self.read_pad(agreed, method, length),
                State::Initial {
                    agreed,
                    method,
                    length,
                } => self.read_initial(agreed, method, length),
                State::Over => Err(Failure::Over),
            };
            match next? {
                Next::Go(state) => self.state = state,
                Next::Wait(state) => {
                    self.state = state;
                    return Ok(None);
                }
                Next::Done(secured) => return Ok(Some(secured)),
            }
        }
    }

    /// What is known of the exchange so far.
    pub fn outline(&self) -> Outline {
        self.outline
    }

    fn read_key(&mut self) -> Result<Next<State>, Failure> {
        if self.inbox.starts_with(&PROTOCOL) {
            return Err(Failure::PlainText);
        }
        let Some(key) = take_array::<KEY_LEN>(&mut self.inbox) else {
            return Ok(Next::Wait(State::Key));
        };
        let secret = self.private.agree(&PublicKey(key))?;
        let mut answer = self.private.public().0.to_vec();
        self.outline.pad_b = Some(self.pad_b.len());
        answer.append(&mut self.pad_b);
        self.outbox.push_back(answer);
        let mark = sync_mark(&secret);
        Ok(Next::Go(State::Sync { secret, mark }))
    }

    fn find_mark(&mut self, secret: Secret, mark: [u8; 20]) -> Result<Next<State>, Failure> {
        match find(&mark, &self.inbox) {
            Found::At(pad) => {
                self.inbox.drain(..pad + mark.len());
                self.outline.pad_a = Some(pad);
                Ok(Next::Go(State::Torrent(secret)))
            }
            Found::NotYet => Ok(Next::Wait(State::Sync { secret, mark })),
            Found::Never => Err(Failure::NoSyncMark),
        }
    }

    // ANCHOR: torrent
    fn read_torrent(
        &mut self,
        secret: Secret,
        torrent: &impl Fn(SkeyHash) -> Option<InfoHash>,
    ) -> Result<Next<State>, Failure> {
        // ANCHOR: yours_read_torrent (chapter 22, "The callee")
        let Some(masked) = take_array::<20>(&mut self.inbox) else {
            return Ok(Next::Wait(State::Torrent(secret)));
        };
        let Some(skey) = torrent(SkeyHash(masked).mask(&secret)) else {
            return Err(Failure::UnknownTorrent);
        };
        let streams = Streams {
            read: Keystream::new(initiators_key(&secret, skey)),
            write: Keystream::new(responders_key(&secret, skey)),
        };
        Ok(Next::Go(State::Offer(Agreed { streams, skey })))
        // ANCHOR_END: yours_read_torrent
    }
    // ANCHOR_END: torrent

    fn read_offer(&mut self, mut agreed: Agreed) -> Result<Next<State>, Failure> {
        let Some(mut bytes) = take_array::<14>(&mut self.inbox) else {
            return Ok(Next::Wait(State::Offer(agreed)));
        };
        agreed.streams.read.apply(&mut bytes);
        let [zeros @ .., a, b, c, d, pad_1, pad_2] = bytes;
        if zeros != VC {
            return Err(Failure::WrongKey);
        }
        let offered = Methods(u32::from_be_bytes([a, b, c, d]));
        self.outline.offered = Some(offered);
        let Some(method) = offered.and(self.taken).cheapest() else {
            let taken = self.taken;
            return Err(Failure::NoMethod { offered, taken });
        };
        let length = pad_length([pad_1, pad_2])?;
        self.outline.pad_c = Some(length);
        Ok(Next::Go(State::Pad {
            agreed,
            method,
            length,
        }))
    }

    fn read_pad(
        &mut self,
        mut agreed: Agreed,
        method: Method,
        length: usize,
    ) -> Result<Next<State>, Failure> {
        let Some(mut bytes) = take(&mut self.inbox, length + 2) else {
            return Ok(Next::Wait(State::Pad {
                agreed,
                method,
                length,
            }));
        };
        agreed.streams.read.apply(&mut bytes);
        let length = u16::from_be_bytes([bytes[length], bytes[length + 1]]).into();
        self.outline.initial = Some(length);
        Ok(Next::Go(State::Initial {
            agreed,
            method,
            length,
        }))
    }

    fn read_initial(
        &mut self,
        mut agreed: Agreed,
        method: Method,
        length: usize,
    ) -> Result<Next<State>, Failure> {
        let Some(mut initial) = take(&mut self.inbox, length) else {
            return Ok(Next::Wait(State::Initial {
                agreed,
                method,
                length,
            }));
        };
        agreed.streams.read.apply(&mut initial);
        let answer = self.answer(method, &mut agreed.streams.write);
        self.outbox.push_back(answer);
        let rest = mem::take(&mut self.inbox);
        let secured = agreed.streams.secure(method, agreed.skey, initial, &rest);
        Ok(Next::Done(secured))
    }

    // ANCHOR: answer
    /// What we send when the torrent and the method are known.
    fn answer(&mut self, method: Method, write: &mut Keystream) -> Vec<u8> {
        self.outline.selected = Some(method);
        self.outline.pad_d = Some(self.pad_d);
        let mut answer = VC.to_vec();
        answer.extend(method.bit().to_be_bytes());
        answer.extend((self.pad_d as u16).to_be_bytes());
        answer.resize(answer.len() + self.pad_d, 0);
        write.apply(&mut answer);
        answer
    }
    // ANCHOR_END: answer
}

#[cfg(test)]
mod tests;
