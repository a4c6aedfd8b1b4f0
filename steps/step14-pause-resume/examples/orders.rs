//! A piece and the note about it, in six orders, and every power cut.
//!
//! `cargo run -p step14-pause-resume --example orders`

#[path = "common/notes.rs"]
#[allow(dead_code)]
mod notes;

use notes::{ORDERS, cuts, download, sum};

fn main() {
    println!("{:<28}  {:>6}  {:>6}  {:>6}", "", "cuts", "torn", "lies");
    for (name, order) in ORDERS {
        let all = sum(&cuts(|disk| download(disk, order)));
        println!(
            "{name:<28}  {:>6}  {:>6}  {:>6}",
            all.cuts, all.torn, all.lies
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_order_mends_something_and_the_last_one_all() {
        let found = ORDERS.map(|(_, order)| {
            let all = sum(&cuts(|disk| download(disk, order)));
            (all.torn > 0, all.lies > 0)
        });
        let [over, beside, after, before, piece, names] = found;
        assert_eq!([over, beside, after], [(true, true); 3]);
        assert_eq!([before, piece], [(false, true); 2]);
        assert_eq!(names, (false, false));
        main();
    }
}
