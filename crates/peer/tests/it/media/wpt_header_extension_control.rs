//! `webrtc-extensions/RTCRtpTransceiver-headerExtensionControl.html`, and what it leaves open: directions, numbers, and what
//! packets say. That directions are there is a matter of types here.

use super::flow::{connect, media_config, payload_type, play_video};
use super::wpt_parameters::given;
use super::*;
use crate::harness::{Pair, ms};
use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
use siskin_base::RtpHeader;
use siskin_netsim::Link;
use siskin_peer::media::{HeaderExtension, HeaderExtensionCapability as Capability, uri};
use siskin_peer::{OutgoingFrame, SetParameterOptions};
use siskin_rtp::extension::{Extension, ExtensionMap};

const DIRECTIONS: [Option<Direction>; 5] =
    [Some(SendRecv), Some(SendOnly), Some(RecvOnly), Some(Inactive), None];

fn wanted(peer: &Peer, id: TransceiverId) -> Vec<Capability> {
    get(peer, id).header_extensions_to_negotiate()
}

fn negotiated(peer: &Peer, id: TransceiverId) -> Vec<Capability> {
    get(peer, id).negotiated_header_extensions()
}

fn way(all: &[Capability], uri: &str) -> Option<Direction> {
    all.iter().find(|known| known.uri == uri).expect("one of the configuration").direction
}

fn set(peer: &mut Peer, id: TransceiverId, all: &[Capability]) -> Result<(), &'static str> {
    peer.connection.set_header_extensions_to_negotiate(T0, id, all).map_err(|error| error.name())
}

/// Wants another direction for one of them.
pub(super) fn want(peer: &mut Peer, id: TransceiverId, uri: &str, direction: Option<Direction>) {
    let mut all = wanted(peer, id);
    all.iter_mut().find(|known| known.uri == uri).expect("one of the configuration").direction = direction;
    set(peer, id, &all).expect("it is not mandatory");
}

/// The lines about an extension, without its number.
fn lines(text: &str, uri: &str) -> Vec<String> {
    let all = text.lines().filter_map(|line| line.strip_prefix("a=extmap:"));
    let all = all.filter_map(|line| line.strip_suffix(uri)?.strip_suffix(' '));
    all.map(|line| line.trim_start_matches(|c: char| c.is_ascii_digit()).to_owned()).collect()
}

fn number(text: &str, uri: &str) -> u8 {
    let line = text.lines().find(|line| line.starts_with("a=extmap:") && line.ends_with(uri));
    let digits = line.expect("it is there").trim_start_matches("a=extmap:").split(['/', ' ']).next();
    digits.and_then(|digits| digits.parse().ok()).expect("a number")
}

#[test]
fn the_mandatory_one_is_there_and_goes_both_ways() {
    for kind in [AUDIO, VIDEO] {
        let mut peer = peer(1);
        let id = add(&mut peer, kind, SendRecv);
        assert_eq!(way(&wanted(&peer, id), uri::MID), Some(SendRecv));
    }
}

#[test]
fn another_list_than_what_was_given_is_refused() {
    let mut peer = peer(1);
    let id = add(&mut peer, AUDIO, SendRecv);
    let before = wanted(&peer, id);
    let mut changed = |change: fn(&mut Vec<Capability>)| {
        let mut all = before.clone();
        change(&mut all);
        set(&mut peer, id, &all)
    };
    assert_eq!(changed(|all| all[0].uri = ""), Err("TypeError"));
    assert_eq!(changed(|all| all[0].uri = "4711"), Err("InvalidModificationError"));
    assert_eq!(changed(|all| all.retain(|known| known.uri == uri::MID)), Err("InvalidModificationError"));
    assert_eq!(
        changed(|all| all.push(Capability { uri: "4711", direction: Some(RecvOnly) })),
        Err("InvalidModificationError")
    );
    assert_eq!(changed(|all| all.reverse()), Err("InvalidModificationError"));
    assert_eq!(changed(|_| ()), Ok(()));
    let nobody = peer.connection.set_header_extensions_to_negotiate(T0, TransceiverId(9), &before);
    assert_eq!(nobody.map_err(|error| error.name()), Err("InvalidAccessError"));
    peer.connection.close(T0);
    let closed = peer.connection.set_header_extensions_to_negotiate(T0, id, &before);
    assert_eq!(closed.map_err(|error| error.name()), Err("InvalidStateError"));
}

#[test]
fn the_mandatory_one_cannot_be_changed() {
    let mut peer = peer(1);
    let id = add(&mut peer, AUDIO, SendRecv);
    let before = wanted(&peer, id);
    for direction in DIRECTIONS {
        let mut all = before.clone();
        all.iter_mut().find(|known| known.uri == uri::MID).unwrap().direction = direction;
        all.iter_mut().find(|known| known.uri == uri::AUDIO_LEVEL).unwrap().direction = None;
        let expected = if direction == Some(SendRecv) { Ok(()) } else { Err("InvalidModificationError") };
        assert_eq!(set(&mut peer, id, &all), expected);
        // What fails changes nothing.
        let level = expected.map_or(Some(SendRecv), |()| None);
        assert_eq!(way(&wanted(&peer, id), uri::AUDIO_LEVEL), level);
        set(&mut peer, id, &before).unwrap();
    }
}

/// Where streams have names, packets bear them (RFC 8853 §5.5).
#[test]
fn names_of_streams_are_mandatory_where_there_are_some() {
    let mut peer = peer(1);
    let rids = ["q", "h"].map(Into::into).to_vec();
    let sent = TransceiverInit { send_encodings: rids, ..init(SendRecv) };
    let received = TransceiverInit { receive_encodings: vec!["a".into(), "b".into()], ..init(SendRecv) };
    for (init, expected) in [
        (sent, Err("InvalidModificationError")),
        (received, Err("InvalidModificationError")),
        (init(SendRecv), Ok(())),
    ] {
        let id = peer.connection.add_transceiver(T0, VIDEO, init).unwrap();
        let mut all = wanted(&peer, id);
        all.iter_mut().find(|known| known.uri == uri::RID).unwrap().direction = None;
        assert_eq!(set(&mut peer, id, &all), expected);
    }
}

#[test]
fn what_was_set_is_given() {
    let mut peer = peer(1);
    let id = add(&mut peer, AUDIO, SendRecv);
    for direction in DIRECTIONS {
        want(&mut peer, id, uri::AUDIO_LEVEL, direction);
        assert_eq!(way(&wanted(&peer, id), uri::AUDIO_LEVEL), direction);
        assert!(!peer.connection.is_negotiation_needed() || get(&peer, id).mid().is_none());
    }
}

/// No more than the configuration allows.
#[test]
fn what_was_set_is_restricted_to_what_there_is() {
    let mut peer = peer_with(1, |config| {
        let media = config.media.get_or_insert_default();
        let level = media.extensions.iter_mut().find(|known| known.uri == uri::AUDIO_LEVEL);
        level.expect("it is known").direction = RecvOnly;
    });
    let id = add(&mut peer, AUDIO, SendRecv);
    let restricted = [Some(RecvOnly), Some(Inactive), Some(RecvOnly), Some(Inactive), None];
    for (direction, expected) in DIRECTIONS.into_iter().zip(restricted) {
        want(&mut peer, id, uri::AUDIO_LEVEL, direction);
        assert_eq!(way(&wanted(&peer, id), uri::AUDIO_LEVEL), expected);
    }
}

#[test]
fn what_is_stopped_is_not_offered() {
    for stopped in [None, Some(uri::ABS_SEND_TIME), Some(uri::VIDEO_ORIENTATION)] {
        let mut peer = peer(1);
        let id = add(&mut peer, VIDEO, SendRecv);
        stopped.into_iter().for_each(|stopped| want(&mut peer, id, stopped, None));
        let offer = offer_of(&mut peer);
        for known in wanted(&peer, id) {
            let expected = known.direction.map(|_| String::new());
            assert_eq!(known.direction.is_none(), stopped == Some(known.uri));
            assert_eq!(lines(&offer, known.uri), Vec::from_iter(expected), "{}", known.uri);
        }
    }
}

#[test]
fn all_are_stopped_before_there_is_an_answer_and_as_many_after_it() {
    let (mut a, mut b) = pair();
    let id = add(&mut a, VIDEO, SendRecv);
    let stopped = wanted(&a, id).into_iter().map(|known| Capability { direction: None, ..known });
    let stopped: Vec<Capability> = stopped.collect();
    assert_eq!(negotiated(&a, id), stopped);
    want(&mut a, id, uri::ABS_SEND_TIME, None);
    take(&mut b, &describe(&mut a));
    assert_eq!(negotiated(&a, id), stopped, "an offer decides nothing");
    assert!(given(&mut a, id).header_extensions.is_empty());
    let answer = describe(&mut b);
    take(&mut a, &answer);
    let now = negotiated(&a, id);
    assert_eq!(now.len(), stopped.len());
    assert!(now.iter().all(|known| known.direction.is_none() == (known.uri == uri::ABS_SEND_TIME)));
    let other = all(&b)[0].id();
    assert_eq!(negotiated(&b, other), now, "what is not offered is stopped at the answerer's, too");
    assert!(!answer.sdp.contains(uri::ABS_SEND_TIME));
}

#[test]
fn what_was_stopped_can_be_wanted_again_and_keeps_its_number() {
    let (mut a, mut b) = pair();
    let id = add(&mut a, VIDEO, SendRecv);
    let (first, _) = negotiate(&mut a, &mut b);
    want(&mut a, id, uri::ABS_SEND_TIME, None);
    let (offer, answer) = negotiate(&mut a, &mut b);
    assert!(!offer.contains(uri::ABS_SEND_TIME) && !answer.contains(uri::ABS_SEND_TIME));
    assert_eq!(way(&negotiated(&a, id), uri::ABS_SEND_TIME), None);
    want(&mut a, id, uri::ABS_SEND_TIME, Some(SendRecv));
    let other = all(&b)[0].id();
    want(&mut b, other, uri::ABS_SEND_TIME, Some(SendRecv));
    let (offer, answer) = negotiate(&mut a, &mut b);
    for sdp in [&offer, &answer] {
        assert_eq!(number(sdp, uri::ABS_SEND_TIME), number(&first, uri::ABS_SEND_TIME));
    }
    assert_eq!(way(&negotiated(&a, id), uri::ABS_SEND_TIME), Some(SendRecv));
}

/// webrtc-extensions: whatever the answer says is wanted from then on, so that who answers has to want it again, too.
#[test]
fn who_answers_has_to_want_it_again_too() {
    let (mut a, mut b) = pair();
    let id = add(&mut a, VIDEO, SendRecv);
    want(&mut a, id, uri::ABS_SEND_TIME, None);
    negotiate(&mut a, &mut b);
    want(&mut a, id, uri::ABS_SEND_TIME, Some(SendRecv));
    let (offer, answer) = negotiate(&mut a, &mut b);
    assert!(offer.contains(uri::ABS_SEND_TIME) && !answer.contains(uri::ABS_SEND_TIME));
    assert_eq!(way(&negotiated(&a, id), uri::ABS_SEND_TIME), None);
    assert_eq!(way(&wanted(&a, id), uri::ABS_SEND_TIME), None);
}

#[test]
fn each_section_has_its_own() {
    let mut peer = peer(1);
    let (one, other) = (add(&mut peer, VIDEO, SendRecv), add(&mut peer, VIDEO, SendRecv));
    want(&mut peer, one, uri::VIDEO_ORIENTATION, None);
    want(&mut peer, other, uri::VIDEO_ORIENTATION, Some(SendRecv));
    let offer = offer_of(&mut peer);
    assert!(lines(section(&offer, 0), uri::VIDEO_ORIENTATION).is_empty());
    assert_eq!(lines(section(&offer, 1), uri::VIDEO_ORIENTATION), [""]);
}

#[test]
fn what_the_peer_does_not_take_is_stopped() {
    let mut a = peer(1);
    let id = add(&mut a, VIDEO, SendRecv);
    let names = [uri::MID, uri::RID, uri::REPAIRED_RID];
    for known in wanted(&a, id).into_iter().filter(|known| !names.contains(&known.uri)) {
        let (mut a, mut b) = pair();
        let id = add(&mut a, VIDEO, SendRecv);
        take(&mut b, &describe(&mut a));
        let other = all(&b)[0].id();
        want(&mut b, other, known.uri, None);
        take(&mut a, &describe(&mut b));
        for (peer, id) in [(&mut a, id), (&mut b, other)] {
            assert_eq!(way(&negotiated(peer, id), known.uri), None, "{}", known.uri);
            assert_eq!(way(&wanted(peer, id), known.uri), None);
            let sent = given(peer, id).header_extensions;
            assert!(!sent.is_empty() && sent.iter().all(|sent| sent.uri != known.uri));
        }
    }
}

/// Not what names sections and streams: without simulcast a peer need not take RIDs, and a later offer of it needs them.
#[test]
fn what_names_streams_is_wanted_again() {
    let (mut a, mut b) = pair();
    let id = add(&mut a, VIDEO, SendRecv);
    take(&mut b, &describe(&mut a));
    let other = all(&b)[0].id();
    want(&mut b, other, uri::RID, None);
    let answer = describe(&mut b);
    assert!(!answer.sdp.contains(uri::RID));
    take(&mut a, &answer);
    assert_eq!((way(&negotiated(&a, id), uri::RID), way(&wanted(&a, id), uri::RID)), (None, Some(SendRecv)));
    assert_eq!(way(&wanted(&b, other), uri::RID), None, "as its application wants it");
    let simulcast = TransceiverInit { send_encodings: vec!["q".into(), "h".into()], ..init(SendRecv) };
    a.connection.add_transceiver(T0, VIDEO, simulcast).unwrap();
    assert_eq!(lines(section(&offer_of(&mut a), 1), uri::RID), [""]);
    // Nor does who comes later go without, because the first does.
    let simulcast = TransceiverInit { send_encodings: vec!["q".into(), "h".into()], ..init(SendRecv) };
    b.connection.add_transceiver(T0, VIDEO, simulcast).unwrap();
    let offered = offer_of(&mut b);
    assert!(lines(section(&offered, 0), uri::RID).is_empty());
    assert_eq!(lines(section(&offered, 1), uri::RID), [""]);
}

#[test]
fn an_offer_from_the_other_side_does_not_bring_it_back() {
    let (mut a, mut b) = pair();
    let id = add(&mut a, VIDEO, SendRecv);
    want(&mut a, id, uri::ABS_SEND_TIME, None);
    negotiate(&mut a, &mut b);
    let (offer, _) = negotiate(&mut b, &mut a);
    assert!(!offer.contains(uri::ABS_SEND_TIME));
    let other = all(&b)[0].id();
    assert_eq!(way(&wanted(&b, other), uri::ABS_SEND_TIME), None);
    assert_eq!(way(&negotiated(&a, id), uri::ABS_SEND_TIME), None);
}

#[test]
fn who_comes_later_begins_like_the_first_of_its_kind_that_is_not_stopped() {
    let (mut a, mut b) = pair();
    let stopped = add(&mut a, AUDIO, SendRecv);
    want(&mut a, stopped, uri::AUDIO_LEVEL, None);
    a.connection.stop_transceiver(T0, stopped).unwrap();
    let first = add(&mut a, AUDIO, SendRecv);
    assert_eq!(way(&wanted(&a, first), uri::AUDIO_LEVEL), Some(SendRecv));
    want(&mut a, first, uri::AUDIO_LEVEL, Some(SendOnly));
    let (second, video) = (add(&mut a, AUDIO, SendRecv), add(&mut a, VIDEO, SendRecv));
    assert_eq!(wanted(&a, second), wanted(&a, first));
    assert!(wanted(&a, video).iter().all(|known| known.direction == Some(SendRecv)));
    // So do those that an offer brings.
    negotiate(&mut a, &mut b);
    let other = all(&b)[0].id();
    want(&mut b, other, uri::ABS_SEND_TIME, None);
    let third = add(&mut a, AUDIO, SendRecv);
    take(&mut b, &describe(&mut a));
    let newest = all(&b).last().unwrap().id();
    assert_eq!(wanted(&b, newest), wanted(&b, other));
    take(&mut a, &describe(&mut b));
    assert_eq!(way(&negotiated(&a, third), uri::ABS_SEND_TIME), None);
    assert_eq!(way(&negotiated(&a, video), uri::ABS_SEND_TIME), Some(SendRecv));
}

/// RFC 8285 §7: what the offer says, what the answerer wants, what the answer says then, and who may send.
#[test]
fn rfc8285_7_directions_are_offered_and_answered() {
    let some = |direction: Direction| Some(direction);
    for (ours, theirs, offered, answered, agreed) in [
        (some(SendRecv), some(SendRecv), some(SendRecv), some(SendRecv), some(SendRecv)),
        (some(SendOnly), some(SendRecv), some(SendOnly), some(RecvOnly), some(SendOnly)),
        (some(RecvOnly), some(SendRecv), some(RecvOnly), some(SendOnly), some(RecvOnly)),
        (some(SendRecv), some(RecvOnly), some(SendRecv), some(RecvOnly), some(SendOnly)),
        (some(SendOnly), some(SendOnly), some(SendOnly), some(Inactive), some(Inactive)),
        (some(SendRecv), some(Inactive), some(SendRecv), some(Inactive), some(Inactive)),
        (some(Inactive), some(SendRecv), some(Inactive), some(Inactive), some(Inactive)),
        (some(SendOnly), None, some(SendOnly), None, None),
        (None, some(SendRecv), None, None, None),
    ] {
        let (mut a, mut b) = pair();
        let id = add(&mut a, AUDIO, SendRecv);
        want(&mut a, id, uri::AUDIO_LEVEL, ours);
        let offer = describe(&mut a);
        take(&mut b, &offer);
        let other = all(&b)[0].id();
        want(&mut b, other, uri::AUDIO_LEVEL, theirs);
        let answer = describe(&mut b);
        take(&mut a, &answer);
        for (sdp, expected) in [(&offer.sdp, offered), (&answer.sdp, answered)] {
            let expected = expected.map(|way| match way {
                SendRecv => String::new(),
                way => format!("/{}", way.as_str()),
            });
            assert_eq!(lines(sdp, uri::AUDIO_LEVEL), Vec::from_iter(expected), "{ours:?} {theirs:?}: {sdp}");
        }
        let knows = |all: &[HeaderExtension]| all.iter().any(|known| known.uri == uri::AUDIO_LEVEL);
        for (peer, id, agreed) in [(&mut a, id, agreed), (&mut b, other, agreed.map(Direction::reversed))] {
            assert_eq!(way(&negotiated(peer, id), uri::AUDIO_LEVEL), agreed, "{ours:?} {theirs:?}");
            assert_eq!(wanted(peer, id), negotiated(peer, id));
            let sends = knows(&given(peer, id).header_extensions);
            let receives = knows(&peer.connection.receive_parameters(id).unwrap().header_extensions);
            assert_eq!(sends, agreed.is_some_and(Direction::sends), "{ours:?} {theirs:?}");
            assert_eq!(receives, agreed.is_some_and(Direction::receives), "{ours:?} {theirs:?}");
        }
    }
}

/// RFC 8285 §7: a number that meant something never means anything else.
#[test]
fn rfc8285_7_numbers_are_not_given_away() {
    let (mut a, mut b) = pair();
    add(&mut a, AUDIO, SendRecv);
    let theirs = |sdp: &str| {
        // The peer's numbers, where ours would be others.
        let swapped = sdp.replace("a=extmap:1 ", "a=extmap:x ").replace("a=extmap:14 ", "a=extmap:y ");
        swapped.replace("a=extmap:2 ", "a=extmap:14 ").replace("a=extmap:x ", "a=extmap:2 ")
    };
    let described = theirs(&offer_of(&mut a));
    assert_eq!((number(&described, uri::AUDIO_LEVEL), number(&described, uri::ABS_SEND_TIME)), (2, 14));
    take(&mut b, &offer(&described));
    describe(&mut b);
    let id = all(&b)[0].id();
    want(&mut b, id, uri::AUDIO_LEVEL, None);
    // 2 would be the number of the time of sending, which has 14.
    let video = add(&mut b, VIDEO, SendRecv);
    let offered = offer_of(&mut b);
    assert!(!offered.contains(uri::AUDIO_LEVEL));
    for index in 0..2 {
        let text = section(&offered, index);
        assert!(!text.contains("a=extmap:2 "), "{text}");
        assert_eq!(number(text, uri::ABS_SEND_TIME), 14);
    }
    // The offset would have 14.
    assert_eq!(number(section(&offered, 1), uri::TRANSMISSION_OFFSET), 1);
    want(&mut b, video, uri::TRANSMISSION_OFFSET, None);
    want(&mut b, id, uri::AUDIO_LEVEL, Some(SendRecv));
    let again = offer_of(&mut b);
    assert_eq!(number(&again, uri::AUDIO_LEVEL), 2);
}

/// A provisional answer does not decide, and a rollback takes nothing back that was set.
#[test]
fn only_a_final_answer_decides() {
    let (mut a, mut b) = pair();
    let id = add(&mut a, AUDIO, SendRecv);
    take(&mut b, &describe(&mut a));
    let other = all(&b)[0].id();
    want(&mut b, other, uri::AUDIO_LEVEL, None);
    let mut answer = b.connection.create_answer(T0).unwrap();
    answer.kind = SdpType::PrAnswer;
    b.connection.set_local_description(T0, Some(answer.clone())).unwrap();
    take(&mut a, &answer);
    assert_eq!(way(&wanted(&a, id), uri::AUDIO_LEVEL), Some(SendRecv));
    want(&mut b, other, uri::AUDIO_LEVEL, Some(SendRecv));
    let answer = b.connection.create_answer(T0).unwrap();
    b.connection.set_local_description(T0, Some(answer.clone())).unwrap();
    take(&mut a, &answer);
    assert_eq!(way(&negotiated(&a, id), uri::AUDIO_LEVEL), Some(SendRecv));
    let agreed = (negotiated(&a, id), given(&mut a, id).header_extensions);
    want(&mut a, id, uri::AUDIO_LEVEL, Some(SendOnly));
    describe(&mut a);
    assert_eq!((negotiated(&a, id), given(&mut a, id).header_extensions), agreed);
    a.connection.set_local_description(T0, Some(rollback())).unwrap();
    assert_eq!(way(&wanted(&a, id), uri::AUDIO_LEVEL), Some(SendOnly));
    assert_eq!((negotiated(&a, id), given(&mut a, id).header_extensions), agreed);
}

/// A parameter that an extension's going makes stale: the transaction is another.
#[test]
fn parameters_are_those_of_the_last_answer() {
    let (mut a, mut b) = pair();
    let id = add(&mut a, AUDIO, SendRecv);
    negotiate(&mut a, &mut b);
    let before = given(&mut a, id);
    want(&mut a, id, uri::AUDIO_LEVEL, None);
    assert_eq!(given(&mut a, id), before);
    negotiate(&mut a, &mut b);
    let stale = a.connection.set_parameters(T0, id, before, SetParameterOptions::default());
    assert_eq!(stale.map_err(|error| error.name()), Err("InvalidStateError"));
}

/// What the packets of a kind that a peer sent bear, each once; packets of sound are told by their payload type.
fn borne(peer: &Peer, map: &ExtensionMap, audio: u8) -> [Vec<Extension>; 2] {
    let mut borne = [Vec::new(), Vec::new()];
    for datagram in &peer.sent {
        let rtp = matches!(datagram.first(), Some(128..=191)) && !siskin_rtp::wire::is_rtcp(datagram);
        let Some(header) = rtp.then(|| RtpHeader::parse(datagram).unwrap()) else { continue };
        let values = map.values(&header);
        let all = [
            (values.mid.is_some(), Extension::Mid),
            (values.abs_send_time.is_some(), Extension::AbsSendTime),
            (values.transport_sequence.is_some(), Extension::TransportSequence),
        ];
        let [sound, pictures] = &mut borne;
        let of_kind = if header.payload_type == audio { sound } else { pictures };
        for (_, kind) in all.into_iter().filter(|(there, _)| *there) {
            if !of_kind.contains(&kind) {
                of_kind.push(kind);
            }
        }
    }
    borne
}

/// On the wire, in one bundle: packets bear what was negotiated for their section, and nothing before an answer has it.
#[test]
fn packets_bear_what_was_negotiated_for_their_section() {
    let config = || {
        let mut config = media_config();
        config.header_encryption = siskin_peer::HeaderEncryption::Disable;
        config
    };
    let mut pair = Pair::with(31, Link::new(ms(1)), config(), config());
    let (audio, video) = (add(&mut pair.a, AUDIO, SendOnly), add(&mut pair.a, VIDEO, SendOnly));
    want(&mut pair.a, video, uri::TRANSPORT_WIDE_CC, None);
    want(&mut pair.a, audio, uri::ABS_SEND_TIME, Some(RecvOnly));
    connect(&mut pair);
    let opus = payload_type(&pair.a, audio, "opus");
    let mut map = ExtensionMap::new();
    for (kind, id) in [(Extension::AbsSendTime, 2), (Extension::TransportSequence, 3), (Extension::Mid, 4)] {
        map.insert(kind, id).unwrap();
    }
    let play = |pair: &mut Pair, from: u32| {
        pair.a.sent.clear();
        for frame in from..from + 5 {
            let (now, data) = (pair.now(), vec![0xfc, 1, 2, 3].into());
            let frame = OutgoingFrame::new(opus, frame * 960, data);
            pair.a.connection.send_frame(now, audio, None, frame).unwrap();
            pair.run(ms(20));
        }
        play_video(pair, video, from, 5, 2_000);
        let mut borne = borne(&pair.a, &map, opus);
        // MIDs are only there until the peer has reported on their stream.
        borne.iter_mut().for_each(|all| all.retain(|kind| *kind != Extension::Mid));
        borne
    };
    let numbered = [vec![Extension::TransportSequence], vec![Extension::AbsSendTime]];
    assert_eq!(play(&mut pair, 0), numbered);
    want(&mut pair.a, video, uri::TRANSPORT_WIDE_CC, Some(SendOnly));
    want(&mut pair.a, video, uri::ABS_SEND_TIME, None);
    for known in [TransceiverId(0), TransceiverId(1)] {
        want(&mut pair.b, known, uri::TRANSPORT_WIDE_CC, Some(SendRecv));
    }
    let now = pair.now();
    pair.a.connection.set_local_description(now, None).unwrap();
    assert_eq!(play(&mut pair, 5), numbered, "only an offer");
    let offer = pair.a.connection.local_description().unwrap();
    let now = pair.now();
    pair.b.connection.set_remote_description(now, offer).unwrap();
    pair.b.connection.set_local_description(now, None).unwrap();
    let answer = pair.b.connection.local_description().unwrap();
    pair.a.connection.set_remote_description(now, answer).unwrap();
    let all = [vec![Extension::TransportSequence], vec![Extension::TransportSequence]];
    assert_eq!(play(&mut pair, 10), all);
}
