//! opentracker, a tracker that serves much of the public network.

use std::io::{Read as _, Seek as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use crate::process::{self, Process};
use crate::{ports, skip, wait};

/// A running opentracker that knows some torrents.
#[derive(Debug)]
pub struct OpenTracker {
    port: u16,
    _process: Process,
}

impl OpenTracker {
    /// Starts a tracker on a port of its own, or skips the test.
    #[must_use]
    pub fn available() -> Option<Port> {
        skip::unless_no_program("opentracker").map(|_| Port(ports::free()))
    }

    /// How many seeders and leechers it knows of a torrent.
    #[must_use]
    pub fn counts(&self, info_hash: [u8; 20]) -> Option<(u64, u64)> {
        let escaped: String = info_hash
            .iter()
            .map(|byte| format!("%{byte:02x}"))
            .collect();
        let reply = get(self.port, &format!("/scrape?info_hash={escaped}"))?;
        let number = |key: &str| -> Option<u64> {
            let key = format!("{}:{key}i", key.len());
            let at = reply
                .windows(key.len())
                .position(|window| window == key.as_bytes())?
                + key.len();
            let digits: String = reply[at..]
                .iter()
                .take_while(|b| b.is_ascii_digit())
                .map(|&b| char::from(b))
                .collect();
            digits.parse().ok()
        };
        Some((
            number("complete").unwrap_or(0),
            number("incomplete").unwrap_or(0),
        ))
    }

    /// Waits until it knows so many seeders and leechers.
    ///
    /// # Panics
    ///
    /// When they do not come.
    pub fn until_counts(&self, info_hash: [u8; 20], seeders: u64, leechers: u64) {
        wait::until_true(
            &format!("{seeders} seeders and {leechers} leechers at the tracker"),
            || {
                self.counts(info_hash)
                    .is_some_and(|(s, l)| s >= seeders && l >= leechers)
            },
        );
    }
}

/// A port on which opentracker is going to listen. The torrent names it before the tracker, which must know the
/// torrent, can start.
#[derive(Debug)]
pub struct Port(u16);

impl Port {
    /// The announce URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/announce", self.0)
    }

    /// The announce URL for whoever speaks UDP (BEP 15).
    #[must_use]
    pub fn udp_url(&self) -> String {
        format!("udp://127.0.0.1:{}/announce", self.0)
    }

    /// Where it is asked by UDP.
    #[must_use]
    pub fn udp_address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.0).into()
    }

    /// Starts the tracker for these torrents, and waits until it answers.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start(self, info_hashes: &[[u8; 20]]) -> OpenTracker {
        // Debian's build serves only the torrents on a list. As root it would change its user, and its root folder
        // before it reads that list; so it starts as nobody, with the list on its stdin, and needs no folder at all.
        let list: String = info_hashes
            .iter()
            .map(|hash| hex::encode(hash) + "\n")
            .collect();
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(list.as_bytes())
            .and_then(|()| file.rewind())
            .expect("the tracker's list");
        let mut command = process::command_as_nobody("opentracker");
        let port = self.0.to_string();
        command.args([
            "-i",
            "127.0.0.1",
            "-p",
            &port,
            "-P",
            &port,
            "-w",
            "/dev/stdin",
        ]);
        let process = Process::start_with("opentracker", &mut command, file.into());
        wait::until("opentracker to answer", || get(self.0, "/"));
        OpenTracker {
            port: self.0,
            _process: process,
        }
    }
}

/// The body of a page, or `None` when nobody answers.
fn get(port: u16, path: &str) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n").ok()?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).ok()?;
    Some(reply)
}
