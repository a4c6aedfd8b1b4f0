//! One connection block by block, and pieces on disk, waiting for each: what the programs of the
//! steps use.

mod line;
mod store;

pub use line::{Heard, Line};
pub use store::{Store, StoreError};
