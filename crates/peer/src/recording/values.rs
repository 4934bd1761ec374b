//! Values of recordings as bytes.

use super::BadRecording;
use crate::media::{Codec, TrackKind};
use crate::{EncodingParameters, Priority, SdpType, SessionDescription, TransceiverId};
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use siskin_base::Instant;
use siskin_base::wire::{Reader, Writer as _};
use siskin_sdp::Direction;

pub(super) fn put_transceiver(out: &mut Vec<u8>, code: u8, id: TransceiverId) {
    out.put_u8(code);
    out.put_u32(id.0);
}

const DIRECTIONS: [Direction; 4] =
    [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive];

pub(super) fn direction_code(direction: Direction) -> u8 {
    DIRECTIONS.iter().position(|known| *known == direction).unwrap_or_default() as u8
}

pub(super) fn direction(r: &mut Reader<'_>) -> Result<Direction, BadRecording> {
    DIRECTIONS.get(usize::from(r.u8()?)).copied().ok_or(BadRecording::Format)
}

pub(super) fn kind(r: &mut Reader<'_>) -> Result<TrackKind, BadRecording> {
    Ok(if r.u8()? == TrackKind::Audio as u8 { TrackKind::Audio } else { TrackKind::Video })
}

pub(super) fn put_texts(out: &mut Vec<u8>, texts: &[String]) {
    out.put_u32(texts.len() as u32);
    texts.iter().for_each(|text| put_bytes(out, text.as_bytes()));
}

pub(super) fn texts(r: &mut Reader<'_>) -> Result<Vec<String>, BadRecording> {
    (0..r.u32()?).map(|_| text(r)).collect()
}

pub(super) fn put_codec(out: &mut Vec<u8>, codec: &Codec) {
    put_bytes(out, codec.mime_type.as_bytes());
    out.put_u32(codec.clock_rate);
    put_option(out, codec.channels.as_ref(), |out, channels| out.put_u16(*channels));
    put_option(out, codec.sdp_fmtp_line.as_ref(), |out, line| put_bytes(out, line.as_bytes()));
}

pub(super) fn codec(r: &mut Reader<'_>) -> Result<Codec, BadRecording> {
    Ok(Codec {
        mime_type: text(r)?,
        clock_rate: r.u32()?,
        channels: option(r, |r| Ok(r.u16()?))?,
        sdp_fmtp_line: option(r, text)?,
    })
}

pub(super) fn put_encodings(out: &mut Vec<u8>, encodings: &[EncodingParameters]) {
    out.put_u32(encodings.len() as u32);
    for encoding in encodings {
        put_option(out, encoding.rid.as_ref(), |out, rid| put_bytes(out, rid.as_bytes()));
        out.put_u8(u8::from(encoding.active));
        put_option(out, encoding.codec.as_ref(), put_codec);
        put_option(out, encoding.max_bitrate.as_ref(), |out, rate| out.put_u64(*rate));
        put_option(out, encoding.max_framerate.as_ref(), |out, rate| out.put_u64(rate.to_bits()));
        out.put_u16(encoding.priority.0);
        let scale = encoding.scale_resolution_down_by.as_ref();
        put_option(out, scale, |out, scale| out.put_u64(scale.to_bits()));
    }
}

pub(super) fn encodings(r: &mut Reader<'_>) -> Result<Vec<EncodingParameters>, BadRecording> {
    let encoding = |r: &mut Reader<'_>| -> Result<EncodingParameters, BadRecording> {
        Ok(EncodingParameters {
            rid: option(r, text)?,
            active: r.u8()? != 0,
            codec: option(r, codec)?,
            max_bitrate: option(r, |r| Ok(r.u64()?))?,
            max_framerate: option(r, |r| Ok(f64::from_bits(r.u64()?)))?,
            priority: Priority(r.u16()?),
            scale_resolution_down_by: option(r, |r| Ok(f64::from_bits(r.u64()?)))?,
        })
    };
    (0..r.u32()?).map(|_| encoding(r)).collect()
}

pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.put_u32(bytes.len() as u32);
    out.put(bytes);
}

pub(super) fn take_bytes<'a>(r: &mut Reader<'a>) -> Result<&'a [u8], BadRecording> {
    let len = r.u32()?;
    Ok(r.take(len as usize)?)
}

pub(super) fn text(r: &mut Reader<'_>) -> Result<String, BadRecording> {
    core::str::from_utf8(take_bytes(r)?).map(Into::into).map_err(|_| BadRecording::Format)
}

pub(super) fn put_option<T>(out: &mut Vec<u8>, value: Option<&T>, put: impl FnOnce(&mut Vec<u8>, &T)) {
    out.put_u8(u8::from(value.is_some()));
    if let Some(value) = value {
        put(out, value);
    }
}

pub(super) fn option<'a, T>(
    r: &mut Reader<'a>,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, BadRecording>,
) -> Result<Option<T>, BadRecording> {
    if r.u8()? == 0 { Ok(None) } else { read(r).map(Some) }
}

pub(super) fn put_address(out: &mut Vec<u8>, address: SocketAddr) {
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

pub(super) fn address(r: &mut Reader<'_>) -> Result<SocketAddr, BadRecording> {
    let ip: IpAddr = if r.u8()? == 4 { r.array::<4>()?.into() } else { r.array::<16>()?.into() };
    Ok(SocketAddr::new(ip, r.u16()?))
}

pub(super) fn instant(r: &mut Reader<'_>) -> Result<Instant, BadRecording> {
    Ok(Instant::from_nanos(r.u64()?))
}

pub(super) fn put_description(out: &mut Vec<u8>, description: &SessionDescription) {
    put_bytes(out, description.kind.name().as_bytes());
    put_bytes(out, description.sdp.as_bytes());
}

pub(super) fn description(r: &mut Reader<'_>) -> Result<SessionDescription, BadRecording> {
    let kind: SdpType = text(r)?.parse().map_err(|_| BadRecording::Format)?;
    Ok(SessionDescription { kind, sdp: text(r)? })
}
