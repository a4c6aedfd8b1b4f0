//! Somebody between two programs, who passes everything on and remembers what passed.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// One connection, as it was seen on its way.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// What the caller sent.
    pub caller: Vec<u8>,
    /// What the one who was called sent.
    pub called: Vec<u8>,
}

impl Line {
    /// Whether it begins as BEP 3 has it: 19, and `BitTorrent protocol`.
    #[must_use]
    pub fn begins_plain(&self) -> bool {
        self.caller.starts_with(b"\x13BitTorrent protocol")
    }

    /// Whether these bytes passed, in either direction, and could be read.
    #[must_use]
    pub fn shows(&self, bytes: &[u8]) -> bool {
        let is_in = |all: &[u8]| all.windows(bytes.len()).any(|window| window == bytes);
        is_in(&self.caller) || is_in(&self.called)
    }
}

/// An address that leads to another one.
#[derive(Debug)]
pub struct Tap {
    /// Where to call.
    pub address: SocketAddr,
    lines: Arc<Mutex<Vec<Line>>>,
}

impl Tap {
    /// Leads all who call to this address, for as long as the test runs.
    ///
    /// # Panics
    ///
    /// When there is no socket to be had.
    #[must_use]
    pub fn to(target: SocketAddr) -> Tap {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("the address of a listener");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&lines);
        thread::spawn(move || {
            for caller in listener.incoming().flatten() {
                // Nobody there: the caller is hung up on.
                let Ok(called) = TcpStream::connect(target) else {
                    continue;
                };
                let number = {
                    let mut lines = seen.lock().expect("the lines");
                    lines.push(Line::default());
                    lines.len() - 1
                };
                let back = (caller.try_clone(), called.try_clone());
                let (Ok(caller_too), Ok(called_too)) = back else {
                    continue;
                };
                let (out, back) = (Arc::clone(&seen), Arc::clone(&seen));
                thread::spawn(move || {
                    pass(caller, called, |bytes| {
                        out.lock().expect("the lines")[number].caller.extend(bytes);
                    });
                });
                thread::spawn(move || {
                    pass(called_too, caller_too, |bytes| {
                        back.lock().expect("the lines")[number].called.extend(bytes);
                    });
                });
            }
        });
        Tap { address, lines }
    }

    /// The connections so far, in the order in which they were made.
    ///
    /// # Panics
    ///
    /// When the tap itself has failed.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        self.lines.lock().expect("the lines").clone()
    }
}

/// Passes on what comes until either side is gone.
fn pass(mut from: TcpStream, mut to: TcpStream, see: impl Fn(&[u8])) {
    let mut buffer = [0; 16_384];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        see(&buffer[..count]);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
