//! What stands for a block's bytes.

/// What is in a block: the torrent's bytes, or one of some wrong things. Two blocks with the same
/// content have the same digest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Content(u8);

impl Content {
    /// The bytes that the torrent has there.
    pub const RIGHT: Content = Content(0);

    /// The wrong bytes that this node sends.
    pub(crate) fn lie_of(node: usize) -> Content {
        Content((node % 255) as u8 + 1)
    }

    /// What stands for the SHA-1 of the block.
    pub fn digest(self) -> [u8; 20] {
        [self.0; 20]
    }
}
