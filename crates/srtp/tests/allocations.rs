//! No packet allocates, once its stream is known. A program of its own, since counting replaces the allocator.

use siskin_base::Packet;
use siskin_srtp::{Config, Cryptex, Key, Receiver, Sender, Suite};

fn rtp(number: u16) -> Vec<u8> {
    let mut packet = vec![0x92, 96];
    packet.extend(number.to_be_bytes());
    packet.extend([0; 4]);
    packet.extend([0, 0, 0, 5]);
    packet.extend([1; 8]);
    packet.extend(*b"\xbe\xde\0\x01\x10\xaa\0\0");
    packet.resize(1200, 7);
    packet
}

#[test]
fn a_packet_allocates_nothing() {
    for provider in [siskin_crypto::ring(), siskin_crypto::rustcrypto()] {
        for suite in Suite::ALL {
            for (cryptex, ids) in [(Cryptex::Off, vec![1]), (Cryptex::On, Vec::new())] {
                let config = Config { cryptex, encrypted_extensions: ids, ..Config::default() };
                let key = vec![1; suite.key_len()];
                let key = Key::derive(&provider, suite, &key, &vec![2; suite.salt_len()]).unwrap();
                let mut sender = Sender::new(&provider, suite, &key, &config).unwrap();
                let mut receiver = Receiver::new(&provider, suite, &[key], &config).unwrap();
                let report = [0x80, 201, 0, 1, 0, 0, 0, 5];
                let packets: Vec<Vec<u8>> = (0..200).map(rtp).collect();
                let mut packet = Packet::new();
                let mut round = |plain: &Vec<u8>| {
                    packet.clear();
                    packet.begin(0);
                    packet.append(plain);
                    sender.protect_rtp(&mut packet).unwrap();
                    let len = receiver.unprotect_rtp(packet.current_mut()).unwrap();
                    assert!(packet.current()[..len] == *plain);
                    receiver.unprotect_rtp(packet.current_mut()).unwrap_err();
                    packet.begin(0);
                    packet.append(&report);
                    sender.protect_rtcp(&mut packet).unwrap();
                    receiver.unprotect_rtcp(packet.current_mut()).unwrap();
                };
                let (first, rest) = packets.split_first().unwrap();
                round(first);
                let counted = allocation_counter::measure(|| rest.iter().for_each(&mut round));
                assert_eq!(counted.count_total, 0, "{provider:?} {suite:?} {cryptex:?}");
            }
        }
    }
}
