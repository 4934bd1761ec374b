//! What is written is read again as it was.

use proptest::prelude::*;
use siskin_base::{Ecn, RtpHeader};
use siskin_rtp::extension::{
    AbsCaptureTime, AbsSendTime, AudioLevel, ColorSpace, ContentType, DecodeTargetIndication,
    DependencyDescriptor, DependencyStructure, Extension, ExtensionMap, FeedbackRequest, FrameDependency,
    FrameDiffs, FrameMarking, FrameMarkingLayer, HdrMetadata, Mid, MixerLevels, PlayoutDelay, RepairedRid,
    Rid, Rotation, Template, TransmissionOffset, TransportSequence, TransportSequenceV2, Value,
    VideoLayersAllocation, VideoOrientation, VideoTiming,
};
use siskin_rtp::rtcp::{
    App, Compound, List, MetricBlock, MetricReport, Packet, Remb, Rpsi, Sli, SliEntry, Tmmbn, Tmmbr,
    TmmbrEntry, write_congestion_feedback,
};
use siskin_rtp::wire::Header;

/// Through a header with every extension negotiated, low and high identifiers alike.
fn through<'v, T: Value<'v> + PartialEq + std::fmt::Debug>(
    value: &T,
    check: impl for<'a> Fn(&ExtensionMap, &RtpHeader<'a>) -> bool,
) {
    for first in [1, 100] {
        let mut map = ExtensionMap::new();
        for (id, kind) in (first..).zip(Extension::ALL) {
            map.insert(kind, id).unwrap();
        }
        let mut out = Vec::new();
        Header::default().write(&mut out, |w| {
            assert!(w.element(200, b"unknown"));
            assert!(w.value(&map, value));
        });
        let header = RtpHeader::parse(&out).unwrap();
        assert!(check(&map, &header), "{value:?}");
    }
}

macro_rules! same {
    ($value:expr, $type:ty) => {{
        let value = $value;
        through(&value, |map, header| map.get::<$type>(header).as_ref() == Some(&value));
    }};
}

fn indication() -> impl Strategy<Value = DecodeTargetIndication> {
    use DecodeTargetIndication::{Discardable, NotPresent, Required, Switch};
    prop::sample::select(vec![NotPresent, Discardable, Switch, Required])
}

fn frame(targets: u8, chains: u8, diffs: u16, chain_diff: u8) -> impl Strategy<Value = FrameDependency> {
    let lists = (
        prop::collection::vec(indication(), usize::from(targets)),
        prop::collection::vec(1..=diffs, 0..4),
        prop::collection::vec(0..=chain_diff, usize::from(chains)),
    );
    lists.prop_map(|(targets, diffs, chains)| {
        let mut frame = FrameDependency::default();
        frame.targets[..targets.len()].copy_from_slice(&targets);
        frame.chain_diffs[..chains.len()].copy_from_slice(&chains);
        let mut list = FrameDiffs::EMPTY;
        diffs.into_iter().for_each(|diff| list.push(diff).unwrap());
        frame.diffs = list;
        frame
    })
}

fn structure() -> impl Strategy<Value = DependencyStructure> {
    (0..64u8, 1..=32u8, any::<prop::sample::Index>(), prop::collection::vec(0..3u8, 1..12), any::<bool>())
        .prop_flat_map(|(first_template, targets, chains, steps, sized)| {
            let chains = chains.index(usize::from(targets) + 1) as u8;
            let frames = prop::collection::vec(frame(targets, chains, 16, 15), steps.len());
            let protected =
                prop::collection::vec(0..chains.max(1), if chains > 0 { usize::from(targets) } else { 0 });
            (frames, protected).prop_map(move |(frames, protected_by)| {
                let (mut spatial, mut temporal) = (0, 0);
                let mut templates = Vec::new();
                for (index, (mut frame, step)) in frames.into_iter().zip(&steps).enumerate() {
                    match step {
                        1 if index > 0 && temporal < 7 => temporal += 1,
                        2 if index > 0 && spatial < 3 => (spatial, temporal) = (spatial + 1, 0),
                        _ => {}
                    }
                    (frame.spatial, frame.temporal) = (spatial, temporal);
                    templates.push(Template { frame });
                }
                let layers = usize::from(spatial) + 1;
                let resolutions = if sized { vec![[639, 479]; layers] } else { vec![] };
                DependencyStructure { first_template, targets, chains, protected_by, templates, resolutions }
            })
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_value(a: u8, b: u16, c: u32, d: u64, e: bool, text in "[a-zA-Z0-9_-]{1,40}", levels in prop::collection::vec(0..128u8, 1..16)) {
        through(&Mid(&text), |map, header| map.get::<Mid<'_>>(header).is_some_and(|mid| mid.0 == text));
        through(&Rid(&text), |map, header| map.get::<Rid<'_>>(header).is_some_and(|rid| rid.0 == text));
        through(&RepairedRid(&text), |map, header| map.get::<RepairedRid<'_>>(header).is_some_and(|rid| rid.0 == text));
        through(&MixerLevels::new(&levels), |map, header| {
            map.get::<MixerLevels<'_>>(header).is_some_and(|read| read.levels().eq(levels.iter().copied()))
        });
        same!(AbsSendTime(c >> 8), AbsSendTime);
        same!(AbsCaptureTime { capture: d, clock_offset: e.then_some(i64::from(c) - 5) }, AbsCaptureTime);
        same!(TransportSequence(b), TransportSequence);
        let request = FeedbackRequest { timing: e, count: b & 0x7fff };
        same!(TransportSequenceV2 { number: b, request: Some(request).filter(|r| r.count > 0) }, TransportSequenceV2);
        same!(AudioLevel { voice: e, level: a & 0x7f }, AudioLevel);
        same!(TransmissionOffset((c as i32) >> 8), TransmissionOffset);
        same!(PlayoutDelay { min_10ms: b & 0x7ff, max_10ms: (b & 0x7ff) + 5 }, PlayoutDelay);
        same!(ContentType { screenshare: e }, ContentType);
        same!(VideoTiming { flags: e.then_some(a), encode_start_ms: b, network2_ms: !b, ..VideoTiming::default() }, VideoTiming);
        let hdr = HdrMetadata { luminance_max: b, chromaticities: [[b; 2]; 4], ..HdrMetadata::default() };
        same!(
            ColorSpace { primaries: a, transfer: 1, matrix: 2, range: a & 3, chroma_horizontal: 1, chroma_vertical: 2, hdr: e.then_some(hdr) },
            ColorSpace
        );
        let layer = FrameMarkingLayer { base_sync: e, temporal: a & 7, layer: a, tl0_picture: e.then_some(a) };
        same!(FrameMarking { start: e, end: !e, layer: Some(layer), ..FrameMarking::default() }, FrameMarking);
        same!(FrameMarking { independent: e, discardable: !e, ..FrameMarking::default() }, FrameMarking);
        let rotation = [Rotation::Upright, Rotation::Quarter, Rotation::Half, Rotation::ThreeQuarters][usize::from(a & 3)];
        same!(VideoOrientation { back_camera: e, flipped: a & 4 != 0, rotation }, VideoOrientation);
    }

    /// Streams of which each has layers of its own, layers with rates of one to three bytes, with sizes or without.
    #[test]
    fn layers_of_simulcast(
        masks in prop::collection::vec(1..16u8, 1..=4),
        stream in 0..4u8,
        temporal in prop::collection::vec(0..4u8, 16),
        rates in prop::collection::vec(0..2_000_000u32, 64),
        sized: bool,
    ) {
        let layers: Vec<(u8, u8)> = (0..).zip(&masks).flat_map(|(stream, mask)| (0..4).filter(move |bit| mask >> bit & 1 == 1).map(move |bit| (stream, bit))).collect();
        // By the specification's text, not by our writer: where all streams have the same mask it stands in the first byte.
        let common = masks.iter().all(|mask| *mask == masks[0]);
        let count = masks.len() as u8;
        let mut bytes = vec![(stream % count) << 6 | (count - 1) << 4 | if common { masks[0] } else { 0 }];
        if !common {
            bytes.extend(masks.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0)));
        }
        bytes.extend(temporal[..layers.len()].chunks(4).map(|four| (0..).zip(four).map(|(at, count)| count << (6 - 2 * at)).sum::<u8>()));
        let mut expected = Vec::new();
        for (index, count) in temporal[..layers.len()].iter().enumerate() {
            let mut kbps = [0; 4];
            for (at, slot) in kbps.iter_mut().enumerate().take(usize::from(*count) + 1) {
                *slot = rates[index * 4 + at];
                let mut left = *slot;
                while left > 0x7f {
                    bytes.push(left as u8 | 0x80);
                    left >>= 7;
                }
                bytes.push(left as u8);
            }
            expected.push((layers[index], count + 1, kbps));
        }
        if sized {
            (0..layers.len() as u8).for_each(|n| bytes.extend([1, n, 0, n, 30]));
        }
        let read = VideoLayersAllocation::parse(&bytes).unwrap();
        prop_assert_eq!(usize::from(read.streams), masks.len());
        let found: Vec<_> = read.layers().map(|layer| ((layer.stream, layer.spatial), layer.temporal_layers, layer.target_kbps)).collect();
        prop_assert_eq!(found, expected);
        prop_assert!(read.layers().all(|layer| layer.resolution.is_some() == sized));
        let mut out = Vec::new();
        read.write(&mut out);
        prop_assert_eq!(out, bytes);
    }

    #[test]
    fn dependency_descriptors(
        (structure, later) in structure().prop_flat_map(|structure| {
            let frame = frame(structure.targets, structure.chains, 4_096, 255);
            let index = 0..structure.templates.len();
            (Just(structure), prop::collection::vec((frame, index, any::<u16>(), any::<bool>(), any::<Option<u32>>()), 1..6))
        }),
    ) {
        let mut known = None;
        for (index, (mut frame, template, frame_number, exact, active)) in later.into_iter().enumerate() {
            let template = structure.templates[template].frame;
            (frame.spatial, frame.temporal) = (template.spatial, template.temporal);
            if exact {
                frame = template;
            }
            let brings = (index == 0).then(|| structure.clone());
            let all = ((1u64 << structure.targets) - 1) as u32;
            let active_targets = if brings.is_some() { Some(active.map_or(all, |active| active & all)) } else { active.map(|active| active & all) };
            let descriptor = DependencyDescriptor {
                start_of_frame: exact,
                end_of_frame: !exact,
                frame_number,
                structure: brings,
                active_targets,
                frame,
            };
            let mut out = Vec::new();
            descriptor.write(known.as_ref(), &mut out).unwrap();
            if exact && index > 0 && active.is_none() {
                prop_assert_eq!(out.len(), 3);
            }
            let read = DependencyDescriptor::parse(&out, known.as_ref()).unwrap();
            prop_assert_eq!(&read, &descriptor);
            known = read.structure.or(known);
        }
    }

    #[test]
    fn dependency_descriptors_of_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        if let Ok(read) = DependencyDescriptor::parse(&bytes, None) {
            let mut out = Vec::new();
            read.write(None, &mut out).unwrap();
            prop_assert_eq!(DependencyDescriptor::parse(&out, None), Ok(read));
        }
    }

    #[test]
    fn rtcp_with_rates(ssrc: u32, bit_rate: u64, overhead in 0..512u16, streams in prop::collection::vec(any::<u32>(), 0..6)) {
        let mut out = Vec::new();
        Remb { sender: ssrc, bit_rate, streams: List::new(&streams) }.write(&mut out).unwrap();
        let entries = [TmmbrEntry { ssrc, bit_rate, overhead }];
        Tmmbr { sender: ssrc, entries: List::new(&entries) }.write(&mut out).unwrap();
        Tmmbn { sender: ssrc, entries: List::new(&[]) }.write(&mut out).unwrap();
        let mut packets = Compound::parse(&out).unwrap().packets().map(|raw| Packet::parse(raw).unwrap());
        let Some(Packet::Remb(remb)) = packets.next() else { panic!() };
        prop_assert!(remb.streams.iter().eq(streams.iter().copied()));
        prop_assert!(remb.bit_rate <= bit_rate && bit_rate - remb.bit_rate <= bit_rate >> 17);
        let Some(Packet::Tmmbr(tmmbr)) = packets.next() else { panic!() };
        let entry = tmmbr.entries.iter().next().unwrap();
        prop_assert_eq!((entry.ssrc, entry.overhead), (ssrc, overhead));
        prop_assert!(entry.bit_rate <= bit_rate && bit_rate - entry.bit_rate <= bit_rate >> 16);
        prop_assert!(matches!(packets.next(), Some(Packet::Tmmbn(tmmbn)) if tmmbn.entries.is_empty()));
    }

    #[test]
    fn congestion_feedback(streams in prop::collection::vec((any::<u32>(), any::<u16>(), prop::collection::vec(any::<Option<u16>>(), 0..50)), 0..5), at: u32) {
        let blocks: Vec<Vec<_>> = streams
            .iter()
            .map(|(_, _, blocks)| {
                let ecn = [Ecn::NotEct, Ecn::Ect1, Ecn::Ect0, Ecn::Ce];
                blocks.iter().map(|block| MetricBlock { arrival: block.map(|b| (ecn[usize::from(b >> 14)], b & 0x1fff)) }).collect()
            })
            .collect();
        let reports = || streams.iter().zip(&blocks).map(|((ssrc, begin, _), blocks)| MetricReport { ssrc: *ssrc, begin: *begin, blocks: List::new(blocks) });
        let mut out = Vec::new();
        write_congestion_feedback(&mut out, 7, at, reports()).unwrap();
        let raw = Compound::parse(&out).unwrap().packets().next().unwrap();
        let Ok(Packet::CongestionFeedback(read)) = Packet::parse(raw) else { panic!() };
        prop_assert_eq!((read.sender, read.report_timestamp), (7, at));
        prop_assert!(read.reports().eq(reports()));
    }

    #[test]
    fn other_feedback(bits in prop::collection::vec(any::<u8>(), 1..20), number: u32, words in 0..5usize) {
        let mut out = Vec::new();
        let rpsi = Rpsi { sender: 1, media: 2, payload_type: 96, bits: &bits, padding_bits: (number % 8) as u8 };
        rpsi.write(&mut out).unwrap();
        let entries = [SliEntry { first: (number >> 19) as u16, number: (number >> 6 & 0x1fff) as u16, picture: (number & 63) as u8 }];
        let sli = Sli { sender: 1, media: 2, entries: List::new(&entries) };
        sli.write(&mut out).unwrap();
        let data = vec![7; words * 4];
        let app = App { subtype: 3, ssrc: number, name: *b"test", data: &data };
        app.write(&mut out).unwrap();
        let read: Vec<_> = Compound::parse(&out).unwrap().packets().map(|raw| Packet::parse(raw).unwrap()).collect();
        prop_assert_eq!(read, [Packet::Rpsi(rpsi), Packet::Sli(sli), Packet::App(app)]);
    }

    /// Whatever can be read can be written so that it reads the same.
    #[test]
    fn rtcp_of_any_bytes(mut bytes in prop::collection::vec(any::<u8>(), 8..100), kind in 200..208u8) {
        bytes.truncate(bytes.len() / 4 * 4);
        bytes[0] = bytes[0] & 0x1f | 0x80;
        (bytes[1], bytes[2], bytes[3]) = (kind, 0, (bytes.len() / 4 - 1) as u8);
        if let Ok(packet) = Packet::parse(Compound::parse(&bytes).unwrap().packets().next().unwrap()) {
            let mut out = Vec::new();
            packet.write(&mut out).unwrap();
            let raw = Compound::parse(&out).unwrap().packets().next().unwrap();
            prop_assert_eq!(Packet::parse(raw), Ok(packet));
        }
    }
}
