//! Ports on loopback that nobody else in this run of the tests will take.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};

use crate::programs;

/// Below what systems hand out for outgoing connections (from 32768 or 49152), so that none of those takes it either.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// A free port. Tests run at the same time in many processes: a file under a lock counts on through the range.
///
/// # Panics
///
/// When the file cannot be used, or nothing is free.
#[must_use]
pub fn free() -> u16 {
    let path = programs::shared().join("ports");
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .expect("the port file");
    file.lock().expect("the lock of the port file");
    let mut text = String::new();
    file.read_to_string(&mut text).expect("the port file");
    let mut next = text.trim().parse().unwrap_or(RANGE.start);
    for _ in RANGE {
        let port = next;
        next = if RANGE.contains(&(port + 1)) {
            port + 1
        } else {
            RANGE.start
        };
        if TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
            file.rewind().expect("the port file");
            write!(file, "{next:5}").expect("the port file");
            return port;
        }
    }
    panic!("no free port in {RANGE:?}");
}
