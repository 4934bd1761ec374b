//! `RTCPeerConnection-createOffer.html`, `RTCPeerConnection-createAnswer.html`, `RTCPeerConnection-getTransceivers.html`,
//! `RTCPeerConnection-setLocalDescription-offer.html`, `-answer.html`, `-pranswer.html`, `-parameterless.https.html`,
//! `RTCPeerConnection-setRemoteDescription-offer.html`, `-answer.html`, `-pranswer.html`,
//! `RTCPeerConnection-description-attributes-timing.https.html`, `RTCPeerConnection-pranswer-description-types.html`,
//! `RTCPeerConnection-setLocalDescription-pranswer-parameterless.html`

use super::*;

fn with_audio(seed: u64) -> Peer {
    let mut peer = peer(seed);
    add(&mut peer, AUDIO, Direction::SendRecv);
    peer
}

fn create_offer(peer: &mut Peer) -> SessionDescription {
    peer.connection.create_offer(T0, OfferOptions::default()).expect("an open connection")
}

fn set_local(peer: &mut Peer, description: &SessionDescription) -> Result<(), &'static str> {
    peer.connection.set_local_description(T0, Some(description.clone())).map_err(|error| error.name())
}

fn set_remote(peer: &mut Peer, description: &SessionDescription) -> Result<(), &'static str> {
    peer.connection.set_remote_description(T0, description.clone()).map_err(|error| error.name())
}

fn of_kind(kind: SdpType, description: &SessionDescription) -> SessionDescription {
    SessionDescription { kind, sdp: description.sdp.clone() }
}

/// What a description says, but for what gathering adds to it: its `o=` line.
fn name(description: Option<SessionDescription>) -> Option<String> {
    description.map(|description| line(&description.sdp, "o=").to_string())
}

fn origin(description: &SessionDescription) -> Option<String> {
    name(Some(description.clone()))
}

/// Local and remote, each current and pending.
fn attributes(peer: &Peer) -> [Option<String>; 4] {
    let connection = &peer.connection;
    [
        name(connection.current_local_description()),
        name(connection.pending_local_description()),
        name(connection.current_remote_description().cloned()),
        name(connection.pending_remote_description().cloned()),
    ]
}

#[test]
fn create_offer_and_answer() {
    let mut a = peer(1);
    assert!(all(&a).is_empty(), "a new connection has no transceivers");
    let offer = create_offer(&mut a);
    assert_eq!((offer.kind, sections(&offer.sdp)), (SdpType::Offer, 0));
    assert_eq!(a.connection.signaling_state(), SignalingState::Stable, "creating changes nothing");
    let without = a.connection.create_answer(T0).map_err(|error| error.name());
    assert_eq!(without, Err("InvalidStateError"), "without a remote description");
    let mut b = peer(2);
    take(&mut b, &create_offer(&mut with_audio(3)));
    assert_eq!(b.connection.create_answer(T0).unwrap().kind, SdpType::Answer);
    a.connection.close(T0);
    let closed = a.connection.create_offer(T0, OfferOptions::default()).map_err(|error| error.name());
    assert_eq!(closed, Err("InvalidStateError"));
    assert_eq!(a.connection.create_answer(T0).map_err(|error| error.name()), Err("InvalidStateError"));
}

#[test]
fn local_offers() {
    let mut a = with_audio(1);
    let first = create_offer(&mut a);
    set_local(&mut a, &first).unwrap();
    assert_eq!(a.connection.signaling_state(), SignalingState::HaveLocalOffer);
    assert_eq!(attributes(&a), [None, origin(&first), None, None]);
    // Again, and with more in it.
    add(&mut a, VIDEO, Direction::SendRecv);
    let second = create_offer(&mut a);
    set_local(&mut a, &second).unwrap();
    assert_eq!(attributes(&a), [None, origin(&second), None, None]);
    assert_eq!(sections(&a.connection.local_description().unwrap().sdp), 2);
    // Neither one that was made before, nor another's.
    let (mut b, other) = (with_audio(2), create_offer(&mut with_audio(3)));
    let before = create_offer(&mut b);
    add(&mut b, VIDEO, Direction::SendRecv);
    create_offer(&mut b);
    assert_eq!(set_local(&mut b, &before), Err("InvalidModificationError"));
    assert_eq!(set_local(&mut b, &other), Err("InvalidModificationError"));
    // No text stands for the one made last.
    let last = create_offer(&mut b);
    set_local(&mut b, &SessionDescription { kind: SdpType::Offer, sdp: String::new() }).unwrap();
    assert_eq!(attributes(&b), [None, origin(&last), None, None]);
}

#[test]
fn local_answers() {
    let mut a = with_audio(1);
    let offer = describe(&mut a);
    let mut b = peer(2);
    take(&mut b, &offer);
    let answer = b.connection.create_answer(T0).unwrap();
    let mut other = peer(3);
    take(&mut other, &offer);
    let foreign = other.connection.create_answer(T0).unwrap();
    assert_eq!(set_local(&mut b, &foreign), Err("InvalidModificationError"));
    set_local(&mut b, &answer).unwrap();
    assert_eq!(b.connection.signaling_state(), SignalingState::Stable);
    assert_eq!(attributes(&b), [origin(&answer), None, origin(&offer), None]);
    // From `stable`, and from `have-local-offer`.
    assert_eq!(set_local(&mut b, &answer), Err("InvalidStateError"));
    describe(&mut b);
    assert_eq!(set_local(&mut b, &answer), Err("InvalidStateError"));
    assert_eq!(b.connection.signaling_state(), SignalingState::HaveLocalOffer);
}

#[test]
fn local_provisional_answers() {
    let mut a = with_audio(1);
    let offer = describe(&mut a);
    let mut b = peer(2);
    assert_eq!(set_local(&mut b, &of_kind(SdpType::PrAnswer, &offer)), Err("InvalidStateError"));
    take(&mut b, &offer);
    let answer = b.connection.create_answer(T0).unwrap();
    for _ in 0..2 {
        set_local(&mut b, &of_kind(SdpType::PrAnswer, &answer)).unwrap();
        assert_eq!(b.connection.signaling_state(), SignalingState::HaveLocalPrAnswer);
        let [current, pending, ..] = attributes(&b);
        assert!(current.is_none() && pending.is_some());
    }
    set_local(&mut b, &answer).unwrap();
    assert_eq!(b.connection.signaling_state(), SignalingState::Stable);
    let [current, pending, theirs, awaited] = attributes(&b);
    assert!(current.is_some() && pending.is_none() && theirs == origin(&offer) && awaited.is_none());
}

#[test]
fn local_descriptions_without_a_parameter() {
    let (mut a, mut b) = (with_audio(1), peer(2));
    let offer = describe(&mut a);
    assert_eq!(
        (offer.kind, a.connection.signaling_state()),
        (SdpType::Offer, SignalingState::HaveLocalOffer)
    );
    // Once more is another offer.
    assert_eq!(describe(&mut a).kind, SdpType::Offer);
    take(&mut b, &offer);
    let answer = describe(&mut b);
    assert_eq!((answer.kind, b.connection.signaling_state()), (SdpType::Answer, SignalingState::Stable));
    // From `have-local-pranswer` it is the answer.
    let mut c = peer(3);
    take(&mut c, &offer);
    let answer = c.connection.create_answer(T0).unwrap();
    set_local(&mut c, &of_kind(SdpType::PrAnswer, &answer)).unwrap();
    assert_eq!(describe(&mut c).kind, SdpType::Answer);
    c.connection.close(T0);
    let closed = c.connection.set_local_description(T0, None).map_err(|error| error.name());
    assert_eq!(closed, Err("InvalidStateError"));
}

#[test]
fn remote_offers() {
    let (mut a, mut b) = (with_audio(1), peer(2));
    let first = describe(&mut a);
    take(&mut b, &first);
    assert_eq!(b.connection.signaling_state(), SignalingState::HaveRemoteOffer);
    assert_eq!(attributes(&b), [None, None, None, origin(&first)]);
    add(&mut a, VIDEO, Direction::SendRecv);
    let second = describe(&mut a);
    take(&mut b, &second);
    assert_eq!(attributes(&b), [None, None, None, origin(&second)]);
    assert_eq!(all(&b).len(), 2);
    // What cannot be read changes nothing.
    let broken = SessionDescription { kind: SdpType::Offer, sdp: "Invalid SDP".into() };
    assert_eq!(set_remote(&mut b, &broken), Err("RTCError"));
    assert_eq!(attributes(&b), [None, None, None, origin(&second)]);
    // Both offer: the local one is rolled back.
    let mut c = with_audio(3);
    describe(&mut c);
    c.drain(T0);
    c.events.clear();
    take(&mut c, &second);
    c.drain(T0);
    assert_eq!(attributes(&c), [None, None, None, origin(&second)]);
    assert_eq!(c.connection.signaling_state(), SignalingState::HaveRemoteOffer);
}

#[test]
fn remote_answers() {
    let (mut a, mut b) = (with_audio(1), peer(2));
    let offer = describe(&mut a);
    take(&mut b, &offer);
    let answer = describe(&mut b);
    // From `stable`, and from `have-remote-offer`.
    let mut c = peer(3);
    assert_eq!(set_remote(&mut c, &answer), Err("InvalidStateError"));
    take(&mut c, &offer);
    assert_eq!(set_remote(&mut c, &answer), Err("InvalidStateError"));
    take(&mut a, &answer);
    assert_eq!(a.connection.signaling_state(), SignalingState::Stable);
    assert_eq!(attributes(&a), [origin(&offer), None, origin(&answer), None]);
    assert_eq!(set_remote(&mut a, &answer), Err("InvalidStateError"));
}

#[test]
fn remote_provisional_answers() {
    let (mut a, mut b) = (with_audio(1), peer(2));
    let offer = describe(&mut a);
    take(&mut b, &offer);
    let answer = describe(&mut b);
    let provisional = of_kind(SdpType::PrAnswer, &answer);
    let mut c = peer(3);
    assert_eq!(set_remote(&mut c, &provisional), Err("InvalidStateError"));
    take(&mut c, &offer);
    assert_eq!(set_remote(&mut c, &provisional), Err("InvalidStateError"));
    for _ in 0..2 {
        take(&mut a, &provisional);
        assert_eq!(a.connection.signaling_state(), SignalingState::HaveRemotePrAnswer);
        assert_eq!(attributes(&a), [None, origin(&offer), None, origin(&answer)]);
    }
    take(&mut a, &answer);
    assert_eq!(attributes(&a), [origin(&offer), None, origin(&answer), None]);
}

/// What is current and what is pending changes with the second description of a round, and not before.
#[test]
fn descriptions_change_with_the_answer() {
    let (mut a, mut b) = (with_audio(1), peer(2));
    let (offer, answer) = {
        let offer = describe(&mut a);
        take(&mut b, &offer);
        let answer = describe(&mut b);
        take(&mut a, &answer);
        (offer, answer)
    };
    add(&mut b, VIDEO, Direction::SendRecv);
    let next = describe(&mut b);
    assert_eq!(attributes(&b), [origin(&answer), origin(&next), origin(&offer), None]);
    take(&mut a, &next);
    assert_eq!(attributes(&a), [origin(&offer), None, origin(&answer), origin(&next)]);
    let last = describe(&mut a);
    assert_eq!(attributes(&a), [origin(&last), None, origin(&next), None]);
    take(&mut b, &last);
    assert_eq!(attributes(&b), [origin(&next), None, origin(&last), None]);
}

/// The types of local and remote, each current and pending.
fn types(peer: &Peer) -> [Option<SdpType>; 4] {
    let connection = &peer.connection;
    let kind = |description: Option<SessionDescription>| description.map(|description| description.kind);
    [
        kind(connection.current_local_description()),
        kind(connection.pending_local_description()),
        kind(connection.current_remote_description().cloned()),
        kind(connection.pending_remote_description().cloned()),
    ]
}

/// The same text, provisional at first and final then.
#[test]
fn provisional_answers_become_final_ones() {
    use SdpType::{Answer, Offer, PrAnswer};
    let (mut a, mut b) = (with_audio(1), peer(2));
    let offer = describe(&mut a);
    take(&mut b, &offer);
    let answer = b.connection.create_answer(T0).unwrap();
    set_local(&mut b, &of_kind(PrAnswer, &answer)).unwrap();
    assert_eq!(types(&b), [None, Some(PrAnswer), None, Some(Offer)]);
    set_remote(&mut a, &of_kind(PrAnswer, &answer)).unwrap();
    assert_eq!(types(&a), [None, Some(Offer), None, Some(PrAnswer)]);
    set_local(&mut b, &answer).unwrap();
    assert_eq!(types(&b), [Some(Answer), None, Some(Offer), None]);
    set_remote(&mut a, &answer).unwrap();
    assert_eq!(types(&a), [Some(Offer), None, Some(Answer), None]);
}

#[test]
fn provisional_answers_without_a_text() {
    let empty = |kind| SessionDescription { kind, sdp: String::new() };
    for made_before in [true, false] {
        let (mut a, mut b) = (with_audio(1), peer(2));
        let offer = describe(&mut a);
        take(&mut b, &offer);
        let made = made_before.then(|| b.connection.create_answer(T0).unwrap());
        for _ in 0..2 {
            set_local(&mut b, &empty(SdpType::PrAnswer)).unwrap();
            assert_eq!(b.connection.signaling_state(), SignalingState::HaveLocalPrAnswer);
            let pending = b.connection.pending_local_description().expect("just set");
            assert_eq!(pending.kind, SdpType::PrAnswer);
            assert!(made.as_ref().is_none_or(|made| sections(&made.sdp) == sections(&pending.sdp)));
        }
        // In the state of the one who offered, no text stands for an offer, which cannot be.
        take(&mut a, &of_kind(SdpType::PrAnswer, &b.connection.local_description().unwrap()));
        let refused = a.connection.set_local_description(T0, None).map_err(|error| error.name());
        assert_eq!(refused, Err("InvalidStateError"));
        assert_eq!(a.connection.signaling_state(), SignalingState::HaveRemotePrAnswer);
        set_local(&mut b, &empty(SdpType::Answer)).unwrap();
        assert_eq!(types(&b), [Some(SdpType::Answer), None, Some(SdpType::Offer), None]);
    }
}
