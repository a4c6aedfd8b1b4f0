//! What is made of the secret and the info-hash: marks to be known by, and the keys of the cipher.

use metainfo::InfoHash;
use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};

use crate::dh::Secret;

/// The hash under which a torrent is asked for, once the mask of the connection is off it:
/// HASH('req2', SKEY). It tells nobody the info-hash who does not know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SkeyHash(pub [u8; 20]);

impl SkeyHash {
    /// The hash of a torrent.
    pub fn of(skey: InfoHash) -> SkeyHash {
        SkeyHash(hash(&[b"req2", &skey.0]))
    }

    /// The same, hidden under the secret of a connection; and, the other way, found again below it.
    pub(crate) fn mask(self, secret: &Secret) -> SkeyHash {
        let mask = hash(&[b"req3", &secret.0]);
        SkeyHash(std::array::from_fn(|i| self.0[i] ^ mask[i]))
    }
}

// ANCHOR: hashes
/// By which the responder finds where the initiator's pad ends: HASH('req1', S).
pub(crate) fn sync_mark(secret: &Secret) -> [u8; 20] {
    hash(&[b"req1", &secret.0])
}

/// The key of what the initiator sends.
pub(crate) fn initiators_key(secret: &Secret, skey: InfoHash) -> [u8; 20] {
    hash(&[b"keyA", &secret.0, &skey.0])
}

/// The key of what the responder sends.
pub(crate) fn responders_key(secret: &Secret, skey: InfoHash) -> [u8; 20] {
    hash(&[b"keyB", &secret.0, &skey.0])
}

/// HASH(): the SHA-1 of all parts, one behind the other.
fn hash(parts: &[&[u8]]) -> [u8; 20] {
    let mut sha1 = Sha1::new();
    for part in parts {
        sha1.update(part);
    }
    sha1.finalize().into()
}
// ANCHOR_END: hashes
