//! Azureus style, the common one: `-`, two letters for the client, four characters for the
//! version, `-` (BEP 20).

use crate::Client;

/// Our own two letters. Nobody else is known to use them.
const OURS: [u8; 2] = *b"KO";

// ANCHOR: our_prefix
/// How our own ids begin: `-KO0100-` for version 0.1.0.
pub(crate) fn our_prefix() -> [u8; 8] {
    // ANCHOR: yours_our_prefix (chapter 3, "Build it")
    let part = |text: &str| DIGITS[text.parse::<usize>().unwrap_or(0) % DIGITS.len()];
    let [k, o] = OURS;
    let major = part(env!("CARGO_PKG_VERSION_MAJOR"));
    let minor = part(env!("CARGO_PKG_VERSION_MINOR"));
    let patch = part(env!("CARGO_PKG_VERSION_PATCH"));
    [b'-', k, o, major, minor, patch, b'0', b'-']
    // ANCHOR_END: yours_our_prefix
}
// ANCHOR_END: our_prefix

/// One character for a number: after the digits come the letters.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What the four characters of a version mean.
#[derive(Debug, Clone, Copy)]
enum Style {
    /// `2060` is 2.0.6.0.
    Four,
    /// `4250` is 4.2.5.
    Three,
    /// `0109` is 1.9 or 1.09.
    TwoAndTwo,
    /// `355S` is 3.5.5; a fourth letter tells a beta. Five characters may be used.
    MicroTorrent,
    /// `4060` is 4.0.6, `300Z` is 3.00, `0072` is 0.72.
    Transmission,
    /// `33R1` is 3.3 RC 1, `31D3` is 3.1 Dev 3.
    KTorrent,
    /// The characters tell no version.
    None,
}

// ANCHOR: recognise
/// The client behind an id of this style. Of a client that is not known, its letters.
pub(crate) fn recognise(id: &[u8; 20]) -> Option<Client> {
    // ANCHOR: yours_azureus_recognise (chapter 3, "Build it")
    let [b'-', a, b, version @ ..] = id else {
        return None;
    };
    let known = CLIENTS.iter().find(|(letters, ..)| **letters == [*a, *b]);
    let (version, end) = (version.first_chunk()?, id[7]);
    match known {
        Some((_, name, Style::MicroTorrent)) if is_alphanumeric(version) => {
            Some(Client::new(name, micro_torrent(version, end)))
        }
        // FlashGet leaves out the last `-`.
        Some((b"FG", name, style)) => Some(Client::new(name, style.read(version))),
        Some((_, name, style)) if end == b'-' => Some(Client::new(name, style.read(version))),
        None if end == b'-' && is_alphanumeric(&[*a, *b]) && is_alphanumeric(version) => {
            let name = format!("unknown client {}{}", char::from(*a), char::from(*b));
            Some(Client::new(&name, Style::Four.read(version)))
        }
        _ => None,
    }
    // ANCHOR_END: yours_azureus_recognise
}
// ANCHOR_END: recognise

impl Style {
    /// The version as people write it; empty where it is none.
    fn read(self, version: &[u8; 4]) -> String {
        let [Some(a), Some(b), Some(c), Some(d)] = version.map(digit) else {
            return String::new();
        };
        let decimal = version.iter().all(u8::is_ascii_digit);
        match self {
            Style::Four => format!("{a}.{b}.{c}.{d}"),
            Style::Three => format!("{a}.{b}.{c}"),
            Style::TwoAndTwo if decimal => format!("{}.{c}{d}", a * 10 + b),
            Style::Transmission => transmission(version),
            Style::KTorrent if version[2] == b'R' => format!("{a}.{b} RC {d}"),
            Style::KTorrent if version[2] == b'D' => format!("{a}.{b} Dev {d}"),
            Style::KTorrent => format!("{a}.{b}.{c}"),
            Style::TwoAndTwo | Style::MicroTorrent | Style::None => String::new(),
        }
    }
}

/// Transmission has counted in three ways since 2005.
fn transmission(version: &[u8; 4]) -> String {
    let text = version.map(char::from);
    let [a, b, c, d] = text;
    let kind = kind_of_release(d);
    match version {
        [b'0', b'0', b'0', _] => format!("0.{d}"),
        [b'0', b'0', ..] => format!("0.{c}{d}"),
        [b'0'..=b'3', ..] => format!("{a}.{b}{c}{kind}"),
        _ => format!("{a}.{b}.{c}{kind}"),
    }
}

/// `355S-` is 3.5.5, and `36111` is 3.6.111: the `-` at the end made room for a digit.
fn micro_torrent(version: &[u8; 4], end: u8) -> String {
    let [a, b, c, d] = version.map(char::from);
    match end {
        b'0'..=b'9' => format!("{a}.{b}.{c}{d}{}", char::from(end)),
        b'-' => format!("{a}.{b}.{c}{}", kind_of_release(d)),
        _ => String::new(),
    }
}

fn kind_of_release(letter: char) -> &'static str {
    match letter {
        'b' | 'B' => " beta",
        'd' | 'D' => " debug",
        'x' | 'X' | 'Z' => " development",
        _ => "",
    }
}

fn is_alphanumeric(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_alphanumeric)
}

/// The number a character stands for.
fn digit(character: u8) -> Option<usize> {
    DIGITS.iter().position(|&digit| digit == character)
}

/// The clients that are known, by their two letters: from BEP 20 and from what is seen in swarms.
#[rustfmt::skip]
const CLIENTS: &[(&[u8; 2], &str, Style)] = &[
    (&OURS, "kostorrent", Style::Three),
    (b"7T", "aTorrent", Style::Four),
    (b"AB", "AnyEvent BitTorrent", Style::Four),
    (b"AD", "Advanced Download Manager", Style::Three),
    (b"AG", "Ares", Style::Four),
    (b"AN", "Ares", Style::Four),
    (b"AR", "Arctic", Style::Four),
    (b"AT", "Artemis", Style::Four),
    (b"AV", "Avicora", Style::Four),
    (b"AX", "BitPump", Style::TwoAndTwo),
    (b"AZ", "Azureus (Vuze)", Style::Four),
    (b"A~", "Ares", Style::Three),
    (b"BB", "BitBuddy", Style::Four),
    (b"BC", "BitComet", Style::TwoAndTwo),
    (b"BE", "BitTorrent SDK", Style::Four),
    (b"BF", "Bitflu", Style::None),
    (b"BG", "BTG", Style::Four),
    (b"BI", "BiglyBT", Style::Four),
    (b"BL", "BitLord", Style::Four),
    (b"BM", "BitMagnet", Style::Four),
    (b"BN", "Baidu Netdisk", Style::None),
    (b"BP", "BitTorrent Pro", Style::Four),
    (b"BR", "BitRocket", Style::Four),
    (b"BS", "BTSlave", Style::Four),
    (b"BT", "BitTorrent", Style::MicroTorrent),
    (b"BW", "BitTorrent Web", Style::MicroTorrent),
    (b"BX", "Bittorrent X", Style::Four),
    (b"bk", "BitKitten", Style::Four),
    (b"CB", "Shareaza Plus", Style::Four),
    (b"CD", "Enhanced CTorrent", Style::TwoAndTwo),
    (b"CT", "CTorrent", Style::Four),
    (b"DE", "Deluge", Style::Three),
    (b"DP", "Propagate Data Client", Style::Four),
    (b"EB", "EBit", Style::Four),
    (b"ES", "Electric Sheep", Style::Three),
    (b"FC", "FileCroc", Style::Four),
    (b"FD", "Free Download Manager", Style::Three),
    (b"FG", "FlashGet", Style::TwoAndTwo),
    (b"FL", "Folx", Style::None),
    (b"FT", "FoxTorrent", Style::Four),
    (b"FW", "FrostWire", Style::Three),
    (b"FX", "Freebox BitTorrent", Style::Four),
    (b"GR", "GetRight", Style::Four),
    (b"GS", "GSTorrent", Style::Four),
    (b"GT", "anacrolix/torrent", Style::Four),
    (b"HK", "Hekate", Style::Four),
    (b"HL", "Halite", Style::Three),
    (b"HN", "Hydranode", Style::Four),
    (b"IL", "iLivid", Style::Four),
    (b"KC", "Koinonein", Style::Four),
    (b"KG", "KGet", Style::Four),
    (b"KT", "KTorrent", Style::KTorrent),
    (b"LC", "LeechCraft", Style::Four),
    (b"LH", "LH-ABC", Style::Four),
    (b"LK", "Linkage", Style::Three),
    (b"LP", "Lphant", Style::TwoAndTwo),
    (b"LR", "LibreTorrent", Style::Three),
    (b"Lr", "LibreTorrent", Style::Three),
    (b"LT", "libtorrent (Rasterbar)", Style::Three),
    (b"LW", "LimeWire", Style::None),
    (b"lt", "libTorrent (rTorrent)", Style::Three),
    (b"MG", "MediaGet", Style::Three),
    (b"MK", "Meerkat", Style::Four),
    (b"ML", "MLDonkey", Style::Four),
    (b"MO", "MonoTorrent", Style::Four),
    (b"MP", "MooPolice", Style::Three),
    (b"MR", "Miro", Style::Four),
    (b"MT", "MoonlightTorrent", Style::Four),
    (b"NE", "BT Next Evolution", Style::Three),
    (b"NX", "Net Transport", Style::Four),
    (b"OS", "OneSwarm", Style::Four),
    (b"OT", "OmegaTorrent", Style::Four),
    (b"PC", "CacheLogic", Style::Four),
    (b"PD", "Pando", Style::Four),
    (b"PE", "PeerProject", Style::Four),
    (b"PI", "PicoTorrent", Style::Four),
    (b"PT", "Popcorn Time", Style::Four),
    (b"pX", "pHoeniX", Style::Four),
    (b"pb", "pbTorrent", Style::Three),
    (b"QD", "QQDownload", Style::Four),
    (b"QT", "Qt 4 Torrent example", Style::Four),
    (b"qB", "qBittorrent", Style::Three),
    (b"RM", "RUM Torrent", Style::Four),
    (b"RT", "Retriever", Style::Four),
    (b"RZ", "RezTorrent", Style::Four),
    (b"rQ", "rqbit", Style::Three),
    (b"SB", "Swiftbit", Style::Four),
    (b"SD", "Thunder (Xunlei)", Style::Four),
    (b"SG", "GS Torrent", Style::Four),
    (b"SK", "Spark", Style::Four),
    (b"SM", "SoMud", Style::Four),
    (b"SN", "ShareNET", Style::Four),
    (b"SP", "BitSpirit", Style::Three),
    (b"SS", "SwarmScope", Style::Four),
    (b"ST", "SymTorrent", Style::Four),
    (b"SZ", "Shareaza", Style::Four),
    (b"S~", "Shareaza beta", Style::Four),
    (b"st", "SharkTorrent", Style::Four),
    (b"TB", "Torch Browser", Style::None),
    (b"TG", "Torrent GO", Style::Four),
    (b"TL", "Tribler", Style::Four),
    (b"TN", "Torrent.NET", Style::Four),
    (b"TR", "Transmission", Style::Transmission),
    (b"TS", "TorrentStorm", Style::Four),
    (b"TT", "TuoTu", Style::Three),
    (b"UE", "µTorrent Embedded", Style::MicroTorrent),
    (b"UL", "uLeecher!", Style::Four),
    (b"UM", "µTorrent for Mac", Style::MicroTorrent),
    (b"UT", "µTorrent", Style::MicroTorrent),
    (b"UW", "µTorrent Web", Style::MicroTorrent),
    (b"VG", "Vagaa", Style::Four),
    (b"WD", "WebTorrent Desktop", Style::TwoAndTwo),
    (b"WS", "HTTP seed", Style::None),
    (b"WT", "BitLet", Style::Four),
    (b"WW", "WebTorrent", Style::TwoAndTwo),
    (b"WY", "FireTorrent", Style::Four),
    (b"XC", "Xtorrent", Style::Four),
    (b"XF", "Xfplay", Style::Three),
    (b"XL", "Xunlei", Style::Four),
    (b"XS", "XSwifter", Style::Four),
    (b"XT", "XanTorrent", Style::Four),
    (b"XX", "Xtorrent", Style::Four),
    (b"ZO", "Zona", Style::Four),
    (b"ZT", "ZipTorrent", Style::Four),
];
