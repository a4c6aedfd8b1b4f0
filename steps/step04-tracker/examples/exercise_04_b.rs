//! Exercise 4b: a tracker that refuses may say when to come back (BEP 31).

use std::time::Duration;

// ANCHOR: answer
/// What a refusal says about asking again.
#[derive(Debug, PartialEq)]
enum Retry {
    /// This server is not a tracker, and will not become one.
    Never,
    /// Not before this time is over.
    After(Duration),
}

/// The `retry in` of a reply that refuses: minutes, as a number or as text, or the
/// word `never`.
fn retry_in(body: &[u8]) -> Option<Retry> {
    let document = bencode::decode_lenient(body).ok()?;
    let reply = document.root();
    reply.get("failure reason")?;
    let value = reply.get("retry in")?;
    if value.as_bytes() == Some(b"never") {
        return Some(Retry::Never);
    }
    let minutes = match value.as_int() {
        Some(number) => u64::try_from(number).ok()?,
        None => value.as_str()?.parse().ok()?,
    };
    Some(Retry::After(Duration::from_secs(minutes.checked_mul(60)?)))
}
// ANCHOR_END: answer

fn main() {
    let refusal = b"d14:failure reason10:Overloaded8:retry in1:5e";
    println!("{:?}", retry_in(refusal));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_bep_31_are_read() {
        let overloaded = b"d14:failure reason10:Overloaded8:retry in1:5e";
        let five = Some(Retry::After(Duration::from_secs(300)));
        assert_eq!(retry_in(overloaded), five);
        let number = b"d14:failure reason10:Overloaded8:retry ini5ee";
        assert_eq!(retry_in(number), five);
        let gone = b"d14:failure reason13:Not a tracker8:retry in5:nevere";
        assert_eq!(retry_in(gone), Some(Retry::Never));
    }

    #[test]
    fn nonsense_says_nothing() {
        for body in [
            &b"d8:retry in1:5e"[..],
            b"d14:failure reason1:x8:retry ini-5ee",
            b"d14:failure reason1:x8:retry in20:99999999999999999999e",
            b"d14:failure reason1:x8:retry in19:9223372036854775807e",
            b"d14:failure reason1:x8:retry in4:soone",
            b"<html>",
        ] {
            assert_eq!(retry_in(body), None);
        }
    }
}
