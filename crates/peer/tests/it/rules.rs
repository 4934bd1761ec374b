//! Rules of RFC 4145, 8841, 8842 and 9429 that a second reading found broken, each under its number.

use crate::harness::{Pair, Peer, config, ms};
use siskin_base::{BaseId, Instant};
use siskin_netsim::Link;
use siskin_peer::{Event, OfferOptions, PeerConnectionState, SdpType, SessionDescription};

const T0: Instant = Instant::ZERO;

fn peer(seed: u64) -> Peer {
    let mut peer = Peer::new(config(), seed, T0);
    peer.connection.add_base(T0, BaseId(0), ([10, 0, 0, seed as u8], 1000).into());
    peer
}

/// An offer of a data channel.
fn offer() -> SessionDescription {
    let mut peer = peer(1);
    peer.channel(T0, "x");
    peer.connection.set_local_description(T0, None).unwrap();
    peer.connection.local_description().unwrap()
}

fn answer_to(offer: SessionDescription) -> SessionDescription {
    let mut peer = peer(2);
    peer.connection.set_remote_description(T0, offer).unwrap();
    peer.connection.set_local_description(T0, None).unwrap();
    peer.connection.local_description().unwrap()
}

fn edited(mut description: SessionDescription, from: &str, to: &str) -> SessionDescription {
    assert!(description.sdp.contains(from), "no {from} in {}", description.sdp);
    description.sdp = description.sdp.replace(from, to);
    description
}

/// Two peers that have a channel, and the next offer of the first with its answer, which the first has not heard yet.
fn renegotiating(options: OfferOptions) -> (Pair, SessionDescription) {
    let mut pair = Pair::new(31, Link::new(ms(5)));
    let channel = pair.a.channel(T0, "x");
    pair.negotiate();
    pair.run_until(ms(2_000), |a, _| a.is_open(channel));
    assert!(pair.a.is_open(channel));
    let now = pair.now();
    let (a, b) = (&mut pair.a.connection, &mut pair.b.connection);
    let offer = a.create_offer(now, options).unwrap();
    a.set_local_description(now, Some(offer)).unwrap();
    b.set_remote_description(now, a.local_description().unwrap()).unwrap();
    b.set_local_description(now, None).unwrap();
    let answer = b.local_description().unwrap();
    (pair, answer)
}

/// The line that begins so.
fn line<'a>(sdp: &'a str, start: &str) -> &'a str {
    sdp.lines().find(|line| line.starts_with(start)).expect("the line is there")
}

fn refusal(pair: &mut Pair, answer: SessionDescription) -> String {
    let now = pair.now();
    pair.a.connection.set_remote_description(now, answer).expect_err("against the rules").to_string()
}

#[test]
fn rfc9429_5_2_1_ice_options_stand_at_the_session() {
    for description in [offer(), answer_to(offer())] {
        let (session, media) = description.sdp.split_at(description.sdp.find("m=").unwrap());
        assert!(session.contains("a=ice-options:trickle ice2\r\n"), "{session}");
        assert!(!media.contains("a=ice-options"), "{media}");
    }
}

#[test]
fn rfc8841_10_3_a_port_of_zero_is_no_association() {
    let answer = answer_to(edited(offer(), "a=sctp-port:5000", "a=sctp-port:0"));
    assert!(answer.sdp.contains("m=application 0 "), "{}", answer.sdp);
}

#[test]
fn rfc8841_10_4_a_port_of_zero_ends_the_association() {
    let (mut pair, answer) = renegotiating(OfferOptions::default());
    let now = pair.now();
    let answer = edited(answer, "a=sctp-port:5000", "a=sctp-port:0");
    pair.a.connection.set_remote_description(now, answer).unwrap();
    pair.a.drain(now);
    assert!(
        pair.a.events.iter().any(|event| matches!(event, Event::ChannelClosed(_))),
        "{:?}",
        pair.a.events
    );
}

#[test]
fn rfc4145_4_who_does_not_say_is_active_in_an_offer_and_passive_in_an_answer() {
    let answer = answer_to(edited(offer(), "a=setup:actpass\r\n", ""));
    assert!(answer.sdp.contains("a=setup:passive\r\n"), "{}", answer.sdp);

    let mut pair = Pair::new(32, Link::new(ms(5)));
    let channel = pair.a.channel(T0, "x");
    let (a, b) = (&mut pair.a.connection, &mut pair.b.connection);
    a.set_local_description(T0, None).unwrap();
    let offer = edited(a.local_description().unwrap(), "a=setup:actpass", "a=setup:active");
    b.set_remote_description(T0, offer).unwrap();
    b.set_local_description(T0, None).unwrap();
    let answer = edited(b.local_description().unwrap(), "a=setup:passive\r\n", "");
    a.set_remote_description(T0, answer).unwrap();
    pair.run_until(ms(2_000), |a, _| a.is_open(channel));
    assert!(pair.a.is_open(channel), "{:?}", pair.a.events);
}

/// An offer may settle who starts the handshake: it is answered with the other part, and the handshake goes that way.
#[test]
fn rfc8842_5_3_an_offer_may_be_active_or_passive() {
    for (offered, answered, role) in [("active", "passive", "server"), ("passive", "active", "client")] {
        let mut pair = Pair::new(33, Link::new(ms(5)));
        let channel = pair.a.channel(T0, "x");
        let (a, b) = (&mut pair.a.connection, &mut pair.b.connection);
        a.set_local_description(T0, None).unwrap();
        let offer = edited(a.local_description().unwrap(), "a=setup:actpass", &format!("a=setup:{offered}"));
        b.set_remote_description(T0, offer).unwrap();
        b.set_local_description(T0, None).unwrap();
        let answer = b.local_description().unwrap();
        assert!(answer.sdp.contains(&format!("a=setup:{answered}\r\n")), "{}", answer.sdp);
        a.set_remote_description(T0, answer).unwrap();
        pair.run_until(ms(2_000), |a, _| a.is_open(channel));
        assert!(pair.a.is_open(channel), "{offered}: {:?}", pair.a.events);
        let stats = pair.b.connection.get_stats(pair.now());
        let role = format!("dtls_role: \"{role}\"");
        assert!(stats.iter().any(|stats| format!("{stats:?}").contains(&role)), "{offered}: {stats:?}");
    }
}

/// The round trip is known from ICE's checks, to either side: a path that carries less than we try first costs three short timers, and
/// not three of a quarter of a second and more.
#[test]
fn rfc9147_5_8_2_a_server_knows_the_round_trip_too() {
    for narrow in [(0, 1), (1, 0)] {
        let mut pair = Pair::new(34, Link::new(ms(10)));
        pair.network.set_link(narrow.0, narrow.1, Link::new(ms(10)).mtu(600));
        let channel = pair.a.channel(T0, "x");
        pair.negotiate();
        let open =
            pair.run_until(ms(5_000), |a, b| a.is_open(channel) && b.saw(PeerConnectionState::Connected));
        assert!(open < Instant::from_millis(800), "{narrow:?}: {open:?}");
    }
}

/// Firefox says `active` in every answer to a later offer, whatever it is.
#[test]
fn rfc9429_5_8_3_an_association_that_lives_keeps_its_roles() {
    let (mut pair, answer) = renegotiating(OfferOptions::default());
    let role = |pair: &Pair| format!("{:?}", pair.a.connection.dtls_state());
    let before = role(&pair);
    let now = pair.now();
    let turned = edited(answer, "a=setup:active", "a=setup:passive");
    pair.a.connection.set_remote_description(now, turned).unwrap();
    let stats = pair.a.connection.get_stats(now);
    assert!(stats.iter().any(|stats| format!("{stats:?}").contains("dtls_role: \"server\"")), "{stats:?}");
    assert_eq!(role(&pair), before);
}

#[test]
fn rfc9429_5_8_3_an_answer_has_the_protocol_of_its_offer() {
    let (mut pair, answer) = renegotiating(OfferOptions::default());
    let error = refusal(&mut pair, edited(answer, "UDP/DTLS/SCTP", "TCP/DTLS/SCTP"));
    assert!(error.contains("media sections"), "{error}");
}

#[test]
fn rfc9429_5_10_new_credentials_come_with_a_restart_only() {
    let (mut pair, answer) = renegotiating(OfferOptions::default());
    let ufrag = line(&answer.sdp, "a=ice-ufrag:").to_owned();
    let error = refusal(&mut pair, edited(answer, &ufrag, "a=ice-ufrag:other"));
    assert!(error.contains("credentials"), "{error}");
}

#[test]
fn rfc9429_5_10_a_restart_is_answered_with_new_credentials() {
    let (mut pair, answer) = renegotiating(OfferOptions { ice_restart: true });
    let before = pair.a.connection.current_remote_description().unwrap().sdp.clone();
    let mut old = answer.clone();
    for start in ["a=ice-ufrag:", "a=ice-pwd:"] {
        old = edited(old, line(&answer.sdp, start), line(&before, start));
    }
    let error = refusal(&mut pair, old);
    assert!(error.contains("credentials"), "{error}");
    let now = pair.now();
    pair.a.connection.set_remote_description(now, answer).unwrap();
}

#[test]
fn rfc9429_5_10_a_final_answer_of_another_peer_is_refused_aloud() {
    let (mut pair, answer) = renegotiating(OfferOptions { ice_restart: true });
    let now = pair.now();
    let provisional = SessionDescription { kind: SdpType::PrAnswer, ..answer.clone() };
    pair.a.connection.set_remote_description(now, provisional).unwrap();
    let pwd = line(&answer.sdp, "a=ice-pwd:").to_owned();
    let error = refusal(&mut pair, edited(answer.clone(), &pwd, "a=ice-pwd:0123456789012345678901"));
    assert!(error.contains("credentials"), "{error}");
    pair.a.connection.set_remote_description(now, answer).unwrap();
}

#[test]
fn rfc9429_5_9_the_candidates_of_a_restart_wait_for_the_answer() {
    let mut pair = Pair::new(33, Link::new(ms(5)));
    pair.a.channel(T0, "x");
    pair.negotiate();
    pair.b.events.clear();
    let is_candidate = |event: &Event| matches!(event, Event::IceCandidate(_));
    let (a, b) = (&mut pair.a.connection, &mut pair.b.connection);
    let offer = a.create_offer(T0, OfferOptions { ice_restart: true }).unwrap();
    a.set_local_description(T0, Some(offer)).unwrap();
    b.set_remote_description(T0, a.local_description().unwrap()).unwrap();
    pair.b.drain(T0);
    assert!(!pair.b.events.iter().any(is_candidate), "{:?}", pair.b.events);
    pair.b.connection.set_local_description(T0, None).unwrap();
    pair.b.drain(T0);
    assert!(pair.b.events.iter().any(is_candidate), "{:?}", pair.b.events);
}
