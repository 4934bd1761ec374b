//! Estimator and pacer together, over simulated paths and against chance.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod hostile;
mod path;
mod sim;
