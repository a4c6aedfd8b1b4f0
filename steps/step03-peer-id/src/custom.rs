//! Clients with a style of their own (BEP 20, and what is seen in swarms).

use crate::Client;

/// The client behind an id that begins as only one client begins it.
pub(crate) fn recognise(id: &[u8; 20]) -> Option<Client> {
    bit_comet(id)
        .or_else(|| bit_spirit(id))
        .or_else(|| rufus(id))
        .or_else(|| aria2(id))
        .or_else(|| dotted(id))
        .or_else(|| fixed(id))
}

/// BitComet before 0.59 put its version into two bytes, `exbc` before them. BitLord took its code.
fn bit_comet(id: &[u8; 20]) -> Option<Client> {
    let start = &id[..4];
    if ![b"exbc", b"FUTB", b"xUTB"]
        .iter()
        .any(|known| *known == start)
    {
        return None;
    }
    let name = match &id[6..10] {
        b"LORD" => "BitLord",
        _ => "BitComet",
    };
    Some(Client::new(name, format!("{}.{:02}", id[4], id[5])))
}

/// BitSpirit 2 and 3 say so in the second byte.
fn bit_spirit(id: &[u8; 20]) -> Option<Client> {
    match id {
        [0, major @ 1..=9, b'B', b'S', ..] => Some(Client::new("BitSpirit", major.to_string())),
        _ => None,
    }
}

/// Rufus has its version in the first two bytes, as numbers.
fn rufus(id: &[u8; 20]) -> Option<Client> {
    match id {
        [major @ 0..=31, minor @ 0..=31, b'R', b'S', ..] => {
            Some(Client::new("Rufus", format!("{major}.{minor}")))
        }
        _ => None,
    }
}

/// `A2-1-37-0-`: numbers of any length between dashes.
fn aria2(id: &[u8; 20]) -> Option<Client> {
    let rest = id.strip_prefix(b"A2-")?;
    let parts: Vec<&[u8]> = rest.split(|&byte| byte == b'-').collect();
    let numbers = parts.iter().take(3).take_while(|part| is_number(part));
    let numbers: Vec<&str> = numbers
        .filter_map(|part| std::str::from_utf8(part).ok())
        .collect();
    Some(Client::new("aria2", numbers.join(".")))
}

fn is_number(part: &[u8]) -> bool {
    !part.is_empty() && part.iter().all(u8::is_ascii_digit)
}

/// Clients that write a version with dots and end it with a dash: `-ML2.7.2-`, `AP0.61-`.
fn dotted(id: &[u8; 20]) -> Option<Client> {
    let clients: [(&[u8], &str); 2] = [(b"-ML", "MLDonkey"), (b"AP", "AllPeers")];
    let (start, name) = clients.iter().find(|(start, _)| id.starts_with(start))?;
    let rest = &id[start.len()..];
    let version = &rest[..rest.iter().position(|&byte| byte == b'-')?];
    let plain = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let dotted = version.contains(&b'.') && version.iter().all(plain);
    let version = std::str::from_utf8(version).ok().filter(|_| dotted)?;
    Some(Client::new(name, version))
}

/// Clients that are told by a fixed beginning, and maybe digits behind it, each a number.
fn fixed(id: &[u8; 20]) -> Option<Client> {
    let (start, name, digits) = FIXED.iter().find(|(start, ..)| id.starts_with(start))?;
    let digits = &id[start.len()..start.len() + digits];
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let version: Vec<String> = digits
        .iter()
        .map(|&digit| char::from(digit).into())
        .collect();
    match *name {
        // One number, the build.
        "Opera" => Some(Client::new(name, format!("build {}", version.concat()))),
        "XBT Client" if id[6] == b'd' => Some(Client::new(name, version.join(".") + " debug")),
        _ => Some(Client::new(name, version.join("."))),
    }
}

/// Beginning, client, and how many digits of a version follow.
#[rustfmt::skip]
const FIXED: &[(&[u8], &str, usize)] = &[
    (b"XBT", "XBT Client", 3),
    (b"OP", "Opera", 4),
    (b"AZ2500BT", "BitTyrant", 0),
    (b"346------", "TorrenTopia", 0),
    (b"-BOWA0B", "Bits on Wheels 1.0.5", 0),
    (b"-BOWA0C", "Bits on Wheels 1.0.6", 0),
    (b"-BOW", "Bits on Wheels", 0),
    (b"-G3", "G3 Torrent", 0),
    (b"-WT-", "BitLet", 0),
    (b"-Qt-", "Qt 4 Torrent example", 0),
    (b"10-------", "JVtorrent", 0),
    (b"BLZ", "Blizzard Downloader", 0),
    (b"BTDWV-", "Deadman Walking", 0),
    (b"DansClient", "XanTorrent", 0),
    (b"Deadman Walking-", "Deadman Walking", 0),
    (b"FD6", "Free Download Manager 6", 0),
    (b"LIME", "LimeWire", 0),
    (b"Mbrst", "Burst!", 0),
    (b"PEERAPP", "PeerApp", 0),
    (b"Pando-", "Pando", 0),
    (b"Plus", "Plus!", 0),
    (b"QVOD", "QVOD", 0),
    (b"S587Plus", "BitTorrent Plus!", 0),
    (b"T00---0", "Teeweety", 0),
    (b"TIX", "Tixati", 0),
    (b"a00---0", "Swarmy", 0),
    (b"a02---0", "Swarmy", 0),
    (b"btpd/", "BitTorrent Protocol Daemon", 0),
    (b"btuga", "BTugaXP", 0),
    (b"martini", "Martini Man", 0),
    (b"oernu", "BTugaXP", 0),
    (b"turbobt", "TurboBT", 0),
];
