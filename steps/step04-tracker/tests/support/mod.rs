//! A tracker for the tests: a web server of thirty lines on loopback, that answers as it is told.
#![allow(dead_code, reason = "each test file uses its part")]

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// A server and what it was asked.
pub struct Server {
    pub addr: SocketAddr,
    requests: Receiver<String>,
}

impl Server {
    /// Answers every request with what `answer` writes, given the path and query.
    pub fn new(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let (sender, requests) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let head: Vec<String> = lines
                    .map_while(Result::ok)
                    .take_while(|line| !line.is_empty())
                    .collect();
                let Some(path) = head.first().and_then(|line| line.split(' ').nth(1)) else {
                    continue;
                };
                let _ = sender.send(head.join("\n"));
                answer(path, &mut stream);
            }
        });
        Server { addr, requests }
    }

    /// A server that always gives this body, with status 200.
    pub fn with_body(body: impl Into<Vec<u8>>) -> Server {
        let body = body.into();
        Server::new(move |_, stream| respond(stream, "200 OK", &[], &body))
    }

    pub fn url(&self) -> String {
        format!("http://{}/announce", self.addr)
    }

    /// The request lines and headers received so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.try_iter().collect()
    }
}

/// Writes a whole answer. Errors do not matter: the client may have hung up.
pub fn respond(stream: &mut TcpStream, status: &str, headers: &[&str], body: &[u8]) {
    let mut head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    for header in headers {
        head += &format!("{header}\r\n");
    }
    let _ = stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes());
    let _ = stream.write_all(body);
}

/// An address of this machine at which nobody listens.
pub fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}
