//! The proxies that the environment names, as curl and many others read them.

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{NoProxy, Proxy};
use url::Url;

use crate::is_loopback;

/// What a proxy's URL may begin with. With `socks5h` and `socks4a` the proxy looks the names up.
const SCHEMES: [&str; 6] = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];

/// A proxy and where it was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// The variable of the environment.
    pub variable: &'static str,
    value: String,
}

/// The proxy that the environment names for the tracker at `url`: `HTTP_PROXY` or `HTTPS_PROXY`,
/// else `ALL_PROXY`, also in lower case; `NO_PROXY` may make an exception. There is nobody between
/// us and this machine, whatever they say.
pub(super) fn named(url: &str, env: impl Fn(&str) -> Option<String>) -> Option<Named> {
    if is_loopback(url) || is_exempt(url, &env) {
        return None;
    }
    let own = match url.starts_with("https:") {
        true => ["HTTPS_PROXY", "https_proxy"],
        false => ["HTTP_PROXY", "http_proxy"],
    };
    let all = ["ALL_PROXY", "all_proxy"];
    own.into_iter().chain(all).find_map(|variable| {
        let value = env(variable)?.trim().to_owned();
        (!value.is_empty()).then_some(Named { variable, value })
    })
}

/// What a proxy on the way to the tracker at `url` wants, if this status is its own: 407 (RFC 9110,
/// section 15.5.8).
pub(super) fn refusal(
    url: &str,
    status: u16,
    env: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    let named = named(url, env).filter(|_| status == 407)?;
    Some(format!(
        "the proxy that {} names wants a user and a password, or others than it was given (HTTP \
         status 407): they stand in front of its host, as in http://USER:PASSWORD@HOST:PORT",
        named.variable
    ))
}

/// Whether `NO_PROXY` makes an exception of this URL: by host, by domain, by network, or by `*`. The
/// HTTP client's own matcher tells, with a proxy that is none in the place of the real one.
fn is_exempt(url: &str, env: impl Fn(&str) -> Option<String>) -> bool {
    let no = env("NO_PROXY").or_else(|| env("no_proxy"));
    let (Some(no), Ok(uri)) = (no, url.parse::<http::Uri>()) else {
        return false;
    };
    let builder = Matcher::builder().all("http://proxy.invalid").no(no);
    builder.build().intercept(&uri).is_none()
}

impl Named {
    /// Whether the proxy is asked by name, or this machine has to look names up.
    pub fn looks_names_up(&self) -> bool {
        !["socks4://", "socks5://"]
            .iter()
            .any(|scheme| self.value.starts_with(scheme))
    }

    /// Whether the way to the proxy itself is TLS, which takes certificates.
    pub fn speaks_tls(&self) -> bool {
        self.value.to_ascii_lowercase().starts_with("https://")
    }

    /// The proxy in the HTTP client's form.
    ///
    /// # Errors
    ///
    /// When it is none, with the variable and what may stand there; never with the value, in which
    /// there may be a password.
    pub fn proxy(&self) -> Result<Proxy, String> {
        let complaint = |what: &str| {
            format!(
                "the environment's {} is no proxy that can be used: {what}; it has to be \
                 [SCHEME://]HOST:PORT, with one of the schemes {}",
                self.variable,
                SCHEMES.join(", ")
            )
        };
        let url = match self.value.contains("://") {
            true => self.value.clone(),
            false => format!("http://{}", self.value),
        };
        let url = Url::parse(&url).map_err(|error| complaint(&error.to_string()))?;
        if !SCHEMES.contains(&url.scheme()) {
            return Err(complaint(&format!("its scheme is {}", url.scheme())));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(complaint("it names no host"));
        }
        if !matches!(url.path(), "" | "/") {
            return Err(complaint("it has a path"));
        }
        let proxy = Proxy::all(url).map_err(|_| complaint("it cannot be read"))?;
        Ok(proxy.no_proxy(NoProxy::from_env()))
    }
}

/// The environment of this process.
pub(super) fn environment(name: &str) -> Option<String> {
    // What is no text is no proxy either, and is told so.
    Some(std::env::var_os(name)?.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    /// The variable that counts for a URL, with these in the environment.
    fn variable(url: &str, env: &[(&str, &str)]) -> Option<&'static str> {
        let env = |name: &str| {
            let found = env.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        named(url, env).map(|named| named.variable)
    }

    fn complaint(value: &str) -> Option<String> {
        let (variable, value) = ("ALL_PROXY", value.to_owned());
        Named { variable, value }.proxy().err()
    }

    #[test]
    fn the_schemes_own_variable_comes_before_the_one_for_all() {
        let all = ("ALL_PROXY", "socks5h://p:1");
        let http = ("HTTP_PROXY", "http://p:1");
        let https = ("https_proxy", "http://p:1");
        let (plain, tls) = ("http://t.example/a", "https://t.example/a");
        assert_eq!(variable(plain, &[all, http, https]), Some("HTTP_PROXY"));
        assert_eq!(variable(tls, &[all, http, https]), Some("https_proxy"));
        assert_eq!(variable(tls, &[all, http]), Some("ALL_PROXY"));
        assert_eq!(variable(tls, &[http]), None);
        assert_eq!(variable(plain, &[("HTTP_PROXY", " ")]), None);
    }

    #[test]
    fn nobody_stands_between_us_and_this_machine() {
        let all = ("all_proxy", "socks5h://p:1");
        assert_eq!(variable("http://127.0.0.1:1/a", &[all]), None);
        assert_eq!(variable("http://localhost/a", &[all]), None);
        let no = ("NO_PROXY", "a.example, *");
        assert_eq!(variable("http://t.example/a", &[all, no]), None);
        for (no, exempt) in [
            ("t.example", true),
            (".example", true),
            ("example", true),
            ("other.example, ex", false),
            ("", false),
        ] {
            let found = variable("http://t.example/a", &[all, ("no_proxy", no)]);
            assert_eq!(found.is_none(), exempt, "{no}");
        }
        let no = ("NO_PROXY", "10.0.0.0/8");
        assert_eq!(variable("http://10.1.2.3/a", &[all, no]), None);
        assert_eq!(variable("http://11.1.2.3/a", &[all, no]), Some("all_proxy"));
    }

    #[test]
    fn a_proxy_behind_tls_is_known_as_one() {
        for (value, speaks_tls) in [
            ("https://p.example", true),
            ("HTTPS://p.example:1", true),
            ("http://p.example:443", false),
            ("https:1", false),
            ("socks5h://p.example", false),
        ] {
            let (variable, value) = ("HTTP_PROXY", value.to_owned());
            let named = Named { variable, value };
            assert_eq!(named.speaks_tls(), speaks_tls, "{named:?}");
        }
    }

    #[test]
    fn what_can_be_used_is_taken() {
        for value in [
            "p.example:8080",
            "127.0.0.1:8080",
            "http://user:secret@p.example:8080",
            "https://p.example",
            "socks5://[::1]:1080",
            "socks5h://p.example",
            "socks4a://p.example:9",
        ] {
            assert_eq!(complaint(value), None, "{value}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_named_without_its_password() {
        for (value, what) in [
            ("ftp://u:secret@p.example", "its scheme is ftp"),
            ("socks://u:secret@p.example", "its scheme is socks"),
            ("http://u:secret@", "host"),
            ("http://u:secret@p.example:99999", "port"),
            ("http://", "host"),
            ("socks5//p.example:1", "path"),
            ("u:secret@a b:1", "invalid"),
        ] {
            let told = complaint(value).expect(value);
            assert!(told.contains(what), "{value}: {told}");
            assert!(told.contains("ALL_PROXY"), "{told}");
            assert!(!told.contains("secret"), "{told}");
        }
    }
}
