//! Rates, estimates, and what a person reads.
//!
//! [`Rate`] turns bytes that come in jumps into a figure that can be read. [`bytes`], [`rate`] and
//! [`duration`] write such figures, [`parse_rate`] reads one, [`eta`] says how long the rest will
//! take, and [`line()`] puts it all on one line of a terminal.
//!
//! Where there is more room, [`view`] draws several: [`map`] says where each piece stands,
//! [`sparkline`] how fast it went, [`TimeLeft`] how long the rest will take, in a figure that does not
//! jump. What is drawn is [`Text`]: each part has a [`Role`], and [`Text::ansi`] alone knows what colour
//! that is.
//!
//! ```
//! use std::time::Duration;
//!
//! use progress::{Rate, bytes, duration, eta, rate};
//!
//! // 400 KiB every tenth of a second, for two seconds.
//! let mut down = Rate::new();
//! for tenth in 0..20 {
//!     down.add(Duration::from_millis(100 * tenth), 400 << 10);
//! }
//! let per_second = down.per_second(Duration::from_secs(2));
//! assert_eq!(rate(per_second), "3.9 MiB/s");
//!
//! let left = 1 << 30;
//! assert_eq!(bytes(left), "1.0 GiB");
//! let left = eta(left, per_second).expect("something moves");
//! assert_eq!(duration(left), "4 m 23 s");
//! ```

mod line;
mod map;
mod rate;
mod sparkline;
mod text;
mod time_left;
mod units;
mod view;
mod width;

pub use line::{Activity, Figures, line, line_ascii, percent};
pub use map::{Piece, map};
pub use rate::{Rate, WINDOW};
pub use sparkline::{History, sparkline};
pub use text::{Colour, Letters, Role, Text};
pub use time_left::TimeLeft;
pub use units::{RateError, bytes, duration, eta, parse_rate, part, rate, ratio};
pub use view::{View, view};
pub use width::{clip, columns};
