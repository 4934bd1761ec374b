//! The same bytes, read by `rtp-types` and `rtcp-types`: both must see the same.

use proptest::prelude::*;
use rtcp_types::prelude::*;
use rtcp_types::{Compound as Theirs, TwccPacketStatus};
use rtp_types::{RtpPacket, RtpPacketBuilder};
use siskin_base::RtpHeader;
use siskin_rtp::rtcp::{
    Bye, Compound, Fir, FirEntry, List, Nack, NtpTime, Packet, Pli, ReceiverReport, ReportBlock,
    SenderReport, TransportFeedbackWriter, XrBlock, pack_nacks, write_cname, write_extended_report,
};
use siskin_rtp::wire::{Header, pad};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rtp_that_we_write(
        marker: bool,
        payload_type in 0..128u8,
        sequence_number: u16,
        timestamp: u32,
        ssrc: u32,
        csrcs in prop::collection::vec(any::<u32>(), 0..16),
        elements in prop::collection::vec((1..15u8, prop::collection::vec(any::<u8>(), 1..17)), 0..4),
        payload in prop::collection::vec(any::<u8>(), 0..50),
        padding: u8,
    ) {
        let mut bytes = Vec::new();
        Header { marker, payload_type, sequence_number, timestamp, ssrc, csrcs: &csrcs }.write(&mut bytes, |w| {
            for (id, data) in &elements {
                assert!(w.element(*id, data));
            }
        });
        bytes.extend_from_slice(&payload);
        pad(&mut bytes, 0, padding);
        let theirs = RtpPacket::parse(&bytes).unwrap();
        prop_assert_eq!(theirs.marker_bit(), marker);
        prop_assert_eq!((theirs.payload_type(), theirs.sequence_number()), (payload_type, sequence_number));
        prop_assert_eq!((theirs.timestamp(), theirs.ssrc()), (timestamp, ssrc));
        prop_assert_eq!(theirs.csrc().collect::<Vec<_>>(), csrcs);
        prop_assert_eq!(theirs.payload(), &payload[..]);
        let ours = RtpHeader::parse(&bytes).unwrap();
        prop_assert_eq!(theirs.extension(), ours.extension.map(|extension| (extension.profile, extension.data)));
    }

    #[test]
    fn rtp_that_they_write(sequence in any::<u16>(), ssrc: u32, payload in prop::collection::vec(any::<u8>(), 0..50)) {
        let bytes = RtpPacketBuilder::<&[u8], &[u8]>::new()
            .payload_type(96)
            .sequence_number(sequence)
            .ssrc(ssrc)
            .add_csrc(7)
            .extension(0xbede, &[0x10, 1, 0, 0][..])
            .padding(3)
            .payload(&payload[..])
            .write_vec()
            .unwrap();
        let ours = RtpHeader::parse(&bytes).unwrap();
        prop_assert_eq!((ours.sequence_number, ours.ssrc, ours.payload_type), (sequence, ssrc, 96));
        prop_assert_eq!(ours.csrcs().collect::<Vec<_>>(), [7]);
        prop_assert_eq!(ours.payload(&bytes), Ok(&payload[..]));
    }

    /// Whatever bytes come: what they take for an RTP packet is one for us, with the same payload.
    #[test]
    fn rtp_of_any_bytes(mut bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        if let Some(first) = bytes.first_mut() {
            *first = *first & 0x3f | 0x80;
        }
        let theirs = RtpPacket::parse(&bytes).map(|packet| packet.payload().to_vec());
        let ours = RtpHeader::parse(&bytes).and_then(|header| header.payload(&bytes).map(<[u8]>::to_vec));
        if let Ok(theirs) = theirs {
            prop_assert_eq!(ours, Ok(theirs));
        }
    }

    #[test]
    fn reports_that_we_write(
        ssrc: u32,
        ntp: u64,
        counts: [u32; 3],
        blocks in prop::collection::vec(any::<([u32; 5], u8, u32)>(), 0..32),
    ) {
        let blocks: Vec<_> = blocks
            .into_iter()
            .map(|([ssrc, highest_sequence, jitter, last_sr, delay_since_last_sr], fraction_lost, lost)| ReportBlock {
                ssrc,
                fraction_lost,
                cumulative_lost: (lost & 0x7f_ffff) as i32,
                highest_sequence,
                jitter,
                last_sr,
                delay_since_last_sr,
            })
            .collect();
        let [rtp_timestamp, packet_count, octet_count] = counts;
        let report = SenderReport {
            ssrc,
            ntp: NtpTime(ntp),
            rtp_timestamp,
            packet_count,
            octet_count,
            blocks: List::new(&blocks),
            extension: &[],
        };
        let mut bytes = Vec::new();
        report.write(&mut bytes).unwrap();
        ReceiverReport { ssrc, blocks: List::new(&blocks), extension: &[] }.write(&mut bytes).unwrap();
        let mut theirs = Theirs::parse(&bytes).unwrap();
        let Some(Ok(rtcp_types::Packet::Sr(sr))) = theirs.next() else { panic!() };
        prop_assert_eq!((sr.ssrc(), sr.ntp_timestamp(), sr.rtp_timestamp()), (ssrc, ntp, rtp_timestamp));
        prop_assert_eq!((sr.packet_count(), sr.octet_count()), (packet_count, octet_count));
        let Some(Ok(rtcp_types::Packet::Rr(rr))) = theirs.next() else { panic!() };
        for list in [sr.report_blocks().collect::<Vec<_>>(), rr.report_blocks().collect()] {
            prop_assert_eq!(list.len(), blocks.len());
            for (theirs, ours) in list.iter().zip(&blocks) {
                prop_assert_eq!((theirs.ssrc(), theirs.fraction_lost()), (ours.ssrc, ours.fraction_lost));
                prop_assert_eq!(theirs.cumulative_lost(), ours.cumulative_lost as u32);
                prop_assert_eq!(theirs.extended_sequence_number(), ours.highest_sequence);
                prop_assert_eq!(theirs.interarrival_jitter(), ours.jitter);
                prop_assert_eq!(theirs.last_sender_report_timestamp(), ours.last_sr);
                prop_assert_eq!(theirs.delay_since_last_sender_report_timestamp(), ours.delay_since_last_sr);
            }
        }
        let read: Vec<_> = Compound::parse(&bytes).unwrap().packets().map(|raw| Packet::parse(raw).unwrap()).collect();
        prop_assert_eq!(read[0], Packet::SenderReport(report));
    }

    #[test]
    fn nacks_both_ways(numbers in prop::collection::btree_set(any::<u16>(), 1..40)) {
        let mut entries = Vec::new();
        pack_nacks(numbers.iter().copied(), &mut entries);
        let mut bytes = Vec::new();
        Nack { sender: 1, media: 2, entries: List::new(&entries) }.write(&mut bytes).unwrap();
        let feedback = rtcp_types::TransportFeedback::parse(&bytes).unwrap();
        prop_assert_eq!((feedback.sender_ssrc(), feedback.media_ssrc()), (1, 2));
        let theirs = feedback.parse_fci::<rtcp_types::Nack<'_>>().unwrap();
        prop_assert!(theirs.entries().eq(numbers.iter().copied()));

        let builder = numbers.iter().fold(rtcp_types::Nack::builder(), |builder, n| builder.add_rtp_sequence(*n));
        let mut theirs = vec![0; 1000];
        let len = rtcp_types::TransportFeedback::builder_owned(builder)
            .sender_ssrc(1)
            .media_ssrc(2)
            .write_into(&mut theirs)
            .unwrap();
        prop_assert_eq!(&theirs[..len], &bytes[..]);
    }

    #[test]
    fn transport_feedback_that_we_write(
        base: u16,
        start in 0..(1i64 << 31),
        arrivals in prop::collection::vec((0..40u16, -300..1_000i64), 1..200),
    ) {
        let mut writer = TransportFeedbackWriter::default();
        writer.begin(base, start);
        let (mut offset, mut ticks, mut expected) = (0, start, Vec::new());
        for (index, (gap, delta)) in arrivals.into_iter().enumerate() {
            offset += gap + u16::from(index > 0);
            ticks += if index > 0 { delta } else { 0 };
            if !writer.arrived(offset, ticks, 1_200) {
                break;
            }
            expected.push((base.wrapping_add(offset), ticks));
        }
        let mut bytes = Vec::new();
        writer.write(&mut bytes, 1, 2, 3).unwrap();
        prop_assert!(bytes.len() <= 1_200);
        let feedback = rtcp_types::TransportFeedback::parse(&bytes).unwrap();
        let theirs = feedback.parse_fci::<rtcp_types::Twcc<'_>>().unwrap();
        prop_assert_eq!((theirs.base_sequence_number(), theirs.feedback_packet_count()), (base, 3));
        let mut ticks = i64::from(theirs.reference_time()) * 256;
        let mut received = Vec::new();
        for packet in theirs.packets() {
            if let (number, TwccPacketStatus::Received { delta }) = packet.unwrap() {
                ticks += i64::from(delta);
                received.push((number, ticks));
            }
        }
        prop_assert_eq!(&received, &expected);
        let raw = Compound::parse(&bytes).unwrap().packets().next().unwrap();
        let Ok(Packet::TransportFeedback(ours)) = Packet::parse(raw) else { panic!() };
        let ours: Vec<_> = ours.packets().filter_map(|(number, at)| at.map(|at| (number, at))).collect();
        prop_assert_eq!(ours, expected);
    }

    /// What we read of bytes that both take for RTCP, they read as well.
    #[test]
    fn rtcp_of_any_bytes(mut bytes in prop::collection::vec(any::<u8>(), 8..60), kind in 200..208u8) {
        bytes.truncate(bytes.len() / 4 * 4);
        bytes[0] = bytes[0] & 0x1f | 0x80;
        (bytes[1], bytes[2], bytes[3]) = (kind, 0, (bytes.len() / 4 - 1) as u8);
        let ours = Packet::parse(Compound::parse(&bytes).unwrap().packets().next().unwrap());
        match (ours, rtcp_types::Packet::parse(&bytes)) {
            (Ok(Packet::Bye(ours)), Ok(rtcp_types::Packet::Bye(theirs))) => {
                prop_assert!(theirs.ssrcs().eq(ours.sources.iter()));
                prop_assert_eq!(theirs.reason().filter(|reason| !reason.is_empty()), ours.reason.filter(|reason| !reason.is_empty()));
            }
            (Ok(Packet::ReceiverReport(ours)), Ok(rtcp_types::Packet::Rr(theirs))) => {
                prop_assert_eq!((ours.ssrc, ours.blocks.len()), (theirs.ssrc(), theirs.report_blocks().count()));
            }
            (Ok(Packet::App(ours)), Ok(rtcp_types::Packet::App(theirs))) => {
                prop_assert_eq!((ours.ssrc, &ours.name[..]), (theirs.ssrc(), &theirs.name()[..]));
            }
            _ => {}
        }
    }
}

#[test]
fn the_rest_that_we_write() {
    let mut bytes = Vec::new();
    ReceiverReport { ssrc: 1, blocks: List::new(&[]), extension: &[] }.write(&mut bytes).unwrap();
    // Theirs takes the zeros in front of a small SSRC for the end of the chunk before.
    write_cname(&mut bytes, &[1 << 24, 2 << 24], b"siskin@example").unwrap();
    Pli { sender: 1, media: 9 }.write(&mut bytes).unwrap();
    let entries = [FirEntry { ssrc: 9, sequence_number: 200 }];
    Fir { sender: 1, entries: List::new(&entries) }.write(&mut bytes).unwrap();
    let blocks = [XrBlock::ReceiverReferenceTime(NtpTime(0x0102_0304_0506_0708))];
    write_extended_report(&mut bytes, 1, blocks).unwrap();
    Bye { sources: List::new(&[1, 2]), reason: Some(b"done") }.write(&mut bytes).unwrap();

    let packets: Vec<_> = Theirs::parse(&bytes).unwrap().map(Result::unwrap).collect();
    assert_eq!(packets.len(), 6);
    let rtcp_types::Packet::Sdes(sdes) = &packets[1] else { panic!() };
    let names: Vec<_> =
        sdes.chunks().flat_map(|chunk| chunk.items().map(|item| (item.type_(), item.value()))).collect();
    assert_eq!(names, [(1, &b"siskin@example"[..]), (1, b"siskin@example")]);
    let rtcp_types::Packet::PayloadFeedback(pli) = &packets[2] else { panic!() };
    assert!(pli.media_ssrc() == 9 && pli.parse_fci::<rtcp_types::Pli<'_>>().is_ok());
    let rtcp_types::Packet::PayloadFeedback(fir) = &packets[3] else { panic!() };
    let fir = fir.parse_fci::<rtcp_types::Fir<'_>>().unwrap();
    assert!(fir.entries().map(|entry| (entry.ssrc(), entry.sequence())).eq([(9, 200)]));
    let rtcp_types::Packet::Xr(xr) = &packets[4] else { panic!() };
    let block = xr.block_iter().next().unwrap();
    let time = block.parse_into::<rtcp_types::ReceiverReferenceTime<'_>>().unwrap();
    assert_eq!(time.ntp_timestamp(), 0x0102_0304_0506_0708);
    let rtcp_types::Packet::Bye(bye) = &packets[5] else { panic!() };
    assert!(bye.ssrcs().eq([1, 2]) && bye.reason() == Some(b"done"));
}
