//! `RTCPeerConnection-restartIce.https.html`

use super::*;
use siskin_peer::BundlePolicy;
use siskin_peer::stats::StatsKind;

fn audio() -> (Peer, Peer) {
    let (mut a, b) = pair();
    add(&mut a, AUDIO, Direction::SendRecv);
    (a, b)
}

/// The credentials of each end's description in force.
fn names(a: &Peer, b: &Peer) -> (String, String) {
    let of = |peer: &Peer| {
        let sdp = peer.connection.local_description().expect("negotiated").sdp;
        line(&sdp, "a=ice-ufrag:").to_string()
    };
    (of(a), of(b))
}

fn needed(peer: &mut Peer) -> bool {
    peer.drain(T0);
    let told = peer.events.contains(&Event::NegotiationNeeded);
    peer.events.clear();
    told
}

fn assert_restarted(before: &(String, String), after: &(String, String)) {
    assert!(before.0 != after.0 && before.1 != after.1, "{before:?} {after:?}");
}

#[test]
fn before_the_first_round_it_means_nothing() {
    let mut closed = peer(3);
    closed.connection.close(T0);
    closed.connection.restart_ice(T0);
    assert!(!needed(&mut closed));
    let (mut a, mut b) = pair();
    a.connection.restart_ice(T0);
    assert!(!needed(&mut a));
    add(&mut a, AUDIO, Direction::SendRecv);
    assert!(needed(&mut a));
    a.connection.restart_ice(T0);
    negotiate(&mut a, &mut b);
    assert!(!needed(&mut a) && !a.connection.is_negotiation_needed());
}

#[test]
fn it_makes_new_names_once() {
    let (mut a, mut b) = audio();
    negotiate(&mut a, &mut b);
    let first = names(&a, &b);
    negotiate(&mut a, &mut b);
    assert_eq!(names(&a, &b), first);
    needed(&mut a);
    a.connection.restart_ice(T0);
    assert!(needed(&mut a));
    negotiate(&mut a, &mut b);
    let second = names(&a, &b);
    assert_restarted(&first, &second);
    assert!(!a.connection.is_negotiation_needed());
    negotiate(&mut a, &mut b);
    assert_eq!(names(&a, &b), second);
}

#[test]
fn transports_stay() {
    for policy in [BundlePolicy::MaxBundle, BundlePolicy::MaxCompat] {
        let mut a = peer_with(1, |config| config.bundle_policy = policy);
        let mut b = peer_with(2, |config| config.bundle_policy = policy);
        add(&mut a, VIDEO, Direction::SendRecv);
        add(&mut a, AUDIO, Direction::SendRecv);
        negotiate(&mut a, &mut b);
        let transports = |peer: &Peer| -> Vec<String> {
            let stats = peer.connection.get_stats(T0);
            let of = stats.iter().filter(|known| matches!(known.kind, StatsKind::Transport(_)));
            of.map(|known| known.id.clone()).collect()
        };
        let before = (transports(&a), transports(&b));
        negotiate(&mut a, &mut b);
        a.connection.restart_ice(T0);
        negotiate(&mut a, &mut b);
        assert_eq!((transports(&a), transports(&b)), before);
    }
}

/// In the middle of a round of one's own it is for the next one.
#[test]
fn while_an_offer_of_ours_waits() {
    for initial in [true, false] {
        let (mut a, mut b) = audio();
        if !initial {
            negotiate(&mut a, &mut b);
        }
        let offer = describe(&mut a);
        a.connection.restart_ice(T0);
        take(&mut b, &offer);
        let answer = describe(&mut b);
        needed(&mut a);
        take(&mut a, &answer);
        assert!(needed(&mut a));
        let before = names(&a, &b);
        negotiate(&mut a, &mut b);
        assert_restarted(&before, &names(&a, &b));
        assert!(!a.connection.is_negotiation_needed());
    }
}

#[test]
fn while_an_offer_of_theirs_waits() {
    for initial in [true, false] {
        let (mut a, mut b) = pair();
        add(&mut b, AUDIO, Direction::SendRecv);
        if !initial {
            negotiate(&mut b, &mut a);
        }
        let offer = describe(&mut b);
        take(&mut a, &offer);
        needed(&mut a);
        a.connection.restart_ice(T0);
        let answer = describe(&mut a);
        take(&mut b, &answer);
        assert_eq!(needed(&mut a), !initial, "in a first round there is nothing to restart");
        let before = names(&a, &b);
        negotiate(&mut a, &mut b);
        if initial {
            assert_eq!(names(&a, &b), before);
        } else {
            assert_restarted(&before, &names(&a, &b));
        }
        assert!(!a.connection.is_negotiation_needed());
    }
}

#[test]
fn an_offer_of_theirs_does_not_do_it_unless_it_restarts_too() {
    let (mut a, mut b) = audio();
    negotiate(&mut a, &mut b);
    let first = names(&a, &b);
    a.connection.restart_ice(T0);
    negotiate(&mut b, &mut a);
    assert_eq!(names(&a, &b), first, "nothing yet");
    assert!(a.connection.is_negotiation_needed());
    negotiate(&mut a, &mut b);
    let second = names(&a, &b);
    assert_restarted(&first, &second);
    a.connection.restart_ice(T0);
    b.connection.restart_ice(T0);
    negotiate(&mut b, &mut a);
    let third = names(&a, &b);
    assert_restarted(&second, &third);
    assert!(!a.connection.is_negotiation_needed(), "the other's did it");
    negotiate(&mut a, &mut b);
    assert_eq!(names(&a, &b), third);
}

#[test]
fn options_do_not_take_it_back() {
    let (mut a, mut b) = audio();
    negotiate(&mut a, &mut b);
    let before = names(&a, &b);
    a.connection.restart_ice(T0);
    let offer = a.connection.create_offer(T0, OfferOptions { ice_restart: false }).unwrap();
    a.connection.set_local_description(T0, Some(offer)).unwrap();
    take(&mut b, &a.connection.local_description().unwrap());
    let answer = describe(&mut b);
    take(&mut a, &answer);
    assert_restarted(&before, &names(&a, &b));
    assert!(!a.connection.is_negotiation_needed());
}

#[test]
fn it_survives_a_rollback() {
    let (mut a, mut b) = audio();
    negotiate(&mut a, &mut b);
    let before = names(&a, &b);
    a.connection.restart_ice(T0);
    describe(&mut a);
    needed(&mut a);
    a.connection.set_local_description(T0, Some(rollback())).unwrap();
    assert!(needed(&mut a));
    negotiate(&mut a, &mut b);
    assert_restarted(&before, &names(&a, &b));
    assert!(!a.connection.is_negotiation_needed());
}

/// Two transports, of which the other side restarts one: what was asked for is still to be done for the other one.
#[test]
fn it_survives_a_restart_of_a_part() {
    let policy = |config: &mut siskin_peer::Config| config.bundle_policy = BundlePolicy::MaxCompat;
    let (mut a, mut b) = (peer_with(1, policy), peer_with(2, policy));
    add(&mut a, AUDIO, Direction::SendRecv);
    add(&mut a, VIDEO, Direction::SendRecv);
    let apart = |mut description: SessionDescription| {
        let kept = description.sdp.split_inclusive("\r\n").filter(|line| !line.starts_with("a=group:BUNDLE"));
        description.sdp = kept.collect();
        description
    };
    let round = |a: &mut Peer, b: &mut Peer, change: &dyn Fn(SessionDescription) -> SessionDescription| {
        let offer = change(apart(describe(a)));
        take(b, &offer);
        let answer = apart(describe(b));
        take(a, &answer);
        [a, b].map(|peer| {
            let sdp = peer.connection.local_description().unwrap().sdp;
            let of = |name: &str| -> Vec<String> {
                sdp.lines().filter(|line| line.starts_with(name)).map(String::from).collect()
            };
            (of("a=ice-ufrag:"), of("a=ice-pwd:"))
        })
    };
    let [ours, theirs] = round(&mut a, &mut b, &|description| description);
    assert_eq!(ours.0.len(), 2);
    a.connection.restart_ice(T0);
    // b restarts both, but what arrives has the first one's old names.
    b.connection.restart_ice(T0);
    let offer = apart(describe(&mut b));
    let fresh = |name: &str| line(section(&offer.sdp, 0), name).to_string();
    let sdp =
        offer.sdp.replace(&fresh("a=ice-ufrag:"), &theirs.0[0]).replace(&fresh("a=ice-pwd:"), &theirs.1[0]);
    take(&mut a, &SessionDescription { sdp, ..offer });
    let answer = describe(&mut a).sdp;
    let after: Vec<String> =
        answer.lines().filter(|line| line.starts_with("a=ice-ufrag:")).map(String::from).collect();
    assert_eq!((after[0] == ours.0[0], after[1] == ours.0[1]), (true, false));
    assert!(a.connection.is_negotiation_needed());
    let offer = describe(&mut a).sdp;
    let last: Vec<&str> = offer.lines().filter(|line| line.starts_with("a=ice-ufrag:")).collect();
    assert!(last.iter().all(|name| !ours.0.iter().any(|old| old == name)), "{offer}");
}
