//! Shadow style: a letter, up to five characters for the version with dashes to fill them up, and
//! three dashes. `S58B-----` is Shadow's client 5.8.11 (BEP 20).

use crate::Client;

/// The numbers that the characters of a version stand for, by their place.
const DIGITS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-";

// ANCHOR: recognise
/// The client behind an id of this style.
pub(crate) fn recognise(id: &[u8; 20]) -> Option<Client> {
    let [letter, version @ .., b'-', b'-', b'-'] = &id[..9] else {
        return None;
    };
    let name = match letter {
        b'A' => "ABC",
        b'O' => "Osprey Permaseed",
        b'Q' => "BTQueue",
        b'R' => "Tribler",
        b'S' => "Shadow's client",
        b'T' => "BitTornado",
        b'U' => "UPnP NAT Bit Torrent",
        _ => return None,
    };
    let used = version.iter().rposition(|&byte| byte != b'-')? + 1;
    let number = |byte: &u8| DIGITS.iter().position(|digit| digit == byte);
    let numbers: Option<Vec<usize>> = version[..used].iter().map(number).collect();
    let numbers: Vec<String> = numbers?.iter().map(usize::to_string).collect();
    Some(Client::new(name, numbers.join(".")))
}
// ANCHOR_END: recognise
