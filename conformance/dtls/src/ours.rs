//! Our end.

use siskin_base::{BaseId, Ecn, HashAlgorithm, Instant, Packet, Path, Received, Rng, SrtpProfile};
use siskin_crypto::Certificate;
use siskin_dtls::{Config, Connection, Event, ProtocolVersion, Role};
use std::sync::Arc;

/// Our end of a connection, and what it has told.
pub struct Ours {
    pub dtls: Connection,
    pub connected: bool,
    pub data: Vec<u8>,
    path: Path,
}

impl Ours {
    pub fn new(
        role: Role,
        versions: &[ProtocolVersion],
        theirs: &Certificate,
        mtu: Option<usize>,
        seed: u64,
    ) -> Self {
        let provider = siskin_crypto::default_provider();
        let own = Certificate::generate(&provider, &mut Rng::for_tests(seed), crate::case::TODAY)
            .expect("a certificate");
        let path = Path::udp(BaseId(0), "127.0.0.1:1".parse().expect("an address"));
        let mut config = Config::new(provider, Arc::new(own), role, path);
        config.versions = versions.to_vec();
        config.srtp_profiles = vec![SrtpProfile::AEAD_AES_128_GCM, SrtpProfile::AES128_CM_SHA1_80];
        config.max_datagram = mtu.unwrap_or(config.max_datagram);
        let mut dtls =
            Connection::new(config, Rng::for_tests(seed + 1), Instant::ZERO).expect("a configuration");
        let fingerprint = theirs.fingerprint(&provider, HashAlgorithm::Sha256);
        dtls.set_remote_fingerprints(Instant::ZERO, &[fingerprint]).expect("a fingerprint");
        Self { dtls, connected: false, data: Vec::new(), path }
    }

    /// A datagram from the peer arrives.
    pub fn take(&mut self, now: Instant, datagram: &[u8]) -> Result<(), String> {
        let mut datagram = datagram.to_vec();
        self.dtls.handle_datagram(
            now,
            Received { path: self.path, arrived: now, ecn: Ecn::NotEct, datagram: &mut datagram },
        );
        self.events(&datagram)
    }

    /// Does what is due, and gives what is to be sent.
    pub fn drive(&mut self, now: Instant) -> Result<Vec<Vec<u8>>, String> {
        if self.dtls.poll_timeout().is_some_and(|due| due <= now) {
            self.dtls.handle_timeout(now);
        }
        self.events(&[])?;
        let mut out = Vec::new();
        let mut packet = Packet::new();
        while self.dtls.poll_transmit(now, &mut packet).is_some() {
            out.push(packet.as_bytes().to_vec());
            packet.clear();
        }
        Ok(out)
    }

    /// One datagram with data in it.
    pub fn seal(&mut self, data: &[u8]) -> Result<Vec<u8>, String> {
        let mut packet = Packet::new();
        packet.begin(self.dtls.head_room());
        packet.append(data);
        self.dtls.seal(&mut packet).map_err(|misuse| format!("we cannot send: {misuse:?}"))?;
        packet.finish();
        Ok(packet.as_bytes().to_vec())
    }

    fn events(&mut self, datagram: &[u8]) -> Result<(), String> {
        while let Some(event) = self.dtls.poll_event() {
            match event {
                Event::Connected { .. } => self.connected = true,
                Event::ApplicationData(range) => self.data.extend(&datagram[range]),
                Event::EarlyApplicationData(data) => self.data.extend(data),
                Event::Closed(error) => return Err(format!("we gave up: {error}")),
                Event::PeerClosed => return Err("the peer closed".into()),
                _ => {}
            }
        }
        Ok(())
    }
}
