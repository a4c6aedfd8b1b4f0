//! Exercise 1c: where a value ends, without a list of what is open.

// ANCHOR: answer
/// How many bytes the value at the start of `input` takes, whatever follows it. `None` if it is
/// cut short or is no value. Keys and leading zeros are not looked at.
fn value_len(input: &[u8]) -> Option<usize> {
    let (mut at, mut open) = (0, 0_usize);
    loop {
        match input.get(at)? {
            b'l' | b'd' => {
                open += 1;
                at += 1;
            }
            b'e' => {
                open = open.checked_sub(1)?;
                at += 1;
            }
            b'i' => {
                // A number may be of any size: only its end matters.
                let text = until(&input[at + 1..], b'e')?;
                if !is_number(text.strip_prefix(b"-").unwrap_or(text)) {
                    return None;
                }
                at += 1 + text.len() + 1;
            }
            b'0'..=b'9' => {
                let text = until(&input[at..], b':')?;
                let length: usize = std::str::from_utf8(text).ok()?.parse().ok()?;
                at = (at + text.len() + 1).checked_add(length)?;
            }
            _ => return None,
        }
        if open == 0 {
            return (at <= input.len()).then_some(at);
        }
    }
}

/// What stands before the byte `end`.
fn until(input: &[u8], end: u8) -> Option<&[u8]> {
    let length = input.iter().position(|&byte| byte == end)?;
    Some(&input[..length])
}

/// Digits, and at least one of them. (`parse` by itself would take a `+` in front.)
fn is_number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}
// ANCHOR_END: answer

fn main() {
    let input = b"d5:piecei0ee and then the bytes of the piece";
    println!("the value takes {:?} bytes", value_len(input));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stops_where_the_value_ends() {
        let large = format!("li{}ee", "9".repeat(100));
        for value in ["i42e", "4:spam", "le", "d3:foold1:xi-1eeee", "0:", &large] {
            let more = format!("{value}ee and more");
            assert_eq!(value_len(more.as_bytes()), Some(value.len()), "{value}");
        }
    }

    #[test]
    fn a_million_lists_are_no_trouble() {
        let lists = [vec![b'l'; 1_000_000], vec![b'e'; 1_000_000]].concat();
        assert_eq!(value_len(&lists), Some(2_000_000));
    }

    #[test]
    fn what_is_cut_short_has_no_end() {
        for input in ["", "i42", "5:spam", "l", "x", "e", "99999999999999999999:"] {
            assert_eq!(value_len(input.as_bytes()), None, "{input}");
        }
    }

    #[test]
    fn what_is_no_number_has_no_end() {
        for input in ["i+1e", "ie", "i-e", "i--1e", "i1.5e", "4+:spam", "1_0:spam"] {
            assert_eq!(value_len(input.as_bytes()), None, "{input}");
        }
    }
}
