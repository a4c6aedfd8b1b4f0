//! Chapter 2: what a client makes of a torrent file.

use std::fs;
use std::path::Path;
use std::time::Duration;

use metainfo::InfoHash;

use super::NOT_SO_FAR;
use crate::examine::scene::{Over, Played, Scene, SceneError};
use crate::examine::stage::{Playing, Stage, Take};
use crate::examine::torrent::{Torrent, number, string};
use crate::examine::verdict::{Check, Finding};

const CHAPTER: u8 = 2;

static UNKNOWN: Check = Check {
    name: "unknown-keys",
    right: "hashes `info` with the keys in it that it does not know",
    source: "BEP 3, trackers: info_hash",
    chapter: CHAPTER,
    section: "The info-hash, wrongly",
};
static UNSORTED: Check = Check {
    name: "unsorted-keys",
    right: "hashes an `info` whose keys are out of order as it stands, or refuses it",
    source: "BEP 3, trackers: info_hash",
    chapter: CHAPTER,
    section: "The info-hash, wrongly",
};
static STRANGE: Check = Check {
    name: "strange-values",
    right: "reads past what it does not know: lists in lists, a number over 32 bits, a key that is no text",
    source: "BEP 3, bencoding",
    chapter: CHAPTER,
    section: "When it goes wrong",
};
static HUGE: Check = Check {
    name: "huge-number",
    right: "reads past a number of thirty digits under a key that it does not know",
    source: "BEP 3, bencoding: integers have no size limitation",
    chapter: CHAPTER,
    section: "When it goes wrong",
};
static DEEP: Check = Check {
    name: "deep",
    right: "reads or refuses 100,000 lists inside each other",
    source: "BEP 3, bencoding, which sets no limit",
    chapter: 1,
    section: "The second failure: it dies",
};
static SINGLE: Check = Check {
    name: "single",
    right: "counts the bytes of a single file: `left`",
    source: "BEP 3, info dictionary, and trackers: left",
    chapter: CHAPTER,
    section: "One file or several",
};
static MULTI: Check = Check {
    name: "multi",
    right: "counts the bytes of several files, an empty one among them: `left`",
    source: "BEP 3, info dictionary, and trackers: left",
    chapter: CHAPTER,
    section: "One file or several",
};
static NAMES: Check = Check {
    name: "names",
    right: "writes nothing outside its folder, whatever the names say",
    source: "BEP 3, info dictionary: a name is purely advisory",
    chapter: CHAPTER,
    section: "Traps in paths",
};

/// The stage.
pub const STAGE: Stage = Stage {
    name: "metainfo",
    chapter: CHAPTER,
    about: "the torrent file: its info-hash, its files, traps in its names",
    seeds: false,
    checks: &[
        &UNKNOWN, &UNSORTED, &STRANGE, &HUGE, &DEEP, &SINGLE, &MULTI, &NAMES,
    ],
    takes: &[
        take("unknown-keys", unknown),
        take("unsorted-keys", unsorted),
        take("strange-values", strange),
        take("huge-number", huge),
        take("deep", deep),
        take("single", single),
        take("multi", multi),
        take("parent-folder", parent_folder),
        take("absolute-path", absolute_path),
        take("name", name),
    ],
};

const fn take(name: &'static str, play: fn(Scene) -> Playing) -> Take {
    Take { name, play }
}

/// Runs the client until it names a torrent, and says what is to be said if it names none.
async fn until_named(
    scene: &mut Scene,
    check: &'static Check,
    may_refuse: bool,
) -> Result<Result<InfoHash, Finding>, SceneError> {
    scene.usual().await?;
    let right = scene.torrent.info_hash();
    let named = |scene: &Scene| scene.named().is_some() || scene.names_torrent(right);
    let played = scene.play(scene.patience(), &named).await?;
    if let Some(crash) = played.crash() {
        return Ok(Err(check.wrong(crash)));
    }
    if scene.names_torrent(right) {
        return Ok(Ok(right));
    }
    if let Some(other) = scene.named() {
        return Ok(Ok(other));
    }
    if let Some((at, asked)) = scene.tape.asked(None).first() {
        let (at, target) = (at.as_secs_f64(), &asked.target);
        return Ok(Err(check.wrong(format!(
            "asks for no torrent, {at:.3} s after its start: {target}"
        ))));
    }
    if !scene.ground.baseline().await?.names {
        return Ok(Err(check.skipped(
            "no info-hash was seen: it asked no tracker, called nobody and printed none",
        )));
    }
    let why = played.why();
    Ok(Err(match &played.over {
        Over::Ended(_) if may_refuse => check.ok_with(format!("it refuses ({why})")),
        // Some stay, and do nothing with it.
        Over::Late if may_refuse => check.ok_with("it does not take it"),
        _ => check.wrong(format!("does not take the torrent: {why}")),
    }))
}

/// Compares the info-hash that is named with what it could be.
async fn hashed(
    mut scene: Scene,
    check: &'static Check,
    may_refuse: bool,
    mistakes: Vec<(InfoHash, &'static str)>,
) -> Result<Vec<Finding>, SceneError> {
    let named = match until_named(&mut scene, check, may_refuse).await? {
        Ok(named) => named,
        Err(finding) => return Ok(vec![finding.seen(scene.tape.last(6))]),
    };
    if named == scene.torrent.info_hash() {
        return Ok(vec![check.ok()]);
    }
    let mistake = mistakes.iter().find(|(hash, _)| *hash == named);
    let is = mistake.map_or("that is the SHA-1 of something else", |(_, is)| is);
    let right = scene.torrent.info_hash();
    let text = format!("asks for {named}, not for {right}: {is}");
    Ok(vec![check.wrong(text).seen(scene.tape.last(4))])
}

fn unknown(mut scene: Scene) -> Playing {
    let known = scene.torrent.info_hash();
    // One before all others, one between them, one after them.
    scene.torrent = scene
        .torrent
        .with_info("a key", b"d1:xi-1ee")
        .with_info("md5sum", &string(&[b'0'; 32]))
        .with_info("x-unknown", b"li1e3:abce");
    let mistakes = vec![(known, "the keys that it does not know are left out")];
    Box::pin(hashed(scene, &UNKNOWN, false, mistakes))
}

fn unsorted(mut scene: Scene) -> Playing {
    let sorted = scene.torrent.info_hash();
    scene.torrent.unsorted = true;
    let mistakes = vec![(sorted, "the keys were sorted before they were hashed")];
    Box::pin(hashed(scene, &UNSORTED, true, mistakes))
}

fn strange(mut scene: Scene) -> Playing {
    scene.torrent.more = vec![
        (b"\xff\x00\xfe".into(), b"le".into()),
        (
            b"creation date".into(),
            number(usize::try_from(1_u64 << 40).unwrap_or(usize::MAX)),
        ),
        (b"nodes".into(), b"ll9:127.0.0.1i6881eee".into()),
        (b"x".into(), b"lllldeeee0:i0ee".into()),
    ];
    Box::pin(hashed(scene, &STRANGE, false, Vec::new()))
}

fn huge(mut scene: Scene) -> Playing {
    let number = b"i-123456789012345678901234567890e";
    scene.torrent.more = vec![(b"huge".into(), number.to_vec())];
    Box::pin(hashed(scene, &HUGE, false, Vec::new()))
}

fn deep(mut scene: Scene) -> Playing {
    const DEPTH: usize = 100_000;
    let lists = [vec![b'l'; DEPTH], vec![b'e'; DEPTH]].concat();
    scene.torrent.more = vec![(b"deep".into(), lists)];
    Box::pin(hashed(scene, &DEEP, true, Vec::new()))
}

fn single(scene: Scene) -> Playing {
    Box::pin(counted(scene, &SINGLE))
}

fn multi(mut scene: Scene) -> Playing {
    let files: &[(&[&str], usize)] = &[
        (&["a.txt"], 70_001),
        (&["b", "empty"], 0),
        (&["b", "c.bin"], 40_000),
    ];
    scene.torrent = scene
        .own(Torrent::multi("several files", files, 2))
        .with_info("private", b"i1e");
    Box::pin(counted(scene, &MULTI))
}

/// Compares `left` in the first announce with the length of everything.
async fn counted(mut scene: Scene, check: &'static Check) -> Result<Vec<Finding>, SceneError> {
    scene.usual().await?;
    let asked = |scene: &Scene| !scene.tape.asked(None).is_empty();
    let played = scene.play(scene.patience(), &asked).await?;
    let total = scene.torrent.total();
    let finding = match scene.tape.asked(None).first() {
        Some((_, asked)) if asked.number("left") == Some(total) => check.ok(),
        Some((_, asked)) => {
            let left = asked.text("left").unwrap_or_else(|| "nothing".into());
            check.wrong(format!(
                "says `left={left}` at the start; it lacks {total} bytes"
            ))
        }
        None => match played.crash() {
            Some(crash) => check.wrong(crash),
            None => check.skipped("it asked no tracker"),
        },
    };
    Ok(vec![finding.seen(scene.tape.last(2))])
}

fn parent_folder(mut scene: Scene) -> Playing {
    let files: &[(&[&str], usize)] = &[
        (&["good.bin"], 40_000),
        (&["..", "..", "escaped.bin"], 40_000),
    ];
    scene.torrent = scene.own(Torrent::multi("trap", files, 3));
    Box::pin(kept_inside(scene, "a path with `..` in it"))
}

fn absolute_path(mut scene: Scene) -> Playing {
    let path = scene.folder().join("escaped.bin");
    let path = std::path::absolute(&path).unwrap_or(path);
    let path = path.to_string_lossy().into_owned();
    let files: &[(&[&str], usize)] = &[(&["good.bin"], 40_000), (&[&path], 40_000)];
    scene.torrent = scene.own(Torrent::multi("trap", files, 4));
    Box::pin(kept_inside(scene, "a path that begins at the root"))
}

fn name(mut scene: Scene) -> Playing {
    scene.torrent = scene.own(Torrent::single("../escaped.bin", 80_000, 5));
    Box::pin(kept_inside(scene, "the name `../escaped.bin`"))
}

/// Lets the client fetch a torrent with a trap in it, and looks where it wrote.
async fn kept_inside(mut scene: Scene, trap: &str) -> Result<Vec<Finding>, SceneError> {
    scene.usual().await?;
    let total = scene.torrent.total();
    let whole = move |scene: &Scene| file_sizes(&scene.output()) >= total;
    let over = |scene: &Scene| {
        let asked = scene.tape.requests("seeder");
        let last = asked.last().map(|(at, _)| *at);
        // All blocks have gone out, and files have had the time to appear.
        let late = last.is_some_and(|at| scene.tape.now() > at + Duration::from_secs(5));
        let all = asked.len() as u64 >= total.div_ceil(16 * 1024);
        escaped(scene.folder()).is_some() || whole(scene) || (all && late)
    };
    let played: Played = scene.play(scene.patience(), &over).await?;
    let wrote = file_sizes(&scene.output()) > 0;
    let ended = matches!(played.over, Over::Ended(_));
    let finding = if let Some(path) = escaped(scene.folder()) {
        let path = path.display().to_string();
        NAMES.wrong(format!("writes outside its folder for {trap}: {path}"))
    } else if let Some(crash) = played.crash() {
        NAMES.wrong(format!("{crash}, for {trap}"))
    } else if whole(&scene) || (wrote && ended) {
        NAMES.ok()
    } else if !scene.ground.baseline().await?.fetches {
        NAMES.skipped(NOT_SO_FAR)
    } else if ended {
        NAMES.ok_with(format!("it refuses {trap}"))
    } else if wrote {
        NAMES.skipped(format!("it did not come to its last file for {trap}"))
    } else {
        NAMES.skipped(format!("it wrote nothing at all for {trap}"))
    };
    Ok(vec![finding.seen(scene.tape.last(4))])
}

/// What is in the run's folder and does not belong there.
fn escaped(folder: &Path) -> Option<std::path::PathBuf> {
    const OURS: [&str; 6] = [
        "output",
        "output.txt",
        "seen.txt",
        "state",
        "status",
        "test.torrent",
    ];
    let entries = fs::read_dir(folder).ok()?.flatten();
    let mut others = entries.filter(|entry| {
        let name = entry.file_name();
        !OURS.iter().any(|ours| name == **ours)
    });
    others.next().map(|entry| entry.path())
}

/// The bytes of all files below a folder.
fn file_sizes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => file_sizes(&entry.path()),
        Ok(_) => entry.metadata().map_or(0, |metadata| metadata.len()),
        Err(_) => 0,
    });
    sizes.sum()
}
