//! A tracker that speaks HTTPS, with a certificate of its own that nobody has vouched for.
#![allow(dead_code, reason = "each test file uses its part")]

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned, crypto};

/// A server and its certificate.
pub struct Server {
    pub addr: SocketAddr,
    /// The certificate in DER.
    pub certificate: Vec<u8>,
    /// The same as a file to be trusted.
    pub pem: String,
}

impl Server {
    /// A server that always gives this body, with status 200; its certificate is for 127.0.0.1.
    pub fn with_body(body: &'static [u8]) -> Server {
        let params = CertificateParams::new(["127.0.0.1".to_string()]).unwrap();
        Server::with_certificate(params, body)
    }

    /// The same with a certificate like this, which has signed itself.
    pub fn with_certificate(params: CertificateParams, body: &[u8]) -> Server {
        let length = body.len();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        Server::answering(params, [head.as_bytes(), body].concat())
    }

    /// A server that always sends us on to this URL.
    pub fn redirecting(to: &str) -> Server {
        let params = CertificateParams::new(["127.0.0.1".to_string()]).unwrap();
        let answer = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
        Server::answering(params, answer.into())
    }

    fn answering(params: CertificateParams, answer: Vec<u8>) -> Server {
        let signing_key = KeyPair::generate().unwrap();
        let cert = params.self_signed(&signing_key).unwrap();
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
        let config = ServerConfig::builder_with_provider(crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key.into())
            .unwrap();
        let config = Arc::new(config);

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let connection = ServerConnection::new(config.clone()).unwrap();
                let mut stream = BufReader::new(StreamOwned::new(connection, stream.unwrap()));
                // A client that refuses the certificate breaks off, before there is a line.
                let mut line = String::new();
                while stream.read_line(&mut line).is_ok_and(|read| read > 2) {
                    line.clear();
                }
                let stream = stream.get_mut();
                let _ = stream.write_all(&answer);
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        });
        Server {
            addr,
            certificate: cert.der().to_vec(),
            pem: cert.pem(),
        }
    }
}
