//! The reference pages: each number on them that is ours is that of the code.

use std::fs;

use handshake::{Bit, Handshake, Reserved};
use kostorrent_tests::programs;
use messages::{BlockRequest, Message, name, piece_header};
use metainfo::InfoHash;
use peer_id::PeerId;

/// A row of the page: the file it is about, what stands in its second and third column.
#[derive(Debug, PartialEq)]
struct Row<'a> {
    file: &'a str,
    value: &'a str,
    name: &'a str,
}

/// The rows of all tables. A sentence that ends with a colon names the file of the next one.
fn rows(page: &str) -> Vec<Row<'_>> {
    let (mut rows, mut file) = (Vec::new(), "");
    for line in page.lines() {
        if line.ends_with(':') {
            let path = line.split('`').find(|part| part.ends_with(".rs"));
            file = path.unwrap_or_default();
        }
        let mut cells = line.split('|').map(str::trim).skip(1);
        let (Some(_), Some(value), Some(name)) = (cells.next(), cells.next(), cells.next()) else {
            continue;
        };
        if let Some(name) = name
            .strip_prefix('`')
            .and_then(|name| name.strip_suffix('`'))
        {
            rows.push(Row { file, value, name });
        }
    }
    rows
}

/// `20 s` and `1 MiB` as a number of milliseconds or of bytes.
fn shown(value: &str) -> Option<u64> {
    let (number, unit) = value.split_once(' ').unwrap_or((value, ""));
    let unit = match unit {
        "" | "ms" | "bytes" => 1,
        "s" | "seconds" => 1_000,
        "min" | "minutes" => 60 * 1_000,
        "h" => 60 * 60 * 1_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        _ => return None,
    };
    Some(number.replace(',', "").parse::<u64>().ok()? * unit)
}

/// What a constant, or a field of one, is in the code: a product, a shift, or a time.
fn in_code(source: &str, name: &str) -> Option<u64> {
    let mut values = source.lines().filter_map(|line| {
        let line = line.trim();
        if let Some((_, rest)) = line.split_once(&format!("const {name}: ")) {
            return rest.split_once(" = ")?.1.strip_suffix(';');
        }
        line.strip_prefix(&format!("{name}: "))?.strip_suffix(',')
    });
    values.find_map(|value| {
        let time = value.strip_suffix(')').and_then(|value| {
            let value = value.strip_prefix("Duration::from_")?;
            let seconds = value.strip_prefix("secs(").map(|value| (value, 1_000));
            seconds.or_else(|| Some((value.strip_prefix("millis(")?, 1)))
        });
        let (value, unit) = time.unwrap_or((value, 1));
        let (value, shift) = value.split_once(" << ").unwrap_or((value, "0"));
        let factors = value
            .split(" * ")
            .map(|factor| factor.replace('_', "").parse::<u64>().ok());
        Some((factors.product::<Option<u64>>()? << shift.parse::<u32>().ok()?) * unit)
    })
}

#[test]
fn every_limit_is_that_of_the_code() {
    let root = programs::root();
    let page = fs::read_to_string(root.join("book/src/reference/limits.md")).unwrap();
    let rows = rows(&page);
    assert!(rows.len() > 40, "{rows:?}");
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let source = fs::read_to_string(root.join(row.file)).unwrap_or_default();
            let (shown, is) = (shown(row.value), in_code(&source, row.name));
            (shown.is_none() || shown != is).then(|| format!("{row:?}: the code has {is:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_row_of_the_limits_names_its_constant() {
    let page = page("limits");
    let is_row = |line: &&str| line.starts_with('|') && !line.contains("| --- |");
    let headings = page.lines().filter(|line| line.ends_with("| name |"));
    let all = page.lines().filter(is_row).count();
    assert_eq!(all - headings.count(), rows(&page).len());
}

/// A page of the reference.
fn page(name: &str) -> String {
    let path = format!("book/src/reference/{name}.md");
    fs::read_to_string(programs::root().join(path)).unwrap()
}

/// What other pages say in their text: the page, the words with the number in brackets, the file
/// and the name that the number has there.
#[rustfmt::skip]
const SAID: &[[&str; 4]] = &[
    ["messages", "We send one after [100 seconds] in", PASSING, "KEEP_ALIVE"],
    ["messages", "A peer that is silent for [180 seconds]", PASSING, "SILENCE"],
    ["messages", "| silence | [180 s] |", PASSING, "SILENCE"],
    ["messages", "we ask for [16,384 bytes], or", BLOCKS, "BLOCK"],
    ["messages", "Here it is: [16,384 bytes], the", MAGNET, "BLOCK"],
    ["messages", "we answer up to [131,072 bytes]", MESSAGES, "MAX_BLOCK"],
    ["messages", "one more when [8,192] of this peer wait", REQUESTS, "MOST_REQUESTS"],
    ["messages", "We take blocks up to [131,072 bytes]", MESSAGES, "MAX_BLOCK"],
    ["messages", "for the connection; for the handshake | [5 s];", GREETING, "TIMEOUT"],
    ["messages", "| 5 s; [5 s] here,", GREETING, "TIMEOUT"],
    ["messages", "5 s here, [10 s] in the client", LINK, "GREET"],
    ["messages", "a block | 1 to [131,072 bytes] (", MESSAGES, "MAX_BLOCK"],
    ["messages", "131,072 bytes ([128 KiB]) |", MESSAGES, "MAX_BLOCK"],
    ["messages", "as sent | [1,048,576] (", MESSAGES, "MAX_SKIPPED"],
    ["messages", "1,048,576 ([1 MiB]); skipped", MESSAGES, "MAX_SKIPPED"],
    ["keys", "| 9 | over [255 bytes] of UTF-8", PATH, "MAX_NAME"],
    ["keys", "if it has over [20 bytes] with its dot", PATH, "LONGEST"],
    ["keys", "A path of more than [100] own names", TORRENTS, "MAX_PATH_DEPTH"],
    ["keys", "or of more than [3,500 bytes] with", TORRENTS, "MAX_PATH_LENGTH"],
    ["keys", "how many peers we want (custom) | [100] from", DISCOVERY, "NUMWANT"],
    ["keys", "| uses, between [30 s] and a day", TRACKERS, "MIN_INTERVAL"],
    ["keys", "next announce (BEP 3) | uses, between [30 s] and", TRACKERS, "MIN_INTERVAL"],
    ["keys", "between 30 s and [2 h];", TRACKERS, "MAX_INTERVAL"],
    ["keys", "[30 min] if it is missing", TRACKERS, "DEFAULT_INTERVAL"],
    ["keys", "| uses, up to [512 bytes] |", TRACKERS, "MAX_TRACKER_ID"],
    ["keys", "without tracker (BEP 5) | uses the first [8] |", SIDE, "MOST_NAMES"],
    ["keys", "until the length is known, [16,384] |", ENGINE, "UNKNOWN_LEFT"],
    ["glossary", "what is asked for at a time: [16 KiB]", BLOCKS, "BLOCK"],
    ["glossary", "The first [68 bytes] that each side sends", HANDSHAKE, "LEN"],
    ["quirks", "ours comes after [100 seconds].", PASSING, "KEEP_ALIVE"],
];
const ENGINE: &str = "kostorrent/engine/src/lib.rs";
const SIDE: &str = "kostorrent/src/node/dht/side.rs";
const PASSING: &str = "kostorrent/engine/src/passing.rs";
const REQUESTS: &str = "kostorrent/engine/src/peer/requests.rs";
const DISCOVERY: &str = "kostorrent/engine/src/discovery/mod.rs";
const LINK: &str = "kostorrent/src/node/link.rs";
const TORRENTS: &str = "steps/step02-metainfo/src/limits.rs";
const PATH: &str = "steps/step02-metainfo/src/path.rs";
const TRACKERS: &str = "steps/step04-tracker/src/limits.rs";
const HANDSHAKE: &str = "steps/step05-handshake/src/lib.rs";
const GREETING: &str = "steps/step05-handshake/src/blocking.rs";
const MESSAGES: &str = "steps/step06-bitfield/src/lib.rs";
const MAGNET: &str = "steps/step18-magnet/src/limits.rs";
const BLOCKS: &str = "steps/step07-block-requests/src/lib.rs";

/// Numbers with three digits or a unit that are no constants of ours: they are the standards', other
/// programs', or follow from one above.
#[rustfmt::skip]
const NOT_OURS: &[[&str; 2]] = &[
    ["messages", "Once in each direction, before anything else. 68 bytes. (BEP 3)"],
    ["messages", "UDP port, 2 bytes"],
    ["messages", "libtorrent's default is 250 by the BEP (2.1.1 says 2,000, Transmission 3.00 says 512)"],
    ["messages", "your address as I see it, 4 or 16 bytes"],
    ["messages", "further addresses of mine, 4 and 16 bytes"],
    ["messages", "root of the file's pieces (32 bytes)"],
    ["messages", "then n hashes of 32 bytes"],
    ["messages", "bytes: 6 of IPv4, 18 of IPv6"],
    ["messages", "`id`, 20 bytes, is in"],
    ["messages", "`nodes`: 26 bytes each, over IPv6 `nodes6`: 38"],
    ["messages", "`values`: strings of 6 or 18 bytes"],
    ["messages", "public key, 96 bytes; pad A, 0–512"],
    ["messages", "public key, 96 bytes; pad B, 0–512"],
    ["messages", "239.192.152.143 or ff15::efc0:988f, port 6771"],
    ["messages", "A question begins with 8 bytes"],
    ["messages", "the action and the transaction id, 4 bytes each"],
    ["messages", "connection id, 8 bytes"],
    ["messages", "downloaded, left, uploaded, 8 bytes each"],
    ["messages", "interval, leechers, seeders, 4 bytes each"],
    ["messages", "seeders, completed, leechers of each, 4 bytes each"],
    ["messages", "`id`, 20 bytes, is in each"],
    ["messages", "`nodes`: 26 bytes each, over IPv6 `nodes6`: 38"],
    ["messages", "`values`: strings of 6 or 18 bytes"],
    ["messages", "public key, 96 bytes; pad A, 0–512"], // the step's own limits.rs has a row for each
    ["messages", "public key, 96 bytes; pad B, 0–512"],
    ["keys", "seconds since 1970-01-01 UTC"],
    ["keys", "hashes of version 2, 32 bytes for each piece"],
    ["keys", "a power of two, at least 16,384 (BEP 3)"],
    ["keys", "20 bytes of SHA-1 for each piece"],
    ["keys", "`pieces root`, 32 bytes: the root"],
    ["keys", "U+0000–001F, 007F–009F, `/`, `\\`, U+061C, 200E, 200F, 202A–202E, 2066–2069"],
    ["keys", "cut to 254, or to the end"], // MAX_NAME - 1
    ["keys", "a name over 242 bytes is cut to 242 for it"], // MAX_NAME - ROOM
    ["keys", "*20 bytes, escaped*: which torrent (BEP 3)"],
    ["keys", "*20 bytes, escaped*: who we are (BEP 3)"],
    ["keys", "our own address as the tracker sees it, 4 or 16 bytes"],
    ["keys", "`urn:btmh:1220` and"],
    ["glossary", "1,024 bytes; 1,024 KiB; 1,024 MiB"],
    ["glossary", "`127.0.0.1`"],
    ["glossary", "byte by byte as it stands there. 20 bytes;"],
    ["glossary", "The [hash](#hash) of BitTorrent's first version: 20 bytes"],
    ["glossary", "The 20 bytes by which a peer names itself"],
    ["glossary", "SHA-256"],
    ["glossary", "The hash of the second version: 32 bytes"],
];

/// The text of a page in one line, without the addresses of its links.
fn text(name: &str) -> String {
    let link = regex::Regex::new(r"\]\([^)]*\.md[^)]*\)").unwrap();
    let page = page(name);
    let words: Vec<&str> = page.split_whitespace().collect();
    link.replace_all(&words.join(" "), "]").into_owned()
}

#[test]
fn what_other_pages_say_in_their_text_is_said_by_the_code() {
    let root = programs::root();
    for [name, words, file, constant] in SAID {
        let said = words.replace(['[', ']'], "");
        assert!(text(name).contains(&said), "{name} does not say: {said}");
        let number = words.split(['[', ']']).nth(1).unwrap();
        let source = fs::read_to_string(root.join(file)).unwrap();
        assert_eq!(shown(number), in_code(&source, constant), "{name}: {said}");
    }
}

#[test]
fn no_number_of_other_pages_is_left_out() {
    let number = regex::Regex::new(
        r"[0-9][0-9.,]*[0-9]{2}\b|[0-9]+ (ms|s|h|min|seconds|minutes|bytes|KiB|MiB|days)\b",
    );
    let number = number.unwrap();
    for name in ["messages", "keys", "glossary"] {
        let text = text(name);
        let ours = SAID.iter().filter(|said| said[0] == name);
        let ours = ours.map(|said| said[1].replace(['[', ']'], ""));
        let others = NOT_OURS.iter().filter(|words| words[0] == name);
        let mut known = Vec::new();
        for words in ours.chain(others.map(|words| words[1].to_owned())) {
            let at = text.find(&words);
            let at = at.unwrap_or_else(|| panic!("{name} does not say: {words}"));
            known.push(at..at + words.len());
        }
        let unknown = number
            .find_iter(&text)
            .filter(|found| !known.iter().any(|words| words.contains(&found.start())));
        let unknown: Vec<&str> = unknown.map(|found| found.as_str()).collect();
        assert!(unknown.is_empty(), "{name}: {unknown:?}");
    }
}

#[test]
fn the_messages_are_as_the_code_writes_them() {
    let page = page("messages");
    let block = BlockRequest {
        piece: 0,
        offset: 0,
        len: 16_384,
    };
    let all = [
        Message::Choke,
        Message::Unchoke,
        Message::Interested,
        Message::NotInterested,
        Message::Have(0),
        Message::Request(block),
        Message::Cancel(block),
    ];
    for message in all {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        let length = u32::from_be_bytes(*bytes.first_chunk().unwrap());
        assert_eq!(length as usize, bytes.len() - 4);
        let row = format!("| {} | *{}* | {length} |", bytes[4], message.name());
        assert!(page.contains(&row), "{row}");
    }
    let header = piece_header(0, 0, 1_000);
    assert_eq!(header[..5], [0, 0, 3, 241, 7], "9 + n");
    assert!(page.contains("| 7 | *piece* | 9 + n |"));
    for id in 0..=u8::MAX {
        let row = format!("| {id} | *{}* |", name(id));
        assert_eq!(page.contains(&row), name(id) != "unknown message", "{row}");
    }
}

#[test]
fn the_handshake_is_as_the_code_writes_it() {
    let bytes = Handshake {
        reserved: Reserved([1; 8]),
        info_hash: InfoHash([2; 20]),
        peer_id: PeerId([3; 20]),
    }
    .to_bytes();
    let page = page("messages");
    let expected = "\
| 0 | 1 | `13` (19) |
| 1 | 19 | `BitTorrent protocol` |
| 20 | 8 | reserved bits |
| 28 | 20 | info-hash |
| 48 | 20 | peer id |
";
    assert!(page.contains(expected));
    assert_eq!(bytes[..20], *b"\x13BitTorrent protocol");
    assert_eq!(bytes[20..28], [1; 8]);
    assert_eq!(bytes[28..48], [2; 20]);
    assert_eq!(bytes[48..], [3; 20]);
    for (byte, mask, words) in [
        (5, 0x10, "| 5 | `10` | extension protocol (BEP 10) |"),
        (
            7,
            0x10,
            "| 7 | `10` | hybrid torrent: can speak v2 (BEP 52) |",
        ),
        (7, 0x04, "| 7 | `04` | fast extension (BEP 6) |"),
        (7, 0x01, "| 7 | `01` | DHT (BEP 5) |"),
    ] {
        assert!(page.contains(words), "{words}");
        let bep = words
            .split_once('(')
            .unwrap()
            .1
            .trim_end_matches([' ', '|', ')']);
        let name = Bit { byte, mask }.name().unwrap();
        assert!(name.contains(bep), "{name}: {words}");
    }
}

#[test]
fn a_row_is_read_and_a_constant_found() {
    let page = "In `a/b.rs`:\n\n| what | at most | name |\n| --- | --- | --- |\n| bytes | 2 MiB | `MOST` |\n";
    let row = Row {
        file: "a/b.rs",
        value: "2 MiB",
        name: "MOST",
    };
    assert_eq!(rows(page), [row]);
    let source = "const LEAST: u32 = 1 << 22;\n    pub const MOST: usize = 2 * 1024 * 1024;\nconst PAUSE: Duration = \
                  Duration::from_secs(5 * 60);\nconst BIT: Duration = \
                  Duration::from_millis(1 << 3);\n    most: 1_000,\n";
    let found = ["LEAST", "MOST", "PAUSE", "BIT", "most", "none"].map(|name| in_code(source, name));
    let expected = [
        Some(1 << 22),
        Some(2 << 20),
        Some(300_000),
        Some(8),
        Some(1_000),
        None,
    ];
    assert_eq!(found, expected);
    assert_eq!(
        ["2 MiB", "5 min", "8 ms", "1,000", "5 weeks"].map(shown),
        [Some(2 << 20), Some(300_000), Some(8), Some(1_000), None]
    );
}
