//! The list of what is odd about a torrent.

/// So many warnings are kept: a torrent made of oddities must not fill the memory with them.
const MAX_WARNINGS: usize = 50;

/// Collects what is odd.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    kept: Vec<String>,
    more: usize,
}

impl Warnings {
    /// Notes something odd. The sentence is only made when it is kept.
    pub fn add(&mut self, sentence: impl FnOnce() -> String) {
        if self.kept.len() < MAX_WARNINGS {
            self.kept.push(sentence());
        } else {
            self.more += 1;
        }
    }

    /// The sentences, with a last one for those that were not kept.
    pub fn into_sentences(mut self) -> Vec<String> {
        if self.more > 0 {
            self.kept.push(format!("{} more oddities", self.more));
        }
        self.kept
    }
}

/// A name from the torrent for a sentence: quoted, cut short, with nothing in it that a terminal
/// would obey.
pub(crate) fn quoted(name: &[u8]) -> String {
    const SHOWN: usize = 60;
    let cut = if name.len() > SHOWN { "…" } else { "" };
    let text = String::from_utf8_lossy(&name[..name.len().min(SHOWN)]);
    format!("\"{}{cut}\"", text.escape_debug())
}
