//! Counting without being told twice: the sets of addresses of a scrape (BEP 33).
//!
//! Each of a torrent's nodes knows some of its peers, and several know the same ones. Numbers could not
//! be added. A Bloom filter can: it is a set of bits in which each address sets two, the same ones
//! wherever it is put in. From how many are set in all of them together follows how many there are.

use std::net::IpAddr;

use sha1::{Digest as _, Sha1};

/// The bits of a filter (BEP 33: m).
const BITS: usize = 256 * 8;

/// How many bits each address sets (BEP 33: k).
const HASHES: f64 = 2.0;

/// A set of addresses in 256 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(pub [u8; 256]);

impl Default for Filter {
    fn default() -> Filter {
        Filter([0; 256])
    }
}

impl Filter {
    /// Puts an address in.
    pub fn insert(&mut self, ip: IpAddr) {
        let hash = match ip.to_canonical() {
            IpAddr::V4(ip) => Sha1::digest(ip.octets()),
            IpAddr::V6(ip) => Sha1::digest(ip.octets()),
        };
        for pair in [[hash[0], hash[1]], [hash[2], hash[3]]] {
            let bit = usize::from(u16::from_le_bytes(pair)) % BITS;
            self.0[bit / 8] |= 1 << (bit % 8);
        }
    }

    /// Puts in all that are in the other one.
    pub fn merge(&mut self, other: &Filter) {
        for (byte, more) in self.0.iter_mut().zip(other.0) {
            *byte |= more;
        }
    }

    /// How many addresses are in it, about. Beyond some 6,000 it cannot tell.
    ///
    /// BEP 33 has at most `m - 1` zeros in its formula, so that an empty filter counts one. Here it counts
    /// none: that is our choice.
    pub fn estimate(&self) -> f64 {
        let zeros: u32 = self.0.iter().map(|byte| byte.count_zeros()).sum();
        // A filter that is full says nothing: the estimate stays a number.
        let zeros = f64::from(zeros).clamp(1.0, BITS as f64);
        let bits = BITS as f64;
        (zeros / bits).ln() / (HASHES * (1.0 - 1.0 / bits).ln())
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use pretty_assertions::assert_eq;

    use super::*;

    /// The vector of BEP 33.
    #[test]
    fn the_filter_of_bep_33_comes_out_bit_by_bit() {
        let mut filter = Filter::default();
        for n in 0..=255 {
            filter.insert(Ipv4Addr::new(192, 0, 2, n).into());
        }
        for n in 0..=0x3e7 {
            filter.insert(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, n).into());
        }
        let expected = "f6c3f5eaa07ffd91bde89f777f26fb2bff37bdb8fb2bbaa2fd3ddde7bacfff75ee7ccbae\
             fe5eedb1fbfaff67f6abff5e43ddbca3fd9b9ffdf4ffd3e9dff12d1bdf59db53dbe9fa5b\
             7ff3b8fdfcde1afb8bedd7be2f3ee71ebbbfe93bcdeefe148246c2bc5dbff7e7efdcf24f\
             d8dc7adffd8fffdfddfff7a4bbeedf5cb95ce81fc7fcff1ff4ffffdfe5f7fdcbb7fd79b3\
             fa1fc77bfe07fff905b7b7ffc7fefeffe0b8370bb0cd3f5b7f2bd93feb4386cfdd6f7fd5\
             bfaf2e9ebffffeecd67adbf7c67f17efd5d75eba6ffeba7fff47a91eb1bfbb53e8abfb57\
             62abe8ff237279bfefbfeef5ffc5febfdfe5adffadfee1fb737ffffbfd9f6aeffeee76b6\
             fd8f72ef";
        assert_eq!(hex::encode(filter.0), expected);
        assert!((filter.estimate() - 1_224.930_8).abs() < 0.001);
    }

    #[test]
    fn the_same_address_counts_once_however_often_it_is_told() {
        let mut one = Filter::default();
        one.insert(Ipv4Addr::new(192, 0, 2, 1).into());
        let mut other = one.clone();
        other.insert(Ipv4Addr::new(192, 0, 2, 1).into());
        one.merge(&other);
        assert_eq!(one, other);
        assert!((one.estimate() - 1.0).abs() < 0.01);
        assert_eq!(Filter::default().estimate(), 0.0);
        assert!(Filter([0xff; 256]).estimate().is_finite());
    }
}
