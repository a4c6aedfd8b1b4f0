//! The hashes of the pieces of version 2 (BEP 52). They stand beside `info`, under `piece layers`;
//! what vouches for them is the root of each file's hash tree, which stands in `info`.

use std::collections::{HashMap, HashSet};

use super::v2::Root;
use crate::fields::Fields;
use crate::merkle::{self, Hash};
use crate::{Error, File};

/// Each file that is larger than a piece needs a layer: one hash for each of its pieces, and
/// together they must give the file's root. Nothing else may be there.
///
/// Files of the same content share a layer, and it is hashed once: the time this takes is bounded
/// by the size of the torrent file.
pub(crate) fn check(
    torrent: Fields<'_, '_>,
    files: &[File],
    roots: &[Root],
    piece_length: u64,
) -> Result<(), Error> {
    let is_large = |root: &&Root| files[root.file].length > piece_length;
    let large = roots.iter().filter(is_large);
    let large: HashSet<Hash> = large.map(|root| root.hash).collect();
    if large.is_empty() && torrent.get(KEY).is_none() {
        return Ok(());
    }
    let layers = read(torrent, |root| large.contains(root))?;
    let padding = merkle::padding(piece_length);
    let mut proven: HashSet<Hash> = HashSet::new();
    for root in roots.iter().filter(is_large) {
        let file = &files[root.file];
        let path = || file.path.join("/");
        let layer = *layers
            .get(&root.hash)
            .ok_or_else(|| Error::NoLayer { path: path() })?;
        let pieces = file.length.div_ceil(piece_length);
        if layer.len() as u64 != pieces.saturating_mul(32) {
            return Err(Error::LayerLength {
                path: path(),
                found: layer.len(),
                pieces,
            });
        }
        let (hashes, _) = layer.as_chunks::<32>();
        if proven.insert(root.hash) && merkle::root(hashes, padding) != root.hash {
            return Err(Error::LayerRoot { path: path() });
        }
    }
    Ok(())
}

/// The key of the layers, beside `info`.
pub(super) const KEY: &str = "piece layers";

/// The layers by their roots.
fn read<'a>(
    torrent: Fields<'_, 'a>,
    is_needed: impl Fn(&Hash) -> bool,
) -> Result<HashMap<Hash, &'a [u8]>, Error> {
    let mut layers = HashMap::new();
    for (key, value) in torrent.need_dict(KEY)? {
        let layer = value.as_bytes();
        let layer = layer.ok_or_else(|| torrent.wrong(KEY, value, "made of strings"))?;
        let root = Hash::try_from(key).ok().filter(&is_needed);
        let offset = value.span().start;
        let root = root.ok_or(Error::UnknownLayer { offset })?;
        layers.entry(root).or_insert(layer);
    }
    Ok(layers)
}
