//! Exercise 4c: the smallest tracker that our program can use.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

// ANCHOR: answer
/// Everybody who has announced, by torrent. The torrent is kept as it is written in
/// the URL: clients differ in how they escape, so a better tracker would undo the
/// escapes first.
type Swarms = BTreeMap<String, Vec<SocketAddr>>;

/// Answers announces, one after the other, for ever. It forgets only who says
/// `stopped`.
fn serve(listener: &TcpListener) {
    let mut swarms = Swarms::new();
    for stream in listener.incoming().flatten() {
        // A caller that is slow or gone is its own problem.
        let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
        let _ = answer(stream, &mut swarms);
    }
}

fn answer(mut stream: TcpStream, swarms: &mut Swarms) -> std::io::Result<()> {
    let from = stream.peer_addr()?.ip();
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().unwrap_or(Ok(String::new()))?;
    while lines
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}

    let body = announce(&request, from, swarms)
        .unwrap_or_else(|| b"d14:failure reason14:not understoode".to_vec());
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), &body].concat())
}

/// The reply to `GET /announce?info_hash=…&port=… HTTP/1.1`.
fn announce(request: &str, from: IpAddr, swarms: &mut Swarms) -> Option<Vec<u8>> {
    let (_, query) = request.split(' ').nth(1)?.split_once('?')?;
    let pairs = || query.split('&').filter_map(|pair| pair.split_once('='));
    let get = |name| Some(pairs().find(|(key, _)| *key == name)?.1);
    let caller = SocketAddr::new(from, get("port")?.parse().ok()?);
    let swarm = swarms.entry(get("info_hash")?.to_string()).or_default();

    swarm.retain(|&peer| peer != caller);
    let mut peers = Vec::new();
    for peer in swarm.iter() {
        if let IpAddr::V4(ip) = peer.ip() {
            peers.extend(ip.octets());
            peers.extend(peer.port().to_be_bytes());
        }
    }
    if get("event") != Some("stopped") {
        swarm.push(caller);
    }
    let mut body = format!("d8:intervali60e5:peers{}:", peers.len()).into_bytes();
    body.extend(peers);
    body.push(b'e');
    Some(body)
}
// ANCHOR_END: answer

fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:6969")?;
    println!("http://{}/announce", listener.local_addr()?);
    serve(&listener);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::read_to_string;
    use std::thread;

    use metainfo::InfoHash;
    use peer_id::PeerId;
    use tracker::blocking::announce;
    use tracker::{AnnounceEvent, AnnounceRequest};

    use super::*;

    fn start() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        thread::spawn(move || serve(&listener));
        addr
    }

    #[test]
    fn each_caller_hears_of_those_before_it() {
        let url = format!("http://{}/announce", start());
        let said = |port: u16, event| {
            let request = AnnounceRequest {
                info_hash: InfoHash(*b"\x00\xff, an info-hash, &="),
                peer_id: PeerId([b'x'; 20]),
                port,
                uploaded: 0,
                downloaded: 0,
                left: 1,
                event: Some(event),
                numwant: None,
                key: 0,
                tracker_id: None,
            };
            let reply = announce(&url, &request).unwrap();
            let ports: Vec<String> = reply.peers.iter().map(|p| p.port().to_string()).collect();
            ports.join(" ")
        };
        assert_eq!(said(1001, AnnounceEvent::Started), "");
        assert_eq!(said(1002, AnnounceEvent::Started), "1001");
        assert_eq!(said(1001, AnnounceEvent::Completed), "1002");
        assert_eq!(said(1002, AnnounceEvent::Stopped), "1001");
        assert_eq!(said(1003, AnnounceEvent::Started), "1001");
    }

    #[test]
    fn what_is_no_announce_is_refused() {
        let mut stream = TcpStream::connect(start()).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        let text = read_to_string(stream).unwrap();
        assert!(text.ends_with("not understoode"), "{text}");
    }
}
