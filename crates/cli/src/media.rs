//! Media that come are sent back.

use siskin::media::{CodecParameters, MediaStreamTrack, RtpTransceiver, TrackKind};
use siskin::{Direction, Error, OutgoingFrame, PeerConnection, Transceiver, TransceiverId};
use std::collections::BTreeMap;

/// The tracks that are being sent back: whose key frames come from where.
#[derive(Default)]
pub(crate) struct Loops(BTreeMap<TransceiverId, MediaStreamTrack>);

/// Has every transceiver send what it will receive. To be called with a remote offer, before it is answered.
pub(crate) async fn send_back_all(pc: &PeerConnection) -> Result<(), Error> {
    for transceiver in pc.transceivers().await {
        let state = transceiver.state().await?;
        if state.direction().is_some_and(Direction::receives) && state.track().is_none() {
            transceiver.set_direction(Direction::SendRecv).await?;
            transceiver.set_streams(vec!["siskin".into()]).await?;
            let name = format!("siskin-{}", transceiver.id().0);
            transceiver.replace_track(Some(&name)).await?;
        }
    }
    Ok(())
}

impl Loops {
    /// Sends a track back from now on, until it ends.
    pub(crate) fn add(&mut self, track: MediaStreamTrack, transceiver: RtpTransceiver) {
        if self.0.insert(transceiver.id(), track.clone()).is_none() {
            tokio::spawn(send_back(track, transceiver));
        }
    }

    /// The peer needs a key frame of what it is sent, which has to come from itself.
    pub(crate) fn key_frame_requested(&self, id: TransceiverId) {
        if let Some(track) = self.0.get(&id).cloned() {
            tokio::spawn(async move { track.request_key_frame(None).await });
        }
    }
}

async fn send_back(track: MediaStreamTrack, transceiver: RtpTransceiver) {
    let mut numbers = BTreeMap::new();
    // Of several encodings the first goes back; which one that is stays.
    let mut rid = None;
    // What follows a picture that was refused is of no use until the next key frame.
    let mut broken = false;
    while let Some(frame) = track.recv().await {
        let first = rid.get_or_insert_with(|| frame.rid.clone());
        broken &= !frame.key_frame;
        if *first != frame.rid || broken {
            continue;
        }
        let payload_type = match numbers.get(&frame.payload_type) {
            Some(payload_type) => *payload_type,
            None => {
                let Ok(state) = transceiver.state().await else { return };
                let Some(payload_type) = number_for_sending(&state, frame.payload_type) else { continue };
                numbers.insert(frame.payload_type, payload_type);
                payload_type
            }
        };
        let frame = OutgoingFrame::new(payload_type, frame.timestamp as u32, frame.data);
        if let Err(error) = transceiver.send_frame(None, frame).await {
            tracing::debug!(?transceiver, %error, "a frame was not sent back");
            // More waits than the path carries.
            if error.name() == "OperationError" && track.kind() == TrackKind::Video {
                broken = true;
                let _ = track.request_key_frame(rid.as_ref().and_then(Option::as_deref)).await;
            }
        }
    }
}

/// The number by which what we receive under `payload_type` is to be sent.
fn number_for_sending(state: &Transceiver, payload_type: u8) -> Option<u8> {
    let same_number = |codec: &&CodecParameters| codec.payload_type == payload_type;
    let received = state.receive_codecs().iter().find(same_number)?;
    let same = |codec: &&CodecParameters| codec.codec.matches(&received.codec);
    state.send_codecs().iter().find(same).map(|codec| codec.payload_type)
}
