//! Which files are wanted, and how much.

use std::fmt;

use crate::files::Files;

// ANCHOR: priority
/// How much a file, or a piece, is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Not at all.
    #[default]
    Skip,
    /// After all others.
    Low,
    /// As usual.
    Normal,
    /// Before all others.
    High,
}
// ANCHOR_END: priority

impl Priority {
    /// The priority that a word names.
    pub fn named(word: &str) -> Option<Priority> {
        Some(match word {
            "skip" => Priority::Skip,
            "low" => Priority::Low,
            "normal" => Priority::Normal,
            "high" => Priority::High,
            _ => return None,
        })
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Priority::Skip => "skip",
            Priority::Low => "low",
            Priority::Normal => "normal",
            Priority::High => "high",
        })
    }
}

/// How much each file of a torrent is wanted.
///
/// A symbolic link has no bytes, and is worth nothing without what it leads to. So it has no mark of
/// its own: it is wanted when a file that it leads to is. Who names it, and nothing else beside it,
/// chooses what it leads to. One that leads to nothing in the torrent is wanted when anything is.
///
/// Written out (`Display`), it is a list that selects the same, by numbers: `1-3,7:high`, `*` for
/// all, `!*` for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// For each listed file.
    marks: Vec<Priority>,
    /// The listed file of each file of the layout.
    places: Vec<Option<usize>>,
    /// Which of the listed files are links.
    links: Vec<bool>,
}

impl Selection {
    /// All files, as usual.
    pub fn all(files: &Files) -> Selection {
        Selection::new(files, Priority::Normal)
    }

    /// No file.
    pub fn none(files: &Files) -> Selection {
        Selection::new(files, Priority::Skip)
    }

    fn new(files: &Files, priority: Priority) -> Selection {
        let places = (0..files.in_layout()).map(|file| files.place(file));
        Selection {
            marks: vec![priority; files.listed().len()],
            places: places.collect(),
            links: files
                .listed()
                .iter()
                .map(|file| file.link.is_some())
                .collect(),
        }
    }

    /// How much a file of the layout is wanted; padding is not.
    pub fn priority(&self, file: usize) -> Priority {
        let place = self.places.get(file).copied().flatten();
        place.map_or(Priority::Skip, |place| self.marks[place])
    }

    /// Whether a file of the layout is wanted.
    pub fn is_wanted(&self, file: usize) -> bool {
        self.priority(file) != Priority::Skip
    }

    /// How much each listed file is wanted, in their order.
    pub fn marks(&self) -> &[Priority] {
        &self.marks
    }

    /// How many of the listed files are wanted.
    pub fn count(&self) -> usize {
        let wanted = self.marks.iter();
        wanted.filter(|&&mark| mark != Priority::Skip).count()
    }

    /// Whether all listed files are wanted, and none more than another.
    pub fn is_all(&self) -> bool {
        self.marks.iter().all(|&mark| mark == Priority::Normal)
    }

    /// A number for each file of the layout, for whoever remembers the choice: 0 for skip, 1 low,
    /// 2 normal, 3 high.
    pub fn numbers(&self) -> Vec<u8> {
        let files = 0..self.places.len();
        files.map(|file| self.priority(file) as u8).collect()
    }

    /// The selection of which these are the [numbers](Selection::numbers); `None` if they are not
    /// those of one of these files.
    pub fn from_numbers(files: &Files, numbers: &[u8]) -> Option<Selection> {
        const ALL: [Priority; 4] = [
            Priority::Skip,
            Priority::Low,
            Priority::Normal,
            Priority::High,
        ];
        let mut selection = Selection::none(files);
        if numbers.len() != selection.places.len() {
            return None;
        }
        for (file, &number) in numbers.iter().enumerate() {
            let priority = *ALL.get(usize::from(number))?;
            if let Some(place) = selection.places[file] {
                selection.marks[place] = priority;
            }
        }
        selection.follow(files);
        Some(selection)
    }

    /// Marks listed files, by their places. Among others a link is passed over; links alone mark what
    /// they lead to. Their own marks are right after [`Selection::follow`].
    pub(crate) fn mark(&mut self, files: &Files, places: &[usize], priority: Priority) {
        let are_links = places.iter().all(|&place| self.links[place]);
        for &place in places {
            let behind = match are_links {
                true => files.behind(place),
                false => &[place],
            };
            for &place in behind {
                if !self.links[place] {
                    self.marks[place] = priority;
                }
            }
        }
    }

    /// Gives each link the mark of what it leads to: the highest.
    pub(crate) fn follow(&mut self, files: &Files) {
        let of = |marks: &[Priority], places: &mut dyn Iterator<Item = usize>| {
            places.map(|place| marks[place]).max().unwrap_or_default()
        };
        let mut rest = (0..self.marks.len()).filter(|&place| !self.links[place]);
        let anything = of(&self.marks, &mut rest).min(Priority::Normal);
        for place in (0..self.marks.len()).filter(|&place| self.links[place]) {
            let behind = files.behind(place).iter().copied();
            let mut behind = behind.filter(|&place| !self.links[place]).peekable();
            self.marks[place] = match behind.peek() {
                Some(_) => of(&self.marks, &mut behind),
                None => anything,
            };
        }
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.count() == 0 {
            return f.write_str("!*");
        }
        // Links follow what they lead to, so they are not written.
        let marks = self.marks.iter().copied().zip(1..);
        let own: Vec<(Priority, usize)> = marks.filter(|(_, n)| !self.links[n - 1]).collect();
        if own.iter().all(|&(mark, _)| mark == Priority::Normal) {
            return f.write_str("*");
        }
        let mut comma = "";
        for run in own.chunk_by(|(one, _), (next, _)| one == next) {
            let [(mark, first), ..] = *run else {
                continue;
            };
            let last = run.last().map_or(first, |&(_, last)| last);
            if mark == Priority::Skip {
                continue;
            }
            write!(f, "{comma}{first}")?;
            comma = ",";
            if last > first {
                write!(f, "-{last}")?;
            }
            if mark != Priority::Normal {
                write!(f, ":{mark}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
