//! What happens to an engine that knows what its torrent consists of, as data.

use std::net::SocketAddr;
use std::time::Duration;

use engine::{Command, ConnectFailure, Event};
use fast::Fast;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use messages::{Bitfield, BlockRequest, Message};

use crate::driver::Driver;

/// One thing that happens. Numbers are taken modulo what there is.
#[derive(Arbitrary, Debug)]
pub enum Step {
    /// A caller, with one of a few ids and hosts.
    Called {
        id: u8,
        host: u8,
    },
    /// A caller that has these pieces and lets us ask: much that is of interest begins so.
    Giver {
        id: u8,
        host: u8,
        pieces: u64,
    },
    /// A call is answered, or not.
    Answered {
        which: u8,
        id: u8,
    },
    Unanswered {
        which: u8,
        ourselves: bool,
    },
    HungUp {
        peer: u8,
    },
    Choke {
        peer: u8,
    },
    Unchoke {
        peer: u8,
    },
    Interest {
        peer: u8,
        interested: bool,
    },
    Idle {
        peer: u8,
        skipped: Option<u8>,
    },
    Have {
        peer: u8,
        piece: u8,
    },
    HaveAny {
        peer: u8,
        piece: u32,
    },
    Has {
        peer: u8,
        pieces: u64,
    },
    HasAny {
        peer: u8,
        bytes: Vec<u8>,
    },
    Request {
        peer: u8,
        piece: u8,
        block: u8,
    },
    RequestAny {
        peer: u8,
        piece: u32,
        offset: u32,
        len: u32,
    },
    Cancel {
        peer: u8,
        which: u8,
    },
    CancelAny {
        peer: u8,
        piece: u32,
        offset: u32,
        len: u32,
    },
    /// A block comes that was asked for; several, one after the other.
    Deliver {
        peer: u8,
        which: u8,
        count: u8,
    },
    /// Every peer in turn sends the first block that it was asked for, so many in all.
    DeliverAll {
        count: u8,
    },
    /// A block comes that was not asked for, or not any more.
    Unasked {
        peer: u8,
        piece: u8,
        block: u8,
    },
    Stored {
        which: u8,
        wrong: bool,
        lies: u8,
    },
    DiskFull {
        which: u8,
    },
    DiskFailed,
    Room {
        peer: u8,
        bytes: u32,
    },
    Sent {
        peer: u8,
    },
    Announced {
        which: u8,
        peers: u8,
        interval: u16,
        id: bool,
    },
    NotAnnounced {
        which: u8,
    },
    Pass {
        millis: u16,
    },
    PassLong {
        seconds: u16,
    },
    Limits {
        down: Option<u16>,
        up: Option<u16>,
    },
    Memory {
        bytes: u32,
    },
    /// Other files are chosen.
    Want {
        pieces: u64,
        first: Option<u64>,
    },
    /// What others do to the files.
    Lost {
        pieces: u64,
    },
    Found {
        pieces: u64,
    },
    Settled,
    /// Something comes that nobody waits for.
    Wasted {
        peer: u8,
        piece: u8,
        offset: Option<u16>,
        bytes: u16,
    },
    Unsent {
        peer: u8,
    },
    Stop,
    Pause,
    Resume,
    DiskWell,
    /// A message of the fast extension, or what looks like one.
    Fast {
        peer: u8,
        id: u8,
        body: Vec<u8>,
    },
    /// The same about a piece that there is.
    AllowedFast {
        peer: u8,
        piece: u8,
    },
    /// What was asked for will not come.
    Reject {
        peer: u8,
        which: u8,
    },
}

/// The pieces whose bits are set, over and over.
pub fn field(pieces: u32, bits: u64) -> Bitfield {
    let mut field = Bitfield::new(pieces);
    for piece in (0..pieces).filter(|piece| bits >> (piece % 64) & 1 == 1) {
        field.set(piece);
    }
    field
}

/// One of a few addresses.
pub fn address(number: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, number % 16], 6881 + u16::from(number / 16)))
}

/// Has it happen.
pub fn take(driver: &mut Driver, step: Step) {
    let pieces = driver.geometry.pieces();
    match step {
        Step::Called { id, host } => drop(driver.called(id, host)),
        Step::Fast { peer, id, body } => {
            let id = 13 + id % 5;
            driver.say(peer, Message::Later { id, body });
        }
        Step::AllowedFast { peer, piece } => {
            let allowed = Fast::AllowedFast(u32::from(piece) % pieces.max(1));
            driver.say(peer, allowed.into());
        }
        Step::Reject { peer, which } => driver.reject(peer, which),
        Step::Giver {
            id,
            host,
            pieces: bits,
        } => driver.giver(id, host, field(pieces, bits)),
        Step::Answered { which, id } => driver.answered(which, id),
        Step::Unanswered { which, ourselves } => {
            let why = match ourselves {
                true => ConnectFailure::Ourselves,
                false => ConnectFailure::NoAnswer(Duration::from_secs(10)),
            };
            driver.unanswered(which, why);
        }
        Step::HungUp { peer } => driver.hung_up(peer),
        Step::Choke { peer } => driver.say(peer, Message::Choke),
        Step::Unchoke { peer } => driver.say(peer, Message::Unchoke),
        Step::Interest {
            peer,
            interested: true,
        } => driver.say(peer, Message::Interested),
        Step::Interest {
            peer,
            interested: false,
        } => driver.say(peer, Message::NotInterested),
        Step::Idle { peer, skipped } => {
            driver.say(peer, skipped.map_or(Message::KeepAlive, Message::Skipped))
        }
        Step::Have { peer, piece } => driver.say(peer, Message::Have(u32::from(piece) % pieces)),
        Step::HaveAny { peer, piece } => driver.say(peer, Message::Have(piece)),
        Step::Has { peer, pieces: bits } => {
            driver.say(peer, Message::Bitfield(field(pieces, bits).to_bytes()))
        }
        Step::HasAny { peer, bytes } => driver.say(peer, Message::Bitfield(bytes)),
        Step::Request { peer, piece, block } => {
            let block = driver.block_of(piece, block);
            driver.say(peer, Message::Request(block));
        }
        Step::RequestAny {
            peer,
            piece,
            offset,
            len,
        } => {
            driver.say(peer, Message::Request(BlockRequest { piece, offset, len }));
        }
        Step::Cancel { peer, which } => driver.cancel(peer, which),
        Step::CancelAny {
            peer,
            piece,
            offset,
            len,
        } => {
            driver.say(peer, Message::Cancel(BlockRequest { piece, offset, len }));
        }
        Step::Deliver { peer, which, count } => {
            (0..count % 32).for_each(|_| driver.deliver(peer, which))
        }
        Step::DeliverAll { count } => driver.deliver_all(count.into()),
        Step::Unasked { peer, piece, block } => {
            let block = driver.block_of(piece, block);
            driver.block(peer, block);
        }
        Step::Stored { which, wrong, lies } => driver.stored(which, wrong, lies),
        Step::DiskFull { which } => driver.disk_full(which),
        Step::DiskFailed => driver.tell(Event::DiskFailed {
            why: "a disk".to_owned(),
        }),
        Step::Room { peer, bytes } => driver.room(peer, bytes.into()),
        Step::Sent { peer } => driver.sent(peer),
        Step::Announced {
            which,
            peers,
            interval,
            id,
        } => {
            let named = (0..peers % 24).map(address).collect();
            driver.announced(which, named, Duration::from_secs(interval.into()), id);
        }
        Step::NotAnnounced { which } => driver.not_announced(which),
        Step::Pass { millis } => driver.pass(Duration::from_millis(millis.into())),
        Step::PassLong { seconds } => driver.pass(Duration::from_secs((seconds % 512).into())),
        Step::Limits { down, up } => {
            let (down, up) = (down.map(u64::from), up.map(u64::from));
            driver.command(Command::Limits { down, up });
        }
        Step::Memory { bytes } => driver.command(Command::Memory(bytes.into())),
        Step::Want {
            pieces: bits,
            first,
        } => {
            driver.want(field(pieces, bits), first.map(|bits| field(pieces, bits)));
        }
        Step::Lost { pieces: bits } => driver.lost(field(pieces, bits).iter_ones().collect()),
        Step::Found { pieces: bits } => driver.found(field(pieces, bits).iter_ones().collect()),
        Step::Settled => driver.settled(),
        Step::Wasted {
            peer,
            piece,
            offset,
            bytes,
        } => {
            let block = offset.map(|offset| BlockRequest {
                piece: piece.into(),
                offset: u32::from(offset) * 64,
                len: bytes.into(),
            });
            driver.wasted(peer, block, bytes.into());
        }
        Step::Unsent { peer } => driver.unsent(peer),
        Step::Stop => driver.command(Command::Stop),
        Step::Pause => driver.command(Command::Pause),
        Step::Resume => driver.command(Command::Resume),
        Step::DiskWell => driver.disk_well(),
    }
}
