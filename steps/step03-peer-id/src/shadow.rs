//! Shadow style: a letter, up to five characters for the version with dashes to fill them up, and
//! three dashes. `S58B-----` is Shadow's client 5.8.11 (BEP 20).
//!
//! BitTornado and its relatives can hold several torrents at once, each under an id of its own:
//! then a running number stands where the three dashes were. `T03I--008` is BitTornado 0.3.18.

use crate::Client;

/// The numbers that the characters of a version, and of a running number, stand for, by their
/// place.
const DIGITS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-";

/// The client behind an id of this style.
pub(crate) fn recognise(id: &[u8; 20]) -> Option<Client> {
    let (letter, version, end) = (id[0], &id[1..6], &id[6..9]);
    // A dash between the two, so that letters by chance are not taken for a version and a number.
    let is_numbered = version.ends_with(b"-") && end.iter().all(|byte| DIGITS.contains(byte));
    if end != b"---" && !is_numbered {
        return None;
    }
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
