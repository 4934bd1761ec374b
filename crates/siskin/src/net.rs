//! The machine's network: which addresses it has, when they change, and a UDP socket on each.

pub(crate) mod clock;
pub(crate) mod interfaces;
pub(crate) mod ports;
pub(crate) mod socket;
pub(crate) mod watch;
