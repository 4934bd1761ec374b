//! `str0m` 0.25, in the loop that its documentation shows: a blocking socket and a thread for each peer.

use super::Pair;
use bytes::Bytes;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use str0m::channel::ChannelId;
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, RtcConfig};

/// Two `Rtc`s, each with its socket.
pub struct Str0m {
    a: Peer,
    b: Peer,
}

struct Peer {
    rtc: str0m::Rtc,
    socket: UdpSocket,
    local: SocketAddr,
    buffer: Vec<u8>,
    channel: Option<ChannelId>,
    is_open: bool,
    messages: usize,
}

/// Its default of 128 KiB is too small for a message of 256 KiB; more makes it slower.
const BUFFER: usize = 256 << 10;

impl Peer {
    fn new() -> Self {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("loopback is there");
        socket.set_nonblocking(true).expect("a socket");
        let local = socket.local_addr().expect("bound");
        let mut rtc = RtcConfig::new().set_sctp_max_buffered_amount(BUFFER).build(Instant::now());
        rtc.add_local_candidate(Candidate::host(local, "udp").expect("usable"));
        Self { rtc, socket, local, buffer: vec![0; 2000], channel: None, is_open: false, messages: 0 }
    }

    /// Takes all that comes out; gives when time matters next.
    fn drain(&mut self) -> Instant {
        loop {
            match self.rtc.poll_output().expect("alive") {
                Output::Timeout(at) => return at,
                Output::Transmit(transmit) => {
                    // A full socket loses what was on its way, as networks do.
                    let _ = self.socket.send_to(&transmit.contents, transmit.destination);
                }
                Output::Event(Event::ChannelOpen(channel, _)) => {
                    self.channel = Some(channel);
                    self.is_open = true;
                }
                Output::Event(Event::ChannelData(_)) => self.messages += 1,
                Output::Event(_) => {}
            }
        }
    }

    /// Waits for a datagram or the time, and takes it.
    fn turn(&mut self) {
        let until = self.drain().saturating_duration_since(Instant::now()).min(Duration::from_millis(100));
        let mut sockets = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        let _ = ppoll(&mut sockets, Some(TimeSpec::from_duration(until)), None);
        let mut any = false;
        while let Ok((len, source)) = self.socket.recv_from(&mut self.buffer) {
            any = true;
            let contents = self.buffer[..len].try_into().expect("a datagram");
            let receive = Receive { proto: Protocol::Udp, source, destination: self.local, contents };
            self.rtc.handle_input(Input::Receive(Instant::now(), receive)).expect("alive");
            self.drain();
        }
        if !any {
            self.rtc.handle_input(Input::Timeout(Instant::now())).expect("alive");
        }
    }
}

impl Pair for Str0m {
    const NAME: &'static str = "str0m";

    async fn open() -> (Self, Duration) {
        let (mut a, mut b) = (Peer::new(), Peer::new());
        let mut changes = a.rtc.sdp_api();
        changes.add_channel("bench".into());
        let (offer, pending) = changes.apply().expect("a change");
        let answer = b.rtc.sdp_api().accept_offer(offer).expect("sound");
        let began = Instant::now();
        a.rtc.sdp_api().accept_answer(pending, answer).expect("sound");
        let open = &[AtomicBool::new(false), AtomicBool::new(false)];
        tokio::task::block_in_place(|| {
            std::thread::scope(|scope| {
                for (which, peer) in [&mut a, &mut b].into_iter().enumerate() {
                    scope.spawn(move || {
                        while open.iter().any(|open| !open.load(Relaxed)) {
                            peer.turn();
                            open[which].store(peer.is_open, Relaxed);
                        }
                    });
                }
            });
        });
        let took = began.elapsed();
        (Self { a, b }, took)
    }

    async fn transfer(&mut self, message: Bytes, count: usize) {
        let Self { a, b } = self;
        let done = &AtomicBool::new(false);
        let wanted = b.messages + count;
        tokio::task::block_in_place(|| {
            std::thread::scope(|scope| {
                scope.spawn(move || {
                    let mut sent = 0;
                    while !done.load(Relaxed) {
                        while sent < count {
                            let channel = a.channel.and_then(|channel| a.rtc.channel(channel));
                            if !channel.expect("open").write(true, &message).expect("open") {
                                break;
                            }
                            sent += 1;
                            a.drain();
                        }
                        a.turn();
                    }
                });
                scope.spawn(move || {
                    while b.messages < wanted {
                        b.turn();
                    }
                    done.store(true, Relaxed);
                });
            });
        });
    }
}
