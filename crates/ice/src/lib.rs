#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod agent;
mod candidate;
mod checklist;
mod config;
mod consent;
mod credentials;
mod event;
mod gathering;
mod nomination;
mod pacing;
mod pair;
mod remote;
mod request;
mod response;
mod restart;
mod session;
mod state;
mod stats;
mod timers;
mod transmit;

pub use agent::Agent;
pub use candidate::{TypePreference, candidate_priority, local_preferences};
pub use config::{Config, Misuse};
pub use credentials::{Credentials, local_ufrag_of};
pub use event::{ConsentLoss, Event, GatheringState, RemoteKind, Role, State};
pub use pair::{PairId, PairState, pair_priority};
pub use stats::{PairStats, Stats};
