//! Rates, estimates, and what a person reads.
