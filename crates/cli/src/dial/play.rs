//! `--play FILE`: a media file, frame by frame, each when its time has come.

use crate::report::{Code, Frames, ReportError};
use siskin::media::{CodecParameters, RtpTransceiver, TrackKind};
use siskin::{Direction, OutgoingFrame, PeerConnection, TransceiverInit};
use siskin_container::{Codec, Demuxer, Frame, Limits};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A file that is being played.
pub(super) struct Player {
    file: Demuxer<BufReader<File>>,
    /// A transceiver for each track of the file.
    tracks: Vec<(Codec, RtpTransceiver)>,
    path: String,
}

/// What was sent so far.
pub(super) type Sent = Arc<Mutex<Frames>>;

/// How long what was sent last may take to arrive before the connection is closed.
const LINGER: Duration = Duration::from_millis(500);
/// What is no later than this keeps its place in time.
const LATE: Duration = Duration::from_millis(200);
/// How long to wait when too many packets wait to leave.
const BREATH: Duration = Duration::from_millis(5);

impl Player {
    /// Opens the file and makes a transceiver for each of its tracks.
    pub(super) async fn open(path: &Path, pc: &PeerConnection, both_ways: bool) -> Result<Self, ReportError> {
        let bad =
            |why: String| ReportError::new(Code::File, format!("cannot play {}: {why}", path.display()));
        let file = File::open(path).map_err(|error| bad(error.to_string()))?;
        let file = Demuxer::open(BufReader::new(file), Limits::default());
        let file = file.map_err(|error| bad(error.to_string()))?;
        let mut tracks = Vec::new();
        for (number, track) in file.tracks().iter().enumerate() {
            let kind = if track.codec.is_video() { TrackKind::Video } else { TrackKind::Audio };
            let init = TransceiverInit {
                direction: if both_ways { Direction::SendRecv } else { Direction::SendOnly },
                track: Some(format!("file-{number}")),
                streams: vec!["siskin".into()],
                ..TransceiverInit::default()
            };
            let transceiver = pc.add_transceiver(kind, init).await.map_err(|error| bad(error.to_string()))?;
            tracks.push((track.codec, transceiver));
        }
        if tracks.is_empty() {
            return Err(bad("it has no track that WebRTC can carry".into()));
        }
        Ok(Self { file, tracks, path: path.display().to_string() })
    }

    /// Plays it from now on to its end.
    pub(super) async fn run(mut self, sent: Sent) -> Result<(), ReportError> {
        let bad =
            |path: &str, why: String| ReportError::new(Code::File, format!("cannot play {path}: {why}"));
        let mut numbers = Vec::new();
        for (codec, transceiver) in &self.tracks {
            let number = payload_type(transceiver, *codec).await;
            if number.is_none() {
                let name = codec.encoding_name();
                tracing::warn!("the peer does not take {name}: that track of the file is left out");
            }
            numbers.push(number);
        }
        if numbers.iter().all(Option::is_none) {
            return Err(bad(&self.path, "the peer takes none of its codecs".into()));
        }
        let start = Instant::now();
        // How long playing stood still: what needs more than the path carries is played slower.
        let mut paused = Duration::ZERO;
        let mut frame = Frame::default();
        while self.file.next_frame(&mut frame).map_err(|error| bad(&self.path, error.to_string()))? {
            let (Some((codec, transceiver)), Some(Some(number))) =
                (self.tracks.get(frame.track), numbers.get(frame.track))
            else {
                continue;
            };
            let due = start + paused + frame.time;
            tokio::time::sleep_until(due).await;
            let late = due.elapsed();
            if late > LATE {
                paused += late;
            }
            let data = std::mem::take(&mut frame.data).into();
            let outgoing = OutgoingFrame::new(*number, codec.rtp_time(frame.time + paused), data);
            send(transceiver, &outgoing, &sent).await?;
        }
        tokio::time::sleep(LINGER).await;
        Ok(())
    }
}

async fn send(transceiver: &RtpTransceiver, frame: &OutgoingFrame, sent: &Sent) -> Result<(), ReportError> {
    loop {
        match transceiver.send_frame(None, frame.clone()).await {
            Ok(()) => {
                sent.lock().unwrap_or_else(PoisonError::into_inner).add(frame.data.len());
                return Ok(());
            }
            Err(error) if error.name() == "OperationError" => tokio::time::sleep(BREATH).await,
            Err(error) => {
                // The peer may have it on hold.
                tracing::debug!(%error, "a frame was not sent");
                return Ok(());
            }
        }
    }
}

/// By which number the peer takes that codec, H.264 in the mode that all send.
async fn payload_type(transceiver: &RtpTransceiver, codec: Codec) -> Option<u8> {
    let state = transceiver.state().await.ok()?;
    let of_codec = |known: &&CodecParameters| {
        Codec::from_encoding_name(known.codec.encoding()) == Some(codec)
            && (codec != Codec::H264 || known.codec.parameter("packetization-mode") == Some("1"))
    };
    state.send_codecs().iter().find(of_codec).map(|known| known.payload_type)
}
