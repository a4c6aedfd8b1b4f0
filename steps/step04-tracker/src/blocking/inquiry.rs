//! Several trackers, asked in their order and not waited for one after the other.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use crate::limits::{BESIDE, MAX_ASKED, MAX_AT_A_TIME};
use crate::{AnnounceError, AnnounceRequest, Tiers, announce_url};

/// Announces to a tracker: its own URL, and the URL that says it all.
type Ask<T> = dyn Fn(&str, &str) -> Result<T, AnnounceError> + Send + Sync;

/// Asks the trackers of a torrent, tier by tier, each on a thread of its own. A tracker that fails
/// gives way to the next at once, and one that is silent for [`BESIDE`] has the next asked beside
/// it. Its answer may still come. No more than [`MAX_ASKED`] are asked.
pub struct Inquiry<T> {
    tiers: Tiers,
    request: AnnounceRequest,
    ask: Arc<Ask<T>>,
    answers: (Sender<Answer<T>>, Receiver<Answer<T>>),
    under_way: usize,
    asked: usize,
    /// Known without asking: the tracker's URL is none that we can use.
    at_once: Option<Answer<T>>,
    /// The last one asked has had no time to answer yet.
    just_asked: bool,
}

/// What a tracker answered, with its URL.
type Answer<T> = (String, Result<T, AnnounceError>);

/// What an inquiry is about.
#[derive(Debug)]
pub enum Step<T> {
    /// This tracker is asked now.
    Asks {
        /// Its announce URL, from the torrent.
        tracker: String,
        /// The URL with the whole announce, if there is one.
        url: Option<String>,
        /// Its tier and the number of tiers, counted from 1.
        tier: (usize, usize),
        /// How many others have not answered yet.
        beside: usize,
    },
    /// This tracker has answered, or has failed.
    Heard {
        /// Its announce URL, from the torrent.
        tracker: String,
        /// What it said.
        result: Result<T, AnnounceError>,
    },
}

impl<T: Send + 'static> Inquiry<T> {
    /// Announces `request` to these trackers, from the first on; `ask` does so with one of them.
    pub fn new(
        tiers: &Tiers,
        request: &AnnounceRequest,
        ask: impl Fn(&str, &str) -> Result<T, AnnounceError> + Send + Sync + 'static,
    ) -> Inquiry<T> {
        let mut tiers = tiers.clone();
        tiers.restart();
        Inquiry {
            tiers,
            request: request.clone(),
            ask: Arc::new(ask),
            answers: mpsc::channel(),
            under_way: 0,
            asked: 0,
            at_once: None,
            just_asked: false,
        }
    }

    /// Whether trackers were left out because enough had been asked.
    pub fn has_left_some_out(&self) -> bool {
        self.asked == MAX_ASKED && self.tiers.current().is_some()
    }

    /// The next answer. While there are others to ask, it is waited for [`BESIDE`].
    fn answer(&mut self) -> Option<Answer<T>> {
        let (_, answers) = &self.answers;
        let answer = match self.may_ask() {
            true => answers.recv_timeout(BESIDE).ok(),
            false => answers.recv().ok(),
        };
        self.under_way -= usize::from(answer.is_some());
        answer
    }

    /// Asks the current tracker on a thread of its own.
    fn ask(&mut self, tracker: String, url: String) {
        self.asked += 1;
        self.under_way += 1;
        let ask = self.ask.clone();
        let sender = self.answers.0.clone();
        thread::spawn(move || {
            let result = ask(&tracker, &url);
            sender.send((tracker, result))
        });
    }

    /// Whether there is another tracker, and one more may be asked now.
    fn may_ask(&self) -> bool {
        let is_free = self.under_way < MAX_AT_A_TIME && self.asked < MAX_ASKED;
        is_free && self.tiers.current().is_some()
    }

    fn ask_next(&mut self) -> Option<Step<T>> {
        let tracker = self.tiers.current()?.to_string();
        let tier = self.tiers.position();
        let beside = self.under_way;
        self.tiers.advance();
        let url = match announce_url(&tracker, &self.request) {
            Ok(url) => {
                self.ask(tracker.clone(), url.clone());
                self.just_asked = true;
                Some(url)
            }
            Err(error) => {
                self.at_once = Some((tracker.clone(), Err(error.into())));
                None
            }
        };
        Some(Step::Asks {
            tracker,
            url,
            tier,
            beside,
        })
    }
}

impl<T: Send + 'static> Iterator for Inquiry<T> {
    type Item = Step<T>;

    fn next(&mut self) -> Option<Step<T>> {
        loop {
            if let Some((tracker, result)) = self.at_once.take() {
                return Some(Step::Heard { tracker, result });
            }
            if self.may_ask() && !self.just_asked {
                return self.ask_next();
            }
            if self.under_way == 0 {
                return None;
            }
            self.just_asked = false;
            if let Some((tracker, result)) = self.answer() {
                return Some(Step::Heard { tracker, result });
            }
        }
    }
}
