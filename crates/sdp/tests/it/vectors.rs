//! Descriptions and attributes as RFCs show them. Where an RFC folds a line, the file has it whole; the examples of
//! RFC 8841, which are sections only, stand below a session of our own.

use siskin_base::{CandidateKind, Fingerprint, HashAlgorithm, SetupRole};
use siskin_sdp::{
    Address, Attribute, Connection, DataChannelMap, Direction, Format, GroupSemantics, ImageSets, Limits,
    Media, MediaKind, MediaProtocol, RtpMap, Session, parse_candidate,
};

macro_rules! vector {
    ($name:literal) => {
        include_str!(concat!("../vectors/", $name, ".sdp"))
    };
}

/// Parses `text` and holds it to coming back unchanged.
fn parse(text: &str) -> Session {
    let session = Session::parse(text, &Limits::small()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(session.to_string(), text);
    session
}

/// The attribute that `line` is; it comes back unchanged too.
fn attribute(line: &str) -> Attribute {
    let text =
        format!("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\na={line}\r\n");
    parse(&text).media[0].attributes.iter().next().unwrap().clone()
}

#[test]
fn rfc8866_5_example() {
    let session = parse(vector!("rfc8866-5"));
    assert_eq!((&*session.origin.username, session.origin.session_id), ("jdoe", 3_724_394_400));
    assert_eq!(session.origin.session_version, 3_724_394_405);
    assert_eq!(session.name, "Call to John Smith");
    assert_eq!(session.information.as_deref(), Some("SDP Offer #1"));
    assert_eq!(session.uri.as_deref(), Some("http://www.jdoe.example.com/home.html"));
    assert_eq!(session.emails, ["Jane Doe <jane@jdoe.example.com>"]);
    assert_eq!(session.phones, ["+1 617 555-6011"]);
    let [first, second, third] = &session.media[..] else { panic!("three sections") };
    assert_eq!(
        (&first.kind, first.port, &first.protocol),
        (&MediaKind::Audio, 49170, &MediaProtocol::RtpAvp)
    );
    assert_eq!(second.formats, [Format::PayloadType(0)]);
    let address = |media| session.effective(media).connection().unwrap().address.ip().unwrap().to_string();
    assert_eq!(address(second), "198.51.100.1");
    assert_eq!(address(third), "2001:db8::2");
    let map = RtpMap { payload_type: 99, encoding: "h263-1998".into(), clock_rate: 90_000, channels: None };
    assert!(third.attributes.contains(&Attribute::RtpMap(map)));
}

#[test]
fn rfc9429_7_1_simple_example() {
    let offer = parse(vector!("rfc9429-7.1-offer-A1"));
    assert_eq!(offer.groups(&GroupSemantics::LipSynchronization).next().unwrap().mids, ["a1", "v1"]);
    let (_, video) = offer.media_by_mid("v1").unwrap();
    assert_eq!(video.candidates().map(|candidate| candidate.component).collect::<Vec<_>>(), [1, 2]);
    assert!(video.end_of_candidates());
    assert_eq!(video.setup(), Some(SetupRole::ActPass));
    let answer = parse(vector!("rfc9429-7.1-answer-A1"));
    assert_eq!(answer.media[0].tls_id(), Some("eec3392ab83e11ceb6a0990c903fbb19"));
}

#[test]
fn rfc9429_7_2_detailed_example() {
    let offer = parse(vector!("rfc9429-7.2-offer-B1"));
    assert!(offer.media[1].attributes.contains(&Attribute::BundleOnly) && offer.media[1].port == 0);
    assert!(offer.media[1].is_data_channel());
    parse(vector!("rfc9429-7.2-answer-B1"));
    let offer = parse(vector!("rfc9429-7.2-offer-B2"));
    let kinds: Vec<_> = offer.media[0].candidates().map(|candidate| &candidate.kind).collect();
    assert_eq!(kinds, [&CandidateKind::Host, &CandidateKind::ServerReflexive, &CandidateKind::Relayed]);
    let simulcast = offer.media[2].attributes.iter().find_map(|attribute| match attribute {
        Attribute::Simulcast(simulcast) => Some(simulcast.send.len()),
        _ => None,
    });
    assert_eq!(simulcast, Some(3));
    let answer = parse(vector!("rfc9429-7.2-answer-B2"));
    assert_eq!(answer.media[3].direction(), Some(Direction::RecvOnly));
    assert_eq!(answer.effective(&answer.media[2]).ice_ufrag(), None);
}

#[test]
fn rfc9429_7_3_early_transport_warmup_example() {
    for text in [
        vector!("rfc9429-7.3-offer-C1"),
        vector!("rfc9429-7.3-answer-C1"),
        vector!("rfc9429-7.3-offer-C2"),
        vector!("rfc9429-7.3-answer-C2"),
    ] {
        let session = parse(text);
        assert!(session.effective(&session.media[0]).has_ice_option("ice2"));
        let known = |attribute: &Attribute| !matches!(attribute, Attribute::Other { .. });
        assert!(session.media.iter().flat_map(|media: &Media| &media.attributes).all(known));
    }
}

#[test]
fn rfc8839_appendix_a_examples() {
    let offer = parse(vector!("rfc8839-A-offer"));
    let media = &offer.media[0];
    let effective = offer.effective(media);
    assert_eq!((effective.ice_ufrag(), effective.ice_pacing()), (Some("8hhY"), Some(50)));
    assert_eq!(media.ice_ufrag(), None);
    let second = media.candidates().nth(1).unwrap();
    assert_eq!(second.socket_addr().unwrap().to_string(), "[2001:db8:8101:3a55:4858:a2a9:22ff:99b9]:45664");
    let (related, port) = second.related.as_ref().unwrap();
    assert_eq!((related.to_string().as_str(), *port), ("fe80::6676:baff:fe9c:ee4a", 8998));
    let answer = parse(vector!("rfc8839-A-answer"));
    assert_eq!(answer.media[0].candidates().next().unwrap().priority, 2_130_706_431);
}

#[test]
fn rfc8841_13_1_examples() {
    let offer = parse(vector!("rfc8841-13.1-offer"));
    let media = &offer.media[0];
    assert!(media.is_data_channel());
    assert_eq!((media.sctp_port(), media.max_message_size()), (Some(5000), Some(100_000)));
    let Fingerprint { algorithm, value } = offer.effective(media).fingerprints().next().unwrap();
    assert_eq!((*algorithm, value.len(), value[1]), (HashAlgorithm::Sha256, 32, 0xdf));
    let answer = parse(vector!("rfc8841-13.1-answer"));
    assert_eq!(answer.media[0].setup(), Some(SetupRole::Passive));
    assert_eq!(
        answer.media[0].connections,
        [Connection {
            address: Address { host: "2001:DB8::001D".into(), ..offer.origin.address },
            ttl: None,
            count: None
        }]
    );
}

#[test]
fn rfc8864_5_1_1_data_channel_maps() {
    let map = |line| match attribute(line) {
        Attribute::DataChannelMap(map) => map,
        other => panic!("{other:?}"),
    };
    assert_eq!(map("dcmap:0"), DataChannelMap::default());
    let first = DataChannelMap {
        stream: 1,
        subprotocol: Some("bfcp".into()),
        max_time: Some(60_000),
        priority: Some(512),
        ..DataChannelMap::default()
    };
    assert_eq!(map("dcmap:1 subprotocol=\"bfcp\";max-time=60000;priority=512"), first);
    let second = map("dcmap:2 subprotocol=\"msrp\";ordered=true;label=\"msrp\"");
    assert_eq!((second.ordered, second.label.as_deref()), (Some(true), Some("msrp")));
    let third = map("dcmap:3 label=\"Label 1\";ordered=false;max-retr=5;priority=128");
    assert_eq!(
        (third.ordered, third.max_retr, third.label.as_deref()),
        (Some(false), Some(5), Some("Label 1"))
    );
    assert_eq!(
        map("dcmap:4 label=\"foo%09bar\";ordered=true;max-time=15000").label.as_deref(),
        Some("foo\tbar")
    );
    // RFC 8864 §5.1.7: another value is ignored.
    assert_eq!(map("dcmap:5 ordered=maybe").ordered, None);
    let Attribute::DataChannelAttribute(attribute) = attribute("dcsa:2 accept-types:text/plain") else {
        panic!()
    };
    assert_eq!(
        (attribute.stream, &*attribute.name, attribute.value.as_deref()),
        (2, "accept-types", Some("text/plain"))
    );
}

#[test]
fn rfc8853_and_rfc8851_simulcast_and_rid() {
    let Attribute::Simulcast(simulcast) = attribute("simulcast:send 1,~4;2;3 recv c;d") else { panic!() };
    let paused: Vec<_> = simulcast.send[0].iter().map(|stream| (&*stream.rid, stream.paused)).collect();
    assert_eq!(paused, [("1", false), ("4", true)]);
    assert_eq!((simulcast.send.len(), simulcast.recv.len()), (3, 2));
    let Attribute::Simulcast(simulcast) = attribute("simulcast:recv 1;2 send 4") else { panic!() };
    assert_eq!((simulcast.send.len(), simulcast.recv.len()), (1, 2));
    let Attribute::Rid(rid) = attribute("rid:5 send pt=99,102;max-br=64000;max-width=1280") else { panic!() };
    assert_eq!(rid.formats, [Format::PayloadType(99), Format::PayloadType(102)]);
    assert_eq!(rid.restrictions[1], ("max-width".into(), Some("1280".into())));
    let Attribute::Rid(rid) = attribute("rid:6 recv max-width=1280;max-height=720;depend=5") else {
        panic!()
    };
    assert!(rid.formats.is_empty() && rid.restrictions.len() == 3);
}

#[test]
fn rfc6236_3_1_image_attributes() {
    let line = "imageattr:97 send [x=800,y=640,sar=1.1,q=0.6] [x=480,y=320] recv [x=[320:16:640],y=[240:16:480],par=[1.2-1.3]]";
    let Attribute::ImageAttr(image) = attribute(line) else { panic!() };
    let Some(ImageSets::Sets(sets)) = image.send else { panic!() };
    assert_eq!(sets[0][3], ("q".into(), "0.6".into()));
    assert!(matches!(attribute("imageattr:* send * recv *"), Attribute::ImageAttr(_)));
}

#[test]
fn candidates_as_browsers_trickle_them() {
    for text in [
        "candidate:1 1 udp 2113929471 203.0.113.100 10100 typ host",
        "candidate:1 1 udp 1845494015 198.51.100.100 11100 typ srflx raddr 203.0.113.100 rport 10100",
        "candidate:3098175849 1 udp 2113937151 0b1f6a5e-2b6c-4b8e-9d5c-1f3f6a6d9e0a.local 54400 typ host generation 0 ufrag Jgad network-cost 999",
        "candidate:2 1 tcp 1518280447 2001:db8::7 9 typ host tcptype active generation 0 network-id 2 network-cost 10",
        "candidate:7 2 udp 41885438 192.0.2.9 3479 typ relay raddr 0.0.0.0 rport 0",
    ] {
        let candidate = parse_candidate(text).unwrap();
        assert_eq!(siskin_sdp::DisplayCandidate(&candidate).to_string(), text);
        assert_eq!(parse_candidate(&format!("a={text}\r\n")).as_ref(), Ok(&candidate));
        assert_eq!(parse_candidate(text.strip_prefix("candidate:").unwrap()).as_ref(), Ok(&candidate));
    }
    let firefox = parse_candidate("candidate:0 1 UDP 2122252543 192.0.2.1 43218 typ host").unwrap();
    assert_eq!(firefox.transport, siskin_base::CandidateTransport::Udp);
}
