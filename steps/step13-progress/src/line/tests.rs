use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

fn figures() -> Figures {
    Figures {
        name: "kostorrent-sample".to_owned(),
        activity: Activity::Downloading,
        done: 650_000,
        total: 1_000_000,
        pieces_done: 13,
        pieces: 20,
        down: 3_355_443,
        up: 12_288,
        peers: 5,
        eta: Some(Duration::from_secs(125)),
    }
}

#[test]
fn a_wide_line_says_everything() {
    assert_eq!(
        line(&figures(), 120),
        "kostorrent-sample  ━━━━━━━━━━━━━━━─────────   65%  13/20 pieces  \
         ↓  3.2 MiB/s  ↑   12 KiB/s  5 peers  2 m 05 s left"
    );
    assert_eq!(
        line_ascii(&figures(), 130),
        "kostorrent-sample  [##############........]   65%  13/20 pieces  \
         down  3.2 MiB/s  up   12 KiB/s  5 peers  2 m 05 s left"
    );
}

#[test]
fn on_a_narrow_line_what_matters_least_is_left_out() {
    let lines: Vec<String> = [80, 60, 40, 20, 4, 3]
        .map(|width| line(&figures(), width))
        .to_vec();
    assert_eq!(
        lines,
        [
            "kostorrent-sample  ━━━━━━━────   65%  13/20 pieces  ↓  3.2 MiB/s  2 m 05 s left",
            "kostorrent-sa…  ━━━━━───   65%  ↓  3.2 MiB/s  2 m 05 s left",
            " 65%  ↓  3.2 MiB/s  2 m 05 s left",
            " 65%  ↓  3.2 MiB/s",
            " 65%",
            "",
        ]
    );
}

#[test]
fn each_phase_says_what_it_is() {
    let with = |activity, eta, peers| Figures {
        activity,
        eta,
        peers,
        ..figures()
    };
    let end = |figures: Figures| {
        let line = line(&figures, 120);
        line.split_once('%').unwrap().1.trim().to_owned()
    };
    assert_eq!(
        end(with(Activity::Checking, None, 0)),
        "13/20 pieces  checking"
    );
    assert_eq!(
        end(with(Activity::Downloading, None, 1)),
        "13/20 pieces  ↓  3.2 MiB/s  ↑   12 KiB/s  1 peer  waiting"
    );
    assert_eq!(
        end(with(Activity::Downloading, None, 0)),
        "13/20 pieces  ↓  3.2 MiB/s  ↑   12 KiB/s  0 peers  no peers yet"
    );
    let seeding = "13/20 pieces  ↑   12 KiB/s  2 peers  seeding";
    assert_eq!(end(with(Activity::Seeding, None, 2)), seeding);
    assert_eq!(
        end(with(Activity::Complete, None, 2)),
        "13/20 pieces  2 peers  complete"
    );
}

#[test]
fn a_hundred_percent_is_said_when_all_is_here() {
    let percent = |done, total| {
        Figures {
            done,
            total,
            ..figures()
        }
        .percent()
    };
    assert_eq!(percent(999_999_999, 1_000_000_000), 99);
    assert_eq!(percent(1_000_000_000, 1_000_000_000), 100);
    assert_eq!(percent(u64::MAX, u64::MAX), 100);
    assert_eq!(percent(0, 0), 100);
    assert_eq!(percent(5, 3), 100);
}

#[test]
fn a_name_cannot_move_the_cursor() {
    let name = "a\u{1b}[2Jb\nc\r".to_owned();
    let line = line(&Figures { name, ..figures() }, 120);
    assert!(line.starts_with("a?[2Jb?c?  "), "{line}");
}

#[test]
fn a_name_in_any_script_is_shown() {
    let name = "Žluťoučký kůň".to_owned();
    assert!(line(&Figures { name, ..figures() }, 120).starts_with("Žluťoučký kůň  ━"));
}

/// Names of what is hard to measure: wide letters, combining ones, signs that a following one makes
/// narrower or joins with the next, and what would move the cursor.
fn odd_name() -> impl Strategy<Value = String> {
    let units = [
        "a",
        " ",
        "日",
        "e\u{301}",
        "\u{231a}\u{fe0e}",
        "\u{231a}",
        "\u{fe0f}",
        "\u{200d}",
        "👩\u{200d}🚀",
        "🇨🇿",
        "\u{ad}",
        "\u{2028}",
        "\n",
        "\u{1b}[2J",
    ];
    let unit = prop::sample::select(units.to_vec());
    prop::collection::vec(unit, 0..60).prop_map(|units| units.concat())
}

proptest! {
    #[test]
    fn a_line_fits_whatever_it_says(
        name in prop_oneof![any::<String>(), odd_name()], width in 0usize..200, done in any::<u64>(), total in any::<u64>(),
        pieces in any::<(u32, u32)>(), rates in any::<(u64, u64)>(), peers in any::<usize>(),
        eta in prop::option::of(any::<Duration>()),
    ) {
        let figures = Figures {
            name, activity: Activity::Downloading, done, total,
            pieces_done: pieces.0, pieces: pieces.1, down: rates.0, up: rates.1, peers, eta,
        };
        for text in [line(&figures, width), line_ascii(&figures, width)] {
            prop_assert!(columns(&text) <= width, "{} {:?}", width, text);
            prop_assert!(!text.contains(char::is_control));
        }
    }
}
