//! The key exchange of Diffie and Hellman: two who only ever talk in public agree on a number that
//! nobody who listened knows.

use std::fmt;

use crypto_bigint::modular::ConstMontyParams;
use crypto_bigint::{U768, const_monty_form, const_monty_params};
use rand::{Rng, RngExt};

use crate::Failure;
use crate::limits::{KEY_LEN, PRIVATE_KEY_LEN};

// ANCHOR: prime
const_monty_params!(
    Prime,
    U768,
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74\
     020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437\
     4FE1356D6D51C245E485B576625E7EC6F44C42E9A63A36210000000000090563",
    "The prime of the specification, 768 bits."
);
const_monty_form!(Residue, Prime, "A number from 0 to the prime, without it.");

const GENERATOR: U768 = U768::from_u8(2);
// ANCHOR_END: prime

// ANCHOR: private
/// A number of our own, for one connection.
///
/// No care is taken that the time to compute with it tells nothing about it: it is used once, and
/// protects nothing that is worth a stopwatch.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateKey(pub [u8; PRIVATE_KEY_LEN]);

impl PrivateKey {
    /// A new one.
    pub fn draw(rng: &mut impl Rng) -> PrivateKey {
        PrivateKey(rng.random())
    }

    /// What the other side may know of it: the generator to the power of this.
    pub fn public(&self) -> PublicKey {
        PublicKey(to_bytes(&self.power_of(GENERATOR)))
    }

    /// The secret, of our private key and the other's public one: both sides come to the same.
    ///
    /// # Errors
    ///
    /// [`Failure::Key`], when the public key is none that anybody draws: with 0, 1 and one less than
    /// the prime, the secret would be one of three numbers that everybody knows.
    pub fn agree(&self, theirs: &PublicKey) -> Result<Secret, Failure> {
        // ANCHOR: yours_agree (chapter 22, "The secret")
        let key = U768::from_be_slice(&theirs.0);
        let last = Prime::PARAMS.modulus().as_ref().wrapping_sub(&U768::ONE);
        if key <= U768::ONE || key >= last {
            return Err(Failure::Key);
        }
        Ok(Secret(to_bytes(&self.power_of(key))))
        // ANCHOR_END: yours_agree
    }

    fn power_of(&self, base: U768) -> U768 {
        let mut exponent = [0; KEY_LEN];
        exponent[KEY_LEN - PRIVATE_KEY_LEN..].copy_from_slice(&self.0);
        let exponent = U768::from_be_slice(&exponent);
        let bits = 8 * PRIVATE_KEY_LEN as u32;
        Residue::new(&base)
            .pow_bounded_exp(&exponent, bits)
            .retrieve()
    }
}
// ANCHOR_END: private

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}

/// The first 96 bytes that a side sends. Every number is written with all of them, the highest byte
/// first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(pub [u8; KEY_LEN]);

/// What both sides know in the end, and nobody else.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub [u8; KEY_LEN]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A number as it is sent and hashed: 96 bytes, zeros in front.
fn to_bytes(number: &U768) -> [u8; KEY_LEN] {
    let mut bytes = [0; KEY_LEN];
    bytes.copy_from_slice(number.to_be_bytes().as_ref());
    bytes
}

#[cfg(test)]
pub(crate) mod tests;
