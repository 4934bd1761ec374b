//! STUN messages against published vectors, real browsers and chance.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod browsers;
mod round_trips;
mod rules;
mod vectors;

/// Bytes of a hexadecimal text in which `#` starts a comment.
fn hex(text: &str) -> Vec<u8> {
    let digits = text.lines().filter_map(|line| line.split('#').next()).flat_map(str::chars);
    let digits: Vec<u8> = digits
        .filter(|digit| !digit.is_whitespace())
        .map(|digit| digit.to_digit(16).unwrap() as u8)
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
