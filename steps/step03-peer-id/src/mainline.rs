//! Mainline style: a letter and three numbers with dashes between them, `M4-3-6--` (BEP 20).

use crate::Client;

/// The client behind an id of this style.
pub(crate) fn recognise(id: &[u8; 20]) -> Option<Client> {
    // ANCHOR: yours_mainline_recognise (chapter 3, "Build it")
    let name = match id[0] {
        b'M' => "BitTorrent (Mainline)",
        b'Q' => "Queen Bee",
        _ => return None,
    };
    let mut parts = id[1..8].split(|&byte| byte == b'-');
    let mut number = || {
        let digits = std::str::from_utf8(parts.next()?).ok()?;
        // `parse` would take a sign as well.
        digits
            .parse::<u16>()
            .ok()
            .filter(|_| !digits.starts_with('+'))
    };
    let (major, minor, tiny) = (number()?, number()?, number()?);
    // The third number ends with a dash like the others.
    parts.next()?;
    Some(Client::new(name, format!("{major}.{minor}.{tiny}")))
    // ANCHOR_END: yours_mainline_recognise
}
