//! A torrent's task, step by step: what happens between two turns of its loop is done by hand.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use blocks::BlockDigests;
use metainfo::Metainfo;
use metainfo::create::Create;
use peer_id::PeerId;
use pretty_assertions::assert_eq;
use resume::Resume;
use storage::{Done, Hashes, Names};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::task::LocalSet;

use super::super::*;
use super::*;
use crate::node::begin::Work;
use crate::node::common::Common;
use crate::node::disk;
use crate::node::doors::Doors;
use crate::node::handle::{Mode, Reins, Remember, Torrent, TorrentOptions};
use crate::node::opening::{self, Opened, Place};
use crate::node::route::{Presence, Route};
use crate::node::shares::Shares;
use crate::node::start::Station;
use crate::node::udp::Udp;

const PIECE: usize = 16 * 1024;
const PIECES: u32 = 4;

const DOWNLOAD: Mode = Mode::Download { keep_seeding: true };

fn content() -> Vec<u8> {
    let bytes = 0..PIECE * PIECES as usize;
    bytes.map(|at| (at / 251) as u8).collect()
}

/// A file of four pieces, all of them there, and a folder that remembers them.
struct Scene {
    data: TempDir,
    state: TempDir,
    metainfo: Arc<Metainfo>,
    mode: Mode,
}

impl Scene {
    /// For a seed.
    fn new() -> Scene {
        let [data, state] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let content = content();
        fs::write(data.path().join("a"), &content).unwrap();
        let hashes: Vec<_> = content
            .chunks(PIECE)
            .map(|p| hashing::digest(&[p]))
            .collect();
        let create = Create::single("a", content.len() as u64, PIECE as u64);
        let torrent = create.to_bytes(&hashes).unwrap();
        let metainfo = Arc::new(Metainfo::parse(&torrent).unwrap());
        Scene {
            data,
            state,
            metainfo,
            mode: Mode::Seed,
        }
    }

    fn downloading() -> Scene {
        Scene {
            mode: DOWNLOAD,
            ..Scene::new()
        }
    }

    /// The same after a life that has ended in order: everything is on record.
    async fn on_record(self) -> Scene {
        self.live(async |_| ()).await;
        self
    }

    fn names(&self) -> Names {
        Names::of(&self.metainfo).unwrap()
    }

    fn options(&self) -> TorrentOptions {
        TorrentOptions {
            remember: Some(Remember {
                folder: self.state.path().to_owned(),
                check: false,
                sync: Some(Duration::from_secs(5)),
            }),
            ..TorrentOptions::new(self.metainfo.clone(), self.data.path(), self.mode)
        }
    }

    async fn open(&self) -> Opened {
        let options = self.options();
        let place = Place {
            root: options.root.as_path().into(),
            names: self.names(),
            hashes: Hashes::from(self.metainfo.pieces.as_slice()),
            info_hash: self.metainfo.info_hash_v1.unwrap(),
            remember: options.remember,
            read_only: self.mode == Mode::Seed,
            partial: true,
            overwrite: false,
            selection: None,
            allocate: options.allocate,
        };
        let (publish, _) = watch::channel(Snapshot::default());
        let opened = opening::open(place, &Semaphore::new(1), &publish).await;
        opened.unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// Looks at what is there, does `work` with the task, and ends it.
    async fn live(&self, work: impl AsyncFnOnce(&mut Task)) {
        let (disk, disk_thread) = disk::start().unwrap();
        let shares = Rc::new(Shares::new(None, None, u64::MAX));
        let presence = Presence::of(&Route::default()).0;
        let common = Rc::new(Common::new(disk, shares, presence));
        let doors = Arc::new(Doors::new(
            PeerId([1; 20]),
            encryption::Policy::Allow,
            Arc::default(),
        ));
        let (handle, reins) = Torrent::new(self.metainfo.info_hash_v1.unwrap());
        let life = async {
            let opened = self.open().await;
            let mut task = self.work(&doors, reins).begin(&common, opened);
            tokio::time::pause();
            work(&mut task).await;
            tokio::time::resume();
            task.end(&Outcome::Stopped).await;
        };
        LocalSet::new().run_until(life).await;
        drop((handle, common));
        disk_thread.join().unwrap();
    }

    fn work(&self, doors: &Arc<Doors>, reins: Reins) -> Work {
        Work {
            options: self.options(),
            names: self.names(),
            station: Station {
                port: 1,
                udp: Udp::closed(&std::io::Error::other("none is needed")),
                local: crate::node::local::Local::new(1, crate::node::LocalNetwork::None).0,
                door: doors
                    .add(self.metainfo.info_hash_v1.unwrap(), engine::speaks())
                    .unwrap(),
                reins,
            },
        }
    }

    /// The same, and the program is killed at the end.
    async fn live_and_die(&self, work: impl AsyncFnOnce(&mut Task)) {
        let killed = async |task: &mut Task| {
            work(task).await;
            task.vouch = None;
        };
        self.live(killed).await;
    }

    /// The pieces that a start finds.
    async fn found(&self) -> Vec<u32> {
        self.open().await.have.iter_ones().collect()
    }

    fn file(&self) -> PathBuf {
        self.data.path().join("a")
    }

    /// Changes a byte of a piece. The time shows it, however soon it is after another write.
    fn spoil(&self, piece: usize) {
        let mut content = fs::read(self.file()).unwrap();
        let before = fs::metadata(self.file()).unwrap().modified().unwrap();
        content[piece * PIECE] ^= 1;
        fs::write(self.file(), content).unwrap();
        let file = File::options().append(true).open(self.file()).unwrap();
        file.set_modified(before + Duration::from_secs(2)).unwrap();
    }

    /// What the resume file says.
    fn resume(&self) -> Resume {
        let is_resume = |path: &Path| path.extension() == Some("resume".as_ref());
        let files = fs::read_dir(self.state.path()).unwrap();
        let mut files = files.map(|file| file.unwrap().path());
        let file = files.find(|path| is_resume(path)).unwrap();
        Resume::decode(&fs::read(file).unwrap()).unwrap()
    }

    /// The pieces that it vouches for, and whether the end was in order.
    fn vouched(&self) -> (Vec<u32>, bool) {
        let resume = self.resume();
        (resume.pieces.iter_ones().collect(), resume.in_order)
    }
}

impl Task {
    /// Some time passes; what is due of the resume file then is done, and all that follows from it.
    async fn tend(&mut self, after: Duration) {
        tokio::time::advance(after).await;
        self.vouch(Voucher::ring);
        while self.vouch.as_ref().is_some_and(Voucher::is_busy) {
            tokio::select! {
                Some(done) = self.disk.done.recv() => self.done(done),
                answer = answer(&mut self.vouch) => self.vouch(|vouch| vouch.did(answer)),
            }
        }
    }

    /// Waits until so many answers of the disk are there, and takes none.
    async fn until_answered(&self, answers: usize) {
        while self.disk.done.len() < answers {
            tokio::task::yield_now().await;
        }
    }

    /// Takes the next answer of the disk, which is one of these.
    async fn take(&mut self, is_one: impl Fn(&Done) -> bool) {
        let done = self.disk.done.recv().await.unwrap();
        assert!(is_one(&done), "{done:?}");
        self.done(done);
    }

    /// Has the watch look at all files.
    async fn look(&mut self) {
        self.hand_in(Job::Look { from: 0 });
        self.take(|done| matches!(done, Done::Looked { .. })).await;
    }

    /// One of the pieces that the watch has had read.
    async fn check(&mut self) {
        self.take(|done| matches!(done, Done::Checked { .. })).await;
    }

    /// The last piece is written.
    async fn write_piece_3(&mut self) {
        self.vouch(|vouch| vouch.store(3, piece_3()));
        self.take(|done| matches!(done, Done::Stored { piece: 3, .. }))
            .await;
    }
}

#[tokio::test]
async fn an_end_in_order_vouches_for_what_is_there() {
    let scene = Scene::new();
    for _ in 0..2 {
        scene.live(async |_| ()).await;
        assert_eq!(scene.vouched(), ((0..PIECES).collect(), true));
    }
}

#[tokio::test]
async fn what_was_found_out_and_is_not_told_yet_is_not_vouched_for() {
    let scene = Scene::new().on_record().await;
    scene
        .live(async |task| {
            scene.spoil(2);
            task.look().await;
            for _ in 0..PIECES {
                task.check().await;
            }
        })
        .await;
    assert_eq!(scene.vouched(), (vec![0, 1, 3], true));
}

#[tokio::test]
async fn what_is_still_to_be_read_again_is_not_vouched_for() {
    let scene = Scene::new().on_record().await;
    scene
        .live(async |task| {
            scene.spoil(2);
            task.look().await;
            task.check().await;
        })
        .await;
    let (vouched, is_in_order) = scene.vouched();
    assert!(!vouched.contains(&2), "{vouched:?}");
    assert!(!is_in_order);
}

#[tokio::test]
async fn what_a_peer_hung_up_on_is_read_before_the_end() {
    let scene = Scene::new().on_record().await;
    scene
        .live(async |task| {
            for piece in [1, 3] {
                task.watch(|watch| watch.suspect(piece));
            }
        })
        .await;
    assert_eq!(scene.vouched(), ((0..PIECES).collect(), true));
}

#[tokio::test]
async fn what_was_touched_is_read_before_the_end_and_vouched_for_if_it_is_good() {
    let scene = Scene::new().on_record().await;
    scene
        .live(async |task| {
            scene.spoil(2);
            scene.spoil(2);
            task.look().await;
            task.check().await;
        })
        .await;
    assert_eq!(scene.vouched(), ((0..PIECES).collect(), true));
}

const SYNC: Duration = Duration::from_secs(6);
const SAVE: Duration = Duration::from_secs(11);

#[tokio::test]
async fn what_somebody_writes_before_a_batch_is_looked_at_is_not_taken_for_ours() {
    let scene = Scene::new();
    scene
        .live_and_die(async |task| {
            task.tend(Duration::ZERO).await;
            scene.spoil(2);
            task.tend(SYNC).await;
            task.tend(SAVE).await;
            task.tend(SAVE).await;
        })
        .await;
    assert!(!scene.resume().in_order);
    assert_eq!(scene.found().await, [0, 1, 3]);
}

#[tokio::test]
async fn what_somebody_writes_after_us_and_before_a_batch_is_not_taken_for_ours() {
    let scene = Scene::downloading();
    scene.spoil(3);
    scene
        .live_and_die(async |task| {
            task.tend(Duration::ZERO).await;
            task.write_piece_3().await;
            scene.spoil(2);
            task.tend(SYNC).await;
            task.tend(SAVE).await;
            task.tend(SAVE).await;
        })
        .await;
    assert_eq!(scene.found().await, [0, 1, 3]);
}

#[tokio::test]
async fn what_was_touched_and_is_good_is_vouched_for_again() {
    let scene = Scene::new().on_record().await;
    scene
        .live_and_die(async |task| {
            task.tend(Duration::ZERO).await;
            scene.spoil(2);
            scene.spoil(2);
            task.look().await;
            task.tend(Duration::ZERO).await;
            assert_eq!(scene.vouched().0, [0u32; 0], "nobody has read it yet");
            while !task.watch.in_doubt().is_empty() {
                task.check().await;
            }
            tokio::time::advance(Duration::from_secs(2)).await;
            task.watch(Watch::ring);
            task.tend(SYNC).await;
            task.tend(SAVE).await;
        })
        .await;
    assert_eq!(scene.vouched(), ((0..PIECES).collect(), false));
}

#[tokio::test]
async fn what_the_disk_tells_during_the_end_counts() {
    let scene = Scene::new();
    scene
        .live(async |task| {
            scene.spoil(2);
            task.hand_in(Job::Look { from: 0 });
        })
        .await;
    assert_eq!(scene.vouched(), (vec![], false));
    assert_eq!(scene.found().await, [0, 1, 3]);
}

#[tokio::test]
async fn the_answer_to_an_earlier_look_is_not_that_of_the_last() {
    let scene = Scene::new().on_record().await;
    scene
        .live(async |task| {
            task.hand_in(Job::Look { from: 0 });
            task.until_answered(1).await;
            scene.spoil(2);
        })
        .await;
    assert_eq!(scene.vouched(), (vec![], false));
    assert_eq!(scene.found().await, [0, 1, 3]);
}

/// A download of which the last piece is on record, and was spoiled since.
async fn spoiled_since() -> Scene {
    let scene = Scene::downloading().on_record().await;
    scene.spoil(3);
    scene
}

/// The last piece as it is to be.
fn piece_3() -> Job {
    let content = content();
    Job::Store {
        piece: 3,
        blocks: blocks::block_bufs(&content[3 * PIECE..]),
        digests: BlockDigests::Never,
    }
}

#[tokio::test]
async fn a_piece_that_is_still_on_record_is_not_written_before_it_is_withdrawn() {
    let scene = spoiled_since().await;
    scene
        .live_and_die(async |task| {
            let vouch = task.vouch.as_mut().unwrap();
            vouch.store(3, piece_3());
            assert!(vouch.next().is_none(), "it waits");
            assert_eq!(scene.vouched().0, [0, 1, 2, 3]);
            task.tend(Duration::ZERO).await;
            let stored = task.disk.done.recv().await;
            assert!(matches!(stored, Some(Done::Stored { piece: 3, .. })));
            assert!(!scene.vouched().0.contains(&3));
            // From now on it need not wait.
            let vouch = task.vouch.as_mut().unwrap();
            vouch.store(3, piece_3());
            assert!(vouch.next().is_some());
        })
        .await;
}

#[tokio::test]
async fn where_nothing_can_be_saved_such_a_piece_waits_until_nobody_believes_the_record() {
    let scene = spoiled_since().await;
    scene
        .live_and_die(async |task| {
            let vouch = task.vouch.as_mut().unwrap();
            vouch.store(3, piece_3());
            let due = vouch.held_until().unwrap() - Instant::now();
            assert!(due > resume::WINDOW, "{due:?}");
            tokio::time::advance(due).await;
            vouch.let_go();
            assert!(vouch.next().is_some());
        })
        .await;
}

#[tokio::test]
async fn who_stops_does_not_wait_for_such_a_piece() {
    let scene = spoiled_since().await;
    scene
        .live(async |task| {
            task.vouch(|vouch| vouch.store(3, piece_3()));
            task.command(Some(Command::Stop));
            assert!(task.vouch.as_mut().unwrap().give_back().is_empty());
        })
        .await;
    assert_eq!(scene.vouched(), (vec![0, 1, 2], true));
}

#[tokio::test]
async fn a_batch_is_looked_at_after_what_was_written_before() {
    let scene = Scene::downloading();
    scene.spoil(3);
    scene
        .live_and_die(async |task| {
            task.tend(Duration::ZERO).await;
            tokio::time::advance(SYNC).await;
            task.vouch(Voucher::ring);
            task.take(|done| matches!(done, Done::GivenToSync(_))).await;
            // It is being synced; meanwhile the last piece is written.
            task.write_piece_3().await;
            task.tend(Duration::ZERO).await;
            task.tend(SAVE).await;
            task.tend(SAVE).await;
        })
        .await;
    let recorded = scene.resume().files[0].unwrap();
    let now = resume::Stamp::of(&fs::metadata(scene.file()).unwrap());
    assert_eq!((Some(recorded.stamp), recorded.settled), (now, true));
}
