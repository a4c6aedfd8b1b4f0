//! Where to begin, as a torrent file says (BEP 5, "Torrent File Extensions").

use bencode::Value;

/// How many of a torrent's nodes are looked at.
const MAX_NODES: usize = 64;

/// The longest name of a host, in bytes (RFC 1035).
const MAX_NAME: usize = 255;

/// The nodes that a torrent file names in its `nodes`, as hosts and ports: `[["127.0.0.1", 6881], …]`.
/// What is no host or no port is skipped. A host may be a name, which the caller looks up, or not.
pub fn torrent_nodes(torrent: &[u8]) -> Vec<(String, u16)> {
    let Ok(document) = bencode::decode_lenient(torrent) else {
        return Vec::new();
    };
    let nodes = document.root().get("nodes").and_then(Value::list);
    let nodes = nodes.into_iter().flatten().take(MAX_NODES);
    nodes.filter_map(node).collect()
}

fn node(pair: Value<'_, '_>) -> Option<(String, u16)> {
    let mut pair = pair.list()?;
    let host = pair.next()?.as_str()?;
    let port = u16::try_from(pair.next()?.as_int()?).ok()?;
    let is_host = !host.is_empty() && host.len() <= MAX_NAME && !host.contains(char::is_control);
    (is_host && port != 0).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    /// The example of BEP 5.
    #[test]
    fn the_nodes_of_bep_5_are_read() {
        let torrent = b"d4:infode5:nodesll9:127.0.0.1i6881eel16:your.router.nodei4804eel34:2001:db8:100:0:d5c8:db3f:995e:c0f7i1941eeee";
        let nodes = torrent_nodes(torrent);
        let expected = [
            ("127.0.0.1", 6881),
            ("your.router.node", 4804),
            ("2001:db8:100:0:d5c8:db3f:995e:c0f7", 1941),
        ];
        assert_eq!(nodes, expected.map(|(host, port)| (host.to_owned(), port)));
    }

    #[test]
    fn what_is_none_is_skipped() {
        let torrent = b"d5:nodesli7el1:ael1:ai0eel1:ai70000eel0:i1eel2:\x1b[i1eel1:bi2eeee";
        assert_eq!(torrent_nodes(torrent), [("b".to_owned(), 2)]);
        assert_eq!(torrent_nodes(b"de"), []);
        assert_eq!(torrent_nodes(b"<html>"), []);
        let many = [&b"d5:nodesl"[..], &b"l1:ai1ee".repeat(1_000), b"ee"].concat();
        assert_eq!(torrent_nodes(&many).len(), MAX_NODES);
    }
}
