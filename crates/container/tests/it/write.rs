//! What we write: read again by ourselves, and by others' libraries.

use crate::fixtures::{ALL, content, read};
use core::time::Duration;
use siskin_container::{Codec, Demuxer, Error, FileType, Frame, Limits, Muxer, Track};
use std::io::Cursor;

fn write(file_type: FileType, tracks: &[Track], frames: &[Frame]) -> Vec<u8> {
    let mut muxer = Muxer::new(Cursor::new(Vec::new()), file_type, tracks, Limits::default()).unwrap();
    frames.iter().for_each(|frame| muxer.write(frame).unwrap());
    assert_eq!(muxer.dropped(), 0);
    muxer.finish().unwrap().into_inner()
}

/// From one file to another of each format that holds its codecs, and back.
#[test]
fn what_is_written_is_read_again() {
    let mut count = 0;
    for (name, file, _) in ALL.iter().filter(|(name, _, _)| *name != "aac.mp4") {
        let (tracks, frames) = read(file, Limits::default()).unwrap();
        for file_type in [FileType::Ivf, FileType::Ogg, FileType::Matroska, FileType::Mp4] {
            let single = tracks.len() == 1 || matches!(file_type, FileType::Matroska | FileType::Mp4);
            if !single || !tracks.iter().all(|track| file_type.holds(track.codec)) {
                continue;
            }
            // The size comes from the key frames themselves.
            let bare: Vec<_> = tracks.iter().map(|track| Track { size: None, ..*track }).collect();
            let (again, copies) = read(&write(file_type, &bare, &frames), Limits::default()).unwrap();
            assert_eq!(again, tracks, "{name} as {file_type:?}");
            assert_eq!(copies.len(), frames.len(), "{name} as {file_type:?}");
            for (copy, frame) in copies.iter().zip(&frames) {
                let data = frame.data.strip_prefix(&[0x12, 0]).unwrap_or(&frame.data);
                assert_eq!(
                    copy.data.strip_prefix(&[0x12, 0]).unwrap_or(&copy.data),
                    data,
                    "{name} as {file_type:?}"
                );
                assert_eq!((copy.track, copy.key_frame), (frame.track, frame.key_frame));
                let difference = copy.time.abs_diff(frame.time);
                assert!(difference < Duration::from_millis(1), "{name} as {file_type:?}: {copy:?}");
            }
            count += 1;
        }
    }
    assert_eq!(count, 27);
}

#[test]
fn matroska_is_read_by_another_library() {
    for name in ["vp8-opus.webm", "h264-opus.mkv", "av1.webm", "opus.ogg"] {
        let (tracks, frames) = read(content(name), Limits::default()).unwrap();
        let file = write(FileType::Matroska, &tracks, &frames);
        let mut theirs = matroska_demuxer::MatroskaFile::open(Cursor::new(file)).unwrap();
        let webm = !name.starts_with("h264");
        assert_eq!(theirs.ebml_header().doc_type(), if webm { "webm" } else { "matroska" });
        let end = frames.iter().map(|frame| frame.time + frame.duration.unwrap()).max().unwrap();
        let duration = theirs.info().duration().unwrap();
        assert!((duration - end.as_secs_f64() * 1_000.0).abs() <= 1.0, "{name}: {duration} {end:?}");
        for (entry, track) in theirs.tracks().iter().zip(&tracks) {
            let size = entry
                .video()
                .map(|video| (video.pixel_width().get() as u32, video.pixel_height().get() as u32));
            assert_eq!(size, track.size);
            assert_eq!(entry.audio().map_or(0, |audio| audio.channels().get()), u64::from(track.channels));
        }
        assert_eq!(theirs.tracks().len(), tracks.len());
        let mut frame = matroska_demuxer::Frame::default();
        for ours in &frames {
            assert!(theirs.next_frame(&mut frame).unwrap());
            assert_eq!((frame.track, frame.is_keyframe), (ours.track as u64 + 1, Some(ours.key_frame)));
            assert!(frame.timestamp.abs_diff(ours.time.as_millis() as u64) <= 1);
            if webm {
                assert_eq!(frame.data, ours.data);
            }
        }
        assert!(!theirs.next_frame(&mut frame).unwrap());
        if tracks[0].codec.is_video() {
            theirs.seek(900).unwrap();
            assert!(theirs.next_frame(&mut frame).unwrap());
            assert!((900..970).contains(&frame.timestamp));
        }
    }
}

#[test]
fn mp4_is_read_by_another_library() {
    // It takes negative composition offsets for large ones: no B-frames here.
    for name in ["h264-opus.mkv", "av1.webm"] {
        let (tracks, frames) = read(content(name), Limits::default()).unwrap();
        let file = write(FileType::Mp4, &tracks, &frames);
        let theirs = re_mp4::Mp4::read_bytes(&file).unwrap();
        assert_eq!(theirs.tracks().len(), tracks.len(), "{name}");
        for (index, (id, track)) in theirs.tracks().iter().enumerate() {
            assert_eq!(*id as usize, index + 1);
            assert_eq!(
                (u32::from(track.width), u32::from(track.height)),
                tracks[index].size.unwrap_or_default()
            );
            let ours: Vec<_> = frames.iter().filter(|frame| frame.track == index).collect();
            assert_eq!(track.samples.len(), ours.len());
            for (sample, frame) in track.samples.iter().zip(ours) {
                let data = &file[sample.offset as usize..][..sample.size as usize];
                if tracks[index].codec != Codec::H264 {
                    assert_eq!(data, frame.data);
                }
                assert_eq!(sample.is_sync, frame.key_frame);
                let shown = sample.composition_timestamp as f64 / track.timescale as f64;
                assert!((shown - frame.time.as_secs_f64()).abs() < 0.001, "{name} {sample:?}");
            }
        }
    }
}

/// The configuration records that we make are those that FFmpeg's encoders made.
#[test]
fn records_are_those_of_the_encoders() {
    for name in ["h264-opus.mkv", "av1.webm"] {
        let (tracks, frames) = read(content(name), Limits::default()).unwrap();
        let record = |file: &[u8]| {
            let file = matroska_demuxer::MatroskaFile::open(Cursor::new(file.to_vec())).unwrap();
            file.tracks()[0].codec_private().unwrap().to_vec()
        };
        assert_eq!(record(&write(FileType::Matroska, &tracks, &frames)), record(content(name)), "{name}");
    }
    // High profile tells more; FFmpeg's own is in the MP4 file, behind the box's type.
    let (tracks, frames) = read(content("h264-b.mp4"), Limits::default()).unwrap();
    let file = matroska_demuxer::MatroskaFile::open(Cursor::new(write(FileType::Matroska, &tracks, &frames)))
        .unwrap();
    let record = file.tracks()[0].codec_private().unwrap();
    assert!(content("h264-b.mp4").windows(record.len()).any(|window| window == record));
}

#[test]
fn a_lost_packet_is_filled_in_ogg() {
    let (tracks, mut frames) = read(content("opus.ogg"), Limits::default()).unwrap();
    frames.drain(10..13);
    let file = write(FileType::Ogg, &tracks, &frames);
    let (_, copies) = read(&file, Limits::default()).unwrap();
    assert_eq!(copies.len(), frames.len() + 3);
    assert!(copies[10..13].iter().all(|copy| copy.data.len() == 1));
    assert_eq!(copies[13].data, frames[10].data);
    assert_eq!(copies[13].time, frames[10].time);
    // Another library agrees about where the file ends.
    let mut packets = ogg::PacketReader::new(Cursor::new(file));
    let last = core::iter::from_fn(|| packets.read_packet().unwrap()).last().unwrap();
    let samples: u64 =
        copies.iter().map(|copy| u64::from(Codec::Opus.rtp_time(copy.duration.unwrap()))).sum();
    assert!(last.last_in_stream());
    assert_eq!(last.absgp_page(), samples);
}

#[test]
fn the_file_begins_with_a_key_frame_of_each_track() {
    let (tracks, frames) = read(content("vp8-opus.webm"), Limits::default()).unwrap();
    let mut muxer =
        Muxer::new(Cursor::new(Vec::new()), FileType::Matroska, &tracks, Limits::default()).unwrap();
    // The first picture was lost: those up to the next key frame are of no use.
    let rest = frames.iter().filter(|frame| frame.track == 1 || frame.time > Duration::from_millis(100));
    rest.for_each(|frame| muxer.write(frame).unwrap());
    let dropped = muxer.dropped();
    let (again, copies) = read(&muxer.finish().unwrap().into_inner(), Limits::default()).unwrap();
    assert_eq!(again.len(), 2);
    assert!(dropped > 3);
    assert!(copies.iter().find(|frame| frame.track == 0).unwrap().key_frame);
}

#[test]
fn a_track_that_never_comes_is_left_out() {
    let (_, frames) = read(content("opus.ogg"), Limits::default()).unwrap();
    let tracks = [Track::new(Codec::Vp8), Track::new(Codec::Opus)];
    let mut muxer =
        Muxer::new(Cursor::new(Vec::new()), FileType::Matroska, &tracks, Limits::default()).unwrap();
    for number in 0..300 {
        let time = Duration::from_millis(20 * number);
        muxer.write(&Frame { track: 1, time, ..frames[5].clone() }).unwrap();
    }
    let (again, copies) = read(&muxer.finish().unwrap().into_inner(), Limits::default()).unwrap();
    assert_eq!((again, copies.len()), (vec![tracks[1]], 300));
    // Nothing at all came.
    let muxer = Muxer::new(Cursor::new(Vec::new()), FileType::Matroska, &tracks, Limits::default()).unwrap();
    assert!(muxer.finish().unwrap().into_inner().is_empty());
}

#[test]
fn a_recording_that_was_cut_off_can_be_read() {
    let (tracks, frames) = read(content("vp8-opus.webm"), Limits::default()).unwrap();
    let mut muxer =
        Muxer::new(Cursor::new(Vec::new()), FileType::Matroska, &tracks, Limits::default()).unwrap();
    frames.iter().for_each(|frame| muxer.write(frame).unwrap());
    // What is on the disk before the end was written differs in sizes only: they are not known.
    let mut file = muxer.finish().unwrap().into_inner();
    for at in (0..file.len() - 12).rev() {
        if file[at..at + 4] == [0x18, 0x53, 0x80, 0x67] || file[at..at + 4] == [0x1f, 0x43, 0xb6, 0x75] {
            file[at + 4..at + 12].copy_from_slice(&[1, 255, 255, 255, 255, 255, 255, 255]);
        }
    }
    let mut before = 0;
    for end in (400..file.len()).step_by(37).chain([file.len()]) {
        let mut demuxer = Demuxer::open(Cursor::new(&file[..end]), Limits::default()).unwrap();
        let mut frame = Frame::default();
        let mut count = 0;
        let error = loop {
            match demuxer.next_frame(&mut frame) {
                Ok(true) => {
                    assert_eq!(frame.data, frames[count].data);
                    count += 1;
                }
                Ok(false) => break None,
                Err(error) => break Some(error),
            }
        };
        assert!(count >= before && matches!(error, None | Some(Error::Truncated)), "{end} {error:?}");
        before = count;
    }
    assert_eq!(before, frames.len());
}

#[test]
fn what_a_file_cannot_hold_is_refused() {
    let new = |file_type, codecs: &[Codec]| {
        let tracks: Vec<_> = codecs.iter().map(|codec| Track::new(*codec)).collect();
        Muxer::new(Cursor::new(Vec::new()), file_type, &tracks, Limits::default()).is_ok()
    };
    assert!(!new(FileType::Ivf, &[Codec::Opus]));
    assert!(!new(FileType::Ivf, &[Codec::Vp8, Codec::Vp8]));
    assert!(!new(FileType::Ogg, &[Codec::Vp8]));
    assert!(!new(FileType::Matroska, &[]));
    assert!(!new(FileType::Matroska, &[Codec::Vp8; 40]));
    assert!(new(FileType::Matroska, &[Codec::Vp8, Codec::Opus]));
}
