//! Exercise 18, deeper: a link to some files of a torrent.

use magnet::Magnet;
use metainfo::Metainfo;

// ANCHOR: answer
/// The torrent's link, with `so` for the files whose path ends like this; none, if there is no such file.
fn link_to(torrent: &Metainfo, ending: &str) -> Option<Magnet> {
    let files = torrent.files.iter().enumerate();
    let wanted = files.filter(|(_, file)| {
        let name = file.path.last();
        name.is_some_and(|name| name.ends_with(ending)) && !file.padding
    });
    let numbers: Vec<String> = wanted.map(|(number, _)| number.to_string()).collect();
    let selected = numbers.join(",").parse().ok()?;
    Some(Magnet {
        selected: Some(selected),
        ..Magnet::of(torrent)
    })
}
// ANCHOR_END: answer

fn main() {
    let torrent = include_bytes!("../../../kostorrent/sample/kostorrent-sample.torrent");
    let torrent = Metainfo::parse(torrent).expect("the sample");
    if let Some(link) = link_to(&torrent, ".txt") {
        println!("{link}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn torrent(names: &[&str]) -> Metainfo {
        let files: String = names
            .iter()
            .map(|name| format!("d6:lengthi1e4:pathl{}:{name}ee", name.len()))
            .collect();
        let info = format!(
            "d5:filesl{files}e4:name1:t12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae"
        );
        Metainfo::parse(format!("d4:info{info}e").as_bytes()).unwrap()
    }

    #[test]
    fn neighbours_become_a_range() {
        let torrent = torrent(&["a.txt", "b.txt", "c.txt", "d.bin", "e.txt"]);
        let link = link_to(&torrent, ".txt").unwrap().to_string();
        assert!(link.ends_with("&so=0-2,4"), "{link}");
    }

    #[test]
    fn a_link_to_nothing_is_no_link() {
        assert_eq!(link_to(&torrent(&["a.txt"]), ".pdf"), None);
    }
}
