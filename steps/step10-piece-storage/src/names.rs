//! Under which of their names a torrent's files are on disk.
//!
//! Some names are possible on one system and not on another. So a torrent has two layouts: by its
//! own names, and by portable ones. Here, and nowhere else, it is decided for each folder and file
//! which of them is used below a download folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use layout::{Kind, Layout, LayoutError};
use metainfo::Metainfo;

#[cfg(unix)]
mod choose;
#[cfg(unix)]
mod disk;

/// The layouts of a torrent by its own names and, where any is another, by portable names. Both
/// list the same files.
#[derive(Clone, Debug)]
pub struct Names {
    own: Arc<Layout>,
    portable: Option<Arc<Layout>>,
}

impl Names {
    /// The names of a torrent.
    ///
    /// # Errors
    ///
    /// [`LayoutError`] if its files cannot be laid out.
    pub fn of(torrent: &Metainfo) -> Result<Names, LayoutError> {
        let own = Layout::from_metainfo(torrent)?;
        Ok(Names::new(own, Layout::portable(torrent)?))
    }

    /// The names of the two layouts.
    pub fn new(own: Layout, portable: Option<Layout>) -> Names {
        Names {
            own: Arc::new(own),
            portable: portable.map(Arc::new),
        }
    }

    /// The layout by the torrent's own names.
    pub fn own(&self) -> &Arc<Layout> {
        &self.own
    }

    /// Where the torrent is, or would be, below `root`: its file, or the folder of its files.
    pub fn place(&self, root: &Path) -> PathBuf {
        let found = self.found(root);
        let mut on_disk = found
            .files()
            .iter()
            .filter(|file| file.kind != Kind::Padding);
        let first = on_disk.next().and_then(|file| file.path.iter().next());
        root.join(first.unwrap_or_default())
    }

    /// The names under which the torrent's files are found below `root`; nothing is made.
    ///
    /// What is there under its own name goes by it, and else what is there under its portable name.
    /// What is not there at all goes by its own.
    pub fn found(&self, root: &Path) -> Arc<Layout> {
        self.decide(|own, portable| decide::found(root, own, portable))
    }

    /// The names to write to, below `root`. Folders and files that are not there yet are made if
    /// the torrent has portable names that are others: whether the file system keeps a name shows
    /// only then.
    ///
    /// What is there goes by the name that it has, as for [`found`](Names::found). What is not goes
    /// by its own name, unless the file system refuses that, changes it, or takes it for the name of
    /// another file of the torrent; then by its portable one. So the next start finds everything
    /// under the names of this one. Before each file `stop` is asked whether to give up.
    ///
    /// What cannot be made for another reason is left for [`Storage`](crate::Storage) to report.
    pub fn made(&self, root: &Path, stop: impl Fn() -> bool) -> Arc<Layout> {
        self.made_for(root, |_| true, stop)
    }

    /// The same where not every file is `wanted` (by its number): of what was made for others
    /// nothing is left.
    pub fn made_for(
        &self,
        root: &Path,
        wanted: impl Fn(usize) -> bool,
        stop: impl Fn() -> bool,
    ) -> Arc<Layout> {
        self.decide(|own, portable| decide::made(root, own, portable, &wanted, &stop))
    }

    fn decide(&self, decide: impl FnOnce(&Layout, &Layout) -> Option<Layout>) -> Arc<Layout> {
        let Some(portable) = &self.portable else {
            return self.own.clone();
        };
        // The portable layout is one that works everywhere.
        decide(&self.own, portable).map_or_else(|| portable.clone(), Arc::new)
    }
}

#[cfg(all(test, unix))]
mod tests;

#[cfg(unix)]
mod decide {
    use std::path::Path;

    use layout::Layout;

    use super::choose::choose;
    use super::disk::Disk;

    pub fn found(root: &Path, own: &Layout, portable: &Layout) -> Option<Layout> {
        choose(&mut Disk::to_look(root), own, portable, &|| false)
    }

    pub fn made(
        root: &Path,
        own: &Layout,
        portable: &Layout,
        wanted: &dyn Fn(usize) -> bool,
        stop: &dyn Fn() -> bool,
    ) -> Option<Layout> {
        let mut disk = Disk::to_make(root);
        let layout = choose(&mut disk, own, portable, stop)?;
        let files = layout.files().iter().enumerate();
        let unwanted = files.filter(|(file, _)| !wanted(*file));
        disk.take_back(unwanted.map(|(_, entry)| entry.path.as_path()));
        Some(layout)
    }
}

/// Elsewhere a torrent's own names are portable.
#[cfg(not(unix))]
mod decide {
    use std::path::Path;

    use layout::Layout;

    pub fn found(_root: &Path, _own: &Layout, _portable: &Layout) -> Option<Layout> {
        None
    }

    pub fn made(
        _root: &Path,
        _own: &Layout,
        _portable: &Layout,
        _wanted: &dyn Fn(usize) -> bool,
        _stop: &dyn Fn() -> bool,
    ) -> Option<Layout> {
        None
    }
}
