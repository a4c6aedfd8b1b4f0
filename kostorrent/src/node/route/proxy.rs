//! A SOCKS5 proxy (RFC 1928), with a name and a password if it wants them (RFC 1929).

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use tokio::net::TcpStream;
use tokio_socks::tcp::Socks5Stream;
use url::Url;

use super::Route;

/// The port of a proxy, where none is given.
const PORT: u16 = 1080;

/// A name and a password have so many bytes at most (RFC 1929).
const LONGEST: usize = 255;

/// A proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    host: String,
    port: u16,
    login: Option<(String, String)>,
}

/// A text that names no proxy. It does not repeat the text: a password may stand in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseProxyError {
    /// It is no such URL.
    #[error("a proxy is given as socks5://HOST:PORT or socks5://USER:PASSWORD@HOST:PORT")]
    Form,
    /// Its name or password cannot be sent.
    #[error(
        "a proxy's user and password have 1 to {LONGEST} bytes each, with %XX for what may not stand \
         in a URL"
    )]
    Login,
}

impl FromStr for Proxy {
    type Err = ParseProxyError;

    fn from_str(text: &str) -> Result<Proxy, ParseProxyError> {
        let url = Url::parse(text).map_err(|_| ParseProxyError::Form)?;
        let rest = [url.query(), url.fragment()];
        let is_bare = matches!(url.path(), "" | "/") && rest == [None; 2];
        if !matches!(url.scheme(), "socks5" | "socks5h") || !is_bare {
            return Err(ParseProxyError::Form);
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or(ParseProxyError::Form)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let word = |text: &str| {
            let word = unescaped(text)?;
            (1..=LONGEST).contains(&word.len()).then_some(word)
        };
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => {
                let login = word(user).zip(password.and_then(word));
                Some(login.ok_or(ParseProxyError::Login)?)
            }
        };
        Ok(Proxy {
            host: host.to_owned(),
            port: url.port().unwrap_or(PORT),
            login,
        })
    }
}

/// Text without its `%XX`.
fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, more)) = rest.split_first() {
        rest = more;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let (digits, more) = rest.split_at_checked(2)?;
        bytes.extend(hex::decode(digits).ok()?);
        rest = more;
    }
    String::from_utf8(bytes).ok()
}

impl Proxy {
    /// Has the proxy call an address.
    pub(super) async fn connect(&self, to: SocketAddr, route: &Route) -> io::Result<TcpStream> {
        let addrs = match self.host.parse::<IpAddr>() {
            Ok(ip) => vec![SocketAddr::new(ip, self.port)],
            Err(_) => {
                let found = route.look_up_directly(self.host.clone(), self.port).await;
                found.map_err(io::Error::other)?
            }
        };
        let mut failed = io::Error::other("its name has no address");
        for addr in addrs {
            match route.connect_directly(addr).await {
                Ok(tcp) => return self.ask(tcp, to).await,
                Err(error) => failed = error,
            }
        }
        Err(io::Error::new(
            failed.kind(),
            format!("the proxy cannot be reached: {failed}"),
        ))
    }

    async fn ask(&self, tcp: TcpStream, to: SocketAddr) -> io::Result<TcpStream> {
        let asked = match &self.login {
            Some((user, password)) => {
                Socks5Stream::connect_with_password_and_socket(tcp, to, user, password).await
            }
            None => Socks5Stream::connect_with_socket(tcp, to).await,
        };
        let stream = asked.map_err(|error| io::Error::other(format!("by the proxy: {error}")))?;
        Ok(stream.into_inner())
    }

    /// The proxy for an HTTP client. It looks up the names that it is given.
    pub(super) fn http(&self) -> Result<reqwest::Proxy, String> {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        let url = format!("socks5h://{host}:{}", self.port);
        let mut url = Url::parse(&url).map_err(|error| error.to_string())?;
        if let Some((user, password)) = &self.login {
            let set = url.set_username(user).and(url.set_password(Some(password)));
            set.map_err(|()| ParseProxyError::Login.to_string())?;
        }
        reqwest::Proxy::all(url).map_err(|error| error.to_string())
    }
}

/// Without the password.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({}:{})", self.host, self.port)
    }
}
