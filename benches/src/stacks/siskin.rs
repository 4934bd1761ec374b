//! Siskin, through its facade.

use super::Pair;
use bytes::Bytes;
use siskin::{
    ChannelConfig, Configuration, DataChannel, Endpoint, EndpointConfig, Event, Events, PeerConnection,
    PortConfig,
};
use std::time::{Duration, Instant};

/// Two endpoints, one connection.
pub struct Siskin {
    ours: DataChannel,
    theirs: DataChannel,
    _peers: [Peer; 2],
}

struct Peer {
    connection: PeerConnection,
    events: Events,
    _endpoint: Endpoint,
}

impl Peer {
    async fn new() -> Self {
        let bind = Some(([127, 0, 0, 1], 0).into());
        let ports = PortConfig { bind, ..PortConfig::default() };
        let endpoint = Endpoint::open(EndpointConfig { ports, ..EndpointConfig::default() });
        let endpoint = endpoint.expect("loopback is there");
        let (connection, events) = endpoint.connect(Configuration::default()).await.expect("room");
        Self { connection, events, _endpoint: endpoint }
    }
}

impl Pair for Siskin {
    const NAME: &'static str = "siskin";

    async fn open() -> (Self, Duration) {
        let (a, mut b) = (Peer::new().await, Peer::new().await);
        let channel = a.connection.create_data_channel(ChannelConfig::new("bench")).await;
        let ours = channel.expect("room");
        a.connection.set_local_description(None).await.expect("an offer");
        a.connection.gathered().await;
        let offer = a.connection.local_description().await.expect("an offer");
        b.connection.set_remote_description(offer).await.expect("sound");
        b.connection.set_local_description(None).await.expect("an answer");
        b.connection.gathered().await;
        let answer = b.connection.local_description().await.expect("an answer");
        let began = Instant::now();
        a.connection.set_remote_description(answer).await.expect("sound");
        let theirs = loop {
            if let Event::DataChannel(channel) = b.events.next().await.expect("alive") {
                break channel;
            }
        };
        ours.opened().await.expect("open");
        let took = began.elapsed();
        (Self { ours, theirs, _peers: [a, b] }, took)
    }

    async fn transfer(&mut self, message: Bytes, count: usize) {
        let send = async {
            for _ in 0..count {
                self.ours.send(message.clone()).await.expect("open");
            }
        };
        let receive = async {
            for _ in 0..count {
                let got = self.theirs.recv().await.expect("open");
                assert_eq!(got.len(), message.len());
            }
        };
        tokio::join!(send, receive);
    }
}
