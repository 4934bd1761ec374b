//! Media of a connection: what comes is counted, and goes back.

use crate::channel::lock;
use crate::{Outcome, clip};
use serde_json::{Value, json};
use siskin::media::{
    Codec, CodecParameters, MediaConfig, MediaStreamTrack, RtpTransceiver, TrackEvent, TrackKind,
};
use siskin::{
    Direction, EncodingOptions, OutgoingFrame, PeerConnection, ReceivedFrame, SetParameterOptions,
    TransceiverId, TransceiverInit,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

/// What is received, by transceiver.
pub(crate) struct Mirrors {
    all: Mutex<BTreeMap<TransceiverId, Arc<Mirror>>>,
    clip: clip::Use,
    /// The peer wants a key frame: the clip begins with one.
    again: Arc<AtomicBool>,
}

/// A track that goes back on its transceiver.
struct Mirror {
    track: MediaStreamTrack,
    transceiver: RtpTransceiver,
    clip: clip::Use,
    seen: Mutex<Seen>,
    choice: Mutex<Choice>,
}

/// What came.
#[derive(Default)]
struct Seen {
    frames: u64,
    key_frames: u64,
    lost: u64,
    refused: u64,
    /// Frames and bytes of each encoding.
    encodings: BTreeMap<String, (u64, u64)>,
    /// Frames of each codec.
    codecs: BTreeMap<String, u64>,
    /// Digits that ended, and the packets of all.
    tones: Vec<u8>,
    tone_packets: u64,
    /// Of the tone that ended last.
    ended: Option<u64>,
}

/// Which of several encodings goes back.
#[derive(Default)]
struct Choice {
    wanted: Option<String>,
    /// The RID of what goes, once something does.
    now: Option<Option<String>>,
    /// From the timestamps of what comes to those of what goes.
    shift: u64,
    last: u64,
}

pub(crate) fn kind(args: &Value) -> TrackKind {
    if args["kind"] == "audio" { TrackKind::Audio } else { TrackKind::Video }
}

fn direction(args: &Value) -> Option<Direction> {
    args["direction"].as_str().and_then(Direction::from_name)
}

/// Transceivers for what is to be offered.
pub(crate) async fn add(pc: &PeerConnection, args: &Value) -> Result<(), String> {
    for (number, one) in args["send"].as_array().into_iter().flatten().enumerate() {
        let rids = one["rids"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let init = TransceiverInit {
            receive_encodings: rids.map(String::from).collect(),
            direction: direction(one).unwrap_or(Direction::SendRecv),
            track: Some(format!("offered-{number}-{}", kind(one).name())),
            streams: vec!["siskin".into()],
            ..TransceiverInit::default()
        };
        let added = pc.add_transceiver(kind(one), init).await.map_err(|e| e.to_string())?;
        if let Some(codec) = one["codec"].as_str() {
            added.set_codec_preferences(preferred(kind(one), &[codec])).await.map_err(|e| e.to_string())?;
        }
        say(&added, one).await.map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// Those codecs alone, and retransmissions of them.
fn preferred(kind: TrackKind, names: &[&str]) -> Vec<Codec> {
    let named = |name: &str| {
        let all = MediaConfig::default().codecs.into_iter().map(|known| known.codec);
        let of_name = all.filter(|codec| codec.encoding().eq_ignore_ascii_case(name));
        of_name.filter(|codec| codec.kind() == Some(kind)).collect::<Vec<Codec>>()
    };
    let rtx = (kind == TrackKind::Video).then(|| Codec::new("video/rtx", 90_000));
    names.iter().flat_map(|name| named(name)).chain(rtx).collect()
}

/// What else a case wants of a transceiver: `codecs` in their order, header `extensions`.
async fn say(transceiver: &RtpTransceiver, wanted: &Value) -> Result<(), siskin::Error> {
    if let Some(codecs) = wanted["codecs"].as_array() {
        let names: Vec<&str> = codecs.iter().filter_map(Value::as_str).collect();
        transceiver.set_codec_preferences(preferred(transceiver.kind(), &names)).await?;
    }
    turn(transceiver, &wanted["extensions"]).await
}

/// Negotiates header extensions in these directions, by URI.
async fn turn(transceiver: &RtpTransceiver, extensions: &Value) -> Result<(), siskin::Error> {
    let mut all = transceiver.state().await?.header_extensions_to_negotiate();
    for known in &mut all {
        if let Some(way) = extensions[known.uri].as_str() {
            known.direction = Direction::from_name(way);
        }
    }
    transceiver.set_header_extensions_to_negotiate(all).await
}

/// The header extensions of the first transceiver of that kind: as negotiated, with their numbers, and those that are sent.
pub(crate) async fn extensions(pc: &PeerConnection, args: &Value) -> Outcome {
    let found = find(pc, args).await?;
    let told = async {
        let (state, sent) = (found.state().await?, found.get_parameters().await?.header_extensions);
        let known = state.header_extensions().iter();
        let agreed = known
            .map(|known| json!({"id": known.id, "direction": known.direction.as_str(), "uri": known.uri}));
        let negotiated = state.negotiated_header_extensions().into_iter().map(|known| {
            let way = known.direction.map_or("stopped", Direction::as_str);
            json!({"uri": known.uri, "direction": way})
        });
        let sent: Vec<String> = sent.into_iter().map(|known| known.uri).collect();
        Ok::<_, siskin::Error>(json!({"agreed": agreed.collect::<Vec<_>>(),
            "negotiated": negotiated.collect::<Vec<_>>(), "sent": sent}))
    };
    told.await.map_err(|e| e.to_string())
}

/// The first transceiver of that kind.
async fn find(pc: &PeerConnection, args: &Value) -> Result<RtpTransceiver, String> {
    let all = pc.transceivers().await;
    let found = all.into_iter().find(|transceiver| transceiver.kind() == kind(args));
    found.ok_or_else(|| "no such transceiver".into())
}

/// Has every transceiver that was offered send what it will receive; what `args` would send says what else is to be said of it.
pub(crate) async fn join(pc: &PeerConnection, args: &Value) -> Result<(), String> {
    for one in args["send"].as_array().into_iter().flatten() {
        say(&find(pc, one).await?, one).await.map_err(|e| e.to_string())?;
    }
    for transceiver in pc.transceivers().await {
        let joined = async {
            let state = transceiver.state().await?;
            if state.direction().is_some_and(Direction::receives) && state.track().is_none() {
                transceiver.set_direction(Direction::SendRecv).await?;
                transceiver.set_streams(vec!["siskin".into()]).await?;
                transceiver.replace_track(Some(&format!("back-{}", transceiver.id().0))).await?;
            }
            Ok::<(), siskin::Error>(())
        };
        joined.await.map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// Another direction for the first transceiver of that kind, other header extensions, or its end.
pub(crate) async fn change(pc: &PeerConnection, args: &Value) -> Outcome {
    let found = find(pc, args).await?;
    if let Some(direction) = direction(args) {
        found.set_direction(direction).await.map_err(|e| e.to_string())?;
    }
    turn(&found, &args["extensions"]).await.map_err(|e| e.to_string())?;
    if args["stop"] == true {
        found.stop().await.map_err(|e| e.to_string())?;
    }
    Ok(Value::Null)
}

/// Other parameters for all encodings of the first transceiver of that kind: `active`, `maxBitrate` (null lifts it), `keyFrame`.
pub(crate) async fn parameters(pc: &PeerConnection, args: &Value) -> Outcome {
    let found = find(pc, args).await?;
    let mut parameters = found.get_parameters().await.map_err(|e| e.to_string())?;
    for encoding in &mut parameters.encodings {
        encoding.active = args["active"].as_bool().unwrap_or(encoding.active);
        if let Some(most) = args.get("maxBitrate") {
            encoding.max_bitrate = most.as_u64();
        }
    }
    let key_frame = args["keyFrame"] == true;
    let encoding_options = parameters.encodings.iter().map(|_| EncodingOptions { key_frame }).collect();
    found
        .set_parameters(parameters, SetParameterOptions { encoding_options })
        .await
        .map_err(|e| e.to_string())?;
    let targets = found.encoding_targets().await.map_err(|e| e.to_string())?;
    let told = targets.iter().map(|target| json!({"active": target.active, "bitrate": target.bitrate}));
    Ok(json!({"targets": told.collect::<Vec<_>>()}))
}

/// How transceivers stand.
pub(crate) async fn transceivers(pc: &PeerConnection) -> Outcome {
    let mut all = Vec::new();
    for transceiver in pc.transceivers().await {
        let state = transceiver.state().await.map_err(|e| e.to_string())?;
        let word = |direction: Option<Direction>| direction.map(Direction::as_str);
        all.push(json!({"kind": state.kind().name(), "mid": state.mid(),
            "direction": word(state.direction()), "currentDirection": word(state.current_direction()),
            "rids": state.received_rids()}));
    }
    Ok(json!({"transceivers": all}))
}

/// What was counted of each stream, with its codec.
pub(crate) async fn streams(pc: &PeerConnection) -> Outcome {
    let all = pc.get_stats().await.map_err(|e| e.to_string())?;
    let all = serde_json::to_value(all).map_err(|e| e.to_string())?;
    let entries = || all.as_array().into_iter().flatten();
    let mut streams = Vec::new();
    for entry in entries().filter(|entry| entry["type"].as_str().is_some_and(|name| name.ends_with("-rtp"))) {
        let mut entry = entry.clone();
        if let Some(codec) = entries().find(|codec| codec["id"] == entry["codecId"]) {
            entry["codec"] = codec.clone();
        }
        streams.push(entry);
    }
    let transports = entries().filter(|entry| entry["type"] == "transport").count();
    Ok(json!({"streams": streams, "transports": transports}))
}

/// The video codecs that are sent, received or both, where the case says so: all others are left out.
pub(crate) fn config(args: &Value) -> Option<MediaConfig> {
    let mut media = MediaConfig::default();
    if let Some(codecs) = args["codecs"].as_object() {
        let way = |codec: &Codec| codecs.get(codec.encoding()).and_then(Value::as_str);
        media
            .codecs
            .retain(|known| known.codec.kind() == Some(TrackKind::Audio) || way(&known.codec).is_some());
        for known in &mut media.codecs {
            let way = way(&known.codec).and_then(Direction::from_name);
            known.direction = way.unwrap_or(known.direction);
        }
    }
    Some(media)
}

/// The first transceiver of that kind that sends.
pub(crate) async fn sending(pc: &PeerConnection, args: &Value) -> Result<RtpTransceiver, String> {
    for transceiver in pc.transceivers().await {
        let state = transceiver.state().await.map_err(|e| e.to_string())?;
        if state.kind() == kind(args) && state.current_direction().is_some_and(Direction::sends) {
            return Ok(transceiver);
        }
    }
    Err("nothing is sent".into())
}

impl Mirrors {
    pub(crate) fn new(clip: clip::Use) -> Self {
        Self { all: Mutex::default(), clip, again: Arc::default() }
    }

    /// Sends the clip that was kept of another connection.
    pub(crate) async fn play(&self, transceiver: RtpTransceiver) -> Outcome {
        clip::play(transceiver, Arc::clone(&self.again)).await
    }

    pub(crate) fn add(&self, event: TrackEvent) {
        let TrackEvent { transceiver, track, .. } = event;
        let mut all = lock(&self.all);
        if !all.contains_key(&transceiver.id()) {
            let id = transceiver.id();
            let (seen, choice, clip) = (Mutex::default(), Mutex::default(), self.clip);
            let mirror = Arc::new(Mirror { track, transceiver, clip, seen, choice });
            all.insert(id, Arc::clone(&mirror));
            tokio::spawn(mirror.run());
        }
    }

    /// The peer needs a key frame, which has to come from itself.
    pub(crate) fn key_frame_requested(&self, id: TransceiverId) {
        self.again.store(true, Relaxed);
        let Some(mirror) = lock(&self.all).get(&id).cloned() else { return };
        tokio::spawn(async move {
            let rid = lock(&mirror.choice).now.clone().flatten();
            mirror.track.request_key_frame(rid.as_deref()).await
        });
    }

    /// From now on this encoding goes back, beginning with its next key frame, which is asked for.
    pub(crate) async fn select(&self, rid: &str) -> Outcome {
        let found = lock(&self.all).values().find(|mirror| mirror.track.kind() == TrackKind::Video).cloned();
        let mirror = found.ok_or("no video is received")?;
        lock(&mirror.choice).wanted = Some(rid.into());
        mirror.track.request_key_frame(Some(rid)).await.map_err(|e| e.to_string())?;
        Ok(Value::Null)
    }

    /// What came so far.
    pub(crate) fn report(&self) -> Value {
        let all = lock(&self.all);
        let reports = all.values().map(|mirror| {
            let seen = lock(&mirror.seen);
            let tones: String =
                seen.tones.iter().filter_map(|event| TONES.chars().nth((*event).into())).collect();
            json!({"kind": mirror.track.kind().name(), "muted": mirror.track.is_muted(),
                "dropped": mirror.track.frames_dropped(), "frames": seen.frames, "keyFrames": seen.key_frames,
                "lost": seen.lost, "refused": seen.refused, "tones": tones, "tonePackets": seen.tone_packets,
                "encodings": seen.encodings, "codecs": seen.codecs})
        });
        json!({"tracks": reports.collect::<Vec<_>>()})
    }
}

/// RFC 4733 §3.2, by number.
const TONES: &str = "0123456789*#ABCD";

impl Mirror {
    async fn run(self: Arc<Self>) {
        while let Some(frame) = self.track.recv().await {
            let Ok(state) = self.transceiver.state().await else { return };
            let same_number = |codec: &&CodecParameters| codec.payload_type == frame.payload_type;
            let Some(received) = state.receive_codecs().iter().find(same_number) else { continue };
            *lock(&self.seen).codecs.entry(received.codec.encoding().into()).or_default() += 1_u64;
            if received.codec.encoding() == "telephone-event" {
                self.tone(&frame);
                continue;
            }
            self.count(&frame);
            match self.clip {
                clip::Use::Play => continue,
                clip::Use::Keep => clip::keep(&frame),
                clip::Use::None => {}
            }
            let same = |codec: &&CodecParameters| codec.codec.matches(&received.codec);
            let Some(codec) = state.send_codecs().iter().find(same) else { continue };
            let Some(timestamp) = lock(&self.choice).take(&frame) else { continue };
            let frame = OutgoingFrame::new(codec.payload_type, timestamp as u32, frame.data);
            if self.transceiver.send_frame(None, frame).await.is_err() {
                lock(&self.seen).refused += 1;
            }
        }
    }

    fn count(&self, frame: &ReceivedFrame) {
        let mut seen = lock(&self.seen);
        seen.frames += 1;
        seen.key_frames += u64::from(frame.key_frame);
        seen.lost += frame.lost_before;
        let encoding = seen.encodings.entry(frame.rid.clone().unwrap_or_default()).or_default();
        encoding.0 += 1;
        encoding.1 += frame.data.len() as u64;
    }

    /// All packets of a tone have its timestamp, and the last comes three times (RFC 4733 §2.5.1.4).
    fn tone(&self, frame: &ReceivedFrame) {
        let mut seen = lock(&self.seen);
        seen.tone_packets += 1;
        if let [event, flags, ..] = *frame.data
            && flags & 0x80 != 0
            && seen.ended.replace(frame.timestamp) != Some(frame.timestamp)
        {
            seen.tones.push(event);
        }
    }
}

impl Choice {
    /// The timestamp that a frame goes back with; `None` if it does not.
    fn take(&mut self, frame: &ReceivedFrame) -> Option<u64> {
        let switch = self.wanted.is_some() && frame.rid == self.wanted && frame.key_frame;
        if self.now.is_none() || switch && self.now.as_ref() != Some(&frame.rid) {
            if self.now.is_some() {
                // A thirtieth of a second after the last: each encoding's timestamps begin anywhere.
                self.shift = (self.last + 3_000).wrapping_sub(frame.timestamp);
            }
            self.now = Some(frame.rid.clone());
        }
        if self.now.as_ref() != Some(&frame.rid) {
            return None;
        }
        self.last = frame.timestamp.wrapping_add(self.shift);
        Some(self.last)
    }
}
