//! Two of ours: opening, transfer, closing.

use crate::pair::Pair;
use siskin_sctp::{Config, Event};

#[test]
fn opens_from_one_side() {
    let pair = Pair::connected();
    assert!(pair.ends.iter().all(|end| end.association.is_connected()));
}

#[test]
fn rfc9260_5_2_1_opens_from_both_sides_at_once() {
    let mut pair = Pair::new(Config::default(), Config::default());
    for end in &mut pair.ends {
        end.association.connect(pair.now).unwrap();
    }
    pair.run(100);
    for end in &pair.ends {
        assert_eq!(end.events, [Event::Connected]);
    }
}

#[test]
fn opens_by_signalling() {
    let mut pair = Pair::new(Config::default(), Config::default());
    let inits = [0, 1].map(|i| pair.ends[i].association.local_init());
    for (end, init) in pair.ends.iter_mut().zip(inits.iter().rev()) {
        end.association.start(pair.now, init).unwrap();
    }
    pair.send(0, 1, "hi");
    pair.run(15);
    assert_eq!(&pair.ends[1].messages()[0].data[..], b"hi");
}

#[test]
fn messages_of_all_sizes_arrive_in_order() {
    let mut pair = Pair::connected();
    let sizes = [1, 2, 3, 4, 1162, 1163, 1164, 1165, 5000, 262_144];
    for (from, stream) in [(0, 1), (1, 7)] {
        for (i, size) in sizes.into_iter().enumerate() {
            pair.send(from, stream, vec![i as u8; size]);
        }
    }
    pair.run(5000);
    for end in &pair.ends {
        let got: Vec<_> = end.messages().iter().map(|m| (m.data[0] as usize, m.data.len())).collect();
        assert_eq!(got, sizes.into_iter().enumerate().collect::<Vec<_>>());
    }
}

#[test]
fn rfc9260_9_2_shutdown_delivers_what_was_queued() {
    let mut pair = Pair::connected();
    pair.send(0, 1, vec![1; 200_000]);
    pair.send(1, 1, vec![2; 200_000]);
    let now = pair.now;
    pair.ends[0].association.shutdown(now).unwrap();
    pair.run(5000);
    for end in &pair.ends {
        assert_eq!(end.messages()[0].data.len(), 200_000);
        assert!(end.closed(), "{:?}", end.events.last());
    }
}
