//! Inputs of recordings as bytes: a number for each kind, and what it is about.

use super::values::{
    address, codec, description, direction, direction_code, encodings, instant, kind, option, put_address,
    put_bytes, put_codec, put_description, put_encodings, put_option, put_texts, put_transceiver, take_bytes,
    text, texts,
};
use super::{BadRecording, Input};
use crate::connection::OfferOptions;
use crate::{
    ChannelConfig, ChannelId, EncodingOptions, IceCandidateInit, MessageKind, OutgoingFrame, Priority,
    Reliability, SetParameterOptions, TransceiverId, TransceiverInit,
};
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::wire::{Reader, Writer as _};
use siskin_base::{BaseId, Ecn, Path};

pub(super) fn put_input(out: &mut Vec<u8>, input: &Input) {
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
        Input::SetHeaderExtensionsToNegotiate(id, directions) => {
            put_transceiver(out, 28, *id);
            out.put_u32(directions.len() as u32);
            for direction in directions {
                put_option(out, direction.as_ref(), |out, way| out.put_u8(direction_code(*way)));
            }
        }
    }
}

pub(super) fn input(r: &mut Reader<'_>) -> Result<Input, BadRecording> {
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
        28 => {
            let id = TransceiverId(r.u32()?);
            let directions = (0..r.u32()?).map(|_| option(r, direction)).collect::<Result<_, _>>()?;
            Input::SetHeaderExtensionsToNegotiate(id, directions)
        }
        _ => return Err(BadRecording::Format),
    })
}
