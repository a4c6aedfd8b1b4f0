//! Rates, estimates, and what a person reads.
//!
//! [`Rate`] turns bytes that come in jumps into a figure that can be read. [`bytes`], [`rate`] and
//! [`duration`] write such figures, [`parse_rate`] reads one, [`eta`] says how long the rest will
//! take, and [`line()`] puts it all on one line of a terminal.

mod line;
mod rate;
mod units;
mod width;

pub use line::{Phase, Snapshot, line, line_ascii};
pub use rate::{Rate, WINDOW};
pub use units::{RateError, bytes, duration, eta, parse_rate, rate};
