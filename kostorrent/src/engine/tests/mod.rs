//! Engines joined in memory, in virtual time.

mod downloads;
mod leaving;
mod trouble;
mod uploads;
mod world;
