//! Before a file can begin: the first key frame of each track tells what the header says about it.

use crate::parameters::{Described, describe};
use crate::{Frame, Limits, Track};
use core::time::Duration;
use std::collections::VecDeque;

/// A track of which nothing came for so long, counted from the first frame of any, is left out.
const PATIENCE: Duration = Duration::from_secs(5);

/// Frames wait here until all tracks are described.
#[derive(Debug)]
pub(crate) struct Start {
    tracks: Vec<(Track, Option<Described>)>,
    waiting: VecDeque<Frame>,
    bytes: usize,
    first: Option<Duration>,
    limits: Limits,
}

impl Start {
    pub(crate) fn new(tracks: &[Track], limits: Limits) -> Self {
        Self {
            tracks: tracks.iter().map(|track| (*track, None)).collect(),
            waiting: VecDeque::new(),
            bytes: 0,
            first: None,
            limits,
        }
    }

    /// Takes a frame; `false` if it is of no use, because its track's first key frame is still to come.
    pub(crate) fn push(&mut self, frame: &Frame) -> bool {
        let Some((track, described)) = self.tracks.get_mut(frame.track) else { return false };
        let first = *self.first.get_or_insert(frame.time);
        self.first = Some(first.min(frame.time));
        if described.is_none() && (frame.key_frame || !track.codec.is_video()) {
            *described = describe(*track, &frame.data);
        }
        if described.is_none() {
            return false;
        }
        self.bytes += frame.data.len();
        self.waiting.push_back(frame.clone());
        true
    }

    /// Whether the file can begin: every track is known, or the time is over.
    pub(crate) fn is_over(&self) -> bool {
        let all = self.tracks.iter().all(|(_, described)| described.is_some());
        let late =
            self.first.zip(self.waiting.back()).is_some_and(|(first, last)| last.time > first + PATIENCE);
        all || late || self.bytes > self.limits.max_waiting
    }

    /// The tracks that are known, where each of all tracks is among them, and the frames that waited.
    pub(crate) fn finish(self) -> (Vec<Described>, Vec<Option<usize>>, VecDeque<Frame>) {
        let mut known = Vec::new();
        let mut map = Vec::new();
        for (_, described) in self.tracks {
            map.push(described.is_some().then_some(known.len()));
            known.extend(described);
        }
        (known, map, self.waiting)
    }
}
