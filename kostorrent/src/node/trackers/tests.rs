//! Announces to a tracker that counts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use pretty_assertions::assert_eq;
use tracker::AnnounceEvent;

use super::*;

/// What a tracker was told, by the number of the connection.
pub type Told = Arc<Mutex<Vec<(usize, String)>>>;

/// A tracker that keeps its connections, until it has answered so many times on one.
pub fn tracker(answers: usize) -> (String, Told) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/announce", listener.local_addr().unwrap());
    let told = Told::default();
    let notes = told.clone();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let notes = notes.clone();
            thread::spawn(move || serve(number, stream.unwrap(), answers, &notes));
        }
    });
    (url, told)
}

fn serve(number: usize, stream: TcpStream, answers: usize, notes: &Told) {
    let mut lines = BufReader::new(&stream).lines();
    for _ in 0..answers {
        let Some(Ok(request)) = lines.next() else {
            return;
        };
        while lines.next().unwrap().unwrap() != "" {}
        let event = request
            .split(['&', ' '])
            .find_map(|part| part.strip_prefix("event="));
        let event = event.unwrap_or_default().to_owned();
        notes.lock().unwrap().push((number, event));
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\nd8:intervali1800e5:peers0:e";
        (&stream).write_all(answer.as_bytes()).unwrap();
    }
}

fn announcer() -> Announcer {
    let id = PeerId::generate(&mut rand::rng());
    let udp = Udp::closed(&std::io::Error::other("none is needed"));
    let who = (InfoHash([0; 20]), id, 1);
    Announcer::new(who, Clients::default(), udp, &Default::default())
}

fn announcement(event: AnnounceEvent) -> Announcement {
    Announcement {
        event: Some(event),
        uploaded: 0,
        downloaded: 0,
        left: 0,
        numwant: 0,
        tracker_id: None,
    }
}

async fn tell(announcer: &Announcer, url: &str, event: AnnounceEvent) {
    announcer.announce(url, announcement(event)).await.unwrap();
}

#[tokio::test]
async fn a_client_is_made_once_for_each_kind_of_tracker() {
    let clients = announcer().clients;
    let again = clients.clone();
    let any = Default::default();
    let here = clients.client("http://127.0.0.1:1/a", &any).await.unwrap();
    let same = again.client("http://localhost/b", &any).await.unwrap();
    let there = again.client("http://t.example/a", &any).await.unwrap();
    assert!(std::ptr::eq(here, same));
    assert!(!std::ptr::eq(here, there));
}

#[tokio::test]
async fn what_follows_at_once_goes_over_the_same_connection() {
    let (url, told) = tracker(usize::MAX);
    let announcer = announcer();
    tell(&announcer, &url, AnnounceEvent::Completed).await;
    tell(&announcer, &url, AnnounceEvent::Stopped).await;
    // Another torrent of the same node, too.
    let other = Announcer {
        info_hash: InfoHash([1; 20]),
        ..announcer.clone()
    };
    tell(&other, &url, AnnounceEvent::Started).await;
    let events = ["completed", "stopped", "started"];
    assert_eq!(*told.lock().unwrap(), events.map(|event| (0, event.into())));
}

#[tokio::test]
async fn a_connection_that_the_tracker_has_closed_costs_no_announce() {
    let (url, told) = tracker(1);
    let announcer = announcer();
    for _ in 0..20 {
        tell(&announcer, &url, AnnounceEvent::Started).await;
    }
    assert_eq!(told.lock().unwrap().len(), 20);
}

#[tokio::test]
async fn a_tracker_that_sends_us_over_to_tls_is_asked_there_by_a_client_for_it() {
    let secure = TcpListener::bind("127.0.0.1:0").unwrap();
    let there = format!("https://{}/a", secure.local_addr().unwrap());
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let here = format!("http://{}/announce", plain.local_addr().unwrap());
    let announcer = announcer();
    // One that trusts nobody: what this system trusts is of no matter here.
    let client = http::client(&there, TIMEOUT, |settings| {
        build(settings.tls_certs_only([]))
    });
    let cell = announcer.clients.cell(&there);
    cell.set(client.unwrap()).unwrap();
    let host = tracker::host_of(&there);

    let redirects = thread::spawn(move || {
        let (stream, _) = plain.accept().unwrap();
        let mut lines = BufReader::new(&stream).lines();
        while lines.next().unwrap().unwrap() != "" {}
        let head = format!("HTTP/1.1 302 Found\r\nLocation: {there}\r\n\r\n");
        (&stream).write_all(head.as_bytes()).unwrap();
    });
    let hears = thread::spawn(move || {
        let mut first = [0];
        secure.accept().unwrap().0.read_exact(&mut first).unwrap();
        first[0]
    });
    let told = announcer.announce(&here, announcement(AnnounceEvent::Started));
    let error = told.await.unwrap_err().to_string();
    assert!(error.contains(&host), "{error}");
    redirects.join().unwrap();
    assert_eq!(
        hears.join().unwrap(),
        22,
        "a TLS handshake (RFC 8446, section 5.1)"
    );
}
