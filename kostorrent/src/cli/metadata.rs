//! What a magnet link names, fetched from those who have it, and nothing more: before files are chosen,
//! and for `show`.

use std::sync::Arc;

use magnet::Magnet;

use super::failure::Failure;
use super::interrupt::Interrupts;
use super::job::Found;
use super::{args, environment, face, job, memory, running};
use crate::node::{Node, NodeOptions, Notice, Outcome};

/// Fetches the metadata of a link.
pub(crate) fn fetch(
    magnet: &Arc<Magnet>,
    network: &args::Network,
    sources: args::Sources,
    face: args::Face,
) -> Result<Found, Failure> {
    running::block_on(async {
        let mut interrupts = Interrupts::new()?;
        let options = NodeOptions {
            encryption: network.encryption(),
            local: environment::local_network(),
            route: network.route(),
            ..NodeOptions::default()
        };
        let node = Node::start(options).map_err(Failure::failed)?;
        let dht = network.dht(sources, memory::usual_folder())?;
        let endpoint = node.listen_with(running::listen_on(network.port), dht);
        let endpoint = endpoint.map_err(Failure::failed)?;
        let mut options = job::link(magnet, network.peers(), network.names());
        options.sources = sources.sources();
        let mut torrent = endpoint.add_magnet(options).map_err(Failure::failed)?;
        let mut notices = torrent.notices();
        let mut found = None;
        let mut interrupted = false;
        loop {
            tokio::select! {
                biased;
                () = interrupts.next() => {
                    interrupted = true;
                    torrent.stop();
                    break;
                }
                notice = notices.recv() => match notice {
                    Some(Notice::Metadata { metainfo, info }) => {
                        found = Some(Found {
                            metainfo,
                            info,
                            nodes: Vec::new(),
                        });
                        torrent.stop();
                        break;
                    }
                    Some(notice) => {
                        if let Some(sentence) = face::sentence(&notice) {
                            face::warn(face, &sentence)?;
                        }
                    }
                    // It has ended.
                    None => break,
                },
            }
        }
        let outcome = torrent.wait().await;
        drop(endpoint);
        node.end().await;
        match (found, outcome) {
            (Some(found), _) => Ok(found),
            (None, Outcome::Failed(why)) => Err(Failure::failed(why)),
            _ if interrupted => Err(Failure::Interrupted(
                "interrupted before anybody had sent the metadata".into(),
            )),
            _ => Err(Failure::Failed("nobody has sent the metadata".into())),
        }
    })
}
