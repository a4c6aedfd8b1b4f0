//! Engines joined in memory, in virtual time.

mod downloads;
mod leaving;
mod suspects;
mod trackers;
mod trouble;
mod uploads;
mod world;
