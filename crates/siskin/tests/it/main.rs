//! Two connections of ours over loopback, and what is left when they are dropped.

mod drops;
mod examples;
mod flow;
mod support;
