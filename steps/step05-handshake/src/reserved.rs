//! The eight reserved bytes, and what their bits have come to mean.

#[derive(serde::Serialize, serde::Deserialize)]
// ANCHOR: reserved
/// The eight reserved bytes of a handshake: a bit for each extension the sender
/// speaks. An extension is used when both sides have set its bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reserved(pub [u8; 8]);

impl Reserved {
    /// No extension: BitTorrent as in BEP 3.
    pub fn none() -> Reserved {
        Reserved([0; 8])
    }

    /// The extension protocol (BEP 10), on which magnet links and peer exchange are
    /// built.
    pub fn extension_protocol(&self) -> bool {
        self.0[5] & 0x10 != 0
    }

    /// The fast extension (BEP 6).
    pub fn fast(&self) -> bool {
        self.0[7] & 0x04 != 0
    }

    /// The distributed hash table (BEP 5).
    pub fn dht(&self) -> bool {
        self.0[7] & 0x01 != 0
    }
}
// ANCHOR_END: reserved

impl Reserved {
    /// The same, and the extension protocol (BEP 10).
    pub fn with_extension_protocol(mut self) -> Reserved {
        self.0[5] |= 0x10;
        self
    }

    /// The same, and the fast extension (BEP 6).
    pub fn with_fast(mut self) -> Reserved {
        self.0[7] |= 0x04;
        self
    }

    /// The same, and the distributed hash table (BEP 5).
    pub fn with_dht(mut self) -> Reserved {
        self.0[7] |= 0x01;
        self
    }

    /// What both sides speak: the bits that are set in both handshakes.
    pub fn common(self, other: Reserved) -> Reserved {
        Reserved(std::array::from_fn(|byte| self.0[byte] & other.0[byte]))
    }
}

impl Reserved {
    /// Every bit that is set, in the order of the bytes and from the highest bit down.
    pub fn bits(&self) -> impl Iterator<Item = Bit> + use<> {
        let bytes = self.0;
        (0..8).flat_map(move |byte| {
            let masks = (0..8).map(|shift| 0x80 >> shift);
            let set = masks.filter(move |mask| bytes[byte] & mask != 0);
            set.map(move |mask| Bit { byte, mask })
        })
    }
}

/// One reserved bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bit {
    /// Which of the eight bytes, 0 to 7.
    pub byte: usize,
    /// The bit in that byte, as a value with one bit set.
    pub mask: u8,
}

impl Bit {
    // ANCHOR: name
    /// What the bit means, where that is known (BEP 4 keeps the list, later BEPs
    /// add to it).
    pub fn name(&self) -> Option<&'static str> {
        Some(match (self.byte, self.mask) {
            (0, 0x80) => "Azureus messaging protocol",
            (2, 0x08) => "location-aware protocol",
            (5, 0x10) => "extension protocol (BEP 10)",
            (5, 0x02) => "extension negotiation, first bit",
            (5, 0x01) => "extension negotiation, second bit",
            (7, 0x10) => "hybrid torrent, can speak v2 (BEP 52)",
            (7, 0x08) => "NAT traversal",
            (7, 0x04) => "fast extension (BEP 6)",
            (7, 0x02) => "XBT peer exchange",
            (7, 0x01) => "DHT (BEP 5)",
            _ => return None,
        })
    }
    // ANCHOR_END: name
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn bits(bytes: [u8; 8]) -> Vec<(usize, u8, Option<&'static str>)> {
        let bits = Reserved(bytes).bits();
        bits.map(|bit| (bit.byte, bit.mask, bit.name())).collect()
    }

    #[test]
    fn each_extension_has_its_bit() {
        let with = |byte: usize, mask: u8| {
            let mut reserved = Reserved::none();
            reserved.0[byte] = mask;
            reserved
        };
        assert!(with(5, 0x10).extension_protocol());
        assert!(with(7, 0x04).fast());
        assert!(with(7, 0x01).dht());
        for reserved in [
            Reserved::none(),
            with(0, 0xff),
            with(5, 0xef),
            with(7, 0xfa),
        ] {
            assert!(!reserved.extension_protocol());
            assert!(!reserved.fast());
            assert!(!reserved.dht());
        }
    }

    #[test]
    fn what_is_set_is_what_is_read() {
        let none = Reserved::none();
        let read = |reserved: Reserved| {
            let Reserved(bytes) = reserved;
            let extensions = [
                reserved.extension_protocol(),
                reserved.fast(),
                reserved.dht(),
            ];
            (extensions, bytes)
        };
        assert_eq!(
            read(none.with_extension_protocol()),
            ([true, false, false], [0, 0, 0, 0, 0, 0x10, 0, 0])
        );
        assert_eq!(
            read(none.with_fast()),
            ([false, true, false], [0, 0, 0, 0, 0, 0, 0, 0x04])
        );
        assert_eq!(
            read(none.with_dht()),
            ([false, false, true], [0, 0, 0, 0, 0, 0, 0, 0x01])
        );
        let all = none.with_extension_protocol().with_fast().with_dht();
        assert_eq!(read(all), ([true; 3], [0, 0, 0, 0, 0, 0x10, 0, 0x05]));
        assert_eq!(all.with_fast(), all, "setting a bit twice changes nothing");
    }

    #[test]
    fn an_extension_is_common_only_if_both_have_set_it() {
        let ours = Reserved::none().with_fast().with_extension_protocol();
        let theirs = Reserved([0xff; 8]);
        assert_eq!(ours.common(theirs), ours);
        assert_eq!(theirs.common(ours), ours);
        let theirs = Reserved::none().with_fast().with_dht();
        assert_eq!(ours.common(theirs), Reserved::none().with_fast());
        assert_eq!(ours.common(Reserved::none()), Reserved::none());
    }

    #[test]
    fn what_libtorrent_sets_is_named() {
        assert_eq!(
            bits([0, 0, 0, 0, 0, 0x10, 0, 0x05]),
            [
                (5, 0x10, Some("extension protocol (BEP 10)")),
                (7, 0x04, Some("fast extension (BEP 6)")),
                (7, 0x01, Some("DHT (BEP 5)")),
            ]
        );
    }

    #[test]
    fn unknown_bits_are_shown_too() {
        assert_eq!(
            bits([0, 0x41, 0, 0, 0, 0, 0, 0]),
            [(1, 0x40, None), (1, 0x01, None)]
        );
        assert_eq!(Reserved([0xff; 8]).bits().count(), 64);
        assert_eq!(Reserved::none().bits().count(), 0);
    }
}
