//! Recording and replay: a connection is a function of its configuration, its seed and its inputs.
//!
//! A recording holds all three, and so the keys of the session: treat it as a secret. It needs a provider that is
//! reproducible, since others draw randomness that no recording sees.

mod file;
mod inputs;
mod values;

use crate::connection::OfferOptions;
use crate::media::{Codec, TrackKind};
use crate::{
    ChannelConfig, ChannelId, Config, EncodingParameters, Error, IceCandidateInit, MessageKind,
    OutgoingFrame, PeerConnection, SessionDescription, SetParameterOptions, TransceiverId, TransceiverInit,
};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use bytes::Bytes;
use core::net::SocketAddr;
use siskin_base::{BaseId, Ecn, Instant, Packet, Path, Received, Rng, Transmit};
use siskin_crypto::{HashContext, Provider};
use siskin_sdp::Direction;

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
    /// [`PeerConnection::add_transceiver`].
    AddTransceiver(TrackKind, TransceiverInit),
    /// [`PeerConnection::add_track`].
    AddTrack(TrackKind, String, Vec<String>),
    /// [`PeerConnection::remove_track`].
    RemoveTrack(TransceiverId),
    /// [`PeerConnection::replace_track`].
    ReplaceTrack(TransceiverId, Option<String>),
    /// [`PeerConnection::set_streams`].
    SetStreams(TransceiverId, Vec<String>),
    /// [`PeerConnection::set_direction`].
    SetDirection(TransceiverId, Direction),
    /// [`PeerConnection::set_codec_preferences`].
    SetCodecPreferences(TransceiverId, Vec<Codec>),
    /// [`PeerConnection::set_header_extensions_to_negotiate`]: the directions.
    SetHeaderExtensionsToNegotiate(TransceiverId, Vec<Option<Direction>>),
    /// [`PeerConnection::stop_transceiver`].
    StopTransceiver(TransceiverId),
    /// [`PeerConnection::send_frame`].
    SendFrame(TransceiverId, Option<String>, OutgoingFrame),
    /// [`PeerConnection::set_parameters`]: what of the parameters it changes.
    SetParameters(TransceiverId, Vec<EncodingParameters>, SetParameterOptions),
    /// [`PeerConnection::request_key_frame`].
    RequestKeyFrame(TransceiverId, Option<String>),
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
    /// What came out of it.
    pub outputs: Outputs,
}

/// All that a connection sent, in one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outputs {
    /// Datagrams, or trains of datagrams.
    pub count: u64,
    /// SHA-256 over the path and the bytes of each.
    pub digest: [u8; 32],
}

impl Recording {
    /// Does all of it again, and shows every datagram, or train of datagrams, that goes out.
    ///
    /// # Errors
    /// As [`PeerConnection::new`].
    pub fn replay(&self, mut show: impl FnMut(Instant, Transmit, &[u8])) -> Result<Outputs, Error> {
        let mut connection = PeerConnection::new(self.config.clone(), Rng::from_seed(self.seed), self.start)?;
        let mut packet = Packet::new();
        let mut sums = Sums::new(&self.config.provider);
        for (now, input) in &self.inputs {
            packet.clear();
            if let Some(transmit) = connection.apply(*now, input, &mut packet) {
                sums.add(&transmit, packet.as_bytes());
                show(*now, transmit, packet.as_bytes());
            }
        }
        Ok(sums.outputs())
    }
}

/// The outputs so far.
struct Sums {
    count: u64,
    hash: Box<dyn HashContext>,
}

impl Sums {
    fn new(provider: &Provider) -> Self {
        Self { count: 0, hash: provider.sha256.start() }
    }

    fn add(&mut self, transmit: &Transmit, bytes: &[u8]) {
        self.count += 1;
        self.hash.update(format!("{:?} {:?}", transmit.path, transmit.segment_size).as_bytes());
        self.hash.update(bytes);
    }

    fn outputs(&self) -> Outputs {
        let mut digest = [0; 32];
        digest.iter_mut().zip(self.hash.current().as_ref()).for_each(|(to, from)| *to = *from);
        Outputs { count: self.count, digest }
    }
}

/// The inputs and outputs of a connection that is being recorded.
pub(crate) struct Recorder {
    config: Config,
    seed: [u8; 32],
    start: Instant,
    inputs: Vec<(Instant, Input)>,
    limit: usize,
    full: bool,
    sums: Sums,
}

impl Recorder {
    pub(crate) fn new(config: &Config, rng: &Rng, start: Instant, limit: usize) -> Self {
        let sums = Sums::new(&config.provider);
        Self {
            config: config.clone(),
            seed: *rng.seed(),
            start,
            inputs: Vec::new(),
            limit,
            full: false,
            sums,
        }
    }

    /// What was recorded up to now; the recorder has reached its end.
    fn finish(self) -> Recording {
        let outputs = self.sums.outputs();
        Recording { config: self.config, seed: self.seed, start: self.start, inputs: self.inputs, outputs }
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
            Input::AddTransceiver(kind, init) => drop(self.add_transceiver(now, kind, init)),
            Input::AddTrack(kind, track, streams) => drop(self.add_track(now, kind, &track, &streams)),
            Input::RemoveTrack(id) => drop(self.remove_track(now, id)),
            Input::ReplaceTrack(id, track) => drop(self.replace_track(now, id, track.as_deref())),
            Input::SetStreams(id, streams) => drop(self.set_streams(now, id, &streams)),
            Input::SetDirection(id, direction) => drop(self.set_direction(now, id, direction)),
            Input::SetCodecPreferences(id, codecs) => drop(self.set_codec_preferences(now, id, &codecs)),
            Input::SetHeaderExtensionsToNegotiate(id, to) => drop(self.change_extensions(now, id, to)),
            Input::StopTransceiver(id) => drop(self.stop_transceiver(now, id)),
            Input::SendFrame(id, rid, frame) => drop(self.send_frame(now, id, rid.as_deref(), frame)),
            Input::SetParameters(id, sent, options) => drop(self.change_encodings(now, id, sent, options)),
            Input::RequestKeyFrame(id, rid) => drop(self.request_key_frame(now, id, rid.as_deref())),
            Input::Close => self.close(now),
        }
        None
    }

    /// Ends the recording that `Config::record` asked for, and gives what there is of it: everything up to now, or up to
    /// the limit.
    pub fn take_recording(&mut self) -> Option<Recording> {
        self.recorder.take().map(|recorder| recorder.finish())
    }

    pub(crate) fn note(&mut self, now: Instant, input: impl FnOnce() -> Input) {
        self.last_input = now;
        let Some(recorder) = &mut self.recorder else { return };
        recorder.full |= recorder.inputs.len() >= recorder.limit;
        if !recorder.full {
            recorder.inputs.push((now, input()));
        }
    }

    /// Notes what came out of the `PollTransmit` that was noted last.
    pub(crate) fn note_output(&mut self, transmit: &Transmit, bytes: &[u8]) {
        if let Some(recorder) = self.recorder.as_mut().filter(|recorder| !recorder.full) {
            recorder.sums.add(transmit, bytes);
        }
    }
}
