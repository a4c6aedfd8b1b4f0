//! Announces to trackers on loopback, the good one and all the others.
#![cfg(feature = "blocking")]

#[path = "support/gzip.rs"]
mod gzip;
mod support;
#[path = "support/tls.rs"]
mod tls;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use metainfo::InfoHash;
use peer_id::PeerId;
use pretty_assertions::assert_eq;
use support::{Server, nobody, respond};
use tracker::blocking::{NoPeers, announce, fetch, find_peers};
use tracker::limits::MAX_ASKED;
use tracker::{
    AnnounceError, AnnounceEvent, AnnounceRequest, MAX_REPLY, ReplyError, TIMEOUT, Tiers, http,
};

/// Time enough for an answer on loopback.
const LONG: Duration = Duration::from_secs(60);
/// Time enough to see that no answer comes.
const SHORT: Duration = Duration::from_millis(300);

const REPLY: &[u8] = b"d8:intervali1800e5:peers6:\x7f\0\0\x01\x1a\xe1e";

fn request() -> AnnounceRequest {
    AnnounceRequest {
        info_hash: InfoHash([0xff; 20]),
        peer_id: PeerId(*b"-KO0100-abcdefghijkl"),
        port: 51413,
        uploaded: 0,
        downloaded: 0,
        left: 1000,
        event: Some(AnnounceEvent::Started),
        numwant: None,
        key: 1,
        tracker_id: None,
    }
}

/// What an announce to this server fails with.
fn error_of(server: &Server, limit: Duration) -> AnnounceError {
    let url = server.url();
    let answer = match fetch(&url, limit) {
        Ok(answer) => answer,
        Err(error) => return error,
    };
    http::read_answer(&url, answer.status, answer.retry_after, &answer.body).unwrap_err()
}

/// The error inside a tracker's reply.
fn reply_error_of(server: &Server) -> ReplyError {
    match error_of(server, LONG) {
        AnnounceError::Reply { error, .. } => error,
        other => panic!("not the reply's fault: {other}"),
    }
}

#[test]
fn an_announce_brings_peers() {
    let server = Server::with_body(REPLY);
    let reply = announce(&server.url(), &request()).unwrap();
    assert_eq!(reply.peers, ["127.0.0.1:6881".parse().unwrap()]);

    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert!(
        requests[0].starts_with(
            "GET /announce?info_hash=%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF\
             &peer_id=-KO0100-abcdefghijkl&port=51413&uploaded=0&downloaded=0&left=1000&compact=1\
             &key=00000001&event=started HTTP/1.1\n"
        ),
        "{}",
        requests[0]
    );
    let headers = requests[0].to_lowercase();
    assert!(headers.contains(&format!("user-agent: {}", tracker::USER_AGENT)));
    assert!(headers.contains("accept-encoding: gzip"));
}

#[test]
fn a_reply_in_gzip_is_read() {
    let body = gzip::stored(REPLY);
    let server = Server::new(move |_, stream| {
        respond(stream, "200 OK", &["Content-Encoding: gzip"], &body);
    });
    assert_eq!(announce(&server.url(), &request()).unwrap().peers.len(), 1);
}

#[test]
fn a_gzip_bomb_is_cut_short() {
    // 64 MiB in 430 kB.
    let body = gzip::bomb(64 * 1024 * 1024 / 258);
    let server = Server::new(move |_, stream| {
        respond(stream, "200 OK", &["Content-Encoding: gzip"], &body);
    });
    let answer = fetch(&server.url(), LONG).unwrap();
    assert_eq!(answer.body.len(), MAX_REPLY + 1);
    assert_eq!(reply_error_of(&server), ReplyError::TooLong);
}

#[test]
fn broken_gzip_is_an_error() {
    let server = Server::new(|_, stream| {
        respond(
            stream,
            "200 OK",
            &["Content-Encoding: gzip"],
            b"d8:intervali1800ee",
        );
    });
    let error = error_of(&server, LONG);
    assert!(matches!(error, AnnounceError::Http { .. }), "{error:?}");
}

#[test]
fn a_body_without_end_is_cut_short() {
    let server = Server::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nd");
        while stream.write_all(&[b'x'; 65536]).is_ok() {}
    });
    assert_eq!(reply_error_of(&server), ReplyError::TooLong);
}

#[test]
fn headers_without_end_are_an_error() {
    let server = Server::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(b"X-Header: and another one\r\n").is_ok() {}
    });
    let error = error_of(&server, LONG);
    assert!(matches!(error, AnnounceError::Http { .. }), "{error:?}");
}

#[test]
fn a_silent_server_is_left_after_the_limit() {
    let server = Server::new(|_, stream| hold(stream));
    assert_eq!(
        error_of(&server, SHORT).to_string(),
        format!("the tracker {} did not answer within 0.3 s", server.addr)
    );
}

#[test]
fn a_server_that_drips_is_left_after_the_limit_too() {
    let server = Server::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        while stream.write_all(b"x").is_ok() {
            sleep(SHORT / 20);
        }
    });
    let error = error_of(&server, SHORT);
    assert!(matches!(error, AnnounceError::TimedOut { .. }), "{error:?}");
}

#[test]
fn a_redirect_is_followed() {
    let server = Server::new(|path, stream| match path {
        "/announce?passkey=secret" => {
            respond(stream, "302 Found", &["Location: /elsewhere"], b"");
        }
        _ => respond(stream, "200 OK", &[], REPLY),
    });
    let answer = fetch(&format!("{}?passkey=secret", server.url()), LONG).unwrap();
    assert_eq!(answer.body, REPLY);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    // Whoever we are sent to does not hear where we come from, for the user's key is in that.
    assert!(!requests[1].contains("secret"), "{}", requests[1]);
    assert!(!requests[1].to_lowercase().contains("referer:"));
}

#[test]
fn a_redirect_in_a_circle_ends() {
    let server = Server::new(|_, stream| {
        respond(stream, "302 Found", &["Location: /announce"], b"");
    });
    assert_eq!(
        error_of(&server, LONG).to_string(),
        format!(
            "the tracker {} redirects more than 5 times, or in a circle",
            server.addr
        )
    );
    assert_eq!(server.requests().len(), 6);
}

#[test]
fn a_redirect_out_of_http_is_not_followed() {
    for location in [
        "udp://127.0.0.1:9/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
    ] {
        let header = format!("Location: {location}");
        let server = Server::new(move |_, stream| {
            respond(stream, "302 Found", &[&header], b"");
        });
        let error = error_of(&server, LONG);
        assert!(
            matches!(
                error,
                AnnounceError::Http { .. } | AnnounceError::Status { status: 302, .. }
            ),
            "{location}: {error:?}"
        );
    }
}

#[test]
fn a_web_page_is_named_as_one() {
    let server = Server::with_body(*b"<!doctype html><title>Parked</title>");
    assert_eq!(reply_error_of(&server), ReplyError::Html);
}

#[test]
fn a_status_that_is_no_success_is_told() {
    let server = Server::new(|_, stream| {
        respond(stream, "404 Not Found", &[], b"<html>no</html>");
    });
    assert_eq!(
        error_of(&server, LONG).to_string(),
        format!("the tracker {} answered with HTTP status 404", server.addr)
    );
}

#[test]
fn the_trackers_own_words_are_told() {
    let server = Server::with_body(*b"d14:failure reason12:unknown hashe");
    assert_eq!(
        error_of(&server, LONG).to_string(),
        format!("{}: the tracker refused: unknown hash", server.addr)
    );
}

#[test]
fn what_is_no_http_is_an_error() {
    for bytes in [
        &b"\x13BitTorrent protocol"[..],
        b"",
        b"HTTP/1.1 200 OK\r\nConte",
    ] {
        let server = Server::new(move |_, stream| {
            let _ = stream.write_all(bytes);
        });
        let error = error_of(&server, LONG);
        assert!(matches!(error, AnnounceError::Http { .. }), "{error:?}");
    }
}

#[test]
fn a_body_shorter_than_announced_is_an_error() {
    let server = Server::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nd8:interval");
    });
    let error = error_of(&server, LONG);
    assert!(matches!(error, AnnounceError::Http { .. }), "{error:?}");
}

#[test]
fn nobody_there_is_told_without_the_users_key() {
    let addr = nobody();
    let error = fetch(&format!("http://{addr}/announce?passkey=secret"), LONG).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("cannot reach the tracker {addr}: ")),
        "{text}"
    );
    assert!(!text.contains("secret"), "{text}");
}

#[test]
fn https_to_a_server_without_it_is_an_error() {
    let server = Server::with_body(REPLY);
    let error = fetch(&format!("https://{}/announce", server.addr), LONG).unwrap_err();
    assert!(
        matches!(error, AnnounceError::Unreachable { .. }),
        "{error:?}"
    );
}

/// Asks an HTTPS tracker, trusting this certificate and no other.
fn ask_over_tls(url: &str, trusted: &[u8]) -> Result<(u16, Vec<u8>), AnnounceError> {
    let trusted = reqwest::Certificate::from_der(trusted).unwrap();
    let client = http::client(url, LONG, |settings| {
        let settings = settings.tls_certs_only([trusted.clone()]);
        reqwest::blocking::ClientBuilder::from(settings).build()
    })?;
    let response = client.get(url).send();
    let response = response.map_err(|error| http::failure(url, LONG, &error))?;
    let status = response.status().as_u16();
    Ok((status, response.bytes().unwrap().to_vec()))
}

#[test]
fn https_brings_peers_from_a_server_that_shows_the_right_certificate() {
    let server = tls::Server::with_body(REPLY);
    let url = format!("https://{}/announce", server.addr);
    let (status, body) = ask_over_tls(&url, &server.certificate).unwrap();
    let reply = http::read_answer(&url, status, None, &body).unwrap();
    assert_eq!(reply.peers, ["127.0.0.1:6881".parse().unwrap()]);

    let other = tls::Server::with_body(REPLY);
    let error = ask_over_tls(&url, &other.certificate).unwrap_err();
    assert!(
        matches!(error, AnnounceError::Certificate { .. }),
        "{error:?}"
    );
}

#[test]
fn a_client_for_https_can_be_had_on_this_system() {
    let url = "https://tracker.example/announce";
    let built = http::client(url, LONG, |settings| {
        reqwest::blocking::ClientBuilder::from(settings).build()
    });
    assert!(built.is_ok(), "{built:?}");
}

/// Tiers of one tracker each, in this order.
fn tiers(urls: &[String]) -> Tiers {
    let announce: Vec<Vec<String>> = urls.iter().map(|url| vec![url.clone()]).collect();
    Tiers::new(&announce, &mut rand::rng())
}

#[test]
fn peers_are_found_at_the_first_tracker_that_names_some() {
    let gone = format!("http://{}/announce", nobody());
    let empty = Server::with_body(*b"d8:intervali1800e5:peers0:e");
    let good = Server::with_body(REPLY);
    let unasked = Server::with_body(REPLY);
    let udp = "udp://127.0.0.1:9/announce".to_string();
    let mut tiers = tiers(&[udp, gone, empty.url(), good.url(), unasked.url()]);

    let (url, peers) = find_peers(&mut tiers, &request()).unwrap();
    assert_eq!(url, good.url());
    assert_eq!(peers, ["127.0.0.1:6881".parse().unwrap()]);
    assert!(unasked.requests().is_empty());
    for server in [empty, good] {
        let requests = server.requests();
        assert_eq!(requests.len(), 2, "`started`, and `stopped` at once");
        assert!(requests[0].contains("&event=started"));
        assert!(requests[1].contains("&event=stopped&numwant=0"));
    }
}

#[test]
fn a_slow_tracker_has_the_next_asked_beside_it_and_is_still_heard() {
    let (asked, others) = std::sync::mpsc::channel::<()>();
    let others = std::sync::Mutex::new(others);
    // It answers when the one after it was asked, and not before.
    let slow = Server::new(move |path, stream| {
        if path.contains("event=started") {
            let _ = others.lock().unwrap().recv_timeout(LONG);
        }
        respond(stream, "200 OK", &[], REPLY);
    });
    let empty = Server::new(move |path, stream| {
        respond(stream, "200 OK", &[], b"d5:peers0:e");
        if path.contains("event=stopped") {
            let _ = asked.send(());
        }
    });
    let mut tiers = tiers(&[slow.url(), empty.url()]);
    let (url, peers) = find_peers(&mut tiers, &request()).unwrap();
    assert_eq!(url, slow.url());
    assert_eq!(peers, ["127.0.0.1:6881".parse().unwrap()]);
    for server in [slow, empty] {
        let requests = server.requests();
        assert_eq!(requests.len(), 2);
        assert!(requests[1].contains("&event=stopped"));
    }
}

#[test]
fn the_goodbye_gives_the_tracker_id_back() {
    let server = Server::with_body(*b"d5:peers6:\x7f\0\0\x01\x1a\xe110:tracker id3:a be");
    find_peers(&mut tiers(&[server.url()]), &request()).unwrap();
    let requests = server.requests();
    assert!(!requests[0].contains("trackerid"));
    assert!(requests[1].contains("&trackerid=a%20b"));
}

#[test]
fn a_tracker_that_does_not_hear_the_goodbye_holds_nobody_up() {
    let server = Server::new(|path, stream| match path.contains("event=stopped") {
        true => hold(stream),
        false => respond(stream, "200 OK", &[], REPLY),
    });
    let started = Instant::now();
    find_peers(&mut tiers(&[server.url()]), &request()).unwrap();
    assert!(started.elapsed() < TIMEOUT);
}

#[test]
fn a_torrent_full_of_trackers_does_not_keep_us_for_hours() {
    let server = Server::with_body(*b"d14:failure reason4:gonee");
    let http = (0..30).map(|number| format!("{}?{number}", server.url()));
    // Those for UDP cost no time, and do not count.
    let udp = (0..30).map(|number| format!("udp://127.0.0.1:9/{number}"));
    let mut tiers = tiers(&udp.chain(http).collect::<Vec<_>>());
    let error = find_peers(&mut tiers, &request()).unwrap_err();
    let NoPeers::AllFailed { errors, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(errors.len(), 30 + MAX_ASKED);
    assert_eq!(server.requests().len(), MAX_ASKED);
}

#[test]
fn when_nobody_is_found_the_reason_is_told() {
    let none = find_peers(&mut tiers(&[]), &request()).unwrap_err();
    assert_eq!(none, NoPeers::NoTracker);

    let udp = find_peers(&mut tiers(&["udp://127.0.0.1:9/".into()]), &request()).unwrap_err();
    assert_eq!(
        udp.to_string(),
        "the torrent has only UDP trackers, and those are not built yet: name a peer with --peer \
         ADDR"
    );

    let gone = nobody();
    let url = format!("http://{gone}/announce");
    let text = find_peers(&mut tiers(&[url]), &request())
        .unwrap_err()
        .to_string();
    assert!(text.starts_with(&format!("cannot reach the tracker {gone}: ")));
    assert!(text.ends_with(": is `kostorrent lab` running?"), "{text}");

    let refusing = Server::with_body(*b"d14:failure reason4:gonee");
    let text = find_peers(&mut tiers(&[refusing.url()]), &request())
        .unwrap_err()
        .to_string();
    assert_eq!(
        text,
        format!("{}: the tracker refused: gone", refusing.addr)
    );

    let only_us = Server::with_body(*b"d5:peers6:\x7f\0\0\x01\x1a\xe1e");
    let us = AnnounceRequest {
        port: 6881,
        ..request()
    };
    let error = find_peers(&mut tiers(&[only_us.url()]), &us).unwrap_err();
    assert!(matches!(error, NoPeers::Nobody { .. }), "{error}");

    let empty = Server::with_body(*b"de");
    let text = find_peers(&mut tiers(&[empty.url()]), &request())
        .unwrap_err()
        .to_string();
    assert_eq!(
        text,
        format!(
            "the tracker {} knows of no other peer: is `kostorrent lab` running?",
            empty.addr
        )
    );
}

/// Keeps the connection open until the client hangs up.
fn hold(stream: &mut TcpStream) {
    let _ = stream.read(&mut [0]);
}
