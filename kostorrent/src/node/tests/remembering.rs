//! What is remembered from one start to the next, and what that is worth.
//!
//! Whether something is read or trusted shows by a byte that was changed, and the resume file says
//! that the file was so: who trusts does not notice.

use std::fs::{self, File, FileTimes};
use std::path::PathBuf;

use pretty_assertions::assert_eq;
use resume::{Resume, Stamp};
use tempfile::TempDir;

use super::*;

pub const PIECE: u64 = 16 * 1024;

/// A seeder, a folder that receives, and one that remembers.
pub struct Scene {
    pub from: TempDir,
    pub to: TempDir,
    state: TempDir,
    pub metainfo: Arc<Metainfo>,
    /// Somebody who never says anything: a download that has nobody to ask ends.
    silent: TcpListener,
}

impl Scene {
    pub fn new() -> Scene {
        let [from, to, state] = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let metainfo = torrent(from.path(), PIECE);
        Scene {
            from,
            to,
            state,
            metainfo,
            silent: TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(),
        }
    }

    fn remember(&self) -> Remember {
        Remember {
            folder: self.state.path().to_owned(),
            check: false,
            sync: Some(Duration::from_secs(5)),
        }
    }

    pub fn options(&self, mode: Mode) -> TorrentOptions {
        TorrentOptions {
            remember: Some(self.remember()),
            peers: vec![self.silent.local_addr().unwrap()],
            ..options(&self.metainfo, self.to.path(), mode)
        }
    }

    /// Downloads a part, and ends in order; how many pieces are there.
    pub async fn begin(&self, options: TorrentOptions) -> u32 {
        let seeder = Alone::start(TorrentOptions {
            limit_up: Some(300_000),
            ..self::options(&self.metainfo, self.from.path(), Mode::Seed)
        });
        let leecher = Alone::start(TorrentOptions {
            peers: vec![seeder.addr()],
            ..options
        });
        let mut snapshots = leecher.torrent.snapshots();
        let some = snapshots.wait_for(|s| s.pieces_have > 3).await;
        drop(some.unwrap());
        assert_eq!(leecher.stop().await, Outcome::Stopped);
        seeder.stop().await;
        snapshots.borrow().pieces_have
    }

    /// Starts without any peer; the first figures after the look at what is there.
    pub async fn look(&self, options: TorrentOptions) -> Snapshot {
        let again = Alone::start(options);
        let mut snapshots = again.torrent.snapshots();
        let begun = snapshots.wait_for(|s| s.state != TorrentState::Checking);
        let begun = begun.await.unwrap().clone();
        assert_eq!(again.stop().await, Outcome::Stopped);
        begun
    }

    fn file(&self) -> PathBuf {
        self.to.path().join("three/a.bin")
    }

    /// Changes a byte in a piece that is there.
    fn spoil(&self) {
        let right = fs::read(self.from.path().join("three/a.bin")).unwrap();
        let mut there = fs::read(self.file()).unwrap();
        let piece = PIECE as usize;
        let pieces = right.chunks_exact(piece).zip(there.chunks_exact(piece));
        let good = pieces
            .enumerate()
            .find(|(_, (right, there))| right == there);
        let good = good.unwrap().0;
        there[good * piece] ^= 1;
        fs::write(self.file(), there).unwrap();
    }

    /// The same, and its time says nothing of it.
    fn spoil_secretly(&self) {
        let before = fs::metadata(self.file()).unwrap().modified().unwrap();
        self.spoil();
        let file = File::options().append(true).open(self.file()).unwrap();
        let times = FileTimes::new().set_modified(before);
        file.set_times(times).unwrap();
    }

    /// The same, and what is remembered of the file is how it is now: nobody can notice.
    fn spoil_unseen(&self) {
        self.spoil();
        let path = self.resume_file();
        let mut resume = Resume::decode(&fs::read(&path).unwrap()).unwrap();
        let first = resume.files[0].as_mut().unwrap();
        first.stamp = Stamp::of(&fs::metadata(self.file()).unwrap()).unwrap();
        fs::write(&path, resume.encode()).unwrap();
    }

    /// What is remembered now, while it may be saved at any moment.
    pub fn resume(&self) -> Option<Resume> {
        let mut files = fs::read_dir(self.state.path()).unwrap();
        files.find_map(|file| Resume::decode(&fs::read(file.ok()?.path()).ok()?).ok())
    }

    /// The one resume file.
    fn resume_file(&self) -> PathBuf {
        let mut files = fs::read_dir(self.state.path()).unwrap();
        let resume = files.next().unwrap().unwrap().path();
        assert!(files.next().is_none(), "no lock stays");
        resume
    }
}

#[tokio::test]
async fn after_an_end_in_order_nothing_is_read() {
    let scene = Scene::new();
    let had = scene.begin(scene.options(DOWNLOAD)).await;
    scene.spoil_unseen();
    for _ in 0..2 {
        let now = scene.look(scene.options(DOWNLOAD)).await;
        assert_eq!(now.pieces_have, had, "trusted");
    }
    let check = Remember {
        check: true,
        ..scene.remember()
    };
    let now = scene.look(TorrentOptions {
        remember: Some(check),
        ..scene.options(DOWNLOAD)
    });
    assert_eq!(now.await.pieces_have, had - 1, "read");
    let now = scene.look(scene.options(DOWNLOAD)).await;
    assert_eq!(now.pieces_have, had - 1, "what was read is remembered");
}

/// The next start reads what was spoiled.
async fn is_noticed(spoil: impl Fn(&Scene)) {
    let scene = Scene::new();
    let had = scene.begin(scene.options(DOWNLOAD)).await;
    spoil(&scene);
    let now = scene.look(scene.options(DOWNLOAD)).await;
    assert_eq!(now.pieces_have, had - 1);
}

#[tokio::test]
async fn what_somebody_has_written_to_is_read() {
    is_noticed(Scene::spoil).await;
}

#[cfg(unix)]
#[tokio::test]
async fn who_writes_and_sets_the_time_back_is_noticed() {
    is_noticed(Scene::spoil_secretly).await;
}

#[tokio::test]
async fn without_syncing_nothing_is_vouched_for_and_all_is_read() {
    let scene = Scene::new();
    let never = || TorrentOptions {
        remember: Some(Remember {
            sync: None,
            ..scene.remember()
        }),
        ..scene.options(DOWNLOAD)
    };
    let had = scene.begin(never()).await;
    assert_eq!(scene.look(never()).await.pieces_have, had);
    scene.spoil_unseen();
    assert_eq!(scene.look(never()).await.pieces_have, had - 1);
}

#[tokio::test]
async fn a_seed_reads_once_and_counts_on() {
    let scene = Scene::new();
    let seed = || TorrentOptions {
        remember: Some(scene.remember()),
        ..options(&scene.metainfo, scene.from.path(), Mode::Seed)
    };
    let first = Alone::start(seed());
    let leecher = Alone::start(TorrentOptions {
        peers: vec![first.addr()],
        ..options(&scene.metainfo, scene.to.path(), DOWNLOAD)
    });
    assert_eq!(leecher.wait().await, Outcome::Complete);
    assert_eq!(first.stop().await, Outcome::Stopped);
    let then = scene.look(seed()).await;
    assert_eq!(then.earlier.uploaded, scene.metainfo.total_length);
    assert_eq!((then.left, then.uploaded), (0, 0));
}

#[tokio::test]
async fn one_program_at_a_time_writes_to_a_folder() {
    let scene = Scene::new();
    let first = Alone::start(scene.options(DOWNLOAD));
    let mut snapshots = first.torrent.snapshots();
    let begun = snapshots.wait_for(|s| s.state == TorrentState::Downloading);
    drop(begun.await.unwrap());
    let Outcome::Failed(why) = Alone::start(scene.options(DOWNLOAD)).wait().await else {
        panic!("two write to the same files");
    };
    assert!(why.to_string().contains("another kostorrent"), "{why}");
    first.stop().await;
    scene.look(scene.options(DOWNLOAD)).await;
}

#[tokio::test]
async fn what_is_complete_may_be_looked_at_while_another_works_on_it() {
    let scene = Scene::new();
    torrent(scene.to.path(), PIECE);
    let seeder = Alone::start(scene.options(Mode::Seed));
    let mut snapshots = seeder.torrent.snapshots();
    let ready = snapshots.wait_for(|s| s.state == TorrentState::Seeding);
    drop(ready.await.unwrap());
    let second = Alone::start(scene.options(DOWNLOAD));
    assert_eq!(second.wait().await, Outcome::Complete);
    seeder.stop().await;
}

#[tokio::test]
async fn what_is_found_complete_is_read_once() {
    let scene = Scene::new();
    torrent(scene.to.path(), PIECE);
    let look = || Alone::start(scene.options(DOWNLOAD)).wait();
    assert_eq!(look().await, Outcome::Complete);
    scene.spoil_unseen();
    assert_eq!(look().await, Outcome::Complete, "trusted");
}

/// The first notice of a download that has nobody to ask.
async fn notice(options: TorrentOptions) -> Notice {
    let mut torrent = Alone::start(options);
    let mut notices = torrent.torrent.notices();
    let first = notices.recv().await.unwrap();
    assert_eq!(torrent.stop().await, Outcome::Stopped);
    first
}

#[tokio::test]
async fn where_nothing_can_be_remembered_it_is_said_and_all_goes_on() {
    let scene = Scene::new();
    let file = scene.state.path().join("file");
    fs::write(&file, "").unwrap();
    let remember = Remember {
        folder: file,
        ..scene.remember()
    };
    let said = notice(TorrentOptions {
        remember: Some(remember),
        ..scene.options(DOWNLOAD)
    });
    let Notice::NotRemembered { why } = said.await else {
        panic!("it is not said");
    };
    assert!(why.contains("resume file"), "{why}");
}

#[tokio::test]
async fn a_resume_file_that_is_broken_is_named_and_replaced() {
    let scene = Scene::new();
    let had = scene.begin(scene.options(DOWNLOAD)).await;
    let resume = scene.resume_file();
    fs::write(&resume, "d6:formati1e").unwrap();
    scene.spoil_secretly();
    let Notice::NotTrusted { path, .. } = notice(scene.options(DOWNLOAD)).await else {
        panic!("it is not said");
    };
    assert_eq!(path.file_name(), resume.file_name());
    // It was read then, and is remembered now.
    let now = scene.look(scene.options(DOWNLOAD)).await;
    assert_eq!(now.pieces_have, had - 1);
}

#[tokio::test]
async fn the_resume_file_of_a_later_version_is_kept_for_it() {
    let scene = Scene::new();
    scene.begin(scene.options(DOWNLOAD)).await;
    let resume = scene.resume_file();
    let later = "d6:formati2e4:more2:ooe";
    fs::write(&resume, later).unwrap();
    let Notice::NotTrusted { why, .. } = notice(scene.options(DOWNLOAD)).await else {
        panic!("it is not said");
    };
    let kept = PathBuf::from(format!("{}.format-2", resume.display()));
    assert!(why.contains("a later version"), "{why}");
    assert!(
        why.ends_with(&format!("kept as {}", kept.display())),
        "{why}"
    );
    assert_eq!(fs::read_to_string(kept).unwrap(), later);
    let ours = Resume::decode(&fs::read(&resume).unwrap()).unwrap();
    assert!(ours.in_order);
}
