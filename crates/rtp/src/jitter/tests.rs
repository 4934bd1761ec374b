//! Timelines: order, loss, lateness, key frames, and what a hostile stream cannot do.

use super::*;
use crate::payload::{Format, Packetizer};
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::{Instant, Rng};

/// Where the numbers begin, as the session makes them.
const FIRST: u64 = 1 << 16;

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

struct Audio(JitterBuffer);

impl Audio {
    fn new() -> Self {
        Self(JitterBuffer::new(JitterConfig::audio(48_000)))
    }

    fn insert(&mut self, millis: u64, index: u64) -> Inserted {
        self.0.insert(at(millis), FIRST + index, (index * 960) as u32, 111, false, &[index as u8])
    }

    fn poll(&mut self, millis: u64) -> Option<(u8, u64)> {
        let mut out = Vec::new();
        let frame = self.0.poll_frame(at(millis), &mut out)?;
        Some((out[0], frame.skipped))
    }
}

#[test]
fn audio_in_order_leaves_at_once() {
    let mut audio = Audio::new();
    for index in 0..100 {
        assert_eq!(audio.insert(1_000 + index * 20, index), Inserted::Stored);
        assert_eq!(audio.poll(1_000 + index * 20), Some((index as u8, 0)));
        assert_eq!(audio.0.poll_timeout(), None);
    }
    let stats = audio.0.stats();
    assert_eq!((stats.frames_emitted, stats.delay), (100, Duration::ZERO));
}

#[test]
fn audio_waits_for_what_is_reordered_as_long_as_the_network_asks() {
    let mut audio = Audio::new();
    audio.0.set_delay(Duration::from_millis(30), Duration::from_secs(1));
    audio.insert(1_000, 0);
    assert_eq!((audio.poll(1_029), audio.0.poll_timeout()), (None, Some(at(1_030))));
    assert_eq!(audio.poll(1_030), Some((0, 0)));
    // 2 overtakes 1, and is 5 ms faster than anything before.
    audio.insert(1_035, 2);
    assert_eq!((audio.poll(1_050), audio.0.poll_timeout()), (None, Some(at(1_065))));
    audio.insert(1_051, 1);
    assert_eq!(audio.poll(1_051), Some((1, 0)));
    // Now the network asks for 35 ms.
    assert_eq!((audio.poll(1_069), audio.poll(1_070)), (None, Some((2, 0))));
    assert_eq!(audio.insert(1_070, 2), Inserted::TooLate);
    assert_eq!(audio.0.stats().packets_discarded, 1);
}

#[test]
fn audio_skips_what_is_lost_when_the_next_is_due() {
    let mut audio = Audio::new();
    audio.insert(1_000, 0);
    assert_eq!(audio.poll(1_000), Some((0, 0)));
    audio.insert(1_060, 3);
    assert_eq!(audio.poll(1_060), Some((3, 2)));
    assert_eq!(audio.0.poll_event(), Some(JitterEvent::GaveUpBefore(FIRST + 3)));
    assert_eq!((audio.0.stats().packets_skipped, audio.0.poll_event()), (2, None));
}

#[test]
fn the_delay_follows_the_jitter() {
    let mut audio = Audio::new();
    for index in 0..200u64 {
        let millis = 1_000 + index * 20 + index % 5 * 15;
        audio.insert(millis, index);
        while audio.poll(millis).is_some() {}
    }
    assert!((55..=60).contains(&audio.0.target().as_millis()), "{:?}", audio.0.target());
    assert!(audio.0.stats().frames_emitted > 150);
}

#[test]
fn before_anything_was_given_out_an_older_packet_may_come() {
    let mut audio = Audio::new();
    audio.0.set_delay(Duration::from_millis(30), Duration::from_secs(1));
    audio.insert(1_000, 5);
    audio.insert(1_001, 4);
    audio.insert(1_002, 3);
    let order: Vec<_> = (1_000..1_100).filter_map(|millis| audio.poll(millis)).collect();
    assert_eq!(order, [(3, 0), (4, 0), (5, 0)]);
}

/// A VP8 stream whose frames have three packets each.
struct Video {
    buffer: JitterBuffer,
    packetizer: Packetizer,
    next: u64,
}

impl Video {
    fn new() -> Self {
        let packetizer = Packetizer::new(Format::Vp8, &mut Rng::for_tests(1));
        Self { buffer: JitterBuffer::new(JitterConfig::video(Format::Vp8)), packetizer, next: FIRST }
    }

    /// The packets of frame `index`: number, timestamp, marker, payload.
    fn frame(&mut self, index: u64, key: bool) -> Vec<(u64, u32, bool, Vec<u8>)> {
        let mut frame = Vec::from([u8::from(!key), index as u8]);
        frame.resize(300, 7);
        let mut fragments = self.packetizer.packetize(&frame, 110).unwrap();
        let mut packets = Vec::new();
        let mut payload = Vec::new();
        while let Some(last) = fragments.next(&mut payload) {
            packets.push((self.next, (index * 3_000) as u32, last, core::mem::take(&mut payload)));
            self.next += 1;
        }
        assert_eq!(packets.len(), 3);
        packets
    }

    fn insert(&mut self, millis: u64, packets: &[(u64, u32, bool, Vec<u8>)]) {
        for (number, timestamp, marker, payload) in packets {
            assert_eq!(
                self.buffer.insert(at(millis), *number, *timestamp, 96, *marker, payload),
                Inserted::Stored
            );
        }
    }

    fn poll(&mut self, millis: u64) -> Option<u8> {
        let mut out = Vec::new();
        let frame = self.buffer.poll_frame(at(millis), &mut out)?;
        assert_eq!((out.len(), frame.packets), (300, 3));
        Some(out[1])
    }

    fn events(&mut self) -> Vec<JitterEvent> {
        core::iter::from_fn(|| self.buffer.poll_event()).collect()
    }
}

#[test]
fn video_waits_for_repair() {
    let mut video = Video::new();
    let [first, second, third] =
        [(0, true), (1, false), (2, false)].map(|(index, key)| video.frame(index, key));
    video.insert(1_000, &first);
    assert_eq!(video.poll(1_000), Some(0));
    video.insert(1_033, &[second[0].clone(), second[2].clone()]);
    video.insert(1_066, &third);
    assert_eq!(video.poll(1_100), None);
    video.insert(1_150, &second[1..2]);
    assert_eq!((video.poll(1_150), video.poll(1_150)), (Some(1), Some(2)));
    assert_eq!(video.buffer.stats().packets_skipped, 0);
    assert_eq!(video.events(), []);
}

#[test]
fn video_gives_up_and_asks_for_a_key_frame() {
    let mut video = Video::new();
    let frames: Vec<_> = [true, false, false, false, true, false]
        .into_iter()
        .zip(0..)
        .map(|(key, index)| video.frame(index, key))
        .collect();
    video.insert(1_000, &frames[0]);
    assert_eq!(video.poll(1_000), Some(0));
    video.insert(1_033, &frames[1][..2]);
    video.insert(1_066, &frames[2]);
    // 200 ms after the second complete frame was due the one before it is given up, and with it all that need it.
    let due = video.buffer.poll_timeout().unwrap();
    assert_eq!(due, at(1_266));
    assert_eq!(video.poll(1_266), None);
    assert_eq!(video.events(), [JitterEvent::GaveUpBefore(FIRST + 9), JitterEvent::KeyFrameNeeded]);
    video.insert(1_300, &frames[3]);
    assert_eq!((video.poll(1_300), video.events()), (None, Vec::new()));
    // Asked again after half a second.
    assert_eq!((video.poll(1_766), video.events()), (None, Vec::from([JitterEvent::KeyFrameNeeded])));
    video.insert(1_800, &frames[4]);
    video.insert(1_833, &frames[5]);
    assert_eq!((video.poll(2_100), video.poll(2_100)), (Some(4), Some(5)));
    let stats = video.buffer.stats();
    assert_eq!((stats.frames_emitted, stats.key_frames_emitted, stats.packets_skipped), (3, 2, 1));
    assert_eq!(stats.frames_dropped, 2);
}

#[test]
fn video_begins_with_a_key_frame() {
    let mut video = Video::new();
    let inter = video.frame(0, false);
    video.insert(1_000, &inter);
    assert_eq!((video.poll(1_000), video.events()), (None, Vec::from([JitterEvent::KeyFrameNeeded])));
    let key = video.frame(1, true);
    video.insert(1_033, &key);
    assert_eq!(video.poll(1_200), Some(1));
}

#[test]
fn nothing_is_kept_for_ever() {
    let mut video = Video::new();
    let frame = video.frame(0, true);
    video.insert(1_000, &frame[..2]);
    assert_eq!(video.poll(1_000), None);
    let due = video.buffer.poll_timeout().unwrap();
    assert_eq!(due, at(3_200));
    assert_eq!(video.poll(3_200), None);
    assert!(video.buffer.is_empty() && video.buffer.poll_timeout().is_none());
}

/// Found by the fuzz target `rtp_jitter_ops`: the frame was told as due in the past, and not given out.
#[test]
fn what_is_complete_behind_what_expires_comes_out_at_once() {
    let mut buffer = JitterBuffer::new(JitterConfig::video(Format::H264));
    let mut out = Vec::new();
    // The middle of a unit whose beginning never comes, and a picture of the same timestamp.
    buffer.insert(at(1_000), FIRST, 0, 96, false, &[0x7c, 0x05, 1]);
    buffer.insert(at(1_010), FIRST + 1, 0, 96, true, &[0x65, 1]);
    assert!(buffer.poll_frame(at(1_010), &mut out).is_none());
    assert_eq!(buffer.poll_timeout(), Some(at(3_200)));
    assert_eq!(buffer.poll_frame(at(3_200), &mut out).map(|frame| frame.first), Some(FIRST + 1));
    assert!(buffer.is_empty() && buffer.poll_timeout().is_none());
}

#[test]
fn no_frame_waits_longer_than_max_delay() {
    for millis in [0, 50, 400] {
        let max_delay = Duration::from_millis(millis);
        let mut audio = Audio(JitterBuffer::new(JitterConfig { max_delay, ..JitterConfig::audio(48_000) }));
        // The network asks for more, up to a second, and timestamps for days.
        for index in 0..200 {
            let now = 1_000 + index * 1_100 + index % 2 * 900;
            let timestamp = (index * 960) as u32 ^ (index as u32 % 7 / 6) << 30;
            audio.0.insert(at(now), FIRST + index, timestamp, 111, false, &[index as u8]);
            let due = audio.0.poll_timeout().unwrap();
            assert!(due <= at(now) + max_delay && audio.0.target() <= max_delay);
            assert!(audio.poll(now + millis).is_some(), "{index}");
        }
        assert!(audio.0.stats().delay <= max_delay * 200);
    }
}

/// Found by the fuzz target `rtp_jitter_ops`: small packets in the buffers of large ones were counted as small.
#[test]
fn small_packets_in_the_buffers_of_large_ones_are_counted_as_large() {
    let config = JitterConfig { max_bytes: 40_000, max_packets: 64, ..JitterConfig::audio(48_000) };
    let mut buffer = JitterBuffer::new(config);
    let mut out = Vec::new();
    let insert = |buffer: &mut JitterBuffer, index: u64, len: usize| {
        buffer.insert(at(1_000), FIRST + index, (index * 960) as u32, 111, false, &[7; 2_000][..len]);
        assert!(buffer.held() <= 40_000, "{} at {index}", buffer.held());
    };
    for index in 0..10 {
        insert(&mut buffer, index, 2_000);
    }
    while buffer.poll_frame(at(1_000), &mut out).is_some() {}
    let spare = buffer.held();
    assert!(spare >= 20_000);
    // One is missing, so that they wait.
    for index in 11..15 {
        insert(&mut buffer, index, 1);
    }
    assert!((20_000..22_000).contains(&buffer.held()) && buffer.bytes() == 4);
    for index in 15..200 {
        insert(&mut buffer, index, 900);
    }
}

#[test]
fn absurd_timestamps_hold_nobody_up() {
    let mut audio = Audio::new();
    let mut last = 0;
    for (index, timestamp) in
        [0u32, 960, 0x7fff_0000, 0xffff_0000, 3, 0x8000_0000, 0x4000_0000].into_iter().enumerate()
    {
        let now = 1_000 + index as u64 * 20;
        audio.0.insert(at(now), FIRST + index as u64, timestamp, 111, false, &[index as u8]);
        let due = audio.0.poll_timeout().unwrap();
        assert!(due <= at(now + 2_000));
        last = due.as_millis().max(now);
        assert!(audio.poll(last).is_some());
    }
    assert!(last < 4_000 && audio.0.stats().clock_resets > 0);
}

/// A limit that is shared may shrink while packets wait.
#[test]
fn less_room_makes_the_oldest_go() {
    let mut buffer = JitterBuffer::new(JitterConfig::video(Format::Vp8));
    let insert = |buffer: &mut JitterBuffer, number: u64| {
        buffer.insert(at(number), FIRST + number, 3_000, 96, false, &[0x10; 1_000])
    };
    for number in 0..100 {
        assert_eq!(insert(&mut buffer, number), Inserted::Stored);
    }
    let held = buffer.held();
    assert!((100_000..130_000).contains(&held), "{held}");
    buffer.set_max_bytes(held / 2);
    assert_eq!(insert(&mut buffer, 101), Inserted::Stored);
    assert!(buffer.bytes() < held / 2 && buffer.len() > 40, "{}", buffer.len());
    // One that fills a gap does not push out what is newer.
    buffer.set_max_bytes(1_500);
    assert_eq!(insert(&mut buffer, 100), Inserted::TooLarge);
    assert_eq!((buffer.len(), buffer.bytes()), (2, 1_000));
    buffer.release_spare();
    assert!(buffer.held() < 1_500);
}

#[test]
fn floods_stay_within_their_bounds() {
    let mut rng = Rng::for_tests(3);
    let config = JitterConfig::video(Format::Vp8).small();
    let mut buffer = JitterBuffer::new(config);
    let mut out = Vec::new();
    for step in 0..50_000u64 {
        let number = FIRST + step / 2 + rng.below(300);
        // A frame begins, and none ever ends; now and then the number leaps.
        let number = if rng.below(500) == 0 { number + (rng.below(4) << 20) } else { number };
        let payload = [[0x10, 0].as_slice(), &[7; 3_000]].concat();
        buffer.insert(at(step), number, rng.u32() & 7, 96, false, &payload[..3 + rng.below(3_000) as usize]);
        assert!(buffer.len() <= config.max_packets && buffer.bytes() <= config.max_bytes);
        if step % 100 == 0 {
            while buffer.poll_frame(at(step), &mut out).is_some() {
                out.clear();
            }
            while buffer.poll_event().is_some() {}
        }
    }
    let huge = [0x10; 200_000];
    assert_eq!(buffer.insert(at(0), 1 << 40, 0, 96, false, &huge), Inserted::TooLarge);
    assert_eq!(buffer.insert(at(0), 1 << 40, 0, 96, false, &[]), Inserted::Malformed);
}
