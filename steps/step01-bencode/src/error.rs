//! What can be wrong with an input, and what can be merely odd.

use thiserror::Error;

/// Why an input could not be decoded, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("at byte {offset}: {problem}")]
pub struct Error {
    /// The offset of the byte at fault, counted from 0.
    pub offset: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Problem {
    /// There is no input at all.
    #[error("the input is empty, there is no value in it")]
    Empty,
    /// The input stops in the middle of a value.
    #[error("the input ends here, in the middle of a value; the file may be cut short")]
    UnexpectedEnd,
    /// This byte begins no value.
    #[error("the byte {} begins no value: i, l, d or a digit was expected", Byte(*.0))]
    UnexpectedByte(u8),
    /// An `e` with nothing open that it could end.
    #[error("an 'e' ends a list or a dictionary, but none is open")]
    NothingToEnd,
    /// A dictionary key that is no byte string.
    #[error("a dictionary key must be a byte string, but the byte {} begins none", Byte(*.0))]
    KeyNotString(u8),
    /// A dictionary that ends after a key.
    #[error("the dictionary ends here, but its last key has no value")]
    KeyWithoutValue,
    /// A number with something in it that is no digit.
    #[error("a digit was expected in this number, not the byte {}", Byte(*.0))]
    NotADigit(u8),
    /// A string that claims more bytes than there are.
    #[error(
        "a string of {claimed} bytes begins here, but only {left} bytes are left; the file may be cut short"
    )]
    StringTooLong {
        /// The length it claims, in bytes.
        claimed: u64,
        /// The bytes that are left after the colon.
        left: usize,
    },
    /// A string length that fits in no 64 bits.
    #[error("the length of this string is too large a number")]
    LengthTooLarge,
    /// Not canonical, and the mode is [`Mode::Strict`](crate::Mode::Strict).
    #[error("{0}")]
    NotCanonical(Flaw),
    /// More open lists and dictionaries than [`Limits::max_depth`](crate::Limits::max_depth).
    #[error("lists and dictionaries are nested more than {0} deep")]
    TooDeep(usize),
    /// More bytes than [`Limits::max_size`](crate::Limits::max_size).
    #[error("the input has {size} bytes, more than the {limit} that are read")]
    TooLarge {
        /// The bytes of the input.
        size: usize,
        /// The most that is read.
        limit: usize,
    },
    /// More values than [`Limits::max_values`](crate::Limits::max_values).
    #[error("the input holds more than {0} values")]
    TooManyValues(usize),
}

/// Something odd that lenient decoding forgave, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("at byte {offset}: {flaw}")]
pub struct Quirk {
    /// The offset of the byte at fault, counted from 0.
    pub offset: usize,
    /// What is odd there.
    pub flaw: Flaw,
}

/// A way of writing a value that is not its canonical one (BEP 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Flaw {
    /// Keys must be in the order of their bytes.
    #[error("this dictionary key should stand before the one in front of it")]
    UnsortedKey,
    /// A key may occur once in a dictionary. The first one counts.
    #[error("this dictionary key is there twice")]
    RepeatedKey,
    /// `i03e` or `03:abc`.
    #[error("this number has a leading zero")]
    LeadingZero,
    /// `i-0e`.
    #[error("this number is a negative zero")]
    NegativeZero,
    /// A second value, or rubbish, after the first.
    #[error("the value ends here, and after it come more bytes: {0}")]
    TrailingBytes(usize),
}

/// A byte for a person: as hex, and as a character where it is one.
struct Byte(u8);

impl std::fmt::Display for Byte {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            byte @ 0x20..=0x7e => write!(f, "{byte:#04x} '{}'", char::from(byte)),
            byte => write!(f, "{byte:#04x}"),
        }
    }
}
