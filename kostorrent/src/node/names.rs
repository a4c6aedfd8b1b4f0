//! The names of peers, and where they lead.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use tokio::sync::oneshot;

/// How long a look-up may take.
const LOOK_UP: Duration = Duration::from_secs(20);

/// All addresses of a host, or why there are none. The system looks it up on a thread of its own,
/// which nobody waits for in the end: such a look-up takes as long as it takes, and cannot be
/// ended.
pub(super) async fn look_up(name: String, port: u16) -> Result<Vec<SocketAddr>, String> {
    let (sender, answer) = oneshot::channel::<io::Result<Vec<SocketAddr>>>();
    let work = move || {
        let addrs = (name.as_str(), port).to_socket_addrs();
        let _ = sender.send(addrs.map(Iterator::collect));
    };
    let thread = std::thread::Builder::new().name("look-up".to_owned());
    if let Err(error) = thread.spawn(work) {
        return Err(error.to_string());
    }
    match tokio::time::timeout(LOOK_UP, answer).await {
        Ok(Ok(Ok(addrs))) => Ok(addrs),
        Ok(Ok(Err(error))) => Err(error.to_string()),
        Ok(Err(_)) => Err("the look-up broke off".to_owned()),
        Err(_) => Err(format!("no answer within {} s", LOOK_UP.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn localhost_is_this_machine_and_some_names_are_nowhere() {
        let addrs = look_up("localhost".to_owned(), 5).await.unwrap();
        assert!(!addrs.is_empty() && addrs.iter().all(|addr| addr.ip().is_loopback()));
        // RFC 6761: no name ends with `.invalid`.
        assert!(look_up("nobody.invalid".to_owned(), 5).await.is_err());
    }
}
