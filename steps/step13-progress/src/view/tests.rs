use std::time::Duration;

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;
use crate::Activity;

fn history() -> History {
    let mut history = History::new(60);
    for second in 0..12 {
        history.note(Duration::from_secs(second), second * 300_000);
    }
    history
}

fn figures() -> Figures {
    Figures {
        name: "sample".to_owned(),
        activity: Activity::Downloading,
        done: 650_000,
        total: 1_000_000,
        pieces_done: 13,
        pieces: 20,
        down: 3_300_000,
        up: 12_288,
        peers: 5,
        eta: Some(Duration::from_secs(125)),
    }
}

fn drawn(width: usize, letters: Letters) -> Vec<String> {
    let pieces = [
        vec![Piece::Here; 13],
        vec![Piece::InFlight; 2],
        vec![Piece::Rare; 1],
        vec![Piece::Missing; 4],
    ]
    .concat();
    let all = View {
        figures: &figures(),
        pieces: &pieces,
        history: &history(),
        downloaded: 655_360,
        uploaded: 65_536,
    };
    let lines = view(&all, width, letters);
    lines.iter().map(Text::plain).collect()
}

#[test]
fn a_wide_terminal_shows_everything() {
    assert_eq!(
        drawn(110, Letters::Unicode),
        [
            "sample  ━━━━━━━━━━━━━━━─────────   65%  13/20 pieces  ↓  3.1 MiB/s  ↑   12 KiB/s  5 peers  2 m 05 s left",
            "⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿○○!····",
            " ▁▂▃▃▄▅▆▆▇██  peak 3.1 MiB/s  635 of 977 KiB  ratio 0.10",
        ]
    );
    assert_eq!(
        drawn(110, Letters::Ascii)[1..],
        [
            "#############oo!....",
            " .:--=+**%##  peak 3.1 MiB/s  635 of 977 KiB  ratio 0.10",
        ]
    );
}

#[test]
fn on_a_narrow_one_what_matters_least_is_left_out() {
    assert_eq!(
        drawn(30, Letters::Ascii),
        [
            "sample   65%  down  3.1 MiB/s",
            "#############oo!....",
            " .:--=+**%##  peak 3.1 MiB/s",
        ]
    );
    assert_eq!(
        drawn(16, Letters::Ascii)[1..],
        ["#############oo!", "....", " .:--=+**%##"]
    );
    assert_eq!(drawn(4, Letters::Ascii), [" 65%", "####", "#+!."]);
}

proptest! {
    #[test]
    fn no_line_is_wider_than_the_terminal(
        width in 0usize..200, ascii in any::<bool>(), name in any::<String>(),
        bytes in any::<[u64; 4]>(), rates in prop::collection::vec(any::<u64>(), 0..80),
    ) {
        let mut history = History::new(60);
        for (second, rate) in (0..).zip(rates) {
            history.note(Duration::from_secs(second), rate);
        }
        let [done, total, downloaded, uploaded] = bytes;
        let figures = Figures { name, done, total, ..figures() };
        let pieces = [Piece::Here; 300];
        let all = View { figures: &figures, pieces: &pieces, history: &history, downloaded, uploaded };
        let letters = if ascii { Letters::Ascii } else { Letters::Unicode };
        for line in view(&all, width, letters) {
            prop_assert!(line.columns() <= width, "{} {:?}", width, line);
        }
    }
}
