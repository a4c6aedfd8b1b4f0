//! What is asked of the torrents at work from another terminal.

use super::{Running, Shown};
use crate::cli::face::Face;
use crate::cli::failure::Failure;
use crate::control::{Ask, Asked, Said};
use crate::node::Command;

impl Running {
    /// Does what was asked, and answers.
    pub(super) fn asked(&mut self, asked: Asked, face: &mut dyn Face) -> Result<(), Failure> {
        let torrent = match &asked.ask {
            Ask::Status => {
                let torrents = self.torrents.iter().map(Shown::standing).collect();
                let pid = std::process::id();
                asked.answer(Said::Status { pid, torrents });
                return Ok(());
            }
            Ask::Pause { torrent }
            | Ask::Resume { torrent }
            | Ask::Choose { torrent, .. }
            | Ask::Stop { torrent } => torrent,
        };
        let meant =
            |shown: &&mut Shown| shown.outcome.is_none() && shown.subject.info_hash == *torrent;
        let Some(shown) = self.torrents.iter_mut().find(meant) else {
            asked.answer(Said::Error("that torrent is not being worked on".into()));
            return Ok(());
        };
        let done = Said::Done(torrent.clone());
        let mut stops = false;
        match &asked.ask {
            Ask::Status => {}
            Ask::Pause { .. } => shown.command(Command::Pause),
            Ask::Resume { .. } => shown.command(Command::Resume),
            Ask::Choose { files, .. } => match shown.listed(files) {
                Ok(selection) => shown.choose(selection),
                Err(why) => {
                    asked.answer(Said::Error(why));
                    return Ok(());
                }
            },
            Ask::Stop { .. } => {
                shown.command(Command::Stop);
                shown.told_to_stop = true;
                stops = true;
            }
        }
        asked.answer(done);
        let mut left = self.torrents.iter().filter(|s| s.outcome.is_none());
        if stops && left.all(|shown| shown.told_to_stop) {
            // As after Ctrl-C: the next one ends at once.
            return self.is_stopping(face);
        }
        Ok(())
    }
}
