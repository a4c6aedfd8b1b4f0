//! Exercise 1c: where a value ends, without a list of what is open.

// ANCHOR: answer
/// How many bytes the value at the start of `input` takes, whatever follows it. `None` if it is
/// cut short or is no value. Keys are not looked at.
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
            b'i' => at += 1 + number(&input[at + 1..], b'e')?.1,
            b'0'..=b'9' => {
                let (length, used) = number(&input[at..], b':')?;
                at = at.checked_add(used)?.checked_add(length.try_into().ok()?)?;
            }
            _ => return None,
        }
        if open == 0 {
            return (at <= input.len()).then_some(at);
        }
    }
}

/// The number at the start, and the bytes it takes with the byte that ends it.
fn number(input: &[u8], end: u8) -> Option<(i64, usize)> {
    let length = input.iter().position(|&byte| byte == end)?;
    let digits = std::str::from_utf8(&input[..length]).ok()?;
    Some((digits.parse().ok()?, length + 1))
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
        for value in ["i42e", "4:spam", "le", "d3:foold1:xi-1eeee", "0:"] {
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
}
