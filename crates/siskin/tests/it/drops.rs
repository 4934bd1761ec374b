//! What dropping a handle does, by counting what is left.

use crate::support::{pair, tasks, until, within};
use siskin::{Configuration, DtlsTransportState, Message, PeerConnectionState};
use std::time::Duration;

#[tokio::test]
async fn nothing_is_left_when_all_handles_are_dropped() {
    assert_eq!(tasks(), 0);
    let (left, right, a, b, ours, theirs) = pair(Configuration::default()).await;
    assert_eq!(tasks(), 2, "one driver for each endpoint");
    drop((a, b));
    within(ours.closed()).await;
    within(theirs.closed()).await;
    assert_eq!(tasks(), 2, "the endpoints are still there");
    drop((left, right));
    until(|| tasks() == 0).await;
    // The channels' handles outlive it all and keep nothing alive.
    assert_eq!(within(ours.recv()).await, None);
    assert!(theirs.send("nobody").await.is_err());
}

#[tokio::test]
async fn an_endpoint_lives_as_long_as_its_connections() {
    let (left, right, a, b, ours, theirs) = pair(Configuration::default()).await;
    drop((left, right));
    ours.send("still here").await.unwrap();
    assert_eq!(within(theirs.recv()).await, Some(Message::from("still here")));
    drop((a, b));
    until(|| tasks() == 0).await;
}

#[tokio::test]
async fn dropping_a_connection_delivers_what_was_sent() {
    let (_l, _r, a, b, ours, theirs) = pair(Configuration::default()).await;
    let reader = tokio::spawn(async move {
        let mut bytes = 0;
        while let Some(message) = theirs.recv().await {
            bytes += message.len();
        }
        bytes
    });
    for _ in 0..10 {
        ours.send(vec![1; 100_000]).await.unwrap();
    }
    drop(a);
    assert_eq!(within(reader).await.unwrap(), 1_000_000);
    let gone = b.pc.wait_for(|states| states.dtls == DtlsTransportState::Closed).await;
    assert!(gone.is_some(), "the other side is told");
}

/// The peer never reads, so that nothing can be flushed: the drop gives up after its second.
#[tokio::test]
async fn dropping_a_connection_takes_a_second_at_most() {
    let configuration = Configuration { max_unread: 100_000, ..Configuration::default() };
    let (left, right, a, _b, ours, _theirs) = pair(configuration).await;
    while tokio::time::timeout(Duration::from_millis(500), ours.send(vec![0; 200_000])).await.is_ok() {}
    drop(a);
    drop(left);
    let closed = tokio::time::timeout(Duration::from_secs(5), ours.closed()).await;
    assert!(closed.is_ok());
    until(|| tasks() == 1).await;
    drop(right);
}

#[tokio::test]
async fn dropping_a_channel_closes_it_and_nothing_else() {
    let (_l, _r, a, b, ours, theirs) = pair(Configuration::default()).await;
    ours.send("last words").await.unwrap();
    drop(ours);
    assert_eq!(within(theirs.recv()).await, Some(Message::from("last words")));
    assert_eq!(within(theirs.recv()).await, None);
    within(theirs.closed()).await;
    assert_eq!(a.pc.connection_state(), PeerConnectionState::Connected);
    assert_eq!(b.pc.connection_state(), PeerConnectionState::Connected);
}

#[tokio::test]
async fn events_end_with_the_connection() {
    let (_l, _r, mut a, _b, _ours, _theirs) = pair(Configuration::default()).await;
    a.pc.close().await;
    within(async { while a.events.next().await.is_some() {} }).await;
    assert_eq!(a.pc.connection_state(), PeerConnectionState::Closed);
}
