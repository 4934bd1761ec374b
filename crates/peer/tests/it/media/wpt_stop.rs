//! `RTCRtpTransceiver-stop.html`, `RTCRtpTransceiver-stopping.https.html`, the `checkStop…` of `RTCRtpTransceiver.https.html`,
//! `protocol/transceiver-mline-recycling.html`

use super::*;

fn ended(peer: &Peer) -> usize {
    peer.events.iter().filter(|event| matches!(event, Event::TrackEnded(_))).count()
}

#[test]
fn a_transceiver_that_was_never_offered_is_not_offered_once_stopped() {
    let mut peer = peer(1);
    let id = add(&mut peer, AUDIO, Direction::SendRecv);
    peer.connection.stop_transceiver(T0, id).unwrap();
    peer.connection.stop_transceiver(T0, id).unwrap();
    assert_eq!(sections(&offer_of(&mut peer)), 0);
    assert!(!peer.connection.is_negotiation_needed());
}

#[test]
fn stopping_is_offered_as_a_rejected_section() {
    let (mut a, mut b) = pair();
    let (audio, video) = (add(&mut a, AUDIO, Direction::SendRecv), add(&mut a, VIDEO, Direction::SendRecv));
    negotiate(&mut a, &mut b);
    a.connection.stop_transceiver(T0, audio).unwrap();
    assert_eq!(get(&a, audio).direction(), None);
    assert!(a.connection.is_negotiation_needed());
    let (offer, answer) = negotiate(&mut a, &mut b);
    assert!(section(&offer, 0).starts_with("m=audio 0 "), "{offer}");
    assert!(has(&offer, "a=group:BUNDLE 1") && has(&answer, "a=group:BUNDLE 1"), "{offer}{answer}");
    assert!(section(&offer, 1).contains("a=ice-ufrag"), "the next section tells of the transport");
    assert_eq!((all(&a).len(), all(&b).len()), (1, 1));
    assert_eq!((ended(&a), ended(&b)), (1, 1));
    assert_eq!(get(&a, video).current_direction(), Some(Direction::SendOnly));
    assert!(!a.connection.is_negotiation_needed() && !b.connection.is_negotiation_needed());
}

/// Who answers cannot reject what it has stopped: the answer has it as inactive, and another offer rejects it.
#[test]
fn the_answerer_may_stop_too() {
    for stop_late in [false, true] {
        let (mut a, mut b) = pair();
        add(&mut a, AUDIO, Direction::SendRecv);
        add(&mut a, VIDEO, Direction::SendRecv);
        let offer = describe(&mut a);
        take(&mut b, &offer);
        let video = all(&b)[1].id();
        let made = b.connection.create_answer(T0).unwrap();
        if !stop_late {
            b.connection.stop_transceiver(T0, video).unwrap();
            assert_eq!((get(&b, video).direction(), get(&b, video).current_direction()), (None, None));
            let answer = describe(&mut b);
            assert!(has(section(&answer.sdp, 1), "a=inactive"), "{}", answer.sdp);
            take(&mut a, &answer);
        } else {
            // Too late for this answer.
            b.connection.stop_transceiver(T0, video).unwrap();
            b.connection.set_local_description(T0, Some(made)).unwrap();
            take(&mut a, &b.connection.local_description().unwrap());
        }
        let expected = if stop_late { Direction::RecvOnly } else { Direction::Inactive };
        assert_eq!((get(&b, video).direction(), get(&b, video).current_direction()), (None, Some(expected)));
        assert!(b.connection.is_negotiation_needed() && !a.connection.is_negotiation_needed());
        // The other's offers change nothing of that.
        negotiate(&mut a, &mut b);
        assert_eq!(all(&a)[1].current_direction(), Some(Direction::Inactive));
        assert_eq!((all(&a).len(), all(&b).len()), (2, 2));
        let (offer, _) = negotiate(&mut b, &mut a);
        assert!(section(&offer, 1).starts_with("m=video 0 "), "{offer}");
        assert_eq!((all(&a).len(), all(&b).len()), (1, 1));
        assert_eq!((ended(&a), ended(&b)), (1, 1));
        assert!(!b.connection.is_negotiation_needed());
    }
}

#[test]
fn stopping_ends_the_track_at_once_and_once() {
    let (mut a, mut b) = pair();
    let id = a.connection.add_track(T0, AUDIO, "t", &[]).unwrap();
    let offer = describe(&mut a);
    take(&mut b, &offer);
    let other = b.connection.add_track(T0, AUDIO, "u", &[]).unwrap();
    let answer = describe(&mut b);
    take(&mut a, &answer);
    a.connection.stop_transceiver(T0, id).unwrap();
    a.drain(T0);
    assert_eq!(ended(&a), 1);
    assert_eq!((get(&a, id).direction(), get(&a, id).current_direction()), (None, Some(Direction::SendRecv)));
    for refused in [
        a.connection.replace_track(T0, id, Some("v")),
        a.connection.set_direction(T0, id, Direction::SendRecv),
    ] {
        assert_eq!(refused.unwrap_err().name(), "InvalidStateError");
    }
    a.connection.stop_transceiver(T0, id).unwrap();
    // The peer's ends with the offer, and leaves with the answer.
    let offer = describe(&mut a);
    take(&mut b, &offer);
    b.drain(T0);
    assert_eq!((ended(&b), get(&b, other).direction(), get(&b, other).is_stopped()), (1, None, true));
    let answer = describe(&mut b);
    assert!(all(&b).is_empty());
    take(&mut a, &answer);
    a.drain(T0);
    assert!(all(&a).is_empty());
    assert_eq!(ended(&a), 1);
}

/// A transceiver that was offered, and is stopped before the answer comes, is there until the next offer.
#[test]
fn stopping_between_offer_and_answer() {
    for after_setting in [false, true] {
        let (mut a, mut b) = pair();
        let id = a.connection.add_track(T0, AUDIO, "t", &["s".into()]).unwrap();
        b.connection.add_track(T0, AUDIO, "u", &["u".into()]).unwrap();
        let offer = a.connection.create_offer(T0, OfferOptions::default()).unwrap();
        take(&mut b, &offer);
        if after_setting {
            a.connection.set_local_description(T0, Some(offer.clone())).unwrap();
        }
        a.connection.stop_transceiver(T0, id).unwrap();
        if !after_setting {
            a.connection.set_local_description(T0, Some(offer)).unwrap();
        }
        let answer = describe(&mut b);
        take(&mut a, &answer);
        a.drain(T0);
        assert_eq!(tracks(&a), [(id, vec!["u".to_string()])]);
        assert_eq!(
            (get(&a, id).direction(), get(&a, id).current_direction()),
            (None, Some(Direction::SendRecv))
        );
        assert!(a.connection.is_negotiation_needed());
        negotiate(&mut a, &mut b);
        assert!(all(&a).is_empty() && all(&b).is_empty());
    }
}

/// What the peer has stopped stays stopped, though its offer is rolled back; offered again it is rejected, and as the tag of its
/// bundle takes that along.
#[test]
fn rfc9143_7_3_3_a_rejected_tag_takes_its_bundle_along() {
    let (mut a, mut b) = pair();
    let audio = add(&mut a, AUDIO, Direction::SendRecv);
    add(&mut a, VIDEO, Direction::SendRecv);
    negotiate(&mut a, &mut b);
    let both = a.connection.create_offer(T0, OfferOptions::default()).unwrap();
    a.connection.stop_transceiver(T0, audio).unwrap();
    let without = a.connection.create_offer(T0, OfferOptions::default()).unwrap();
    take(&mut b, &without);
    take(&mut b, &rollback());
    assert_eq!((all(&b)[0].direction(), all(&b)[0].mid(), all(&b)[0].is_stopped()), (None, Some("0"), true));
    take(&mut b, &both);
    let answer = describe(&mut b).sdp;
    assert!(section(&answer, 0).starts_with("m=audio 0 ") && section(&answer, 1).starts_with("m=video 0 "));
}

#[test]
fn closing_stops_all() {
    let (mut a, mut b) = pair();
    let id = add(&mut a, AUDIO, Direction::SendRecv);
    negotiate(&mut a, &mut b);
    assert_eq!(get(&a, id).current_direction(), Some(Direction::SendOnly));
    a.connection.close(T0);
    assert!(get(&a, id).is_stopped());
    assert_eq!((get(&a, id).direction(), get(&a, id).current_direction()), (None, None));
    assert_eq!(a.connection.stop_transceiver(T0, id).unwrap_err().name(), "InvalidStateError");
}

#[test]
fn a_stopped_section_is_recycled_with_a_new_mid() {
    let (mut a, mut b) = pair();
    let audio = add(&mut a, AUDIO, Direction::SendRecv);
    add(&mut a, VIDEO, Direction::SendRecv);
    negotiate(&mut a, &mut b);
    a.connection.stop_transceiver(T0, audio).unwrap();
    negotiate(&mut a, &mut b);
    let fresh = add(&mut a, VIDEO, Direction::SendRecv);
    let (offer, _) = negotiate(&mut a, &mut b);
    assert_eq!(sections(&offer), 2, "{offer}");
    assert!(section(&offer, 0).starts_with("m=video 1000 ") && has(section(&offer, 0), "a=mid:2"), "{offer}");
    assert_eq!(get(&a, fresh).mid(), Some("2"));
    assert_eq!(all(&b).len(), 2);
    let mids: Vec<_> = all(&b).iter().map(|known| known.mid()).collect();
    assert_eq!(mids, [Some("1"), Some("2")]);
}

#[test]
fn one_section_after_another_is_recycled() {
    let (mut a, mut b) = pair();
    for kind in [AUDIO, AUDIO, VIDEO, VIDEO] {
        let id = add(&mut a, kind, Direction::SendRecv);
        let (offer, answer) = negotiate(&mut a, &mut b);
        assert_eq!((sections(&offer), sections(&answer)), (1, 1));
        assert!(get(&a, id).current_direction().is_some());
        a.connection.stop_transceiver(T0, id).unwrap();
        negotiate(&mut a, &mut b);
        assert!(all(&a).is_empty() && all(&b).is_empty());
    }
    // The other side may recycle it, too.
    b.connection.add_track(T0, AUDIO, "t", &[]).unwrap();
    let (offer, _) = negotiate(&mut b, &mut a);
    assert_eq!(sections(&offer), 1);
}

/// Not before the rejection is negotiated; and a track of the recycled kind goes to the transceiver that is there.
#[test]
fn it_is_too_early_to_recycle_before_the_answer() {
    let (mut a, mut b) = pair();
    let first = a.connection.add_track(T0, AUDIO, "1", &[]).unwrap();
    negotiate(&mut a, &mut b);
    a.connection.stop_transceiver(T0, first).unwrap();
    a.connection.add_track(T0, AUDIO, "2", &["s".into()]).unwrap();
    let (offer, _) = negotiate(&mut a, &mut b);
    assert_eq!((sections(&offer), offer.matches("m=audio 0 ").count()), (2, 1), "{offer}");
    assert_eq!(
        all(&b).iter().map(|known| known.current_direction()).collect::<Vec<_>>(),
        [Some(Direction::RecvOnly)]
    );
    let mid = all(&b)[0].mid().map(String::from);
    assert_ne!(mid.as_deref(), Some("0"));
    b.connection.add_track(T0, AUDIO, "3", &[]).unwrap();
    let offer = offer_of(&mut b);
    assert_eq!((sections(&offer), offer.matches("m=audio 0 ").count()), (2, 1), "{offer}");
    assert_eq!((all(&b).len(), all(&b)[0].mid()), (1, mid.as_deref()));
    b.connection.add_track(T0, AUDIO, "4", &[]).unwrap();
    let (offer, _) = negotiate(&mut b, &mut a);
    assert_eq!((sections(&offer), offer.matches("m=audio 0 ").count()), (2, 0), "{offer}");
    let mids: Vec<_> = all(&b).iter().map(|known| known.mid().map(String::from)).collect();
    assert!(mids[1] != mid && mids[1].as_deref() != Some("0"), "{mids:?}");
}

/// A section that the first offer rejects is nobody's, and may be anybody's.
#[test]
fn a_section_that_was_never_accepted_is_recycled() {
    let sdp = offer_of(&mut {
        let mut peer = peer(3);
        add(&mut peer, VIDEO, Direction::SendRecv);
        peer
    });
    let sdp = sdp.replace("m=video 9 ", "m=video 0 ").replace("a=group:BUNDLE 0\r\n", "");
    for kind in [AUDIO, VIDEO] {
        let mut peer = peer(1);
        take(&mut peer, &offer(&sdp));
        let answer = describe(&mut peer).sdp;
        assert!(section(&answer, 0).starts_with("m=video 0 "));
        assert!(all(&peer).is_empty());
        add(&mut peer, kind, Direction::SendRecv);
        let offer = offer_of(&mut peer);
        assert_eq!(sections(&offer), 1, "{offer}");
        assert!(
            section(&offer, 0).starts_with(&format!("m={} 1000 ", kind.name()))
                || section(&offer, 0).starts_with(&format!("m={} 9 ", kind.name())),
            "{offer}"
        );
    }
}
