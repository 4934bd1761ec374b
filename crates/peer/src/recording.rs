//! Recording and replay: a connection is a function of its configuration, its seed and its inputs.
//!
//! A recording holds all three, and so the keys of the session: treat it as a secret. It needs a provider that is
//! reproducible, since others draw randomness that no recording sees.

mod file;

use crate::connection::OfferOptions;
use crate::{
    ChannelConfig, ChannelId, Config, Error, IceCandidateInit, MessageKind, PeerConnection,
    SessionDescription,
};
use alloc::vec::Vec;
use bytes::Bytes;
use core::net::SocketAddr;
use siskin_base::{BaseId, Ecn, Instant, Packet, Path, Received, Rng, Transmit};

pub use file::BadRecording;

/// Everything that can be done to a connection, as a value: what a recording holds and what a fuzzer makes up.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Input {
    /// [`PeerConnection::add_base`].
    AddBase(BaseId, SocketAddr),
    /// [`PeerConnection::remove_base`].
    RemoveBase(BaseId),
    /// [`PeerConnection::handle_datagram`].
    Datagram {
        /// The way it came.
        path: Path,
        /// When it arrived.
        arrived: Instant,
        /// The network's congestion mark.
        ecn: Ecn,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// [`PeerConnection::handle_timeout`].
    Timeout,
    /// [`PeerConnection::poll_transmit`].
    PollTransmit,
    /// [`PeerConnection::poll_event`]: taking a message makes room for the next, and may make an answer.
    PollEvent,
    /// [`PeerConnection::create_offer`].
    CreateOffer(OfferOptions),
    /// [`PeerConnection::create_answer`].
    CreateAnswer,
    /// [`PeerConnection::set_local_description`].
    SetLocalDescription(Option<SessionDescription>),
    /// [`PeerConnection::set_remote_description`].
    SetRemoteDescription(SessionDescription),
    /// [`PeerConnection::add_ice_candidate`].
    AddIceCandidate(Option<IceCandidateInit>),
    /// [`PeerConnection::restart_ice`].
    RestartIce,
    /// [`PeerConnection::create_data_channel`].
    CreateDataChannel(ChannelConfig),
    /// [`PeerConnection::send`].
    Send(ChannelId, MessageKind, Bytes),
    /// [`PeerConnection::set_buffered_amount_low_threshold`].
    SetBufferedAmountLowThreshold(ChannelId, usize),
    /// [`PeerConnection::close_channel`].
    CloseChannel(ChannelId),
    /// [`PeerConnection::close`].
    Close,
}

/// A connection's configuration, seed and inputs.
#[derive(Clone, Debug)]
pub struct Recording {
    /// With what it was made.
    pub config: Config,
    /// The seed of its generator.
    pub seed: [u8; 32],
    /// When it was made.
    pub start: Instant,
    /// What was done to it, and when.
    pub inputs: Vec<(Instant, Input)>,
}

impl Recording {
    /// Does all of it again, and shows every datagram, or train of datagrams, that goes out.
    ///
    /// # Errors
    /// As [`PeerConnection::new`].
    pub fn replay(&self, mut show: impl FnMut(Instant, Transmit, &[u8])) -> Result<PeerConnection, Error> {
        let mut connection = PeerConnection::new(self.config.clone(), Rng::from_seed(self.seed), self.start)?;
        let mut packet = Packet::new();
        for (now, input) in &self.inputs {
            packet.clear();
            if let Some(transmit) = connection.apply(*now, input, &mut packet) {
                show(*now, transmit, packet.as_bytes());
            }
        }
        Ok(connection)
    }
}

/// The inputs of a connection that is being recorded.
pub(crate) struct Recorder {
    recording: Recording,
    limit: usize,
}

impl Recorder {
    pub(crate) fn new(config: &Config, rng: &Rng, start: Instant, limit: usize) -> Self {
        let recording = Recording { config: config.clone(), seed: *rng.seed(), start, inputs: Vec::new() };
        Self { recording, limit }
    }

    pub(crate) fn note(&mut self, now: Instant, input: Input) {
        if self.recording.inputs.len() < self.limit {
            self.recording.inputs.push((now, input));
        }
    }
}

impl PeerConnection {
    /// Does what `input` says. Errors are left out: the call that was recorded has told them.
    pub fn apply(&mut self, now: Instant, input: &Input, out: &mut Packet) -> Option<Transmit> {
        match input.clone() {
            Input::AddBase(base, local) => self.add_base(now, base, local),
            Input::RemoveBase(base) => self.remove_base(now, base),
            Input::Datagram { path, arrived, ecn, mut bytes } => {
                self.handle_datagram(now, Received { path, arrived, ecn, datagram: &mut bytes });
            }
            Input::Timeout => self.handle_timeout(now),
            Input::PollTransmit => return self.poll_transmit(now, out),
            Input::PollEvent => drop(self.poll_event()),
            Input::CreateOffer(options) => drop(self.create_offer(now, options)),
            Input::CreateAnswer => drop(self.create_answer(now)),
            Input::SetLocalDescription(description) => drop(self.set_local_description(now, description)),
            Input::SetRemoteDescription(description) => drop(self.set_remote_description(now, description)),
            Input::AddIceCandidate(candidate) => drop(self.add_ice_candidate(now, candidate)),
            Input::RestartIce => self.restart_ice(now),
            Input::CreateDataChannel(config) => drop(self.create_data_channel(now, config)),
            Input::Send(channel, kind, data) => drop(self.send(now, channel, kind, data)),
            Input::SetBufferedAmountLowThreshold(channel, threshold) => {
                self.set_buffered_amount_low_threshold(now, channel, threshold);
            }
            Input::CloseChannel(channel) => self.close_channel(now, channel),
            Input::Close => self.close(now),
        }
        None
    }

    /// What was done so far, if `Config::record` is set.
    pub fn recording(&self) -> Option<&Recording> {
        self.recorder.as_ref().map(|recorder| &recorder.recording)
    }

    pub(crate) fn note(&mut self, now: Instant, input: impl FnOnce() -> Input) {
        self.last_input = now;
        if let Some(recorder) = &mut self.recorder {
            recorder.note(now, input());
        }
    }
}
