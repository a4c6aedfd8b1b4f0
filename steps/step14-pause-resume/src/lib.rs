//! Pause, stop, be killed, and go on: the resume file and its promise.
//!
//! The promise is **data is durable before the resume file says so**. A piece that is written is
//! not yet on the disk: the system keeps it in memory for a while, and a power cut takes it. So the
//! [`Ledger`] knows which pieces are written, which of them a sync is making durable, and which a
//! resume file may vouch for. [`Resume`] is that file: its bytes come from [`Resume::encode`] and
//! are read by [`Resume::decode`]. At the next start [`judge`] compares it with what is on disk and
//! says, file by file, what is trusted and why.
//!
//! Nothing of that opens a file or looks at a clock. Whoever uses it syncs, looks at the files, and
//! replaces the resume file (the feature `disk` has what that takes) so that at any moment the old one or the new one is there: written
//! under a name beside it ([`new_name`]), synced, renamed to its name ([`name`]), and the folder
//! synced. Two kinds of time are handed in: *now* is a [`Duration`](std::time::Duration) since the
//! program began, which never goes back; dates of files and of the resume file are [`UnixTime`]s,
//! which a person can set as they like.
//!
//! A life of a download, without what can go wrong:
//!
//! ```
//! # use std::path::PathBuf;
//! # use std::sync::Arc;
//! # use std::time::Duration;
//! # use layout::{Kind, Layout};
//! # use metainfo::InfoHash;
//! # use resume::*;
//! # let kind = Kind::Regular { executable: false };
//! # let layout = Arc::new(Layout::new([(PathBuf::from("a"), 100, kind)], 50).unwrap());
//! # let modified = UnixTime::from_seconds(1);
//! # let look = |_file| Some(Stamp { length: 100, modified, number: None, changed: None });
//! # let mut now = Duration::ZERO;
//! # let mut on_disk = Vec::new();
//! # let about = || About {
//! #     info_hash: InfoHash([1; 20]), folder: folder_bytes("/d".as_ref()), choice: None,
//! #     counters: Counters::default(), saved: 2,
//! # };
//! // Before anything is written the resume file says that a life has begun.
//! let mut ledger = Ledger::new(layout.clone());
//! ledger.all_is_read();
//! let resume = ledger.begin_save(about(), false, now).unwrap();
//! # let mut replace_durably = |bytes| on_disk = bytes;
//! replace_durably(resume.encode());
//! ledger.saved();
//!
//! // A piece arrives; some seconds later it is made durable, with its file and its folder.
//! ledger.written(0, now);
//! # now += SYNC_AFTER;
//! assert!(ledger.sync_due() <= Some(now));
//! let batch = ledger.begin_batch().unwrap();
//! # let sync = |_: &[usize]| ();
//! sync(&batch.files);
//! ledger.batch_done(batch.files.iter().map(|&file| (file, look(file))), now);
//!
//! // The end in order: the clock of each file has ticked when it is looked at for the last time.
//! while let Some(at) = ledger.settles_at() {
//!     now = now.max(at); // sleep
//!     for file in ledger.unsettled() {
//!         ledger.looked(file, look(file), now);
//!     }
//! }
//! let resume = ledger.begin_save(about(), true, now).unwrap();
//! # let mut replace_durably = |bytes| on_disk = bytes;
//! replace_durably(resume.encode());
//! ledger.saved();
//!
//! // The next start reads nothing, and fetches what is missing.
//! let resume = Resume::decode(&on_disk).unwrap();
//! let found = [look(0)];
//! let judgement = judge(&resume, &layout, &found).unwrap();
//! assert_eq!((judgement.trusted.count(), judgement.to_hash.count()), (1, 0));
//! assert_eq!(judgement.missing(), 1);
//! let ledger = Ledger::resumed(layout, &resume, &judgement, &found, Duration::ZERO);
//! # assert!(ledger.vouched().get(0));
//! ```

#![forbid(unsafe_code)]

mod decode;
mod encode;
mod error;
mod judge;
mod ledger;
#[cfg(feature = "disk")]
mod look;
mod names;
mod record;
mod stamp;
mod state_dir;
#[cfg(feature = "disk")]
mod state_file;
mod verdict;

#[cfg(test)]
mod testing;

pub use decode::MAX_SIZE;
pub use error::ResumeError;
pub use judge::{Judgement, WINDOW, WRITE_SLACK, judge};
pub use ledger::{
    About, Batch, IDLE_SAVE_EVERY, Ledger, SAVE_EVERY, SECONDS_SAVE_EVERY, SYNC_AFTER,
};
#[cfg(feature = "disk")]
pub use look::{look, one_name};
pub use names::{folder_bytes, kept_name, lock_name, name, new_name};
pub use record::{Counters, FORMAT, Recorded, Resume};
pub use stamp::{COARSE_TICK, FINE_TICK, Stamp, UnixTime};
pub use state_dir::{NoStateDir, System, state_dir};
#[cfg(feature = "disk")]
pub use state_file::{Lock, StateError, StateFile};
pub use verdict::Verdict;
