//! Somebody who sees every packet of a network, and remembers who called whom and who sent a datagram to whom.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::thread;

use socket2::{Domain, Protocol, Socket, Type};

/// Every protocol there is (`ETH_P_ALL` of Linux).
const ALL: u16 = 3;

const TCP: u8 = 6;
const UDP: u8 = 17;

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Packet {
    /// The first packet of a TCP connection, or else a datagram.
    pub is_call: bool,
    /// Where it came from.
    pub from: SocketAddr,
    /// Where it went.
    pub to: SocketAddr,
    /// What is in it.
    pub payload: Vec<u8>,
}

/// Open eyes. Of a namespace of its own they see all, on every interface.
#[derive(Debug)]
pub struct Eyes(Arc<Mutex<BTreeMap<Packet, usize>>>);

impl Eyes {
    /// Sees what passes from now on, for as long as the test runs.
    ///
    /// # Panics
    ///
    /// When that is not allowed here.
    #[must_use]
    pub fn open() -> Eyes {
        let protocol = Protocol::from(i32::from(ALL.to_be()));
        // Without the head that the wire needs: each begins with its IP header.
        let socket = Socket::new(Domain::PACKET, Type::DGRAM, Some(protocol));
        let mut socket = socket.expect("the right to see packets");
        let _ = socket.set_recv_buffer_size(8 << 20);
        let seen = Arc::new(Mutex::new(BTreeMap::new()));
        let into = Arc::clone(&seen);
        thread::spawn(move || {
            let mut buffer = vec![0; 70_000];
            while let Ok(length) = socket.read(&mut buffer) {
                if let Some(packet) = Packet::read(&buffer[..length]) {
                    *into
                        .lock()
                        .expect("what was seen")
                        .entry(packet)
                        .or_default() += 1;
                }
            }
        });
        Eyes(seen)
    }

    /// All packets so far, the same ones once.
    ///
    /// # Panics
    ///
    /// When the eyes themselves have failed.
    #[must_use]
    pub fn seen(&self) -> Vec<Packet> {
        let seen = self.0.lock().expect("what was seen");
        seen.keys().cloned().collect()
    }

    /// Forgets what was seen.
    ///
    /// # Panics
    ///
    /// When the eyes themselves have failed.
    pub fn forget(&self) {
        self.0.lock().expect("what was seen").clear();
    }
}

impl Packet {
    /// From the IP header on (RFC 791, RFC 8200); `None` if it neither begins a connection nor is a datagram.
    fn read(bytes: &[u8]) -> Option<Packet> {
        let (protocol, from, to, rest) = match bytes.first()? >> 4 {
            4 => {
                let head = usize::from(bytes[0] & 15) * 4;
                let ip = |at: usize| -> Option<IpAddr> {
                    let octets: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
                    Some(Ipv4Addr::from(octets).into())
                };
                (*bytes.get(9)?, ip(12)?, ip(16)?, bytes.get(head..)?)
            }
            6 => {
                let ip = |at: usize| -> Option<IpAddr> {
                    let octets: [u8; 16] = bytes.get(at..at + 16)?.try_into().ok()?;
                    Some(Ipv6Addr::from(octets).into())
                };
                (*bytes.get(6)?, ip(8)?, ip(24)?, bytes.get(40..)?)
            }
            _ => return None,
        };
        let port = |at: usize| Some(u16::from_be_bytes([*rest.get(at)?, *rest.get(at + 1)?]));
        let (from, to) = (
            SocketAddr::new(from, port(0)?),
            SocketAddr::new(to, port(2)?),
        );
        let (syn, ack) = (2, 16);
        let is_call = match protocol {
            TCP if rest.get(13)? & (syn | ack) == syn => true,
            UDP => false,
            _ => return None,
        };
        let payload = match is_call {
            true => Vec::new(),
            false => rest.get(8..)?.to_vec(),
        };
        Some(Packet {
            is_call,
            from,
            to,
            payload,
        })
    }

    /// Whether these bytes are in it.
    #[must_use]
    pub fn holds(&self, bytes: &[u8]) -> bool {
        let mut windows = self.payload.windows(bytes.len());
        windows.any(|window| window == bytes)
    }
}
