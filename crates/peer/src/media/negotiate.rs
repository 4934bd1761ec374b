//! Offer and answer of codecs and header extensions (RFC 3264 §5.1, §6.1; RFC 9429 §5.2, §5.3; RFC 8285 §7).

use super::capabilities::MediaConfig;
use super::codec::{Codec, CodecCapability, CodecParameters, TrackKind};
use super::extensions::{HeaderExtension, HeaderExtensionCapability, Negotiable};
use super::h264;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use siskin_sdp::{Direction, Feedback};

/// Which payload types and extension numbers of a bundle are taken: one number means one thing in all of its sections
/// (RFC 9143 §9.1, RFC 8285 §5).
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    payload_types: BTreeMap<u8, Codec>,
    extensions: BTreeMap<u8, String>,
}

impl Numbers {
    /// Takes note of the numbers that extensions had at some time: they mean nothing else in later descriptions (RFC 8285 §7).
    pub(crate) fn note_extensions(&mut self, known: &[Negotiable]) {
        for known in known.iter().filter(|known| known.id != 0) {
            self.extensions.entry(known.id).or_insert_with(|| known.uri.into());
        }
    }

    /// Whether the number means that extension.
    fn means(&self, id: u8, uri: &str) -> bool {
        self.extensions.get(&id).is_some_and(|known| known == uri)
    }

    /// Takes note of what a section uses.
    pub(crate) fn note(&mut self, codecs: &[CodecParameters], extensions: &[HeaderExtension]) {
        for known in codecs {
            self.payload_types.entry(known.payload_type).or_insert_with(|| known.codec.clone());
        }
        for known in extensions {
            self.extensions.entry(known.id).or_insert_with(|| known.uri.clone());
        }
    }

    /// The number of `codec`: the one it has, else `preferred`, else the first that is free. Those that are `taken` mean something
    /// else in its section.
    fn payload_type(&mut self, codec: &Codec, preferred: u8, taken: &[CodecParameters]) -> Option<u8> {
        let all = self.payload_types.iter().filter(|(number, _)| !is_taken(taken, **number));
        let known = match codec.apt() {
            None => codec.nearest(all, |(_, known)| known),
            apt => all.clone().find(|(_, known)| known.apt() == apt && known.clock_rate == codec.clock_rate),
        };
        if let Some((number, _)) = known {
            return Some(*number);
        }
        // RFC 3551 §6: dynamic numbers first, then those that no profile gives away. 64 to 95 look like RTCP (RFC 5761 §4).
        let mut candidates = [preferred].into_iter().chain(96..=127).chain(35..=63);
        let free = candidates.find(|number| !self.payload_types.contains_key(number))?;
        self.payload_types.insert(free, codec.clone());
        Some(free)
    }

    /// The number of an extension: one that it has and nothing else in its section, or the first that is free.
    fn extension(&mut self, uri: &str, preferred: u8, is_other: impl Fn(u8) -> bool) -> Option<u8> {
        let mut known = self.extensions.iter().filter(|(_, known)| *known == uri).map(|(number, _)| *number);
        if let Some(number) = known.find(|number| !is_other(*number)) {
            return Some(number);
        }
        // 15 means something else in one-byte headers (RFC 8285 §4.2).
        let mut candidates = [preferred].into_iter().chain(1..=14).chain(16..=255);
        let free = candidates.find(|number| !self.extensions.contains_key(number))?;
        self.extensions.insert(free, uri.into());
        Some(free)
    }
}

fn is_taken(taken: &[CodecParameters], number: u8) -> bool {
    taken.iter().any(|codec| codec.payload_type == number)
}

/// What a transceiver may use of its kind that way: the preferences in their order, or else everything (webrtc-pc §4.4.2,
/// RFC 9429 §5.2.1).
fn allowed<'a>(
    config: &'a MediaConfig,
    kind: TrackKind,
    preferences: &'a [Codec],
    way: Direction,
) -> Vec<&'a CodecCapability> {
    let of_kind = || config.codecs.iter().filter(move |known| known.codec.kind() == Some(kind));
    if preferences.is_empty() {
        // A number says how we receive; who only sends says what.
        let itself = |known: &&CodecCapability| match way.receives() {
            true => known.direction.receives(),
            false => !way.sends() || known.direction.sends(),
        };
        return of_kind().filter(itself).filter(|known| config.can(&known.codec, way)).collect();
    }
    let preferred = preferences.iter().filter_map(|wanted| wanted.nearest(of_kind(), |known| &known.codec));
    preferred.filter(|known| config.can(&known.codec, way)).collect()
}

/// Retransmission comes with video, unless the preferences leave it out.
fn wants_rtx(kind: TrackKind, preferences: &[Codec]) -> bool {
    kind == TrackKind::Video && (preferences.is_empty() || preferences.iter().any(Codec::is_rtx))
}

/// What an offer says: what was agreed on last first, then the rest (RFC 9429 §5.2.2); preferences have the last word.
pub(crate) fn offer_codecs(
    config: &MediaConfig,
    kind: TrackKind,
    preferences: &[Codec],
    way: Direction,
    agreed: &[CodecParameters],
    numbers: &mut Numbers,
) -> Vec<CodecParameters> {
    let mut wanted = allowed(config, kind, preferences, way);
    let known = |capability: &CodecCapability, taken: &[CodecParameters]| {
        let primary = agreed
            .iter()
            .enumerate()
            .filter(|(_, known)| known.codec.apt().is_none() && !is_taken(taken, known.payload_type));
        capability.codec.nearest(primary, |(_, known)| &known.codec)
    };
    if preferences.is_empty() {
        wanted.sort_by_key(|capability| known(capability, &[]).map_or(usize::MAX, |(index, _)| index));
    }
    let mut offered: Vec<CodecParameters> = Vec::new();
    for capability in wanted {
        let before = known(capability, &offered).map(|(_, known)| known.payload_type);
        let number =
            before.or_else(|| numbers.payload_type(&capability.codec, capability.payload_type, &offered));
        // No number is left: whoever configures more than a hundred codecs offers a hundred.
        let Some(payload_type) = number else { continue };
        let codec = capability.codec.clone();
        offered.push(CodecParameters { payload_type, codec, feedback: capability.feedback.clone() });
        if wants_rtx(kind, preferences) {
            let rtx = rtx(kind, capability.codec.clock_rate, payload_type);
            let number = agreed.iter().find(|known| known.codec.apt() == Some(payload_type));
            let number = number.map(|known| known.payload_type);
            let number = number
                .or_else(|| numbers.payload_type(&rtx, payload_type.saturating_add(1).min(127), &offered));
            offered.extend(number.map(|payload_type| CodecParameters {
                payload_type,
                codec: rtx,
                feedback: Vec::new(),
            }));
        }
    }
    offered
}

fn rtx(kind: TrackKind, clock_rate: u32, apt: u8) -> Codec {
    let mime_type = format!("{}/rtx", kind.name());
    Codec { mime_type, clock_rate, channels: None, sdp_fmtp_line: Some(format!("apt={apt}")) }
}

/// What an answer says: what of the offer we know, in the offer's order and with its numbers; preferences have the last
/// word about the order. Empty if there is nothing to carry media with.
///
/// RFC 9429 §5.3.1, formats that were not offered: not done, because nobody can send them.
pub(crate) fn answer_codecs(
    config: &MediaConfig,
    kind: TrackKind,
    preferences: &[Codec],
    way: Direction,
    offered: &[CodecParameters],
) -> Vec<CodecParameters> {
    let allowed = allowed(config, kind, preferences, way);
    let mut taken: Vec<(usize, CodecParameters)> = Vec::new();
    for theirs in offered.iter().filter(|theirs| !theirs.codec.is_rtx()) {
        let nearest = theirs.codec.nearest(allowed.iter().enumerate(), |(_, ours)| &ours.codec);
        let Some((place, ours)) = nearest else { continue };
        let agreed = CodecParameters {
            payload_type: theirs.payload_type,
            codec: h264::answered(&ours.codec, &theirs.codec),
            feedback: common(&ours.feedback, &theirs.feedback),
        };
        taken.push((place, agreed));
    }
    if !preferences.is_empty() {
        taken.sort_by_key(|(place, _)| *place);
    }
    let taken = taken.into_iter().map(|(_, agreed)| agreed).collect();
    let mut taken = if wants_rtx(kind, preferences) { with_rtx(taken, offered) } else { taken };
    if preferences.is_empty() {
        let place = |known: &CodecParameters| {
            offered.iter().position(|theirs| theirs.payload_type == known.payload_type)
        };
        taken.sort_by_key(place);
    }
    if taken.iter().all(|agreed| agreed.codec.is_resiliency()) { Vec::new() } else { taken }
}

/// What we may send: what both descriptions have, with the numbers and parameters of the peer's (RFC 3264 §5.1: a number
/// in a description is how its author wants to receive).
pub(crate) fn send_codecs(local: &[CodecParameters], remote: &[CodecParameters]) -> Vec<CodecParameters> {
    let primary = remote.iter().filter(|theirs| !theirs.codec.is_rtx());
    let known = primary.filter_map(|theirs| {
        let ours = local.iter().find(|ours| ours.codec.matches(&theirs.codec))?;
        Some(CodecParameters { feedback: common(&ours.feedback, &theirs.feedback), ..theirs.clone() })
    });
    let known: Vec<CodecParameters> = known.collect();
    if local.iter().any(|ours| ours.codec.is_rtx()) { with_rtx(known, remote) } else { known }
}

/// Puts behind each codec the retransmissions that `described` has for it.
fn with_rtx(codecs: Vec<CodecParameters>, described: &[CodecParameters]) -> Vec<CodecParameters> {
    let mut all = Vec::with_capacity(codecs.len() * 2);
    for codec in codecs {
        let rtx = described.iter().find(|known| known.codec.apt() == Some(codec.payload_type));
        all.push(codec);
        all.extend(rtx.map(|rtx| CodecParameters { feedback: Vec::new(), ..rtx.clone() }));
    }
    all
}

fn common(ours: &[Feedback], theirs: &[Feedback]) -> Vec<Feedback> {
    ours.iter().filter(|feedback| theirs.contains(feedback)).cloned().collect()
}

/// The header extensions that an offer lists: those that are not stopped, with the numbers that they had.
///
/// RFC 8285 §7, no direction that the stream does not go: not done, because webrtc-extensions takes them as they are wanted, for
/// the stream may go there later.
pub(crate) fn offer_extensions(
    wanted: &[Negotiable],
    agreed: &[HeaderExtension],
    numbers: &mut Numbers,
) -> Vec<HeaderExtension> {
    let mut offered: Vec<HeaderExtension> = Vec::new();
    for known in wanted {
        let HeaderExtensionCapability { uri, direction: Some(direction) } = known.wanted() else { continue };
        let before = agreed.iter().find(|agreed| agreed.uri == uri).map(|agreed| agreed.id);
        // Without a bundle a number may mean something else in each section.
        let is_other = |id: u8| agreed.iter().chain(&offered).any(|other| other.id == id && other.uri != uri);
        let last = Some(known.id).filter(|id| numbers.means(*id, uri) && !is_other(*id));
        let number = before.or(last).or_else(|| numbers.extension(uri, known.preferred, is_other));
        offered.extend(number.map(|id| HeaderExtension { id, uri: uri.into(), direction }));
    }
    offered
}

/// Those of the offer that are wanted, from our side, no way that the offer does not go. What is wanted, but not that way, is
/// inactive (RFC 8285 §7).
///
/// RFC 8285 §7, choosing a number for what is offered from 4096 on: not done, because no browser offers that many.
pub(crate) fn answer_extensions(wanted: &[Negotiable], offered: &[HeaderExtension]) -> Vec<HeaderExtension> {
    let mut agreed: Vec<HeaderExtension> = Vec::new();
    for theirs in offered {
        let ours = wanted.iter().map(Negotiable::wanted).find(|ours| ours.uri == theirs.uri);
        let Some(ours) = ours.and_then(|ours| ours.direction) else { continue };
        let direction = intersect(ours, theirs.direction.reversed());
        // A number or an extension that stands twice counts once.
        if !agreed.iter().any(|known| known.id == theirs.id || known.uri == theirs.uri) {
            agreed.push(HeaderExtension { id: theirs.id, uri: theirs.uri.clone(), direction });
        }
    }
    agreed
}

/// What two wishes have in common.
pub(crate) fn intersect(one: Direction, other: Direction) -> Direction {
    match (one.sends() && other.sends(), one.receives() && other.receives()) {
        (true, true) => Direction::SendRecv,
        (true, false) => Direction::SendOnly,
        (false, true) => Direction::RecvOnly,
        (false, false) => Direction::Inactive,
    }
}

#[cfg(test)]
mod tests {
    use super::super::uri;
    use super::*;
    use alloc::vec;

    const BOTH: Direction = Direction::SendRecv;

    fn config() -> MediaConfig {
        MediaConfig::default()
    }

    fn parameters(payload_type: u8, codec: Codec) -> CodecParameters {
        CodecParameters { payload_type, codec, feedback: vec![Feedback::Nack, Feedback::AckCcfb] }
    }

    fn vp8() -> Codec {
        Codec::new("video/VP8", 90_000)
    }

    fn numbers_of(codecs: &[CodecParameters]) -> Vec<u8> {
        codecs.iter().map(|codec| codec.payload_type).collect()
    }

    #[test]
    fn an_offer_never_gives_a_number_twice() {
        let mut numbers = Numbers::default();
        let audio = offer_codecs(&config(), TrackKind::Audio, &[], BOTH, &[], &mut numbers);
        let video = offer_codecs(&config(), TrackKind::Video, &[], BOTH, &[], &mut numbers);
        let mut all: Vec<u8> = [numbers_of(&audio), numbers_of(&video)].concat();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert!(all.iter().all(|number| !(64..=95).contains(number)), "RFC 5761 §4");
        let again = offer_codecs(&config(), TrackKind::Video, &[], BOTH, &[], &mut numbers);
        assert_eq!(again, video, "a second section of a kind uses the same numbers");
    }

    #[test]
    fn rfc9429_5_2_2_what_was_agreed_on_comes_first_with_its_numbers() {
        let mut numbers = Numbers::default();
        let vp9 = Codec::new("video/VP9", 90_000).fmtp("profile-id=0");
        let rtx = Codec::new("video/rtx", 90_000).fmtp("apt=121");
        let agreed = [parameters(121, vp9), parameters(125, rtx), parameters(120, vp8())];
        numbers.note(&agreed, &[]);
        let offered = offer_codecs(&config(), TrackKind::Video, &[], BOTH, &agreed, &mut numbers);
        assert_eq!(numbers_of(&offered)[..3], [121, 125, 120]);
        assert!(offered.len() > 10);
    }

    #[test]
    fn rfc9429_5_3_1_an_answer_keeps_order_and_numbers_of_the_offer() {
        let rtx = |apt| Codec::new("video/rtx", 90_000).fmtp(&format!("apt={apt}"));
        let offered = [
            parameters(50, Codec::new("video/H266", 90_000)),
            parameters(51, rtx(50)),
            parameters(120, vp8()),
            parameters(124, rtx(120)),
            parameters(121, Codec::new("video/VP9", 90_000)),
            parameters(118, Codec::new("video/ulpfec", 90_000)),
        ];
        let answered = answer_codecs(&config(), TrackKind::Video, &[], BOTH, &offered);
        assert_eq!(numbers_of(&answered), [120, 124, 121]);
        assert_eq!(answered[0].feedback, [Feedback::Nack], "what only one side knows is left out");
        let preferences = [Codec::new("video/VP9", 90_000), vp8()];
        let answered = answer_codecs(&config(), TrackKind::Video, &preferences, BOTH, &offered);
        assert_eq!(numbers_of(&answered), [121, 120], "no retransmission where the preferences have none");
    }

    #[test]
    fn tones_alone_carry_no_media() {
        let offered = [parameters(126, Codec::new("audio/telephone-event", 8_000))];
        assert!(answer_codecs(&config(), TrackKind::Audio, &[], BOTH, &offered).is_empty());
    }

    #[test]
    fn rfc3264_5_1_each_side_sends_with_the_others_numbers() {
        let local = [parameters(96, vp8()), parameters(97, Codec::new("video/rtx", 90_000).fmtp("apt=96"))];
        let remote =
            [parameters(120, vp8()), parameters(124, Codec::new("video/rtx", 90_000).fmtp("apt=120"))];
        assert_eq!(numbers_of(&send_codecs(&local, &remote)), [120, 124]);
        assert_eq!(numbers_of(&send_codecs(&local[..1], &remote)), [120]);
    }

    /// Without a bundle sections have numbers of their own.
    #[test]
    fn rfc8285_7_a_number_of_another_section_is_not_taken_twice() {
        let of = |id, uri: &str| HeaderExtension { id, uri: uri.into(), direction: BOTH };
        let (here, there) =
            ([of(3, uri::MID), of(4, uri::AUDIO_LEVEL)], [of(3, uri::AUDIO_LEVEL), of(4, uri::MID)]);
        let mut numbers = Numbers::default();
        numbers.note(&[], &there);
        numbers.note(&[], &here);
        let wanted = config().negotiable(TrackKind::Audio);
        for agreed in [&here[..], &there, &here[..1], &[]] {
            let offered = offer_extensions(&wanted, agreed, &mut numbers);
            assert_eq!(offered.len(), wanted.len());
            assert!(agreed.iter().all(|known| offered.contains(known)));
            let mut ids: Vec<u8> = offered.iter().map(|known| known.id).collect();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), offered.len(), "{offered:?}");
        }
    }

    #[test]
    fn rfc8285_7_directions_of_extensions_meet() {
        let theirs = |id, direction| HeaderExtension { id, uri: uri::MID.into(), direction };
        let mut wanted = config().negotiable(TrackKind::Audio);
        let agreed = answer_extensions(&wanted, &[theirs(3, Direction::RecvOnly)]);
        assert_eq!((agreed[0].id, agreed[0].direction), (3, Direction::SendOnly));
        let agreed = answer_extensions(&wanted, &[theirs(3, Direction::Inactive)]);
        assert_eq!((agreed[0].id, agreed[0].direction), (3, Direction::Inactive));
        let twice = [theirs(3, Direction::SendRecv), theirs(4, Direction::SendRecv)];
        assert_eq!(answer_extensions(&wanted, &twice).len(), 1);
        wanted.iter_mut().for_each(|known| known.want(None));
        assert!(answer_extensions(&wanted, &twice).is_empty());
    }
}
