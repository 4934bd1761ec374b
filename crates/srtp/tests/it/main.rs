//! Published vectors, and what a sender and a receiver do with each other.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod contexts;
mod keys;
mod memory;
mod vectors;

use siskin_crypto::Provider;
use siskin_srtp::{Config, Key, Receiver, Sender, Suite};

fn providers() -> [Provider; 2] {
    [siskin_crypto::ring(), siskin_crypto::rustcrypto()]
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
}

/// A key of `suite`, made from a number.
fn key(provider: &Provider, suite: Suite, seed: u8, mki: &[u8]) -> Key {
    let (key, salt) = (vec![seed; suite.key_len()], vec![seed ^ 0x55; suite.salt_len()]);
    Key::derive_with_mki(provider, suite, &key, &salt, mki).unwrap()
}

fn pair(provider: &Provider, suite: Suite, config: &Config) -> (Sender, Receiver) {
    let key = key(provider, suite, 7, &[]);
    (
        Sender::new(provider, suite, &key, config).unwrap(),
        Receiver::new(provider, suite, &[key], config).unwrap(),
    )
}

/// An RTP packet without anything that need not be.
fn rtp(ssrc: u32, sequence_number: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, 96];
    packet.extend(sequence_number.to_be_bytes());
    packet.extend([0, 0, 0x12, 0x34]);
    packet.extend(ssrc.to_be_bytes());
    packet.extend(payload);
    packet
}

/// An empty receiver report and whatever follows.
fn rtcp(ssrc: u32, rest: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, 201, 0, 1];
    packet.extend(ssrc.to_be_bytes());
    packet.extend(rest);
    packet
}

/// What protection makes of `packet`.
fn protect(
    sender: &mut Sender,
    packet: &[u8],
    with: fn(&mut Sender, &mut [u8], usize) -> Result<usize, siskin_srtp::Refused>,
) -> Result<Vec<u8>, siskin_srtp::Refused> {
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + Sender::MAX_OVERHEAD, 0xee);
    let len = with(sender, &mut buffer, packet.len())?;
    assert!(buffer[len..].iter().all(|byte| *byte == 0xee), "wrote behind the packet");
    buffer.truncate(len);
    Ok(buffer)
}

/// What unprotection makes of `packet`.
fn unprotect(
    receiver: &mut Receiver,
    packet: &[u8],
    with: fn(&mut Receiver, &mut [u8]) -> Result<usize, siskin_srtp::Dropped>,
) -> Result<Vec<u8>, siskin_srtp::Dropped> {
    let mut packet = packet.to_vec();
    let len = with(receiver, &mut packet)?;
    packet.truncate(len);
    Ok(packet)
}
