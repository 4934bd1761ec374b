//! The client up to the ServerHello: what is offered, before anyone knows which version it will be.

use crate::connection::State;
use crate::engine::Engine;
use crate::flight::EndsWith;
use crate::handshake::{
    ClientHello, ExtensionType, Extensions, Fragment, HandshakeHeader, HandshakeType, HelloVerifyRequest,
    KeyShareEntry, KeyShares, Malformed, Message, ServerHello, UseSrtp, only_vec16, put_numbers,
};
use crate::transcript::Transcript;
use crate::{CipherSuite, Error, Misuse, PeerIncompatible, PeerMisbehaved, ProtocolVersion, v12, v13};
use alloc::boxed::Box;
use alloc::vec::Vec;
use siskin_base::SrtpProfile;
use siskin_base::wire::Writer;
use siskin_crypto::{ActiveKeyExchange, NamedGroup, SharedSecret};

/// A ClientHello that is out, or about to be.
pub(crate) struct Offer {
    random: [u8; 32],
    suites: Vec<u8>,
    shares: Shares,
    asked: Asked,
}

/// What the server has asked for, if it has.
enum Asked {
    Nothing,
    /// DTLS 1.2: this cookie is out, as the answer to so many requests.
    Cookie {
        cookie: Vec<u8>,
        requests: u8,
    },
    /// DTLS 1.3: the second hello is out, with this suite chosen.
    Retry(CipherSuite),
}

/// The key exchanges that were begun with the hello.
#[derive(Default)]
pub(crate) struct Shares {
    begun: Vec<(NamedGroup, Box<dyn ActiveKeyExchange>)>,
    /// Whether the classical component of a hybrid is offered beside it.
    with_component: bool,
}

impl Offer {
    /// Composes the ClientHello and puts it in the first flight.
    pub(crate) fn start(engine: &mut Engine) -> Result<Self, Misuse> {
        let mut suites = Vec::new();
        for version in VERSIONS.into_iter().filter(|version| engine.speaks(*version)) {
            engine.offered_suites(version).for_each(|suite| suites.put_u16(suite.0));
        }
        if suites.is_empty() {
            return Err(Misuse::NothingToOffer);
        }
        let random = engine.rng.bytes();
        let shares =
            if engine.speaks(ProtocolVersion::DTLS1_3) { Shares::first(engine)? } else { Shares::default() };
        let offer = Self { random, suites, shares, asked: Asked::Nothing };
        offer.send(engine, &[], None);
        Ok(offer)
    }

    /// `cookie` is that of DTLS 1.2, `retry_cookie` that of 1.3.
    fn send(&self, engine: &mut Engine, cookie: &[u8], retry_cookie: Option<&[u8]>) {
        engine.begin_flight(EndsWith::Answer);
        let extensions = self.extensions(engine, retry_cookie);
        let mut hello = ClientHello::new(self.random, &self.suites, Extensions::from_bytes(&extensions));
        hello.cookie = cookie;
        engine.send(0, HandshakeType::CLIENT_HELLO, |out| hello.write(out));
    }

    pub(crate) fn handle(mut self, engine: &mut Engine, message: &Message) -> Result<State, Error> {
        match message.kind {
            HandshakeType::HELLO_VERIFY_REQUEST => {
                // RFC 6347 §4.2.1: there may be several, since a server may not take its own cookie back, if it has changed its
                // secret meanwhile.
                let requests = match self.asked {
                    Asked::Nothing => 0,
                    Asked::Cookie { requests, .. } if requests < MAX_REQUESTS => requests,
                    _ => return Err(PeerMisbehaved::UnexpectedMessage.into()),
                };
                if !engine.speaks(ProtocolVersion::DTLS1_2) {
                    return Err(PeerIncompatible::Version.into());
                }
                let request = HelloVerifyRequest::parse(message.body()).map_err(malformed)?;
                // RFC 6347 §4.2.1: a first ClientHello and its HelloVerifyRequest do not count.
                engine.transcript = Transcript::new();
                self.asked = Asked::Cookie { cookie: request.cookie.into(), requests: requests + 1 };
                self.send(engine, request.cookie, None);
                Ok(State::Offered(self))
            }
            HandshakeType::SERVER_HELLO => {
                let hello = ServerHello::parse(message.body()).map_err(malformed)?;
                let version = chosen_version(engine, &hello)?;
                engine.version = Some(version);
                match (version, self.asked) {
                    (ProtocolVersion::DTLS1_2, Asked::Nothing | Asked::Cookie { .. }) => {
                        v12::client::Client::start(engine, self.random, message, &hello)
                    }
                    (ProtocolVersion::DTLS1_3, asked @ (Asked::Nothing | Asked::Retry(_))) => {
                        self.asked = asked;
                        self.handle_v13(engine, message, &hello)
                    }
                    _ => Err(PeerMisbehaved::SelectedUnoffered.into()),
                }
            }
            _ => Err(PeerMisbehaved::UnexpectedMessage.into()),
        }
    }

    /// Whether a fragment of a message whose number came before is a HelloVerifyRequest nevertheless: a server that keeps no
    /// state gives the same number to all that it sends. A copy of the one that was answered is none.
    pub(crate) fn is_asked_again(&self, fragment: &Fragment<'_>) -> bool {
        let Asked::Cookie { cookie, .. } = &self.asked else { return false };
        let HandshakeHeader { kind, length, fragment_length, .. } = fragment.header;
        kind == HandshakeType::HELLO_VERIFY_REQUEST
            && length == fragment_length
            && HelloVerifyRequest::parse(fragment.body).is_ok_and(|request| request.cookie != cookie)
    }

    fn handle_v13(
        mut self,
        engine: &mut Engine,
        message: &Message,
        hello: &ServerHello<'_>,
    ) -> Result<State, Error> {
        let retried = match self.asked {
            Asked::Retry(suite) => Some(suite),
            _ => None,
        };
        if hello.random != ServerHello::RETRY_RANDOM {
            return v13::client::Client::start(engine, self.random, self.shares, retried, message, hello);
        }
        if retried.is_some() {
            return Err(PeerMisbehaved::UnexpectedMessage.into());
        }
        let allowed = [ExtensionType::KEY_SHARE, ExtensionType::COOKIE];
        let meaning = v13::client::check_hello(engine, hello, &allowed)?;
        let group = hello.extensions.get(ExtensionType::KEY_SHARE);
        let cookie = hello.extensions.get(ExtensionType::COOKIE);
        if let Some(group) = group {
            let group = group.try_into().map_err(|_| PeerMisbehaved::MalformedMessage)?;
            self.shares = self.shares.replace(engine, NamedGroup(u16::from_be_bytes(group)))?;
        } else if cookie.is_none() {
            return Err(PeerMisbehaved::UselessRetry.into());
        }
        let cookie = cookie.map(only_vec16).transpose().map_err(malformed)?;
        engine.transcript.hash_with(engine.config.provider.hash(meaning.hash));
        engine.transcript.fold();
        engine.note(message);
        self.asked = Asked::Retry(hello.cipher_suite);
        self.send(engine, &[], cookie);
        Ok(State::Offered(self))
    }

    fn extensions(&self, engine: &Engine, retry_cookie: Option<&[u8]>) -> Vec<u8> {
        let mut out = Vec::new();
        let mut put = |kind, body: &dyn Fn(&mut Vec<u8>)| Extensions::put(&mut out, kind, body);
        let speaks = VERSIONS.map(|version| engine.speaks(version));
        if let [_, true] = speaks {
            put(ExtensionType::RENEGOTIATION_INFO, &|out| out.put_u8(0));
            put(ExtensionType::EXTENDED_MASTER_SECRET, &|_| {});
            put(ExtensionType::EC_POINT_FORMATS, &|out| out.put(&[1, 0]));
        }
        let newest = if let [true, _] = speaks { ProtocolVersion::DTLS1_3 } else { ProtocolVersion::DTLS1_2 };
        put(ExtensionType::SUPPORTED_GROUPS, &|out| {
            put_numbers(out, engine.offered_groups(newest).map(|group| group.0));
        });
        let oldest = if let [_, true] = speaks { ProtocolVersion::DTLS1_2 } else { ProtocolVersion::DTLS1_3 };
        put(ExtensionType::SIGNATURE_ALGORITHMS, &|out| {
            put_numbers(out, engine.schemes_of(oldest).iter().map(|scheme| scheme.0));
        });
        if !engine.config.srtp_profiles.is_empty() {
            let offer = UseSrtp { profiles: engine.config.srtp_profiles.clone(), mki: &[] };
            put(ExtensionType::USE_SRTP, &|out| offer.write(out));
        }
        engine.put_connection_id(&mut out);
        let mut put = |kind, body: &dyn Fn(&mut Vec<u8>)| Extensions::put(&mut out, kind, body);
        if let [true, _] = speaks {
            put(ExtensionType::SUPPORTED_VERSIONS, &|out| {
                let versions = engine.config.versions.iter().filter(|version| engine.speaks(**version));
                let _ = out.put_prefixed(1, |out| versions.for_each(|version| out.put_u16(version.0)));
            });
            if let Some(cookie) = retry_cookie {
                put(ExtensionType::COOKIE, &|out| {
                    let _ = out.put_prefixed(2, |out| out.put(cookie));
                });
            }
            put(ExtensionType::KEY_SHARE, &|out| self.shares.entries().write(out));
        }
        out
    }
}

impl Shares {
    /// The preferred group, and a classical one that everyone has.
    fn first(engine: &mut Engine) -> Result<Self, Misuse> {
        let groups: Vec<_> = engine.offered_groups(ProtocolVersion::DTLS1_3).collect();
        let mut shares = Self::default();
        let first = groups.first().copied().ok_or(Misuse::NothingToOffer)?;
        shares.begin(engine, first).map_err(|_| Misuse::NothingToOffer)?;
        let classical = engine.offered_groups(ProtocolVersion::DTLS1_2).next();
        let component = shares.begun.iter().find_map(|(_, active)| Some(active.component()?.0));
        match (component, classical) {
            // RFC 9954 §3.2: one secret may serve the hybrid and its classical half.
            (Some(component), Some(_)) if groups.contains(&component) => shares.with_component = true,
            (_, Some(classical)) if classical != first && component.is_some() => {
                shares.begin(engine, classical).map_err(|_| Misuse::NothingToOffer)?;
            }
            _ => {}
        }
        Ok(shares)
    }

    fn begin(&mut self, engine: &mut Engine, group: NamedGroup) -> Result<(), Error> {
        let exchange = engine.config.provider.key_exchange(group).ok_or(Error::ProviderFailed)?;
        let active = exchange.start(&mut engine.rng).map_err(|_| Error::ProviderFailed)?;
        self.begun.push((group, active));
        Ok(())
    }

    /// RFC 8446 §4.1.4: the group that the server asks for, which was offered, but without a share.
    fn replace(self, engine: &mut Engine, group: NamedGroup) -> Result<Self, Error> {
        let known = engine.offered_groups(ProtocolVersion::DTLS1_3).any(|offered| offered == group);
        if self.entries().entries.iter().any(|entry| entry.group == group) {
            return Err(PeerMisbehaved::UselessRetry.into());
        }
        if !known {
            return Err(PeerMisbehaved::SelectedUnoffered.into());
        }
        let mut shares = Self::default();
        shares.begin(engine, group)?;
        Ok(shares)
    }

    fn entries(&self) -> KeyShares<'_> {
        let mut entries = Vec::new();
        for (group, active) in &self.begun {
            entries.push(KeyShareEntry { group: *group, share: active.share() });
            if let Some((group, share)) = active.component().filter(|_| self.with_component) {
                entries.push(KeyShareEntry { group, share });
            }
        }
        KeyShares { entries }
    }

    /// The secret, from the server's share.
    pub(crate) fn finish(self, group: NamedGroup, share: &[u8]) -> Result<SharedSecret, Error> {
        let with_component = self.with_component;
        let is_component = |active: &dyn ActiveKeyExchange| {
            with_component && active.component().is_some_and(|(component, _)| component == group)
        };
        for (begun, active) in self.begun {
            let secret = if begun == group {
                active.finish(share)
            } else if is_component(&*active) {
                active.finish_component(share)
            } else {
                continue;
            };
            return secret.map_err(|error| match error {
                siskin_crypto::Error::InvalidShare => PeerMisbehaved::BadKeyShare.into(),
                _ => Error::ProviderFailed,
            });
        }
        Err(PeerMisbehaved::SelectedUnoffered.into())
    }
}

/// The version that the server chose (RFC 8446 §4.2.1), if we can do with it.
fn chosen_version(engine: &Engine, hello: &ServerHello<'_>) -> Result<ProtocolVersion, Error> {
    let version = match hello.extensions.get(ExtensionType::SUPPORTED_VERSIONS) {
        Some(_) if !engine.speaks(ProtocolVersion::DTLS1_3) => {
            return Err(PeerMisbehaved::UnsolicitedExtension.into());
        }
        Some(chosen) => match *chosen {
            // RFC 8446 §4.2.1: versions before 1.3 are not chosen by the extension.
            [0xfe, 0xfc] => ProtocolVersion::DTLS1_3,
            [_, _] => return Err(PeerMisbehaved::SelectedUnoffered.into()),
            _ => return Err(PeerMisbehaved::MalformedMessage.into()),
        },
        None if hello.version == ProtocolVersion::DTLS1_2 && engine.speaks(hello.version) => hello.version,
        None => return Err(PeerIncompatible::Version.into()),
    };
    let downgraded = version == ProtocolVersion::DTLS1_2
        && engine.speaks(ProtocolVersion::DTLS1_3)
        && DOWNGRADES.iter().any(|sentinel| hello.random.ends_with(sentinel));
    if downgraded { Err(PeerMisbehaved::Downgraded.into()) } else { Ok(version) }
}

/// RFC 8446 §4.2: a misplaced answer to what we offer, or one to what we do not.
pub(crate) fn misplaced(engine: &Engine, kind: ExtensionType) -> Error {
    let offered = match kind {
        ExtensionType::USE_SRTP => !engine.config.srtp_profiles.is_empty(),
        ExtensionType::CONNECTION_ID => engine.config.connection_id.is_some(),
        ExtensionType::EC_POINT_FORMATS
        | ExtensionType::EXTENDED_MASTER_SECRET
        | ExtensionType::RENEGOTIATION_INFO => engine.speaks(ProtocolVersion::DTLS1_2),
        kind => kind.is_known(),
    };
    if offered {
        PeerMisbehaved::MisplacedExtension.into()
    } else {
        PeerMisbehaved::UnsolicitedExtension.into()
    }
}

/// RFC 5764 §4.1.1: exactly one, of those that were offered, and the MKI that was offered, which is none.
pub(crate) fn selected_srtp(offered: &[SrtpProfile], body: &[u8]) -> Result<SrtpProfile, Error> {
    let answer = UseSrtp::parse(body).map_err(malformed)?;
    match answer.profiles[..] {
        [profile] if offered.contains(&profile) && answer.mki.is_empty() => Ok(profile),
        _ => Err(PeerMisbehaved::SelectedUnofferedSrtpProfile.into()),
    }
}

fn malformed(_: Malformed) -> Error {
    PeerMisbehaved::MalformedMessage.into()
}

/// More cookies than that are not returned.
const MAX_REQUESTS: u8 = 4;
/// The versions that we know.
const VERSIONS: [ProtocolVersion; 2] = [ProtocolVersion::DTLS1_3, ProtocolVersion::DTLS1_2];
/// RFC 8446 §4.1.3: how the random value of a server ends that knows DTLS 1.3 and chose 1.2 or 1.0.
pub(crate) const DOWNGRADES: [[u8; 8]; 2] = [*b"DOWNGRD\x01", *b"DOWNGRD\0"];
