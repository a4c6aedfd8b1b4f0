//! The thread that hashes and writes.

use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use storage::{Done, Job, Serve};

/// The way to the disk thread. When it is dropped, what was handed in is still done.
pub(super) struct Disk<S> {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<S>>,
}

impl<S: Serve + Send + 'static> Disk<S> {
    /// Starts the thread; `tell` gets each batch of answers, on that thread.
    pub fn start(
        mut storage: S,
        tell: impl Fn(Vec<Done>) + Send + 'static,
    ) -> std::io::Result<Disk<S>> {
        let (sender, receiver) = mpsc::channel::<Job>();
        let thread = thread::Builder::new()
            .name("disk".to_owned())
            .spawn(move || {
                // Everything that is queued is taken at once: whole batches for the hash lanes.
                while let Ok(job) = receiver.recv() {
                    let mut jobs = vec![job];
                    jobs.extend(receiver.try_iter());
                    let mut done = Vec::with_capacity(jobs.len());
                    storage.serve(jobs, &mut done);
                    tell(done);
                }
                storage
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
    pub fn finish(mut self) -> Option<S> {
        self.jobs = None;
        self.thread.take()?.join().ok()
    }
}

impl<S> Drop for Disk<S> {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
