//! The thread that hashes and writes.

use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use storage::{Done, Job, Serve};

/// The way to the disk thread. When it is dropped, what was handed in is still done.
pub(super) struct Disk {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Disk {
    /// Starts the thread; `tell` gets each batch of answers, on that thread.
    pub fn start(
        mut storage: impl Serve + Send + 'static,
        tell: impl Fn(Vec<Done>) + Send + 'static,
    ) -> std::io::Result<Disk> {
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
            })?;
        Ok(Disk {
            jobs: Some(sender),
            thread: Some(thread),
        })
    }

    pub fn hand_in(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // The thread ends only when this sender is dropped.
            let _ = jobs.send(job);
        }
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
