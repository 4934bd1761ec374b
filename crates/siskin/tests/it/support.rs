//! Endpoints on loopback, and signalling by hand.

use siskin::{
    ChannelConfig, Configuration, DataChannel, Endpoint, EndpointConfig, Event, Events, PeerConnection,
    PortConfig,
};
use std::future::Future;
use std::time::Duration;

/// Everything here takes milliseconds; a test that takes this long has failed.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

pub(crate) fn endpoint() -> Endpoint {
    let bind = Some("127.0.0.1:0".parse().unwrap());
    let ports = PortConfig { bind, ..PortConfig::default() };
    Endpoint::open(EndpointConfig { ports, ..EndpointConfig::default() }).unwrap()
}

pub(crate) struct Peer {
    pub(crate) pc: PeerConnection,
    pub(crate) events: Events,
}

impl Peer {
    pub(crate) async fn new(endpoint: &Endpoint, configuration: Configuration) -> Self {
        let (pc, events) = endpoint.connect(configuration).await.unwrap();
        Self { pc, events }
    }

    /// The next channel that the other side opens.
    pub(crate) async fn channel(&mut self) -> DataChannel {
        loop {
            if let Event::DataChannel(channel) = within(self.events.next()).await.unwrap() {
                return channel;
            }
        }
    }
}

/// Offers from `a` to `b`.
pub(crate) async fn negotiate(a: &Peer, b: &Peer) {
    a.pc.set_local_description(None).await.unwrap();
    a.pc.gathered().await;
    b.pc.set_remote_description(a.pc.local_description().await.unwrap()).await.unwrap();
    b.pc.set_local_description(None).await.unwrap();
    b.pc.gathered().await;
    a.pc.set_remote_description(b.pc.local_description().await.unwrap()).await.unwrap();
}

/// Two endpoints, a connection between them, and one open channel from both sides.
pub(crate) async fn pair(
    configuration: Configuration,
) -> (Endpoint, Endpoint, Peer, Peer, DataChannel, DataChannel) {
    let (left, right) = (endpoint(), endpoint());
    let a = Peer::new(&left, configuration.clone()).await;
    let mut b = Peer::new(&right, configuration).await;
    let ours = a.pc.create_data_channel(ChannelConfig::new("test")).await.unwrap();
    negotiate(&a, &b).await;
    let theirs = b.channel().await;
    within(ours.opened()).await.unwrap();
    (left, right, a, b, ours, theirs)
}

pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future).await.expect("in time")
}

/// Tasks alive in this test's runtime, this one left out.
pub(crate) fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

/// Waits until `reached`.
pub(crate) async fn until(mut reached: impl FnMut() -> bool) {
    within(async {
        while !reached() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
