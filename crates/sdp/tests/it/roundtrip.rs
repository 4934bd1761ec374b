//! Any value comes back from its text; any text that is taken settles after one round.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use siskin_base::{
    Candidate, CandidateAddress, CandidateKind, CandidateTransport, Fingerprint, HashAlgorithm, SetupRole,
    TcpType,
};
use siskin_sdp::*;
use std::net::IpAddr;

fn token() -> impl Strategy<Value = String> {
    "[!#$%&'*+.0-9A-Z^_`a-z{|}~-]{1,12}"
}

fn word() -> impl Strategy<Value = String> {
    "[!-~\u{e9}\u{1f600}]{1,12}"
}

fn text() -> impl Strategy<Value = String> {
    "[!-~\u{e9}]([ -~\t\u{e9}]{0,20}[!-~\u{e9}])?"
}

/// A name that no registry of ours lists.
fn unknown() -> impl Strategy<Value = String> {
    "x-[a-z]{1,8}"
}

fn direction() -> impl Strategy<Value = Direction> {
    use Direction::*;
    prop::sample::select(vec![SendRecv, SendOnly, RecvOnly, Inactive])
}

fn address() -> impl Strategy<Value = Address> {
    prop_oneof![
        any::<IpAddr>().prop_map(Address::from),
        "[a-z]{1,8}\\.local".prop_map(|host| Address {
            network: "IN".into(),
            family: AddressFamily::Ip4,
            host
        }),
        ("[A-Z]{2}", unknown(), "[!-.0-~]{1,12}")
            .prop_filter("IN has rules", |(network, ..)| network != "IN")
            .prop_map(|(network, family, host)| Address {
                network,
                family: AddressFamily::Other(family),
                host
            }),
    ]
}

fn connection() -> impl Strategy<Value = Connection> {
    (address(), any::<u8>(), any::<u32>(), 0..3_u8).prop_map(|(address, ttl, count, parts)| {
        let ttl = (address.family == AddressFamily::Ip4 && parts > 0).then_some(ttl);
        let count = (parts > 1 && !matches!(address.family, AddressFamily::Other(_))).then_some(count);
        Connection { address, ttl, count }
    })
}

fn candidate_address() -> impl Strategy<Value = CandidateAddress> {
    prop_oneof![
        any::<IpAddr>().prop_map(CandidateAddress::Ip),
        "[0-9a-f]{8}-[a-z]{4}\\.local".prop_map(CandidateAddress::Name),
    ]
}

fn candidate() -> impl Strategy<Value = Candidate> {
    let transport = prop_oneof![
        Just(CandidateTransport::Udp),
        Just(CandidateTransport::Tcp),
        unknown().prop_map(CandidateTransport::Other),
    ];
    let kind = prop_oneof![
        Just(CandidateKind::Host),
        Just(CandidateKind::ServerReflexive),
        Just(CandidateKind::PeerReflexive),
        Just(CandidateKind::Relayed),
        unknown().prop_map(CandidateKind::Other),
    ];
    let tcp_type = prop::sample::select(vec![TcpType::Active, TcpType::Passive, TcpType::SimultaneousOpen]);
    let first =
        ("[0-9A-Za-z+/]{1,32}", any::<u16>(), transport, any::<u32>(), candidate_address(), any::<u16>());
    let second =
        (kind, of((candidate_address(), any::<u16>())), of(tcp_type), vec((unknown(), word()), 0..3));
    (first, second).prop_map(
        |(
            (foundation, component, transport, priority, address, port),
            (kind, related, tcp_type, extensions),
        )| Candidate {
            foundation,
            component,
            transport,
            priority,
            address,
            port,
            kind,
            related,
            tcp_type,
            extensions,
        },
    )
}

fn fingerprint() -> impl Strategy<Value = Fingerprint> {
    use HashAlgorithm::*;
    prop::sample::select(vec![Md5, Sha1, Sha256, Sha384, Sha512]).prop_flat_map(|algorithm| {
        vec(any::<u8>(), algorithm.output_len()).prop_map(move |value| Fingerprint { algorithm, value })
    })
}

fn format() -> impl Strategy<Value = Format> {
    prop_oneof![(0..128_u8).prop_map(Format::PayloadType), token().prop_map(|token| Format::from(&*token))]
}

fn target() -> impl Strategy<Value = FeedbackTarget> {
    prop_oneof![Just(FeedbackTarget::All), (0..128_u8).prop_map(FeedbackTarget::PayloadType)]
}

fn msid() -> impl Strategy<Value = Msid> {
    (word(), of(word())).prop_map(|(stream, track)| Msid { stream, track })
}

fn rid_id() -> impl Strategy<Value = String> {
    "[0-9A-Za-z_-]{1,8}"
}

fn ice_and_security() -> impl Strategy<Value = Attribute> {
    use SetupRole::*;
    prop_oneof![
        "[0-9A-Za-z+/]{4,256}".prop_map(Attribute::IceUfrag),
        "[0-9A-Za-z+/]{22,256}".prop_map(Attribute::IcePwd),
        vec(token(), 0..4).prop_map(Attribute::IceOptions),
        any::<u32>().prop_map(Attribute::IcePacing),
        candidate().prop_map(|candidate| Attribute::Candidate(candidate.into())),
        vec((any::<u16>(), candidate_address(), any::<u16>()), 1..3).prop_map(|candidates| {
            let candidates = candidates.into_iter();
            let candidate = |(component, address, port)| RemoteCandidate { component, address, port };
            Attribute::RemoteCandidates(candidates.map(candidate).collect())
        }),
        fingerprint().prop_map(Attribute::Fingerprint),
        prop::sample::select(vec![Active, Passive, ActPass, HoldConn]).prop_map(Attribute::Setup),
        "[0-9A-Za-z+/_-]{20,255}".prop_map(Attribute::TlsId),
        prop_oneof![Just("new".into()), unknown()]
            .prop_map(|name: String| Attribute::Connection(ConnectionReuse::from(&*name))),
        text().prop_map(Attribute::Identity),
        prop::sample::select(vec![
            Attribute::IceLite,
            Attribute::IceMismatch,
            Attribute::EndOfCandidates,
            Attribute::RtcpMux,
            Attribute::RtcpMuxOnly,
            Attribute::RtcpRsize,
            Attribute::ExtMapAllowMixed,
            Attribute::Cryptex,
            Attribute::BundleOnly,
        ]),
    ]
}

fn channels_and_texts() -> impl Strategy<Value = Attribute> {
    let options =
        (of(".{0,8}"), of(".{0,8}"), of(any::<u32>()), of(any::<u32>()), of(any::<bool>()), of(any::<u16>()));
    let map = (any::<u16>(), options).prop_map(
        |(stream, (subprotocol, label, max_retr, max_time, ordered, priority))| DataChannelMap {
            stream,
            subprotocol,
            label,
            max_retr,
            max_time,
            ordered,
            priority,
        },
    );
    let real = "[0-9]{1,6}(\\.[0-9]{1,6})?";
    prop_oneof![
        (prop_oneof![Just("BUNDLE".into()), unknown()], vec(token(), 0..4)).prop_map(
            |(name, mids): (String, _)| {
                Attribute::Group(Group { semantics: GroupSemantics::from(&*name), mids })
            }
        ),
        token().prop_map(Attribute::Mid),
        any::<u16>().prop_map(Attribute::SctpPort),
        any::<u64>().prop_map(Attribute::MaxMessageSize),
        (any::<u16>(), token(), of(any::<u32>())).prop_map(|(port, application, streams)| {
            Attribute::SctpMap(SctpMap { port, application, streams })
        }),
        vec(any::<u8>(), 1..40).prop_map(Attribute::SctpInit),
        map.prop_map(Attribute::DataChannelMap),
        (any::<u16>(), token(), of(text())).prop_map(|(stream, name, value)| {
            Attribute::DataChannelAttribute(DataChannelAttribute { stream, name, value })
        }),
        real.prop_map(|text| Attribute::Ptime(Real::new(&text).unwrap())),
        real.prop_map(|text| Attribute::MaxPtime(Real::new(&text).unwrap())),
        real.prop_map(|text| Attribute::FrameRate(Real::new(&text).unwrap())),
        any::<u8>().prop_map(Attribute::Quality),
        Just(Attribute::Orientation(Orientation::Seascape)),
        token().prop_map(Attribute::ConferenceType),
        token().prop_map(Attribute::Charset),
        token().prop_map(Attribute::SdpLanguage),
        token().prop_map(Attribute::Language),
        text().prop_map(Attribute::Tool),
        text().prop_map(Attribute::Category),
        text().prop_map(Attribute::Keywords),
        token().prop_map(Attribute::Label),
        text().prop_map(Attribute::Content),
        direction().prop_map(Attribute::Direction),
        (unknown(), of("[ -~\t\u{e9}]{0,12}")).prop_map(|(name, value)| Attribute::Other { name, value }),
    ]
}

fn media_attribute() -> impl Strategy<Value = Attribute> {
    let source = prop_oneof![
        text().prop_map(SourceAttribute::Cname),
        msid().prop_map(SourceAttribute::Msid),
        (unknown(), of(text())).prop_map(|(name, value)| SourceAttribute::Other { name, value }),
    ];
    let rid_direction = prop::sample::select(vec![RidDirection::Send, RidDirection::Recv]);
    let restriction = (token().prop_filter("pt is no restriction", |name| name != "pt"), of("[!-:<-~]{1,8}"));
    let stream = || (rid_id(), any::<bool>()).prop_map(|(rid, paused)| SimulcastStream { rid, paused });
    let streams = || vec(vec(stream(), 1..3), 0..3);
    let set = vec(("[a-z]{1,4}", "[0-9.]{1,4}|\\[[0-9:,.-]{1,8}\\]"), 1..4);
    let sets = || prop_oneof![Just(ImageSets::Any), vec(set.clone(), 1..3).prop_map(ImageSets::Sets)];
    let xr = (token(), of("[!-~]{1,8}")).prop_map(|(name, value)| XrFormat { name, value });
    prop_oneof![
        (any::<u16>(), of(address())).prop_map(|(port, address)| Attribute::Rtcp(Rtcp { port, address })),
        (target(), prop_oneof![Just("nack pli".into()), text()]).prop_map(
            |(target, feedback): (_, String)| {
                Attribute::RtcpFeedback(RtcpFeedback { target, feedback: Feedback::from(&*feedback) })
            }
        ),
        vec(xr, 0..3).prop_map(|formats| Attribute::RtcpXr(RtcpXr { formats })),
        (0..128_u8, token(), any::<u32>(), of(any::<u16>())).prop_map(
            |(payload_type, encoding, clock_rate, channels)| {
                Attribute::RtpMap(RtpMap { payload_type, encoding, clock_rate, channels })
            }
        ),
        (format(), text()).prop_map(|(format, parameters)| Attribute::Fmtp(Fmtp { format, parameters })),
        (any::<u16>(), of(direction()), word(), of(text())).prop_map(|(id, direction, uri, attributes)| {
            Attribute::ExtMap(ExtMap { id, direction, uri, attributes })
        }),
        msid().prop_map(Attribute::Msid),
        (token(), vec(word(), 0..3))
            .prop_map(|(semantic, streams)| { Attribute::MsidSemantic(MsidSemantic { semantic, streams }) }),
        (any::<u32>(), source).prop_map(|(ssrc, attribute)| Attribute::Source(Source { ssrc, attribute })),
        (prop_oneof![Just("FID".into()), unknown()], vec(any::<u32>(), 0..4)).prop_map(
            |(name, ssrcs): (String, _)| {
                Attribute::SourceGroup(SourceGroup { semantics: SourceGroupSemantics::from(&*name), ssrcs })
            }
        ),
        (rid_id(), rid_direction, vec(format(), 0..3), vec(restriction, 0..3)).prop_map(
            |(id, direction, formats, restrictions)| Attribute::Rid(Rid {
                id,
                direction,
                formats,
                restrictions
            })
        ),
        (streams(), streams())
            .prop_filter("at least one", |(send, recv)| !(send.is_empty() && recv.is_empty()))
            .prop_map(|(send, recv)| Attribute::Simulcast(Simulcast { send, recv })),
        (target(), of(sets()), of(sets()))
            .prop_filter("at least one", |(_, send, recv)| send.is_some() || recv.is_some())
            .prop_map(|(target, send, recv)| Attribute::ImageAttr(ImageAttr { target, send, recv })),
    ]
}

fn attributes() -> impl Strategy<Value = Attributes> {
    vec(prop_oneof![ice_and_security(), channels_and_texts(), media_attribute()], 0..12)
        .prop_map(Attributes::from)
}

fn bandwidth() -> impl Strategy<Value = Vec<Bandwidth>> {
    let kind = prop_oneof![Just("TIAS".into()), unknown()];
    vec((kind, any::<u64>()), 0..3).prop_map(|list: Vec<(String, u64)>| {
        list.into_iter().map(|(kind, value)| Bandwidth { kind: BandwidthKind::from(&*kind), value }).collect()
    })
}

fn typed_time() -> impl Strategy<Value = TypedTime> {
    use TimeUnit::*;
    (1..u64::MAX, of(prop::sample::select(vec![Days, Hours, Minutes, Seconds])))
        .prop_map(|(value, unit)| TypedTime { value, unit })
}

fn timing() -> impl Strategy<Value = Timing> {
    let repeat = (typed_time(), typed_time(), vec(typed_time(), 1..4))
        .prop_map(|(interval, duration, offsets)| Repeat { interval, duration, offsets });
    let zone = (any::<u64>(), any::<bool>(), typed_time())
        .prop_map(|(at, negative, offset)| ZoneAdjustment { at, negative, offset });
    (any::<u64>(), any::<u64>(), vec(repeat, 0..3), vec(zone, 0..3)).prop_map(
        |(start, stop, repeats, zones)| {
            let zones = if repeats.is_empty() { Vec::new() } else { zones };
            Timing { start, stop, repeats, zones }
        },
    )
}

fn media() -> impl Strategy<Value = Media> {
    let protocol = prop_oneof![Just("UDP/DTLS/SCTP".into()), "[A-Z]{1,4}(/[A-Z]{1,4}){0,3}"];
    let line = (token(), any::<u16>(), of(1..=u32::MAX), protocol, vec(format(), 1..4));
    let rest = (of(text()), vec(connection(), 0..3), bandwidth(), of(text()), attributes());
    (line, rest).prop_map(
        |(
            (kind, port, port_count, protocol, formats),
            (information, connections, bandwidth, key, attributes),
        )| Media {
            kind: MediaKind::from(&*kind),
            port,
            port_count,
            protocol: MediaProtocol::from(&*protocol),
            formats,
            information,
            connections,
            bandwidth,
            key,
            attributes,
        },
    )
}

fn session() -> impl Strategy<Value = Session> {
    let origin = (word(), any::<u64>(), any::<u64>(), address()).prop_map(
        |(username, session_id, session_version, address)| Origin {
            username,
            session_id,
            session_version,
            address,
        },
    );
    let about =
        ("[ -~]{0,12}", of(text()), of(text()), vec(text(), 0..3), vec(text(), 0..3), of(connection()));
    let rest = (bandwidth(), vec(timing(), 1..3), of(text()), attributes(), vec(media(), 0..3));
    (origin, about, rest).prop_map(
        |(
            origin,
            (name, information, uri, emails, phones, connection),
            (bandwidth, timing, key, attributes, media),
        )| Session {
            origin,
            name,
            information,
            uri,
            emails,
            phones,
            connection,
            bandwidth,
            timing,
            key,
            attributes,
            media,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_session_comes_back_from_its_text(session in session()) {
        let text = session.to_string();
        match Session::parse(&text, &Limits::default()) {
            Ok(again) => prop_assert_eq!(&again, &session, "{}", text),
            Err(error) => prop_assert!(false, "{}\n{}", error, text),
        }
    }

    #[test]
    fn a_candidate_comes_back_from_its_text(candidate in candidate()) {
        prop_assert_eq!(parse_candidate(&DisplayCandidate(&candidate).to_string()), Ok(candidate));
    }

    /// Captures with pieces overwritten: refused, or taken and then settled; attributes to the byte.
    #[test]
    fn damaged_captures_settle(index in any::<prop::sample::Index>(), cuts in vec((any::<prop::sample::Index>(), 0..6_usize, "[ -~\r\n]{0,4}|a=|/|:|;| "), 1..6)) {
        let captures = crate::captures::captures();
        let mut text = index.get(&captures).1.clone();
        for (at, length, with) in &cuts {
            let at = at.index(text.len());
            let end = (at + length).min(text.len());
            text.replace_range(at..end, with);
        }
        if let Ok(session) = Session::parse(&text, &Limits::default()) {
            let printed = session.to_string();
            let attributes = |text: &str| -> Vec<String> {
                text.lines().filter(|line| line.starts_with("a=")).map(|line| line.trim_end_matches('\r').into()).collect()
            };
            prop_assert_eq!(attributes(&printed), attributes(&text));
            let again = Session::parse(&printed, &Limits::default());
            prop_assert_eq!(again.map(|again| again.to_string()), Ok(printed));
        }
    }
}
