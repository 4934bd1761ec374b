//! A clip of VP8: kept from what one connection receives, and sent on another, again and again.

use crate::Outcome;
use crate::channel::lock;
use serde_json::json;
use siskin::media::RtpTransceiver;
use siskin::{OutgoingFrame, ReceivedFrame};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::sleep;

/// Its frames, from a key frame on.
static CLIP: Mutex<Vec<ReceivedFrame>> = Mutex::new(Vec::new());
/// Five seconds.
const MOST: usize = 150;

/// What a connection has to do with it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Nothing: what comes goes back.
    None,
    /// Likewise, and it is kept.
    Keep,
    /// It is sent, and nothing goes back.
    Play,
}

impl Use {
    /// The argument of that name. Whoever keeps one forgets the last.
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "keep" => {
                lock(&CLIP).clear();
                Self::Keep
            }
            "play" => Self::Play,
            _ => Self::None,
        }
    }
}

/// What was received next.
pub(crate) fn keep(frame: &ReceivedFrame) {
    let mut clip = lock(&CLIP);
    if clip.len() < MOST && (frame.key_frame || !clip.is_empty()) {
        clip.push(frame.clone());
    }
}

/// Sends it with that transceiver, 30 frames a second, until that is over; from the start whenever `again` is set.
pub(crate) async fn play(transceiver: RtpTransceiver, again: Arc<AtomicBool>) -> Outcome {
    let state = transceiver.state().await.map_err(|e| e.to_string())?;
    let vp8 = state.send_codecs().iter().find(|codec| codec.codec.encoding() == "VP8");
    let payload_type = vp8.ok_or("no VP8 is sent")?.payload_type;
    let clip = lock(&CLIP).clone();
    let frames = clip.len();
    tokio::spawn(async move {
        let (mut next, mut timestamp) = (0, 0_u32);
        while let Some(frame) = clip.get(next) {
            let frame = OutgoingFrame::new(payload_type, timestamp, frame.data.clone());
            if transceiver.send_frame(None, frame).await.is_err() {
                return;
            }
            timestamp = timestamp.wrapping_add(3_000);
            next = if again.swap(false, Relaxed) { 0 } else { (next + 1) % clip.len() };
            sleep(Duration::from_millis(33)).await;
        }
    });
    Ok(json!({"frames": frames, "payloadType": payload_type}))
}
