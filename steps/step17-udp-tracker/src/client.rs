//! The side that asks: all requests to all trackers, over one socket.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};
use tracker::AnnounceReply;

use crate::limits::{MAX_REQUESTS, MAX_SCRAPED, MAX_URL_DATA};
use crate::{Ask, Family, Reply, Request, Said, TransactionId};

mod ended;
mod link;

pub use ended::{Answer, Ended, Failure, StartError};
use link::{Link, State, wait};

/// Which request. No two of a client are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestId(pub u64);

/// A datagram to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// To this tracker.
    pub to: SocketAddr,
    /// Its bytes, at most 1,496: a scrape of 74 torrents.
    pub bytes: Vec<u8>,
}

/// Asks trackers, and does what UDP does not: sends again what is lost, knows what belongs together,
/// and believes nobody who cannot have heard the question.
///
/// It is driven from outside. [`start`](Client::start) begins a request; [`handle`](Client::handle)
/// takes every datagram that came; [`handle_timeout`](Client::handle_timeout) is called when
/// [`poll_timeout`](Client::poll_timeout) says. After each of them, what is to be sent is fetched from
/// [`poll_transmit`](Client::poll_transmit) and what has ended from
/// [`poll_event`](Client::poll_event), until there is no more.
///
/// Each request ends once, with a result, after its patience at the latest, unless it is cancelled.
/// `now` is the time since the client was made, or since any other moment; it never goes back. The
/// same calls with the same random numbers give the same datagrams.
#[derive(Clone, Debug, Default)]
pub struct Client {
    next_id: u64,
    requests: BTreeMap<RequestId, Asked>,
    /// What is between us and each tracker: those with a request under way, and those whose connection
    /// id is still good.
    links: BTreeMap<Place, Link>,
    outbox: VecDeque<Outgoing>,
    events: VecDeque<Ended>,
}

/// A tracker's address, without what does not tell it from others: the same for IPv4 in the clothes of
/// IPv6, and without the scope of an IPv6 address.
type Place = (IpAddr, u16);

fn place(addr: SocketAddr) -> Place {
    (addr.ip().to_canonical(), addr.port())
}

// ANCHOR: asked
/// A request under way.
#[derive(Clone, Debug)]
struct Asked {
    tracker: SocketAddr,
    ask: Ask,
    transaction: TransactionId,
    /// How often it has been waited for in vain.
    tries: u32,
    /// Whether its connection id was asked for while it waited, or for it once more: it is new.
    is_new: bool,
    /// When to send it again; none while it waits for a connection id.
    due: Option<Duration>,
    /// How long it may take, and when that is over.
    patience: Duration,
    give_up: Duration,
}
// ANCHOR_END: asked

/// What is to be sent. The bytes are made when it is fetched: what has ended before is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outgoing {
    Connect(Place),
    Ask(RequestId),
}

impl Client {
    /// A client with nothing to do.
    pub fn new() -> Client {
        Client::default()
    }

    /// Begins a request, which ends after `patience` at the latest.
    ///
    /// The first datagram is waited for 15 seconds, the next 30, and so on
    /// ([`FIRST_WAIT`](crate::limits::FIRST_WAIT)); with
    /// [`WHOLE_PATIENCE`](crate::limits::WHOLE_PATIENCE) all that BEP 15 asks for are sent.
    ///
    /// # Errors
    ///
    /// When there are too many requests already, or the question does not fit into a datagram, or
    /// nobody can be at this address.
    pub fn start(
        &mut self,
        tracker: SocketAddr,
        ask: Ask,
        patience: Duration,
        now: Duration,
        rng: &mut impl Rng,
    ) -> Result<RequestId, StartError> {
        self.check(tracker, &ask)?;
        let id = RequestId(self.next_id);
        self.next_id += 1;
        let asked = Asked {
            tracker,
            ask,
            transaction: self.draw(rng),
            tries: 0,
            is_new: false,
            due: None,
            patience,
            give_up: now.saturating_add(patience),
        };
        self.requests.insert(id, asked);
        self.make_room(now);
        self.send(id, now, rng);
        Ok(id)
    }

    /// Gives a request up. There will be no event of it.
    pub fn cancel(&mut self, id: RequestId) {
        if let Some(asked) = self.requests.remove(&id) {
            self.outbox.retain(|&out| out != Outgoing::Ask(id));
            self.forget_if_idle(place(asked.tracker));
        }
    }

    // ANCHOR: handle
    /// Takes a datagram that came from this address. What is not the answer to an open question, from
    /// where it was sent to, changes nothing.
    pub fn handle(&mut self, from: SocketAddr, datagram: &[u8], now: Duration) {
        let Some(link) = self.links.get(&place(from)) else {
            return;
        };
        let Ok(reply) = Reply::decode(datagram, Family::from(from)) else {
            return;
        };
        if link.is_answered_by(&reply) {
            self.handle_connect(place(from), reply.said, now);
        } else if let Some(id) = self.whose(place(from), &reply) {
            self.handle_answer(id, reply.said, now);
        }
    }
    // ANCHOR_END: handle

    /// Does what is due: sends again, and gives up. To be called at
    /// [`poll_timeout`](Client::poll_timeout); at other times it does nothing.
    pub fn handle_timeout(&mut self, now: Duration, rng: &mut impl Rng) {
        let late = self
            .requests
            .iter()
            .filter(|(_, asked)| asked.give_up <= now);
        let late: Vec<RequestId> = late.map(|(&id, _)| id).collect();
        for id in late {
            let patience = self
                .requests
                .get(&id)
                .map_or(Duration::ZERO, |asked| asked.patience);
            self.end(id, Err(Failure::TimedOut { patience }));
        }
        for (&place, link) in &mut self.links {
            if link.retry(now) {
                queue(&mut self.outbox, Outgoing::Connect(place));
            }
        }
        let unanswered = self.requests.iter_mut();
        let unanswered = unanswered.filter(|(_, asked)| asked.due.is_some_and(|due| due <= now));
        let mut again = Vec::new();
        for (&id, asked) in unanswered {
            asked.tries += 1;
            again.push(id);
        }
        for id in again {
            self.send(id, now, rng);
        }
        self.forget_idle(now);
    }

    /// The next datagram to send, if there is one.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        loop {
            let outgoing = self.outbox.pop_front()?;
            if let Some(transmit) = self.transmit(outgoing) {
                return Some(transmit);
            }
        }
    }

    /// The next request that has ended, if there is one.
    pub fn poll_event(&mut self) -> Option<Ended> {
        self.events.pop_front()
    }

    /// When [`handle_timeout`](Client::handle_timeout) is to be called; never, if nothing is under way.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let requests = self.requests.values();
        let requests = requests.map(|asked| {
            asked
                .due
                .map_or(asked.give_up, |due| due.min(asked.give_up))
        });
        let links = self.links.values().filter_map(Link::due);
        requests.chain(links).min()
    }

    /// Whether such a request may begin.
    fn check(&self, tracker: SocketAddr, ask: &Ask) -> Result<(), StartError> {
        // What has ended counts until it is fetched: nothing here may grow without end.
        if self.requests.len() + self.events.len() >= MAX_REQUESTS {
            return Err(StartError::TooMany);
        }
        let ip = tracker.ip().to_canonical();
        let is_broadcast = ip == IpAddr::V4(Ipv4Addr::BROADCAST);
        if ip.is_unspecified() || ip.is_multicast() || is_broadcast || tracker.port() == 0 {
            return Err(StartError::Nowhere { tracker });
        }
        match ask {
            Ask::Scrape(torrents) if torrents.is_empty() || torrents.len() > MAX_SCRAPED => {
                let torrents = torrents.len();
                Err(StartError::Scrape { torrents })
            }
            Ask::Announce(announce) => {
                let bytes = announce.url_data.as_ref().map_or(0, Vec::len);
                match bytes > MAX_URL_DATA {
                    true => Err(StartError::UrlData { bytes }),
                    false => Ok(()),
                }
            }
            Ask::Scrape(_) => Ok(()),
        }
    }

    // ANCHOR: send
    /// Has a request sent, now or as soon as there is a connection id for it.
    fn send(&mut self, id: RequestId, now: Duration, rng: &mut impl Rng) {
        let new = self.draw(rng);
        let Some(asked) = self.requests.get_mut(&id) else {
            return;
        };
        let place = place(asked.tracker);
        let link = self.links.entry(place);
        let link = link.or_insert_with(|| Link::new(asked.tracker));
        if link.connection(now).is_some() {
            asked.due = Some(now.saturating_add(wait(asked.tries)));
            queue(&mut self.outbox, Outgoing::Ask(id));
            return;
        }
        asked.due = None;
        if link.connect(new, asked.tries, now) {
            queue(&mut self.outbox, Outgoing::Connect(place));
        }
    }
    // ANCHOR_END: send

    /// A number that no open question has. Somebody who has not seen the question has to guess it.
    fn draw(&self, rng: &mut impl Rng) -> TransactionId {
        let mut number: u32 = rng.random();
        let is_taken = |number| {
            let transaction = TransactionId(number);
            self.requests
                .values()
                .any(|asked| asked.transaction == transaction)
                || self
                    .links
                    .values()
                    .any(|link| link.transaction() == Some(transaction))
        };
        while is_taken(number) {
            number = number.wrapping_add(1);
        }
        TransactionId(number)
    }

    // ANCHOR: whose
    /// The request that this reply from there answers, if there is one.
    fn whose(&self, from: Place, reply: &Reply) -> Option<RequestId> {
        // ANCHOR: yours_whose (chapter 17, "Whose answer is it?")
        let mut requests = self.requests.iter();
        let (&id, asked) = requests.find(|(_, asked)| asked.transaction == reply.transaction)?;
        let fits = match reply.said {
            Said::Connected(_) => false,
            Said::Refused(_) => true,
            Said::Announced(_) | Said::Scraped(_) => reply.said.action() == asked.ask.action(),
        };
        (fits && place(asked.tracker) == from).then_some(id)
        // ANCHOR_END: yours_whose
    }
    // ANCHOR_END: whose

    /// A tracker has answered our connect: all that wait for it are sent, or end.
    fn handle_connect(&mut self, from: Place, said: Said, now: Duration) {
        let requests = self.requests.iter_mut();
        let waiting =
            requests.filter(|(_, asked)| place(asked.tracker) == from && asked.due.is_none());
        match said {
            Said::Connected(id) => {
                if let Some(link) = self.links.get_mut(&from) {
                    link.connected(id, now);
                }
                for (&id, asked) in waiting {
                    asked.is_new = true;
                    asked.due = Some(now.saturating_add(wait(asked.tries)));
                    queue(&mut self.outbox, Outgoing::Ask(id));
                }
            }
            Said::Refused(reason) => {
                let waiting: Vec<RequestId> = waiting.map(|(&id, _)| id).collect();
                if let Some(link) = self.links.get_mut(&from) {
                    link.stop();
                }
                for id in waiting {
                    let reason = reason.clone();
                    self.end(id, Err(Failure::Refused { reason }));
                }
                self.forget_if_idle(from);
            }
            Said::Announced(_) | Said::Scraped(_) => {}
        }
    }

    /// A tracker has answered a request.
    fn handle_answer(&mut self, id: RequestId, said: Said, now: Duration) {
        let Some(asked) = self.requests.get_mut(&id) else {
            return;
        };
        let result = match said {
            Said::Connected(_) => return,
            Said::Announced(announced) => Ok(Answer::Announced(AnnounceReply::from(announced))),
            Said::Scraped(mut torrents) => {
                if let Ask::Scrape(asked) = &asked.ask {
                    torrents.truncate(asked.len());
                }
                Ok(Answer::Scraped(torrents))
            }
            Said::Refused(reason) => {
                // It may be the connection id that it does not like.
                if let Some(link) = self.links.get_mut(&place(asked.tracker)) {
                    link.forget_connection();
                }
                // An old one may mean nothing to a tracker that has begun anew since: asked once more.
                if !asked.is_new {
                    asked.is_new = true;
                    asked.due = Some(now);
                    return;
                }
                Err(Failure::Refused { reason })
            }
        };
        self.end(id, result);
    }

    /// Ends a request.
    fn end(&mut self, id: RequestId, result: Result<Answer, Failure>) {
        if let Some(asked) = self.requests.remove(&id) {
            let tracker = asked.tracker;
            self.events.push_back(Ended {
                id,
                tracker,
                result,
            });
            self.forget_if_idle(place(tracker));
        }
    }

    /// The bytes to send, if there still is a reason to.
    fn transmit(&self, outgoing: Outgoing) -> Option<Transmit> {
        let (to, request) = match outgoing {
            Outgoing::Connect(place) => {
                let link = self.links.get(&place)?;
                let transaction = link.transaction()?;
                (link.tracker(), Request::Connect { transaction })
            }
            Outgoing::Ask(id) => {
                let asked = self.requests.get(&id)?;
                let link = self.links.get(&place(asked.tracker))?;
                let State::Connected { connection, .. } = link.state else {
                    return None;
                };
                let request = Request::Ask {
                    connection,
                    transaction: asked.transaction,
                    ask: asked.ask.clone(),
                };
                (asked.tracker, request)
            }
        };
        let bytes = request.encode();
        Some(Transmit { to, bytes })
    }

    /// Forgets a tracker that we are asking for a connection id that nobody needs any more.
    fn forget_if_idle(&mut self, tracker: Place) {
        let mut requests = self.requests.values();
        let is_needed = requests.any(|asked| place(asked.tracker) == tracker);
        let link = self.links.get(&tracker);
        if !is_needed && link.is_some_and(|link| !link.is_connected()) {
            self.links.remove(&tracker);
        }
    }

    /// Forgets connection ids that are too old.
    fn forget_idle(&mut self, now: Duration) {
        let needed = self.needed();
        let is_good = |link: &Link| link.connection(now).is_some();
        self.links
            .retain(|place, link| needed.contains(place) || is_good(link));
    }

    /// Forgets a connection id that is good still, if there are more than are good for anything: the
    /// one that will not be for long.
    fn make_room(&mut self, now: Duration) {
        if self.links.len() < 2 * MAX_REQUESTS {
            return;
        }
        self.forget_idle(now);
        let needed = self.needed();
        let idle = self.links.iter();
        let idle = idle.filter(|(place, _)| !needed.contains(place));
        if let Some((&place, _)) = idle.min_by_key(|(_, link)| link.until()) {
            self.links.remove(&place);
        }
    }

    /// The trackers that somebody waits for.
    fn needed(&self) -> BTreeSet<Place> {
        let requests = self.requests.values();
        requests.map(|asked| place(asked.tracker)).collect()
    }
}

/// Has something sent once, however often it is asked for until then.
fn queue(outbox: &mut VecDeque<Outgoing>, outgoing: Outgoing) {
    if !outbox.contains(&outgoing) {
        outbox.push_back(outgoing);
    }
}

#[cfg(test)]
mod tests;
