//! What leaves when.

use super::*;
use alloc::vec::Vec;

fn rates(kbps: u64) -> Rates {
    Rates { target: Rate::from_kbps(kbps), pacing: Rate::from_kbps(kbps) }
}

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

/// Runs until `end`; when what left.
fn run(pacer: &mut Pacer<u32>, mut now: Instant, end: Instant) -> Vec<(u64, Ready<u32>)> {
    let mut left = Vec::new();
    loop {
        while let Some(ready) = pacer.poll_transmit(now) {
            left.push((now.as_millis(), ready));
        }
        match pacer.poll_timeout().map(|due| due.max(now + Duration::from_nanos(1))) {
            Some(due) if due <= end => now = due,
            _ => return left,
        }
        pacer.handle_timeout(now);
    }
}

#[test]
fn packets_leave_at_the_rate_and_sound_at_once() {
    // 800 kbit/s are 100 bytes in a millisecond.
    let mut pacer = Pacer::new(PacerConfig::default(), rates(800), at(0));
    for number in 0..10 {
        pacer.push(at(0), Kind::Video, 1_000, number).unwrap();
    }
    pacer.push(at(0), Kind::Retransmission, 1_000, 10).unwrap();
    pacer.push(at(0), Kind::Audio, 100, 11).unwrap();
    let first = run(&mut pacer, at(0), at(30));
    pacer.push(at(30), Kind::Audio, 100, 12).unwrap();
    let rest = run(&mut pacer, at(30), at(500));
    let order: Vec<_> = first
        .iter()
        .chain(&rest)
        .map(|(time, ready)| match ready {
            Ready::Packet { packet, .. } => (*packet, *time),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        order.iter().map(|(packet, _)| *packet).collect::<Vec<_>>(),
        [11, 10, 0, 1, 2, 12, 3, 4, 5, 6, 7, 8, 9]
    );
    let times: Vec<_> = order.iter().map(|(_, time)| *time).collect();
    assert_eq!(times.first(), Some(&0));
    // 11,200 bytes take 112 ms, less the last packet and a burst.
    assert!((90..=105).contains(times.last().unwrap()), "{times:?}");
    assert!(times.windows(2).skip(2).all(|pair| pair[1] - pair[0] <= 12), "{times:?}");
    assert_eq!((pacer.len(), pacer.bytes(), pacer.poll_timeout()), (0, 0, None));
}

#[test]
fn a_long_queue_makes_haste() {
    let mut pacer = Pacer::new(PacerConfig::default(), rates(80), at(0));
    // 10 kB/s would take 100 s.
    for number in 0..1_000 {
        pacer.push(at(0), Kind::Video, 1_000, number).unwrap();
    }
    let left = run(&mut pacer, at(0), at(30_000));
    assert_eq!(left.len(), 1_000);
}

#[test]
fn what_waits_is_bounded() {
    for config in [PacerConfig::default(), PacerConfig::small()] {
        let PacerConfig { max_packets, max_bytes, .. } = config;
        for size in [1, max_bytes / max_packets, 1_500, 60_000] {
            let mut pacer = Pacer::new(config, rates(80), at(0));
            let all = 10_000_u32;
            let taken = (0..all).filter(|n| {
                pacer
                    .push(at(0), [Kind::Audio, Kind::Video, Kind::Retransmission][*n as usize % 3], size, *n)
                    .is_ok()
            });
            let taken = taken.count();
            assert_eq!(taken, max_packets.min(max_bytes / size), "{size}");
            assert_eq!((pacer.len(), pacer.bytes()), (taken, taken * size));
            assert_eq!(pacer.stats().refused, u64::from(all) - taken as u64);
        }
    }
    let mut pacer = Pacer::new(PacerConfig::small(), rates(80), at(0));
    (0..128).for_each(|number| pacer.push(at(0), Kind::Video, 100, number).unwrap());
    pacer.retain(|kind, packet| kind == Kind::Video && *packet < 10);
    assert_eq!((pacer.len(), pacer.bytes()), (10, 1_000));
    assert_eq!(pacer.push(at(0), Kind::Video, usize::MAX, 1), Err(1));
}

#[test]
fn a_probe_is_filled_with_padding() {
    let mut pacer = Pacer::new(PacerConfig::default(), rates(300), at(0));
    let probe = Probe { id: 7, rate: Rate::from_kbps(1_600), bytes: 8_000, packets: 5 };
    pacer.start_probe(at(0), probe);
    // Nothing was sent yet: nothing happens.
    assert_eq!((pacer.poll_transmit(at(1)), pacer.poll_timeout()), (None, None));
    for number in 0..3 {
        pacer.push(at(10), Kind::Video, 1_000, number).unwrap();
    }
    let left = run(&mut pacer, at(10), at(1_000));
    let bytes: usize = left.iter().map(|(_, ready)| ready.size()).sum();
    assert!(left.iter().all(|(_, ready)| ready.probe() == Some(7)));
    assert_eq!((bytes, pacer.stats().padding), (8_000, 5_000));
    // 200 bytes in a millisecond.
    let times: Vec<_> = left.iter().map(|(time, _)| *time).collect();
    assert_eq!(times, [10, 15, 20, 25, 30, 35, 40, 45]);
}

#[test]
fn a_probe_without_padding_waits_for_media_only_so_long() {
    let config = PacerConfig { padding: false, ..PacerConfig::default() };
    let mut pacer = Pacer::new(config, rates(300), at(0));
    pacer.start_probe(at(0), Probe { id: 1, rate: Rate::from_kbps(1_600), bytes: 8_000, packets: 5 });
    pacer.push(at(0), Kind::Video, 1_000, 0).unwrap();
    assert_eq!(run(&mut pacer, at(0), at(500)).len(), 1);
    assert_eq!(pacer.poll_timeout(), Some(at(1_000)));
    pacer.push(at(1_500), Kind::Video, 1_000, 1).unwrap();
    let left = run(&mut pacer, at(1_500), at(2_000));
    assert!(matches!(left[..], [(1_500, Ready::Packet { probe: None, .. })]), "{left:?}");
}

#[test]
fn no_rate_is_no_packet_and_no_panic() {
    let config = PacerConfig { max_delay: Duration::MAX, ..PacerConfig::default() };
    let mut pacer = Pacer::new(config, Rates { target: Rate::ZERO, pacing: Rate::ZERO }, at(0));
    for number in 0..3 {
        pacer.push(at(0), Kind::Video, 1_000, number).unwrap();
    }
    assert_eq!(run(&mut pacer, at(0), at(3_600_000)).len(), 1);
}
