//! The choice, against file systems of every kind.

use pretty_assertions::assert_eq;
use proptest::prelude::*;
use rustix::io::Errno;

use super::*;

/// A file system in memory, with its whims.
#[derive(Clone, Default)]
struct Fake {
    makes: bool,
    folds_case: bool,
    /// All names are stored in small letters.
    lowers: bool,
    drops_dots: bool,
    /// A thing has another number under each name that it answers to.
    numbers_names: bool,
    refuses: &'static str,
    /// What is there: the name as it is stored, and what it is.
    stored: BTreeMap<PathBuf, What>,
}

impl Fake {
    /// How a path is stored, as far as its names are changed.
    fn stored_as(&self, path: &Path) -> PathBuf {
        let names = path.iter().map(|name| name.to_str().unwrap());
        let names = names.map(|name| match self.drops_dots {
            true => name.trim_end_matches('.'),
            false => name,
        });
        let names = names.map(|name| match self.lowers {
            true => name.to_lowercase(),
            false => name.to_owned(),
        });
        names.collect()
    }

    /// The stored path that answers to this one.
    fn find(&self, path: &Path) -> Option<&PathBuf> {
        let wanted = self.stored_as(path);
        let is_same = |stored: &Path| match self.folds_case {
            true => stored.as_os_str().eq_ignore_ascii_case(&wanted),
            false => stored == wanted,
        };
        self.stored.keys().find(|stored| is_same(stored))
    }
}

impl Ground for Fake {
    fn makes(&self) -> bool {
        self.makes
    }

    fn look(&self, path: &Path) -> Option<Seen> {
        let stored = self.find(path)?;
        Some(Seen {
            what: self.stored[stored],
            is_link: false,
            id: match self.numbers_names {
                true => (2, number(path)),
                false => (1, number(stored)),
            },
            names: 1,
        })
    }

    fn lists(&mut self, path: &Path) -> Listed {
        let folder = self.find(path.parent().unwrap()).cloned();
        let wanted = folder.unwrap_or_default().join(path.file_name().unwrap());
        let is_wanted = |stored: &PathBuf| stored.as_os_str().eq_ignore_ascii_case(&wanted);
        if self.stored.contains_key(&wanted) {
            Listed::Exactly
        } else if self.stored.keys().any(is_wanted) {
            Listed::InAnotherCase
        } else {
            Listed::No
        }
    }

    fn make(&mut self, path: &Path, what: What) -> io::Result<()> {
        if path
            .to_str()
            .unwrap()
            .contains(|char| self.refuses.contains(char))
        {
            return Err(Errno::INVAL.into());
        }
        let folder = path.parent().unwrap();
        if folder != Path::new("") && self.find(folder).is_none() {
            self.make(folder, What::Folder)?;
        }
        if self.find(path).is_some() {
            return Err(Errno::EXIST.into());
        }
        self.stored.insert(self.stored_as(path), what);
        Ok(())
    }

    fn remove(&mut self, path: &Path, what: What) {
        let stored = self.find(path).unwrap().clone();
        assert_eq!(self.stored.remove(&stored), Some(what));
    }
}

/// A number for a stored name, always the same.
fn number(stored: &Path) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    stored.hash(&mut hasher);
    hasher.finish()
}

fn layout(paths: &[&str]) -> Layout {
    let kind = Kind::Regular { executable: false };
    let files = paths.iter().map(|path| (path.into(), 1, kind.clone()));
    Layout::new(files, 16_384).unwrap()
}

/// The torrent of the tests: names of every kind that is not portable.
fn both() -> (Layout, Layout) {
    let own = [
        "R.E.M./Read.me",
        "R.E.M./read.ME",
        "R.E.M./a?",
        "R.E.M./d./etc...",
        "R.E.M./d./etc",
    ];
    let portable = [
        "R.E.M_/Read.me",
        "R.E.M_/read (2).ME",
        "R.E.M_/a_",
        "R.E.M_/d_/etc___",
        "R.E.M_/d_/etc",
    ];
    (layout(&own), layout(&portable))
}

fn paths(layout: &Layout) -> Vec<&str> {
    let files = layout.files().iter();
    files.map(|file| file.path.to_str().unwrap()).collect()
}

/// What is chosen for the torrent of the tests.
fn chosen(fake: &mut Fake) -> Vec<String> {
    let (own, portable) = both();
    let layout = choose(fake, &own, &portable, &|| false).unwrap();
    paths(&layout).iter().map(|path| path.to_string()).collect()
}

/// What is chosen when nothing is there; it must be chosen again, whoever looks.
#[track_caller]
fn chosen_anew(fake: Fake) -> Vec<String> {
    let mut making = Fake {
        makes: true,
        ..fake
    };
    let first = chosen(&mut making);
    let stored = making.stored.clone();
    assert_eq!(chosen(&mut making), first, "at the next start");
    assert_eq!(making.stored, stored, "nothing more is made");
    making.makes = false;
    assert_eq!(chosen(&mut making), first, "for whoever only looks");
    let files = stored.values().filter(|what| **what == What::File).count();
    assert_eq!(
        files,
        first.len(),
        "each file is one of its own, and nothing else is left"
    );
    first
}

#[test]
fn where_all_names_are_kept_the_own_are_used() {
    let (own, _) = both();
    assert_eq!(chosen_anew(Fake::default()), paths(&own));
    assert_eq!(
        chosen(&mut Fake::default()),
        paths(&own),
        "nothing is there"
    );
}

#[test]
fn where_case_is_no_difference_the_second_file_has_its_portable_name() {
    let fake = Fake {
        folds_case: true,
        ..Fake::default()
    };
    assert_eq!(
        chosen_anew(fake),
        [
            "R.E.M./Read.me",
            "R.E.M./read (2).ME",
            "R.E.M./a?",
            "R.E.M./d./etc...",
            "R.E.M./d./etc"
        ]
    );
}

#[test]
fn where_dots_are_dropped_the_portable_names_are_used() {
    let fake = Fake {
        drops_dots: true,
        ..Fake::default()
    };
    assert_eq!(
        chosen_anew(fake),
        [
            "R.E.M_/Read.me",
            "R.E.M_/read.ME",
            "R.E.M_/a?",
            "R.E.M_/d_/etc___",
            "R.E.M_/d_/etc"
        ]
    );
}

#[test]
fn where_a_name_is_refused_the_portable_one_is_used() {
    let fake = Fake {
        refuses: "?",
        ..Fake::default()
    };
    assert_eq!(
        chosen_anew(fake),
        [
            "R.E.M./Read.me",
            "R.E.M./read.ME",
            "R.E.M./a_",
            "R.E.M./d./etc...",
            "R.E.M./d./etc"
        ]
    );
}

#[test]
fn where_nothing_is_kept_it_is_all_portable() {
    let fake = Fake {
        folds_case: true,
        drops_dots: true,
        refuses: "?",
        ..Fake::default()
    };
    let (_, portable) = both();
    assert_eq!(chosen_anew(fake), paths(&portable));
}

#[test]
fn what_is_there_goes_by_its_name() {
    let (own, portable) = both();
    for makes in [false, true] {
        for layout in [&own, &portable] {
            let mut fake = Fake {
                makes: true,
                ..Fake::default()
            };
            for path in paths(layout) {
                fake.make(Path::new(path), What::File).unwrap();
            }
            fake.makes = makes;
            let stored = fake.stored.clone();
            assert_eq!(chosen(&mut fake), paths(layout));
            assert_eq!(fake.stored, stored);
        }
    }
}

#[test]
fn a_folder_that_is_there_is_used_for_all_that_is_in_it() {
    let mut fake = Fake {
        makes: true,
        ..Fake::default()
    };
    fake.make(Path::new("R.E.M_/d."), What::Folder).unwrap();
    assert_eq!(
        chosen_anew(fake.clone()),
        [
            "R.E.M_/Read.me",
            "R.E.M_/read.ME",
            "R.E.M_/a?",
            "R.E.M_/d./etc...",
            "R.E.M_/d./etc"
        ]
    );
    fake.make(Path::new("R.E.M."), What::Folder).unwrap();
    let (own, _) = both();
    assert_eq!(chosen(&mut fake), paths(&own), "the own name goes first");
}

/// What is chosen for other torrents, on a file system that keeps all names.
#[track_caller]
fn found(own: &[&str], portable: &[&str], there: &[&str]) -> Vec<String> {
    let mut fake = Fake {
        makes: true,
        ..Fake::default()
    };
    for path in there {
        fake.make(Path::new(path), What::File).unwrap();
    }
    fake.makes = false;
    let layout = choose(&mut fake, &layout(own), &layout(portable), &|| false).unwrap();
    paths(&layout).iter().map(|path| path.to_string()).collect()
}

#[test]
fn a_file_is_not_taken_for_another_that_has_its_portable_name() {
    let own = ["A", "a", "a (2)"];
    let portable = ["A", "a (2)", "a (2) (2)"];
    assert_eq!(found(&own, &portable, &["A", "a (2)"]), own);
    assert_eq!(found(&own, &portable, &portable), portable);
    let dots = (["a.", "a_"], ["a_", "a_ (2)"]);
    assert_eq!(found(&dots.0, &dots.1, &["a_"]), dots.0);
    assert_eq!(found(&dots.0, &dots.1, &["a_", "a_ (2)"]), dots.1);
}

#[test]
fn a_file_gives_way_to_a_folder() {
    let (own, portable) = (["t/x_", "t/x./y"], ["t/x_ (2)", "t/x_/y"]);
    for drops_dots in [false, true] {
        let mut fake = Fake {
            makes: true,
            drops_dots,
            ..Fake::default()
        };
        let layout = choose(&mut fake, &layout(&own), &layout(&portable), &|| false).unwrap();
        let used = if drops_dots { portable } else { own };
        assert_eq!(paths(&layout), used);
    }
}

#[test]
fn two_folders_may_become_one() {
    let (own, portable) = (["t/x./y", "t/x_/y"], ["t/x_/y", "t/x_/y (2)"]);
    let mut fake = Fake {
        makes: true,
        drops_dots: true,
        ..Fake::default()
    };
    for makes in [true, true, false] {
        fake.makes = makes;
        let layout = choose(&mut fake, &layout(&own), &layout(&portable), &|| false).unwrap();
        assert_eq!(paths(&layout), portable);
    }
}

#[test]
fn a_link_points_to_where_its_target_is() {
    let link = |path: &str, target: &str| {
        let kind = Kind::Symlink {
            target: target.into(),
        };
        (PathBuf::from(path), 0, kind)
    };
    let file = |path: &str| (PathBuf::from(path), 1, Kind::Regular { executable: false });
    let own = vec![
        file("t/d./a"),
        file("t/b?"),
        link("t/la", "t/d./a"),
        link("t/ld", "t/d."),
        link("t/lb", "t/b?"),
        link("t/l0", "t/d./0"),
    ];
    let portable = vec![
        file("t/d_/a"),
        file("t/b_"),
        link("t/la", "t/d_/a"),
        link("t/ld", "t/d_"),
        link("t/lb", "t/b_"),
        link("t/l0", "t/d_/0"),
    ];
    let both = [own, portable].map(|files| Layout::new(files, 16_384).unwrap());
    let mut fake = Fake {
        makes: true,
        drops_dots: true,
        refuses: "?",
        ..Fake::default()
    };
    let layout = choose(&mut fake, &both[0], &both[1], &|| false).unwrap();
    assert_eq!(layout.files(), both[1].files());
    let layout = choose(&mut Fake::default(), &both[0], &both[1], &|| false).unwrap();
    assert_eq!(layout.files(), both[0].files());
}

/// Names that meet each other by case, by dots and by what is refused.
fn any_names() -> impl Strategy<Value = Vec<Vec<&'static str>>> {
    let name = prop::sample::select(vec!["a", "A", "a.", "a_", "a?", "a (2)", "A_", "a_ (2)"]);
    prop::collection::vec(prop::collection::vec(name, 1..3), 1..8)
}

proptest! {
    #[test]
    fn whatever_the_names_each_file_is_one_of_its_own_and_found_again(
        names in any_names(),
        folds_case in any::<bool>(),
        drops_dots in any::<bool>(),
        lowers in any::<bool>(),
        numbers_names in any::<bool>(),
        refuses in prop::sample::select(vec!["", "?"]),
        broken_off in 0..8_usize,
    ) {
        let mut create = metainfo::create::Create::multi("t", 16_384);
        for path in names {
            create.add_file(path, 1);
        }
        let torrent = create.to_bytes(&[[0; 20]]);
        prop_assume!(torrent.is_ok());
        let torrent = metainfo::Metainfo::parse(&torrent.unwrap()).unwrap();
        let own = Layout::from_metainfo(&torrent).unwrap();
        let portable = Layout::portable(&torrent).unwrap().unwrap_or_else(|| own.clone());
        let mut fake = Fake {
            makes: true,
            folds_case,
            lowers: lowers && folds_case && !numbers_names,
            drops_dots,
            numbers_names,
            refuses,
            ..Fake::default()
        };
        // A start that ends before all files are made, and one that does not.
        let left = std::cell::Cell::new(broken_off);
        let stop = || left.replace(left.get().saturating_sub(1)) == 0;
        choose(&mut fake, &own, &portable, &stop);
        let first = choose(&mut fake, &own, &portable, &|| false).unwrap();
        let files = |fake: &Fake| {
            let stored = first.files().iter().map(|file| fake.find(&file.path).unwrap());
            let files = stored.filter(|stored| fake.stored[*stored] == What::File);
            files.cloned().collect::<BTreeSet<_>>()
        };
        prop_assert_eq!(files(&fake).len(), first.files().len());
        let stored = fake.stored.clone();
        let again = choose(&mut fake, &own, &portable, &|| false).unwrap();
        prop_assert_eq!(again.files(), first.files());
        prop_assert_eq!(&fake.stored, &stored);
        if !folds_case && !drops_dots && refuses.is_empty() {
            prop_assert_eq!(first.files(), own.files());
        }
        fake.makes = false;
        let looked = choose(&mut fake, &own, &portable, &|| false).unwrap();
        prop_assert_eq!(looked.files(), first.files());
    }
}
