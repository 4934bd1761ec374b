//! Files that are broken, or lie: an error or fewer frames, never a panic, never more memory than the limits say.

use crate::fixtures::{ALL, content, read};
use proptest::prelude::*;
use siskin_container::{Codec, Error, FileType, Frame, Limits, Muxer, Track};
use std::io::Cursor;

const SMALL: Limits = Limits { max_frame: 8_192, max_index: 16_384, max_tracks: 4, max_waiting: 4_096 };

#[test]
fn every_beginning_of_a_file_is_survived() {
    for (name, file, _) in ALL {
        for end in (0..file.len()).step_by(13) {
            if let Ok((tracks, frames)) = read(&file[..end], Limits::default()) {
                assert!(!tracks.is_empty() && frames.len() <= 200, "{name} {end}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn altered_files_are_survived(
        which in 0..ALL.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        in_front in any::<bool>(),
    ) {
        let mut file = ALL[which].1.to_vec();
        for (at, value) in changes {
            let len = if in_front { file.len().min(800) } else { file.len() };
            let at = at.index(len);
            file[at] = value;
        }
        if let Ok((tracks, frames)) = read(&file, SMALL) {
            prop_assert!(tracks.len() <= SMALL.max_tracks);
            // Parameter sets may stand in front of what the limit is about.
            prop_assert!(frames.iter().all(|frame| frame.data.len() <= SMALL.max_frame * 4 + SMALL.max_index));
        }
    }

    #[test]
    fn any_bytes_behind_a_signature_are_survived(which in 0..ALL.len(), rest in prop::collection::vec(any::<u8>(), 0..600)) {
        let mut file = ALL[which].1[..40].to_vec();
        file.extend_from_slice(&rest);
        let _ = read(&file, SMALL);
    }

    #[test]
    fn any_frames_can_be_written(
        frames in prop::collection::vec((0..3usize, any::<u64>(), any::<bool>(), prop::collection::vec(any::<u8>(), 0..80)), 0..40),
        file_type in prop::sample::select(vec![FileType::Ivf, FileType::Ogg, FileType::Matroska, FileType::Mp4]),
        codecs in prop::collection::vec(prop::sample::select(&Codec::ALL[..]), 1..3),
        near in any::<bool>(),
    ) {
        let tracks: Vec<_> = codecs.iter().map(|codec| Track::new(*codec)).collect();
        let Ok(mut muxer) = Muxer::new(Cursor::new(Vec::new()), file_type, &tracks, SMALL) else { return Ok(()) };
        for (track, time, key_frame, data) in frames {
            let time = core::time::Duration::from_nanos(if near { time >> 30 } else { time });
            let _ = muxer.write(&Frame { track, time, duration: None, key_frame, data });
        }
        if let Ok(file) = muxer.finish() {
            let _ = read(&file.into_inner(), SMALL);
        }
    }
}

#[test]
fn sizes_that_are_not_there_allocate_nothing() {
    // A SimpleBlock of an exabyte.
    let mut file = content("vp8-opus.webm").to_vec();
    let cluster = file.windows(4).position(|window| window == [0x1f, 0x43, 0xb6, 0x75]).unwrap();
    file.truncate(cluster);
    file.extend_from_slice(&[0x1f, 0x43, 0xb6, 0x75, 1, 255, 255, 255, 255, 255, 255, 255]);
    file.extend_from_slice(&[0xa3, 1, 0x10, 0, 0, 0, 0, 0, 0]);
    assert!(matches!(read(&file, Limits::default()), Err(Error::TooLarge(_))));
    // A frame of 4 GB in IVF.
    let mut file = content("vp8.ivf").to_vec();
    file[32..36].copy_from_slice(&[255; 4]);
    assert!(matches!(read(&file, Limits::default()), Err(Error::TooLarge(_))));
    file[32..36].copy_from_slice(&(15u32 << 20).to_le_bytes());
    assert!(matches!(read(&file, Limits::default()), Err(Error::Truncated)));
}

#[test]
fn an_ogg_packet_without_an_end_is_given_up() {
    let mut file = content("opus.ogg")[..47].to_vec();
    // Pages of one packet that goes on and on, with the right checksums.
    let mut writer = ogg::PacketWriter::new(Cursor::new(Vec::new()));
    writer.write_packet(b"OpusHead".to_vec(), 9, ogg::PacketWriteEndInfo::EndPage, 0).unwrap();
    writer.write_packet(vec![0; 4 << 20], 9, ogg::PacketWriteEndInfo::EndStream, 0).unwrap();
    file.extend_from_slice(&writer.into_inner().into_inner());
    let limits = Limits { max_frame: 1 << 20, ..Limits::default() };
    assert!(matches!(read(&file, limits), Err(Error::TooLarge(_))));
}

#[test]
fn a_fragment_that_claims_millions_of_samples_is_refused() {
    let mut file = content("fragmented.mp4").to_vec();
    let run = file.windows(4).position(|window| window == b"trun").unwrap();
    // No fields for each sample, and four billion samples.
    file[run + 4..run + 12].copy_from_slice(&[0, 0, 0, 1, 255, 255, 255, 255]);
    let read = read(&file, Limits::default());
    assert!(matches!(read, Err(Error::TooLarge(_) | Error::Malformed(_))), "{read:?}");
}
