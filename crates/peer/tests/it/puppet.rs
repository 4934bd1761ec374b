//! A peer that has the keys and no manners: ICE, DTLS and SRTP of our own crates, and above them whatever RTP and RTCP
//! somebody makes up. `fuzz/src/peer_media.rs` drives it, too.

use siskin_base::{BaseId, Ecn, HashAlgorithm, Instant, Packet, Path, Received, Rng, SrtpProfile, WallClock};
use siskin_crypto::{Certificate, Provider};
use siskin_dtls::{Connection, Role};
use siskin_ice::{Agent, Credentials, RemoteKind};
use siskin_peer::media::{MediaConfig, TrackKind};
use siskin_peer::{Config, DtlsVersion, PeerConnection, SdpType, SessionDescription};
use siskin_srtp::{Receiver, Sender};
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

const CLOCK: WallClock = WallClock { at: Instant::ZERO, unix: Duration::from_secs(1_795_000_000) };

/// Of the peer under test, and of the puppet. Made once.
static CERTIFICATES: LazyLock<(Arc<Certificate>, Arc<Certificate>)> = LazyLock::new(|| {
    let make = |seed| {
        let provider = siskin_crypto::rustcrypto();
        let made = Certificate::generate(&provider, &mut Rng::for_tests(seed), CLOCK.unix);
        Arc::new(made.expect("the provider can"))
    };
    (make(1), make(2))
});

/// What the puppet offers: audio, video with retransmissions, and video in three layers.
const OFFER: &str = "v=0
o=- 1 1 IN IP4 0.0.0.0
s=-
t=0 0
a=group:BUNDLE a v s
a=extmap-allow-mixed
m=audio 9 UDP/TLS/RTP/SAVPF 111 0 126
c=IN IP4 0.0.0.0
a=mid:a
a=sendrecv
TRANSPORT
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
EXTENSIONS
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=rtpmap:126 telephone-event/8000
a=ssrc:100 cname:puppet
m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 102 103 45 46 49 50
c=IN IP4 0.0.0.0
a=mid:v
a=sendrecv
TRANSPORT
EXTENSIONS
FORMATS
a=ssrc-group:FID 200 201
a=ssrc:200 cname:puppet
a=ssrc:201 cname:puppet
m=video 9 UDP/TLS/RTP/SAVPF 96 97
c=IN IP4 0.0.0.0
a=mid:s
a=sendonly
TRANSPORT
EXTENSIONS
a=rtpmap:96 VP8/90000
FEEDBACK:96
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rid:q send
a=rid:h send
a=rid:f send
a=simulcast:send q;h;f
";

const EXTENSIONS: &str = "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay
a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id
a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id
a=extmap:12 https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";

/// Each video codec, and the payload type of its retransmissions.
const FORMATS: [(u8, &str, &str); 5] = [
    (96, "VP8", ""),
    (98, "VP9", "profile-id=0"),
    (102, "H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"),
    (45, "AV1", "level-idx=5;profile=0;tier=0"),
    (49, "H265", "level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST"),
];

/// A peer under test and its puppet, with nothing between them. A datagram takes no time.
pub(crate) struct Puppet {
    /// Under test.
    pub(crate) peer: PeerConnection,
    provider: Provider,
    ice: Agent,
    dtls: Connection,
    srtp: Option<(Sender, Receiver)>,
    now: Instant,
    /// What the peer said, in clear: RTP and RTCP.
    pub(crate) heard: Heard,
    /// What was delivered.
    pub(crate) delivered: Delivered,
}

/// What the peer under test has sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    /// RTP packets, retransmissions among them.
    pub(crate) rtp: u64,
    /// Bytes of them, as they came.
    pub(crate) rtp_bytes: u64,
    /// RTCP datagrams.
    pub(crate) rtcp: u64,
    /// Bytes of them, as they came.
    pub(crate) rtcp_bytes: u64,
    /// What the last RTCP datagrams said, in clear; a test that wants them empties it.
    pub(crate) reports: Vec<Vec<u8>>,
}

/// What the puppet has sent, as far as its own keys and counters let it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Delivered {
    /// RTP packets.
    pub(crate) rtp: u64,
    /// RTCP datagrams.
    pub(crate) rtcp: u64,
}

const PEER: ([u8; 4], u16) = ([10, 0, 0, 1], 1000);
const PUPPET: ([u8; 4], u16) = ([10, 0, 0, 2], 1000);

/// A configuration with media, for the peer under test. One version of DTLS, because the handshake is not what is tested.
pub(crate) fn config(provider: Provider) -> Config {
    let mut config = Config::new(provider);
    config.clock = Some(CLOCK);
    config.certificate = Some(CERTIFICATES.0.clone());
    config.dtls_versions = vec![DtlsVersion::DTLS1_2];
    config.media = Some(MediaConfig::default());
    config
}

impl Puppet {
    /// Both ends connected, at `Instant::ZERO`; the peer sends sound and a picture, too.
    pub(crate) fn connect(config: Config) -> Self {
        let now = Instant::ZERO;
        let provider = config.provider;
        let mut peer = PeerConnection::new(config, Rng::for_tests(1), now).expect("a usable configuration");
        peer.add_base(now, BaseId(0), PEER.into());
        for (kind, track) in [(TrackKind::Audio, "microphone"), (TrackKind::Video, "camera")] {
            peer.add_track(now, kind, track, &["stream".into()]).expect("room for a track");
        }
        let mut ice = Agent::new(siskin_ice::Config::new(provider), Rng::for_tests(2), now);
        ice.add_local_base(now, BaseId(0), PUPPET.into(), 65_535).expect("an address");
        ice.set_role(now, siskin_ice::Role::Controlling);
        let offer = offer(&provider, ice.local_credentials());
        peer.set_remote_description(now, SessionDescription { kind: SdpType::Offer, sdp: offer })
            .expect("the puppet's offer");
        peer.set_local_description(now, None).expect("an answer");
        let answer = peer.local_description().expect("just set").sdp;
        let value = |name: &str| {
            let line = answer.lines().find_map(|line| line.strip_prefix("a=")?.strip_prefix(name));
            line.expect("an attribute of the answer")
        };
        assert_eq!(value("setup:"), "active", "the puppet is DTLS's server");
        let remote = Credentials::new(value("ice-ufrag:"), value("ice-pwd:")).expect("of a peer of ours");
        ice.set_remote_credentials(now, remote, RemoteKind::default()).expect("the first");
        let path = Path::udp(BaseId(0), PEER.into());
        let mut dtls = siskin_dtls::Config::new(provider, CERTIFICATES.1.clone(), Role::Server, path);
        dtls.versions = vec![DtlsVersion::DTLS1_2];
        dtls.srtp_profiles = vec![SrtpProfile::AEAD_AES_128_GCM];
        let mut dtls = Connection::new(dtls, Rng::for_tests(3), now).expect("something to offer");
        let fingerprint = CERTIFICATES.0.fingerprint(&provider, HashAlgorithm::Sha256);
        dtls.set_remote_fingerprints(now, &[fingerprint]).expect("SHA-256");
        let (heard, delivered) = (Heard::default(), Delivered::default());
        let mut puppet = Self { peer, provider, ice, dtls, srtp: None, now, heard, delivered };
        puppet.exchange();
        for _ in 0..10 {
            if puppet.srtp.is_none() {
                puppet.advance(Duration::from_millis(50));
            }
        }
        assert!(puppet.srtp.is_some(), "keys");
        puppet
    }

    /// The time.
    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    /// Sends an RTP packet; `false` if the puppet's own SRTP refuses it, because it is none, or under a number that was used.
    pub(crate) fn rtp(&mut self, packet: &[u8]) -> bool {
        let sent = !siskin_rtp::wire::is_rtcp(packet) && self.send(packet, Sender::protect_rtp_in);
        self.delivered.rtp += u64::from(sent);
        sent
    }

    /// Sends an RTCP datagram; `false` if SRTP cannot carry it.
    pub(crate) fn rtcp(&mut self, packet: &[u8]) -> bool {
        let sent = siskin_rtp::wire::is_rtcp(packet) && self.send(packet, Sender::protect_rtcp_in);
        self.delivered.rtcp += u64::from(sent);
        sent
    }

    fn send(
        &mut self,
        packet: &[u8],
        protect: fn(&mut Sender, &mut [u8], usize) -> Result<usize, siskin_srtp::Refused>,
    ) -> bool {
        let Some((sender, _)) = &mut self.srtp else { return false };
        let mut datagram = packet.to_vec();
        datagram.resize(packet.len() + Sender::MAX_OVERHEAD, 0);
        let Ok(len) = protect(sender, &mut datagram, packet.len()) else { return false };
        datagram.truncate(len);
        self.deliver(&mut datagram);
        true
    }

    fn deliver(&mut self, datagram: &mut [u8]) {
        let path = Path::udp(BaseId(0), PUPPET.into());
        let received = Received { path, arrived: self.now, ecn: Ecn::NotEct, datagram };
        self.peer.handle_datagram(self.now, received);
    }

    /// Lets time pass, and both ends do what is due meanwhile. Panics where a timeout is not acted on.
    pub(crate) fn advance(&mut self, time: Duration) {
        let end = self.now + time;
        self.exchange();
        let mut again = 0;
        while let Some(next) = self.next_timeout().filter(|next| *next <= end) {
            again = if next > self.now { 0 } else { again + 1 };
            assert!(again < 20, "a timeout that is not acted on");
            self.now = self.now.max(next);
            self.peer.handle_timeout(self.now);
            self.ice.handle_timeout(self.now);
            self.dtls.handle_timeout(self.now);
            self.exchange();
        }
        self.now = end;
    }

    fn next_timeout(&self) -> Option<Instant> {
        [self.peer.poll_timeout(), self.ice.poll_timeout(), self.dtls.poll_timeout()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Carries what both have to say now. Events are left to the peer's user.
    pub(crate) fn exchange(&mut self) {
        let mut packet = Packet::new();
        loop {
            packet.clear();
            if let Some(transmit) = self.peer.poll_transmit(self.now, &mut packet) {
                let size = transmit.segment_size.map_or(usize::MAX, |size| size.get().into());
                for datagram in packet.as_bytes().chunks(size) {
                    self.hear(&mut datagram.to_vec());
                }
                continue;
            }
            packet.clear();
            let said = self.ice.poll_transmit(self.now, &mut packet).is_some() || {
                let ready = self.ice.can_send(self.now);
                ready && self.dtls.poll_transmit(self.now, &mut packet).is_some()
            };
            if !said {
                return;
            }
            self.deliver(&mut packet.as_bytes().to_vec());
        }
    }

    fn hear(&mut self, datagram: &mut [u8]) {
        let path = Path::udp(BaseId(0), PEER.into());
        match datagram.first() {
            Some(0..=3) => {
                let received = Received { path, arrived: self.now, ecn: Ecn::NotEct, datagram };
                self.ice.handle_datagram(self.now, received);
                while self.ice.poll_event().is_some() {}
            }
            Some(20..=63) => {
                let received = Received { path, arrived: self.now, ecn: Ecn::NotEct, datagram };
                self.dtls.handle_datagram(self.now, received);
                while let Some(event) = self.dtls.poll_event() {
                    if let siskin_dtls::Event::KeyingMaterial(keys) = event {
                        // It sends as many streams as it likes.
                        let config = siskin_srtp::Config { max_streams: 1 << 20, ..Default::default() };
                        let contexts = siskin_srtp::contexts(&self.provider, &keys, &config);
                        self.srtp = Some(contexts.expect("keys of the profile"));
                    }
                }
            }
            _ => self.hear_media(datagram),
        }
    }

    fn hear_media(&mut self, datagram: &mut [u8]) {
        let Some((_, receiver)) = &mut self.srtp else { return };
        let len = datagram.len() as u64;
        if siskin_rtp::wire::is_rtcp(datagram) {
            let clear = receiver.unprotect_rtcp(datagram).expect("what the peer protected");
            self.heard.rtcp += 1;
            self.heard.rtcp_bytes += len;
            self.heard.reports.push(datagram.get(..clear).unwrap_or_default().to_vec());
        } else {
            receiver.unprotect_rtp(datagram).expect("what the peer protected");
            self.heard.rtp += 1;
            self.heard.rtp_bytes += len;
        }
    }
}

fn offer(provider: &Provider, credentials: &Credentials) -> String {
    let fingerprint = CERTIFICATES.1.fingerprint(provider, HashAlgorithm::Sha256);
    let address = SocketAddr::from(PUPPET);
    let transport = format!(
        "a=ice-ufrag:{}\na=ice-pwd:{}\na=fingerprint:{fingerprint}\na=setup:actpass\na=rtcp-mux\na=rtcp-rsize\n\
         a=candidate:1 1 udp 2130706431 {} {} typ host",
        credentials.ufrag,
        credentials.password,
        address.ip(),
        address.port(),
    );
    let feedback = |number: u8| {
        ["transport-cc", "goog-remb", "ccm fir", "nack", "nack pli"]
            .map(|feedback| format!("a=rtcp-fb:{number} {feedback}"))
            .join("\n")
    };
    let formats = FORMATS.map(|(number, name, parameters)| {
        let fmtp = if parameters.is_empty() { String::new() } else { format!("a=fmtp:{number} {parameters}\n") };
        let (rtx, feedback) = (number + 1, feedback(number));
        format!("a=rtpmap:{number} {name}/90000\n{fmtp}{feedback}\na=rtpmap:{rtx} rtx/90000\na=fmtp:{rtx} apt={number}")
    });
    OFFER
        .replace("TRANSPORT", &transport)
        .replace("EXTENSIONS", EXTENSIONS)
        .replace("FORMATS", &formats.join("\n"))
        .replace("FEEDBACK:96", &feedback(96))
        .replace('\n', "\r\n")
}
