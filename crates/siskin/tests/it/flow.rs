//! Messages, back-pressure, states.

use crate::support::{Peer, endpoint, negotiate, pair, within};
use siskin::{
    ChannelConfig, Configuration, DataChannelState, Message, PeerConnectionState, SctpTransportState,
    SignalingState,
};
use std::time::Duration;

#[tokio::test]
async fn messages_arrive_as_they_were_sent() {
    let (_l, _r, a, b, ours, theirs) = pair(Configuration::default()).await;
    let messages = [
        Message::from("hello"),
        Message::from(""),
        Message::from(vec![]),
        Message::from(vec![7; 262_144]),
        Message::from("ä🐦"),
    ];
    for message in &messages {
        ours.send(message.clone()).await.unwrap();
    }
    for message in &messages {
        assert_eq!(within(theirs.recv()).await.as_ref(), Some(message));
    }
    theirs.send("back").await.unwrap();
    assert_eq!(within(ours.recv()).await, Some(Message::from("back")));
    for pc in [&a.pc, &b.pc] {
        let states = pc.states();
        assert_eq!(states.signaling, SignalingState::Stable);
        assert_eq!(states.connection, PeerConnectionState::Connected);
        assert_eq!(states.sctp, Some(SctpTransportState::Connected));
        assert_eq!(pc.sctp().unwrap().max_message_size(), 262_144);
    }
    assert_eq!((ours.id(), theirs.id()), (theirs.id(), ours.id()));
    assert_eq!((theirs.label(), theirs.ordered(), theirs.protocol()), ("test", true, ""));
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused_at_once() {
    let (_l, _r, _a, _b, ours, theirs) = pair(Configuration::default()).await;
    let refused = ours.send(vec![0; 262_145]).await.unwrap_err();
    assert_eq!(refused.name(), "TypeError");
    ours.send("still alive").await.unwrap();
    assert_eq!(within(theirs.recv()).await, Some(Message::from("still alive")));
}

/// Nobody reads: what waits is bounded on both sides, and nothing is lost.
#[tokio::test]
async fn a_slow_reader_holds_the_sender_up() {
    let configuration = Configuration { max_unread: 1 << 20, ..Configuration::default() };
    let (_l, _r, _a, _b, ours, theirs) = pair(configuration).await;
    let mut sent = 0_u32;
    while tokio::time::timeout(Duration::from_secs(1), ours.send(vec![sent as u8; 100_000])).await.is_ok() {
        sent += 1;
        assert!(sent < 1_000, "the sender was never held up");
    }
    assert!(ours.buffered_amount() >= 1 << 20);
    for number in 0..sent {
        assert_eq!(within(theirs.recv()).await, Some(Message::from(vec![number as u8; 100_000])));
    }
    within(ours.buffered_amount_low()).await;
    assert_eq!(ours.buffered_amount(), 0);
    ours.send("on").await.unwrap();
    assert_eq!(within(theirs.recv()).await, Some(Message::from("on")));
}

/// A program that does not read until it has sent must not wait for itself.
#[tokio::test]
async fn sending_goes_on_while_nobody_reads() {
    let configuration = Configuration { max_unread: 100_000, ..Configuration::default() };
    let (_l, _r, _a, _b, ours, theirs) = pair(configuration).await;
    for _ in 0..5 {
        theirs.send(vec![1; 50_000]).await.unwrap();
    }
    // More than SCTP's buffer takes at once.
    for _ in 0..200 {
        ours.send_now(vec![2; 200_000]).unwrap();
    }
    for _ in 0..200 {
        assert_eq!(within(theirs.recv()).await.map(|message| message.len()), Some(200_000));
    }
    for _ in 0..5 {
        assert_eq!(within(ours.recv()).await.map(|message| message.len()), Some(50_000));
    }
}

#[tokio::test]
async fn channels_that_nobody_looks_at_hold_the_peer_up() {
    let configuration = Configuration { max_unread: 50_000, ..Configuration::default() };
    let (_l, _r, a, mut b, _ours, _theirs) = pair(configuration).await;
    let mut opened = Vec::new();
    for number in 0..50 {
        let label = format!("{number} {}", "x".repeat(10_000));
        opened.push(a.pc.create_data_channel(ChannelConfig::new(label)).await.unwrap());
    }
    for channel in &opened {
        assert_eq!(b.channel().await.label(), channel.label());
    }
}

#[tokio::test]
async fn many_connections_share_one_socket() {
    let (left, right) = (endpoint(), endpoint());
    let mut all = Vec::new();
    for number in 0..10 {
        // One 5-tuple carries one association: each further pair of endpoints needs another port on one side.
        let fresh = endpoint();
        let a = Peer::new(if number == 0 { &left } else { &fresh }, Configuration::default()).await;
        let mut b = Peer::new(&right, Configuration::default()).await;
        let ours = a.pc.create_data_channel(ChannelConfig::new(format!("{number}"))).await.unwrap();
        negotiate(&a, &b).await;
        let theirs = b.channel().await;
        ours.send(format!("{number}")).await.unwrap();
        all.push((a, b, ours, theirs, fresh));
    }
    assert_eq!(right.sockets().await.len(), 1);
    for (number, (.., theirs, _)) in all.iter().enumerate() {
        assert_eq!(within(theirs.recv()).await, Some(Message::from(format!("{number}"))));
    }
}

#[tokio::test]
async fn closing_a_channel_closes_both_ends_behind_what_was_sent() {
    let (_l, _r, a, _b, ours, theirs) = pair(Configuration::default()).await;
    ours.send(vec![1; 200_000]).await.unwrap();
    ours.close();
    assert_eq!(ours.ready_state(), DataChannelState::Closing);
    assert_eq!(ours.send("late").await.unwrap_err().name(), "InvalidStateError");
    assert_eq!(within(theirs.recv()).await.map(|message| message.len()), Some(200_000));
    assert_eq!(within(theirs.recv()).await, None);
    within(ours.closed()).await;
    assert_eq!(a.pc.connection_state(), PeerConnectionState::Connected);
}

#[tokio::test]
async fn bad_descriptions_and_candidates_are_typed_errors() {
    let endpoint = endpoint();
    let peer = Peer::new(&endpoint, Configuration::default()).await;
    let offer = |sdp: &str| siskin::SessionDescription { kind: siskin::SdpType::Offer, sdp: sdp.into() };
    let error = peer.pc.set_remote_description(offer("nonsense")).await.unwrap_err();
    assert_eq!(error.name(), "RTCError");
    let error = peer.pc.create_answer().await.unwrap_err();
    assert_eq!(error.name(), "InvalidStateError");
    let error = peer.pc.add_ice_candidate(None).await.unwrap_err();
    assert_eq!(error.name(), "InvalidStateError");
    peer.pc.close().await;
    assert_eq!(peer.pc.set_local_description(None).await.unwrap_err().name(), "InvalidStateError");
}
