//! `protocol/dtls-setup.https.html`, `protocol/fingerprint-change-requires-ice-restart.html`, `protocol/ice-ufragpwd.html`,
//! `protocol/jsep-initial-offer.https.html`, `protocol/missing-fields.html`, `protocol/sctp-format.html`

use super::*;
use siskin_peer::Error;
use siskin_peer::stats::StatsKind;

fn name(set: Result<(), Error>) -> Result<(), &'static str> {
    set.map_err(|error| error.name())
}

fn offer_by_hand(change: impl FnOnce(String) -> String) -> SessionDescription {
    let mut peer = peer(9);
    add(&mut peer, AUDIO, Direction::SendRecv);
    add(&mut peer, VIDEO, Direction::SendRecv);
    let offer = describe(&mut peer);
    SessionDescription { sdp: change(offer.sdp), ..offer }
}

// protocol/dtls-setup.https.html

fn dtls_role(peer: &Peer) -> &'static str {
    let stats = peer.connection.get_stats(T0);
    let role = stats.into_iter().find_map(|known| match known.kind {
        StatsKind::Transport(transport) => Some(transport.dtls_role),
        _ => None,
    });
    role.expect("a transport")
}

#[test]
fn the_answer_has_the_role_that_the_offer_leaves() {
    for (offered, answered, role) in
        [("actpass", "active", "client"), ("active", "passive", "server"), ("passive", "active", "client")]
    {
        let offer = offer_by_hand(|sdp| sdp.replace("a=setup:actpass", &format!("a=setup:{offered}")));
        let mut peer = peer(1);
        take(&mut peer, &offer);
        let answer = describe(&mut peer);
        assert_eq!(line(&answer.sdp, "a=setup:"), format!("a=setup:{answered}"));
        assert_eq!(dtls_role(&peer), role);
    }
    let mut peer = peer(1);
    peer.channel(T0, "wpt");
    describe(&mut peer);
    assert_eq!(dtls_role(&peer), "unknown");
}

// protocol/fingerprint-change-requires-ice-restart.html

#[test]
fn fingerprints_change_in_no_later_description() {
    let other = format!("a=fingerprint:sha-256 {}", ["BA"; 32].join(":"));
    let munged = |description: SessionDescription| {
        let own = line(&description.sdp, "a=fingerprint:").to_owned();
        SessionDescription { sdp: description.sdp.replace(&own, &other), ..description }
    };
    let (mut a, mut b) = pair();
    add(&mut a, AUDIO, Direction::SendRecv);
    negotiate(&mut a, &mut b);
    let offer = describe(&mut a);
    let refused = b.connection.set_remote_description(T0, munged(offer.clone()));
    assert_eq!(name(refused), Err("InvalidAccessError"));
    take(&mut b, &offer);
    let answer = describe(&mut b);
    assert_eq!(name(a.connection.set_remote_description(T0, munged(answer))), Err("InvalidAccessError"));
}

// protocol/ice-ufragpwd.html

/// RFC 8839 §5.4: letters, digits, `+` and `/`.
#[test]
fn credentials_have_ice_chars_only() {
    for (attribute, wrong) in [("ice-ufrag", ' '), ("ice-ufrag", '!'), ("ice-pwd", ' '), ("ice-pwd", '=')] {
        let offer = offer_by_hand(|sdp| {
            let start = format!("a={attribute}:");
            let with = |text: &str| match text.strip_prefix(&start) {
                Some(value) => format!("{start}{}{wrong}{}", &value[..2], &value[3..]),
                None => text.to_owned(),
            };
            sdp.split_inclusive("\r\n").map(with).collect()
        });
        let refused = name(peer(1).connection.set_remote_description(T0, offer));
        assert!(refused.is_err(), "{attribute} with {wrong:?}");
    }
}

// protocol/jsep-initial-offer.https.html

/// RFC 9429 §5.2.1, but for the address, which may be any that tells nothing.
#[test]
fn an_offer_begins_as_it_should() {
    let mut peer = peer(1);
    add(&mut peer, VIDEO, Direction::RecvOnly);
    let offer = offer_of(&mut peer);
    let lines: Vec<&str> = offer.split("\r\n").collect();
    assert_eq!((lines[0], lines[2]), ("v=0", "s=-"));
    let origin: Vec<&str> = lines[1].split(' ').collect();
    assert_eq!((origin[0], &origin[3..]), ("o=-", &["IN", "IP4", "0.0.0.0"][..]));
    assert!(origin[1].parse::<u64>().unwrap() < 1 << 62);
    assert!(origin[2].parse::<u64>().unwrap() < 1 << 62);
}

// protocol/missing-fields.html

#[test]
fn descriptions_without_mid_are_taken() {
    let without = |description: &SessionDescription| {
        let kept = |line: &&str| !line.starts_with("a=mid:") && !line.starts_with("a=group:");
        let sdp = description.sdp.split_inclusive("\r\n").filter(kept).collect();
        SessionDescription { sdp, kind: description.kind }
    };
    for of_the_offer in [true, false] {
        let (mut a, mut b) = pair();
        a.connection.add_track(T0, AUDIO, "microphone", &[]).unwrap();
        let offer = describe(&mut a);
        take(&mut b, &if of_the_offer { without(&offer) } else { offer });
        let answer = describe(&mut b);
        take(&mut a, &if of_the_offer { answer } else { without(&answer) });
        assert_eq!(all(&a)[0].current_direction(), Some(Direction::SendOnly));
    }
}

// protocol/sctp-format.html

#[test]
fn a_data_section_has_its_syntax() {
    let mut peer = peer(1);
    peer.channel(T0, "channel");
    let offer = offer_of(&mut peer);
    assert_eq!(sections(&offer), 1);
    let section = section(&offer, 0);
    assert_eq!(line(section, "m="), "m=application 9 UDP/DTLS/SCTP webrtc-datachannel");
    assert!(line(section, "a=sctp-port:").trim_start_matches("a=sctp-port:").parse::<u16>().is_ok());
    assert!(section.contains("\r\na=mid:"));
}
