//! One connection, and the verbs of `page.html` for it.

use crate::channel::{Channel, lock, state};
use crate::log::Log;
use crate::media::{self, Mirrors};
use crate::{Outcome, clip};
use serde_json::{Value, json};
use siskin::{
    BundlePolicy, ChannelConfig, Configuration, DataChannel, DataChannelState, Endpoint, Event, Events,
    IceCandidateInit, Message, PeerConnection, Priority, Reliability, SdpType, SessionDescription,
};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

pub(crate) struct Connection {
    pc: PeerConnection,
    shared: Arc<Shared>,
    hold: watch::Sender<u64>,
    /// Media that come go back.
    mirror: bool,
}

/// What the task that reads the events shares.
struct Shared {
    echo: bool,
    hold: watch::Receiver<u64>,
    /// In the order in which they were made or arrived.
    channels: Mutex<Vec<Arc<Channel>>>,
    /// Gathered and not yet fetched; '' ends them.
    candidates: Mutex<Vec<Value>>,
    began: Instant,
    /// Milliseconds, and what happened.
    events: Mutex<Vec<(u64, String)>>,
    mirrors: Mirrors,
}

fn text<'a>(args: &'a Value, name: &str) -> &'a str {
    args[name].as_str().unwrap_or_default()
}

fn number(args: &Value, name: &str) -> u64 {
    args[name].as_u64().unwrap_or_default()
}

fn millis(args: &Value, name: &str) -> Duration {
    Duration::from_millis(number(args, name))
}

/// The start of a label: some are long.
fn short(label: &str) -> String {
    label.chars().take(40).collect()
}

impl Connection {
    pub(crate) async fn new(endpoint: &Endpoint, echo: bool, args: &Value) -> Result<Arc<Self>, String> {
        let bundle_policy = match text(&args["config"], "bundlePolicy") {
            "max-bundle" => BundlePolicy::MaxBundle,
            "max-compat" => BundlePolicy::MaxCompat,
            _ => BundlePolicy::Balanced,
        };
        let configuration = Configuration {
            bundle_policy,
            media: media::config(&args["config"]),
            ..Configuration::default()
        };
        let (pc, events) = endpoint.connect(configuration).await.map_err(|e| e.to_string())?;
        let (hold, held) = watch::channel(0);
        let shared = Arc::new(Shared {
            echo,
            hold: held,
            channels: Mutex::default(),
            candidates: Mutex::default(),
            began: Instant::now(),
            events: Mutex::default(),
            mirrors: Mirrors::new(clip::Use::of(text(args, "clip"))),
        });
        tokio::spawn(Arc::clone(&shared).listen(events));
        Ok(Arc::new(Self { pc, shared, hold, mirror: args["mirror"] == true }))
    }

    pub(crate) async fn close(&self) {
        self.pc.finish(Duration::from_secs(1)).await;
    }

    pub(crate) async fn call(self: &Arc<Self>, verb: &str, args: &Value) -> Outcome {
        match verb {
            "offer" => self.offer(args).await,
            "answer" => self.answer(args).await,
            "accept" => self.set_remote(SdpType::Answer, args).await.map(|()| json!({"media": 0})),
            "take" => self.set_remote(SdpType::Offer, args).await.map(|()| Value::Null),
            "rollback" => self.rollback(args).await,
            "candidates" => Ok(json!({"candidates": std::mem::take(&mut *lock(&self.shared.candidates))})),
            "add" => self.add(&args["candidate"]).await,
            "open" => self.make(args).await.map(|()| Value::Null),
            "opened" => self.opened(args).await,
            "exchange" => self.exchange(text(args, "label"), args).await,
            "exchange_all" => self.exchange_all(args).await,
            "send" => {
                let channel = self.find(text(args, "label"))?;
                channel.send_all(&args["messages"]).await;
                Ok(json!({"sent": lock(&channel.sent).digest()}))
            }
            "pour" => {
                self.find(text(args, "label"))?.pour(number(args, "size") as usize);
                Ok(Value::Null)
            }
            "poured" => {
                let channel = self.find(text(args, "label"))?;
                channel.poured().await;
                Ok(json!({"sent": lock(&channel.sent).digest()}))
            }
            "release" => {
                self.hold.send_replace(0);
                Ok(Value::Null)
            }
            "received" => self.received(args).await,
            "sift" => self.sift(args).await,
            "refused" => {
                let size = number(args, "size") as usize;
                match self.find(text(args, "label"))?.dc.send_now(Message::from(vec![0; size])) {
                    Ok(()) => Err(format!("{size} bytes are sent")),
                    Err(error) => Ok(json!({"error": error.name()})),
                }
            }
            "limit" => {
                let limit = self.pc.sctp().ok_or("no SCTP transport")?.max_message_size();
                Ok(json!({"bytes": Some(limit).filter(|limit| *limit < u64::MAX >> 1)}))
            }
            "close_channel" => {
                let channel = self.find(text(args, "label"))?;
                channel.send_all(&args["messages"]).await;
                channel.dc.close();
                self.closed(args).await
            }
            "shut" => {
                self.find(text(args, "label"))?.dc.close();
                Ok(Value::Null)
            }
            "closed" => self.closed(args).await,
            "until" => self.until_connection(args).await,
            "state" => Ok(self.state()),
            "ended" => {
                let closed = |channel: &Arc<Channel>| channel.dc.ready_state() == DataChannelState::Closed;
                let ended = || lock(&self.shared.channels).iter().all(closed);
                self.until("the end of the connection", args, || ended().then_some(())).await?;
                Ok(json!({"connection": self.pc.connection_state().name()}))
            }
            "stats" => self.stats().await,
            "streams" => media::streams(&self.pc).await,
            "transceivers" => media::transceivers(&self.pc).await,
            "extensions" => media::extensions(&self.pc, args).await,
            "change" => media::change(&self.pc, args).await,
            "parameters" => media::parameters(&self.pc, args).await,
            "play" => self.shared.mirrors.play(media::sending(&self.pc, args).await?).await,
            "select" => self.shared.mirrors.select(text(args, "rid")).await,
            "tracks" => Ok(self.shared.mirrors.report()),
            _ => Err("there is no such verb".into()),
        }
    }

    async fn offer(&self, args: &Value) -> Outcome {
        self.make(args).await?;
        media::add(&self.pc, args).await?;
        if args["restart"] == true {
            self.pc.restart_ice().await.map_err(|e| e.to_string())?;
        }
        self.local(args).await
    }

    async fn answer(&self, args: &Value) -> Outcome {
        self.hold.send_replace(number(args, "hold"));
        self.make(args).await?;
        self.set_remote(SdpType::Offer, args).await?;
        if self.mirror {
            media::join(&self.pc, args).await?;
        }
        self.local(args).await
    }

    async fn local(&self, args: &Value) -> Outcome {
        self.pc.set_local_description(None).await.map_err(|e| e.to_string())?;
        if args["trickle"] != true {
            self.pc.gathered().await;
        }
        let local = self.pc.local_description().await.ok_or("no local description")?;
        Ok(json!({"sdp": local.sdp}))
    }

    async fn set_remote(&self, kind: SdpType, args: &Value) -> Result<(), String> {
        let description = SessionDescription { kind, sdp: text(args, "sdp").into() };
        self.pc.set_remote_description(description).await.map_err(|e| e.to_string())
    }

    async fn rollback(&self, args: &Value) -> Outcome {
        let back = SessionDescription { kind: SdpType::Rollback, sdp: String::new() };
        let done = match args["remote"] == true {
            true => self.pc.set_remote_description(back).await,
            false => self.pc.set_local_description(Some(back)).await,
        };
        done.map(|()| Value::Null).map_err(|e| e.to_string())
    }

    async fn add(&self, candidate: &Value) -> Outcome {
        let line = text(candidate, "candidate");
        let init = (!line.is_empty()).then(|| IceCandidateInit {
            candidate: line.into(),
            sdp_mid: candidate["sdpMid"].as_str().map(String::from),
            sdp_m_line_index: candidate["sdpMLineIndex"].as_u64().and_then(|index| index.try_into().ok()),
            username_fragment: None,
        });
        self.pc.add_ice_candidate(init).await.map(|()| Value::Null).map_err(|e| e.to_string())
    }

    /// Opens the channels in `args`.
    async fn make(&self, args: &Value) -> Result<(), String> {
        for channel in args["channels"].as_array().into_iter().flatten() {
            let init = &channel["init"];
            let mut config = ChannelConfig::new(text(channel, "label"));
            config.ordered = init["ordered"] != false;
            config.protocol = text(init, "protocol").into();
            config.priority = match text(init, "priority") {
                "very-low" => Priority::VERY_LOW,
                "medium" => Priority::MEDIUM,
                "high" => Priority::HIGH,
                _ => Priority::LOW,
            };
            config.reliability = match (&init["maxRetransmits"], &init["maxPacketLifeTime"]) {
                (Value::Number(_), _) => Reliability::MaxRetransmits(number(init, "maxRetransmits") as u16),
                (_, Value::Number(_)) => Reliability::Lifetime(millis(init, "maxPacketLifeTime")),
                _ => Reliability::Reliable,
            };
            if init["negotiated"] == true {
                config.negotiated = Some(number(init, "id") as u16);
            }
            let dc = self.pc.create_data_channel(config).await.map_err(|e| e.to_string())?;
            self.shared.add(dc);
        }
        Ok(())
    }

    fn find(&self, label: &str) -> Result<Arc<Channel>, String> {
        let channels = lock(&self.shared.channels);
        let found = channels.iter().rev().find(|channel| channel.dc.label() == label);
        found.cloned().ok_or_else(|| format!("no channel {:?}", short(label)))
    }

    /// Waits until `test` has something, for at most `ms` of `args`.
    async fn until<T>(
        &self,
        what: &str,
        args: &Value,
        mut test: impl FnMut() -> Option<T>,
    ) -> Result<T, String> {
        let limit = millis(args, "ms");
        let start = Instant::now();
        loop {
            if let Some(value) = test() {
                return Ok(value);
            }
            if start.elapsed() > limit {
                let states = self.pc.states();
                return Err(format!("{what}: not within {limit:?} ({states:?})"));
            }
            sleep(Duration::from_millis(2)).await;
        }
    }

    async fn opened(&self, args: &Value) -> Outcome {
        let count = number(args, "count");
        let open = || {
            let channels = lock(&self.shared.channels);
            let open = channels.iter().filter(|channel| channel.dc.ready_state() == DataChannelState::Open);
            open.map(|channel| channel.describe()).collect::<Vec<_>>()
        };
        let enough = || Some(open()).filter(|open| open.len() as u64 >= count);
        let channels = self.until(&format!("{count} open channels"), args, enough).await?;
        Ok(json!({"channels": channels}))
    }

    async fn exchange(&self, label: &str, args: &Value) -> Outcome {
        let channel = self.find(label)?;
        *lock(&channel.sent) = Log::default();
        *lock(&channel.received) = Log::default();
        let sent = channel.send_all(&args["messages"]).await;
        let patience = args["patience"].as_u64().map_or(Duration::MAX, Duration::from_millis);
        let (mut seen, mut since) = (0, Instant::now());
        self.until(&format!("{sent} echoes"), args, || {
            let received = lock(&channel.received).messages;
            if received != seen {
                (seen, since) = (received, Instant::now());
            }
            (received >= sent || since.elapsed() > patience).then_some(())
        })
        .await?;
        Ok(channel.logs())
    }

    async fn exchange_all(self: &Arc<Self>, args: &Value) -> Outcome {
        let mut labels: Vec<String> =
            lock(&self.shared.channels).iter().map(|channel| channel.dc.label().to_owned()).collect();
        labels.sort();
        labels.dedup();
        let mut all = JoinSet::new();
        for label in labels {
            let (connection, args) = (Arc::clone(self), args.clone());
            all.spawn(async move { connection.exchange(&label, &args).await });
        }
        let done: Result<Vec<Value>, String> = all.join_all().await.into_iter().collect();
        let done = done?;
        let equal = done.iter().filter(|one| one["sent"] == one["received"]).count();
        Ok(json!({"channels": done.len(), "equal": equal}))
    }

    async fn received(&self, args: &Value) -> Outcome {
        let (label, count) = (text(args, "label"), number(args, "count"));
        let channel =
            self.until(&format!("channel {}", short(label)), args, || self.find(label).ok()).await?;
        let what = format!("{count} messages on {}", short(label));
        self.until(&what, args, || (lock(&channel.received).messages >= count).then_some(())).await?;
        Ok(channel.logs())
    }

    async fn sift(&self, args: &Value) -> Outcome {
        let channel = self.find(text(args, "label"))?;
        let patience = millis(args, "patience");
        let (mut seen, mut since) = (0, Instant::now());
        let over = || {
            let received = lock(&channel.received).messages;
            if received != seen {
                (seen, since) = (received, Instant::now());
            }
            (received >= number(args, "count") || since.elapsed() > patience).then_some(())
        };
        // What has come by the end of the time is what it is about.
        let _late = self.until("messages", args, over).await;
        Ok(lock(&channel.received).sifted())
    }

    /// Waits until a channel is closed.
    async fn closed(&self, args: &Value) -> Outcome {
        let label = text(args, "label");
        let channel = self.find(label)?;
        let closed = || (channel.dc.ready_state() == DataChannelState::Closed).then_some(());
        self.until(&format!("the close of {}", short(label)), args, closed).await?;
        Ok(channel.logs())
    }

    async fn until_connection(&self, args: &Value) -> Outcome {
        let states = || {
            let state = self.pc.connection_state().name();
            args["connection"].as_array().into_iter().flatten().any(|wanted| wanted == state).then_some(state)
        };
        let state = self.until(&format!("connection {}", args["connection"]), args, states).await?;
        Ok(json!({"connection": state}))
    }

    fn state(&self) -> Value {
        let states = self.pc.states();
        json!({"connection": states.connection.name(), "ice": states.ice_connection.name(),
            "signaling": states.signaling.name(), "now": self.shared.now(),
            "events": *lock(&self.shared.events), "media": self.shared.mirrors.report()})
    }

    async fn stats(&self) -> Outcome {
        let all = self.pc.get_stats().await.map_err(|e| e.to_string())?;
        let all = serde_json::to_value(all).map_err(|e| e.to_string())?;
        let entries = || all.as_array().into_iter().flatten();
        let by_id = |id: &Value| entries().find(|entry| entry["id"] == *id && !id.is_null());
        let transport = entries().find(|entry| entry["type"] == "transport").cloned().unwrap_or_default();
        let mut pair = by_id(&transport["selectedCandidatePairId"]).cloned().unwrap_or_default();
        for (name, id) in [("local", "localCandidateId"), ("remote", "remoteCandidateId")] {
            if let Some(side) = by_id(&pair[id]).cloned() {
                pair[name] = side;
            }
        }
        let channels: Vec<&Value> = entries().filter(|entry| entry["type"] == "data-channel").collect();
        let states = self.pc.states();
        Ok(json!({"transport": transport, "pair": pair, "channels": channels,
            "states": {"connection": states.connection.name(), "ice": states.ice_connection.name(),
                "signaling": states.signaling.name()}}))
    }
}

impl Shared {
    fn now(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }

    fn note(&self, what: String) {
        lock(&self.events).push((self.now(), what));
    }

    fn add(self: &Arc<Self>, dc: DataChannel) {
        let channel = Channel::start(dc, self.echo, self.hold.clone());
        lock(&self.channels).push(Arc::clone(&channel));
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            channel.dc.closed().await;
            shared.note(format!("channel {} {}", short(channel.dc.label()), state(DataChannelState::Closed)));
        });
    }

    async fn listen(self: Arc<Self>, mut events: Events) {
        while let Some(event) = events.next().await {
            match event {
                Event::NegotiationNeeded => self.note("negotiationneeded".into()),
                // The end of a generation: after a restart of ICE there is another. `None` tells nothing new.
                Event::IceCandidate(Some(c)) if c.candidate.is_empty() => {
                    lock(&self.candidates).push(json!({"candidate": ""}));
                }
                Event::IceCandidate(None) => {}
                Event::IceCandidate(Some(c)) => lock(&self.candidates).push(
                    json!({"candidate": c.candidate, "sdpMid": c.sdp_mid, "sdpMLineIndex": c.sdp_m_line_index}),
                ),
                Event::SignalingStateChange(state) => self.note(format!("signaling {}", state.name())),
                Event::IceConnectionStateChange(state) => self.note(format!("ice {}", state.name())),
                Event::ConnectionStateChange(state) => self.note(format!("connection {}", state.name())),
                Event::DataChannel(dc) => {
                    self.note(format!("datachannel {}", short(dc.label())));
                    self.add(dc);
                }
                Event::Track(event) => {
                    self.note(format!("track {}", event.track.kind().name()));
                    self.mirrors.add(event);
                }
                Event::TrackMuted(_) => self.note("muted".into()),
                Event::KeyFrameRequested { transceiver, .. } => self.mirrors.key_frame_requested(transceiver),
                Event::TransportFailed(error) => self.note(format!("transport failed: {error:?}")),
                _ => {}
            }
        }
    }
}
