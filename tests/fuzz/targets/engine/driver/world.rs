//! What the disk, the trackers, the clock and the user do.

use super::*;

impl Driver {
    /// Pieces are gone from the disk.
    pub fn lost(&mut self, pieces: Vec<u32>) {
        if self.metadata {
            pieces.iter().for_each(|&piece| {
                self.have.clear(piece);
            });
        }
        self.tell(Event::Lost { pieces });
    }

    /// Pieces are found on disk. What is at the disk just then is not taken: it is about to come.
    pub fn found(&mut self, pieces: Vec<u32>) {
        if self.finished || !self.metadata {
            return;
        }
        let mut with = self.have.clone();
        for &piece in &pieces {
            let at_disk = self.stores.iter().any(|&(stored, _)| stored == piece);
            if !at_disk && !self.unwritten.contains(&piece) {
                with.set(piece);
            }
        }
        self.have = with;
        self.tell(Event::Found { pieces });
    }

    pub fn settled(&mut self) {
        if self.settles > 0 {
            self.settles -= 1;
            self.tell(Event::Settled);
        }
    }

    pub fn stored(&mut self, which: u8, wrong: bool, lies: u8) {
        let Some((piece, digests)) = self.some_store(which) else {
            return;
        };
        let blocks = self.geometry.blocks_in(piece);
        let wanted = match digests {
            BlockDigests::Never => false,
            BlockDigests::IfWrong => wrong,
            BlockDigests::Always => true,
        };
        // A bit for each block that is not what it should be.
        let digest = |block: u32| [if wrong { lies >> (block % 8) & 1 } else { 0 }; 20];
        let digests = wanted.then(|| (0..blocks).map(digest).collect());
        let result = if wrong {
            Stored::Wrong { digests }
        } else {
            self.have.set(piece);
            Stored::Written { digests }
        };
        self.tell(Event::Stored { piece, result });
    }

    pub fn disk_full(&mut self, which: u8) {
        if let Some((piece, _)) = self.some_store(which) {
            let result = Stored::Failed("the disk is full".to_owned());
            self.unwritten.insert(piece);
            self.tell(Event::Stored { piece, result });
        }
    }

    /// The disk had a fault, and has none any more.
    pub fn disk_well(&mut self) {
        if self.looks > 0 {
            self.looks -= 1;
            self.tell(Event::DiskWell);
        }
    }

    pub(super) fn some_store(&mut self, which: u8) -> Option<(u32, BlockDigests)> {
        let count = self.stores.len();
        (count > 0).then(|| self.stores.remove(usize::from(which) % count))
    }

    pub fn announced(&mut self, which: u8, peers: Vec<SocketAddr>, interval: Duration, id: bool) {
        self.scraped(which, id);
        let reply = AnnounceReply {
            interval,
            min_interval: None,
            tracker_id: id.then(|| vec![which]),
            complete: (which % 2 == 0).then_some(which.into()),
            incomplete: None,
            external_ip: id.then(|| [192, 0, 2, which].into()),
            peers,
            warning: id.then(|| "a warning".to_owned()),
        };
        self.tracker_says(which, Ok(reply));
    }

    /// Whoever was asked for counts tells them, or does not.
    fn scraped(&mut self, which: u8, tells: bool) {
        if let Some(tracker) = self.scrapes.pop() {
            let counts = Counts {
                seeders: Some(which.into()),
                ..Counts::default()
            };
            let host = "tracker.example".to_owned();
            let result = match tells {
                true => Ok(counts),
                false => Err(AnnounceError::Redirects { host }),
            };
            self.tell(Event::Scraped { tracker, result });
        }
    }

    pub fn not_announced(&mut self, which: u8) {
        let retry = match which % 4 {
            0 => Some(Retry::Never),
            1 => Some(Retry::After(Duration::from_secs(3_600))),
            _ => None,
        };
        let why = AnnounceError::Status {
            host: "tracker.example".to_owned(),
            status: 503,
            retry,
        };
        self.tracker_says(which, Err(why));
    }

    pub(super) fn tracker_says(&mut self, which: u8, result: Result<AnnounceReply, AnnounceError>) {
        let count = self.announces.len();
        if count > 0 {
            let (tracker, told) = self.announces.remove(usize::from(which) % count);
            self.tell(Event::Announced {
                tracker,
                told,
                result,
            });
        }
    }

    pub fn command(&mut self, command: Command) {
        if let Command::Memory(bytes) = command {
            self.allow_memory(bytes);
        }
        self.tell(Event::Command(command));
    }

    /// Other pieces are wanted from now on; who leaves takes no notice.
    pub fn want(&mut self, wanted: Bitfield, first: Option<Bitfield>) {
        if self.metadata && !self.engine.stats(self.now).leaving {
            self.wanted = wanted.clone();
        }
        let first = first.iter().map(Bitfield::to_bytes).collect();
        let wanted = wanted.to_bytes();
        self.command(Command::Want { wanted, first });
    }

    /// Lets time pass, and rings what is due.
    pub fn pass(&mut self, span: Duration) {
        let until = self.now + span;
        for _ in 0..MOST_RINGS {
            let Some(due) = self.engine.poll_timeout().filter(|&due| due <= until) else {
                break;
            };
            self.now = self.now.max(due);
            self.tell(Event::Timeout);
            let next = self.engine.poll_timeout();
            assert!(
                next.is_none_or(|next| next > self.now),
                "a timer that rings for ever"
            );
        }
        self.now = until;
    }
}
