//! A peer that begins an exchange of keys and breaks it off.

use std::io;
use std::time::Duration;

use encryption::{Methods, Opening, Responder, SkeyIndex};
use metainfo::InfoHash;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::lab::peer::{Call, Passed};

/// A caller has to say something by then.
const PATIENCE: Duration = Duration::from_secs(10);
/// Of the second half of the exchange so many bytes come, and no more.
const HALF: usize = 5;

/// What is to be done with a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Hear more.
    Hear,
    /// Say this, and hear more.
    Say(Vec<u8>),
    /// Say this, and hang up.
    HangUp(Vec<u8>),
}

/// Hangs up on who begins in plain text. Who sends a public key gets one; and when it has proved that it knows the torrent, the
/// answer breaks off in the middle.
#[derive(Debug)]
pub struct BreakingOff {
    torrent: InfoHash,
    responder: Responder,
    /// The first bytes, until they say which way it begins.
    first: Option<Vec<u8>>,
    has_answered: bool,
}

impl BreakingOff {
    /// One that is called about this torrent.
    pub fn new(torrent: InfoHash) -> BreakingOff {
        BreakingOff {
            torrent,
            responder: Responder::new(Methods::BOTH, &mut rand::rng()),
            first: Some(Vec::new()),
            has_answered: false,
        }
    }

    /// Takes what has come.
    pub fn hear(&mut self, bytes: &[u8]) -> Next {
        let bytes = match self.first.take() {
            None => bytes.to_vec(),
            Some(first) => {
                let first = [&first[..], bytes].concat();
                match Opening::of(&first) {
                    Opening::Plain => return Next::HangUp(Vec::new()),
                    Opening::NeedMore => {
                        self.first = Some(first);
                        return Next::Hear;
                    }
                    Opening::Encrypted => first,
                }
            }
        };
        let ours: SkeyIndex = [self.torrent].into_iter().collect();
        let Ok(secured) = self.responder.handle(&bytes, |hash| ours.find(hash)) else {
            return Next::HangUp(Vec::new());
        };
        let mut says = Vec::new();
        if !self.has_answered
            && let Some(key) = self.responder.poll_transmit()
        {
            self.has_answered = true;
            says = key;
        }
        match secured {
            Some(_) => {
                let rest = self.responder.poll_transmit().unwrap_or_default();
                says.extend(rest.into_iter().take(HALF));
                Next::HangUp(says)
            }
            None if says.is_empty() => Next::Hear,
            None => Next::Say(says),
        }
    }
}

/// Does so with a caller.
///
/// # Errors
///
/// When the connection breaks, or nothing comes.
pub async fn break_off(call: Call, torrent: InfoHash) -> io::Result<()> {
    let mut peer = BreakingOff::new(torrent);
    let (mut socket, ear) = call.into_parts();
    let note = |passed| {
        if let Some(ear) = &ear {
            ear(passed);
        }
    };
    let mut bytes = [0; 1024];
    loop {
        let count = timeout(PATIENCE, socket.read(&mut bytes)).await??;
        if count == 0 {
            return Ok(());
        }
        match peer.hear(bytes.get(..count).unwrap_or_default()) {
            Next::Hear => {}
            Next::Say(says) => {
                note(Passed::Key);
                socket.write_all(&says).await?;
            }
            Next::HangUp(says) => {
                socket.write_all(&says).await?;
                note(Passed::WeHungUp);
                return socket.shutdown().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use encryption::Initiator;
    use handshake::PROTOCOL;
    use pretty_assertions::assert_eq;

    use super::*;

    const TORRENT: InfoHash = InfoHash([7; 20]);

    #[test]
    fn plain_text_is_hung_up_on_when_it_is_known_to_be() {
        let mut peer = BreakingOff::new(TORRENT);
        assert_eq!(peer.hear(&PROTOCOL[..5]), Next::Hear);
        assert_eq!(peer.hear(&PROTOCOL[5..]), Next::HangUp(Vec::new()));
    }

    #[test]
    fn an_exchange_ends_in_the_middle_of_its_last_part() {
        let mut peer = BreakingOff::new(TORRENT);
        let rng = &mut rand::rng();
        let caller = Initiator::new(TORRENT, Methods::BOTH, b"hello".to_vec(), rng);
        let mut caller = caller.unwrap();
        let mut next = Next::Hear;
        let mut exchanged = 0;
        while !matches!(next, Next::HangUp(_)) {
            if let Next::Say(says) = &next {
                exchanged += 1;
                assert!(caller.handle(says).unwrap().is_none());
            }
            let says = caller.poll_transmit().expect("it is not at its end");
            next = peer.hear(&says);
        }
        let Next::HangUp(says) = next else { panic!() };
        assert_eq!((exchanged, says.len()), (1, HALF));
        assert!(caller.handle(&says).unwrap().is_none());
    }

    #[test]
    fn who_knows_another_torrent_is_hung_up_on() {
        let mut peer = BreakingOff::new(TORRENT);
        let rng = &mut rand::rng();
        let caller = Initiator::new(InfoHash([8; 20]), Methods::BOTH, Vec::new(), rng);
        let mut caller = caller.unwrap();
        let Next::Say(key) = peer.hear(&caller.poll_transmit().unwrap()) else {
            panic!()
        };
        assert!(caller.handle(&key).unwrap().is_none());
        let asks = caller.poll_transmit().unwrap();
        assert_eq!(peer.hear(&asks), Next::HangUp(Vec::new()));
    }
}
