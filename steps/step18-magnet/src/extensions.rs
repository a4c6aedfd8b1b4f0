//! Two peers, two tables of numbers: which extended message is which (BEP 10).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ExtendedError, ExtendedHandshake, HANDSHAKE_ID};

/// The name of the extension that exchanges metadata (BEP 9).
pub const UT_METADATA: &str = "ut_metadata";

/// What both sides of a connection have said of their extensions.
///
/// Each side chooses the numbers under which it wants to *hear*; so there are two tables. What comes
/// in is looked up in ours, what goes out in theirs.
///
/// ```
/// use magnet::{ExtendedHandshake, Extensions, Heard, UT_METADATA};
///
/// let mut ours = Extensions::new([(UT_METADATA, 1)]);
/// let mut theirs = Extensions::new([(UT_METADATA, 7)]);
/// let hello = theirs.hello(ExtendedHandshake::default()).to_body();
/// assert!(matches!(ours.hear(&hello), Ok(Heard::Handshake(_))));
///
/// // To them, under their number; and they know it by it.
/// let body = ours.body(UT_METADATA, b"question").unwrap();
/// assert_eq!(body, b"\x07question");
/// let heard = theirs.hear(&body).unwrap();
/// assert_eq!(heard, Heard::Message { name: UT_METADATA, payload: b"question" });
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extensions {
    /// Our names, by the numbers under which we hear them.
    ours: BTreeMap<u8, String>,
    /// All that the other side has said of itself; nothing yet, if it has said nothing.
    theirs: Option<ExtendedHandshake>,
}

/// What an `extended` message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    /// The other side's extension handshake, its first or a later one. It has been noted.
    Handshake(ExtendedHandshake),
    /// A message of one of our extensions.
    Message {
        /// Which one.
        name: &'a str,
        /// What follows the number.
        payload: &'a [u8],
    },
    /// A message under a number that we have not given out. There is nothing to be done about it.
    Unknown {
        /// The number.
        id: u8,
    },
}

impl Extensions {
    /// A connection on which nothing has been said, and on which we hear these extensions under these
    /// numbers. The numbers are not 0, and each is there once: of several the last one counts.
    pub fn new<'a>(ours: impl IntoIterator<Item = (&'a str, u8)>) -> Extensions {
        let ours = ours.into_iter().filter(|&(_, id)| id != HANDSHAKE_ID);
        Extensions {
            ours: ours.map(|(name, id)| (id, name.to_owned())).collect(),
            theirs: None,
        }
    }

    /// Our extension handshake: what is given, with our numbers as its `m`.
    pub fn hello(&self, more: ExtendedHandshake) -> ExtendedHandshake {
        let ours = self.ours.iter();
        ExtendedHandshake {
            extensions: ours.map(|(&id, name)| (name.clone(), id)).collect(),
            ..more
        }
    }

    // ANCHOR: hear
    /// Takes in the body of an `extended` message, from its number on.
    ///
    /// # Errors
    ///
    /// When there is no number, or it is a handshake that cannot be read. Nothing has been changed, and
    /// the connection can go on without it.
    pub fn hear<'a>(&'a mut self, body: &'a [u8]) -> Result<Heard<'a>, ExtendedError> {
        // ANCHOR: yours_hear (chapter 18, "Extended messages")
        let (&id, payload) = body.split_first().ok_or(ExtendedError::Empty)?;
        if id == HANDSHAKE_ID {
            let handshake = ExtendedHandshake::decode(payload)?;
            self.theirs.get_or_insert_default().update(&handshake);
            return Ok(Heard::Handshake(handshake));
        }
        Ok(match self.ours.get(&id) {
            Some(name) => Heard::Message { name, payload },
            None => Heard::Unknown { id },
        })
        // ANCHOR_END: yours_hear
    }
    // ANCHOR_END: hear

    /// All that the other side has said of itself, the later over the earlier; nothing, if it has not
    /// said anything.
    pub fn theirs(&self) -> Option<&ExtendedHandshake> {
        self.theirs.as_ref()
    }

    // ANCHOR: body
    /// The number under which the other side hears an extension, if it does.
    pub fn id(&self, name: &str) -> Option<u8> {
        let id = *self.theirs.as_ref()?.extensions.get(name)?;
        (id != HANDSHAKE_ID).then_some(id)
    }

    /// The body of a message to the other side, if it hears this extension.
    pub fn body(&self, name: &str, payload: &[u8]) -> Option<Vec<u8>> {
        let id = self.id(name)?;
        Some([&[id], payload].concat())
    }
    // ANCHOR_END: body
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn heard(extensions: &mut Extensions, dictionary: &[u8]) {
        let body = [&[0], dictionary].concat();
        assert!(matches!(extensions.hear(&body), Ok(Heard::Handshake(_))));
    }

    #[test]
    fn before_the_handshake_nothing_can_be_said() {
        let extensions = Extensions::new([(UT_METADATA, 1)]);
        assert_eq!(extensions.theirs(), None);
        assert_eq!(extensions.body(UT_METADATA, b""), None);
    }

    #[test]
    fn a_later_handshake_says_what_has_changed() {
        let mut extensions = Extensions::new([]);
        heard(
            &mut extensions,
            b"d1:md6:ut_pexi1e11:ut_metadatai3ee1:v1:xe",
        );
        assert_eq!(extensions.id(UT_METADATA), Some(3));
        heard(&mut extensions, b"d1:md6:ut_pexi0ee13:metadata_sizei9ee");
        assert_eq!(extensions.id("ut_pex"), None);
        assert_eq!(
            extensions.id(UT_METADATA),
            Some(3),
            "nothing was said of it"
        );
        heard(&mut extensions, b"d1:md6:ut_pexi4eee");
        assert_eq!(extensions.id("ut_pex"), Some(4));
        let theirs = extensions.theirs().unwrap();
        assert_eq!(theirs.metadata_size, Some(9));
        assert_eq!(theirs.client.as_deref(), Some("x"));
    }

    #[test]
    fn two_names_with_one_number_are_for_them_to_tell_apart() {
        let mut extensions = Extensions::new([]);
        heard(&mut extensions, b"d1:md1:ai1e1:bi1eee");
        assert_eq!((extensions.id("a"), extensions.id("b")), (Some(1), Some(1)));
    }

    #[test]
    fn a_number_that_we_did_not_give_out_is_unknown() {
        let mut extensions = Extensions::new([(UT_METADATA, 1), ("none", 0)]);
        assert_eq!(extensions.hear(b"\x02abc"), Ok(Heard::Unknown { id: 2 }));
        assert_eq!(extensions.hear(b""), Err(ExtendedError::Empty));
        let hello = extensions.hello(ExtendedHandshake::default());
        assert_eq!(hello.to_body(), b"\0d1:md11:ut_metadatai1eee");
    }

    #[test]
    fn a_handshake_that_cannot_be_read_changes_nothing() {
        let mut extensions = Extensions::new([]);
        heard(&mut extensions, b"d1:md1:ai1eee");
        assert!(extensions.hear(b"\0d1:md1:ai2e").is_err());
        assert_eq!(extensions.id("a"), Some(1));
    }
}
