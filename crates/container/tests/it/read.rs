//! Every frame of FFmpeg's files is the one that FFmpeg reads: bytes, time, kind.

use crate::fixtures::{ALL, content, read};
use siskin_base::Rng;
use siskin_container::{Codec, Demuxer, Error, FileType, Frame, Limits, Track};
use siskin_rtp::payload::{NalUnits, Packetizer};
use std::io::Cursor;

/// As it stands in the file: units behind lengths of four bytes, parameter sets elsewhere.
fn stored(codec: Codec, frame: &Frame) -> Vec<u8> {
    let is_parameters = |unit: &&[u8]| match codec {
        Codec::H264 => matches!(unit[0] & 0x1f, 7 | 8),
        _ => matches!(unit[0] >> 1 & 0x3f, 32..=34),
    };
    match codec {
        Codec::H264 | Codec::H265 => {
            assert!(frame.data.starts_with(&[0, 0, 0, 1]));
            let units = NalUnits::new(&frame.data);
            assert_eq!(units.clone().any(|unit| is_parameters(&unit)), frame.key_frame);
            let units = units.filter(|unit| !is_parameters(unit));
            units.flat_map(|unit| [&(unit.len() as u32).to_be_bytes(), unit].concat()).collect()
        }
        _ => frame.data.clone(),
    }
}

#[test]
fn frames_are_those_that_ffmpeg_reads() {
    for (name, file, list) in ALL.iter().filter(|(name, _, _)| *name != "aac.mp4") {
        let (tracks, frames) =
            read(file, Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        for (index, track) in tracks.iter().enumerate() {
            assert_eq!(track.size, track.codec.is_video().then_some((160, 120)), "{name}");
            let ours = frames.iter().filter(|frame| frame.track == index);
            let ours: Vec<_> = ours.map(|frame| (frame, stored(track.codec, frame))).collect();
            let theirs: Vec<Vec<&str>> = list
                .lines()
                .map(|line| line.split(' ').collect())
                .filter(|line: &Vec<_>| line[0] == index.to_string())
                .collect();
            assert_eq!(ours.len(), theirs.len(), "{name}");
            for ((frame, stored), line) in ours.iter().zip(&theirs) {
                let [_, time, size, flags, .., hash] = line[..] else { panic!("{name}: {line:?}") };
                assert_eq!(size.parse(), Ok(stored.len()), "{name} {line:?}");
                assert_eq!(hash, format!("{:08x}", siskin_base::checksum::crc32(stored)), "{name} {line:?}");
                assert_eq!(flags.starts_with('K'), frame.key_frame, "{name} {line:?}");
                // The pre-skip of 312 samples is not taken off here; Matroska counts milliseconds.
                let skip = if track.codec == Codec::Opus { 0.0065 } else { 0.0 };
                let difference = frame.time.as_secs_f64() - skip - time.parse::<f64>().unwrap();
                assert!(difference.abs() < 0.0011, "{name} {line:?} {:?}", frame.time);
                let duration = frame.duration.map(|duration| duration.as_millis());
                let expected = if track.codec == Codec::Opus { 20..=20 } else { 60..=80 };
                assert!(duration.is_none_or(|duration| expected.contains(&duration)), "{name} {duration:?}");
            }
        }
        let codecs: Vec<_> = tracks.iter().map(|track| track.codec.encoding_name().to_lowercase()).collect();
        assert!(
            codecs.iter().all(|codec| name.contains(codec.as_str()) || name.starts_with("fragmented")),
            "{name}"
        );
    }
}

#[test]
fn frames_go_into_packets_and_come_out_again() {
    let mut rng = Rng::for_tests(1);
    for (name, file, _) in ALL.iter().filter(|(name, _, _)| *name != "aac.mp4") {
        let (tracks, frames) = read(file, Limits::default()).unwrap();
        let mut packetizers: Vec<_> =
            tracks.iter().map(|track| Packetizer::new(track.codec.format(), &mut rng)).collect();
        for frame in frames {
            let mut payloads = Vec::new();
            let mut fragments = packetizers[frame.track].packetize(&frame.data, 1_100).unwrap();
            let mut payload = Vec::new();
            while fragments.next(&mut payload).is_some() {
                payloads.push(core::mem::take(&mut payload));
            }
            let mut whole = Vec::new();
            let format = tracks[frame.track].codec.format();
            let info = format.assemble(payloads.iter().map(Vec::as_slice), &mut whole).unwrap();
            assert_eq!(info.key_frame, frame.key_frame, "{name}");
            // A temporal delimiter is not sent.
            assert!(whole == frame.data || frame.data.ends_with(&whole) && name.starts_with("av1"), "{name}");
        }
    }
}

#[test]
fn what_webrtc_does_not_know_is_passed_over() {
    assert!(matches!(read(content("aac.mp4"), Limits::default()), Err(Error::Unsupported(_))));
    assert!(matches!(read(b"RIFF....WAVEfmt ", Limits::default()), Err(Error::UnknownFormat)));
    assert!(matches!(read(b"", Limits::default()), Err(Error::Truncated)));
}

#[test]
fn the_format_is_told_by_its_content() {
    for (name, file, _) in ALL.iter().filter(|(name, _, _)| *name != "aac.mp4") {
        let demuxer = Demuxer::open(Cursor::new(*file), Limits::default()).unwrap();
        assert_eq!(Some(demuxer.file_type()), FileType::from_name(name), "{name}");
    }
}

#[test]
fn channels_are_told() {
    let tracks = |name| read(content(name), Limits::default()).unwrap().0;
    assert_eq!(tracks("opus.ogg"), [Track::new(Codec::Opus)]);
    assert_eq!(tracks("vp8-opus.webm")[1].channels, 1);
    assert_eq!(tracks("h264-opus.mp4")[1].channels, 1);
}

#[test]
fn rtp_times_come_back() {
    use core::time::Duration;
    assert_eq!(Codec::Opus.rtp_time(Duration::from_millis(20)), 960);
    assert_eq!(Codec::Vp8.rtp_time(Duration::from_secs(47_722)), (47_722u64 * 90_000) as u32);
    assert_eq!(Codec::Vp8.from_rtp_time(90_000 * 3_600), Duration::from_secs(3_600));
}
