//! `webrtc-extensions/RTCConfiguration-rtpHeaderEncryptionPolicy.html`, and cryptex (RFC 9335) between two ends.

use super::*;
use crate::harness::{Pair, ms};
use siskin_base::RtpHeader;
use siskin_netsim::Link;
use siskin_peer::{HeaderEncryption, OutgoingFrame, PeerConnectionState};
use siskin_rtp::extension::{ExtensionMap, Values};

fn with(policy: HeaderEncryption) -> siskin_peer::Config {
    let mut config = config();
    config.media = Some(MediaConfig::default());
    config.header_encryption = policy;
    config
}

use HeaderEncryption::{Disable, Negotiate, Require};

#[test]
fn negotiate_is_the_default() {
    assert_eq!(siskin_peer::Config::new(siskin_crypto::rustcrypto()).header_encryption, Negotiate);
    let mut peer = peer(1);
    add(&mut peer, AUDIO, Direction::SendRecv);
    assert!(has(&offer_of(&mut peer), "a=cryptex"));
}

/// RFC 9335 §4: once, for the session, in offer and answer; used where both have it.
#[test]
fn rfc9335_4_offered_and_answered() {
    for (ours, theirs) in
        [(Negotiate, Negotiate), (Negotiate, Disable), (Disable, Negotiate), (Require, Negotiate)]
    {
        let (mut a, mut b) = (
            peer_with(1, |config| config.header_encryption = ours),
            peer_with(2, |config| config.header_encryption = theirs),
        );
        add(&mut a, AUDIO, Direction::SendRecv);
        add(&mut a, VIDEO, Direction::SendRecv);
        a.connection.create_data_channel(T0, siskin_peer::ChannelConfig::new("x")).unwrap();
        let (offer, answer) = negotiate(&mut a, &mut b);
        let count = |sdp: &str| sdp.matches("a=cryptex\r\n").count();
        let agreed = ours != Disable && theirs != Disable;
        assert_eq!((count(&offer), count(&answer)), (usize::from(ours != Disable), usize::from(agreed)));
        for peer in [&a, &b] {
            assert!(all(peer).iter().all(|known| known.header_encryption_negotiated() == agreed));
        }
    }
}

/// RFC 9335 §4: at either level; and in all sections of a bundle, or it is in none.
#[test]
fn rfc9335_4_levels() {
    let mut a = peer(1);
    add(&mut a, AUDIO, Direction::SendRecv);
    add(&mut a, VIDEO, Direction::SendRecv);
    let session = offer_of(&mut a);
    let nowhere = session.replace("a=cryptex\r\n", "");
    let both = nowhere.replace("a=rtcp-mux\r\n", "a=rtcp-mux\r\na=cryptex\r\n");
    let one = both.replacen("a=cryptex\r\n", "", 1);
    for (sdp, expected) in [(nowhere, false), (session, true), (both, true), (one, false)] {
        let mut b = peer(2);
        take(&mut b, &offer(&sdp));
        assert_eq!(describe(&mut b).sdp.contains("a=cryptex"), expected, "{sdp}");
    }
}

/// RFC 9335 §4: a section that is rejected has it, too, from the session; libwebrtc cannot answer otherwise.
#[test]
fn rfc9335_4_for_the_session_where_all_agree() {
    let mut a = peer(1);
    add(&mut a, AUDIO, Direction::SendRecv);
    let offer = offer_of(&mut a);
    let (session, sections) = offer.split_once("\r\nm=").unwrap();
    assert!(has(session, "a=cryptex") && !sections.contains("cryptex"));
}

#[test]
fn require_fails_where_it_is_not_negotiated() {
    let mut a = peer_with(1, |config| config.header_encryption = Disable);
    add(&mut a, VIDEO, Direction::SendRecv);
    let mut b = peer_with(2, |config| config.header_encryption = Require);
    let description = describe(&mut a);
    let refused = b.connection.set_remote_description(T0, description);
    assert_eq!(refused.map_err(|error| error.name()), Err("InvalidAccessError"));
    // So does an answer.
    let mut a = peer_with(1, |config| config.header_encryption = Require);
    add(&mut a, VIDEO, Direction::SendRecv);
    let mut b = peer_with(2, |config| config.header_encryption = Disable);
    take(&mut b, &describe(&mut a));
    let answer = describe(&mut b);
    let refused = a.connection.set_remote_description(T0, answer);
    assert_eq!(refused.map_err(|error| error.name()), Err("InvalidAccessError"));
}

#[test]
fn require_does_not_require_data_channels_to_have_a_cryptex_line() {
    let mut a = peer_with(1, |config| config.header_encryption = Require);
    let mut b = peer_with(2, |config| config.header_encryption = Require);
    a.connection.create_data_channel(T0, siskin_peer::ChannelConfig::new("x")).unwrap();
    let (offer, answer) = negotiate(&mut a, &mut b);
    assert!(!offer.contains("cryptex") && !answer.contains("cryptex"));
}

/// What stands in clear in the RTP packets that a peer sent: their extensions' marks, and which names can be read.
fn seen(peer: &Peer, map: &ExtensionMap) -> (Vec<u16>, usize) {
    let rtp = peer.sent.iter().filter(|datagram| {
        matches!(datagram.first(), Some(128..=191)) && !siskin_rtp::wire::is_rtcp(datagram)
    });
    let headers: Vec<RtpHeader<'_>> = rtp.map(|datagram| RtpHeader::parse(datagram).unwrap()).collect();
    let values = headers.iter().map(|header| map.values(header));
    let legible = |values: &Values<'_>| values.mid.is_some_and(|mid| mid.0 == "0");
    let legible = values.filter(legible).count();
    (headers.iter().filter_map(|header| Some(header.extension?.profile)).collect(), legible)
}

/// On the wire: no header extension can be read where both sides can encrypt them, and media arrive; else they can.
#[test]
fn header_extensions_are_hidden_both_ways_where_both_can() {
    let policies = [
        (Negotiate, Negotiate, true),
        (Require, Require, true),
        (Negotiate, Disable, false),
        (Disable, Negotiate, false),
    ];
    for (ours, theirs, hidden) in policies {
        let mut pair = Pair::with(30, Link::new(ms(1)), with(ours), with(theirs));
        let video = add(&mut pair.a, VIDEO, Direction::SendRecv);
        pair.b.connection.add_track(T0, VIDEO, "camera", &["s".into()]).unwrap();
        pair.negotiate();
        let connected = |peer: &Peer| peer.saw(PeerConnectionState::Connected);
        pair.run_until(ms(5_000), |a, b| connected(a) && connected(b));
        let mut map = ExtensionMap::new();
        for known in get(&pair.a, video).header_extensions() {
            let kind = siskin_rtp::extension::Extension::from_uri(&known.uri).expect("one of ours");
            map.insert(kind, known.id).expect("not taken");
        }
        let play = |pair: &mut Pair, frames: u32| {
            for frame in 0..frames {
                let now = pair.now();
                for (peer, id) in [(&mut pair.a, video), (&mut pair.b, TransceiverId(0))] {
                    let data = [&[0, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0][..], &[7; 2_000]].concat();
                    let frame = OutgoingFrame::new(96, frame * 3_000, data.into());
                    peer.connection.send_frame(now, id, None, frame).unwrap();
                }
                pair.run(ms(33));
            }
        };
        play(&mut pair, 10);
        let frames =
            |peer: &Peer| peer.events.iter().filter(|event| matches!(event, Event::Frame(_))).count();
        assert_eq!((frames(&pair.a), frames(&pair.b)), (10, 10), "{ours:?} {theirs:?}");
        for peer in [&pair.a, &pair.b] {
            let (marks, legible) = seen(peer, &map);
            assert!(marks.len() >= 20);
            let expected = if hidden { 0xc0de } else { 0xbede };
            assert!(marks.iter().all(|mark| *mark == expected), "{ours:?} {theirs:?}: {marks:x?}");
            assert_eq!(legible == 0, hidden, "{ours:?} {theirs:?}");
        }
        // A later round, in which a section is added, changes nothing of that.
        add(&mut pair.a, AUDIO, Direction::SendRecv);
        let now = pair.now();
        pair.a.connection.set_local_description(now, None).unwrap();
        (pair.a.sent, pair.b.sent) = (Vec::new(), Vec::new());
        play(&mut pair, 3);
        assert_eq!(seen(&pair.a, &map).0.iter().all(|mark| *mark == 0xc0de), hidden);
    }
}

/// RFC 9335 §4: a later description may take it back.
#[test]
fn rfc9335_4_it_can_be_taken_back() {
    let (mut a, mut b) = pair();
    add(&mut a, VIDEO, Direction::SendRecv);
    negotiate(&mut a, &mut b);
    let again = describe(&mut a);
    let sdp = again.sdp.replace("a=cryptex\r\n", "");
    take(&mut b, &SessionDescription { sdp, ..again });
    let answer = describe(&mut b);
    assert!(!answer.sdp.contains("cryptex"));
    take(&mut a, &answer);
    assert!(!all(&a)[0].header_encryption_negotiated() && !all(&b)[0].header_encryption_negotiated());
}
