//! A note of what is there, written after each piece: what it may say after a power cut.
//!
//! `cargo run -p step14-pause-resume --example naive_note`

#[path = "common/notes.rs"]
#[allow(dead_code)]
mod notes;

use notes::disk::Disk;
use notes::{Found, cuts, find, naive, sum, survivors};

/// The first power cut after which the note lies: the disk before it, and which changes survive. Of
/// those with as few losses as can be.
fn first_lie() -> Option<(Disk, u32)> {
    for at in 0.. {
        let mut disk = Disk::new();
        disk.crash_at = at;
        let is_over = naive(&mut disk).is_ok();
        let lies = |lucky: &u32| matches!(find(&disk.power_cut(survivors(*lucky))), Found::Lie(_));
        let lying = (0..1 << disk.pending()).rev().filter(lies);
        if let Some(lucky) = lying.max_by_key(|lucky: &u32| lucky.count_ones()) {
            return Some((disk, lucky));
        }
        if is_over {
            break;
        }
    }
    None
}

fn main() {
    let Some((disk, lucky)) = first_lie() else {
        return println!("the note never lies");
    };
    println!("The power fails after call {}. Of what waited:", disk.steps);
    for change in 0..disk.pending() {
        let fate = match lucky >> change & 1 {
            1 => "on the disk",
            _ => "lost",
        };
        println!("  {fate:<12} {}", disk.describe(change));
    }
    if let Found::Lie(claimed) = find(&disk.power_cut(survivors(lucky))) {
        println!("The note says that {claimed} piece is there, and it is not.\n");
    }
    let all = sum(&cuts(naive));
    println!("{} power cuts: after {} the note lies,", all.cuts, all.lies);
    println!(
        "after {} it is empty, or half of it old and half new",
        all.torn
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_that_is_not_synced_lies() {
        let (disk, lucky) = first_lie().unwrap();
        assert_eq!(find(&disk.power_cut(survivors(lucky))), Found::Lie(1));
        // Who is only killed loses nothing.
        assert_eq!(find(&disk.kill()), Found::Honest);
        let all = sum(&cuts(naive));
        assert!(all.lies > 100 && all.torn > 100, "{all:?}");
        main();
    }
}
