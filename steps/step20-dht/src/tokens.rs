//! Tokens: that somebody who announces is where he says (BEP 5).
//!
//! Whoever asks for peers gets one, at the address that he asks from. Who shows it later from there has
//! received it there, and so nobody can announce somebody else. Nothing has to be noted for it: a token
//! is a hash of the address and of a secret.

use std::net::IpAddr;
use std::time::Duration;

use metainfo::InfoHash;
use rand::{Rng, RngExt};
use sha1::{Digest as _, Sha1};

use crate::limits::TOKEN_TURN;

/// How long a token is, in bytes. Who guesses has four thousand million to try, in ten minutes, at five
/// a second.
pub(crate) const TOKEN_LEN: usize = 4;

/// Gives tokens and knows its own again.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    /// The secret of now, and the one before it.
    secrets: [[u8; 20]; 2],
    turned: Duration,
}

impl Tokens {
    pub(crate) fn new(now: Duration, rng: &mut impl Rng) -> Tokens {
        Tokens {
            secrets: [rng.random(), rng.random()],
            turned: now,
        }
    }

    /// Draws a new secret, if it is time.
    pub(crate) fn turn(&mut self, now: Duration, rng: &mut impl Rng) {
        let age = now.saturating_sub(self.turned);
        if age < TOKEN_TURN {
            return;
        }
        // After a long silence both are too old.
        let before = match age < 2 * TOKEN_TURN {
            true => self.secrets[0],
            false => rng.random(),
        };
        self.secrets = [rng.random(), before];
        self.turned = now;
    }

    // ANCHOR: token
    /// The token for who asks from this address for the peers of this torrent.
    pub(crate) fn give(&self, ip: IpAddr, info_hash: InfoHash) -> [u8; TOKEN_LEN] {
        token(&self.secrets[0], ip, info_hash)
    }

    /// Whether this token was given to this address for this torrent, in the last five to ten minutes.
    pub(crate) fn is_good(&self, shown: &[u8], ip: IpAddr, info_hash: InfoHash) -> bool {
        // ANCHOR: yours_is_good (chapter 20, "Answering")
        let mut secrets = self.secrets.iter();
        secrets.any(|secret| token(secret, ip, info_hash) == shown)
        // ANCHOR_END: yours_is_good
    }
    // ANCHOR_END: token
}

fn token(secret: &[u8; 20], ip: IpAddr, info_hash: InfoHash) -> [u8; TOKEN_LEN] {
    let ip = match ip.to_canonical() {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    // All parts have fixed lengths, and a fifth of the hash is shown: nobody can go on with it.
    let mut hash = Sha1::new();
    hash.update(secret);
    hash.update(ip.octets());
    hash.update(info_hash.0);
    let hash: [u8; 20] = hash.finalize().into();
    std::array::from_fn(|i| hash[i])
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_token_is_good_for_its_address_and_its_torrent() {
        let rng = &mut ChaCha8Rng::seed_from_u64(1);
        let tokens = Tokens::new(Duration::ZERO, rng);
        let (a, b) = (ip("192.0.2.1"), ip("192.0.2.2"));
        let (one, other) = (InfoHash([1; 20]), InfoHash([2; 20]));
        let token = tokens.give(a, one);
        assert!(tokens.is_good(&token, a, one));
        assert!(tokens.is_good(&token, ip("::ffff:192.0.2.1"), one));
        assert!(!tokens.is_good(&token, b, one));
        assert!(!tokens.is_good(&token, a, other));
        assert!(!tokens.is_good(&token[..3], a, one));
        assert!(!tokens.is_good(b"", a, one));
    }

    #[test]
    fn a_token_is_good_for_five_minutes_and_not_for_more_than_ten() {
        let rng = &mut ChaCha8Rng::seed_from_u64(1);
        let mut tokens = Tokens::new(Duration::ZERO, rng);
        let (a, one) = (ip("192.0.2.1"), InfoHash([1; 20]));
        let token = tokens.give(a, one);
        for (seconds, is_good) in [(299, true), (300, true), (599, true), (600, false)] {
            tokens.turn(Duration::from_secs(seconds), rng);
            assert_eq!(tokens.is_good(&token, a, one), is_good, "{seconds} s");
        }
    }

    #[test]
    fn after_a_long_silence_no_old_token_is_good() {
        let rng = &mut ChaCha8Rng::seed_from_u64(1);
        let mut tokens = Tokens::new(Duration::ZERO, rng);
        let (a, one) = (ip("192.0.2.1"), InfoHash([1; 20]));
        let token = tokens.give(a, one);
        tokens.turn(Duration::from_secs(5_000), rng);
        assert!(!tokens.is_good(&token, a, one));
    }
}
