//! Recordings as bytes: a header, then one entry for each input. Made to be replayed by the version that wrote it.

use super::{Input, Outputs, Recording};
use crate::connection::OfferOptions;
use crate::media::{Codec, MediaConfig, TrackKind};
use crate::{
    BundlePolicy, ChannelConfig, ChannelId, Config, DtlsVersion, EncodingOptions, EncodingParameters,
    HeaderEncryption, IceCandidateInit, MessageKind, OutgoingFrame, Priority, Reliability, SdpType,
    SessionDescription, SetParameterOptions, TransceiverId, TransceiverInit,
};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use siskin_base::wire::{Reader, Truncated, Writer as _};
use siskin_base::{BaseId, Ecn, Instant, Path, WallClock};
use siskin_crypto::{Certificate, Provider};
use siskin_sdp::Direction;

const MAGIC: &[u8; 16] = b"siskin-recording";
const VERSION: u8 = 6;

/// Why bytes cannot be replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadRecording {
    /// They are no recording of this version.
    Format,
    /// It was made with other limits, codecs or congestion control than the configuration that it is to be replayed with.
    Configuration,
}

impl fmt::Display for BadRecording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Format => "the file is no recording of this version of Siskin",
            Self::Configuration => {
                "the recording was made with limits, codecs or congestion control of its own, which it does not hold"
            }
        })
    }
}

impl core::error::Error for BadRecording {}

impl From<Truncated> for BadRecording {
    fn from(_: Truncated) -> Self {
        Self::Format
    }
}

impl Recording {
    /// As bytes, for a file: a secret. Of the limits of the layers, the codecs and the congestion control it has a digest
    /// only: what reads it must have the same, or is told so.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.put_u8(VERSION);
        out.put(&self.seed);
        out.put_u64(self.start.as_nanos());
        let certificate = self.config.certificate.as_ref();
        put_option(&mut out, certificate, |out, certificate| {
            put_bytes(out, certificate.der());
            put_bytes(out, certificate.private_key_der());
        });
        put_option(&mut out, self.config.clock.as_ref(), |out, clock| {
            out.put_u64(clock.at.as_nanos());
            out.put_u64(clock.unix.as_nanos() as u64);
        });
        out.put_u32(self.config.stun_servers.len() as u32);
        self.config.stun_servers.iter().for_each(|server| put_address(&mut out, *server));
        out.put_u32(self.config.max_message_size);
        out.put_u16(self.config.max_datagram);
        out.put_u8(self.config.max_train);
        out.put_u8(self.config.bundle_policy as u8);
        out.put_u8(self.config.header_encryption as u8);
        out.put_u8(u8::from(self.config.media.is_some()));
        let _ = out.put_prefixed(1, |out| {
            self.config.dtls_versions.iter().for_each(|version| out.put_u16(version.0));
        });
        out.put(&digest(&self.config));
        out.put_u64(self.outputs.count);
        out.put(&self.outputs.digest);
        for (now, input) in &self.inputs {
            out.put_u64(now.as_nanos());
            put_input(&mut out, input);
        }
        out
    }

    /// From the bytes that [`to_bytes`](Self::to_bytes) made of a connection with the limits and codecs of [`Config::new`] and
    /// [`MediaConfig::default`], or of [`Config::small`] and [`MediaConfig::small`]; `provider` must be reproducible.
    ///
    /// # Errors
    /// [`BadRecording`] if they are none, of another version, or of a connection with a configuration of its own.
    pub fn from_bytes(bytes: &[u8], provider: Provider) -> Result<Self, BadRecording> {
        let usual = Config { media: Some(MediaConfig::default()), ..Config::new(provider) };
        let small = Config { media: Some(MediaConfig::small()), ..Config::small(provider) };
        Self::from_bytes_with(bytes, &usual).or_else(|error| match error {
            BadRecording::Configuration => Self::from_bytes_with(bytes, &small),
            BadRecording::Format => Err(error),
        })
    }

    /// From the bytes that [`to_bytes`](Self::to_bytes) made of a connection with the limits, the codecs and the congestion control
    /// of `config`, whose provider must be reproducible. Everything else in it is the recording's, and so is whether there are
    /// media at all.
    ///
    /// # Errors
    /// [`BadRecording`] if they are none, of another version, or of a connection that had another configuration.
    pub fn from_bytes_with(bytes: &[u8], config: &Config) -> Result<Self, BadRecording> {
        let mut r = Reader::new(bytes);
        if r.array()? != *MAGIC || r.u8()? != VERSION {
            return Err(BadRecording::Format);
        }
        let seed = r.array()?;
        let start = instant(&mut r)?;
        let mut config = config.clone();
        let provider = config.provider;
        config.certificate = option(&mut r, |r| {
            let (der, key) = (take_bytes(r)?, take_bytes(r)?);
            Certificate::from_der(&provider, der, key).map(Arc::new).map_err(|_| BadRecording::Format)
        })?;
        config.clock =
            option(&mut r, |r| Ok(WallClock { at: instant(r)?, unix: Duration::from_nanos(r.u64()?) }))?;
        config.stun_servers = (0..r.u32()?).map(|_| address(&mut r)).collect::<Result<_, _>>()?;
        config.max_message_size = r.u32()?;
        config.max_datagram = r.u16()?;
        config.max_train = r.u8()?;
        config.bundle_policy = match r.u8()? {
            0 => BundlePolicy::Balanced,
            1 => BundlePolicy::MaxCompat,
            _ => BundlePolicy::MaxBundle,
        };
        config.header_encryption = match r.u8()? {
            0 => HeaderEncryption::Disable,
            1 => HeaderEncryption::Negotiate,
            _ => HeaderEncryption::Require,
        };
        let media = r.u8()? != 0;
        config.media = config.media.filter(|_| media);
        let mut versions = Reader::new(r.vec8()?);
        config.dtls_versions.clear();
        while !versions.is_empty() {
            config.dtls_versions.push(DtlsVersion(versions.u16()?));
        }
        if r.array()? != digest(&config) {
            return Err(BadRecording::Configuration);
        }
        let outputs = Outputs { count: r.u64()?, digest: r.array()? };
        let mut inputs = Vec::new();
        while !r.is_empty() {
            inputs.push((instant(&mut r)?, input(&mut r)?));
        }
        Ok(Self { config, seed, start, inputs, outputs })
    }
}

/// SHA-256 of everything in a configuration but what a recording holds anyway, and what changes nothing of what is sent.
///
/// A congestion control of one's own is known only to be there.
fn digest(config: &Config) -> [u8; 32] {
    let mut plain = config.clone();
    (plain.certificate, plain.clock, plain.record, plain.observe) = (None, None, None, false);
    (plain.ice.provider, plain.sctp.provider) = (config.provider, config.provider);
    let mut hash = config.provider.sha256.start();
    hash.update(format!("{plain:?}").as_bytes());
    let mut digest = [0; 32];
    digest.iter_mut().zip(hash.current().as_ref()).for_each(|(to, from)| *to = *from);
    digest
}

fn put_input(out: &mut Vec<u8>, input: &Input) {
    match input {
        Input::AddBase(base, local) => {
            out.put_u8(0);
            out.put_u32(base.0);
            put_address(out, *local);
        }
        Input::RemoveBase(base) => {
            out.put_u8(1);
            out.put_u32(base.0);
        }
        Input::Datagram { path, arrived, ecn, bytes } => {
            out.put_u8(2);
            out.put_u32(path.base.0);
            put_address(out, path.remote);
            out.put_u64(arrived.as_nanos());
            out.put_u8(*ecn as u8);
            put_bytes(out, bytes);
        }
        Input::Timeout => out.put_u8(3),
        Input::PollTransmit => out.put_u8(4),
        Input::PollEvent => out.put_u8(5),
        Input::CreateOffer(options) => out.put(&[6, u8::from(options.ice_restart)]),
        Input::CreateAnswer => out.put_u8(7),
        Input::SetLocalDescription(description) => {
            out.put_u8(8);
            put_option(out, description.as_ref(), put_description);
        }
        Input::SetRemoteDescription(description) => {
            out.put_u8(9);
            put_description(out, description);
        }
        Input::AddIceCandidate(candidate) => {
            out.put_u8(10);
            put_option(out, candidate.as_ref(), |out, init| {
                put_bytes(out, init.candidate.as_bytes());
                put_option(out, init.sdp_mid.as_ref(), |out, mid| put_bytes(out, mid.as_bytes()));
                put_option(out, init.sdp_m_line_index.as_ref(), |out, index| out.put_u16(*index));
                put_option(out, init.username_fragment.as_ref(), |out, ufrag| {
                    put_bytes(out, ufrag.as_bytes())
                });
            });
        }
        Input::RestartIce => out.put_u8(11),
        Input::CreateDataChannel(init) => {
            out.put_u8(12);
            put_bytes(out, init.label.as_bytes());
            out.put_u8(u8::from(init.ordered));
            match init.reliability {
                Reliability::Reliable => out.put_u8(0),
                Reliability::MaxRetransmits(n) => {
                    out.put_u8(1);
                    out.put_u16(n);
                }
                Reliability::Lifetime(lifetime) => {
                    out.put_u8(2);
                    out.put_u16(lifetime.as_millis() as u16);
                }
            }
            put_bytes(out, init.protocol.as_bytes());
            put_option(out, init.negotiated.as_ref(), |out, id| out.put_u16(*id));
            out.put_u16(init.priority.0);
        }
        Input::Send(channel, kind, data) => {
            out.put_u8(13);
            out.put_u64(channel.0);
            out.put_u8(u8::from(*kind == MessageKind::Text));
            put_bytes(out, data);
        }
        Input::SetBufferedAmountLowThreshold(channel, threshold) => {
            out.put_u8(14);
            out.put_u64(channel.0);
            out.put_u64(*threshold as u64);
        }
        Input::CloseChannel(channel) => {
            out.put_u8(15);
            out.put_u64(channel.0);
        }
        Input::Close => out.put_u8(16),
        Input::AddTransceiver(kind, init) => {
            out.put(&[17, *kind as u8, direction_code(init.direction)]);
            put_option(out, init.track.as_ref(), |out, track| put_bytes(out, track.as_bytes()));
            put_texts(out, &init.streams);
            put_encodings(out, &init.send_encodings);
            put_texts(out, &init.receive_encodings);
        }
        Input::AddTrack(kind, track, streams) => {
            out.put(&[18, *kind as u8]);
            put_bytes(out, track.as_bytes());
            put_texts(out, streams);
        }
        Input::RemoveTrack(id) => put_transceiver(out, 19, *id),
        Input::ReplaceTrack(id, track) => {
            put_transceiver(out, 20, *id);
            put_option(out, track.as_ref(), |out, track| put_bytes(out, track.as_bytes()));
        }
        Input::SetStreams(id, streams) => {
            put_transceiver(out, 21, *id);
            put_texts(out, streams);
        }
        Input::SetDirection(id, direction) => {
            put_transceiver(out, 22, *id);
            out.put_u8(direction_code(*direction));
        }
        Input::SetCodecPreferences(id, codecs) => {
            put_transceiver(out, 23, *id);
            out.put_u32(codecs.len() as u32);
            codecs.iter().for_each(|codec| put_codec(out, codec));
        }
        Input::StopTransceiver(id) => put_transceiver(out, 24, *id),
        Input::SendFrame(id, rid, frame) => {
            put_transceiver(out, 25, *id);
            put_option(out, rid.as_ref(), |out, rid| put_bytes(out, rid.as_bytes()));
            out.put(&[frame.payload_type, u8::from(frame.starts_talkspurt)]);
            out.put_u32(frame.timestamp);
            put_bytes(out, &frame.data);
        }
        Input::RequestKeyFrame(id, rid) => {
            put_transceiver(out, 26, *id);
            put_option(out, rid.as_ref(), |out, rid| put_bytes(out, rid.as_bytes()));
        }
        Input::SetParameters(id, encodings, options) => {
            put_transceiver(out, 27, *id);
            put_encodings(out, encodings);
            out.put_u32(options.encoding_options.len() as u32);
            options.encoding_options.iter().for_each(|options| out.put_u8(u8::from(options.key_frame)));
        }
    }
}

fn input(r: &mut Reader<'_>) -> Result<Input, BadRecording> {
    Ok(match r.u8()? {
        0 => Input::AddBase(BaseId(r.u32()?), address(r)?),
        1 => Input::RemoveBase(BaseId(r.u32()?)),
        2 => {
            let path = Path::udp(BaseId(r.u32()?), address(r)?);
            let arrived = instant(r)?;
            let ecn = match r.u8()? {
                0 => Ecn::NotEct,
                1 => Ecn::Ect1,
                2 => Ecn::Ect0,
                _ => Ecn::Ce,
            };
            Input::Datagram { path, arrived, ecn, bytes: take_bytes(r)?.to_vec() }
        }
        3 => Input::Timeout,
        4 => Input::PollTransmit,
        5 => Input::PollEvent,
        6 => Input::CreateOffer(OfferOptions { ice_restart: r.u8()? != 0 }),
        7 => Input::CreateAnswer,
        8 => Input::SetLocalDescription(option(r, description)?),
        9 => Input::SetRemoteDescription(description(r)?),
        10 => Input::AddIceCandidate(option(r, |r| {
            Ok(IceCandidateInit {
                candidate: text(r)?,
                sdp_mid: option(r, text)?,
                sdp_m_line_index: option(r, |r| Ok(r.u16()?))?,
                username_fragment: option(r, text)?,
            })
        })?),
        11 => Input::RestartIce,
        12 => {
            let label = text(r)?;
            let ordered = r.u8()? != 0;
            let reliability = match r.u8()? {
                0 => Reliability::Reliable,
                1 => Reliability::MaxRetransmits(r.u16()?),
                _ => Reliability::Lifetime(Duration::from_millis(r.u16()?.into())),
            };
            let protocol = text(r)?;
            let negotiated = option(r, |r| Ok(r.u16()?))?;
            let priority = Priority(r.u16()?);
            Input::CreateDataChannel(ChannelConfig {
                label,
                ordered,
                reliability,
                protocol,
                negotiated,
                priority,
            })
        }
        13 => {
            let channel = ChannelId(r.u64()?);
            let kind = if r.u8()? == 0 { MessageKind::Binary } else { MessageKind::Text };
            Input::Send(channel, kind, take_bytes(r)?.to_vec().into())
        }
        14 => Input::SetBufferedAmountLowThreshold(ChannelId(r.u64()?), r.u64()? as usize),
        15 => Input::CloseChannel(ChannelId(r.u64()?)),
        16 => Input::Close,
        17 => Input::AddTransceiver(
            kind(r)?,
            TransceiverInit {
                direction: direction(r)?,
                track: option(r, text)?,
                streams: texts(r)?,
                send_encodings: encodings(r)?,
                receive_encodings: texts(r)?,
            },
        ),
        18 => Input::AddTrack(kind(r)?, text(r)?, texts(r)?),
        19 => Input::RemoveTrack(TransceiverId(r.u32()?)),
        20 => Input::ReplaceTrack(TransceiverId(r.u32()?), option(r, text)?),
        21 => Input::SetStreams(TransceiverId(r.u32()?), texts(r)?),
        22 => Input::SetDirection(TransceiverId(r.u32()?), direction(r)?),
        23 => {
            let id = TransceiverId(r.u32()?);
            Input::SetCodecPreferences(id, (0..r.u32()?).map(|_| codec(r)).collect::<Result<_, _>>()?)
        }
        24 => Input::StopTransceiver(TransceiverId(r.u32()?)),
        25 => {
            let (id, rid) = (TransceiverId(r.u32()?), option(r, text)?);
            let (payload_type, starts_talkspurt) = (r.u8()?, r.u8()? != 0);
            let (timestamp, data) = (r.u32()?, take_bytes(r)?.to_vec().into());
            Input::SendFrame(id, rid, OutgoingFrame { payload_type, timestamp, data, starts_talkspurt })
        }
        26 => Input::RequestKeyFrame(TransceiverId(r.u32()?), option(r, text)?),
        27 => {
            let (id, encodings) = (TransceiverId(r.u32()?), encodings(r)?);
            let options = (0..r.u32()?).map(|_| Ok(EncodingOptions { key_frame: r.u8()? != 0 }));
            let encoding_options = options.collect::<Result<_, BadRecording>>()?;
            Input::SetParameters(id, encodings, SetParameterOptions { encoding_options })
        }
        _ => return Err(BadRecording::Format),
    })
}

fn put_transceiver(out: &mut Vec<u8>, code: u8, id: TransceiverId) {
    out.put_u8(code);
    out.put_u32(id.0);
}

const DIRECTIONS: [Direction; 4] =
    [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive];

fn direction_code(direction: Direction) -> u8 {
    DIRECTIONS.iter().position(|known| *known == direction).unwrap_or_default() as u8
}

fn direction(r: &mut Reader<'_>) -> Result<Direction, BadRecording> {
    DIRECTIONS.get(usize::from(r.u8()?)).copied().ok_or(BadRecording::Format)
}

fn kind(r: &mut Reader<'_>) -> Result<TrackKind, BadRecording> {
    Ok(if r.u8()? == TrackKind::Audio as u8 { TrackKind::Audio } else { TrackKind::Video })
}

fn put_texts(out: &mut Vec<u8>, texts: &[String]) {
    out.put_u32(texts.len() as u32);
    texts.iter().for_each(|text| put_bytes(out, text.as_bytes()));
}

fn texts(r: &mut Reader<'_>) -> Result<Vec<String>, BadRecording> {
    (0..r.u32()?).map(|_| text(r)).collect()
}

fn put_codec(out: &mut Vec<u8>, codec: &Codec) {
    put_bytes(out, codec.mime_type.as_bytes());
    out.put_u32(codec.clock_rate);
    put_option(out, codec.channels.as_ref(), |out, channels| out.put_u16(*channels));
    put_option(out, codec.sdp_fmtp_line.as_ref(), |out, line| put_bytes(out, line.as_bytes()));
}

fn codec(r: &mut Reader<'_>) -> Result<Codec, BadRecording> {
    Ok(Codec {
        mime_type: text(r)?,
        clock_rate: r.u32()?,
        channels: option(r, |r| Ok(r.u16()?))?,
        sdp_fmtp_line: option(r, text)?,
    })
}

fn put_encodings(out: &mut Vec<u8>, encodings: &[EncodingParameters]) {
    out.put_u32(encodings.len() as u32);
    for encoding in encodings {
        put_option(out, encoding.rid.as_ref(), |out, rid| put_bytes(out, rid.as_bytes()));
        out.put_u8(u8::from(encoding.active));
        put_option(out, encoding.codec.as_ref(), put_codec);
        put_option(out, encoding.max_bitrate.as_ref(), |out, rate| out.put_u64(*rate));
        put_option(out, encoding.max_framerate.as_ref(), |out, rate| out.put_u64(rate.to_bits()));
        let scale = encoding.scale_resolution_down_by.as_ref();
        put_option(out, scale, |out, scale| out.put_u64(scale.to_bits()));
    }
}

fn encodings(r: &mut Reader<'_>) -> Result<Vec<EncodingParameters>, BadRecording> {
    let encoding = |r: &mut Reader<'_>| -> Result<EncodingParameters, BadRecording> {
        Ok(EncodingParameters {
            rid: option(r, text)?,
            active: r.u8()? != 0,
            codec: option(r, codec)?,
            max_bitrate: option(r, |r| Ok(r.u64()?))?,
            max_framerate: option(r, |r| Ok(f64::from_bits(r.u64()?)))?,
            scale_resolution_down_by: option(r, |r| Ok(f64::from_bits(r.u64()?)))?,
        })
    };
    (0..r.u32()?).map(|_| encoding(r)).collect()
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.put_u32(bytes.len() as u32);
    out.put(bytes);
}

fn take_bytes<'a>(r: &mut Reader<'a>) -> Result<&'a [u8], BadRecording> {
    let len = r.u32()?;
    Ok(r.take(len as usize)?)
}

fn text(r: &mut Reader<'_>) -> Result<String, BadRecording> {
    core::str::from_utf8(take_bytes(r)?).map(Into::into).map_err(|_| BadRecording::Format)
}

fn put_option<T>(out: &mut Vec<u8>, value: Option<&T>, put: impl FnOnce(&mut Vec<u8>, &T)) {
    out.put_u8(u8::from(value.is_some()));
    if let Some(value) = value {
        put(out, value);
    }
}

fn option<'a, T>(
    r: &mut Reader<'a>,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, BadRecording>,
) -> Result<Option<T>, BadRecording> {
    if r.u8()? == 0 { Ok(None) } else { read(r).map(Some) }
}

fn put_address(out: &mut Vec<u8>, address: SocketAddr) {
    match address.ip() {
        IpAddr::V4(ip) => {
            out.put_u8(4);
            out.put(&ip.octets());
        }
        IpAddr::V6(ip) => {
            out.put_u8(6);
            out.put(&ip.octets());
        }
    }
    out.put_u16(address.port());
}

fn address(r: &mut Reader<'_>) -> Result<SocketAddr, BadRecording> {
    let ip: IpAddr = if r.u8()? == 4 { r.array::<4>()?.into() } else { r.array::<16>()?.into() };
    Ok(SocketAddr::new(ip, r.u16()?))
}

fn instant(r: &mut Reader<'_>) -> Result<Instant, BadRecording> {
    Ok(Instant::from_nanos(r.u64()?))
}

fn put_description(out: &mut Vec<u8>, description: &SessionDescription) {
    put_bytes(out, description.kind.name().as_bytes());
    put_bytes(out, description.sdp.as_bytes());
}

fn description(r: &mut Reader<'_>) -> Result<SessionDescription, BadRecording> {
    let kind: SdpType = text(r)?.parse().map_err(|_| BadRecording::Format)?;
    Ok(SessionDescription { kind, sdp: text(r)? })
}
