//! Options behind an announce (BEP 41): the path and the query of the tracker's URL.
//!
//! An option is a byte that says what it is, a byte with the length of what follows, and that. The
//! options 0 and 1 are that one byte alone.

use crate::PacketError;

/// Option 0: there are no more.
const END: u8 = 0;

/// Option 1: nothing, to fill a gap.
const NOP: u8 = 1;

/// Option 2: a part of the path and query.
const URL_DATA: u8 = 2;

/// Writes the path and query of a tracker's URL as options of at most 255 bytes. An empty one is
/// written too: it says that there is neither, and that we know of options.
pub fn encode_options(url_data: &[u8], out: &mut Vec<u8>) {
    let nothing: &[u8] = &[];
    let parts = url_data.chunks(usize::from(u8::MAX));
    let parts = parts.chain(url_data.is_empty().then_some(nothing));
    for part in parts {
        // No part is longer than a byte can say.
        out.extend([URL_DATA, u8::try_from(part.len()).unwrap_or(u8::MAX)]);
        out.extend(part);
    }
}

// ANCHOR: decode
/// The path and query that the options of an announce name, put together; none if they name none.
/// Options that are not known are skipped.
///
/// # Errors
///
/// When an option goes on beyond the end. There may be a key in the query, and half a key opens
/// nothing.
pub fn decode_options(options: &[u8]) -> Result<Option<Vec<u8>>, PacketError> {
    // ANCHOR: yours_decode_options (chapter 17, "The options")
    let mut url_data: Option<Vec<u8>> = None;
    let mut rest = options;
    while let Some((&kind, after)) = rest.split_first() {
        let cut = PacketError::Option {
            offset: options.len() - rest.len(),
        };
        rest = match kind {
            END => break,
            NOP => after,
            kind => {
                let (&length, after) = after.split_first().ok_or(cut)?;
                let (data, after) = after.split_at_checked(length.into()).ok_or(cut)?;
                if kind == URL_DATA {
                    url_data.get_or_insert_default().extend(data);
                }
                after
            }
        };
    }
    Ok(url_data)
    // ANCHOR_END: yours_decode_options
}
// ANCHOR_END: decode

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn encoded(url_data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        encode_options(url_data, &mut out);
        out
    }

    fn decoded(options: &[u8]) -> Option<Vec<u8>> {
        decode_options(options).unwrap()
    }

    #[test]
    fn the_examples_of_bep_41_are_written_and_read() {
        assert_eq!(encoded(b"/dir?a=b&c=d"), b"\x02\x0c/dir?a=b&c=d");
        assert_eq!(encoded(b""), b"\x02\x00");
        let url_data = Some(b"/dir?a=b&c=d".to_vec());
        assert_eq!(decoded(b"\x02\x0c/dir?a=b&c=d"), url_data);
        assert_eq!(decoded(b"\x02\x0c/dir?a=b&c=d\x01\x01\x00"), url_data);
        assert_eq!(decoded(b"\x02\x00"), Some(vec![]));
        assert_eq!(decoded(b""), None);
    }

    #[test]
    fn a_long_query_goes_in_parts_of_255_bytes() {
        let long: Vec<u8> = (0..=255).cycle().take(600).collect();
        let options = encoded(&long);
        assert_eq!(options.len(), 600 + 3 * 2);
        assert_eq!(options[..2], [2, 255]);
        assert_eq!(options[257..259], [2, 255]);
        assert_eq!(options[514..516], [2, 90]);
        assert_eq!(decoded(&options), Some(long));
        assert_eq!(encoded(&[7; 255]).len(), 257);
    }

    #[test]
    fn unknown_options_are_skipped_and_nothing_is_read_behind_the_end() {
        assert_eq!(decoded(b"\x09\x03\x02\x01x\x02\x01/"), Some(b"/".to_vec()));
        assert_eq!(decoded(b"\x00\x02\x01/"), None);
        assert_eq!(
            decoded(b"\xff\x00\x01\x02\x01/\x00\xff"),
            Some(b"/".to_vec())
        );
    }

    #[test]
    fn an_option_that_is_cut_is_no_option() {
        let cut = |options, offset| {
            assert_eq!(decode_options(options), Err(PacketError::Option { offset }));
        };
        cut(b"\x02", 0);
        cut(b"\x01\x02\x02/", 1);
        cut(b"\x02\x01/\x07\x05", 3);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(url_data: Vec<u8>, nops in 0usize..4, behind: Vec<u8>) {
            let mut options = vec![NOP; nops];
            encode_options(&url_data, &mut options);
            options.push(END);
            options.extend(behind);
            prop_assert_eq!(decode_options(&options), Ok(Some(url_data)));
        }
    }
}
