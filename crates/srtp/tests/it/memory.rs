//! What a peer that has the keys can make a receiver hold, by naming ever more streams. `cargo xtask memory` prints it.

use crate::key;
use allocation_counter::{measure, opt_out};
use siskin_base::Packet;
use siskin_srtp::{Config, Receiver, Sender, Suite};

const SUITE: Suite = Suite::AeadAes128Gcm;

/// What each stream of a receiver costs at most, with the windows of `config`: `Config::max_streams` has it.
fn stream(config: &Config) -> usize {
    220 + (config.rtp_window + config.rtcp_window) / 8
}

#[test]
fn streams_without_end() {
    let provider = siskin_crypto::ring();
    let held = [Config::default(), Config::small()].map(|config| {
        let unlimited = Config { max_streams: usize::MAX, ..config.clone() };
        let secret = key(&provider, SUITE, 1, &[]);
        let mut sender = Sender::new(&provider, SUITE, &secret, &unlimited).unwrap();
        let mut packet = Packet::new();
        let mut receiver = Receiver::new(&provider, SUITE, &[secret], &config).unwrap();
        let mut taken = 0;
        let held = measure(|| {
            for ssrc in 0..10_000_u32 {
                opt_out(|| {
                    packet.clear();
                    packet.begin(0);
                    packet.append(&[0x80, 96, 0, 1, 0, 0, 0, 0]);
                    packet.append(&ssrc.to_be_bytes());
                    sender.protect_rtp(&mut packet).unwrap();
                });
                taken += usize::from(receiver.unprotect_rtp(packet.current_mut()).is_ok());
                opt_out(|| {
                    packet.begin(0);
                    packet.append(&[0x80, 201, 0, 1]);
                    packet.append(&ssrc.to_be_bytes());
                    sender.protect_rtcp(&mut packet).unwrap();
                });
                let _one_too_many = receiver.unprotect_rtcp(packet.current_mut());
            }
        });
        assert_eq!(taken, config.max_streams);
        let (held, bound) = (held.bytes_max as usize, config.max_streams * stream(&config));
        assert!(held <= bound, "{held} bytes, where {bound} are allowed");
        held
    });
    println!("memory: SRTP: a packet and a report from each of 10,000 sources: {} {}", held[0], held[1]);
}
