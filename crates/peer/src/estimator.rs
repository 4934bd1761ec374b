//! Which congestion control a connection has.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use siskin_base::{Instant, Rng};
use siskin_cc::Estimator;

/// Makes the congestion control of each transport: anything that is an [`Estimator`].
///
/// It is made when a description first lets a transport's media be reported on packet by packet, and again if that comes back
/// after it was taken away. A recording does not hold it: whoever replays one from a file gives the configuration with the same
/// factory (`Recording::from_bytes_with`).
///
/// ```
/// # use siskin_cc::{Gcc, gcc};
/// let config = gcc::Config::default();
/// let factory = siskin_peer::EstimatorFactory::new(move |now, _rng| Box::new(Gcc::new(config, now)));
/// ```
#[derive(Clone)]
pub struct EstimatorFactory(Arc<Make>);

type Make = dyn Fn(Instant, Rng) -> Box<dyn Estimator + Send> + Send + Sync;

impl EstimatorFactory {
    /// One that calls `make` with the time and, for what is drawn at random, a generator of the transport's own: with the same
    /// of both, it must make the same.
    pub fn new(make: impl Fn(Instant, Rng) -> Box<dyn Estimator + Send> + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }

    pub(crate) fn make(&self, now: Instant, rng: Rng) -> Box<dyn Estimator + Send> {
        (self.0)(now, rng)
    }
}

impl fmt::Debug for EstimatorFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EstimatorFactory")
    }
}
