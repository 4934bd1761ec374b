//! `MediaStreamTrack` of what the peer sends.

use crate::connection::Handle;
use crate::error::Error;
use crate::media::RtpTransceiver;
use siskin_peer::media::TrackKind;
use siskin_peer::{ReceivedFrame, TransceiverId};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use tokio::sync::{Mutex, mpsc};

/// `track`: the peer sends, or is about to.
#[derive(Debug)]
#[non_exhaustive]
pub struct TrackEvent {
    /// Who receives it, and may send as well.
    pub transceiver: RtpTransceiver,
    /// What is received.
    pub track: MediaStreamTrack,
    /// The names of the media streams that it is in.
    pub streams: Vec<String>,
}

/// A track that the peer sends: a stream of encoded frames. Clones read from one stream: each frame goes to one of them.
#[derive(Clone)]
pub struct MediaStreamTrack {
    handle: Handle,
    id: TransceiverId,
    kind: TrackKind,
    frames: Arc<Mutex<mpsc::Receiver<ReceivedFrame>>>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    muted: AtomicBool,
    dropped: AtomicU64,
    /// Bytes of frames that wait.
    waiting: AtomicUsize,
}

/// The driver's end of a track. Once every handle is dropped its frames go nowhere.
#[derive(Debug)]
pub(crate) struct TrackSource {
    handle: Handle,
    id: TransceiverId,
    kind: TrackKind,
    sender: mpsc::Sender<ReceivedFrame>,
    frames: Weak<Mutex<mpsc::Receiver<ReceivedFrame>>>,
    shared: Arc<Shared>,
}

/// Frames that may wait to be read: four seconds of video, or of audio in packets of 20 ms.
const MAX_WAITING: usize = 200;
/// And their bytes.
const MAX_WAITING_BYTES: usize = 16 << 20;

impl MediaStreamTrack {
    /// Audio or video.
    pub fn kind(&self) -> TrackKind {
        self.kind
    }

    /// Whether nothing comes for now: the first packet is still awaited, or the peer has stopped sending.
    pub fn is_muted(&self) -> bool {
        self.shared.muted.load(Ordering::Relaxed)
    }

    /// Frames that were thrown away because nobody read them in time.
    pub fn frames_dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// The next frame, in order; `None` once the track has ended. Cancelling loses nothing.
    ///
    /// Who reads too slowly loses frames: behind 200 that wait, or 16 MiB, the next is dropped, and for video a key frame
    /// asked for.
    pub async fn recv(&self) -> Option<ReceivedFrame> {
        let frame = self.frames.lock().await.recv().await?;
        self.shared.waiting.fetch_sub(frame.data.len(), Ordering::AcqRel);
        Some(frame)
    }

    /// Asks the peer for a key frame; `rid` names the encoding where it sends several, none asks for all.
    ///
    /// # Errors
    /// `InvalidStateError` if nothing is received yet, or the connection is closed.
    pub async fn request_key_frame(&self, rid: Option<&str>) -> Result<(), Error> {
        let (id, rid) = (self.id, rid.map(str::to_owned));
        self.handle.call(move |peer, now| peer.request_key_frame(now, id, rid.as_deref())).await
    }
}

impl fmt::Debug for MediaStreamTrack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaStreamTrack")
            .field("kind", &self.kind)
            .field("of", &self.id)
            .finish_non_exhaustive()
    }
}

impl TrackSource {
    /// A track and its source.
    pub(crate) fn new(handle: Handle, id: TransceiverId, kind: TrackKind) -> (Self, MediaStreamTrack) {
        let shared = Arc::new(Shared {
            muted: AtomicBool::new(true),
            dropped: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
        });
        let (sender, frames) = mpsc::channel(MAX_WAITING);
        let frames = Arc::new(Mutex::new(frames));
        let source = Self { handle, id, kind, sender, frames: Arc::downgrade(&frames), shared };
        let track = source.handle_on(frames);
        (source, track)
    }

    /// The track again; `None` if nobody holds it any more.
    pub(crate) fn track(&self) -> Option<MediaStreamTrack> {
        self.frames.upgrade().map(|frames| self.handle_on(frames))
    }

    fn handle_on(&self, frames: Arc<Mutex<mpsc::Receiver<ReceivedFrame>>>) -> MediaStreamTrack {
        let (handle, shared) = (self.handle.clone(), Arc::clone(&self.shared));
        MediaStreamTrack { handle, id: self.id, kind: self.kind, frames, shared }
    }

    pub(crate) fn set_muted(&self, muted: bool) {
        self.shared.muted.store(muted, Ordering::Relaxed);
    }

    /// Hands a frame over. False if it was dropped, so that what follows cannot be decoded without a key frame.
    pub(crate) fn deliver(&self, frame: ReceivedFrame) -> bool {
        let len = frame.data.len();
        // Counted first, so that a reader in between does not count below nothing.
        let fits = self.shared.waiting.fetch_add(len, Ordering::AcqRel) + len <= MAX_WAITING_BYTES;
        if fits && self.sender.try_send(frame).is_ok() {
            return true;
        }
        self.shared.waiting.fetch_sub(len, Ordering::AcqRel);
        // Whom nobody reads, nobody misses.
        if self.sender.is_closed() {
            return true;
        }
        self.shared.dropped.fetch_add(1, Ordering::Relaxed);
        self.kind == TrackKind::Audio
    }
}
