//! Bytes that others sent.

use siskin_sctp::wire::{Chunk, Packet, ParamType, Params, seal, write_header};

/// An SCTP association between Chromium 156 ("O") and Firefox 153 ("I"), as Chromium logs it.
const TRACE: &str = include_str!("../vectors/chromium156-firefox153.sctp.text2pcap");

fn packets() -> Vec<Vec<u8>> {
    TRACE
        .lines()
        .map(|line| {
            let bytes = line.split_whitespace().skip(3).take_while(|word| *word != "#");
            bytes.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
        })
        .collect()
}

#[test]
fn what_browsers_send_reads_and_writes_the_same() {
    let packets = packets();
    assert_eq!(packets.len(), 15);
    for bytes in packets {
        let packet = Packet::parse(&bytes, false).expect("their checksum fits ours");
        let mut out = Vec::new();
        write_header(&mut out, packet.source_port, packet.destination_port, packet.verification_tag);
        for raw in packet.chunks {
            let chunk = Chunk::parse(raw.unwrap()).unwrap();
            assert!(!matches!(chunk, Chunk::Unknown(_)), "{chunk:?}");
            chunk.write(&mut out).unwrap();
        }
        seal(&mut out);
        assert_eq!(out, bytes);
    }
}

#[test]
fn what_browsers_offer() {
    let offers: Vec<_> = packets()
        .iter()
        .filter_map(|bytes| {
            match Chunk::parse(Packet::parse(bytes, false).unwrap().chunks.next()?.unwrap()) {
                Ok(Chunk::Init(init)) => {
                    let params: Params<'_> = init.params;
                    Some((
                        init.a_rwnd,
                        init.outbound_streams,
                        params.map(|p| p.unwrap().kind).collect::<Vec<_>>(),
                    ))
                }
                _ => None,
            }
        })
        .collect();
    let params = vec![ParamType::FORWARD_TSN_SUPPORTED, ParamType::SUPPORTED_EXTENSIONS];
    assert_eq!(offers, [(5 << 20, 65535, params.clone()), (16 << 20, 65535, params)]);
}

#[test]
fn rfc9260_6_8_a_flipped_bit_is_seen() {
    for bytes in packets() {
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Packet::parse(&bytes, false).is_err());
        }
    }
}

#[test]
fn rfc9653_a_zero_checksum_passes_only_if_allowed() {
    let mut bytes = packets().swap_remove(0);
    bytes[8..12].fill(0);
    assert!(Packet::parse(&bytes, true).is_ok());
    assert!(Packet::parse(&bytes, false).is_err());
}
