//! Chapter 9: from pieces to files.

use std::fs;

use super::{GONE, NOT_SO_FAR};
use crate::examine::scene::Scene;
use crate::examine::stage::{Playing, Stage, Take};
use crate::examine::torrent::Torrent;
use crate::examine::verdict::Check;

const CHAPTER: u8 = 9;

static FILES: Check = Check {
    name: "files",
    right: "puts each byte into its file, where pieces run over the ends of files",
    source: "BEP 3, info dictionary: files",
    chapter: CHAPTER,
    section: "The idea",
};
static EMPTY: Check = Check {
    name: "empty",
    right: "makes the files that have no bytes, too",
    source: "BEP 3, info dictionary: a file of length 0 is one",
    chapter: CHAPTER,
    section: "When it goes wrong",
};

/// The stage.
pub const STAGE: Stage = Stage {
    name: "files",
    chapter: CHAPTER,
    about: "several files, folders, and files without a byte",
    seeds: false,
    checks: &[&FILES, &EMPTY],
    takes: &[Take {
        name: "many",
        play: many,
    }],
};

fn many(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let files: &[(&[&str], usize)] = &[
            (&["a few bytes"], 10),
            (&["folder", "over two pieces.bin"], 40_000),
            (&["folder", "empty"], 0),
            (&["folder", "inside", "one byte"], 1),
            (&["ends with a piece.bin"], 25_525),
            (&["Grüße 断片.txt"], 70_000),
            (&["another folder", "empty as well"], 0),
            (&["last"], 3),
        ];
        scene.torrent = scene.own(Torrent::multi("many files", files, 8));
        scene.usual().await?;
        let over = |scene: &Scene| {
            scene.is_whole() || (full(scene).is_none() && scene.tape.is_gone("seeder", GONE))
        };
        let played = scene.play(scene.patience(), &over).await?;
        let seen = scene.tape.last(6);
        if let Some(what) = full(&scene) {
            let wrong = match played.crash() {
                Some(crash) => FILES.wrong(crash),
                None if scene.ground.baseline().await?.fetches => {
                    FILES.wrong(format!("{what}: {}", played.why()))
                }
                None => FILES.skipped(NOT_SO_FAR),
            };
            let unknown = EMPTY.skipped("it did not fetch everything");
            return Ok(vec![wrong.seen(seen), unknown]);
        }
        let files = scene.torrent.on_disk();
        let missing = files
            .iter()
            .find(|(path, _)| !scene.output().join(path).exists());
        let empty = match missing {
            None => EMPTY.ok(),
            Some((path, _)) => EMPTY.odd(format!("does not make {}", path.display())),
        };
        Ok(vec![FILES.ok().seen(seen), empty])
    })
}

/// What is wrong with the files that have bytes.
fn full(scene: &Scene) -> Option<String> {
    let files = scene.torrent.on_disk();
    let mut files = files.iter().filter(|(_, bytes)| !bytes.is_empty());
    files.find_map(|(path, bytes)| {
        let name = path.display();
        match fs::read(scene.output().join(path)) {
            Ok(found) if found == *bytes => None,
            Ok(_) => Some(format!("{name} has other bytes")),
            Err(_) => Some(format!("{name} is not there")),
        }
    })
}
