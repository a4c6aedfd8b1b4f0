//! The program of chapter 4 behind proxies, and before trackers whose certificates are their own.
#![cfg(feature = "program")]

mod support;
#[path = "support/tls.rs"]
mod tls;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, OnceLock};
use std::thread;

use pretty_assertions::assert_eq;
use rcgen::{BasicConstraints, CertificateParams, IsCa};
use support::{Server, nobody, respond};

const REPLY: &[u8] = b"d5:peers6:\x7f\0\0\x01\x1a\xe1e";

/// Every variable that may say how trackers are reached.
const VARIABLES: [&str; 10] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// A folder for one test, gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let name = format!("step04-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Asks this tracker with nothing in the environment but these variables.
    fn ask(&self, tracker: &str, variables: &[(&str, &str)]) -> Output {
        let announce = format!("d8:announce{}:{tracker}4:info", tracker.len());
        let info =
            b"d6:lengthi3e4:name5:a.txt12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee";
        let torrent = self.file("a.torrent", [announce.as_bytes(), info].concat());
        let mut command = Command::new(env!("CARGO_BIN_EXE_step04-tracker"));
        for variable in VARIABLES {
            command.env_remove(variable);
        }
        command.envs(variables.iter().copied());
        command.arg(torrent).output().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn expect_peers(output: &Output) {
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.success());
    assert!(text(&output.stdout).contains("127.0.0.1:6881"));
}

/// The one line of a failure.
fn failure(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    let error = text(&output.stderr);
    assert_eq!(error.lines().count(), 1, "{error}");
    error
}

#[test]
fn a_tracker_is_asked_through_the_proxy_that_is_named() {
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        let proxy = Server::with_body(REPLY);
        let folder = Folder::new(variable);
        let named = format!("http://{}", proxy.addr);
        let output = folder.ask("http://tracker.test/announce", &[(variable, &named)]);
        expect_peers(&output);
        let asked = &proxy.requests()[0];
        assert!(asked.starts_with("GET http://tracker.test/announce?info_hash="));
    }
}

#[test]
fn a_host_that_is_exempt_is_asked_directly() {
    let proxy = Server::with_body(REPLY);
    let folder = Folder::new("exempt");
    let named = format!("http://{}", proxy.addr);
    // No name ends with `.invalid`: without the proxy it leads nowhere.
    let output = folder.ask(
        "http://tracker.invalid/announce",
        &[("HTTP_PROXY", &named), ("NO_PROXY", "a.test,.invalid")],
    );
    failure(&output);
    assert!(proxy.requests().is_empty());
}

/// A SOCKS5 proxy (RFC 1928) that answers as the tracker itself; it tells what it was asked to
/// connect to: a kind of address, the address, and the port.
fn socks() -> (SocketAddr, Receiver<(u8, Vec<u8>, u16)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let (sender, asked) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut read = |count: usize| {
                let mut bytes = vec![0; count];
                stream.read_exact(&mut bytes).map(|()| bytes)
            };
            // Version 5, and the ways to log in; we want none.
            let greeting = read(2).unwrap();
            read(greeting[1].into()).unwrap();
            stream.write_all(&[5, 0]).unwrap();
            let mut read = |count: usize| {
                let mut bytes = vec![0; count];
                stream.read_exact(&mut bytes).unwrap();
                bytes
            };
            let [_, _, _, kind] = read(4)[..] else {
                unreachable!()
            };
            let length = match kind {
                1 => 4,
                3 => read(1)[0].into(),
                _ => 16,
            };
            let address = read(length);
            let port = read(2);
            let port = u16::from_be_bytes([port[0], port[1]]);
            let _ = sender.send((kind, address, port));
            stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                if stream.read_exact(&mut byte).is_err() {
                    break;
                }
                head.push(byte[0]);
            }
            respond(&mut stream, "200 OK", &[], REPLY);
        }
    });
    (addr, asked)
}

#[test]
fn a_tracker_is_asked_through_socks() {
    let (addr, asked) = socks();
    let folder = Folder::new("socks");
    let named = format!("socks5h://{addr}");
    let output = folder.ask("http://tracker.test/announce", &[("ALL_PROXY", &named)]);
    expect_peers(&output);
    let name = b"tracker.test".to_vec();
    assert_eq!(asked.recv().unwrap(), (3, name, 80), "it looks the name up");

    // Here we look it up ourselves, and an address needs no look-up.
    let named = format!("socks5://{addr}");
    let output = folder.ask("http://192.0.2.7:6969/announce", &[("http_proxy", &named)]);
    expect_peers(&output);
    let asked = asked.iter().find(|(_, _, port)| *port == 6969).unwrap();
    assert_eq!(asked, (1, vec![192, 0, 2, 7], 6969));
}

#[test]
fn a_proxy_that_cannot_be_used_is_named_and_nobody_is_asked_without_it() {
    let folder = Folder::new("bad-proxy");
    for (value, what) in [
        ("ftp://u:secret@127.0.0.1:1", "its scheme is ftp"),
        ("socks5//127.0.0.1:1", "ALL_PROXY"),
        ("http://127.0.0.1:port", "port"),
    ] {
        let output = folder.ask("http://192.0.2.7/announce", &[("ALL_PROXY", value)]);
        let error = failure(&output);
        assert!(error.contains("the environment's ALL_PROXY"), "{error}");
        assert!(error.contains(what), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
    let gone = format!("http://{}", nobody());
    let output = folder.ask("http://192.0.2.7/announce", &[("HTTP_PROXY", &gone)]);
    let error = failure(&output);
    assert!(
        error.contains("by the proxy that HTTP_PROXY names"),
        "{error}"
    );
}

/// Certificates that are nowhere.
const NO_CERTIFICATES: [(&str, &str); 2] = [
    ("SSL_CERT_FILE", "/nonexistent/my.pem"),
    ("SSL_CERT_DIR", "/nonexistent/certs"),
];

/// A tracker or a proxy that sends everybody on to this URL.
fn sends_to(url: &str) -> Server {
    let header = format!("Location: {url}");
    Server::new(move |_, stream| respond(stream, "302 Found", &[&header], b""))
}

#[test]
fn a_tracker_without_tls_needs_no_certificates() {
    let server = Server::with_body(REPLY);
    let folder = Folder::new("plain");
    let proxy = format!("http://{}", server.addr);
    let proxied = [&NO_CERTIFICATES[..], &[("HTTP_PROXY", &proxy)]].concat();
    expect_peers(&folder.ask(&server.url(), &NO_CERTIFICATES));
    expect_peers(&folder.ask("http://tracker.test/announce", &proxied));

    // One that sends us over to TLS does, and then they are looked for.
    let server = sends_to("https://127.0.0.1:1/announce");
    let error = failure(&folder.ask(&server.url(), &NO_CERTIFICATES));
    assert!(
        error.contains("the tracker 127.0.0.1:1: no cert"),
        "{error}"
    );
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_proxy_behind_tls_needs_certificates_also_for_a_tracker_without() {
    let proxy = tls::Server::with_body(REPLY);
    let folder = Folder::new("tls-proxy");
    let file = folder.file("proxy.pem", &proxy.pem);
    let file = ("SSL_CERT_FILE", file.to_str().unwrap());
    let named = format!("https://{}", proxy.addr);
    let tracker = "http://tracker.test/announce";
    expect_peers(&folder.ask(tracker, &[("http_proxy", &named), file]));
}

#[test]
fn a_redirect_to_https_is_followed_with_the_certificates_for_it() {
    let secure = tls::Server::with_body(REPLY);
    let folder = Folder::new("over");
    let file = folder.file("tracker.pem", &secure.pem);
    let trusted = ("SSL_CERT_FILE", file.to_str().unwrap());
    let plain = sends_to(&format!("https://{}/elsewhere", secure.addr));
    let url = format!("{}?passkey=secret", plain.url());
    expect_peers(&folder.ask(&url, &[trusted]));
    let asked = plain.requests().len();
    assert_eq!(asked, 2, "`started`, and `stopped` at once");
    // On the way there may be other redirects.
    let first = sends_to(&url);
    expect_peers(&folder.ask(&first.url(), &[trusted]));

    // Whoever it is that cannot be reached, or is not trusted, is named.
    let other = tls::Server::with_body(REPLY);
    let file = folder.file("other.pem", &other.pem);
    let error = failure(&folder.ask(&url, &[("SSL_CERT_FILE", file.to_str().unwrap())]));
    let expected = format!("the tracker {} is not trusted", secure.addr);
    assert!(error.contains(&expected), "{error}");
    assert!(!error.contains("secret"), "{error}");
    let gone = nobody();
    let plain = sends_to(&format!("https://{gone}/announce"));
    let error = failure(&folder.ask(&plain.url(), &[trusted]));
    assert!(
        error.contains(&format!("cannot reach the tracker {gone}: ")),
        "{error}"
    );
}

#[test]
fn a_redirect_to_and_fro_between_http_and_https_ends() {
    let there = Arc::new(OnceLock::new());
    let location = there.clone();
    let plain = Server::new(move |_, stream| {
        let header = format!("Location: {}", location.get().unwrap());
        respond(stream, "302 Found", &[&header], b"");
    });
    let secure = tls::Server::redirecting(&plain.url());
    let url = format!("https://{}/announce", secure.addr);
    there.set(url).unwrap();
    let folder = Folder::new("to-and-fro");
    let file = folder.file("tracker.pem", &secure.pem);
    let trusted = ("SSL_CERT_FILE", file.to_str().unwrap());
    let error = failure(&folder.ask(&plain.url(), &[trusted]));
    assert!(error.contains("redirects more than 5 times"), "{error}");
    // Once before the certificates were read, and three times of the six with them.
    assert_eq!(plain.requests().len(), 1 + 3);
}

/// A certificate for 127.0.0.1.
fn params() -> CertificateParams {
    CertificateParams::new(["127.0.0.1".to_string()]).unwrap()
}

#[test]
fn a_certificate_that_has_signed_itself_is_trusted_when_it_is_named() {
    let server = tls::Server::with_body(REPLY);
    let url = format!("https://{}/announce", server.addr);
    let folder = Folder::new("trusted");
    let file = folder.file("tracker.pem", &server.pem);
    let file = file.to_str().unwrap();
    expect_peers(&folder.ask(&url, &[("SSL_CERT_FILE", file)]));

    // In a folder, certificates have the names that `openssl rehash` gives them.
    let hashed = folder.0.join("trusted");
    fs::create_dir(&hashed).unwrap();
    fs::write(hashed.join("0a1b2c3d.0"), &server.pem).unwrap();
    let hashed = hashed.to_str().unwrap();
    expect_peers(&folder.ask(&url, &[("SSL_CERT_DIR", hashed)]));
}

#[test]
fn a_certificate_that_is_refused_is_refused_in_words() {
    let mut authority = params();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let mut expired = params();
    expired.not_after = rcgen::date_time_ymd(2001, 1, 1);
    expired.not_before = rcgen::date_time_ymd(2000, 1, 1);
    let mut early = params();
    early.not_before = rcgen::date_time_ymd(4000, 1, 1);
    let other = CertificateParams::new(["tracker.test".to_string()]).unwrap();
    let folder = Folder::new("refused");
    for (params, what) in [
        (authority, "basicConstraints=CA:FALSE"),
        (expired, "has expired"),
        (early, "not valid yet"),
        (other, "for other names than the tracker's URL has: "),
    ] {
        let server = tls::Server::with_certificate(params, REPLY);
        let url = format!("https://{}/announce", server.addr);
        let file = folder.file("tracker.pem", &server.pem);
        let output = folder.ask(&url, &[("SSL_CERT_FILE", file.to_str().unwrap())]);
        let error = failure(&output);
        assert!(error.contains(what), "{what}: {error}");
    }

    let server = tls::Server::with_body(REPLY);
    let url = format!("https://{}/announce", server.addr);
    let another = tls::Server::with_body(REPLY);
    let file = folder.file("another.pem", &another.pem);
    let output = folder.ask(&url, &[("SSL_CERT_FILE", file.to_str().unwrap())]);
    let error = failure(&output);
    assert!(error.contains("let SSL_CERT_FILE name"), "{error}");

    let output = folder.ask(&url, &[("SSL_CERT_FILE", "/nonexistent/my.pem")]);
    let error = failure(&output);
    assert!(
        error.contains("SSL_CERT_FILE (/nonexistent/my.pem)"),
        "{error}"
    );
}

#[test]
fn a_file_of_certificates_that_cannot_be_used_is_named_beside_a_folder_that_can() {
    let server = tls::Server::with_body(REPLY);
    let url = format!("https://{}/announce", server.addr);
    let folder = Folder::new("unread");
    let other = tls::Server::with_body(REPLY);
    let hashed = folder.0.join("trusted");
    fs::create_dir(&hashed).unwrap();
    fs::write(hashed.join("0a1b2c3d.0"), &other.pem).unwrap();
    let hashed = hashed.to_str().unwrap();
    let cut = &server.pem[..server.pem.len() / 2];
    for (file, what) in [
        (folder.0.join("missing.pem"), "cannot be read: "),
        (folder.file("empty.pem", ""), "has no certificate in PEM"),
        (folder.file("junk.pem", [0xff; 99]), "has no certificate"),
        (folder.file("cut.pem", cut), "has no certificate"),
    ] {
        let file = file.to_str().unwrap();
        let output = folder.ask(&url, &[("SSL_CERT_FILE", file), ("SSL_CERT_DIR", hashed)]);
        let error = failure(&output);
        let expected = format!("the file that SSL_CERT_FILE names, {file}, {what}");
        assert!(error.contains(&expected), "{error}");
    }
}

#[test]
fn a_proxy_that_wants_a_password_says_so() {
    let proxy = Server::new(|_, stream| {
        let wants = ["Proxy-Authenticate: Basic realm=\"p\""];
        respond(
            stream,
            "407 Proxy Authentication Required",
            &wants,
            b"<html>",
        );
    });
    let folder = Folder::new("password");
    for (variable, tracker) in [
        ("http_proxy", "http://tracker.test/announce"),
        ("HTTPS_PROXY", "https://tracker.test/announce"),
    ] {
        let named = format!("http://me:secret@{}", proxy.addr);
        let error = failure(&folder.ask(tracker, &[(variable, &named)]));
        let expected = format!("the proxy that {variable} names wants a user and a password");
        assert!(error.contains(&expected), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}
