//! The choker: who may download from us.
