//! The task itself: wait, read, write.

use std::future::poll_fn;
use std::rc::Rc;

use messages::Ended;
use tokio::io::Interest;
use tokio::sync::mpsc;

use super::incoming::Incoming;
use super::outgoing::Outgoing;
use super::{Heard, Order, Pool, Source, Stream, Terms, UPLOAD_ROOM};

/// Reads in a row before others get their turn.
const READS_IN_A_ROW: usize = 8;

/// Orders taken at a time.
const ORDERS_AT_A_TIME: usize = 256;

/// All that a connection needs.
pub struct Setup<K> {
    /// Marks everything that is heard of this connection.
    pub key: K,
    /// The stream, whose handshakes are done.
    pub stream: Stream,
    /// Bytes that came with the peer's handshake, and follow it.
    pub early: Vec<u8>,
    /// How many pieces the torrent has.
    pub pieces: u32,
    /// What both ends have agreed on.
    pub terms: Terms,
    /// Where block buffers come from.
    pub pool: Pool,
    /// What is sent to others.
    pub source: Rc<dyn Source>,
    /// Where everything heard goes.
    pub to: mpsc::Sender<(K, Heard)>,
    /// What is to be done.
    pub orders: mpsc::UnboundedReceiver<Order>,
}

// ANCHOR: run
/// Runs a connection until either side ends it.
///
/// The last that is heard of it is [`Heard::Closed`], unless it was ended by an order or by dropping
/// the other end of `orders`.
pub async fn run<K: Copy>(setup: Setup<K>) {
    let Setup { key, to, .. } = setup;
    let mut connection = Connection {
        stream: setup.stream,
        incoming: Incoming::new(setup.pieces, setup.pool.clone()).on(setup.terms),
        outgoing: Outgoing::new(setup.source, setup.pool),
        heard: vec![Heard::Room(UPLOAD_ROOM)],
        to,
        key,
    };
    let work = connection.work(&setup.early, setup.orders).await;
    let bytes = connection.incoming.untold();
    if bytes > 0 {
        let block = None;
        let _ = connection
            .to
            .send((key, Heard::Wasted { block, bytes }))
            .await;
    }
    if let Err(Stop::Ended(why)) = work {
        // Nobody may be listening any more, and then nobody needs to know.
        let _ = connection.to.send((key, Heard::Closed(why))).await;
    }
}
// ANCHOR_END: run

struct Connection<K> {
    stream: Stream,
    incoming: Incoming,
    outgoing: Outgoing,
    heard: Vec<Heard>,
    to: mpsc::Sender<(K, Heard)>,
    key: K,
}

/// Why the work is over.
enum Stop {
    /// Something ended the connection.
    Ended(Ended),
    /// Nobody wants to hear of it any more.
    Unheard,
}

impl From<Ended> for Stop {
    fn from(why: Ended) -> Stop {
        Stop::Ended(why)
    }
}

impl<K: Copy> Connection<K> {
    // ANCHOR: work
    /// Works until the connection is ended by us (`Ok`) or otherwise.
    async fn work(
        &mut self,
        early: &[u8],
        mut orders: mpsc::UnboundedReceiver<Order>,
    ) -> Result<(), Stop> {
        // ANCHOR: yours_work (chapter 12, "A connection")
        let mut batch = Vec::with_capacity(ORDERS_AT_A_TIME);
        let taken = self.incoming.take(early, &mut self.heard);
        self.tell().await?;
        taken?;
        loop {
            let mut interest = Interest::READABLE;
            if self.outgoing.waits_for_the_socket() {
                interest |= Interest::WRITABLE;
            }
            tokio::select! {
                biased;
                count = orders.recv_many(&mut batch, ORDERS_AT_A_TIME) => {
                    if count == 0 || !self.obey(&mut batch) {
                        return Ok(());
                    }
                }
                () = poll_fn(|context| self.outgoing.poll_read(context)) => {}
                ready = self.stream.ready(interest) => {
                    let ready = ready.map_err(|error| Ended::Network(error.to_string()))?;
                    if ready.is_readable() {
                        self.read().await?;
                    }
                }
            }
            self.write().await?;
        }
        // ANCHOR_END: yours_work
    }
    // ANCHOR_END: work

    /// Takes orders; whether the connection is to go on.
    fn obey(&mut self, orders: &mut Vec<Order>) -> bool {
        for order in orders.drain(..) {
            match order {
                Order::Send(message) => {
                    self.incoming.sent(&message);
                    self.outgoing.message(&message);
                }
                Order::Rejected(block) => self.incoming.rejected(&block),
                Order::Upload { block, spans } => self.outgoing.upload(block, spans),
                Order::Close => return false,
            }
        }
        true
    }

    async fn read(&mut self) -> Result<(), Stop> {
        for _ in 0..READS_IN_A_ROW {
            let Connection {
                stream,
                incoming,
                heard,
                ..
            } = self;
            let read = incoming.read(|slices| stream.try_read_vectored(slices), heard);
            self.tell().await?;
            if !read? {
                break;
            }
        }
        Ok(())
    }

    async fn write(&mut self) -> Result<(), Stop> {
        let payload = self.outgoing.write(&mut self.stream)?;
        if self.outgoing.is_overfull() {
            return Err(Ended::NotReading.into());
        }
        if payload > 0 {
            self.heard.push(Heard::Room(payload));
        }
        self.heard.extend(self.outgoing.unsent().map(Heard::Unsent));
        self.tell().await
    }

    /// Passes on what was heard. While nobody takes it, the socket is not read.
    async fn tell(&mut self) -> Result<(), Stop> {
        for heard in self.heard.drain(..) {
            if self.to.send((self.key, heard)).await.is_err() {
                return Err(Stop::Unheard);
            }
        }
        Ok(())
    }
}
