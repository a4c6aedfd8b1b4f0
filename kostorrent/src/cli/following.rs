//! What happens to several torrents, in one stream.

use std::sync::Arc;

use selection::Selection;
use tokio::sync::{mpsc, watch};

use super::face::Looking;
use crate::node::{Command, Details, Notice, Outcome, Snapshot, Torrent, TorrentOptions};

/// Something of a torrent that can be shown.
pub(super) enum Seen {
    /// New figures.
    Figures(Snapshot),
    /// What only those are told who look.
    Details(Arc<Details>),
    /// Something that a user may like to know, and the figures that belong to it.
    Notice(Notice, Snapshot),
    /// It is over; the last that is seen of it.
    Ended(Outcome),
}

/// A torrent that is followed. It goes on as long as this is there.
pub(super) struct Following {
    wishes: mpsc::UnboundedSender<Wish>,
}

/// What is asked of a torrent that is followed.
enum Wish {
    Command(Command),
    Choose(Selection),
    Begin(Box<TorrentOptions>),
}

impl Following {
    /// Asks something of the torrent.
    pub(super) fn command(&self, command: Command) {
        let _ = self.wishes.send(Wish::Command(command));
    }

    /// Begins with what its magnet link has become.
    pub(super) fn begin(&self, options: TorrentOptions) {
        let _ = self.wishes.send(Wish::Begin(Box::new(options)));
    }

    /// Wants other files of it.
    pub(super) fn choose(&self, selection: Selection) {
        let _ = self.wishes.send(Wish::Choose(selection));
    }
}

/// Passes on what happens to a torrent, as number `index`; with the details, as long as somebody
/// `looks` at it.
pub(super) fn follow(
    index: usize,
    mut torrent: Torrent,
    mut looks: watch::Receiver<Looking>,
    to: mpsc::Sender<(usize, Seen)>,
) -> Following {
    let (to_wishes, mut wishes) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut notices = torrent.notices();
        let mut snapshots = torrent.snapshots();
        let mut details = looks.borrow().at(index).then(|| torrent.details());
        let mut followed = true;
        loop {
            let seen = tokio::select! {
                biased;
                // Whoever follows no more wants no more.
                wish = wishes.recv(), if followed => {
                    followed = wish.is_some();
                    match wish.unwrap_or(Wish::Command(Command::Stop)) {
                        Wish::Command(command) => torrent.command(command),
                        Wish::Choose(selection) => torrent.choose(selection),
                        Wish::Begin(options) => torrent.begin(*options),
                    }
                    continue;
                }
                Ok(()) = looks.changed() => {
                    if !looks.borrow_and_update().at(index) {
                        details = None;
                    } else if details.is_none() {
                        details = Some(torrent.details());
                    }
                    continue;
                }
                Some(notice) = notices.recv() => Seen::Notice(notice, snapshots.borrow().clone()),
                Some(details) = next(&mut details) => {
                    // The figures that belong to them first.
                    let figures = Seen::Figures(snapshots.borrow_and_update().clone());
                    let _ = to.send((index, figures)).await;
                    Seen::Details(details)
                }
                changed = snapshots.changed() => {
                    let seen = Seen::Figures(snapshots.borrow_and_update().clone());
                    // The torrent's end closes the channel; its last figures stay in it.
                    if changed.is_err() {
                        let _ = to.send((index, seen)).await;
                        break;
                    }
                    seen
                }
            };
            let _ = to.send((index, seen)).await;
        }
        while let Ok(notice) = notices.try_recv() {
            let seen = Seen::Notice(notice, snapshots.borrow().clone());
            let _ = to.send((index, seen)).await;
        }
        let _ = to.send((index, Seen::Ended(torrent.wait().await))).await;
    });
    Following { wishes: to_wishes }
}

/// The next details, if they are wanted and there will be any.
async fn next(details: &mut Option<watch::Receiver<Arc<Details>>>) -> Option<Arc<Details>> {
    let receiver = details.as_mut()?;
    receiver.changed().await.ok()?;
    Some(receiver.borrow_and_update().clone())
}
