//! How it went, told at the end.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use blocks::{BlockRequest, Geometry};
use messages::Bitfield;
use picker::{Order, PeerKey};

/// So many blocks of the end game are told one by one.
const RACES: usize = 8;

/// What is noted for the end.
pub struct Story {
    order: Order,
    geometry: Geometry,
    began: Instant,
    /// The pieces in the order in which they were begun, and the same as a set.
    begun: Vec<u32>,
    is_begun: Bitfield,
    /// How many peers had each piece, at most.
    copies: Vec<u32>,
    /// When each piece was on disk, in that order.
    kept: Vec<(u32, Duration)>,
    /// The blocks that were asked of several peers.
    races: BTreeMap<BlockRequest, Race>,
    /// How many blocks came a second time.
    pub came_twice: u32,
}

/// A block that was asked of several peers.
struct Race {
    asked: Vec<PeerKey>,
    first: Option<PeerKey>,
}

/// Pieces that equally many peers had.
#[derive(Default)]
struct Group {
    pieces: u32,
    /// The sum of their places in the order of asking, counted from 1.
    places: u64,
    /// When the last of them was on disk.
    last: Duration,
}

impl Group {
    /// The mean place in the order of asking.
    fn place(&self) -> f64 {
        self.places as f64 / f64::from(self.pieces.max(1))
    }
}

impl Story {
    pub fn new(geometry: Geometry, order: Order) -> Story {
        Story {
            order,
            geometry,
            began: Instant::now(),
            begun: Vec::new(),
            is_begun: Bitfield::new(geometry.pieces()),
            copies: vec![0; geometry.pieces() as usize],
            kept: Vec::new(),
            races: BTreeMap::new(),
            came_twice: 0,
        }
    }

    /// A block was asked of a peer, when it was asked of another already, perhaps.
    pub fn asked(&mut self, block: BlockRequest, peer: PeerKey, before: Option<PeerKey>) {
        if self.is_begun.set(block.piece) {
            self.begun.push(block.piece);
        }
        if let Some(before) = before {
            let race = self.races.entry(block).or_insert_with(|| Race {
                asked: vec![before],
                first: None,
            });
            race.asked.push(peer);
        }
    }

    /// A block came for the first time.
    pub fn came_first(&mut self, block: BlockRequest, peer: PeerKey) {
        if let Some(race) = self.races.get_mut(&block) {
            race.first = Some(peer);
        }
    }

    /// So many peers have this piece now.
    pub fn copies(&mut self, piece: u32, copies: u32) {
        if let Some(most) = self.copies.get_mut(piece as usize) {
            *most = copies.max(*most);
        }
    }

    /// A piece is on disk.
    pub fn kept(&mut self, piece: u32) {
        self.kept.push((piece, self.began.elapsed()));
    }

    /// The whole story, line by line.
    pub fn lines(&self, addr: impl Fn(PeerKey) -> SocketAddr) -> Vec<String> {
        let groups = self.groups();
        let mut lines = rarity(&groups);
        lines.extend(self.end_game(addr));
        lines.push(String::new());
        lines.push(self.summary(&groups));
        lines
    }

    /// The pieces by how many peers had them.
    fn groups(&self) -> BTreeMap<u32, Group> {
        let mut groups: BTreeMap<u32, Group> = BTreeMap::new();
        for (place, &piece) in (1..).zip(&self.begun) {
            let group = groups.entry(self.copies[piece as usize]).or_default();
            group.pieces += 1;
            group.places += place;
        }
        for &(piece, at) in &self.kept {
            groups.entry(self.copies[piece as usize]).or_default().last = at;
        }
        groups
    }

    /// The blocks that were asked of several peers, and who was first.
    fn end_game(&self, addr: impl Fn(PeerKey) -> SocketAddr) -> Vec<String> {
        let (count, twice) = (self.races.len(), self.came_twice);
        let mut lines = vec![format!(
            "\nend game: {count} blocks were asked of several peers, {twice} blocks came twice"
        )];
        for (&block, race) in self.races.iter().take(RACES) {
            let index = self.geometry.index_of(block).unwrap_or(0);
            let piece = block.piece;
            let asked: Vec<String> = race.asked.iter().map(|&p| addr(p).to_string()).collect();
            let asked = asked.join(", then of ");
            let first = match race.first {
                Some(peer) => format!("{} was first", addr(peer)),
                None => "nobody sent it".to_owned(),
            };
            lines.push(format!(
                "  block {index} of piece {piece}: asked of {asked}; {first}"
            ));
        }
        if count > RACES {
            lines.push(format!("  and {} more", count - RACES));
        }
        lines
    }

    /// One line, to be compared with that of another order.
    fn summary(&self, groups: &BTreeMap<u32, Group>) -> String {
        let order = match self.order {
            Order::Rarest => "rarest",
            Order::Sequential => "sequential",
            Order::Random => "random",
        };
        let rare = match groups.first_key_value() {
            Some((copies, group)) if groups.len() > 1 => format!(
                "the pieces that {copies} had were asked for as number {:.1} of {} on average",
                group.place(),
                self.begun.len()
            ),
            _ => "all pieces were equally rare".to_owned(),
        };
        let wait = self.last_wait().as_secs_f64();
        let twice = self.came_twice;
        format!(
            "{order}: {rare}; the last piece came {wait:.2} s after the one before; {twice} blocks \
             came twice"
        )
    }

    /// How long the last piece came after the one before it.
    fn last_wait(&self) -> Duration {
        let [.., (_, before), (_, last)] = self.kept[..] else {
            return Duration::ZERO;
        };
        last - before
    }
}

/// A line for each number of copies: when such pieces were asked for, and when all were here.
fn rarity(groups: &BTreeMap<u32, Group>) -> Vec<String> {
    let head = "peers had it  pieces  asked for as number  all here after";
    let mut lines = vec![head.to_owned()];
    for (copies, group) in groups {
        let (count, place, last) = (group.pieces, group.place(), group.last.as_secs_f64());
        lines.push(format!(
            "{copies:>12}  {count:>6}  {place:>19.1}  {last:>12.2} s"
        ));
    }
    lines
}
