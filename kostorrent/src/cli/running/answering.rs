//! What is asked of the torrents at work from another terminal.

use super::{Running, Shown};
use crate::cli::face::Face;
use crate::cli::failure::Failure;
use crate::control::{Ask, Asked, Said};
use crate::node::Command;

impl Running {
    /// Does what was asked, and answers.
    pub(super) fn asked(&mut self, asked: Asked, face: &mut dyn Face) -> Result<(), Failure> {
        let (torrent, order) = match &asked.ask {
            Ask::Status => {
                let torrents = self.torrents.iter().map(Shown::standing).collect();
                let pid = std::process::id();
                asked.answer(Said::Status { pid, torrents });
                return Ok(());
            }
            Ask::Pause { torrent } => (torrent, Order::Command(Command::Pause)),
            Ask::Resume { torrent } => (torrent, Order::Command(Command::Resume)),
            Ask::Stop { torrent } => (torrent, Order::Command(Command::Stop)),
            Ask::Choose { torrent, files } => (torrent, Order::Choose(files)),
        };
        let meant =
            |shown: &&mut Shown| shown.outcome.is_none() && shown.subject.info_hash == *torrent;
        let Some(shown) = self.torrents.iter_mut().find(meant) else {
            asked.answer(Said::Error("that torrent is not being worked on".into()));
            return Ok(());
        };
        let stops = order == Order::Command(Command::Stop);
        let done = shown.obey(order);
        shown.told_to_stop |= stops;
        let answer = match done {
            Ok(()) => Said::Done(torrent.clone()),
            Err(why) => Said::Error(why),
        };
        asked.answer(answer);
        let mut left = self.torrents.iter().filter(|s| s.outcome.is_none());
        if stops && left.all(|shown| shown.told_to_stop) {
            // As after Ctrl-C: the next one ends at once.
            return self.is_stopping(face);
        }
        Ok(())
    }
}

/// What is to be done with a torrent.
#[derive(PartialEq, Eq)]
enum Order<'a> {
    Command(Command),
    /// These files are wanted, as for `--files`.
    Choose(&'a str),
}

impl Shown {
    fn obey(&self, order: Order<'_>) -> Result<(), String> {
        match order {
            Order::Command(command) => self.command(command),
            Order::Choose(files) => self.choose(self.listed(files)?),
        }
        Ok(())
    }
}
