//! RTP headers as browsers sent them (SRTP leaves them in clear), and examples from the specifications.

use super::hex;
use siskin_base::RtpHeader;
use siskin_rtp::extension::{
    AudioLevel, ColorSpace, DependencyDescriptor, Elements, Extension, ExtensionMap, Mid, PlayoutDelay,
    RepairedRid, Rid, TransmissionOffset, TransportSequence, Values, VideoTiming,
};
use siskin_rtp::rtcp::{Compound, Nack, Packet, Pli, Remb};

/// What Chromium 156 offers: `a=extmap` of its audio and video sections, which share their numbers.
fn chromium() -> ExtensionMap {
    let mut map = ExtensionMap::new();
    for (id, kind) in [
        (1, Extension::AudioLevel),
        (2, Extension::AbsSendTime),
        (3, Extension::TransportSequence),
        (4, Extension::Mid),
        (5, Extension::PlayoutDelay),
        (6, Extension::ContentType),
        (7, Extension::VideoTiming),
        (8, Extension::ColorSpace),
        (10, Extension::Rid),
        (11, Extension::RepairedRid),
        (13, Extension::VideoOrientation),
        (14, Extension::TransmissionOffset),
    ] {
        map.insert(kind, id).unwrap();
    }
    map
}

fn read<'a>(map: &ExtensionMap, packet: &'a [u8]) -> (RtpHeader<'a>, Values<'a>) {
    let header = RtpHeader::parse(packet).unwrap();
    assert_eq!(header.payload_offset, packet.len());
    (header, map.values(&header))
}

#[test]
fn chromium_audio() {
    let packet = hex("90ef1003d2d8a2ccc829db0c bede0003 227f9efa 31000140 3010ff00");
    let (header, values) = read(&chromium(), &packet);
    assert!(header.marker);
    assert_eq!((header.payload_type, header.sequence_number, header.ssrc), (111, 0x1003, 0xc829_db0c));
    assert_eq!(values.abs_send_time.unwrap().0, 0x7f_9efa);
    assert_eq!(values.transport_sequence, Some(TransportSequence(1)));
    assert_eq!(values.mid, Some(Mid("0")));
    assert_eq!(values.audio_level, Some(AudioLevel { voice: true, level: 127 }));
    assert_eq!(values.transport_number(), Some(1));
}

#[test]
fn chromium_key_frame() {
    let packet = hex(
        "90f6653088fdb6cb7266d567bede0008227fc7b531000640318306 060610d0007c010001000e000e0024000000000000",
    );
    let (_, values) = read(&chromium(), &packet);
    assert_eq!(values.transport_sequence, Some(TransportSequence(6)));
    assert_eq!(values.mid, Some(Mid("1")));
    assert_eq!(values.video_orientation.unwrap().rotation.degrees(), 0);
    // BT.601, limited range.
    let bt601 = ColorSpace {
        primaries: 6,
        transfer: 6,
        matrix: 6,
        range: 1,
        chroma_horizontal: 0,
        chroma_vertical: 0,
        hdr: None,
    };
    assert_eq!(values.color_space, Some(bt601));
    let timing = VideoTiming {
        flags: Some(1),
        encode_start_ms: 1,
        encode_finish_ms: 14,
        packetized_ms: 14,
        pacer_exit_ms: 36,
        network_ms: 0,
        network2_ms: 0,
    };
    assert_eq!(values.video_timing, Some(timing));
}

#[test]
fn chromium_padding_only() {
    let packet = hex("b0612165000000005b3bd679 bede0003 40313100 02227fb3 0c000000");
    let (header, values) = read(&chromium(), &packet);
    assert!(header.padding && !header.marker);
    assert_eq!((header.payload_type, header.timestamp), (97, 0));
    assert_eq!((values.mid, values.transport_sequence), (Some(Mid("1")), Some(TransportSequence(2))));
    assert_eq!(values.abs_send_time.unwrap().0, 0x7f_b30c);
}

#[test]
fn firefox_video() {
    let mut map = ExtensionMap::new();
    for (id, kind) in [
        (3, Extension::Mid),
        (4, Extension::AbsSendTime),
        (5, Extension::TransmissionOffset),
        (7, Extension::TransportSequence),
    ] {
        map.insert(kind, id).unwrap();
    }
    let packet = hex("90f7174e3be1ad5005ee8b3d bede0004 520013b0 42e12bbf 71000e30 31000000");
    let (header, values) = read(&map, &packet);
    assert_eq!((header.payload_type, header.ssrc), (119, 0x05ee_8b3d));
    assert_eq!(values.transmission_offset, Some(TransmissionOffset(0x13b0)));
    assert_eq!(values.transport_sequence, Some(TransportSequence(14)));
    assert_eq!((values.abs_send_time.unwrap().0, values.mid), (0xe1_2bbf, Some(Mid("1"))));
    assert_eq!(Elements::new(header.extension).count(), 4);
}

/// In a packet that cryptex protects the elements are there only after it was opened: what stands in clear is noise, and
/// must be read without harm.
#[test]
fn chromium_cryptex_in_cipher() {
    let packet = hex(
        "90f64796fd7d13562a28bc11c0de00081111ce2660c246349bf3754cedcba47b7154bec0a2d01c81c659264f2e781d64",
    );
    let (header, _) = read(&chromium(), &packet);
    assert_eq!(header.extension.unwrap().profile, 0xc0de);
    assert!(Elements::new(header.extension).count() <= 16);
}

#[test]
fn texts_and_bounds() {
    let mut map = chromium();
    map.insert(Extension::DependencyDescriptor, 12).unwrap();
    // rid "q", rrid with a space, a playout delay whose minimum is above its maximum, then a good one, which is too late.
    let packet =
        hex("90600001000000010000000a 1000 0006 0a0171 0b0220 71 0503 064 005 0503 001 002 0c03 c00001 0000");
    let (_, values) = read(&map, &packet);
    assert_eq!((values.rid, values.repaired_rid), (Some(Rid("q")), None::<RepairedRid<'_>>));
    assert_eq!(values.playout_delay, Some(PlayoutDelay { min_10ms: 1, max_10ms: 2 }));
    assert_eq!(values.dependency_descriptor, Some(&[0xc0, 0, 1][..]));
    assert!(DependencyDescriptor::parse(values.dependency_descriptor.unwrap(), None).is_err());
}

/// A receiver's feedback typed from the layouts of RFC 4585 §6.2.1 and §6.3.1 and draft-alvestrand-rmcat-remb-03 §2.2.
#[test]
fn feedback_by_its_layout() {
    let datagram = hex("80c90001 00000001 \
         81cd0003 00000001 cafebabe 00640003 \
         81ce0002 00000001 cafebabe \
         8fce0005 00000001 00000000 52454d42 0107a120 cafebabe");
    let packets: Vec<_> =
        Compound::parse(&datagram).unwrap().packets().map(|raw| Packet::parse(raw).unwrap()).collect();
    assert_eq!(packets.len(), 4);
    let Packet::Nack(Nack { sender: 1, media: 0xcafe_babe, .. }) = packets[1] else { panic!() };
    let Packet::Nack(nack) = packets[1] else { panic!() };
    assert_eq!(nack.sequence_numbers().collect::<Vec<_>>(), [100, 101, 102]);
    assert_eq!(packets[2], Packet::Pli(Pli { sender: 1, media: 0xcafe_babe }));
    let Packet::Remb(Remb { bit_rate, streams, .. }) = packets[3] else { panic!() };
    // Exponent 1, mantissa 0x3a120.
    assert_eq!((bit_rate, streams.iter().collect::<Vec<_>>()), (0x3a120 << 1, vec![0xcafe_babe]));
    let mut again = Vec::new();
    packets.iter().for_each(|packet| packet.write(&mut again).unwrap());
    assert_eq!(again, datagram);
}

/// What a browser sent in AV1 with three spatial and three temporal layers, a structure and the frames behind it, as captured by
/// others; the fields by appendix A of the AV1 RTP specification.
#[test]
fn captured_dependency_descriptors() {
    let key = hex(
        "c1017280081485214eafffaaaa863cf0430c10c302afc0aaa0063c00430010c002a000a80006000040001d954926e082b04a0941b820ac\
         1282503157f974000ca864330e222222eca8655304224230eca877530077004200ef008601df010d",
    );
    let read = DependencyDescriptor::parse(&key, None).unwrap();
    assert!(read.start_of_frame && read.end_of_frame);
    assert_eq!(read.frame_number, 0x0172);
    assert_eq!((read.frame.spatial, read.frame.temporal), (0, 0));
    assert!(read.frame.diffs.as_slice().is_empty(), "a key frame refers to nothing");
    let structure = read.structure.clone().unwrap();
    // The sizes stand behind everything else, and each is half of the next: who reads them so has read all of it.
    assert_eq!(structure.resolutions, [[119, 66], [239, 134], [479, 269]]);
    assert_eq!((structure.targets, structure.chains), (9, 3));
    let layers: Vec<_> = structure
        .templates
        .iter()
        .map(|template| (template.frame.spatial, template.frame.temporal))
        .collect();
    assert!(layers.is_sorted());
    let all: std::collections::BTreeSet<_> = layers.into_iter().collect();
    assert!(all.into_iter().eq((0..3).flat_map(|spatial| (0..3).map(move |temporal| (spatial, temporal)))));
    let mut out = Vec::new();
    read.write(None, &mut out).unwrap();
    assert_eq!(out, key, "the same bytes again");
    let mut number = 0x0172;
    for (packet, spatial, start, end) in [
        ("86017340fc", 1, true, false),
        ("46017340fc", 1, false, true),
        ("c3017540fc", 0, true, true),
        ("88017640fc", 1, true, false),
        ("48017640fc", 1, false, true),
        ("c2017840fc", 0, true, true),
        ("860173", 1, true, false),
        ("8b0174", 2, true, false),
        ("c30175", 0, true, true),
    ] {
        let bytes = hex(packet);
        let read = DependencyDescriptor::parse(&bytes, Some(&structure)).unwrap();
        assert_eq!(
            (read.frame.spatial, read.start_of_frame, read.end_of_frame),
            (spatial, start, end),
            "{packet}"
        );
        number = if packet.len() == 6 { number.min(0x0173) } else { number };
        assert!(read.frame_number >= number, "{packet}");
        number = read.frame_number;
        // Five bytes say which targets are active: six of nine.
        assert_eq!(read.active_targets.map(u32::count_ones), (bytes.len() == 5).then_some(6), "{packet}");
        let mut out = Vec::new();
        read.write(Some(&structure), &mut out).unwrap();
        assert_eq!(out, bytes);
    }
}
