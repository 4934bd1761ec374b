//! Messages come out whole and in order, however their fragments arrive.

use super::*;
use crate::wire::DataFlags;
use proptest::prelude::*;

/// Fragments of messages, `(stream, unordered, fragments)`, with consecutive TSNs from 1; each byte tells its message.
fn fragments(messages: &[(u16, bool, usize)]) -> Vec<(u64, Vec<u8>, DataFlags, u16, u16)> {
    let mut ssns = BTreeMap::<u16, u16>::new();
    let mut out = Vec::new();
    for (i, &(stream, unordered, count)) in messages.iter().enumerate() {
        let ssn = ssns.entry(stream).or_default();
        for fragment in 0..count {
            let flags = DataFlags {
                begin: fragment == 0,
                end: fragment + 1 == count,
                unordered,
                ..DataFlags::default()
            };
            out.push((out.len() as u64 + 1, [i as u8, fragment as u8].to_vec(), flags, stream, *ssn));
        }
        if !unordered {
            *ssn += 1;
        }
    }
    out
}

fn feed(reassembly: &mut Reassembly, fragment: &(u64, Vec<u8>, DataFlags, u16, u16)) -> Vec<Message> {
    let (tsn, payload, flags, stream, ssn) = fragment;
    let mut out = VecDeque::new();
    let data = Data { flags: *flags, tsn: *tsn as u32, stream: *stream, ssn: *ssn, ppid: 51, payload };
    reassembly.insert(*tsn, &data, true, &mut out);
    out.into()
}

#[test]
fn a_hole_on_one_stream_does_not_hold_up_another() {
    let all = fragments(&[(1, false, 2), (2, false, 1), (1, false, 1)]);
    let mut reassembly = Reassembly::default();
    assert!(feed(&mut reassembly, &all[0]).is_empty());
    assert_eq!(feed(&mut reassembly, &all[2])[0].stream, 2);
    assert!(feed(&mut reassembly, &all[3]).is_empty(), "waits for the first message of stream 1");
    let both = feed(&mut reassembly, &all[1]);
    assert_eq!(both.iter().map(|message| message.data[0]).collect::<Vec<_>>(), [0, 2]);
    assert_eq!(reassembly.held(), 0);
}

#[test]
fn rfc3758_3_6_skipping_delivers_what_waited() {
    let all = fragments(&[(1, false, 3), (1, false, 1), (1, false, 1)]);
    let mut reassembly = Reassembly::default();
    feed(&mut reassembly, &all[0]);
    feed(&mut reassembly, &all[3]);
    feed(&mut reassembly, &all[4]);
    let mut out = VecDeque::new();
    reassembly.skip(3, [SkippedStream { stream: 1, ssn: 0 }].into_iter(), &mut out);
    assert_eq!(out.iter().map(|message| message.data[0]).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(reassembly.held(), 0);
}

proptest! {
    #[test]
    fn any_order_of_arrival_gives_the_same_messages(
        messages in proptest::collection::vec((0u16..3, any::<bool>(), 1usize..6), 1..12),
        order in any::<u64>(),
    ) {
        let mut all = fragments(&messages);
        let mut rng = siskin_base::Rng::for_tests(order);
        for i in (1..all.len()).rev() {
            all.swap(i, rng.below(i as u64 + 1) as usize);
        }
        let mut reassembly = Reassembly::default();
        let out: Vec<Message> = all.iter().flat_map(|fragment| feed(&mut reassembly, fragment)).collect();
        prop_assert_eq!(reassembly.held(), 0);
        prop_assert_eq!(out.len(), messages.len());
        for stream in 0..3 {
            let ordered: Vec<u8> =
                out.iter().filter(|m| m.stream == stream && !m.unordered).map(|m| m.data[0]).collect();
            prop_assert!(ordered.is_sorted());
        }
        for message in out {
            let (_, _, count) = messages[usize::from(message.data[0])];
            let expected: Vec<u8> = (0..count as u8).flat_map(|fragment| [message.data[0], fragment]).collect();
            prop_assert_eq!(&message.data[..], &expected[..]);
        }
    }
}
