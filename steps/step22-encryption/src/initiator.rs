//! The side that calls.

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
use crate::limits::{KEY_LEN, MAX_INITIAL};
use crate::{Failure, Method, Methods, StartError};

/// The side that calls: it knows which torrent it wants.
///
/// ```text
/// sends  public key, pad A
/// reads  public key, pad B
/// sends  HASH('req1', S), HASH('req2', SKEY) xor HASH('req3', S),
///        RC4: 8 zeros, methods offered, length of pad C, pad C, length of the initial payload, it
/// reads  RC4: 8 zeros, method selected, length of pad D, pad D; then what the peer has to say
/// ```
///
/// It is handed what comes, in whatever parts, and says what to send. No more than the peer's key, two
/// pads and some bytes between them are ever kept, besides what is handed in at a time.
#[derive(Debug)]
pub struct Initiator {
    skey: InfoHash,
    offered: Methods,
    initial: Vec<u8>,
    pad_c: usize,
    private: PrivateKey,
    state: State,
    inbox: Vec<u8>,
    outbox: VecDeque<Vec<u8>>,
    outline: Outline,
}

// ANCHOR: state
/// What is waited for.
enum State {
    /// The responder's public key.
    Key,
    /// Eight encrypted zeros, behind a pad of unknown length.
    Zeros { streams: Streams, mark: [u8; 8] },
    /// What the responder has selected, and the length of the pad that follows.
    Selection(Streams),
    /// The rest of that pad.
    Pad {
        streams: Streams,
        method: Method,
        length: usize,
    },
    /// Nothing.
    Over,
}
// ANCHOR_END: state

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            State::Key => "Key",
            State::Zeros { .. } => "Zeros",
            State::Selection(_) => "Selection",
            State::Pad { .. } => "Pad",
            State::Over => "Over",
        })
    }
}

impl Initiator {
    /// Begins. `initial` travels with the exchange, encrypted whatever is selected: our handshake,
    /// and nothing else, for others take no more
    /// ([`USUAL_INITIAL`](crate::limits::USUAL_INITIAL)); or nothing.
    ///
    /// # Errors
    ///
    /// When `initial` is longer than [`MAX_INITIAL`], or nothing that we know is offered.
    pub fn new(
        skey: InfoHash,
        offered: Methods,
        initial: Vec<u8>,
        rng: &mut impl Rng,
    ) -> Result<Initiator, StartError> {
        if initial.len() > MAX_INITIAL {
            let length = initial.len();
            return Err(StartError::Initial { length });
        }
        if offered.cheapest().is_none() {
            return Err(StartError::NoMethod { offered });
        }
        let private = PrivateKey::draw(rng);
        let pad_a = random_pad(rng);
        let pad_c = random_pad_length(rng);
        let outline = Outline {
            pad_a: Some(pad_a.len()),
            pad_c: Some(pad_c),
            initial: Some(initial.len()),
            offered: Some(offered),
            ..Outline::default()
        };
        let first = [&private.public().0[..], &pad_a].concat();
        Ok(Initiator {
            skey,
            offered,
            initial,
            pad_c,
            private,
            state: State::Key,
            inbox: Vec::new(),
            outbox: VecDeque::from([first]),
            outline,
        })
    }

    /// The next bytes to send, if there are any: once at the beginning, and once after the responder's
    /// public key has come.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.outbox.pop_front()
    }

    // ANCHOR: handle
    /// Takes what has come. None, as long as more is needed.
    ///
    /// # Errors
    ///
    /// As soon as it cannot become an encrypted connection any more.
    pub fn handle(&mut self, bytes: &[u8]) -> Result<Option<Secured>, Failure> {
        if matches!(self.state, State::Over) {
            return Err(Failure::Over);
        }
        self.inbox.extend_from_slice(bytes);
        loop {
            let next = match mem::replace(&mut self.state, State::Over) {
                State::Key => self.read_key(),
                State::Zeros { streams, mark } => self.find_zeros(streams, mark),
                State::Selection(streams) => self.read_selection(streams),
                State::Pad {
                    streams,
                    method,
                    length,
                } => self.read_pad(streams, method, length),
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
    // ANCHOR_END: handle

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
        let mut streams = Streams {
            read: Keystream::new(responders_key(&secret, self.skey)),
            write: Keystream::new(initiators_key(&secret, self.skey)),
        };
        let request = self.request(&secret, &mut streams.write);
        self.outbox.push_back(request);
        let mut mark = VC;
        streams.read.apply(&mut mark);
        Ok(Next::Go(State::Zeros { streams, mark }))
    }

    // ANCHOR: request
    /// What we send when the secret is known.
    fn request(&mut self, secret: &Secret, write: &mut Keystream) -> Vec<u8> {
        // ANCHOR: yours_request (chapter 22, "The caller")
        let mut request = Vec::new();
        request.extend(sync_mark(secret));
        request.extend(SkeyHash::of(self.skey).mask(secret).0);
        let clear = request.len();
        request.extend(VC);
        request.extend(self.offered.0.to_be_bytes());
        request.extend((self.pad_c as u16).to_be_bytes());
        // The specification wants zeros, where a pad is nothing but a pad.
        request.resize(request.len() + self.pad_c, 0);
        request.extend((self.initial.len() as u16).to_be_bytes());
        request.append(&mut self.initial);
        write.apply(&mut request[clear..]);
        request
        // ANCHOR_END: yours_request
    }
    // ANCHOR_END: request

    fn find_zeros(&mut self, streams: Streams, mark: [u8; 8]) -> Result<Next<State>, Failure> {
        match find(&mark, &self.inbox) {
            Found::At(pad) => {
                self.inbox.drain(..pad + mark.len());
                self.outline.pad_b = Some(pad);
                Ok(Next::Go(State::Selection(streams)))
            }
            Found::NotYet => Ok(Next::Wait(State::Zeros { streams, mark })),
            Found::Never => Err(Failure::NoZeros),
        }
    }

    fn read_selection(&mut self, mut streams: Streams) -> Result<Next<State>, Failure> {
        let Some(mut bytes) = take_array::<6>(&mut self.inbox) else {
            return Ok(Next::Wait(State::Selection(streams)));
        };
        streams.read.apply(&mut bytes);
        let [a, b, c, d, pad @ ..] = bytes;
        let selected = Methods(u32::from_be_bytes([a, b, c, d]));
        let offered = self.offered;
        let Some(method) = selected.and(offered).only() else {
            return Err(Failure::NotOffered { selected, offered });
        };
        self.outline.selected = Some(method);
        let length = pad_length(pad)?;
        self.outline.pad_d = Some(length);
        Ok(Next::Go(State::Pad {
            streams,
            method,
            length,
        }))
    }

    fn read_pad(
        &mut self,
        mut streams: Streams,
        method: Method,
        length: usize,
    ) -> Result<Next<State>, Failure> {
        let Some(mut pad) = take(&mut self.inbox, length) else {
            return Ok(Next::Wait(State::Pad {
                streams,
                method,
                length,
            }));
        };
        streams.read.apply(&mut pad);
        let rest = mem::take(&mut self.inbox);
        let secured = streams.secure(method, self.skey, Vec::new(), &rest);
        Ok(Next::Done(secured))
    }
}

#[cfg(test)]
mod tests;
