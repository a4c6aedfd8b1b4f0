//! The thread that hashes, writes and reads.

use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use storage::{Done, Job, Storage};

/// The way to the disk thread. When it is dropped, what was handed in is still done.
pub(super) struct Disk {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<Option<Storage>>>,
}

impl Disk {
    /// Starts the thread; `tell` gets each answer, on that thread.
    pub fn start(storage: Storage, tell: impl Fn(Done) + Send + 'static) -> std::io::Result<Disk> {
        let (sender, receiver) = mpsc::channel::<Job>();
        let thread = thread::Builder::new()
            .name("disk".to_owned())
            .spawn(move || {
                let mut disk = storage::Disk::new();
                disk.add((), storage);
                // Everything that is queued is taken at once: whole batches for the hash lanes.
                while let Ok(job) = receiver.recv() {
                    disk.hand_in((), job);
                    loop {
                        receiver.try_iter().for_each(|job| disk.hand_in((), job));
                        if !disk.turn(&mut |(), done| tell(done)) {
                            break;
                        }
                    }
                }
                disk.remove(())
            })?;
        Ok(Disk {
            jobs: Some(sender),
            thread: Some(thread),
        })
    }

    /// Hands a job in; whether there is a thread to do it. It ends before its time only by a bug.
    pub fn hand_in(&self, job: Job) -> bool {
        self.jobs
            .as_ref()
            .is_some_and(|jobs| jobs.send(job).is_ok())
    }

    /// Waits until everything that was handed in is done, and gives the storage back.
    pub fn finish(mut self) -> Option<Storage> {
        self.jobs = None;
        self.thread.take()?.join().ok()?
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
