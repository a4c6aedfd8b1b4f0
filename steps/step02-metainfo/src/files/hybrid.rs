//! A hybrid torrent describes its files twice (BEP 52, upgrade path). We use the first
//! description, and say when the second one is another.

use super::{Builder, v2};
use crate::fields::Fields;
use crate::warnings::Warnings;
use crate::{Error, File};

/// Warns when the v2 half of a hybrid torrent is broken, or describes other files.
pub(crate) fn compare(
    info: Fields<'_, '_>,
    name: &str,
    v1: &[File],
    piece_length: u64,
    warnings: &mut Warnings,
) {
    if !v2::is_piece_length(piece_length) {
        warnings.add(|| "its piece length is none of version 2; its v1 half is used".into());
    }
    match v2_files(info, name) {
        Err(error) => {
            warnings.add(|| format!("its v2 half is broken, its v1 half is used: {error}"))
        }
        Ok(v2) => {
            let v1 = v1.iter().filter(|file| !file.padding);
            let same = |(a, b): (&File, &File)| a.path == b.path && a.length == b.length;
            if v1.clone().count() != v2.len() || !v1.zip(&v2).all(same) {
                warnings
                    .add(|| "its two halves describe different files; its v1 half is used".into());
            }
        }
    }
}

fn v2_files(info: Fields<'_, '_>, name: &str) -> Result<Vec<File>, Error> {
    // The v1 half has had its warnings already.
    let mut unheard = Warnings::default();
    let mut builder = Builder::new(name, &mut unheard);
    v2::read(info, &mut builder)?;
    builder.finish()
}
