//! The names of all files together: none of them may be in the way of another, neither here nor,
//! by the portable names, on any other system.

use super::collisions::{Same, resolve};
use super::{ByPlace, symlinks};
use crate::warnings::{Excerpt, Warnings};
use crate::{Error, File, Names, Warning};

/// A file under one of its names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named<'n> {
    pub path: &'n [String],
    pub symlink: Option<&'n [String]>,
    pub padding: bool,
}

/// Gives every file a path of its own, and a portable one if that must be another. In `portable`
/// are those that differ by their characters already.
pub(crate) fn settle(
    files: &mut [File],
    portable: &mut ByPlace,
    warnings: &mut Warnings,
) -> Result<(), Error> {
    let (here, elsewhere) = new_names(files, portable)?;
    for (&index, names) in &here {
        if let (Some(was), Some(is)) = (files[index].path.last(), names.path.last())
            && was != is
        {
            warnings.add(|| Warning::PathTaken {
                name: Excerpt::of(was),
                on_disk: Excerpt::of(names.path.join("/")),
            });
        }
    }
    for (index, names) in here {
        let file = &mut files[index];
        let path = std::mem::replace(&mut file.path, names.path);
        let symlink = std::mem::replace(&mut file.symlink, names.symlink);
        portable.entry(index).or_insert(Names { path, symlink });
    }
    for (index, names) in elsewhere {
        let file = &files[index];
        let before = portable.get(&index).map_or(&file.path, |names| &names.path);
        if let Some(was) = before.last()
            && Some(was) != names.path.last()
            && names.path != file.path
        {
            warnings.add_not_portable(|| Warning::SameElsewhere {
                name: Excerpt::of(was),
                portable: Excerpt::of(names.path.join("/")),
            });
        }
        portable.insert(index, names);
    }
    portable.retain(|&index, names| {
        (&names.path, &names.symlink) != (&files[index].path, &files[index].symlink)
    });
    Ok(())
}

/// The names of the files that need others: here, and on other systems.
fn new_names(files: &[File], portable: &ByPlace) -> Result<(ByPlace, ByPlace), Error> {
    let here: Vec<Named<'_>> = files.iter().map(Named::of).collect();
    let elsewhere = files.iter().enumerate().map(|(index, file)| {
        let named = Named::of(file);
        match portable.get(&index) {
            Some(names) => Named {
                path: &names.path,
                symlink: names.symlink.as_deref(),
                ..named
            },
            None => named,
        }
    });
    let elsewhere: Vec<Named<'_>> = elsewhere.collect();
    symlinks::check(&here)?;
    symlinks::check(&elsewhere)?;
    let new_elsewhere = changes(&elsewhere, Same::Folded);
    let new_here = match new_elsewhere.is_empty() && portable.is_empty() {
        // What is not the same in folded form is not the same exactly.
        true => ByPlace::new(),
        false => changes(&here, Same::HERE),
    };
    Ok((new_here, new_elsewhere))
}

/// The new names of those files that need some. A link follows its file to another name.
fn changes(files: &[Named<'_>], same: Same) -> ByPlace {
    let renamed = resolve(files, same);
    let targets = symlinks::targets(files);
    let mut changes = ByPlace::new();
    for (link, target) in targets {
        if let Some(path) = renamed.get(&target) {
            let names = Names {
                path: files[link].path.to_vec(),
                symlink: Some(path.clone()),
            };
            changes.insert(link, names);
        }
    }
    for (index, path) in renamed {
        let symlink = changes.remove(&index).and_then(|names| names.symlink);
        let symlink = symlink.or_else(|| files[index].symlink.map(<[String]>::to_vec));
        changes.insert(index, Names { path, symlink });
    }
    changes
}

impl<'n> Named<'n> {
    fn of(file: &'n File) -> Named<'n> {
        Named {
            path: &file.path,
            symlink: file.symlink.as_deref(),
            padding: file.padding,
        }
    }
}
