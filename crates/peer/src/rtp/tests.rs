//! Streams and the sections that they are for.

use super::*;
use crate::media::{Codec, CodecParameters, HeaderExtension, TrackKind, uri};
use siskin_base::Packet;
use siskin_rtp::extension::{Mid, TransportSequence};
use siskin_rtp::payload::{Format, Packetizer, h264};
use siskin_rtp::wire::Header;
use siskin_sdp::{Direction, Feedback};

/// A section that receives Opus under 111, as all of them do.
fn section(id: u32) -> Parameters {
    let opus = Codec::new("audio/opus", 48_000).channels(2);
    let direction = Direction::SendRecv;
    let extensions = alloc::vec![HeaderExtension { id: 4, uri: uri::MID.into(), direction }];
    Parameters {
        transceiver: TransceiverId(id),
        kind: TrackKind::Audio,
        mid: alloc::format!("{id}"),
        sends: false,
        receives: true,
        send_codecs: Vec::new(),
        receive_codecs: alloc::vec![CodecParameters { payload_type: 111, codec: opus, feedback: Vec::new() }],
        extensions: [extensions, Vec::new()],
        numbered: [false, false],
        sources: (1, 2),
        encodings: Vec::new(),
        named: false,
        remote_sources: Vec::new(),
        reduced_size: true,
        answers_clocks: false,
        cryptex: (false, false),
    }
}

/// The section of stream 7 once a packet with that number and MID has come.
fn after(rtp: &mut Rtp, number: u16, mid: &str) -> Option<u32> {
    let mut packet = Vec::new();
    let header = Header { ssrc: 7, sequence_number: number, payload_type: 111, ..Header::default() };
    let extensions = rtp.extensions.clone();
    header.write(&mut packet, |writer| _ = writer.value(&extensions, &Mid(mid)));
    packet.push(0xfc);
    rtp.handle_rtp(Instant::ZERO, &packet);
    rtp.incoming.get(&7).map(|stream| stream.transceiver().0)
}

/// The newest packet with a MID says where its stream belongs, not the first one, and none that was overtaken.
#[test]
fn rfc9143_9_2_a_stream_moves_with_its_mid() {
    let config = Config::new(siskin_crypto::rustcrypto());
    let mut rtp = Rtp::new(&config, Rng::for_tests(1), Instant::ZERO, "a");
    rtp.configure(Instant::ZERO, alloc::vec![section(0), section(1)]);
    assert_eq!(after(&mut rtp, 10, "0"), Some(0));
    assert_eq!(after(&mut rtp, 12, "1"), Some(1));
    assert_eq!(after(&mut rtp, 11, "0"), Some(1));
    assert_eq!(rtp.session.receiver(7).map(|receiver| receiver.stats().packets_received), Some(3));
    // A MID that nobody has is for nobody, and changes nothing.
    assert_eq!(after(&mut rtp, 13, "9"), Some(1));
    assert_eq!(rtp.counts().unroutable, 1);
    assert_eq!(after(&mut rtp, 14, "0"), Some(0));
}

/// A number over all streams counts where it was negotiated for the section, whatever other sections have.
#[test]
fn numbers_are_read_where_they_were_negotiated() {
    let config = Config::new(siskin_crypto::rustcrypto());
    let mut numbered = section(0);
    let (uri, direction) = (uri::TRANSPORT_WIDE_CC.into(), Direction::SendRecv);
    numbered.extensions[0].push(HeaderExtension { id: 3, uri, direction });
    numbered.numbered = [true, false];
    numbered.receive_codecs[0].feedback.push(Feedback::TransportCc);
    for (mid, reported) in [("0", true), ("1", false)] {
        let mut rtp = Rtp::new(&config, Rng::for_tests(1), Instant::ZERO, "a");
        rtp.configure(Instant::ZERO, alloc::vec![numbered.clone(), section(1)]);
        let extensions = rtp.extensions.clone();
        for number in 0..20 {
            let mut packet = Vec::new();
            let header = Header { ssrc: 7, sequence_number: number, payload_type: 111, ..Header::default() };
            header.write(&mut packet, |writer| {
                writer.value(&extensions, &Mid(mid));
                writer.value(&extensions, &TransportSequence(number));
            });
            packet.push(0xfc);
            rtp.handle_rtp(Instant::ZERO, &packet);
        }
        assert_eq!(rtp.counts().taken, 20);
        let (mut out, mut found) = (Packet::new(), false);
        for now in (0..10_000).step_by(20).map(Instant::from_millis) {
            rtp.session.handle_timeout(now);
            out.begin(0);
            if rtp.session.poll_transmit(now, &mut out) {
                // Feedback of RTP, of that format, padded or not.
                found |= out.current().windows(2).any(|start| start[0] & 0xdf == 0x8f && start[1] == 205);
            }
            out.cancel();
        }
        assert_eq!(found, reported, "{mid}");
    }
}

#[test]
fn rfc6184_8_1_without_a_packetization_mode_a_packet_is_a_unit() {
    for (fmtp, expected) in [
        (None, h264::Mode::SingleNalUnit),
        (Some("packetization-mode=0;profile-level-id=42e01f"), h264::Mode::SingleNalUnit),
        (Some("packetization-mode=1;profile-level-id=42e01f"), h264::Mode::NonInterleaved),
    ] {
        let codec = Codec::new("video/H264", 90_000);
        let codec = fmtp.iter().fold(codec, |codec, fmtp| codec.fmtp(fmtp));
        let made = outgoing::packetizer(&codec, Format::H264, &mut Rng::for_tests(1));
        assert!(matches!(made, Packetizer::H264(mode) if mode == expected), "{fmtp:?}");
    }
}
