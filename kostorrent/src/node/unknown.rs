//! What is known of a torrent by its magnet link alone, and what it becomes.

use std::rc::Rc;
use std::sync::Arc;

use engine::{Failure, Known};
use magnet::{Magnet, torrent_file};
use metainfo::{InfoHash, Metainfo};
use storage::Names;
use tokio::sync::{oneshot, watch};

use super::body::{self, Body};
use super::check_torrent;
use super::common::Common;
use super::disk::TorrentId;
use super::figures::{Notice, Snapshot};
use super::handle::TorrentOptions;
use super::opening::{self, Opened};

/// What is needed to make a torrent of a magnet link.
pub(super) struct Unknown {
    id: TorrentId,
    magnet: Arc<Magnet>,
    common: Rc<Common>,
    choices: watch::Receiver<Option<selection::Selection>>,
    /// How to go on when it is known what it is.
    begin: Option<oneshot::Receiver<TorrentOptions>>,
}

/// A torrent that a magnet link has become, and what was found on disk of it.
pub(super) struct Found {
    options: TorrentOptions,
    opened: Opened,
}

impl Unknown {
    /// Of this link; the torrent begins when it is said how.
    pub fn new(
        id: TorrentId,
        magnet: Arc<Magnet>,
        common: Rc<Common>,
        choices: watch::Receiver<Option<selection::Selection>>,
        begin: oneshot::Receiver<TorrentOptions>,
    ) -> Unknown {
        Unknown {
            id,
            magnet,
            common,
            choices,
            begin: Some(begin),
        }
    }

    /// The torrent that has these metadata; a sentence, if it cannot be worked on.
    pub fn torrent(&self, info: &[u8]) -> Result<Metainfo, String> {
        torrent(&self.magnet, info)
    }

    /// Waits until it is said how to go on, and looks at what is on disk. `publish` shows how far that
    /// has come.
    pub fn find(
        &mut self,
        info_hash: InfoHash,
        publish: watch::Sender<Snapshot>,
    ) -> impl Future<Output = Result<Found, Failure>> + use<> {
        let (begin, common) = (self.begin.take(), self.common.clone());
        async move {
            let options = match begin {
                Some(begin) => begin.await.ok(),
                None => None,
            };
            let Some(options) = options else {
                // Whoever holds the handle knows enough.
                return std::future::pending().await;
            };
            let names = Names::of(&options.metainfo);
            let names = names.map_err(|error| Failure::Shell(error.to_string()))?;
            let place = body::place(&options, names, info_hash);
            let opened = opening::open(place, &common.checks, &publish).await?;
            Ok(Found { options, opened })
        }
    }

    /// The body of what was found; and what the engine is told of it.
    pub fn body(&self, found: Found, notify: impl Fn(Notice)) -> (Body, Known) {
        let Found {
            options,
            mut opened,
        } = found;
        opened.notices.drain(..).for_each(notify);
        let choices = self.choices.clone();
        let is_private = options.metainfo.private;
        let (body, content) = Body::new(self.id, &self.common, &options, opened, choices);
        let known = Known::of(&content, is_private);
        (body, known)
    }
}

/// The torrent that a link names and these are the metadata of; a sentence, if it cannot be worked on.
fn torrent(magnet: &Magnet, info: &[u8]) -> Result<Metainfo, String> {
    let metainfo = Metainfo::parse(&torrent_file(info, magnet)).map_err(|error| {
        format!("the metadata of the magnet link are no usable torrent: {error}")
    })?;
    // The metadata were verified by the first hash alone.
    if magnet.info_hash_v2.is_some() && magnet.info_hash_v2 != metainfo.info_hash_v2 {
        return Err("the two hashes of the magnet link are those of two torrents".into());
    }
    check_torrent(&metainfo).map_err(|error| error.to_string())?;
    Ok(metainfo)
}

#[cfg(test)]
mod tests {
    use metainfo::info_bytes;

    use super::*;

    const SAMPLE: &[u8] = include_bytes!("../../sample/kostorrent-sample.torrent");

    #[test]
    fn both_hashes_of_a_link_must_be_those_of_its_torrent() {
        let info = info_bytes(SAMPLE).unwrap();
        let mut magnet = Magnet::of(&Metainfo::parse(SAMPLE).unwrap());
        assert_eq!(torrent(&magnet, &info).unwrap().name, "kostorrent-sample");
        magnet.info_hash_v2 = Some([7; 32]);
        let why = torrent(&magnet, &info).unwrap_err();
        assert_eq!(
            why,
            "the two hashes of the magnet link are those of two torrents"
        );
    }
}
