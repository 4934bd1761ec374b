//! `siskin-sctp`: a transfer from one end to the other in one thread, both ends' work counted, beside dcSCTP.

use bytes::Bytes;
use core::time::Duration;
use dcsctp::api::{DcSctpSocket, SocketEvent, SocketTime, StreamId};
use siskin_base::{BaseId, Ecn, Instant, Packet, Path, Received, Rng};
use siskin_benches::{Bench, Contest};
use siskin_sctp::{Association, Config, Event, SendOptions};

/// Time that a packet takes from end to end: enough that windows matter.
const STEP: Duration = Duration::from_micros(500);

/// The receive window bounds what is in flight: without a bound, what is measured is how each side copes with
/// thousands of packets in flight.
const WINDOW: u32 = 512 << 10;

struct Ours {
    ends: [Association; 2],
    now: Instant,
    packet: Packet,
}

impl Ours {
    fn new() -> Self {
        let config = Config::default();
        let end =
            |seed| Association::new(config.clone(), Rng::for_tests(seed), Instant::ZERO).expect("sound");
        let mut ends = [end(1), end(2)];
        let inits = [ends[1].local_init(), ends[0].local_init()];
        for (end, init) in ends.iter_mut().zip(inits) {
            end.start(Instant::ZERO, &init).expect("fresh");
            while end.poll_event().is_some() {}
        }
        Self { ends, now: Instant::ZERO, packet: Packet::new() }
    }

    fn transfer(&mut self, message: &Bytes, count: usize) {
        let (mut sent, mut received) = (0, 0);
        let path = Path::udp(BaseId(0), ([192, 0, 2, 1], 1).into());
        while received < count {
            while sent < count
                && self.ends[0].send(self.now, 1, 53, message.clone(), SendOptions::default()).is_ok()
            {
                sent += 1;
            }
            for from in 0..2 {
                let [a, b] = &mut self.ends;
                let (from, to) = if from == 0 { (a, b) } else { (b, a) };
                self.packet.begin(0);
                while from.poll_transmit(self.now, &mut self.packet).is_some() {
                    let datagram = self.packet.current_mut();
                    let received = Received { path, arrived: self.now, ecn: Ecn::NotEct, datagram };
                    to.handle_datagram(self.now, received);
                    self.packet.begin(0);
                }
            }
            while let Some(event) = self.ends[1].poll_event() {
                received += usize::from(matches!(event, Event::Message(m) if m.data.len() == message.len()));
            }
            while self.ends[0].poll_event().is_some() {}
            self.now += STEP;
            self.ends.iter_mut().for_each(|end| end.handle_timeout(self.now));
        }
    }
}

struct Theirs {
    ends: [Box<dyn DcSctpSocket>; 2],
    now: SocketTime,
}

impl Theirs {
    fn new() -> Self {
        let options = dcsctp::api::Options {
            max_receiver_window_buffer_size: WINDOW as usize,
            ..dcsctp::api::Options::default()
        };
        let end = |name| dcsctp::new_socket(name, &options);
        let mut theirs = Self { ends: [end("a"), end("b")], now: SocketTime::zero() };
        theirs.ends[0].connect();
        for _ in 0..8 {
            theirs.exchange();
        }
        theirs
    }

    fn exchange(&mut self) {
        for from in 0..2 {
            while let Some(event) = self.ends[from].poll_event() {
                if let SocketEvent::SendPacket(packet) = event {
                    self.ends[1 - from].handle_input(&packet);
                }
            }
        }
        self.now = self.now + STEP;
        self.ends.iter_mut().for_each(|end| end.advance_time(self.now));
    }

    fn transfer(&mut self, message: &[u8], count: usize) {
        let (mut sent, mut received) = (0, 0);
        while received < count {
            while sent < count && self.ends[0].buffered_amount(StreamId(1)) < 1 << 20 {
                let message = dcsctp::api::Message::new(StreamId(1), dcsctp::api::PpId(53), message.to_vec());
                self.ends[0].send(message, &dcsctp::api::SendOptions::default()).expect("there is room");
                sent += 1;
            }
            self.exchange();
            while let Some(got) = self.ends[1].get_next_message() {
                received += usize::from(got.payload.len() == message.len());
            }
        }
    }
}

fn transfer(bench: &mut Bench) {
    const TOTAL: usize = 4 << 20;
    for size in [1 << 10, 64 << 10, 256 << 10] {
        let message = Bytes::from(vec![7; size]);
        let mut ours = Ours::new();
        fastrand::seed(1);
        let mut theirs = Theirs::new();
        let contest = Contest::of_bytes(format!("sctp/transfer-4MiB-of-{}KiB", size >> 10), TOTAL)
            .row("siskin", || ours.transfer(&message, TOTAL / size))
            .row("dcsctp", || theirs.transfer(&message, TOTAL / size));
        bench.race(contest);
    }
}

siskin_benches::main!(transfer);
