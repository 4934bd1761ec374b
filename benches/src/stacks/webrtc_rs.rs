//! `webrtc` 0.21, on tokio, with its defaults, but for the longest message, which is ours (its own are 64 KiB); its sender
//! waits at the same mark as ours.

use super::Pair;
use bytes::{Bytes, BytesMut};
use rtc::peer_connection::configuration::setting_engine::SctpMaxMessageSize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use webrtc::data_channel::{DataChannel, DataChannelEvent};
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceGatheringState,
    SettingEngineBuilder,
};

/// Bytes that may wait to be sent: Siskin's high-water mark.
const HIGH_WATER: usize = 1 << 20;

/// Two connections.
pub struct WebrtcRs {
    ours: Arc<dyn DataChannel>,
    theirs: Arc<dyn DataChannel>,
    _peers: [Peer; 2],
}

struct Peer {
    connection: Arc<dyn PeerConnection>,
    gathered: mpsc::UnboundedReceiver<()>,
    channels: mpsc::UnboundedReceiver<Arc<dyn DataChannel>>,
}

struct Handler {
    gathered: mpsc::UnboundedSender<()>,
    channels: mpsc::UnboundedSender<Arc<dyn DataChannel>>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            let _ = self.gathered.send(());
        }
    }

    async fn on_data_channel(&self, channel: Arc<dyn DataChannel>) {
        let _ = self.channels.send(channel);
    }
}

impl Peer {
    async fn new() -> Self {
        let (has_gathered, gathered) = mpsc::unbounded_channel();
        let (has_channel, channels) = mpsc::unbounded_channel();
        let handler = Handler { gathered: has_gathered, channels: has_channel };
        let settings =
            SettingEngineBuilder::new().with_sctp_max_message_size(SctpMaxMessageSize::Unbounded).build();
        let connection = PeerConnectionBuilder::new()
            .with_setting_engine(settings)
            .with_handler(Arc::new(handler))
            .with_runtime(webrtc::runtime::default_runtime().expect("tokio"))
            .with_udp_addrs(vec!["127.0.0.1:0".to_owned()])
            .with_data_channel_send_buffer_limit(HIGH_WATER)
            .build()
            .await;
        Self { connection: Arc::new(connection.expect("loopback is there")), gathered, channels }
    }
}

impl Pair for WebrtcRs {
    const NAME: &'static str = "webrtc";

    async fn open() -> (Self, Duration) {
        let (mut a, mut b) = (Peer::new().await, Peer::new().await);
        let ours = a.connection.create_data_channel("bench", None).await.expect("room");
        let offer = a.connection.create_offer(None).await.expect("an offer");
        a.connection.set_local_description(offer).await.expect("sound");
        a.gathered.recv().await.expect("gathers");
        let offer = a.connection.local_description().await.expect("an offer");
        b.connection.set_remote_description(offer).await.expect("sound");
        let answer = b.connection.create_answer(None).await.expect("an answer");
        b.connection.set_local_description(answer).await.expect("sound");
        b.gathered.recv().await.expect("gathers");
        let answer = b.connection.local_description().await.expect("an answer");
        let began = Instant::now();
        a.connection.set_remote_description(answer).await.expect("sound");
        let theirs = b.channels.recv().await.expect("alive");
        for channel in [&ours, &theirs] {
            while !matches!(channel.poll().await.expect("alive"), DataChannelEvent::OnOpen) {}
        }
        let took = began.elapsed();
        (Self { ours, theirs, _peers: [a, b] }, took)
    }

    async fn transfer(&mut self, message: Bytes, count: usize) {
        let send = async {
            for _ in 0..count {
                self.ours.send(BytesMut::from(&message[..])).await.expect("open");
            }
        };
        let receive = async {
            let mut received = 0;
            while received < count {
                if let DataChannelEvent::OnMessage(got) = self.theirs.poll().await.expect("open") {
                    assert_eq!(got.data.len(), message.len());
                    received += 1;
                }
            }
        };
        tokio::join!(send, receive);
    }
}

impl Drop for WebrtcRs {
    fn drop(&mut self) {
        for peer in &self._peers {
            let connection = Arc::clone(&peer.connection);
            tokio::spawn(async move { connection.close().await });
        }
    }
}
