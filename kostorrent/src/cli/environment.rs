//! What the environment says of the network.

use super::failure::Failure;
use super::values::{self, Router};
use crate::node::LocalNetwork;

const ROUTERS: &str = "KOSTORRENT_DHT_ROUTERS";
const LOCAL: &str = "KOSTORRENT_LSD";

/// Where to begin in the DHT: the nodes that are named, if anything is said.
pub(crate) fn routers() -> Result<Option<Vec<Router>>, Failure> {
    let Ok(text) = std::env::var(ROUTERS) else {
        return Ok(None);
    };
    let all = text.split(',').map(|one| values::router(one.trim()));
    match all.collect() {
        Ok(all) => Ok(Some(all)),
        Err(error) => Err(Failure::Usage(format!("{ROUTERS}: {error}"))),
    }
}

/// Which network is the local one.
pub(crate) fn local_network() -> LocalNetwork {
    match std::env::var(LOCAL).as_deref() {
        Ok("loopback") => LocalNetwork::Loopback,
        Ok("off") => LocalNetwork::None,
        _ => LocalNetwork::Usual,
    }
}
