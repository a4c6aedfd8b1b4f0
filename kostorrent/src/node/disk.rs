//! The thread that hashes, writes and reads, for all torrents of the node.

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use storage::{Disk, Done, Job, Storage};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

/// A torrent's number in its node; never used again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct TorrentId(pub u32);

/// What the thread is asked.
enum Errand {
    /// A torrent's files are to be served; where its answers go.
    Enter(TorrentId, Box<Storage>, UnboundedSender<Done>),
    Do(TorrentId, Job),
    /// Close a torrent's files when everything that was handed in is done, then say so.
    Leave(TorrentId, oneshot::Sender<()>),
}

/// The way to the thread.
#[derive(Clone)]
pub(super) struct DiskQueue(mpsc::Sender<Errand>);

/// The way to the thread for one torrent, whose files are served as long as this is there.
pub(super) struct TorrentDisk {
    pub id: TorrentId,
    pub queue: DiskQueue,
    /// The answers, each as soon as its job is done.
    pub done: UnboundedReceiver<Done>,
}

/// Starts the thread. It ends when the last queue is dropped, and everything is done.
pub(super) fn start() -> io::Result<(DiskQueue, JoinHandle<()>)> {
    let (queue, errands) = mpsc::channel();
    let thread = thread::Builder::new().name("disk".to_owned());
    let thread = thread.spawn(move || serve(&errands, |_| {}))?;
    Ok((DiskQueue(queue), thread))
}

impl DiskQueue {
    /// Hands a job in; whether there is a thread to do it. It ends before its time only by a bug.
    pub fn hand_in(&self, torrent: TorrentId, job: Job) -> bool {
        self.0.send(Errand::Do(torrent, job)).is_ok()
    }

    /// The way for a torrent that has no files yet: it is asked for nothing.
    pub fn without_files(&self, id: TorrentId) -> TorrentDisk {
        let (_, done) = unbounded_channel();
        TorrentDisk {
            id,
            queue: self.clone(),
            done,
        }
    }

    /// Has a torrent's files served.
    pub fn enter(&self, id: TorrentId, storage: Storage) -> TorrentDisk {
        let (answers, done) = unbounded_channel();
        let _ = self.0.send(Errand::Enter(id, Box::new(storage), answers));
        TorrentDisk {
            id,
            queue: self.clone(),
            done,
        }
    }
}

impl TorrentDisk {
    /// Hands a job in; whether there is a thread to do it.
    pub fn hand_in(&self, job: Job) -> bool {
        self.queue.hand_in(self.id, job)
    }

    /// Waits until everything that was handed in is done, and the files are closed.
    pub async fn leave(self) {
        let (gone, is_gone) = oneshot::channel();
        let _ = self.queue.0.send(Errand::Leave(self.id, gone));
        // A thread that has ended has nothing open.
        let _ = is_gone.await;
    }
}

/// A torrent that is served.
struct Guest {
    answers: UnboundedSender<Done>,
    /// Jobs that are not done yet.
    waiting: usize,
    leaving: Option<oneshot::Sender<()>>,
}

#[derive(Default)]
struct Service {
    disk: Disk<TorrentId>,
    guests: BTreeMap<TorrentId, Guest>,
}

/// The thread's work. `before` hears of each job.
fn serve(errands: &mpsc::Receiver<Errand>, before: impl Fn(&Job)) {
    let mut service = Service::default();
    while let Ok(errand) = errands.recv() {
        service.take(errand, &before);
        loop {
            // Everything that is queued is taken at once: whole batches for the hash lanes.
            for errand in errands.try_iter() {
                service.take(errand, &before);
            }
            if !service.turn() {
                break;
            }
        }
    }
}

impl Service {
    fn take(&mut self, errand: Errand, before: impl Fn(&Job)) {
        match errand {
            Errand::Enter(id, storage, answers) => {
                self.disk.add(id, *storage);
                let guest = Guest {
                    answers,
                    waiting: 0,
                    leaving: None,
                };
                self.guests.insert(id, guest);
            }
            Errand::Do(id, job) => {
                before(&job);
                if let Some(guest) = self.guests.get_mut(&id) {
                    guest.waiting += 1;
                    self.disk.hand_in(id, job);
                }
            }
            Errand::Leave(id, gone) => {
                if let Some(guest) = self.guests.get_mut(&id) {
                    guest.leaving = Some(gone);
                    self.let_go(id);
                }
            }
        }
    }

    /// Does a little of what was handed in; false when there is nothing to do.
    fn turn(&mut self) -> bool {
        let mut answered = None;
        let guests = &mut self.guests;
        let did = self.disk.turn(&mut |id, done| {
            if let Some(guest) = guests.get_mut(&id) {
                guest.waiting -= 1;
                // A torrent that was dropped is not told.
                let _ = guest.answers.send(done);
            }
            answered = Some(id);
        });
        if let Some(id) = answered {
            self.let_go(id);
        }
        did
    }

    /// Closes the files of a torrent that leaves and has nothing more to be done.
    fn let_go(&mut self, id: TorrentId) {
        let done = |guest: &Guest| guest.leaving.is_some() && guest.waiting == 0;
        if self.guests.get(&id).is_some_and(done) {
            self.disk.remove(id);
            if let Some(gone) = self.guests.remove(&id).and_then(|guest| guest.leaving) {
                let _ = gone.send(());
            }
        }
    }
}

/// A queue whose thread waits before each job as long as `before` does.
#[cfg(test)]
pub(super) fn start_slow(before: impl Fn(&Job) + Send + 'static) -> (DiskQueue, JoinHandle<()>) {
    let (queue, errands) = mpsc::channel();
    let thread = thread::spawn(move || serve(&errands, before));
    (DiskQueue(queue), thread)
}
