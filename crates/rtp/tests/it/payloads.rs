//! Frames through packets of any size, and back.

use proptest::prelude::*;
use siskin_base::Rng;
use siskin_rtp::payload::telephone_event::{EventPackets, TelephoneEvent, event_of, tone_of};
use siskin_rtp::payload::{Format, Packetizer, PayloadError, av1, h264, h265, red, vp8, vp9};

/// All payloads of a frame; the marker stands on the last one alone.
fn payloads(packetizer: &mut Packetizer, frame: &[u8], most: usize) -> Vec<Vec<u8>> {
    let mut fragments = packetizer.packetize(frame, most).unwrap();
    let mut all = Vec::new();
    loop {
        let mut payload = Vec::new();
        let Some(last) = fragments.next(&mut payload) else { break };
        assert!(!payload.is_empty() && payload.len() <= most, "{} of {most}", payload.len());
        all.push((payload, last));
    }
    let marks: Vec<bool> = all.iter().map(|(_, last)| *last).collect();
    assert_eq!(marks.iter().position(|last| *last), Some(marks.len() - 1));
    all.into_iter().map(|(payload, _)| payload).collect()
}

fn assembled(format: Format, payloads: &[Vec<u8>]) -> Result<Vec<u8>, PayloadError> {
    let mut out = Vec::new();
    format.assemble(payloads.iter().map(Vec::as_slice), &mut out).map(|_| out)
}

/// Through packets and back; and if any packet but the first is missing, either nothing comes or the loss shows in what
/// each format can notice by itself.
fn round_trip(format: Format, frame: &[u8], most: usize) -> Result<(), TestCaseError> {
    let mut packetizer = Packetizer::new(format, &mut Rng::for_tests(1));
    let payloads = payloads(&mut packetizer, frame, most);
    prop_assert_eq!(assembled(format, &payloads), Ok(frame.to_vec()));
    let key = payloads.iter().any(|payload| format.inspect(payload).unwrap().key_frame);
    prop_assert_eq!(key, format.is_key_frame(frame));
    prop_assert_ne!(format.inspect(&payloads[0]).unwrap().starts_frame, Some(false));
    if payloads.len() > 1 && !matches!(format, Format::H264 | Format::H265 | Format::Av1) {
        prop_assert!(assembled(format, &payloads[1..]).is_err());
        prop_assert!(
            payloads[1..].iter().all(|payload| format.inspect(payload).unwrap().starts_frame == Some(false))
        );
    }
    Ok(())
}

fn bytes(len: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), len)
}

/// NAL units whose bytes hold no start code, behind start codes.
fn access_unit(header: usize, types: Vec<u8>, shift: u8) -> impl Strategy<Value = Vec<u8>> {
    let unit = (prop::sample::select(types), prop::collection::vec(1..=255u8, header + 1..3_000));
    prop::collection::vec(unit, 1..8).prop_map(move |units| {
        let mut out = Vec::new();
        for (kind, mut unit) in units {
            unit[0] = kind << shift | unit[0] & if shift == 0 { 0x60 } else { 0x01 };
            out.extend_from_slice(&[0, 0, 0, 1]);
            out.append(&mut unit);
        }
        out
    })
}

/// OBUs with sizes, in one layer or none.
fn temporal_unit() -> impl Strategy<Value = Vec<u8>> {
    let obu = (prop::sample::select(vec![1u8, 3, 4, 5, 6, 15]), bytes(0..2_500), any::<bool>());
    (prop::collection::vec(obu, 1..24), any::<u8>()).prop_map(|(obus, layer)| {
        let mut out = Vec::new();
        for (kind, body, extended) in obus {
            out.push(kind << 3 | u8::from(extended) << 2 | 2);
            out.extend(extended.then_some(layer));
            let (low, high) = (body.len() & 0x7f, body.len() >> 7);
            if high > 0 {
                out.push(low as u8 | 0x80);
                out.push(high as u8);
            } else {
                out.push(low as u8);
            }
            out.extend_from_slice(&body);
        }
        out
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whole(frame in bytes(1..1_200)) {
        round_trip(Format::Whole, &frame, 1_200)?;
    }

    #[test]
    fn vp8_frames(frame in bytes(1..6_000), most in 200..1_500usize) {
        round_trip(Format::Vp8, &frame, most)?;
    }

    #[test]
    fn vp9_frames(frame in bytes(1..6_000), most in 200..1_500usize) {
        round_trip(Format::Vp9, &frame, most)?;
    }

    #[test]
    fn h264_access_units(frame in access_unit(1, vec![1, 5, 6, 8], 0), most in 200..1_500usize) {
        round_trip(Format::H264, &frame, most)?;
    }

    #[test]
    fn h265_access_units(frame in access_unit(2, vec![0, 1, 19, 20, 39], 1), most in 200..1_500usize) {
        round_trip(Format::H265, &frame, most)?;
    }

    #[test]
    fn av1_temporal_units(frame in temporal_unit(), most in 200..1_500usize) {
        round_trip(Format::Av1, &frame, most)?;
    }

    #[test]
    fn av1_in_tiny_packets(frame in temporal_unit(), most in 8..40usize) {
        round_trip(Format::Av1, &frame, most)?;
    }

    /// Two spatial layers of a picture, in either mode.
    #[test]
    fn vp9_layers(lower in bytes(1..3_000), upper in bytes(1..3_000), most in 200..1_500usize, flexible: bool) {
        let mut packetizer = vp9::Packetizer::new(flexible, &mut Rng::for_tests(2));
        let mut all = Vec::new();
        for (spatial, frame) in [(0, &lower), (1, &upper)] {
            let layer = vp9::Layer { temporal: 1, spatial, inter_layer: spatial > 0, ..vp9::Layer::default() };
            let options = vp9::Options { layer: Some(layer), end_of_picture: spatial == 1, ..vp9::Options::default() };
            let mut fragments = packetizer.packetize(frame, options, most).unwrap();
            let mut payload = Vec::new();
            while let Some(last) = fragments.next(&mut payload) {
                let read = vp9::Payload::parse(&payload).unwrap();
                prop_assert_eq!((read.flexible, read.layer.map(|layer| layer.spatial)), (flexible, Some(spatial)));
                prop_assert_eq!(last, spatial == 1 && read.end);
                all.push(std::mem::take(&mut payload));
            }
        }
        prop_assert_eq!(assembled(Format::Vp9, &all), Ok([lower, upper].concat()));
        let numbers: Vec<_> = all.iter().map(|payload| vp9::Payload::parse(payload).unwrap().picture_id).collect();
        prop_assert!(numbers.iter().all(|number| *number == numbers[0]));
    }

    #[test]
    fn vp8_layers(frame in bytes(1..3_000), temporal in 0..4u8, sync: bool, most in 200..1_500usize) {
        let mut packetizer = vp8::Packetizer::new(&mut Rng::for_tests(2));
        let options = vp8::Options { non_reference: sync, layer: Some(vp8::Layer { temporal, sync }) };
        let mut fragments = packetizer.packetize(&frame, options, most).unwrap();
        let (mut payload, mut all) = (Vec::new(), Vec::new());
        while fragments.next(&mut payload).is_some() {
            let read = vp8::Payload::parse(&payload).unwrap();
            prop_assert_eq!((read.layer, read.non_reference), (options.layer, sync));
            prop_assert!(read.tl0_picture.is_some() && payload.len() <= most);
            all.push(std::mem::take(&mut payload));
        }
        prop_assert_eq!(assembled(Format::Vp8, &all), Ok(frame));
    }

    /// Redundant audio (RFC 2198) of any frames, at any distance: the newest frame is there, whole and last; those before it are in their
    /// order, with their timestamps; and whoever loses packets in between has the frames all the same.
    #[test]
    fn redundant_audio(
        frames in prop::collection::vec((bytes(0..300), 1..3_000u32), 1..30),
        distance in 0..12usize,
        most in 300..1_200usize,
        lost in prop::collection::vec(any::<bool>(), 30),
        start: u32,
    ) {
        let mut packetizer = red::Packetizer::new(111, distance);
        let (mut timestamp, mut sent, mut got) = (start, Vec::new(), std::collections::BTreeMap::new());
        for (index, (frame, step)) in frames.iter().enumerate() {
            timestamp = timestamp.wrapping_add(*step);
            let mut payload = Vec::new();
            packetizer.write(frame, timestamp, most, &mut payload);
            prop_assert!(payload.len() <= most.max(frame.len() + 1));
            sent.push((timestamp, frame.clone()));
            let blocks: Vec<_> = red::Blocks::parse(&payload).unwrap().collect();
            prop_assert!(blocks.len() <= distance.min(9) + 1 && blocks.iter().all(|block| block.payload_type == 111));
            let read: Vec<_> = blocks.iter().map(|block| (timestamp.wrapping_sub(block.timestamp_offset.into()), block.data.to_vec())).collect();
            prop_assert!(sent.ends_with(&read), "{:?} of {:?}", read, sent);
            if !lost[index] {
                got.extend(read);
            }
        }
        for (timestamp, frame) in got {
            prop_assert!(sent.contains(&(timestamp, frame)));
        }
    }

    #[test]
    fn redundant_audio_of_any_bytes(payload in bytes(0..80)) {
        if let Ok(blocks) = red::Blocks::parse(&payload) {
            let blocks: Vec<_> = blocks.collect();
            let total: usize = blocks.iter().map(|block| block.data.len()).sum();
            // Four bytes for each but the last, one for that.
            prop_assert_eq!(total + 4 * (blocks.len() - 1) + 1, payload.len());
        }
    }

    /// Telephone events (RFC 4733): what is written is read; of an event its duration grows to the whole, and its end comes three times.
    #[test]
    fn telephone_events(event: u8, end: bool, volume in 0..64u8, duration: u16, total: u16, step: u16) {
        let one = TelephoneEvent { event, end, volume, duration };
        let mut out = Vec::new();
        one.write(&mut out);
        prop_assert_eq!((out.len(), TelephoneEvent::parse(&out)), (4, Ok(one)));
        prop_assert_eq!(tone_of(event).map(event_of), (event < 16).then_some(Some(event)));
        let step = step.max(total / 50);
        let packets: Vec<_> = EventPackets::new(event, volume, total, step).collect();
        let (updates, ends) = packets.split_at(packets.len() - 3);
        prop_assert!(updates.iter().all(|update| !update.end && update.duration < total));
        prop_assert!(updates.windows(2).all(|pair| pair[0].duration < pair[1].duration));
        prop_assert!(ends.iter().all(|last| last.end && last.duration == total && last.volume == volume));
    }

    /// Nothing that comes from the network can do harm, and what can be read is not longer than what came.
    #[test]
    fn any_payloads(payloads in prop::collection::vec(bytes(0..60), 1..6)) {
        for format in [Format::Vp8, Format::Vp9, Format::H264, Format::H265, Format::Av1] {
            let total: usize = payloads.iter().map(|payload| payload.len() + 4).sum();
            if let Ok(frame) = assembled(format, &payloads) {
                prop_assert!(frame.len() <= total * 4, "{} of {total}", frame.len());
            }
            for payload in &payloads {
                let _ = format.inspect(payload);
            }
        }
    }
}

#[test]
fn small_units_share_a_packet_and_large_ones_are_cut() {
    // An H.264 key frame: parameter sets and SEI together, then the slice in parts.
    let mut frame = Vec::new();
    for (first, len) in [(0x67, 20), (0x68, 4), (0x06, 30), (0x65, 2_500)] {
        frame.extend_from_slice(&[0, 0, 0, 1, first]);
        frame.extend(vec![0xaa; len]);
    }
    let all = payloads(&mut Packetizer::H264(h264::Mode::NonInterleaved), &frame, 1_000);
    assert_eq!(all.iter().map(|payload| payload[0] & 0x1f).collect::<Vec<_>>(), [24, 28, 28, 28]);
    assert_eq!(all[0][0], 0x60 | 24, "the greatest NRI");
    assert_eq!(Format::H264.inspect(&all[0]).unwrap().starts_frame, Some(true));
    assert_eq!(all.iter().skip(1).map(|payload| payload[1]).collect::<Vec<_>>(), [0x85, 0x05, 0x45]);
    let single = h264::Fragments::new(&frame, h264::Mode::SingleNalUnit, 1_000);
    assert_eq!(single.err(), Some(PayloadError::TooLarge));
}

#[test]
fn h265_headers_are_as_laid_out() {
    // VPS and PPS on layer 0, temporal 1 and 2; then an IDR picture that is cut.
    let mut frame = Vec::new();
    for (header, len) in [([0x40, 0x01], 9), ([0x44, 0x02], 9), ([0x26, 0x01], 300)] {
        frame.extend_from_slice(&[0, 0, 0, 1]);
        frame.extend_from_slice(&header);
        frame.extend(vec![0xaa; len]);
    }
    let all = payloads(&mut Packetizer::H265, &frame, 200);
    assert_eq!(all[0][..4], [0x60, 0x01, 0, 11]);
    assert_eq!((all[1][..3].to_vec(), all[2][..3].to_vec()), (vec![0x62, 1, 0x93], vec![0x62, 1, 0x53]));
    assert_eq!(all.len(), 3);
    assert!(h265::is_key_frame(&frame));
    assert!(matches!(h265::Payload::parse(&[50 << 1, 1, 0, 0]), Err(PayloadError::Unsupported)));
}

/// The payload of §4.4's figure: 303 bytes, two elements, the second without a length.
#[test]
fn av1_element_size_example() {
    let mut payload = vec![0x20, 0xc8, 0x01];
    payload.resize(303, 7);
    let read = av1::Payload::parse(&payload).unwrap();
    let lengths: Vec<_> = read.elements().map(|element| element.unwrap().len()).collect();
    assert_eq!((read.count, lengths), (2, vec![200, 100]));
}

/// §5's example: the delimiter is not sent, and layers do not share a packet.
#[test]
fn av1_layers_stand_apart() {
    let obu = |kind: u8, layer: Option<u8>| {
        let mut obu = vec![kind << 3 | u8::from(layer.is_some()) << 2 | 2];
        obu.extend(layer.map(|spatial| spatial << 3));
        obu.extend([4, 9, 9, 9, 9]);
        obu
    };
    // TD SH MD MD(0,0) FH(0,0) TG(0,0) MD(0,1) FH(0,1) TG(0,1)
    let first = [obu(1, None), obu(5, None), obu(5, Some(0)), obu(3, Some(0)), obu(4, Some(0))].concat();
    let second = [obu(5, Some(1)), obu(3, Some(1)), obu(4, Some(1))].concat();
    let frame = [vec![0x12, 0], first.clone(), second.clone()].concat();
    let all = payloads(&mut Packetizer::Av1, &frame, 1_200);
    assert_eq!(all.iter().map(|payload| payload[0]).collect::<Vec<_>>(), [0x08, 0x30]);
    assert_eq!(assembled(Format::Av1, &all), Ok([first, second].concat()));
}

/// Found by the fuzz targets `rtp_depacketize_h264` and `_h265`: such units came out, and went in again as payloads of another
/// kind.
#[test]
fn units_of_the_payloads_own_types_are_not_taken_for_pictures() {
    let payloads =
        |format, frame: &[u8]| payloads(&mut Packetizer::new(format, &mut Rng::for_tests(1)), frame, 1_200);
    let fails = |format, payload: &[u8]| {
        assert_eq!(assembled(format, &[payload.to_vec()]), Err(PayloadError::Malformed));
    };
    // An FU-A in a STAP-A, an aggregation packet in another.
    fails(Format::H264, &[0x78, 0, 3, 0x7c, 0x85, 1]);
    fails(Format::H265, &[0x60, 1, 0, 4, 0x60, 1, 0, 1]);
    // A fragment of a fragment.
    assert_eq!(
        assembled(Format::H264, &[vec![0x7c, 0x9c, 1], vec![0x7c, 0x5c, 1]]),
        Err(PayloadError::Malformed)
    );
    // What a file has of such units stays there: a decoder ignores them.
    assert_eq!(payloads(Format::H264, &[0, 0, 1, 0x1e, 7, 0, 0, 1, 0x65, 1]), [[0x65, 1]]);
    assert_eq!(payloads(Format::H265, &[0, 0, 1, 0x7c, 1, 7, 0, 0, 1, 0x26, 1, 1]), [[0x26, 1, 1]]);
}

/// Found by the fuzz target `rtp_depacketize_av1`: 256 of them overflowed a count.
#[test]
fn av1_a_packet_may_be_full_of_empty_elements() {
    let packet = [[0x00].as_slice(), &[0; 1_000]].concat();
    assert_eq!(assembled(Format::Av1, &[packet]), Ok(vec![]));
}
