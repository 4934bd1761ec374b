#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod config;
mod extensions;
mod key;
mod key_set;
mod outcome;
mod receiver;
mod replay;
mod sender;
mod shape;
mod streams;
mod suite;
mod transform;

pub use config::{Config, Cryptex};
pub use key::{Key, SessionKey, SessionKeys};
pub use outcome::{Dropped, Event, Misuse, ReceiverStats, Refused, SenderStats};
pub use receiver::Receiver;
pub use sender::Sender;
pub use suite::Suite;

use alloc::vec::Vec;
use siskin_base::KeyingMaterial;
use siskin_crypto::Provider;

/// The two contexts of a DTLS-SRTP session, from what the handshake exported (RFC 5764 §4.2).
pub fn contexts(
    provider: &Provider,
    material: &KeyingMaterial,
    config: &Config,
) -> Result<(Sender, Receiver), Misuse> {
    let suite = Suite::try_from(material.profile)?;
    let key = |(key, salt): &(Vec<u8>, Vec<u8>)| Key::derive(provider, suite, key, salt);
    Ok((
        Sender::new(provider, suite, &key(&material.local)?, config)?,
        Receiver::new(provider, suite, &[key(&material.remote)?], config)?,
    ))
}
