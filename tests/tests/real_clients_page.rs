//! The page *How real clients do* says what was measured, and of all checks that there are.

use kostorrent_tests::real_clients::{self, page};
use pretty_assertions::assert_eq;

#[test]
fn the_page_is_made_of_the_results_that_are_kept() {
    let taken = real_clients::read().unwrap();
    let names: Vec<&str> = taken.iter().map(|client| &*client.name).collect();
    for name in ["aria2", "libtorrent", "Transmission"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let page = std::fs::read_to_string(real_clients::page()).unwrap();
    assert_eq!(
        page,
        page::now(&taken).unwrap(),
        "tests/real-clients writes it anew"
    );
}
