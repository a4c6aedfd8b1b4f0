//! A hybrid torrent describes its files twice (BEP 52, upgrade path). Both descriptions must be of
//! the same files at the same places, or two clients would download two things under one name.

use super::{Builder, layers, v2};
use crate::error::Disagreement;
use crate::fields::Fields;
use crate::warnings::Warnings;
use crate::{Error, File, Warning};

/// Reads the second half of a hybrid torrent, and compares it with the files of the first and
/// whether the torrent's name is a folder there.
pub(crate) fn check(
    (torrent, info): (Fields<'_, '_>, Fields<'_, '_>),
    name: &str,
    (v1, v1_is_multi): (&[File], bool),
    piece_length: u64,
    warnings: &mut Warnings,
) -> Result<(), Error> {
    // The first half has had the same warnings already.
    let mut unheard = Warnings::default();
    let mut builder = Builder::new(name, None, &mut unheard);
    // In a list of files the torrent's name is a folder, even if there is one file of that name.
    let multi_file = v1_is_multi || v2::is_multi(info);
    let (_, roots) = v2::read(info, multi_file, &mut builder)?;
    let (v2, _) = builder.finish()?;
    compare(v1, &v2, piece_length)?;
    let is_large = |root: &v2::Root| v2[root.file].length > piece_length;
    if torrent.get(layers::KEY).is_none() && roots.iter().any(is_large) {
        // Others can have them from peers. The first half, which we use, has its own.
        warnings.add(|| Warning::NoPieceLayers);
        return Ok(());
    }
    layers::check(torrent, &v2, &roots, piece_length)
}

/// Compares the two halves of a hybrid torrent: the same files in the same order, and each begins
/// a piece, which padding sees to in the first half. Links have no bytes, so they may differ.
pub(crate) fn compare(v1: &[File], v2: &[File], piece_length: u64) -> Result<(), Error> {
    let mut others = v2.iter().filter(|file| file.symlink.is_none());
    // Where the next file of each half begins.
    let (mut at_v1, mut at_v2) = (0_u64, 0_u64);
    for file in v1 {
        if file.symlink.is_none() && !file.padding {
            let other = others.next();
            same(file, other)?;
            if file.length > 0 && at_v1 != at_v2 {
                return Err(Error::Halves(Disagreement::Place {
                    path: file.path.join("/"),
                    v1: at_v1,
                    v2: at_v2,
                }));
            }
            at_v2 = at_v2.saturating_add(whole_pieces(file.length, piece_length));
        }
        at_v1 = at_v1.saturating_add(file.length);
    }
    match others.next() {
        Some(more) => Err(Error::Halves(Disagreement::OnlyV2 {
            path: more.path.join("/"),
        })),
        // The last piece may be filled up too, or not.
        None if whole_pieces(at_v1, piece_length) == at_v2 => Ok(()),
        None => Err(Error::Halves(Disagreement::End {
            v1: at_v1,
            v2: at_v2,
        })),
    }
}

/// A file of version 1, and what stands at its place in version 2.
fn same(v1: &File, v2: Option<&File>) -> Result<(), Error> {
    let path = v1.path.join("/");
    let disagreement = match v2 {
        None => Disagreement::OnlyV1 { path },
        Some(v2) if v1.path != v2.path => Disagreement::Path {
            v1: path,
            v2: v2.path.join("/"),
        },
        Some(v2) if v1.length != v2.length => Disagreement::Length {
            path,
            v1: v1.length,
            v2: v2.length,
        },
        Some(_) => return Ok(()),
    };
    Err(Error::Halves(disagreement))
}

fn whole_pieces(length: u64, piece_length: u64) -> u64 {
    length.div_ceil(piece_length).saturating_mul(piece_length)
}
