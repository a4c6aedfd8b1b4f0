//! Pictures as text.

use std::net::SocketAddr;

use engine::{Bound, Doing, Encryption, OpenPiece, PeerDetails, TrackerDetails, TrackerWord};
use pretty_assertions::assert_eq;
use progress::{Piece, Text};
use proptest::prelude::*;
use tracker::Counts;

use super::super::FileSpan;
use super::*;

fn subject(name: &str) -> Subject {
    let file = |path: &str, start, length| FileSpan {
        path: path.to_owned(),
        number: 0,
        start,
        length,
        wanted: path != "empty",
    };
    Subject {
        name: name.to_owned(),
        info_hash: String::new(),
        is_known: true,
        total: 100 << 14,
        pieces: 100,
        piece_length: 1 << 14,
        path: "sample".into(),
        is_given: false,
        listening: ([127, 0, 0, 1], 1).into(),
        files: Arc::new([
            file("README.txt", 0, 1_000),
            file("pictures/of/a/long/journey/evening.bmp", 1_000, 1_000_000),
            file("empty", 1_001_000, 0),
            file("sound.wav", 1_001_000, (100 << 14) - 1_001_000),
        ]),
        choosable: None,
        selection: None,
    }
}

fn snapshot(state: TorrentState) -> Snapshot {
    Snapshot {
        state,
        checked: 42,
        pieces_have: 60,
        pieces: 100,
        left: 40 << 14,
        total: 100 << 14,
        downloaded: 61 << 14,
        uploaded: 12 << 14,
        down_rate: 1_153_434,
        up_rate: 12_288,
        peers: 12,
        seeds: 3,
        ..Snapshot::default()
    }
}

fn peer(port: u16, doing: Doing) -> PeerDetails {
    PeerDetails {
        addr: SocketAddr::from(([192, 0, 2, 17], port)),
        id: *b"-TR4060-abcdefghijkl",
        incoming: port == 2,
        encryption: match port {
            2 => Encryption::All,
            3 => Encryption::Greeting,
            _ => Encryption::None,
        },
        has: 50,
        of: 100,
        down_rate: 300_000,
        up_rate: 0,
        downloaded: u64::from(port) << 20,
        uploaded: 0,
        am_interested: true,
        peer_choking: doing == Doing::Chokes,
        peer_interested: true,
        am_choking: true,
        requests: 3,
        doing,
        reason: Some(choker::Reason::NoSlot(choker::Place {
            rate: 0,
            place: 3,
            of: 4,
        })),
    }
}

fn details() -> Details {
    let pieces = [
        vec![Piece::Here; 60],
        vec![Piece::InFlight; 4],
        vec![Piece::Rare; 6],
        vec![Piece::Missing; 25],
        vec![Piece::Unwanted; 5],
    ]
    .concat();
    let open = (60..64).map(|piece| OpenPiece {
        piece,
        here: 1,
        blocks: 2,
    });
    Details {
        bound: Bound::Choked {
            choking: 9,
            offering: 12,
            rate: 1_153_434,
        },
        pieces,
        open: open.collect(),
        peers: vec![peer(1, Doing::Chokes), peer(2, Doing::Sends { piece: 61 })],
        trackers: vec![TrackerDetails {
            host: "tracker.example:80".to_owned(),
            asked: false,
            word: Some(TrackerWord::Addresses(50)),
            next: Some(Duration::from_secs(1_754)),
            counts: Counts {
                seeders: Some(40),
                leechers: Some(12),
                completed: None,
            },
        }],
    }
}

fn shown(state: TorrentState) -> Shown {
    let mut shown = Shown::new(&subject("sample"));
    shown.details = Arc::new(details());
    for second in 0..30 {
        let mut now = snapshot(state);
        now.down_rate = 1_153_434 * (second % 5 + 5) / 9;
        shown.take(&now);
        shown.tick(Duration::from_secs(second));
    }
    shown
}

fn picture<'a>(
    torrents: &'a [Shown],
    page: Option<Page>,
    log: &'a VecDeque<(String, String)>,
) -> Picture<'a> {
    Picture {
        torrents,
        chosen: 0,
        page,
        choosing: None,
        scroll: 0,
        page_height: 0,
        log,
        has_keys: true,
    }
}

fn drawn(state: TorrentState, page: Option<Page>, width: usize, rows: usize) -> Vec<String> {
    let torrents = [shown(state)];
    let log = VecDeque::from([("12:00:01Z".to_owned(), "a peer is banned".to_owned())]);
    let (lines, _) = picture(&torrents, page, &log).draw(width, rows, Letters::Unicode);
    let text = |line: &Text| line.plain().trim_end().to_owned();
    lines.iter().map(text).collect()
}

#[test]
fn a_download_on_a_usual_terminal() {
    assert_eq!(
        drawn(TorrentState::Downloading, None, 79, 24),
        [
            "sample                                                 60 %  960 KiB of 1.6 MiB",
            "⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿",
            "⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿○○○○○○○!!!!!!!!!········································",
            "↓  1.1 MiB/s  ▅▆▇██▅▆▇██▅▆▇██▅▆▇██▅▆▇██▅▆▇██                           1 s left",
            "↑   12 KiB/s  12 peers, 3 seeds  ratio 0.20  192 KiB sent  60/100 pieces",
            "9 of 12 peers choke us, the other 3 give 1.1 MiB/s",
            "  pictures/of/a/long/journey/evening.bmp                 ━━━━━━━━━━━━━━━─  99 %",
            "  sound.wav                                              ────────────────   3 %",
            "",
            "p pause   f files   m more   q quit",
        ],
    );
}

#[test]
fn a_download_on_a_narrow_and_low_terminal() {
    assert_eq!(
        drawn(TorrentState::Downloading, None, 39, 12),
        [
            "sample         60 %  960 KiB of 1.6 MiB",
            "⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣧○!!!··········",
            "↓  1.1 MiB/s  ▆▇██▅▆▇██        1 s left",
            "↑   12 KiB/s  12 peers, 3 seeds",
            "9 of 12 peers choke us, the other 3",
            "give 1.1 MiB/s",
            "  …/journey/evening.bmp  ━━━━━━━─  99 %",
            "  sound.wav              ────────   3 %",
            "",
            "p pause   f files   m more   q quit",
        ],
    );
}

#[test]
fn each_state_has_its_own_look() {
    let look = |state| drawn(state, None, 60, 5)[0].clone();
    let all = [
        TorrentState::Checking,
        TorrentState::Paused,
        TorrentState::Waiting,
        TorrentState::Seeding,
        TorrentState::Ended,
    ];
    assert_eq!(
        all.map(look),
        [
            "sample                    checking  42 %  672 KiB of 1.6 MiB",
            "sample                      paused  60 %  960 KiB of 1.6 MiB",
            "sample                  disk fault  60 %  960 KiB of 1.6 MiB",
            "sample                           seeding  960 KiB of 1.6 MiB",
            "sample                    stopping  60 %  960 KiB of 1.6 MiB",
        ]
    );
}

#[test]
fn the_page_of_the_peers_says_what_they_do_and_why_they_are_choked() {
    assert_eq!(
        drawn(TorrentState::Downloading, Some(Page::Peers), 139, 24)[5..9],
        [
            "[peers]  files  trackers  log                        D it serves us  d it chokes us  U we serve it  u we choke it  I it called  E encrypted",
            "address                client             flags   has       ↓ in      ↑ out  doing",
            "192.0.2.17:2           Transmission 4.0.6 DuIE   50 %  293 KiB/s          -  sends piece 61; no slot free: gives us nothing, third of four",
            "192.0.2.17:1           Transmission 4.0.6 du     50 %  293 KiB/s          -  chokes us; no slot free: gives us nothing, third of four",
        ],
    );
    assert_eq!(
        drawn(TorrentState::Downloading, Some(Page::Peers), 79, 24)[5..9],
        [
            "[peers]  files  trackers  log",
            "address         client       flags       ↓ in      ↑ out  doing",
            "192.0.2.17:2    Transmissio… DuIE   293 KiB/s          -  sends piece 61; no s…",
            "192.0.2.17:1    Transmissio… du     293 KiB/s          -  chokes us; no slot f…",
        ],
    );
}

#[test]
fn the_page_of_the_files_says_how_far_each_is() {
    assert_eq!(
        drawn(TorrentState::Downloading, Some(Page::Files), 79, 24)[5..],
        [
            "peers  [files]  trackers  log",
            "README.txt                                          ━━━━━━━━━━━━ 100 %   1000 B",
            "pictures/of/a/long/journey/evening.bmp              ━━━━━━━━━━━─  99 %  977 KiB",
            "empty                                                       not wanted      0 B",
            "sound.wav                                           ────────────   3 %  622 KiB",
            "p pause   m next page   q quit   esc close   ↑↓ scroll",
        ],
    );
}

#[test]
fn trackers_and_the_log_have_a_page() {
    let trackers = drawn(TorrentState::Downloading, Some(Page::Trackers), 79, 24);
    assert_eq!(
        trackers[5..7],
        [
            "peers  files  [trackers]  log",
            "tracker.example:80  knows 40 seeders and 12 leechers, asked again in 29 m 14 s",
        ]
    );
    let log = drawn(TorrentState::Downloading, Some(Page::Log), 79, 24);
    assert_eq!(log[6], "12:00:01Z a peer is banned");
}

#[test]
fn several_torrents_have_a_line_each_and_the_chosen_one_is_open() {
    let torrents = ["one", "two", "three"].map(|name| {
        let mut shown = Shown::new(&subject(name));
        shown.take(&snapshot(TorrentState::Seeding));
        shown
    });
    let log = VecDeque::new();
    let picture = Picture {
        chosen: 1,
        ..picture(&torrents, None, &log)
    };
    let (lines, _) = picture.draw(79, 24, Letters::Ascii);
    let plain: Vec<String> = lines.iter().map(Text::plain).collect();
    assert!(plain[0].starts_with("  one  ["), "{plain:#?}");
    assert!(plain[1].starts_with("> two  ["), "{plain:#?}");
    assert!(plain[2].starts_with("  three"), "{plain:#?}");
    assert!(plain[3].starts_with("two "), "{plain:#?}");
    assert!(plain.last().unwrap().ends_with("jk torrent"), "{plain:#?}");
}

#[test]
fn without_a_keyboard_no_keys_are_named() {
    let torrents = [shown(TorrentState::Seeding)];
    let log = VecDeque::new();
    let picture = Picture {
        has_keys: false,
        ..picture(&torrents, None, &log)
    };
    let (lines, _) = picture.draw(79, 24, Letters::Unicode);
    assert!(!lines.iter().any(|line| line.plain().contains("quit")));
}

#[tokio::test]
async fn keys_do_what_the_last_line_says() {
    let mut live = Live::new();
    live.started(&[subject("a"), subject("b")]).unwrap();
    let press = |live: &mut Live, key| live.input(Input::Key(key));
    assert_eq!(
        press(&mut live, Key::Char('p')),
        None,
        "a check is not paused"
    );
    for torrent in [0, 1] {
        let downloading = snapshot(TorrentState::Downloading);
        live.snapshot(Duration::ZERO, torrent, &downloading)
            .unwrap();
    }
    let pause = |torrent| Some(Want::Command(torrent, Command::Pause));
    assert_eq!(press(&mut live, Key::Char('p')), pause(0));
    press(&mut live, Key::Down);
    assert_eq!(press(&mut live, Key::Char('p')), pause(1));
    let paused = snapshot(TorrentState::Paused);
    live.snapshot(Duration::ZERO, 1, &paused).unwrap();
    let resume = Some(Want::Command(1, Command::Resume));
    assert_eq!(press(&mut live, Key::Char('p')), resume);
    assert_eq!(press(&mut live, Key::Char('q')), Some(Want::Stop));

    press(&mut live, Key::Char('f'));
    assert_eq!(live.page, Some(Page::Files));
    press(&mut live, Key::Char('m'));
    assert_eq!(live.page, Some(Page::Trackers));
    press(&mut live, Key::Escape);
    assert_eq!(live.page, None);
}

/// A torrent of three files of a piece each, of which the second is not wanted.
fn choosable() -> Subject {
    let mut create = metainfo::create::Create::multi("three", 16 * 1024);
    for name in ["a", "b", "c"] {
        create.add_file([name], 16 * 1024);
    }
    let torrent = create.to_bytes(&[[7; 20]; 3]).unwrap();
    let metainfo = metainfo::Metainfo::parse(&torrent).unwrap();
    let names = storage::Names::of(&metainfo).unwrap();
    let files = selection::Files::new(names.own());
    let span = |number: usize| FileSpan {
        path: ["a", "b", "c"][number].to_owned(),
        number,
        start: number as u64 * 16 * 1024,
        length: 16 * 1024,
        wanted: true,
    };
    let mut subject = Subject {
        files: (0..3).map(span).collect(),
        choosable: Some(Arc::new(metainfo)),
        ..subject("three")
    };
    subject.choose(&selection::Selection::from_numbers(&files, &[2, 0, 2]).unwrap());
    subject
}

#[tokio::test]
async fn files_are_chosen_in_the_place_of_a_page() {
    let mut live = Live::new();
    let subject = choosable();
    assert_eq!(subject.total, 2 * 16 * 1024);
    live.started(std::slice::from_ref(&subject)).unwrap();
    let press = |live: &mut Live, keys: &[Key]| {
        let wants = keys.iter().map(|&key| live.input(Input::Key(key)));
        wants.last().flatten()
    };
    press(&mut live, &[Key::Char('c')]);
    assert!(live.choosing.is_none(), "not before what is there is known");
    let downloading = snapshot(TorrentState::Downloading);
    live.snapshot(Duration::ZERO, 0, &downloading).unwrap();

    press(&mut live, &[Key::Char('c')]);
    let log = VecDeque::new();
    let picture = Picture {
        choosing: live.choosing.as_ref(),
        ..picture(&live.torrents, None, &log)
    };
    let (lines, _) = picture.draw(79, 24, Letters::Unicode);
    let plain: Vec<String> = lines.iter().map(Text::plain).collect();
    assert!(
        plain
            .iter()
            .any(|line| line.contains("[ ]") && line.contains("b")),
        "{plain:#?}"
    );
    assert!(
        plain.iter().any(|line| line.contains("space mark")),
        "{plain:#?}"
    );
    assert!(
        !plain.iter().any(|line| line.contains("q quit   ")),
        "{plain:#?}"
    );

    // Nothing is no choice; and what stays as it was is none, either.
    let space = Key::Char(' ');
    assert_eq!(press(&mut live, &[Key::Char('n'), Key::Enter]), None);
    assert!(live.choosing.is_some());
    assert!(live.stay.last().unwrap().starts_with("nothing is chosen"));
    assert_eq!(press(&mut live, &[Key::Escape]), None);
    assert!(live.choosing.is_none());
    assert_eq!(press(&mut live, &[Key::Char('c'), Key::Enter]), None);
    assert!(live.choosing.is_none());

    let keys = [
        Key::Char('c'),
        Key::Down,
        space,
        Key::Down,
        space,
        Key::Char('/'),
    ];
    press(&mut live, &keys);
    // What is typed into the filter is no command.
    assert_eq!(
        press(&mut live, &[Key::Char('q'), Key::Backspace, Key::Enter]),
        None
    );
    let Some(Want::Choose(0, selection)) = press(&mut live, &[Key::Enter]) else {
        panic!("a choice");
    };
    assert_eq!(selection.to_string(), "1-2");
    assert_eq!(press(&mut live, &[Key::Char('q')]), Some(Want::Stop));

    let mut subject = subject;
    subject.choose(&selection);
    live.chosen(0, &subject);
    let wanted = live.torrents[0]
        .subject
        .files
        .iter()
        .map(|file| file.wanted);
    assert_eq!(wanted.collect::<Vec<_>>(), [true, true, false]);
}

#[tokio::test]
async fn who_has_nothing_new_to_show_does_not_want_to_draw() {
    let mut live = Live::new();
    live.started(&[subject("a")]).unwrap();
    live.changed = false;
    let mut seeding = snapshot(TorrentState::Seeding);
    (seeding.down_rate, seeding.up_rate) = (0, 0);
    live.snapshot(Duration::ZERO, 0, &seeding).unwrap();
    assert!(live.redraw_at().is_some());
    live.changed = false;
    live.snapshot(Duration::ZERO, 0, &seeding).unwrap();
    assert_eq!(live.redraw_at(), None);
    let paused = snapshot(TorrentState::Paused);
    live.snapshot(Duration::ZERO, 0, &paused).unwrap();
    assert!(live.redraw_at().is_some());
}

proptest! {
    #[test]
    fn nothing_is_wider_or_higher_than_the_terminal(
        width in 1usize..220,
        rows in 1usize..60,
        scroll in 0usize..50,
        page in prop::option::of(0usize..4),
        state in 0usize..6,
        ascii in any::<bool>(),
        several in 1usize..8,
        chooses in any::<bool>(),
    ) {
        let state = [
            TorrentState::Checking,
            TorrentState::Downloading,
            TorrentState::Seeding,
            TorrentState::Paused,
            TorrentState::Waiting,
            TorrentState::Ended,
        ][state];
        let page = page.map(|page| [Page::Peers, Page::Files, Page::Trackers, Page::Log][page]);
        let torrents: Vec<Shown> = (0..several).map(|_| shown(state)).collect();
        let log = VecDeque::from([("12:00:01Z".to_owned(), "x".repeat(300))]);
        let letters = if ascii { Letters::Ascii } else { Letters::Unicode };
        let choosing = Choosing::new(&choosable(), letters).filter(|_| chooses);
        let choosing = choosing.as_ref();
        let picture = Picture { scroll, choosing, ..picture(&torrents, page, &log) };
        let (lines, _) = picture.draw(width, rows, letters);
        prop_assert!(lines.len() <= rows);
        for line in &lines {
            prop_assert!(line.columns() <= width, "{:?}", line.plain());
            prop_assert!(!ascii || line.plain().is_ascii(), "{:?}", line.plain());
        }
    }
}
