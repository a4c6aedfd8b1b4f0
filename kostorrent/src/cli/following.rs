//! What happens to several torrents, in one stream.

use tokio::sync::mpsc;

use crate::node::{Command, Notice, Outcome, Snapshot, Torrent};

/// Something of a torrent that can be shown.
pub(super) enum Seen {
    /// New figures.
    Figures(Snapshot),
    /// Something that a user may like to know, and the figures that belong to it.
    Notice(Notice, Snapshot),
    /// It is over; the last that is seen of it.
    Ended(Outcome),
}

/// A torrent that is followed. It goes on as long as this is there.
pub(super) struct Following {
    stop: mpsc::UnboundedSender<Command>,
}

impl Following {
    /// Asks the torrent to end.
    pub(super) fn stop(&self) {
        let _ = self.stop.send(Command::Stop);
    }
}

/// Passes on what happens to a torrent, as number `index`.
pub(super) fn follow(
    index: usize,
    mut torrent: Torrent,
    to: mpsc::Sender<(usize, Seen)>,
) -> Following {
    let (stop, mut commands) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut notices = torrent.notices();
        let mut snapshots = torrent.snapshots();
        let mut followed = true;
        loop {
            let seen = tokio::select! {
                biased;
                // Whoever follows no more wants no more.
                command = commands.recv(), if followed => {
                    followed = command.is_some();
                    torrent.command(command.unwrap_or(Command::Stop));
                    continue;
                }
                Some(notice) = notices.recv() => Seen::Notice(notice, snapshots.borrow().clone()),
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
    Following { stop }
}
