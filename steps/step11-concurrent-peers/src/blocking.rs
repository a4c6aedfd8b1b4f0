//! One connection block by block, waiting for each: what the programs of the steps use.

mod line;

pub use line::{Heard, Line};
