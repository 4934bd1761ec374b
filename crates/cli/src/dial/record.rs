//! `--record FILE`: what is received, as a media file.

use crate::report::{Code, Frames, ReportError};
use siskin::media::{
    Codec as NegotiatedCodec, CodecParameters, MediaConfig, MediaStreamTrack, RtpTransceiver, TrackKind,
};
use siskin::{Direction, PeerConnection, ReceivedFrame, Transceiver, TransceiverId, TransceiverInit};
use siskin_container::{Codec, FileType, Frame, Limits, Muxer, Track};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// A file that is being written.
pub(super) struct Recorder {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    file_type: FileType,
    muxer: Option<Muxer<BufWriter<File>>>,
    tracks: Vec<Recorded>,
    /// What came before the file could begin, and when.
    waiting: Vec<(ReceivedFrame, Instant)>,
    frames: mpsc::Receiver<ReceivedFrame>,
    sender: mpsc::Sender<ReceivedFrame>,
    /// When recording began, and for each stream its first timestamp and the time of that in the file.
    start: Instant,
    began: BTreeMap<u32, (u64, Duration)>,
    pub(super) received: Frames,
}

/// A track of the file.
struct Recorded {
    transceiver: TransceiverId,
    codec: Codec,
    /// The payload types of that codec.
    numbers: Vec<u8>,
}

/// How long a track may keep the file from beginning.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// Frames of all tracks that may wait to be written.
const MAX_WAITING: usize = 1_000;

impl Recorder {
    /// Opens the file and sees to it that what it can hold is received, and nothing else.
    pub(super) async fn open(path: &Path, pc: &PeerConnection) -> Result<Self, ReportError> {
        let bad =
            |why: &str| ReportError::new(Code::File, format!("cannot record {}: {why}", path.display()));
        let file_type = path.file_name().and_then(|name| FileType::from_name(&name.to_string_lossy()));
        let holds = |kind: TrackKind| -> Vec<NegotiatedCodec> {
            let all = MediaConfig::default().codecs.into_iter().map(|known| known.codec);
            let fits = |codec: &NegotiatedCodec| {
                let known = Codec::from_encoding_name(codec.encoding());
                codec.kind() == Some(kind)
                    && known.is_some_and(|known| file_type.is_some_and(|t| t.holds(known)))
            };
            all.filter(fits).collect()
        };
        let Some(file_type) = file_type else {
            return Err(bad("its name must end in .ivf, .ogg, .webm, .mkv or .mp4"));
        };
        let kinds = [TrackKind::Audio, TrackKind::Video].map(|kind| (kind, holds(kind)));
        if kinds.iter().all(|(_, codecs)| codecs.is_empty()) {
            return Err(bad("nothing that WebRTC carries goes into such a file: take .webm, .mkv or .mp4"));
        }
        let failed = |error: siskin::Error| bad(&error.to_string());
        let existing = pc.transceivers().await;
        for (kind, mut codecs) in kinds {
            let known = existing.iter().find(|known| known.kind() == kind);
            if codecs.is_empty() {
                continue;
            }
            let transceiver = match known {
                Some(known) => known.clone(),
                None => {
                    let init =
                        TransceiverInit { direction: Direction::RecvOnly, ..TransceiverInit::default() };
                    pc.add_transceiver(kind, init).await.map_err(failed)?
                }
            };
            if kind == TrackKind::Video {
                codecs.push(NegotiatedCodec::new("video/rtx", 90_000));
            }
            // What is played is the player's to choose.
            if known.is_none() {
                transceiver.set_codec_preferences(codecs).await.map_err(failed)?;
            }
        }
        let file = File::create(path).map_err(|error| bad(&error.to_string()))?;
        let (sender, frames) = mpsc::channel(MAX_WAITING);
        Ok(Self {
            path: path.into(),
            file: Some(BufWriter::new(file)),
            file_type,
            muxer: None,
            tracks: Vec::new(),
            waiting: Vec::new(),
            frames,
            sender,
            start: Instant::now(),
            began: BTreeMap::new(),
            received: Frames::default(),
        })
    }

    /// A track of the peer's is to be recorded.
    pub(super) fn add(&self, track: MediaStreamTrack) {
        let sender = self.sender.clone();
        tokio::spawn(async move {
            let _ = track.request_key_frame(None).await;
            while let Some(frame) = track.recv().await {
                if sender.send(frame).await.is_err() {
                    return;
                }
            }
        });
    }

    /// The next frame that came.
    pub(super) async fn next(&mut self) -> Option<ReceivedFrame> {
        self.frames.recv().await
    }

    /// Takes a frame. The file begins once it is known what comes on each track: a peer may use any codec that was agreed on.
    pub(super) async fn write(
        &mut self,
        frame: ReceivedFrame,
        pc: &PeerConnection,
    ) -> Result<(), ReportError> {
        if self.muxer.is_some() {
            return self.append(frame, Instant::now());
        }
        let first = self.waiting.first().map_or_else(Instant::now, |(_, at)| *at);
        self.waiting.push((frame, Instant::now()));
        let expected = receiving(pc).await;
        let seen = |id: &TransceiverId| self.waiting.iter().any(|(frame, _)| frame.transceiver == *id);
        let complete = expected.iter().all(|(transceiver, _)| seen(&transceiver.id()));
        if complete || first.elapsed() > LONGEST_WAIT || self.waiting.len() >= MAX_WAITING {
            self.begin(&expected)?;
        }
        Ok(())
    }

    fn append(&mut self, frame: ReceivedFrame, came: Instant) -> Result<(), ReportError> {
        // A track of a file has one codec: what the peer sends in another is left out.
        let place = self.tracks.iter().position(|track| {
            track.transceiver == frame.transceiver && track.numbers.contains(&frame.payload_type)
        });
        let Some((number, track)) = place.and_then(|place| Some((place, self.tracks.get(place)?))) else {
            return Ok(());
        };
        let (Some(muxer), codec) = (&mut self.muxer, track.codec) else { return Ok(()) };
        let first = (frame.timestamp, came.duration_since(self.start));
        let (timestamp, time) = *self.began.entry(frame.ssrc).or_insert(first);
        let time = time + codec.from_rtp_time(frame.timestamp.saturating_sub(timestamp));
        self.received.add(frame.data.len());
        let (key_frame, data) = (frame.key_frame, frame.data.to_vec());
        let written = muxer.write(&Frame { track: number, time, duration: None, key_frame, data });
        written.map_err(|error| cannot(&self.path, &error.to_string()))
    }

    /// Begins the file with what came first.
    fn begin(&mut self, receiving: &[(RtpTransceiver, Transceiver)]) -> Result<(), ReportError> {
        for (transceiver, state) in receiving {
            let came = self.waiting.iter().find(|(frame, _)| frame.transceiver == transceiver.id());
            let number = came.map(|(frame, _)| frame.payload_type);
            let codec_of = |known: &CodecParameters| {
                Codec::from_encoding_name(known.codec.encoding()).filter(|codec| self.file_type.holds(*codec))
            };
            let used = state.receive_codecs().iter().find(|known| Some(known.payload_type) == number);
            let Some(codec) = used.and_then(codec_of) else { continue };
            let same = state.receive_codecs().iter().filter(|known| codec_of(known) == Some(codec));
            let numbers = same.map(|known| known.payload_type).collect();
            self.tracks.push(Recorded { transceiver: transceiver.id(), codec, numbers });
        }
        let tracks: Vec<Track> = self.tracks.iter().map(|track| Track::new(track.codec)).collect();
        let Some(file) = self.file.take() else { return Ok(()) };
        self.start = self.waiting.first().map_or_else(Instant::now, |(_, at)| *at);
        let muxer = Muxer::new(file, self.file_type, &tracks, Limits::default());
        self.muxer = Some(muxer.map_err(|error| cannot(&self.path, &error.to_string()))?);
        for (frame, came) in std::mem::take(&mut self.waiting) {
            self.append(frame, came)?;
        }
        Ok(())
    }

    /// Ends the file.
    pub(super) async fn finish(&mut self, pc: &PeerConnection) -> Result<(), ReportError> {
        if self.muxer.is_none() && !self.waiting.is_empty() {
            self.begin(&receiving(pc).await)?;
        }
        let Some(muxer) = self.muxer.take() else { return Ok(()) };
        let dropped = muxer.dropped();
        if dropped > 0 {
            tracing::info!(dropped, "frames before the first key frame are not in the file");
        }
        muxer.finish().map(drop).map_err(|error| cannot(&self.path, &error.to_string()))
    }
}

/// The transceivers that the peer sends something to.
async fn receiving(pc: &PeerConnection) -> Vec<(RtpTransceiver, Transceiver)> {
    let mut receiving = Vec::new();
    for transceiver in pc.transceivers().await {
        let state = transceiver.state().await;
        let state = state.ok().filter(|state| state.current_direction().is_some_and(Direction::receives));
        receiving.extend(state.map(|state| (transceiver, state)));
    }
    receiving
}

fn cannot(path: &Path, why: &str) -> ReportError {
    ReportError::new(Code::File, format!("cannot record {}: {why}", path.display()))
}
