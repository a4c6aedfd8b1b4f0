//! As much of HTTP as a tracker needs: one GET, one answer, the end.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request that is longer is refused. An announce has some 400 bytes.
const MAX_REQUEST: usize = 8 * 1024;
const MAX_HEADERS: usize = 64;

/// What goes back.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: &'static str,
    /// Further lines of the head, each with its `\r\n`.
    pub(crate) headers: String,
    pub(crate) body: Vec<u8>,
}

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// The target: `/announce?…`.
    pub(crate) target: String,
    /// Whether the answer may be compressed (RFC 9110, 12.5.3).
    pub(crate) takes_gzip: bool,
}

impl Response {
    /// 200 with a bencoded body. A refused announce is one, too: BEP 3 puts the reason inside.
    pub(crate) fn bencode(body: Vec<u8>) -> Response {
        Response {
            status: "200 OK",
            headers: String::new(),
            body,
        }
    }

    /// A plain sentence, for whoever came with something else than a torrent client.
    pub(crate) fn text(status: &'static str, sentence: &str) -> Response {
        Response {
            status,
            headers: String::new(),
            body: sentence.into(),
        }
    }
}

/// Reads until the request is whole, and gives it or the refusal.
pub(crate) async fn read_request(socket: &mut TcpStream) -> io::Result<Result<Request, Response>> {
    let mut bytes = Vec::with_capacity(1024);
    loop {
        if let Some(outcome) = parse(&bytes) {
            return Ok(outcome);
        }
        if socket.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// A whole request, a refusal, or nothing as long as more has to come.
fn parse(bytes: &[u8]) -> Option<Result<Request, Response>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(status) if status.is_partial() => (bytes.len() > MAX_REQUEST).then(|| {
            Err(Response::text(
                "431 Request Header Fields Too Large",
                "Too long a request.\n",
            ))
        }),
        Ok(_) if request.method != Some("GET") => Some(Err(Response::text(
            "405 Method Not Allowed",
            "Only GET is answered.\n",
        ))),
        Ok(_) => Some(Ok(Request {
            target: request.path.unwrap_or("/").to_owned(),
            takes_gzip: request.headers.iter().any(|header| {
                let value = String::from_utf8_lossy(header.value).to_ascii_lowercase();
                header.name.eq_ignore_ascii_case("accept-encoding") && value.contains("gzip")
            }),
        })),
        Err(error) => Some(Err(Response::text(
            "400 Bad Request",
            &format!("Not an HTTP request: {error}.\n"),
        ))),
    }
}

/// Sends the answer and ends the connection.
pub(crate) async fn write_response(socket: &mut TcpStream, response: &Response) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {}\r\nContent-Type: text/plain\r\n{}Content-Length: {}\r\nConnection: close\r\n\r\n",
        response.status,
        response.headers,
        response.body.len()
    );
    socket
        .write_all(&[head.as_bytes(), &response.body].concat())
        .await?;
    socket.shutdown().await
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn status(bytes: &[u8]) -> Option<&'static str> {
        parse(bytes).map(|outcome| outcome.err().map_or("200 OK", |response| response.status))
    }

    #[test]
    fn a_request_is_whole_or_waited_for() {
        let request = b"GET /announce?a=b HTTP/1.1\r\nHost: x\r\n\r\n";
        let whole = parse(request).unwrap().unwrap();
        assert_eq!(whole.target, "/announce?a=b");
        assert!(!whole.takes_gzip);
        for cut in 0..request.len() {
            assert!(parse(&request[..cut]).is_none());
        }
    }

    #[test]
    fn who_takes_gzip_says_so() {
        let request = b"GET / HTTP/1.1\r\naccept-Encoding: deflate, GZIP\r\n\r\n";
        assert!(parse(request).unwrap().unwrap().takes_gzip);
    }

    #[test]
    fn other_requests_are_refused() {
        assert_eq!(
            status(b"POST /announce HTTP/1.1\r\n\r\n"),
            Some("405 Method Not Allowed")
        );
        assert_eq!(status(b"\x13BitTorrent protocol"), Some("400 Bad Request"));
        let long = [b"GET /".to_vec(), vec![b'a'; MAX_REQUEST]].concat();
        assert_eq!(status(&long), Some("431 Request Header Fields Too Large"));
        let many = [b"GET / HTTP/1.1\r\n".to_vec(), b"A: b\r\n".repeat(65)].concat();
        assert_eq!(status(&many), Some("400 Bad Request"));
    }
}
