//! The five messages of the fast extension, byte by byte.

use fast::Fast;
use messages::BlockRequest;

use super::Figure;
use super::bytes;
use super::messages_bytes::encoded;

pub(super) fn figure() -> Figure {
    // The second block of piece 3 of the sample.
    let block = BlockRequest {
        piece: 3,
        offset: 16_384,
        len: 16_384,
    };
    bytes::rows(
        "21-messages",
        "Five messages in hexadecimal. Have all and have none are a length of 1 and an id, 0e and 0f. Suggest, 0d, and allowed \
         fast, 11, add the number of a piece. Reject, 10, adds piece, offset and length, those of a request.",
        &[
            encoded(
                "have all",
                "in place of a bitfield of ones",
                &Fast::HaveAll.into(),
                &[],
            ),
            encoded(
                "have none",
                "in place of a bitfield of zeros",
                &Fast::HaveNone.into(),
                &[],
            ),
            encoded(
                "reject request",
                "this block will not come",
                &Fast::Reject(block).into(),
                &["piece", "offset", "length"],
            ),
            encoded(
                "allowed fast",
                "you get piece 15 choked or not",
                &Fast::AllowedFast(15).into(),
                &["piece"],
            ),
            encoded(
                "suggest piece",
                "piece 21 would cost me least",
                &Fast::Suggest(21).into(),
                &["piece"],
            ),
        ],
    )
}
