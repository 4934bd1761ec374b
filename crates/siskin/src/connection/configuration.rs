//! `RTCConfiguration`.

use crate::ice_server::IceServer;
use siskin_base::WallClock;
use siskin_crypto::{Certificate, Provider};
use siskin_peer::media::MediaConfig;
use siskin_peer::{BundlePolicy, DtlsVersion, HeaderEncryption, Recording};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What a connection is made with (`RTCConfiguration`, and limits).
#[derive(Clone, Debug)]
pub struct Configuration {
    /// STUN servers to learn our public addresses from; none by default. Siskin contacts nobody that it was not told.
    pub ice_servers: Vec<IceServer>,
    /// Our certificate; by default one is made for the connection.
    pub certificate: Option<Arc<Certificate>>,
    /// Where cryptography comes from; by default `ring`.
    pub provider: Provider,
    /// The versions of DTLS that are spoken, the preferred one first; default 1.3, then 1.2.
    pub dtls_versions: Vec<DtlsVersion>,
    /// Audio and video: the codecs and header extensions to negotiate; by default all that are known. Without, such
    /// sections are rejected.
    pub media: Option<MediaConfig>,
    /// Which sections share a transport before the peer has agreed to BUNDLE; default balanced.
    pub bundle_policy: BundlePolicy,
    /// Whether header extensions of RTP are encrypted (cryptex, RFC 9335); default where the peer can do it, too.
    pub header_encryption: HeaderEncryption,
    /// Bytes of received messages that may wait to be read, over all channels; then the peer has to wait. Default
    /// 16 MiB.
    pub max_unread: usize,
    /// Largest message that we take, in bytes (`a=max-message-size`); default 262,144.
    pub max_message_size: u32,
    /// Where the recording of the connection goes once it is closed: a secret, for reproduction. The connection takes the
    /// reproducible provider then. Default none.
    pub record: Option<mpsc::UnboundedSender<Recording>>,
}

/// Inputs that a recording holds at most: hours of a data channel in use.
const MAX_RECORDED: usize = 50_000_000;

impl Default for Configuration {
    fn default() -> Self {
        Self {
            ice_servers: Vec::new(),
            certificate: None,
            provider: siskin_crypto::default_provider(),
            dtls_versions: vec![DtlsVersion::DTLS1_3, DtlsVersion::DTLS1_2],
            media: Some(MediaConfig::default()),
            bundle_policy: BundlePolicy::default(),
            header_encryption: HeaderEncryption::default(),
            max_unread: 16 << 20,
            max_message_size: 262_144,
            record: None,
        }
    }
}

impl Configuration {
    pub(crate) fn into_peer(
        self,
        servers: Vec<SocketAddr>,
        clock: WallClock,
        observe: bool,
    ) -> siskin_peer::Config {
        let reproducible = self.record.is_none() || self.provider.reproducible;
        let provider = if reproducible { self.provider } else { siskin_crypto::rustcrypto() };
        let mut config = siskin_peer::Config::new(provider);
        config.record = self.record.map(|_| MAX_RECORDED);
        config.certificate = self.certificate;
        config.clock = Some(clock);
        config.stun_servers = servers;
        config.dtls_versions = self.dtls_versions;
        config.media = self.media;
        config.bundle_policy = self.bundle_policy;
        config.header_encryption = self.header_encryption;
        config.max_message_size = self.max_message_size;
        config.observe = observe;
        config
    }
}
