//! `RTCRtpTransceiver-direction.html`, `RTCRtpTransceiver.https.html`

use super::*;
use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};

#[test]
fn the_current_direction_is_what_both_want() {
    // Offerer, answerer, and what comes of it for the offerer and for the answerer.
    let cases = [
        (SendRecv, RecvOnly, SendOnly, RecvOnly),
        (SendRecv, SendRecv, SendRecv, SendRecv),
        (SendRecv, Inactive, Inactive, Inactive),
        (SendOnly, SendRecv, SendOnly, RecvOnly),
        (SendOnly, SendOnly, Inactive, Inactive),
        (RecvOnly, SendRecv, RecvOnly, SendOnly),
        (Inactive, SendRecv, Inactive, Inactive),
    ];
    for (wanted, answered, ours, theirs) in cases {
        let (mut a, mut b) = pair();
        let id = add(&mut a, AUDIO, wanted);
        let offer = describe(&mut a);
        take(&mut b, &offer);
        let other = all(&b)[0].id();
        b.connection.set_direction(T0, other, answered).unwrap();
        let answer = describe(&mut b);
        take(&mut a, &answer);
        assert_eq!(get(&a, id).current_direction(), Some(ours), "{wanted:?} {answered:?}");
        assert_eq!(get(&b, other).current_direction(), Some(theirs), "{wanted:?} {answered:?}");
        assert_eq!(get(&a, id).direction(), Some(wanted), "what is wanted stays");
    }
}

#[test]
fn a_remote_offer_makes_a_transceiver_that_receives() {
    let (mut a, mut b) = pair();
    add(&mut a, AUDIO, SendRecv);
    let offer = describe(&mut a);
    take(&mut b, &offer);
    let made = all(&b)[0];
    assert_eq!((made.direction(), made.current_direction(), made.mid()), (Some(RecvOnly), None, Some("0")));
}

#[test]
fn changing_the_direction_needs_negotiation() {
    let (mut a, mut b) = pair();
    let id = add(&mut a, AUDIO, SendRecv);
    negotiate(&mut a, &mut b);
    assert!(!a.connection.is_negotiation_needed());
    a.connection.set_direction(T0, id, Inactive).unwrap();
    assert!(a.connection.is_negotiation_needed());
    assert_eq!(get(&a, id).current_direction(), Some(SendOnly), "until it is negotiated");
    negotiate(&mut a, &mut b);
    assert_eq!(get(&a, id).current_direction(), Some(Inactive));
    a.connection.stop_transceiver(T0, id).unwrap();
    assert_eq!(a.connection.set_direction(T0, id, SendRecv).unwrap_err().name(), "InvalidStateError");
}

#[test]
fn mids_are_set_by_descriptions_and_stay() {
    let (mut a, mut b) = pair();
    let (audio, video) = (add(&mut a, AUDIO, SendRecv), add(&mut a, VIDEO, SendRecv));
    offer_of(&mut a);
    assert_eq!(get(&a, audio).mid(), None, "an offer that was only made sets none");
    negotiate(&mut a, &mut b);
    assert_eq!((get(&a, audio).mid(), get(&a, video).mid()), (Some("0"), Some("1")));
    assert_eq!((all(&b)[0].mid(), all(&b)[1].mid()), (Some("0"), Some("1")));
    let again = negotiate(&mut b, &mut a);
    assert_eq!(sections(&again.0), 2);
    assert_eq!(get(&a, video).mid(), Some("1"));
}
