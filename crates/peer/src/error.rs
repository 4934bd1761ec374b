//! What calls fail with: the W3C's names, and one reason each.

use core::fmt;

/// Why a call failed, under the name that webrtc-pc gives it. The connection is as it was before the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// `InvalidStateError`: not now.
    InvalidState(InvalidState),
    /// `InvalidModificationError`: what was made or given here comes back changed.
    InvalidModification(InvalidModification),
    /// `InvalidAccessError`: the description breaks a rule of JSEP.
    InvalidAccess(InvalidAccess),
    /// `RTCError` with `sdp-syntax-error`: the text is no session description.
    SdpSyntax(siskin_sdp::ParseError),
    /// `OperationError`: it cannot be carried out.
    Operation(Operation),
    /// `TypeError`: an argument is not of its form.
    Type(Type),
    /// `RangeError`: a number is out of its range.
    Range(Range),
}

/// What may not be changed so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidModification {
    /// The description is not the one that `create_offer` or `create_answer` made last.
    Description,
    /// A preferred codec is none of those configured, or none of them carries media.
    CodecPreferences,
    /// Of parameters only what encodings say can be changed, but neither their number, order and RIDs, nor to a codec that is not
    /// there.
    Parameters,
    /// The header extensions are not those of the transceiver, in their order.
    HeaderExtensions,
    /// A header extension that is mandatory has to go both ways.
    MandatoryExtension,
}

/// What the state forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidState {
    /// The connection is closed.
    Closed,
    /// A description of that type cannot be set in the present signalling state.
    SignalingState,
    /// An answer needs a remote offer.
    NoRemoteOffer,
    /// Candidates need a remote description.
    NoRemoteDescription,
    /// The channel is not open.
    ChannelNotOpen,
    /// The transceiver is stopped.
    TransceiverStopped,
    /// Nothing was negotiated to be sent there, or the transport is not connected.
    NotSending,
    /// The encoding is not active.
    EncodingNotActive,
    /// The parameters were not asked for since something last changed them.
    NoTransaction,
}

/// Which rule of JSEP a description breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidAccess {
    /// Neither the session nor the media section has an `a=fingerprint` of a hash that we know (RFC 8842 §5.1).
    NoFingerprint,
    /// `a=ice-ufrag` or `a=ice-pwd` is missing or too short (RFC 8839 §5.4).
    NoIceCredentials,
    /// An answer has new ICE credentials where its offer asks for no restart, or none where it does (RFC 9429 §5.10).
    IceCredentials,
    /// `a=setup` does not fit the offer's, or the association that lives (RFC 8842 §5.3, RFC 9429 §5.8.3).
    SetupRole,
    /// An answer has as many media sections as its offer, of the same kinds in the same order (RFC 3264 §6).
    SectionsDoNotMatch,
    /// A later description may not drop or change media sections (RFC 3264 §8).
    SectionsChanged,
    /// Two media sections have the same `a=mid`, or one has none where BUNDLE needs it (RFC 9143 §7).
    Mid,
    /// Fingerprints change with a restart of ICE only (RFC 9429 §5.11), and an association that lives cannot change its certificates.
    FingerprintChanged,
    /// The data section's protocol is none that we speak: UDP/DTLS/SCTP or TCP/DTLS/SCTP (RFC 8841 §4).
    DataProtocol,
    /// A section of RTP has no `a=cryptex`, which the configuration requires (RFC 9335 §4).
    HeaderEncryption,
    /// An answer's section sends or receives where its offer does not let it (RFC 3264 §6.1).
    Direction,
    /// A payload type that looks like RTCP's where both are multiplexed: 64 to 95 (RFC 5761 §4).
    PayloadType,
    /// The track is sent by another transceiver already.
    TrackSentAlready,
    /// The connection has no such transceiver.
    NoSuchTransceiver,
}

/// What cannot be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// A candidate's text is none that RFC 8839 §5.1 allows.
    CandidateSyntax,
    /// No media section has that `sdpMid` or `sdpMLineIndex`.
    NoSuchSection,
    /// The username fragment is of no generation that we know.
    UnknownUsernameFragment,
    /// A lower layer refused its configuration.
    Configuration,
    /// The send buffer is full: wait until `buffered_amount` has sunk.
    BufferFull,
    /// No more channels: all ids are taken, or the limit of the configuration is reached.
    TooManyChannels,
    /// The id of a negotiated channel is taken.
    ChannelIdTaken,
    /// The configuration has no media: no codecs to negotiate.
    NoMedia,
    /// No more transceivers: the limit of the configuration is reached.
    TooManyTransceivers,
    /// So many packets wait to leave that the frame would only come late.
    QueueFull,
    /// Its encoding is more than a second ahead of its `max_bitrate`.
    MaxBitrate,
    /// No codec of the configuration that is sent is like it.
    UnknownCodec,
    /// A transceiver is to go a way that none of its codecs goes.
    NoCodec,
}

/// Which argument is not of its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Type {
    /// `sdpMid` and `sdpMLineIndex` are both missing.
    NeitherMidNorIndex,
    /// Labels and protocols have at most 65,535 bytes.
    LabelOrProtocolTooLong,
    /// The lifetime of messages is at most 65,535 ms.
    Lifetime,
    /// A negotiated channel needs an id, 0 to 65,534.
    ChannelId,
    /// The message is larger than the peer takes (`max-message-size`).
    MessageTooLarge,
    /// A RID has 1 to 255 letters and digits, and stands once; several encodings have one each.
    Rid,
    /// The payload type is none that the transceiver may send.
    PayloadType,
    /// The bytes are no frame of their codec, or one that fits no packet.
    Frame,
    /// The URI of a header extension is empty.
    ExtensionUri,
}

/// Which number is out of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Range {
    /// 1 or more.
    ScaleResolutionDownBy,
    /// 0 or more.
    MaxFramerate,
}

impl Error {
    /// The name that webrtc-pc gives it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::InvalidState(_) => "InvalidStateError",
            Self::InvalidModification(_) => "InvalidModificationError",
            Self::InvalidAccess(_) => "InvalidAccessError",
            Self::SdpSyntax(_) => "RTCError",
            Self::Operation(_) => "OperationError",
            Self::Type(_) => "TypeError",
            Self::Range(_) => "RangeError",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::SdpSyntax(error) => return error.fmt(f),
            Self::InvalidModification(reason) => match reason {
                InvalidModification::Description => "the description is not the one that was created last",
                InvalidModification::CodecPreferences => {
                    "a preferred codec is unknown, or none carries media"
                }
                InvalidModification::Parameters => "parameters that cannot be changed were changed",
                InvalidModification::HeaderExtensions => {
                    "the header extensions are not those of the transceiver"
                }
                InvalidModification::MandatoryExtension => "a mandatory header extension has to go both ways",
            },
            Self::InvalidState(reason) => match reason {
                InvalidState::Closed => "the connection is closed",
                InvalidState::SignalingState => {
                    "such a description cannot be set in the present signaling state"
                }
                InvalidState::NoRemoteOffer => "an answer needs a remote offer",
                InvalidState::NoRemoteDescription => "candidates need a remote description first",
                InvalidState::ChannelNotOpen => "the channel is not open",
                InvalidState::TransceiverStopped => "the transceiver is stopped",
                InvalidState::NotSending => "the transceiver does not send now",
                InvalidState::EncodingNotActive => "the encoding is not active",
                InvalidState::NoTransaction => "the parameters changed since they were asked for",
            },
            Self::InvalidAccess(reason) => match reason {
                InvalidAccess::NoFingerprint => "a media section has no a=fingerprint of a known hash",
                InvalidAccess::NoIceCredentials => "a media section has no valid a=ice-ufrag and a=ice-pwd",
                InvalidAccess::IceCredentials => "the answer's ICE credentials do not fit the offer",
                InvalidAccess::SetupRole => "a=setup does not fit the offer's or the association's",
                InvalidAccess::SectionsDoNotMatch => "the answer's media sections are not those of the offer",
                InvalidAccess::SectionsChanged => "the description drops or changes earlier media sections",
                InvalidAccess::Mid => "a media section's a=mid is missing or stands twice",
                InvalidAccess::FingerprintChanged => {
                    "the fingerprint changed without a restart of ICE, or while the association lives"
                }
                InvalidAccess::DataProtocol => "the data section's protocol is not DTLS/SCTP",
                InvalidAccess::HeaderEncryption => "a media section has no a=cryptex, which is required",
                InvalidAccess::Direction => "the answer's direction does not fit the offer's",
                InvalidAccess::PayloadType => "a payload type from 64 to 95, which looks like RTCP",
                InvalidAccess::TrackSentAlready => "the track is sent already",
                InvalidAccess::NoSuchTransceiver => "the connection has no such transceiver",
            },
            Self::Operation(reason) => match reason {
                Operation::CandidateSyntax => "the text is no candidate",
                Operation::NoSuchSection => "no media section has that sdpMid or sdpMLineIndex",
                Operation::UnknownUsernameFragment => "the candidate's username fragment is not the peer's",
                Operation::Configuration => "the configuration is not usable",
                Operation::BufferFull => "the send buffer is full",
                Operation::TooManyChannels => "no more data channels can be opened",
                Operation::ChannelIdTaken => "a data channel with that id exists",
                Operation::NoMedia => "the configuration has no codecs to negotiate",
                Operation::TooManyTransceivers => "no more transceivers can be made",
                Operation::QueueFull => "too many packets wait to be sent",
                Operation::MaxBitrate => "the encoding is ahead of its maximal bit rate",
                Operation::NoCodec => "no codec goes the way that a transceiver is to go",
                Operation::UnknownCodec => "the codec is none of those that can be sent",
            },
            Self::Type(reason) => match reason {
                Type::NeitherMidNorIndex => "a candidate needs an sdpMid or an sdpMLineIndex",
                Type::LabelOrProtocolTooLong => "labels and protocols have at most 65535 bytes",
                Type::Lifetime => "the lifetime of messages is at most 65535 ms",
                Type::ChannelId => "a negotiated channel needs an id from 0 to 65534",
                Type::MessageTooLarge => "the message is larger than the peer takes",
                Type::PayloadType => "the payload type was not negotiated for sending",
                Type::Frame => "the bytes are not a frame of their codec",
                Type::ExtensionUri => "the URI of a header extension is empty",
                Type::Rid => "a RID has 1 to 255 letters and digits, and stands once",
            },
            Self::Range(Range::ScaleResolutionDownBy) => "scale_resolution_down_by is 1 or more",
            Self::Range(Range::MaxFramerate) => "max_framerate is 0 or more",
        };
        f.write_str(text)
    }
}

impl core::error::Error for Error {}
