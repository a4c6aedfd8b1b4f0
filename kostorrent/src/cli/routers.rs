//! Where to begin in the DHT, as the environment says.

use super::failure::Failure;
use super::values::{self, Router};

const VARIABLE: &str = "KOSTORRENT_DHT_ROUTERS";

/// The nodes that the environment names, if it says anything.
pub(crate) fn of_environment() -> Result<Option<Vec<Router>>, Failure> {
    let Ok(text) = std::env::var(VARIABLE) else {
        return Ok(None);
    };
    let all = text.split(',').map(|one| values::router(one.trim()));
    match all.collect() {
        Ok(all) => Ok(Some(all)),
        Err(error) => Err(Failure::Usage(format!("{VARIABLE}: {error}"))),
    }
}
