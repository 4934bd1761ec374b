//! `RTCRtpSender-setParameters.html`, `RTCRtpSender-setParameters-keyFrame.html`, `RTCRtpParameters-codec.html`,
//! `RTCRtpParameters-codecs.html`, `RTCRtpParameters-encodings.html`, `RTCRtpParameters-headerExtensions.html`,
//! `RTCRtpParameters-rtcp.html`, `webrtc-priority/RTCRtpParameters-encodings.html` (but for `networkPriority`), `RTCRtpParameters-transactionId.html`, `RTCRtpReceiver-getParameters.html`. There are no tasks
//! here: what they say of the event loop is said of calls. Fields that are missing do not compile.

use super::*;
use siskin_peer::media::{Codec, CodecParameters, HeaderExtension, uri};
use siskin_peer::{
    EncodingOptions, EncodingParameters, EncodingTarget, Error, Priority, SendParameters, SetParameterOptions,
};

pub(super) fn given(peer: &mut Peer, id: TransceiverId) -> SendParameters {
    peer.connection.get_parameters(id).expect("a transceiver")
}

pub(super) fn encodings(peer: &mut Peer, id: TransceiverId) -> Vec<EncodingParameters> {
    given(peer, id).encodings
}

fn set(peer: &mut Peer, id: TransceiverId, parameters: &SendParameters) -> Result<(), &'static str> {
    let options = SetParameterOptions::default();
    let set = peer.connection.set_parameters(T0, id, parameters.clone(), options);
    set.map_err(|error| error.name())
}

/// Sets what was given, after that change.
pub(super) fn change(
    peer: &mut Peer,
    now: Instant,
    id: TransceiverId,
    change: impl FnOnce(&mut SendParameters),
) -> Result<(), Error> {
    let mut parameters = given(peer, id);
    change(&mut parameters);
    peer.connection.set_parameters(now, id, parameters, SetParameterOptions::default())
}

fn name(set: Result<(), Error>) -> Result<(), &'static str> {
    set.map_err(|error| error.name())
}

/// A transceiver that sends these.
pub(super) fn sends(
    peer: &mut Peer,
    kind: TrackKind,
    send_encodings: Vec<EncodingParameters>,
) -> Result<TransceiverId, Error> {
    peer.connection.add_transceiver(
        T0,
        kind,
        TransceiverInit { send_encodings, ..TransceiverInit::default() },
    )
}

pub(super) fn targets(peer: &Peer, id: TransceiverId) -> Vec<EncodingTarget> {
    peer.connection.encoding_targets(id).expect("a transceiver")
}

fn usual() -> EncodingParameters {
    EncodingParameters::default()
}

fn scaled(scale: f64) -> EncodingParameters {
    EncodingParameters { scale_resolution_down_by: Some(scale), ..usual() }
}

fn scales(peer: &mut Peer, id: TransceiverId) -> Vec<Option<f64>> {
    encodings(peer, id).iter().map(|encoding| encoding.scale_resolution_down_by).collect()
}

fn named(codecs: &[CodecParameters]) -> Vec<(u8, &str, Option<&str>)> {
    let of = |known: &CodecParameters| known.payload_type;
    codecs
        .iter()
        .map(|known| (of(known), known.codec.encoding(), known.codec.sdp_fmtp_line.as_deref()))
        .collect()
}

fn opus() -> Codec {
    Codec::new("audio/opus", 48_000).channels(2).fmtp("minptime=10;useinbandfec=1")
}

fn vp8() -> Codec {
    Codec::new("video/VP8", 90_000)
}

const CHANGED: Result<(), &str> = Err("InvalidModificationError");

// RTCRtpSender-setParameters.html, RTCRtpParameters-transactionId.html

#[test]
fn a_stopped_transceiver_takes_none() {
    let mut peer = peer(1);
    let id = add(&mut peer, AUDIO, Direction::SendRecv);
    let parameters = given(&mut peer, id);
    peer.connection.stop_transceiver(T0, id).unwrap();
    assert_eq!(set(&mut peer, id, &parameters), Err("InvalidStateError"));
}

#[test]
fn parameters_are_taken_once() {
    let mut peer = peer(1);
    let id = add(&mut peer, AUDIO, Direction::SendRecv);
    let parameters = given(&mut peer, id);
    assert_eq!(given(&mut peer, id), parameters, "the same until something changes it");
    offer_of(&mut peer);
    assert_eq!(given(&mut peer, id), parameters);
    assert_eq!(set(&mut peer, id, &parameters), Ok(()));
    assert_eq!(set(&mut peer, id, &parameters), Err("InvalidStateError"));
    assert_ne!(given(&mut peer, id).transaction_id, parameters.transaction_id);
    assert_eq!(set(&mut peer, id, &parameters), CHANGED, "older than what was given last");
}

#[test]
fn parameters_that_were_never_given_are_refused() {
    let mut peer = peer(1);
    let id = add(&mut peer, AUDIO, Direction::SendRecv);
    let other = add(&mut peer, AUDIO, Direction::SendRecv);
    let mut parameters = given(&mut peer, id);
    assert_eq!(set(&mut peer, other, &parameters), Err("InvalidStateError"));
    parameters.transaction_id += 1;
    assert_eq!(set(&mut peer, id, &parameters), CHANGED);
    peer.connection.close(T0);
    assert_eq!(set(&mut peer, id, &parameters), Err("InvalidStateError"));
}

// RTCRtpSender-setParameters-keyFrame.html

#[test]
fn key_frames_can_be_asked_for() {
    let (mut a, mut b) = pair();
    let id = sends(&mut a, VIDEO, vec!["0".into(), "1".into()]).unwrap();
    negotiate(&mut a, &mut b);
    let asked = |peer: &mut Peer, keys: &[bool]| {
        peer.events.clear();
        let parameters = given(peer, id);
        let encoding_options =
            keys.iter().map(|key_frame| EncodingOptions { key_frame: *key_frame }).collect();
        let set =
            peer.connection.set_parameters(T0, id, parameters, SetParameterOptions { encoding_options });
        peer.drain(T0);
        let asked = peer.events.iter().filter_map(|event| match event {
            Event::KeyFrameRequested { rid, .. } => rid.clone(),
            _ => None,
        });
        (name(set), asked.collect::<Vec<String>>())
    };
    assert_eq!(asked(&mut a, &[false, true]), (Ok(()), vec!["1".into()]));
    assert_eq!(asked(&mut a, &[true, true]), (Ok(()), vec!["0".into(), "1".into()]));
    assert_eq!(asked(&mut a, &[]), (Ok(()), vec![]));
    assert_eq!(asked(&mut a, &[true]), (CHANGED, vec![]), "one for each encoding");
}

// RTCRtpParameters-encodings.html

#[test]
fn a_new_sender_has_one_encoding() {
    let mut peer = peer(1);
    for (kind, encoding) in [(AUDIO, usual()), (VIDEO, scaled(1.0))] {
        let id = add(&mut peer, kind, Direction::SendRecv);
        assert_eq!(encodings(&mut peer, id), [encoding]);
    }
}

#[test]
fn the_largest_layer_comes_last() {
    let mut peer = peer(1);
    let id = sends(&mut peer, VIDEO, vec!["foo".into(), "bar".into()]).unwrap();
    assert_eq!(scales(&mut peer, id), [Some(2.0), Some(1.0)]);
    let bar = EncodingParameters { scale_resolution_down_by: Some(3.0), .."bar".into() };
    let id = sends(&mut peer, VIDEO, vec!["foo".into(), bar]).unwrap();
    assert_eq!(scales(&mut peer, id), [Some(1.0), Some(3.0)], "not if one says how it is scaled");
}

#[test]
fn a_thousand_encodings_are_cut() {
    let mut peer = peer(1);
    let id = sends(&mut peer, VIDEO, (0..1_000).map(|n| n.to_string().into()).collect()).unwrap();
    assert_eq!(encodings(&mut peer, id).len(), 8);
}

#[test]
fn audio_has_one_encoding_that_is_not_scaled() {
    let mut peer = peer(1);
    let id = sends(&mut peer, AUDIO, vec!["foo".into(), "bar".into()]).unwrap();
    assert_eq!(encodings(&mut peer, id), [usual()]);
    for scale in [2.0, -1.0] {
        let id = sends(&mut peer, AUDIO, vec![scaled(scale)]).unwrap();
        assert_eq!(encodings(&mut peer, id), [usual()]);
        assert_eq!(name(change(&mut peer, T0, id, |all| all.encodings = vec![scaled(scale)])), Ok(()));
        let slow = EncodingParameters { max_framerate: Some(-1.0), ..usual() };
        assert_eq!(name(change(&mut peer, T0, id, |all| all.encodings = vec![slow])), Ok(()));
        assert_eq!(encodings(&mut peer, id), [usual()]);
    }
}

#[test]
fn several_encodings_have_a_rid_each() {
    let mut peer = peer(1);
    let mut refused = |rids: &[Option<&str>]| {
        let encoding = |rid: &Option<&str>| EncodingParameters { rid: rid.map(String::from), ..usual() };
        sends(&mut peer, VIDEO, rids.iter().map(encoding).collect()).map_err(|error| error.name())
    };
    for rids in [&[Some("foo"), Some("foo")][..], &[Some("foo"), None], &[None, None], &[Some("")]] {
        assert_eq!(refused(rids), Err("TypeError"), "{rids:?}");
    }
}

#[test]
fn scales_and_frame_rates_have_their_range() {
    let mut peer = peer(1);
    let id = add(&mut peer, VIDEO, Direction::SendRecv);
    let slow = |rate| EncodingParameters { max_framerate: Some(rate), ..usual() };
    for wrong in [scaled(-1.0), scaled(0.0), scaled(0.5), scaled(f64::NAN), slow(-1.0)] {
        let made = sends(&mut peer, VIDEO, vec![wrong.clone()]).map_err(|error| error.name());
        assert_eq!(made, Err("RangeError"));
        let set = change(&mut peer, T0, id, |all| all.encodings = vec![wrong]);
        assert_eq!(name(set), Err("RangeError"));
        assert_eq!(encodings(&mut peer, id), [scaled(1.0)], "nothing has changed");
    }
    for right in [scaled(1.5), EncodingParameters { max_framerate: Some(0.0), ..scaled(4.0) }] {
        assert_eq!(name(change(&mut peer, T0, id, |all| all.encodings = vec![right.clone()])), Ok(()));
        assert_eq!(encodings(&mut peer, id), [right]);
    }
    assert_eq!(name(change(&mut peer, T0, id, |all| all.encodings = vec![usual()])), Ok(()));
    assert_eq!(encodings(&mut peer, id), [scaled(1.0)], "a scale that is missing is one");
}

#[test]
fn a_single_encoding_has_no_rid() {
    let mut peer = peer(1);
    let only = EncodingParameters { active: false, max_bitrate: Some(8), ..EncodingParameters::from("foo") };
    let id = sends(&mut peer, VIDEO, vec![only.clone()]).unwrap();
    let expected = EncodingParameters { rid: None, scale_resolution_down_by: Some(1.0), ..only };
    assert_eq!(encodings(&mut peer, id), [expected]);
}

// webrtc-priority/RTCRtpParameters-encodings.html

#[test]
fn priorities_are_given_and_changed() {
    let mut peer = peer(1);
    for (kind, first) in [(VIDEO, Priority::LOW), (VIDEO, Priority::HIGH), (AUDIO, Priority::VERY_LOW)] {
        let only = EncodingParameters { active: false, max_bitrate: Some(8), priority: first, ..usual() };
        let id = sends(&mut peer, kind, vec![only]).unwrap();
        let found = encodings(&mut peer, id);
        assert_eq!((found[0].active, found[0].priority), (false, first));
        for priority in [Priority::VERY_LOW, Priority::HIGH] {
            change(&mut peer, T0, id, |all| all.encodings[0].priority = priority).unwrap();
            assert_eq!(encodings(&mut peer, id)[0].priority, priority);
        }
    }
    let id = add(&mut peer, VIDEO, Direction::SendRecv);
    assert_eq!(encodings(&mut peer, id)[0].priority, Priority::LOW);
}

#[test]
fn encodings_keep_their_number_order_and_names() {
    type Change = fn(&mut Vec<EncodingParameters>);
    let changes: [Change; 5] = [
        |all| all.push("more".into()),
        |all| _ = all.pop(),
        |all| all.reverse(),
        |all| all.clear(),
        |all| all[0].rid = Some("baz".into()),
    ];
    let mut peer = peer(1);
    let id = sends(&mut peer, VIDEO, vec!["foo".into(), "bar".into()]).unwrap();
    for wrong in changes {
        assert_eq!(name(change(&mut peer, T0, id, |all| wrong(&mut all.encodings))), CHANGED);
        assert_eq!(get(&peer, id).sent_rids(), ["foo", "bar"]);
    }
    for kind in [AUDIO, VIDEO] {
        let id = add(&mut peer, kind, Direction::SendRecv);
        assert_eq!(name(change(&mut peer, T0, id, |all| all.encodings.clear())), CHANGED);
        assert_eq!(name(change(&mut peer, T0, id, |all| all.encodings.push("foo".into()))), CHANGED);
    }
}

#[test]
fn what_can_be_changed_is_changed() {
    type Change = fn(&mut EncodingParameters);
    let changes: [Change; 5] = [
        |one| one.active = false,
        |one| one.active = true,
        |one| one.max_bitrate = Some(10_000),
        |one| one.max_bitrate = Some(20_000),
        |one| one.max_bitrate = None,
    ];
    for kind in [AUDIO, VIDEO] {
        let mut peer = peer(1);
        let id = add(&mut peer, kind, Direction::SendRecv);
        for wanted in changes {
            let mut expected = encodings(&mut peer, id);
            wanted(&mut expected[0]);
            peer.events.clear();
            assert_eq!(name(change(&mut peer, T0, id, |all| wanted(&mut all.encodings[0]))), Ok(()));
            assert_eq!(encodings(&mut peer, id), expected);
            assert_eq!(get(&peer, id).encodings(), expected);
            peer.drain(T0);
            assert!(peer.events.contains(&Event::EncodingsChanged(id)), "whoever encodes is told");
        }
        peer.events.clear();
        change(&mut peer, T0, id, |_| ()).unwrap();
        peer.drain(T0);
        assert!(!peer.events.contains(&Event::EncodingsChanged(id)), "unless nothing has changed");
    }
}

// RTCRtpParameters-codec.html

#[test]
fn a_codec_can_be_chosen() {
    for (kind, codec) in [(AUDIO, opus()), (VIDEO, vp8())] {
        let mut peer = peer(1);
        let id = add(&mut peer, kind, Direction::SendRecv);
        assert_eq!(encodings(&mut peer, id)[0].codec, None);
        for chosen in [Some(codec.clone()), None] {
            change(&mut peer, T0, id, |all| all.encodings[0].codec.clone_from(&chosen)).unwrap();
            assert_eq!(encodings(&mut peer, id)[0].codec, chosen);
        }
        let with = |codec: &Codec| vec![EncodingParameters { codec: Some(codec.clone()), ..usual() }];
        let id = sends(&mut peer, kind, with(&codec)).unwrap();
        assert_eq!(encodings(&mut peer, id)[0].codec, Some(codec));
        for unknown in [format!("{}/newCodec", kind.name()), "dummy/newCodec".into()] {
            let unknown = Codec::new(&unknown, 90_000);
            let made = sends(&mut peer, kind, with(&unknown)).map_err(|error| error.name());
            assert_eq!(made, Err("OperationError"));
            assert_eq!(name(change(&mut peer, T0, id, |all| all.encodings = with(&unknown))), CHANGED);
        }
    }
}

/// All but that codec.
fn without(kind: TrackKind, codec: &Codec) -> Vec<Codec> {
    let all = MediaConfig::default().codecs.into_iter().map(|known| known.codec);
    all.filter(|known| known.kind() == Some(kind) && !known.matches(codec)).collect()
}

#[test]
fn a_codec_that_was_not_negotiated_cannot_be_chosen() {
    for (kind, codec) in [(AUDIO, opus()), (VIDEO, vp8())] {
        let (mut a, mut b) = pair();
        let id = add(&mut a, kind, Direction::SendRecv);
        let offer = describe(&mut a);
        take(&mut b, &offer);
        let other = all(&b)[0].id();
        b.connection.set_codec_preferences(T0, other, &without(kind, &codec)).unwrap();
        let answer = describe(&mut b);
        take(&mut a, &answer);
        assert_eq!(name(change(&mut a, T0, id, |all| all.encodings[0].codec = Some(codec))), CHANGED);
    }
}

#[test]
fn a_codec_that_is_negotiated_away_is_not_chosen_any_more() {
    for (kind, codec) in [(AUDIO, opus()), (VIDEO, vp8())] {
        let (mut a, mut b) = pair();
        let chosen = EncodingParameters { codec: Some(codec.clone()), ..usual() };
        let id = sends(&mut a, kind, vec![chosen]).unwrap();
        negotiate(&mut a, &mut b);
        assert_eq!(encodings(&mut a, id)[0].codec.as_ref(), Some(&codec));
        let chosen = targets(&a, id).remove(0).codec.expect("it was negotiated");
        assert!(chosen.codec.matches(&codec), "its encoder is told");
        let other = all(&b)[0].id();
        b.connection.set_codec_preferences(T0, other, &without(kind, &codec)).unwrap();
        a.events.clear();
        negotiate(&mut a, &mut b);
        assert_eq!(encodings(&mut a, id)[0].codec, None);
        assert!(a.events.contains(&Event::EncodingsChanged(id)));
        let best = targets(&a, id).remove(0).codec;
        assert_eq!(best.as_ref(), get(&a, id).send_codecs().first());
    }
}

/// It need not be the best; of each layer another.
#[test]
fn encoders_are_told_which_codec_was_chosen() {
    let (mut a, mut b) = pair();
    let id = sends(&mut a, VIDEO, vec!["0".into(), "1".into()]).unwrap();
    negotiate(&mut a, &mut b);
    let vp9 = Codec::new("video/VP9", 90_000);
    change(&mut a, T0, id, |all| all.encodings[1].codec = Some(vp9)).unwrap();
    let told: Vec<String> =
        targets(&a, id).iter().map(|target| target.codec.as_ref().unwrap().codec.encoding().into()).collect();
    assert_eq!(told, ["VP8", "VP9"]);
}

// RTCRtpParameters-codecs.html, RTCRtpParameters-headerExtensions.html, RTCRtpParameters-rtcp.html

#[test]
fn the_rest_cannot_be_changed() {
    type Change = fn(&mut SendParameters);
    let changes: [Change; 14] = [
        |all| all.codecs[0].payload_type += 1,
        |all| all.codecs[0].codec.mime_type += "-modified",
        |all| all.codecs[0].codec.clock_rate += 1,
        |all| all.codecs[0].codec.channels = Some(6),
        |all| all.codecs[0].codec.sdp_fmtp_line = Some("foo=1".into()),
        |all| all.codecs.push(all.codecs[0].clone()),
        |all| _ = all.codecs.pop(),
        |all| all.codecs.reverse(),
        |all| all.codecs.clear(),
        |all| {
            let (uri, direction) = ("non-existent.example.org".into(), Direction::SendRecv);
            all.header_extensions = vec![HeaderExtension { id: 14, uri, direction }];
        },
        |all| all.header_extensions[0].id += 1,
        |all| all.rtcp.cname = Some("other".into()),
        |all| all.rtcp.cname = None,
        |all| all.rtcp.reduced_size = !all.rtcp.reduced_size,
    ];
    for kind in [AUDIO, VIDEO] {
        let (mut a, mut b) = pair();
        let id = add(&mut a, kind, Direction::SendRecv);
        negotiate(&mut a, &mut b);
        for wrong in changes {
            assert_eq!(name(change(&mut a, T0, id, wrong)), CHANGED);
        }
        assert_eq!(name(change(&mut a, T0, id, |_| ())), Ok(()));
    }
}

fn codecs(peer: &mut Peer) -> [Vec<CodecParameters>; 2] {
    let id = all(peer).first().expect("one").id();
    [given(peer, id).codecs, peer.connection.receive_parameters(id).unwrap().codecs]
}

#[test]
fn there_are_no_codecs_before_the_answer() {
    for kind in [AUDIO, VIDEO] {
        let (mut a, mut b) = pair();
        let none = [vec![], vec![]];
        add(&mut a, kind, Direction::SendRecv);
        assert_eq!(codecs(&mut a), none);
        let offer = describe(&mut a);
        assert_eq!(codecs(&mut a), none);
        take(&mut b, &offer);
        b.connection.create_answer(T0).unwrap();
        assert_eq!(codecs(&mut b), none);
        let answer = describe(&mut b);
        take(&mut a, &answer);
        for (peer, description) in [(&mut a, &offer), (&mut b, &answer)] {
            let [sent, received] = codecs(peer);
            assert!(!sent.is_empty());
            let listed: Vec<String> = received.iter().map(|codec| codec.payload_type.to_string()).collect();
            assert!(line(&description.sdp, "m=").ends_with(&format!("SAVPF {}", listed.join(" "))));
            for CodecParameters { payload_type, codec, .. } in received {
                let (name, rate) = (codec.encoding(), codec.clock_rate);
                let channels = codec.channels.map(|channels| format!("/{channels}")).unwrap_or_default();
                assert!(has(&description.sdp, &format!("a=rtpmap:{payload_type} {name}/{rate}{channels}")));
                if let Some(parameters) = codec.sdp_fmtp_line {
                    assert!(has(&description.sdp, &format!("a=fmtp:{payload_type} {parameters}")));
                }
            }
        }
    }
}

/// What is sent goes by the peer's numbers and parameters, those that we do not know included; codecs that we do not know do not.
#[test]
fn codecs_that_are_sent_are_the_peers() {
    let audio = "121 111 0 101
a=rtpmap:101 telephone-event/8000/1
a=rtpmap:121 flarglblurp/8000/2
a=rtpmap:111 opus/48000/2
a=fmtp:111 maxaveragebitrate=20001;unknownparam=foo
";
    let video = "116 117 120 124 119 123
a=rtpmap:116 flarglblurp/90000
a=rtpmap:117 rtx/90000
a=fmtp:117 apt=116
a=rtpmap:120 VP9/90000
a=fmtp:120 max-fs=12277;max-fr=50;unknownparam=foo
a=rtpmap:124 rtx/90000
a=fmtp:124 apt=120
a=rtpmap:119 VP8/90000
a=fmtp:119 max-fs=12266;max-fr=40
a=rtpmap:123 rtx/90000
a=fmtp:123 apt=119
";
    let expected_audio: &[(u8, &str, Option<&str>)] = &[
        (111, "opus", Some("maxaveragebitrate=20001;unknownparam=foo")),
        (0, "PCMU", None),
        (101, "telephone-event", None),
    ];
    let expected_video: &[(u8, &str, Option<&str>)] = &[
        (120, "VP9", Some("max-fs=12277;max-fr=50;unknownparam=foo")),
        (124, "rtx", Some("apt=120")),
        (119, "VP8", Some("max-fs=12266;max-fr=40")),
        (123, "rtx", Some("apt=119")),
    ];
    for (kind, theirs, expected) in [(AUDIO, audio, expected_audio), (VIDEO, video, expected_video)] {
        // Theirs in the place of what a browser of ours would say.
        let rewrite = |description: SessionDescription| {
            let kept = |line: &&str| {
                !["a=rtpmap:", "a=fmtp:", "a=rtcp-fb:"].iter().any(|start| line.starts_with(start))
            };
            let mut sdp = String::new();
            for text in description.sdp.split_inclusive("\r\n").filter(kept) {
                match text.strip_prefix("m=") {
                    Some(_) => {
                        let (formats, rest) = theirs.split_once('\n').unwrap();
                        sdp += &format!("m={} 9 UDP/TLS/RTP/SAVPF {formats}\r\n", kind.name());
                        sdp += "c=IN IP4 0.0.0.0\r\n";
                        sdp += &rest.replace('\n', "\r\n");
                    }
                    None if text.starts_with("c=") => {}
                    None => sdp += text,
                }
            }
            SessionDescription { sdp, ..description }
        };
        let (mut a, mut b) = pair();
        let id = add(&mut a, kind, Direction::SendRecv);
        let offer = describe(&mut a);
        take(&mut b, &offer);
        let answer = rewrite(describe(&mut b));
        take(&mut a, &answer);
        assert_eq!(named(&given(&mut a, id).codecs), expected);
        let (mut a, mut b) = pair();
        add(&mut a, kind, Direction::SendRecv);
        let offer = rewrite(describe(&mut a));
        take(&mut b, &offer);
        describe(&mut b);
        assert_eq!(named(&codecs(&mut b)[0]), expected);
    }
}

// RTCRtpReceiver-getParameters.html, and the sender's as it is negotiated

#[test]
fn extensions_and_rtcp_are_as_negotiated() {
    let (mut a, mut b) = pair();
    let id = add(&mut a, AUDIO, Direction::SendRecv);
    let before = given(&mut a, id);
    assert!(before.header_extensions.is_empty() && !before.rtcp.reduced_size);
    let cname = before.rtcp.cname.expect("ours");
    let (offer, _) = negotiate(&mut a, &mut b);
    assert!(offer.contains(&format!(" cname:{cname}\r\n")));
    let sent = given(&mut a, id);
    assert!(sent.rtcp.reduced_size && sent.rtcp.cname == Some(cname));
    let received = a.connection.receive_parameters(id).unwrap();
    assert!(received.rtcp.reduced_size && received.rtcp.cname.is_none());
    for extensions in [&sent.header_extensions, &received.header_extensions] {
        assert!(extensions.iter().any(|known| known.uri == uri::MID));
        for known in extensions.iter() {
            assert!(has(&offer, &format!("a=extmap:{} {}", known.id, known.uri)));
        }
    }
}

/// One that goes one way only is among the parameters of one side only.
#[test]
fn an_extension_may_go_one_way() {
    let (mut a, mut b) = (
        peer(1),
        peer_with(2, |config| {
            let media = config.media.get_or_insert_default();
            let level = media.extensions.iter_mut().find(|known| known.uri == uri::AUDIO_LEVEL);
            level.expect("it is known").direction = Direction::SendOnly;
        }),
    );
    let id = add(&mut a, AUDIO, Direction::SendRecv);
    negotiate(&mut a, &mut b);
    let knows = |extensions: &[HeaderExtension]| extensions.iter().any(|known| known.uri == uri::AUDIO_LEVEL);
    assert!(!knows(&given(&mut a, id).header_extensions));
    assert!(knows(&a.connection.receive_parameters(id).unwrap().header_extensions));
    let other = all(&b)[0].id();
    assert!(knows(&given(&mut b, other).header_extensions));
    assert!(!knows(&b.connection.receive_parameters(other).unwrap().header_extensions));
}
