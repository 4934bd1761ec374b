//! One suite over every provider: published vectors, Project Wycheproof, and each provider against the other.

mod aead;
mod certificate;
mod key_exchange;
mod mac;
mod signature;

use siskin_crypto::Provider;

#[cfg(feature = "aws-lc")]
fn providers() -> [Provider; 3] {
    [siskin_crypto::ring(), siskin_crypto::rustcrypto(), siskin_crypto::aws_lc()]
}

#[cfg(not(feature = "aws-lc"))]
fn providers() -> [Provider; 2] {
    [siskin_crypto::ring(), siskin_crypto::rustcrypto()]
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
}
