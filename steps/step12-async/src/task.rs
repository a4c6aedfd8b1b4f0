//! The task itself: wait, read, write.

use std::io;
use std::rc::Rc;

use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::incoming::Incoming;
use super::outgoing::Outgoing;
use super::{Files, Heard, Order, Pool, UPLOAD_ROOM};

/// Reads in a row before others get their turn.
const READS_IN_A_ROW: usize = 8;

/// Orders taken at a time.
const ORDERS_AT_A_TIME: usize = 256;

// ANCHOR: run
/// Runs a connection, whose handshakes are done, until either side ends it.
///
/// `pieces` is how many pieces the torrent has, `files` has what is sent to others. Everything heard goes to `to`, marked with `key`;
/// the last of it is [`Heard::Closed`], unless the connection was ended by an order or by dropping
/// the other end of `orders`.
pub async fn run<K: Copy>(
    stream: TcpStream,
    pieces: u32,
    pool: Pool,
    files: Rc<dyn Files>,
    key: K,
    to: mpsc::Sender<(K, Heard)>,
    orders: mpsc::UnboundedReceiver<Order>,
) {
    let mut connection = Connection {
        stream,
        incoming: Incoming::new(pieces, pool),
        outgoing: Outgoing::new(files),
        heard: vec![Heard::Room(UPLOAD_ROOM)],
        to,
        key,
    };
    if let Err(error) = connection.work(orders).await {
        // Nobody may be listening any more, and then nobody needs to know.
        let _ = connection
            .to
            .send((key, Heard::Closed(error.to_string())))
            .await;
    }
}
// ANCHOR_END: run

struct Connection<K> {
    stream: TcpStream,
    incoming: Incoming,
    outgoing: Outgoing,
    heard: Vec<Heard>,
    to: mpsc::Sender<(K, Heard)>,
    key: K,
}

impl<K: Copy> Connection<K> {
    // ANCHOR: work
    /// Works until the connection is ended by us (`Ok`) or by the peer or the network (`Err`).
    async fn work(&mut self, mut orders: mpsc::UnboundedReceiver<Order>) -> io::Result<()> {
        let mut batch = Vec::with_capacity(ORDERS_AT_A_TIME);
        self.tell().await?;
        loop {
            let mut interest = Interest::READABLE;
            if !self.outgoing.is_empty() {
                interest |= Interest::WRITABLE;
            }
            tokio::select! {
                biased;
                count = orders.recv_many(&mut batch, ORDERS_AT_A_TIME) => {
                    if count == 0 || !self.obey(&mut batch) {
                        return Ok(());
                    }
                }
                ready = self.stream.ready(interest) => {
                    if ready?.is_readable() {
                        self.read().await?;
                    }
                }
            }
            self.write().await?;
        }
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
                Order::Upload { block, spans } => self.outgoing.upload(block, spans),
                Order::Close => return false,
            }
        }
        true
    }

    async fn read(&mut self) -> io::Result<()> {
        for _ in 0..READS_IN_A_ROW {
            let Connection {
                stream,
                incoming,
                heard,
                ..
            } = self;
            let read = incoming.read(|slices| stream.try_read_vectored(slices), heard);
            let ended = match read {
                Ok(0) => Some("the peer has closed the connection".to_owned()),
                Ok(_) => None,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return self.tell().await.and(Err(error)),
            };
            self.tell().await?;
            if let Some(why) = ended {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
            }
        }
        Ok(())
    }

    async fn write(&mut self) -> io::Result<()> {
        let payload = self.outgoing.write(&self.stream)?;
        if self.outgoing.is_overfull() {
            return Err(io::Error::other("the peer does not read what we send"));
        }
        if payload > 0 {
            self.heard.push(Heard::Room(payload));
            self.tell().await?;
        }
        Ok(())
    }

    /// Passes on what was heard. While nobody takes it, the socket is not read.
    async fn tell(&mut self) -> io::Result<()> {
        for heard in self.heard.drain(..) {
            if self.to.send((self.key, heard)).await.is_err() {
                return Err(io::Error::other("the torrent is over"));
            }
        }
        Ok(())
    }
}
