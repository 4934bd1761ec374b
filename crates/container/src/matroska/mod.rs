//! WebM and Matroska (RFC 9559) over EBML (RFC 8794).
//!
//! Why our own: the kept readers hold what a file has in it in proportion to its length, and panic on some files in debug
//! builds; the kept writers bring dozens of crates. Frames in clusters need little of the format.

mod block;
mod element;
mod encoding;
mod read;
mod write;

pub(crate) use read::Reader;
pub(crate) use write::Writer;

/// The first element's ID.
pub(crate) const SIGNATURE: [u8; 4] = id::EBML.to_be_bytes();

/// Element IDs (RFC 8794 §11.2, RFC 9559 §5.1), their marker bits included.
#[rustfmt::skip]
mod id {
    macro_rules! ids {
        ($($name:ident $id:literal),* $(,)?) => { $(pub(super) const $name: u32 = $id;)* };
    }
    ids! {
        EBML 0x1a45_dfa3, EBML_VERSION 0x4286, EBML_READ_VERSION 0x42f7, EBML_MAX_ID_LENGTH 0x42f2,
        EBML_MAX_SIZE_LENGTH 0x42f3, DOC_TYPE 0x4282, DOC_TYPE_VERSION 0x4287, DOC_TYPE_READ_VERSION 0x4285,
        VOID 0xec,
        SEGMENT 0x1853_8067, SEEK_HEAD 0x114d_9b74, SEEK 0x4dbb, SEEK_ID 0x53ab, SEEK_POSITION 0x53ac,
        INFO 0x1549_a966, TIMESTAMP_SCALE 0x2a_d7b1, DURATION 0x4489, MUXING_APP 0x4d80, WRITING_APP 0x5741,
        TRACKS 0x1654_ae6b, TRACK_ENTRY 0xae, TRACK_NUMBER 0xd7, TRACK_UID 0x73c5, TRACK_TYPE 0x83, FLAG_LACING 0x9c,
        DEFAULT_DURATION 0x23_e383, CODEC_ID 0x86, CODEC_PRIVATE 0x63a2, SEEK_PRE_ROLL 0x56bb,
        VIDEO 0xe0, PIXEL_WIDTH 0xb0, PIXEL_HEIGHT 0xba, AUDIO 0xe1, SAMPLING_FREQUENCY 0xb5, CHANNELS 0x9f,
        CONTENT_ENCODINGS 0x6d80, CONTENT_ENCODING 0x6240, CONTENT_ENCODING_SCOPE 0x5032,
        CONTENT_COMPRESSION 0x5034, CONTENT_COMP_ALGO 0x4254, CONTENT_COMP_SETTINGS 0x4255,
        CLUSTER 0x1f43_b675, TIMESTAMP 0xe7, SIMPLE_BLOCK 0xa3, BLOCK_GROUP 0xa0, BLOCK 0xa1, BLOCK_DURATION 0x9b,
        REFERENCE_BLOCK 0xfb,
        CUES 0x1c53_bb6b, CUE_POINT 0xbb, CUE_TIME 0xb3, CUE_TRACK_POSITIONS 0xb7, CUE_TRACK 0xf7,
        CUE_CLUSTER_POSITION 0xf1,
    }
}

/// What each codec is called (the Matroska codec registry).
const CODECS: [(&str, crate::Codec); 6] = [
    ("V_VP8", crate::Codec::Vp8),
    ("V_VP9", crate::Codec::Vp9),
    ("V_AV1", crate::Codec::Av1),
    ("V_MPEG4/ISO/AVC", crate::Codec::H264),
    ("V_MPEGH/ISO/HEVC", crate::Codec::H265),
    ("A_OPUS", crate::Codec::Opus),
];
