//! One end of a connection that is like TCP's: what it sends, and what has come to it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use engine::Time;

use crate::Tcp;
use crate::tcp::SEGMENT;
use crate::uplink::Parcel;
use crate::window::Window;

/// The kernel takes six windows ahead, and this at least, in bytes (Linux: `tcp_sndbuf_expand`).
const LEAST_BUFFER: u64 = 87_040;

/// Nothing is forgotten of a line before a round trip and this have passed.
const LEAST_PATIENCE: Duration = Duration::from_millis(200);

/// How long the answer to a single packet may be held back.
pub(crate) const HOLD: Duration = Duration::from_millis(40);

/// A packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Packet {
    /// Which it is of those that its end has sent. One that is sent again has a new number; a bare
    /// answer has the next one's.
    pub number: u32,
    /// What its end has got of the other's packets: those before this number, but for the lost ones.
    pub answers: u32,
    /// Where in its direction's bytes its own begin.
    pub from: u64,
    /// How many they are; none in a bare answer.
    pub len: u32,
}

/// A packet that is on its way, or was lost on it: its end does not know.
#[derive(Debug)]
struct Sent {
    from: u64,
    len: u32,
    at: Time,
    is_lost: bool,
}

/// One end. The path keeps the order of packets: an answer to one tells of all before it.
#[derive(Debug)]
pub(crate) struct Flow {
    window: Window,
    /// What the kernel has not taken yet.
    waits: VecDeque<Parcel>,
    /// The bytes that the kernel was given.
    written: u64,
    /// The first byte that was never sent.
    unsent: u64,
    /// How much the kernel takes ahead now, and at most.
    buffer: u64,
    most: u64,
    /// The packets on their way; the first has this number.
    sent: VecDeque<Sent>,
    first: u32,
    /// Payload bytes on their way.
    flying: u64,
    /// What is to be sent again: where it begins, and how long it is.
    again: BTreeMap<u64, u32>,
    /// How long an answer takes, smoothed.
    trip: Duration,
    last_sent: Time,
    /// When it has waited too long for an answer, and how often it has in a row.
    overdue: Time,
    tries: u32,

    /// All bytes before this have come.
    pub come: u64,
    /// What has come of those behind, from where to where.
    beyond: BTreeMap<u64, u64>,
    /// What has come or is to come: where it ends.
    coming: VecDeque<(u64, Parcel)>,
    /// The number after that of the last packet that came.
    got: u32,
    /// How many of those are not answered.
    unanswered: u32,
    /// They are to be answered at once.
    answers_now: bool,

    /// It will look what can be sent, at this moment.
    pub will_push: bool,
    /// It will look whether it has waited too long.
    pub will_ring: bool,
    /// It will answer what it has held back.
    pub will_answer: bool,
}

impl Flow {
    /// An end whose handshake took `trip`.
    pub fn new(tcp: Tcp, trip: Duration) -> Flow {
        Flow {
            window: Window::new(tcp.control),
            waits: VecDeque::new(),
            written: 0,
            unsent: 0,
            buffer: LEAST_BUFFER,
            most: tcp.buffer,
            sent: VecDeque::new(),
            first: 0,
            flying: 0,
            again: BTreeMap::new(),
            trip,
            last_sent: Time::ZERO,
            overdue: Time::ZERO,
            tries: 0,
            come: 0,
            beyond: BTreeMap::new(),
            coming: VecDeque::new(),
            got: 0,
            unanswered: 0,
            answers_now: false,
            will_push: false,
            will_ring: false,
            will_answer: false,
        }
    }

    /// Something is to be sent.
    pub fn put(&mut self, parcel: Parcel) {
        self.waits.push_back(parcel);
    }

    /// It sends without end from now on.
    pub fn pour(&mut self) {
        self.written = u64::MAX;
    }

    /// The kernel takes the next parcel, if it has room; where that ends.
    pub fn take(&mut self) -> Option<(u64, Parcel)> {
        self.buffer = self.buffer.max((6 * self.window.size()).min(self.most));
        let again: u64 = self.again.values().map(|&len| u64::from(len)).sum();
        if self.written - self.unsent + self.flying + again >= self.buffer {
            return None;
        }
        let parcel = self.waits.pop_front()?;
        self.written += parcel.on_the_wire();
        Some((self.written, parcel))
    }

    /// The next packet that may be sent.
    pub fn next(&mut self, now: Time) -> Option<Packet> {
        if self.again.is_empty() && self.unsent == self.written {
            return None;
        }
        if self.sent.is_empty() {
            self.window
                .idle(now.since(self.last_sent), self.trip + LEAST_PATIENCE);
            self.overdue = now + self.patience();
        }
        if self.flying >= self.window.size() {
            return None;
        }
        let (from, len) = self.again.pop_first().unwrap_or_else(|| {
            let len = SEGMENT.min(self.written - self.unsent);
            self.unsent += len;
            (self.unsent - len, len as u32)
        });
        Some(self.send(from, len, now))
    }

    fn send(&mut self, from: u64, len: u32, now: Time) -> Packet {
        let packet = Packet {
            from,
            len,
            ..self.answer()
        };
        self.sent.push_back(Sent {
            from,
            len,
            at: now,
            is_lost: false,
        });
        self.flying += u64::from(len);
        self.last_sent = now;
        packet
    }

    /// The number of the next packet.
    fn number(&self) -> u32 {
        self.first + self.sent.len() as u32
    }

    /// A bare answer to all that has come.
    fn answer(&mut self) -> Packet {
        (self.unanswered, self.answers_now) = (0, false);
        Packet {
            number: self.number(),
            answers: self.got,
            from: 0,
            len: 0,
        }
    }

    /// An answer that is to be given at once, and has not gone along with a packet.
    pub fn owed_answer(&mut self) -> Option<Packet> {
        self.answers_now.then(|| self.answer())
    }

    /// What was held back is to be answered now.
    pub fn held_long_enough(&mut self) {
        self.answers_now |= self.unanswered > 0;
    }

    /// Whether it holds an answer back.
    pub fn holds_an_answer(&self) -> bool {
        self.unanswered > 0
    }

    /// A packet is lost on its way. This end does not notice before a later one is answered.
    pub fn loses(&mut self, packet: Packet) {
        let place = packet.number.checked_sub(self.first);
        if let Some(sent) = place.and_then(|place| self.sent.get_mut(place as usize)) {
            sent.is_lost |= packet.len > 0;
        }
    }

    /// The other end has got all before this number, but for the lost ones.
    pub fn answered(&mut self, to: u32, now: Time) {
        let (flew, next) = (self.flying, u64::from(self.number()));
        let (mut arrived, mut trip) = (0, None);
        while self.first < to {
            let Some(sent) = self.sent.pop_front() else {
                break;
            };
            self.flying -= u64::from(sent.len);
            if sent.is_lost {
                self.again.insert(sent.from, sent.len);
                self.window.lost(self.first.into(), next);
            } else {
                arrived += u64::from(sent.len);
                trip = Some(now.since(sent.at));
            }
            self.first += 1;
        }
        let Some(trip) = trip else {
            return;
        };
        self.trip = (self.trip * 7 + trip) / 8;
        self.window
            .arrived((arrived, flew), u64::from(to), next, trip, now);
        self.tries = 0;
        self.overdue = now + self.patience();
    }

    /// How long an answer is waited for: two round trips, and that it may be held back (RFC 8985, 7.2).
    fn patience(&self) -> Duration {
        (self.trip * 2 + HOLD) * (1 << self.tries.min(6))
    }

    /// When it has waited too long, if it waits.
    pub fn overdue(&self) -> Option<Time> {
        (!self.sent.is_empty()).then_some(self.overdue)
    }

    /// It has waited too long: sends again what it sent last, and what is answered then tells of the rest.
    pub fn probe(&mut self, now: Time) -> Option<Packet> {
        let last = self.sent.back_mut()?;
        let (from, len) = (last.from, std::mem::take(&mut last.len));
        last.is_lost = false;
        self.flying -= u64::from(len);
        self.tries += 1;
        self.overdue = now + self.patience();
        Some(self.send(from, len, now))
    }

    /// The other end's kernel has taken a parcel, which ends there.
    pub fn expect(&mut self, end: u64, parcel: Parcel) {
        self.coming.push_back((end, parcel));
    }

    /// Bytes of the other end have come.
    pub fn receive(&mut self, packet: Packet) {
        self.got = packet.number + 1;
        self.unanswered += 1;
        let (from, to) = (packet.from, packet.from + u64::from(packet.len));
        if from == self.come {
            self.come = to;
            while let Some(entry) = self.beyond.first_entry() {
                if *entry.key() > self.come {
                    break;
                }
                self.come = self.come.max(entry.remove());
            }
        } else if from > self.come {
            self.beyond.insert(from, to);
        }
        // The other end is to hear of gaps soon.
        self.answers_now |= self.unanswered > 1 || from != to && !self.beyond.is_empty();
    }

    /// The next parcel of which every byte has come, and of all before.
    pub fn whole(&mut self) -> Option<Parcel> {
        let &(end, _) = self.coming.front()?;
        if end > self.come {
            return None;
        }
        self.coming.pop_front().map(|(_, parcel)| parcel)
    }
}

#[cfg(test)]
mod tests {
    use messages::{BlockRequest, Message};
    use pretty_assertions::assert_eq;

    use super::*;

    const TRIP: Duration = Duration::from_millis(100);

    fn flow() -> Flow {
        Flow::new(Tcp::default(), TRIP)
    }

    fn at(millis: u64) -> Time {
        Time::after_start(Duration::from_millis(millis))
    }

    fn block(piece: u32) -> Parcel {
        let block = BlockRequest {
            piece,
            offset: 0,
            len: 16_384,
        };
        Parcel::Block(block, None)
    }

    /// Hands it to the kernel, as far as that takes it.
    fn take(from: &mut Flow, to: &mut Flow) -> usize {
        let taken = std::iter::from_fn(|| from.take()).map(|(end, parcel)| to.expect(end, parcel));
        taken.count()
    }

    fn packets(flow: &mut Flow, now: Time) -> Vec<Packet> {
        std::iter::from_fn(|| flow.next(now)).collect()
    }

    fn parcels(flow: &mut Flow) -> Vec<Parcel> {
        std::iter::from_fn(|| flow.whole()).collect()
    }

    #[test]
    fn a_window_is_sent_and_a_parcel_is_whole_when_its_last_byte_has_come() {
        let (mut one, mut other) = (flow(), flow());
        for parcel in [block(0), Parcel::Message(Message::Have(1))] {
            one.put(parcel);
        }
        assert_eq!(take(&mut one, &mut other), 2);
        let first = packets(&mut one, at(0));
        assert_eq!(first.len(), 10, "the initial window");
        first.iter().for_each(|&packet| other.receive(packet));
        assert_eq!(parcels(&mut other), []);
        let answer = other.owed_answer().expect("ten packets have come");
        assert_eq!((answer.answers, answer.len), (10, 0));
        one.answered(answer.answers, at(100));
        let rest = packets(&mut one, at(100));
        let bytes: u32 = rest.iter().map(|packet| packet.len).sum();
        assert_eq!(bytes, 16_384 + 13 + 9 - 14_480, "and messages have theirs");
        rest.iter().for_each(|&packet| other.receive(packet));
        let whole = parcels(&mut other);
        assert_eq!(whole, [block(0), Parcel::Message(Message::Have(1))]);
    }

    #[test]
    fn the_kernel_takes_so_much_and_more_when_some_of_it_has_arrived() {
        let (mut one, mut other) = (flow(), flow());
        (0..20).for_each(|piece| one.put(block(piece)));
        assert_eq!(
            take(&mut one, &mut other),
            6,
            "87,040 bytes are in the sixth"
        );
        packets(&mut one, at(0));
        assert_eq!(take(&mut one, &mut other), 0);
        one.answered(10, at(100));
        assert!(take(&mut one, &mut other) > 0);
    }

    #[test]
    fn what_is_lost_holds_up_what_is_behind_it_and_is_sent_again() {
        let (mut one, mut other) = (flow(), flow());
        one.put(block(0));
        one.put(Parcel::Message(Message::Choke));
        take(&mut one, &mut other);
        let first = packets(&mut one, at(0));
        one.loses(first[3]);
        for &packet in first.iter().filter(|packet| packet.number != 3) {
            other.receive(packet);
        }
        assert_eq!(other.come, 3 * SEGMENT);
        let window = one.window.size();
        one.answered(other.owed_answer().expect("a gap").answers, at(100));
        assert_eq!(one.window.size(), window * 7 / 10);
        let again = packets(&mut one, at(100));
        assert_eq!((again[0].from, again[0].number), (first[3].from, 10));
        again[1..].iter().for_each(|&packet| other.receive(packet));
        assert_eq!(parcels(&mut other), [], "all but that has come");
        other.receive(again[0]);
        assert_eq!(parcels(&mut other).len(), 2);
    }

    #[test]
    fn who_hears_nothing_sends_its_last_again_and_learns_the_rest_from_the_answer() {
        let (mut one, mut other) = (flow(), flow());
        one.put(Parcel::Message(Message::Have(0)));
        take(&mut one, &mut other);
        let lost = packets(&mut one, at(0));
        one.loses(lost[0]);
        assert_eq!(one.overdue(), Some(at(240)));
        let probe = one.probe(at(240)).expect("something is on its way");
        assert_eq!((probe.from, probe.len, probe.number), (0, 9, 1));
        assert_eq!(one.overdue(), Some(at(240 + 480)), "twice as long");
        other.receive(probe);
        assert_eq!(parcels(&mut other).len(), 1);
        other.held_long_enough();
        one.answered(other.owed_answer().expect("held back").answers, at(340));
        assert_eq!((one.overdue(), one.flying), (None, 0));
        assert_eq!(packets(&mut one, at(340)), []);
    }

    #[test]
    fn one_packet_alone_is_not_answered_at_once_and_what_is_sent_answers() {
        let (mut one, mut other) = (flow(), flow());
        one.put(Parcel::Message(Message::Have(0)));
        take(&mut one, &mut other);
        other.receive(packets(&mut one, at(0))[0]);
        assert!(other.owed_answer().is_none() && other.holds_an_answer());
        other.put(Parcel::Message(Message::Interested));
        take(&mut other, &mut one);
        assert_eq!(packets(&mut other, at(50))[0].answers, 1);
        assert!(!other.holds_an_answer());
    }
}
