//! What strangers may cost us, and what we cost them. All numbers of the DHT stand here.

use std::time::Duration;

// How the table and the lookups work.

/// How many nodes a bucket holds, how many are named in an answer, and at how many a peer is announced
/// (BEP 5: K, "currently eight").
pub const K: usize = 8;

/// How many questions of one lookup are under way at a time.
pub const ALPHA: usize = 3;

/// The buckets of a table, at most. 20 are full in a network of 8 million nodes; the rest would be
/// filled by somebody who makes up ids close to ours.
pub const MAX_BUCKETS: usize = 32;

/// How many nodes wait for a place in a full bucket.
pub const MAX_WAITING: usize = 8;

/// How many nodes of one bucket may be in the same network: the same /24 with IPv4, the same /56 with
/// IPv6. Who has one such network would otherwise fill a bucket.
pub const MAX_PER_NETWORK: usize = 2;

/// So long after it was last heard of a node is good; then it is questionable (BEP 5).
pub const GOOD_FOR: Duration = Duration::from_secs(15 * 60);

/// A bucket in which nothing has changed for so long is looked through anew (BEP 5).
pub const REFRESH: Duration = Duration::from_secs(15 * 60);

/// A node that has left so many questions in a row unanswered is bad (BEP 5: "multiple").
pub const MAX_FAILURES: u8 = 2;

/// The table is looked after so often.
pub const TICK: Duration = Duration::from_secs(10);

/// How many questionable nodes are pinged in one [`TICK`]: a full table of 150 nodes is through in
/// less than [`GOOD_FOR`].
pub const PINGS_PER_TICK: usize = 2;

/// A questionable node is not pinged again before so long.
pub const PING_AGAIN: Duration = Duration::from_secs(60);

/// Without anybody in the table, the addresses to begin from are tried again after so long; twice as
/// long each time.
pub const FIRST_RETRY: Duration = Duration::from_secs(15);

/// And at the longest after so long.
pub const LONGEST_RETRY: Duration = Duration::from_secs(10 * 60);

// Lookups.

/// A node that has not answered for so long is no longer waited for alone: another one is asked beside it.
pub const STALL: Duration = Duration::from_secs(1);

/// A question that has not been answered for so long never will be.
pub const QUERY_TIMEOUT: Duration = Duration::from_secs(8);

/// How many nodes a lookup keeps in mind. The farthest are dropped.
pub const MAX_CANDIDATES: usize = 128;

/// How many nodes one lookup asks. In a network of ten million it is some thirty.
pub const MAX_QUESTIONS: usize = 192;

/// How many nodes whose ids do not fit their addresses (BEP 42) one lookup asks.
pub const MAX_UNFIT_QUESTIONS: usize = 48;

/// How many of those are under way at a time: the other places of [`ALPHA`] are for the fit.
pub const UNFIT_ALPHA: usize = 1;

/// How many questions of one lookup nobody has to pay for, so that it does not end because those who
/// know somebody near have named too many that are gone. One network gets [`MAX_PER_NETWORK`] of them.
pub const RESERVE: usize = 24;

/// How many lookups are under way at a time.
pub const MAX_LOOKUPS: usize = 256;

/// How many peers one lookup finds. Of more only [`MAX_FOUND_LATE`] a host are told; kostorrent connects
/// to 200.
pub const MAX_FOUND: usize = 2_000;

/// How many of them are of one host's word: half of what is looked at of one answer ([`MAX_VALUES`]).
pub const MAX_FOUND_BY: usize = 100;

/// And when there are [`MAX_FOUND`] already: so that false ones, however many, do not silence the true.
pub const MAX_FOUND_LATE: usize = 10;

/// How many of them are at one host. Behind a NAT there may be several; but who is named with a hundred
/// ports is somebody whom we are to flood.
pub const MAX_FOUND_AT: usize = 4;

/// How many addresses to begin from are kept, beside those that were saved.
pub const MAX_SEEDS: usize = 256;

// Datagrams.

/// The longest datagram that we send, in bytes (BEP 32: "must not send UDP datagrams with a payload
/// larger than 1024").
pub const MAX_DATAGRAM: usize = 1_024;

/// The longest one that is read. A few nodes send more than they may.
pub const MAX_READ: usize = 4_096;

/// The longest transaction id that is given back, in bytes. All known programs have 1 to 8.
pub const MAX_TRANSACTION: usize = 32;

/// The longest token that is taken from others, in bytes. All known programs have 4 to 20.
pub const MAX_TOKEN: usize = 64;

/// The longest version that is kept, in bytes. BEP 5 has 4.
pub const MAX_VERSION: usize = 16;

/// How many nodes of one answer are looked at. [`K`] would be right.
pub const MAX_NAMED: usize = 16;

/// How many peers of one answer are looked at: as many as fit into a frame of Ethernet.
pub const MAX_VALUES: usize = 200;

/// How many peers we name in one answer.
pub const MAX_VALUES_SENT: usize = 40;

/// How many characters of an error message are kept.
pub const MAX_TEXT: usize = 100;

// Answering.

/// How long a peer is kept that was announced to us. Announcing again every 15 minutes is usual.
pub const PEER_LIFE: Duration = Duration::from_secs(30 * 60);

/// How many torrents we keep peers of.
pub const MAX_TORRENTS: usize = 2_000;

/// How many peers of one torrent.
pub const MAX_PEERS: usize = 500;

/// How many peers of all torrents. One takes some 100 bytes.
pub const MAX_ALL_PEERS: usize = 20_000;

/// With how many torrents one host is kept. Nodes are spread over all ids: few of somebody's torrents
/// are near to any one node.
pub const MAX_TORRENTS_OF_HOST: usize = 64;

/// The secret behind the tokens is drawn anew so often, and the one before it is good for as long
/// (BEP 5: five minutes, and "tokens up to ten minutes old are accepted").
pub const TOKEN_TURN: Duration = Duration::from_secs(5 * 60);

/// So long after it answered a question an address counts as proven: somebody is there who wants to
/// speak with us.
pub const PROVEN_FOR: Duration = Duration::from_secs(10 * 60);

/// How many answers wait until their askers have proven themselves.
pub const MAX_HELD: usize = 256;

/// The bytes that an address which has not proven itself can have in hand with us.
pub const MAX_CREDIT: usize = 2_048;

/// How many addresses are remembered: what they have sent, and when they proved themselves.
pub const MAX_ADDRESSES: usize = 8_192;

/// Questions of one host that are answered: so many a second,
pub const QUERIES_PER_SECOND: u32 = 5;

/// and so many at once after a silence.
pub const QUERY_BURST: u32 = 50;

/// Bytes a second that go into answers: 32 KiB, which is some hundred answers.
pub const ANSWER_RATE: u32 = 32 * 1024;

/// And at once after a silence.
pub const ANSWER_BURST: u32 = 128 * 1024;

/// Questions a second that we ask.
pub const ASK_RATE: u32 = 100;

/// And at once after a silence.
pub const ASK_BURST: u32 = 200;

/// When nothing may be asked at the moment, it is tried again after so long.
pub const ASK_AGAIN: Duration = Duration::from_millis(200);

/// Datagrams a second that are looked at, but for those that come from where an answer is waited for.
/// More are dropped unread.
pub const READ_RATE: u32 = 1_000;

/// And at once after a silence.
pub const READ_BURST: u32 = 2_000;

/// How many of our questions are under way at a time.
pub const MAX_PENDING: usize = 1_024;

/// How many of them at one address.
pub const MAX_PENDING_AT: usize = 4;

// Who we are.

/// So many hosts, all in different networks, must say that we are at another address than we thought,
/// before we take another id.
pub const VOTES_NEEDED: usize = 8;

/// After that we keep the new id for so long, whatever is said.
pub const MOVE_AGAIN: Duration = Duration::from_secs(10 * 60);

/// How many hosts' opinions are kept.
pub const MAX_VOTES: usize = 32;

/// A node that nobody calls by himself is an active one for so long, and then read-only (BEP 43).
pub const TRIAL: Duration = Duration::from_secs(15 * 60);

/// Read-only for so long, and then the trial begins anew: the line may have become a better one.
pub const READ_ONLY_FOR: Duration = Duration::from_secs(45 * 60);

// What is kept over a restart.

/// How many nodes of each family are saved.
pub const MAX_SAVED: usize = 200;

/// The longest saved table that is read, in bytes.
pub const MAX_SAVED_BYTES: usize = 64 * 1024;
