//! Fragments in every order that a network can bring them.

use super::*;
use siskin_base::Rng;

fn fragment<'a>(sequence: u16, length: u32, offset: u32, body: &'a [u8]) -> Fragment<'a> {
    let kind = HandshakeType::CLIENT_HELLO;
    let fragment_length = body.len() as u32;
    let header = HandshakeHeader { kind, length, sequence, fragment_offset: offset, fragment_length };
    Fragment { header, body }
}

fn body(reassembly: &mut Reassembly) -> Option<Vec<u8>> {
    reassembly.next().map(|message| message.body().to_vec())
}

#[test]
fn fragments_may_come_in_any_order_overlap_and_repeat() {
    let message: Vec<u8> = (0..200).collect();
    for seed in 0..200 {
        let mut rng = Rng::for_tests(seed);
        let mut reassembly = Reassembly::new(1000, 1000);
        let whole = (0..10_000).find_map(|_| {
            let start = rng.below(201) as usize;
            let len = rng.below(201 - start as u64).min(40) as usize;
            reassembly.insert(0, &fragment(0, 200, start as u32, &message[start..start + len]));
            body(&mut reassembly)
        });
        assert_eq!(whole.as_deref(), Some(&message[..]), "seed {seed}");
    }
}

#[test]
fn messages_come_out_in_order() {
    let mut reassembly = Reassembly::new(1000, 1000);
    for sequence in [2, 1, 0] {
        assert_eq!(reassembly.insert(0, &fragment(sequence, 1, 0, &[sequence as u8])), Inserted::Kept);
    }
    assert_eq!(body(&mut reassembly), Some(vec![0]));
    assert_eq!(body(&mut reassembly), Some(vec![1]));
    assert_eq!(body(&mut reassembly), Some(vec![2]));
    assert_eq!(body(&mut reassembly), None);
    assert_eq!(reassembly.insert(0, &fragment(2, 1, 0, &[9])), Inserted::Old);
    assert_eq!(reassembly.insert(0, &fragment(3 + MESSAGES_AHEAD, 1, 0, &[9])), Inserted::Dropped);
}

#[test]
fn an_empty_message_is_whole_at_once() {
    let mut reassembly = Reassembly::new(1000, 1000);
    reassembly.insert(0, &fragment(0, 0, 0, &[]));
    assert_eq!(body(&mut reassembly), Some(vec![]));
}

#[test]
fn a_forged_length_does_not_freeze_the_handshake() {
    let mut reassembly = Reassembly::new(1000, 1000);
    reassembly.insert(0, &fragment(0, 999, 0, &[1, 2]));
    assert_eq!(reassembly.insert(0, &fragment(0, 2, 0, &[1, 2])), Inserted::Kept);
    assert_eq!(body(&mut reassembly), Some(vec![1, 2]));
}

#[test]
fn memory_is_bounded() {
    let mut reassembly = Reassembly::new(1000, 1500);
    assert_eq!(reassembly.insert(0, &fragment(0, 1001, 0, &[1])), Inserted::Oversized);
    assert_eq!(reassembly.insert(0, &fragment(1, 1001, 0, &[1])), Inserted::Dropped);
    assert_eq!(reassembly.insert(0, &fragment(1, 1000, 0, &[1])), Inserted::Kept);
    assert_eq!(reassembly.insert(0, &fragment(2, 1000, 0, &[1])), Inserted::Dropped);
    // The one that all wait for pushes the others out.
    assert_eq!(reassembly.insert(0, &fragment(0, 1000, 0, &[1])), Inserted::Kept);
    assert!(reassembly.held <= 1500);
}

#[test]
fn gaps_are_bounded() {
    let mut reassembly = Reassembly::new(1000, 1000);
    for i in 0..500 {
        reassembly.insert(0, &fragment(0, 1000, 2 * i, &[1]));
    }
    assert!(reassembly.partial[&0].missing.len() <= MAX_GAPS);
    reassembly.insert(0, &fragment(0, 1000, 0, &[7; 1000]));
    assert_eq!(body(&mut reassembly), Some(vec![7; 1000]));
}

#[test]
fn a_fragment_lies_within_its_message() {
    let mut bytes = fragment(0, 10, 8, &[1, 2, 3]).header.to_bytes().to_vec();
    bytes.extend([1, 2, 3]);
    assert_eq!(Fragment::parse(&mut Reader::new(&bytes)), Err(Malformed));
    bytes[8] = 7;
    assert!(Fragment::parse(&mut Reader::new(&bytes)).is_ok_and(|fragment| fragment.is_last()));
}
