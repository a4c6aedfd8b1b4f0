//! What the client does where everybody is honest. A client that does not go on here has not come so far, and
//! that it does not go on elsewhere says nothing.

use std::sync::Arc;

use messages::Message;

use super::Ground;
use super::scene::{Over, Scene, SceneError};
use crate::lab::peer::Passed;

/// How far a client comes with one honest seeder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// It lets an info-hash be seen: in an announce, in a handshake, in what it prints.
    pub names: bool,
    /// It finds the peer that the tracker names: it calls it, or prints its address.
    pub finds: bool,
    /// It says to a peer that it wants something.
    pub is_interested: bool,
    /// It fetches everything.
    pub fetches: bool,
}

impl Ground {
    /// The client in an honest swarm; it is run once, when it is first asked for.
    pub async fn baseline(self: &Arc<Ground>) -> Result<Baseline, SceneError> {
        let run = async {
            let mut scene = Scene::new(self.clone(), "baseline".into())?;
            let peer = scene.usual().await?;
            let limit = scene.patience();
            let played = scene.play(limit, &Scene::is_whole).await?;
            let interested = Passed::Message(Message::Interested);
            Ok(Baseline {
                names: scene.names_torrent(scene.torrent.info_hash()),
                finds: scene.finds("seeder", peer),
                is_interested: scene.tape.has("seeder", |passed| *passed == interested),
                fetches: played.over == Over::Happened,
            })
        };
        self.baseline.get_or_try_init(|| run).await.copied()
    }
}
