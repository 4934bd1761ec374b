//! What a connection is made with.

use crate::error::{Error, Operation};
use crate::estimator::EstimatorFactory;
use crate::media::MediaConfig;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::net::SocketAddr;
use siskin_base::{BaseId, Instant, Path, Rng, SrtpProfile, WallClock};
use siskin_crypto::{Certificate, Provider};
use siskin_dtls::ProtocolVersion as DtlsVersion;

/// What a connection is made with (`RTCConfiguration`, and what sans-IO needs besides).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The cryptographic primitives.
    pub provider: Provider,
    /// Our certificate; `None` makes a self-signed one for this connection, which needs `clock`.
    pub certificate: Option<Arc<Certificate>>,
    /// Civil time, for the validity of a certificate that is made here and for the timestamps of statistics.
    pub clock: Option<WallClock>,
    /// Which sections share a transport before the peer has agreed to BUNDLE; default balanced.
    pub bundle_policy: BundlePolicy,
    /// Whether header extensions of RTP are encrypted (cryptex, RFC 9335); default where the peer can do it, too.
    pub header_encryption: HeaderEncryption,
    /// Audio and video: the codecs and header extensions to negotiate; default none, so that such sections are rejected.
    pub media: Option<MediaConfig>,
    /// The congestion control of media; default none, which is Google's as [`MediaConfig::rtp`] has it.
    pub estimator: Option<EstimatorFactory>,
    /// STUN servers, their names resolved, asked for server-reflexive candidates.
    pub stun_servers: Vec<SocketAddr>,
    /// Largest message that we take, in bytes (`a=max-message-size`); default 262,144.
    pub max_message_size: u32,
    /// Largest UDP payload that we send, in bytes; default 1,200.
    pub max_datagram: u16,
    /// Most datagrams of one train, 1 to 64; default 40. A train leaves in one system call where the system can.
    pub max_train: u8,
    /// Make observations (`poll_observation`): costs time and memory; default off.
    pub observe: bool,
    /// Keep a recording, of at most that many inputs; default none. It needs a provider that is reproducible.
    pub record: Option<usize>,
    /// Limits and timers of ICE.
    pub ice: siskin_ice::Config,
    /// The versions of DTLS that are spoken, the preferred one first; default 1.3, then 1.2.
    pub dtls_versions: Vec<DtlsVersion>,
    /// Limits and timers of DTLS.
    pub dtls: siskin_dtls::Limits,
    /// Limits and timers of SCTP.
    pub sctp: siskin_sctp::Config,
    /// Limits of data channels.
    pub channels: siskin_datachannel::Config,
    /// Limits of descriptions.
    pub sdp: siskin_sdp::Limits,
}

/// `RTCBundlePolicy` (RFC 9429 §4.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum BundlePolicy {
    /// A transport for audio, one for video and one for data, if the peer does not know BUNDLE.
    #[default]
    Balanced,
    /// A transport for each section, if the peer does not know BUNDLE.
    MaxCompat,
    /// One transport: a peer that does not know BUNDLE gets the first section only.
    MaxBundle,
}

/// `RTCRtpHeaderEncryptionPolicy` (webrtc-extensions): cryptex, RFC 9335.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum HeaderEncryption {
    /// Neither offered nor taken up.
    Disable,
    /// Offered, taken up, and used where both sides can.
    #[default]
    Negotiate,
    /// A description without it is refused, and so is a packet.
    Require,
}

impl Config {
    /// The defaults, for browsers and servers.
    pub fn new(provider: Provider) -> Self {
        Self {
            provider,
            certificate: None,
            clock: None,
            bundle_policy: BundlePolicy::default(),
            header_encryption: HeaderEncryption::default(),
            media: None,
            estimator: None,
            stun_servers: Vec::new(),
            max_message_size: 262_144,
            max_datagram: 1_200,
            max_train: 40,
            observe: false,
            record: None,
            ice: siskin_ice::Config::new(provider),
            dtls_versions: vec![DtlsVersion::DTLS1_3, DtlsVersion::DTLS1_2],
            dtls: siskin_dtls::Limits::default(),
            sctp: over_dtls(siskin_sctp::Config::default()),
            channels: siskin_datachannel::Config::default(),
            sdp: siskin_sdp::Limits::default(),
        }
    }

    /// For devices: the small limits of every layer, messages of at most 16 KiB, no trains.
    pub fn small(provider: Provider) -> Self {
        Self {
            max_message_size: 16 << 10,
            max_train: 1,
            ice: siskin_ice::Config::small(provider),
            dtls: siskin_dtls::Limits::small(),
            sctp: over_dtls(siskin_sctp::Config::small()),
            channels: siskin_datachannel::Config::small(),
            sdp: siskin_sdp::Limits::small(),
            ..Self::new(provider)
        }
    }

    pub(crate) fn dtls(&self, certificate: Arc<Certificate>) -> siskin_dtls::Config {
        let role = siskin_dtls::Role::Server;
        let mut config = siskin_dtls::Config::new(self.provider, certificate, role, NO_PATH);
        config.max_datagram = usize::from(self.max_datagram);
        config.versions.clone_from(&self.dtls_versions);
        config.limits = self.dtls;
        config.observe = self.observe;
        config.key_log = self.observe;
        // For data alone, too: media may join the transport later (RFC 9143 §7.3.1), and some peers, aiortc among them, give up
        // a handshake in which no profile is agreed on.
        config.srtp_profiles = SRTP_PROFILES.to_vec();
        config
    }

    pub(crate) fn ice(&self) -> siskin_ice::Config {
        siskin_ice::Config { provider: self.provider, observe: self.observe, ..self.ice.clone() }
    }

    pub(crate) fn sctp(&self) -> siskin_sctp::Config {
        siskin_sctp::Config {
            provider: self.provider,
            path: NO_PATH,
            max_receive_message: self.max_message_size as usize,
            ..self.sctp.clone()
        }
    }
}

/// What is faster and authenticates more comes first; RFC 8827 §6.5 asks for the last, and browsers have all three.
const SRTP_PROFILES: [SrtpProfile; 3] =
    [SrtpProfile::AEAD_AES_128_GCM, SrtpProfile::AEAD_AES_256_GCM, SrtpProfile::AES128_CM_SHA1_80];

/// RFC 9653 §6: what DTLS carries needs no checksum.
fn over_dtls(config: siskin_sctp::Config) -> siskin_sctp::Config {
    siskin_sctp::Config { zero_checksum: true, ..config }
}

/// Lower layers name a path in what they send; ICE puts in the one in use.
const NO_PATH: Path =
    Path::udp(BaseId(0), SocketAddr::new(core::net::IpAddr::V4(core::net::Ipv4Addr::UNSPECIFIED), 0));

/// A certificate for one connection.
pub(crate) fn make_certificate(config: &Config, rng: &Rng, now: Instant) -> Result<Arc<Certificate>, Error> {
    let unusable = Error::Operation(Operation::Configuration);
    let unix = config.clock.ok_or(unusable)?.unix_at(now);
    let certificate = Certificate::generate(&config.provider, &mut rng.fork("certificate"), unix);
    certificate.map(Arc::new).map_err(|_| unusable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    /// A cookie would cost a round trip and show what a check has shown already.
    #[test]
    fn rfc9147_5_1_ice_has_shown_the_way_back() {
        let provider = siskin_crypto::rustcrypto();
        for config in [Config::new(provider), Config::small(provider)] {
            let made = Certificate::generate(&provider, &mut Rng::for_tests(1), Duration::ZERO);
            let dtls = made.map(|certificate| config.dtls(Arc::new(certificate)));
            assert!(dtls.is_ok_and(|dtls| !dtls.cookie_exchange && dtls.require_extended_master_secret));
        }
    }
}
