//! Exercise 13a: a bar of eighths.

// ANCHOR: answer
/// A bar of `width` columns, of which `done` of `all` are filled, to an eighth of a column.
fn bar(done: u64, all: u64, width: u64) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = done * width * 8 / all.max(1);
    let (whole, part) = (eighths / 8, PARTS[(eighths % 8) as usize]);
    let filled = "█".repeat(whole as usize) + part;
    let columns = filled.chars().count();
    filled + &" ".repeat(width as usize - columns)
}
// ANCHOR_END: answer

fn main() {
    for done in 0..=10 {
        println!("|{}|", bar(done, 10, 8));
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn it_is_full_only_at_the_end_and_always_as_wide() {
        assert_eq!(bar(0, 10, 4), "    ");
        assert_eq!(bar(1, 64, 8), "▏       ");
        assert_eq!(bar(10, 10, 4), "████");
        for done in 0..=1000 {
            let bar = bar(done, 1000, 7);
            assert_eq!(bar.chars().count(), 7);
            assert_eq!(bar == "███████", done == 1000);
        }
        main();
    }
}
