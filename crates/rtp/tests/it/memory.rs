//! What the other side can make a session, and what stands beside it, hold. `cargo xtask memory` prints it.

use allocation_counter::{measure, opt_out};
use core::time::Duration;
use siskin_base::{Instant, Rng, RtpHeader};
use siskin_rtp::feedback::{Arrivals, ArrivalsConfig, SentPackets};
use siskin_rtp::jitter::{JitterBuffer, JitterConfig};
use siskin_rtp::nack::{GeneratorConfig, NackGenerator};
use siskin_rtp::payload::Format;
use siskin_rtp::session::{Config, SenderConfig, Session};

const NOW: Instant = Instant::from_millis(1);

fn print(what: &str, held: [usize; 2], bounds: [usize; 2]) {
    for (held, bound) in held.into_iter().zip(bounds) {
        assert!(held <= bound, "{what}: {held} bytes, where {bound} are allowed");
    }
    println!("memory: RTP: {what}: {} {}", held[0], held[1]);
}

/// The most bytes on the heap from the session's making until the attack was over; events are taken only then.
fn attack(what: &str, bound: impl Fn(&Config) -> usize, attack: impl Fn(&mut Session, u32)) {
    let configs = [Config::default(), Config::small()];
    let held = configs.clone().map(|config| {
        let held = measure(|| {
            let mut session = Session::new(config, Rng::for_tests(1), Instant::ZERO);
            let ours = session.add_sender(Instant::ZERO, SenderConfig { ssrc: Some(7), clock_rate: 90_000 });
            attack(&mut session, ours.unwrap());
        });
        held.bytes_max as usize
    });
    print(what, held, configs.map(|config| bound(&config) + 4_000));
}

fn rtp(ssrc: u32, number: u16) -> Vec<u8> {
    let [high, low] = number.to_be_bytes();
    [&[0x80, 96, high, low, 0, 0, 0, 0][..], &ssrc.to_be_bytes(), b"payload"].concat()
}

/// A source description with the longest name there is.
fn description(ssrc: u32) -> Vec<u8> {
    let mut out = vec![0x80, 201, 0, 1, 0, 0, 0, 9, 0x81, 202, 0, 66];
    out.extend(ssrc.to_be_bytes());
    out.extend([1, 255]);
    out.extend([b'n'; 255]);
    out.extend([0; 3]);
    out
}

#[test]
fn sources_with_long_names() {
    attack(
        "10,000 sources with the longest names",
        |config| config.max_receivers * 900,
        |session, _| {
            for ssrc in 100..10_100 {
                let (mut packet, mut sdes) = (Vec::new(), Vec::new());
                opt_out(|| (packet, sdes) = (rtp(ssrc, 1), description(ssrc)));
                let header = RtpHeader::parse(&packet).unwrap();
                let _refused = session.handle_rtp(NOW, &packet, &header, 90_000, None);
                session.handle_rtcp(NOW, &sdes);
                opt_out(|| drop((packet, sdes)));
            }
            let named =
                session.receivers().filter(|receiver| receiver.cname().is_some_and(|name| name.len() == 255));
            assert!(named.count() == session.receivers().count() && session.receivers().count() > 1);
        },
    );
}

#[test]
fn requests_that_nobody_reads() {
    attack(
        "10,000 requests for packets, not read",
        |config| config.max_events * 100,
        |session, ours| {
            let [a, b, c, d] = ours.to_be_bytes();
            for _ in 0..10_000 {
                session.handle_rtcp(NOW, &[0x81, 205, 0, 3, 0, 0, 0, 9, a, b, c, d, 0, 1, 0xff, 0xff]);
            }
            assert!(session.stats().events_dropped > 0);
        },
    );
}

#[test]
fn clocks_of_many_receivers() {
    attack(
        "clocks of 10,000 receivers (RFC 3611)",
        |config| config.max_receivers * 100,
        |session, _| {
            for ssrc in 100..10_100_u32 {
                let [a, b, c, d] = ssrc.to_be_bytes();
                session.handle_rtcp(NOW, &[0x80, 207, 0, 4, a, b, c, d, 4, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1]);
            }
        },
    );
}

/// Numbers ever further apart, each of which leaves a gap.
#[test]
fn gaps() {
    let configs = [GeneratorConfig::default(), GeneratorConfig::small()];
    let held = configs.map(|config| {
        let held = measure(|| {
            let mut generator = NackGenerator::new(config);
            (0..100_000).for_each(|n| _ = generator.received(NOW, n * 37));
            assert_eq!(generator.missing(), config.max_missing);
        });
        held.bytes_max as usize
    });
    print("gaps in one stream", held, configs.map(|config| config.max_missing * 80 + 1_000));
}

#[test]
fn arrivals_that_nobody_reports() {
    let configs = [ArrivalsConfig::default(), ArrivalsConfig::small()];
    let held = configs.map(|config| {
        let held = measure(|| {
            let mut arrivals = Arrivals::new(config);
            (0..100_000_u32).for_each(|n| arrivals.received(NOW, (n * 3) as u16));
        });
        held.bytes_max as usize
    });
    print("arrivals that wait to be reported", held, configs.map(|config| config.max_pending * 50 + 1_000));
}

/// Frames that never become whole, in packets as long as they come, and in the shortest.
#[test]
fn frames_without_end() {
    for (what, payload) in
        [("frames without end, long packets", 1_200), ("frames without end, short packets", 10)]
    {
        let configs = [JitterConfig::video(Format::Vp8), JitterConfig::video(Format::Vp8).small()];
        let held = configs.map(|config| {
            let payload = vec![0x10; payload];
            let held = measure(|| {
                let mut buffer = JitterBuffer::new(config);
                for n in 0..6_000_u64 {
                    // One in ten is missing, and none is the last of its frame.
                    if n % 10 != 3 {
                        buffer.insert(
                            NOW + Duration::from_millis(n),
                            n,
                            n as u32 / 7 * 3000,
                            96,
                            false,
                            &payload,
                        );
                    }
                }
                assert!(buffer.len() <= config.max_packets && buffer.bytes() <= config.max_bytes);
            });
            held.bytes_max as usize
        });
        print(what, held, configs.map(|config| 2 * config.max_bytes + config.max_packets * 300 + 10_000));
    }
}

/// A stranger without keys, where nothing vouches for packets, needs several in a row to be believed.
#[test]
fn sources_that_are_not_in_order_are_not_kept() {
    let mut session =
        Session::new(Config { in_order: 3, ..Config::default() }, Rng::for_tests(1), Instant::ZERO);
    let mut accepted = |number| {
        let packet = rtp(9, number);
        session.handle_rtp(NOW, &packet, &RtpHeader::parse(&packet).unwrap(), 90_000, None).is_ok()
    };
    assert_eq!([5, 6, 8, 9, 10, 11].map(&mut accepted), [false, false, false, false, true, true]);
}

#[test]
fn what_we_send_and_ask_for() {
    for config in [Config::default(), Config::small()] {
        let (senders, nacks) = (config.max_senders, config.max_nacks);
        let mut session = Session::new(config, Rng::for_tests(1), Instant::ZERO);
        let sender = |ssrc| SenderConfig { ssrc: Some(ssrc), clock_rate: 90_000 };
        let added = (0..1_000).filter(|ssrc| session.add_sender(NOW, sender(*ssrc)).is_ok());
        assert_eq!(added.count(), senders);
        session.request_packets(5, 0..2_000);
        assert_eq!(session.stats().feedback_dropped, 2_000 - nacks as u64);
    }
}

#[test]
fn packets_kept_for_feedback() {
    let held = [Config::default(), Config::small()].map(|config| {
        let held = measure(|| {
            let mut sent = SentPackets::new(config.max_sent);
            (0..100_000_u32).for_each(|n| _ = sent.sent(NOW, n % 7, n as u16, 1_200));
        });
        (held.bytes_max as usize, config.max_sent * 160 + 1_000)
    });
    print("packets sent that wait for feedback", held.map(|(held, _)| held), held.map(|(_, bound)| bound));
}
