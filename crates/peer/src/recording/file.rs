//! Recordings as bytes: a header, then one entry for each input. Made to be replayed by the version that wrote it.

use super::inputs::{input, put_input};
use super::values::{address, instant, option, put_address, put_bytes, put_option, take_bytes};
use super::{Outputs, Recording};
use crate::media::MediaConfig;
use crate::{BundlePolicy, Config, DtlsVersion, HeaderEncryption};
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use siskin_base::WallClock;
use siskin_base::wire::{Reader, Truncated, Writer as _};
use siskin_crypto::{Certificate, Provider};

const MAGIC: &[u8; 16] = b"siskin-recording";
const VERSION: u8 = 8;

/// Why bytes cannot be replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadRecording {
    /// They are no recording of this version.
    Format,
    /// It was made with other limits, codecs or congestion control than the configuration that it is to be replayed with.
    Configuration,
}

impl fmt::Display for BadRecording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Format => "the file is no recording of this version of Siskin",
            Self::Configuration => {
                "the recording was made with limits, codecs or congestion control of its own, which it does not hold"
            }
        })
    }
}

impl core::error::Error for BadRecording {}

impl From<Truncated> for BadRecording {
    fn from(_: Truncated) -> Self {
        Self::Format
    }
}

impl Recording {
    /// As bytes, for a file: a secret. Of the limits of the layers, the codecs and the congestion control it has a digest
    /// only: what reads it must have the same, or is told so.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.put_u8(VERSION);
        out.put(&self.seed);
        out.put_u64(self.start.as_nanos());
        let certificate = self.config.certificate.as_ref();
        put_option(&mut out, certificate, |out, certificate| {
            put_bytes(out, certificate.der());
            put_bytes(out, certificate.private_key_der());
        });
        put_option(&mut out, self.config.clock.as_ref(), |out, clock| {
            out.put_u64(clock.at.as_nanos());
            out.put_u64(clock.unix.as_nanos() as u64);
        });
        out.put_u32(self.config.stun_servers.len() as u32);
        self.config.stun_servers.iter().for_each(|server| put_address(&mut out, *server));
        out.put_u32(self.config.max_message_size);
        out.put_u16(self.config.max_datagram);
        out.put_u8(self.config.max_train);
        out.put_u8(self.config.bundle_policy as u8);
        out.put_u8(self.config.header_encryption as u8);
        out.put_u8(u8::from(self.config.media.is_some()));
        let _ = out.put_prefixed(1, |out| {
            self.config.dtls_versions.iter().for_each(|version| out.put_u16(version.0));
        });
        out.put(&digest(&self.config));
        out.put_u64(self.outputs.count);
        out.put(&self.outputs.digest);
        for (now, input) in &self.inputs {
            out.put_u64(now.as_nanos());
            put_input(&mut out, input);
        }
        out
    }

    /// From the bytes that [`to_bytes`](Self::to_bytes) made of a connection with the limits and codecs of [`Config::new`] and
    /// [`MediaConfig::default`], or of [`Config::small`] and [`MediaConfig::small`]; `provider` must be reproducible.
    ///
    /// # Errors
    /// [`BadRecording`] if they are none, of another version, or of a connection with a configuration of its own.
    pub fn from_bytes(bytes: &[u8], provider: Provider) -> Result<Self, BadRecording> {
        let usual = Config { media: Some(MediaConfig::default()), ..Config::new(provider) };
        let small = Config { media: Some(MediaConfig::small()), ..Config::small(provider) };
        Self::from_bytes_with(bytes, &usual).or_else(|error| match error {
            BadRecording::Configuration => Self::from_bytes_with(bytes, &small),
            BadRecording::Format => Err(error),
        })
    }

    /// From the bytes that [`to_bytes`](Self::to_bytes) made of a connection with the limits, the codecs and the congestion control
    /// of `config`, whose provider must be reproducible. Everything else in it is the recording's, and so is whether there are
    /// media at all.
    ///
    /// # Errors
    /// [`BadRecording`] if they are none, of another version, or of a connection that had another configuration.
    pub fn from_bytes_with(bytes: &[u8], config: &Config) -> Result<Self, BadRecording> {
        let mut r = Reader::new(bytes);
        if r.array()? != *MAGIC || r.u8()? != VERSION {
            return Err(BadRecording::Format);
        }
        let seed = r.array()?;
        let start = instant(&mut r)?;
        let mut config = config.clone();
        let provider = config.provider;
        config.certificate = option(&mut r, |r| {
            let (der, key) = (take_bytes(r)?, take_bytes(r)?);
            Certificate::from_der(&provider, der, key).map(Arc::new).map_err(|_| BadRecording::Format)
        })?;
        config.clock =
            option(&mut r, |r| Ok(WallClock { at: instant(r)?, unix: Duration::from_nanos(r.u64()?) }))?;
        config.stun_servers = (0..r.u32()?).map(|_| address(&mut r)).collect::<Result<_, _>>()?;
        config.max_message_size = r.u32()?;
        config.max_datagram = r.u16()?;
        config.max_train = r.u8()?;
        config.bundle_policy = match r.u8()? {
            0 => BundlePolicy::Balanced,
            1 => BundlePolicy::MaxCompat,
            _ => BundlePolicy::MaxBundle,
        };
        config.header_encryption = match r.u8()? {
            0 => HeaderEncryption::Disable,
            1 => HeaderEncryption::Negotiate,
            _ => HeaderEncryption::Require,
        };
        let media = r.u8()? != 0;
        config.media = config.media.filter(|_| media);
        let mut versions = Reader::new(r.vec8()?);
        config.dtls_versions.clear();
        while !versions.is_empty() {
            config.dtls_versions.push(DtlsVersion(versions.u16()?));
        }
        if r.array()? != digest(&config) {
            return Err(BadRecording::Configuration);
        }
        let outputs = Outputs { count: r.u64()?, digest: r.array()? };
        let mut inputs = Vec::new();
        while !r.is_empty() {
            inputs.push((instant(&mut r)?, input(&mut r)?));
        }
        Ok(Self { config, seed, start, inputs, outputs })
    }
}

/// SHA-256 of everything in a configuration but what a recording holds anyway, and what changes nothing of what is sent.
///
/// A congestion control of one's own is known only to be there.
fn digest(config: &Config) -> [u8; 32] {
    let mut plain = config.clone();
    (plain.certificate, plain.clock, plain.record, plain.observe) = (None, None, None, false);
    (plain.ice.provider, plain.sctp.provider) = (config.provider, config.provider);
    let mut hash = config.provider.sha256.start();
    hash.update(format!("{plain:?}").as_bytes());
    let mut digest = [0; 32];
    digest.iter_mut().zip(hash.current().as_ref()).for_each(|(to, from)| *to = *from);
    digest
}
