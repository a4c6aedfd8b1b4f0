//! Announces and scrapes by UDP (BEP 15): from the tracker's URL to its addresses, and from what was said there to
//! one answer.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use metainfo::InfoHash;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tracker::limits::MAX_PEERS;
use tracker::{
    AnnounceError, AnnounceEvent, AnnounceReply, AnnounceRequest, Counts, ReplyError, TIMEOUT,
    host_of,
};
use udp_tracker::{Announce, Answer, Ask, Failure, Family, Scraped, TrackerUrl};

use super::super::route::Route;
use super::super::udp::{AskError, Udp};

/// How long the answer of one family is kept back for that of the other. Peers of each are named in
/// its own answer alone.
const OTHER_FAMILY: Duration = Duration::from_millis(500);

/// The trackers of a torrent that are asked by UDP.
#[derive(Clone)]
pub(super) struct ByUdp {
    socket: Udp,
    route: Arc<Route>,
    /// Where each was found last.
    places: Rc<RefCell<BTreeMap<String, Vec<SocketAddr>>>>,
}

/// Whether a tracker is asked by UDP.
pub(super) fn is_udp(tracker: &str) -> bool {
    let scheme = tracker.trim_start().split_once(':');
    scheme.is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("udp"))
}

impl ByUdp {
    pub fn new(socket: Udp, route: Arc<Route>) -> ByUdp {
        ByUdp {
            socket,
            route,
            places: Rc::default(),
        }
    }

    /// Announces, in bounded time.
    pub async fn announce(
        &self,
        tracker: &str,
        request: &AnnounceRequest,
    ) -> Result<AnnounceReply, AnnounceError> {
        let url_data = |url: &TrackerUrl| url.url_data.clone().map(String::into_bytes);
        let leaving = request.event == Some(AnnounceEvent::Stopped);
        let ask = |url: &TrackerUrl| {
            Ask::Announce(Announce {
                request: request.clone(),
                url_data: url_data(url),
            })
        };
        match self.within_time(tracker, leaving, ask).await? {
            Answer::Announced(reply) => Ok(reply),
            Answer::Scraped(_) => Err(strange(tracker)),
        }
    }

    /// Asks how many have a torrent, in bounded time.
    pub async fn scrape(&self, tracker: &str, torrent: InfoHash) -> Result<Counts, AnnounceError> {
        let ask = |_: &TrackerUrl| Ask::Scrape(vec![torrent]);
        match self.within_time(tracker, false, ask).await? {
            Answer::Scraped(counts) => {
                let counts = counts.first().copied().map(Counts::from);
                Ok(counts.unwrap_or_default())
            }
            Answer::Announced(_) => Err(strange(tracker)),
        }
    }

    async fn within_time(
        &self,
        tracker: &str,
        leaving: bool,
        ask: impl Fn(&TrackerUrl) -> Ask,
    ) -> Result<Answer, AnnounceError> {
        let host = host_of(tracker);
        let result = match timeout(TIMEOUT, self.ask(tracker, leaving, ask)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::TimedOut { patience: TIMEOUT }.into()),
        };
        result.map_err(|error| match error {
            AskError::Unreachable(reason) => AnnounceError::Unreachable { host, reason },
            AskError::Failed(Failure::TimedOut { patience: limit }) => {
                AnnounceError::TimedOut { host, limit }
            }
            AskError::Failed(Failure::Refused { reason }) => AnnounceError::Reply {
                host,
                error: ReplyError::Failure {
                    reason,
                    retry: None,
                },
            },
        })
    }

    /// Asks at one address of each family, side by side.
    async fn ask(
        &self,
        tracker: &str,
        leaving: bool,
        ask: impl Fn(&TrackerUrl) -> Ask,
    ) -> Result<Answer, AskError> {
        let url: Result<TrackerUrl, _> = tracker.parse();
        let url = url.map_err(|error| AskError::Unreachable(error.to_string()))?;
        // Not even its name is looked up, where nothing can be sent.
        self.socket.is_open()?;
        let mut asked = JoinSet::new();
        for addr in self.find(tracker, &url, leaving).await? {
            let (socket, ask) = (self.socket.clone(), ask(&url));
            asked.spawn_local(async move { socket.ask(addr, ask).await });
        }
        both(asked).await
    }

    /// Where a tracker is: at one address of each family. Goodbyes go where it was found last, and so
    /// does what is to be said while its name cannot be looked up.
    async fn find(
        &self,
        tracker: &str,
        url: &TrackerUrl,
        leaving: bool,
    ) -> Result<Vec<SocketAddr>, AskError> {
        let known = self.places.borrow().get(tracker).cloned();
        if let Some(known) = known.clone().filter(|_| leaving) {
            return Ok(known);
        }
        let found = match url.host.parse::<IpAddr>() {
            Ok(ip) => Ok(vec![SocketAddr::new(ip, url.port)]),
            Err(_) => self.route.look_up(url.host.clone(), url.port).await,
        };
        let found = match (found, known) {
            (Ok(found), _) => found,
            (Err(_), Some(known)) => return Ok(known),
            (Err(why), None) => return Err(AskError::Unreachable(why)),
        };
        let first = |family| {
            let mut found = found.iter().copied();
            found.find(|&addr| Family::from(addr) == family && self.socket.reaches(addr))
        };
        let firsts = [first(Family::V4), first(Family::V6)];
        let addrs: Vec<SocketAddr> = firsts.into_iter().flatten().collect();
        if addrs.is_empty() {
            let why = "it has no address of a kind that we listen on";
            return Err(AskError::Unreachable(why.to_owned()));
        }
        let mut places = self.places.borrow_mut();
        places.insert(tracker.to_owned(), addrs.clone());
        Ok(addrs)
    }
}

/// An answer to another question than ours: the client takes none.
fn strange(tracker: &str) -> AnnounceError {
    AnnounceError::Unreachable {
        host: host_of(tracker),
        reason: "it answers another question".to_owned(),
    }
}

type Said = Result<Answer, AskError>;

/// What was said at both addresses, as one. Who has got an answer at one does not wait long for the
/// other.
async fn both(mut asked: JoinSet<Said>) -> Said {
    let mut all = Err(AskError::Unreachable("the question was lost".to_owned()));
    let mut until = None;
    loop {
        let enough = async {
            match until {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        let said = tokio::select! {
            said = asked.join_next() => said,
            () = enough => None,
        };
        match said {
            Some(Ok(said)) => {
                if has_spoken(&said) {
                    until = until.or(Some(Instant::now() + OTHER_FAMILY));
                }
                all = together(all, said);
            }
            Some(Err(_)) => {} // a panic, which was told
            None => return all,
        }
    }
}

/// Whether that is the tracker's word, for good or ill.
fn has_spoken(said: &Said) -> bool {
    matches!(said, Ok(_) | Err(AskError::Failed(Failure::Refused { .. })))
}

/// An answer is more than a refusal, and a refusal more than nothing.
fn together(one: Said, other: Said) -> Said {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok(answer_of(one, other)),
        (Ok(reply), Err(_)) | (Err(_), Ok(reply)) => Ok(reply),
        (one @ Err(_), Err(_)) if has_spoken(&one) => one,
        (Err(_), other) => other,
    }
}

/// The peers of both; of the counts, those of the network that has more.
fn answer_of(one: Answer, other: Answer) -> Answer {
    match (one, other) {
        (Answer::Announced(mut one), Answer::Announced(other)) => {
            for peer in other.peers {
                if one.peers.len() < MAX_PEERS && !one.peers.contains(&peer) {
                    one.peers.push(peer);
                }
            }
            Answer::Announced(one)
        }
        (Answer::Scraped(one), Answer::Scraped(other)) => {
            let seeders = |counts: &[Scraped]| counts.first().map(|counts| counts.seeders);
            let more = seeders(&one) >= seeders(&other);
            Answer::Scraped(if more { one } else { other })
        }
        (one, _) => one,
    }
}

#[cfg(test)]
mod tests;
