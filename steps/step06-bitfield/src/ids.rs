//! The number that each kind of message carries.

/// "I send you nothing for now" (BEP 3).
pub const CHOKE: u8 = 0;
/// "Ask, and I send" (BEP 3).
pub const UNCHOKE: u8 = 1;
/// "You have something that I want" (BEP 3).
pub const INTERESTED: u8 = 2;
/// "You have nothing that I want" (BEP 3).
pub const NOT_INTERESTED: u8 = 3;
/// "I now have this piece" (BEP 3).
pub const HAVE: u8 = 4;
/// "These are the pieces I have" (BEP 3).
pub const BITFIELD: u8 = 5;
/// "Send me this block" (BEP 3).
pub const REQUEST: u8 = 6;
/// "Here is a block": the one message that carries the torrent's content (BEP 3).
pub const PIECE: u8 = 7;
/// "No need to send me that block any more" (BEP 3).
pub const CANCEL: u8 = 8;

/// What a message is called, from its id. The messages of later BEPs have names too, though this
/// decoder skips them like unknown ones.
pub fn name(id: u8) -> &'static str {
    match id {
        CHOKE => "choke",
        UNCHOKE => "unchoke",
        INTERESTED => "interested",
        NOT_INTERESTED => "not interested",
        HAVE => "have",
        BITFIELD => "bitfield",
        REQUEST => "request",
        PIECE => "piece",
        CANCEL => "cancel",
        // BEP 5, the DHT.
        9 => "port",
        // BEP 6, the fast extension.
        13 => "suggest piece",
        14 => "have all",
        15 => "have none",
        16 => "reject request",
        17 => "allowed fast",
        // BEP 10, the extension protocol.
        20 => "extended",
        // BEP 52, BitTorrent v2.
        21 => "hash request",
        22 => "hashes",
        23 => "hash reject",
        _ => "unknown message",
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn core_and_fast_messages_have_names() {
        assert_eq!(name(7), "piece");
        let fast: Vec<_> = (13..=17).map(name).collect();
        assert_eq!(
            fast,
            [
                "suggest piece",
                "have all",
                "have none",
                "reject request",
                "allowed fast"
            ]
        );
        assert_eq!(name(10), "unknown message");
        assert_eq!(name(255), "unknown message");
    }
}
