//! Which section a stream is for (RFC 9143 §9.2), and which stream a retransmission repairs.
// RFC 4588 §5.3: by what was asked for: not done, because descriptions and RIDs tell; without either, a section with one stream.
// RFC 9143 §9.2: MIDs in SDES, sent and received: not done, because browsers put them into headers, until a report shows that
// they have arrived.

use super::RtpConfig;
use super::incoming::{Incoming, Media, Repair};
use super::parameters::Parameters;
use crate::transceiver::TransceiverId;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;

/// What a packet of an unknown stream says of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names<'a> {
    pub(super) ssrc: u32,
    pub(super) payload_type: u8,
    pub(super) mid: Option<&'a str>,
    pub(super) rid: Option<&'a str>,
    pub(super) repaired: Option<&'a str>,
}

/// What the descriptions say of streams.
#[derive(Debug, Default)]
pub(super) struct Routes {
    by_ssrc: BTreeMap<u32, Signalled>,
    /// Payload types that one section only receives.
    by_payload_type: BTreeMap<u8, Option<TransceiverId>>,
}

#[derive(Clone, Copy, Debug)]
struct Signalled {
    transceiver: TransceiverId,
    /// The stream that it repairs.
    repairs: Option<u32>,
}

impl Routes {
    pub(super) fn configure(&mut self, sections: &[Parameters]) {
        self.by_ssrc.clear();
        self.by_payload_type.clear();
        for section in sections {
            let transceiver = section.transceiver;
            for (ssrc, rtx) in &section.remote_sources {
                self.by_ssrc.entry(*ssrc).or_insert(Signalled { transceiver, repairs: None });
                if let Some(rtx) = rtx {
                    self.by_ssrc.entry(*rtx).or_insert(Signalled { transceiver, repairs: Some(*ssrc) });
                }
            }
            for codec in &section.receive_codecs {
                let only = self.by_payload_type.entry(codec.payload_type).or_insert(Some(transceiver));
                *only = only.filter(|known| *known == transceiver);
            }
        }
    }

    /// A stream that was not known, or `None` if nobody is to receive it.
    pub(super) fn route(
        &self,
        sections: &[Parameters],
        incoming: &BTreeMap<u32, Incoming>,
        names: &Names<'_>,
        limits: &RtpConfig,
    ) -> Option<Incoming> {
        let by_mid = |mid: &str| sections.iter().find(|section| section.mid == mid);
        let by_id = |id: TransceiverId| sections.iter().find(|section| section.transceiver == id);
        let signalled = self.by_ssrc.get(&names.ssrc);
        let section = match names.mid {
            // RFC 9143 §9.2: a mid that nobody has is for nobody.
            Some(mid) => by_mid(mid)?,
            None => match signalled {
                Some(signalled) => by_id(signalled.transceiver)?,
                None => by_id((*self.by_payload_type.get(&names.payload_type)?)?)?,
            },
        };
        if !section.receives {
            return None;
        }
        let codec = section.receive_codec(names.payload_type)?;
        if codec.codec.apt().is_none() {
            return Some(Incoming::Media(Box::new(Media::new(section, codec, names.rid, limits)?)));
        }
        let transceiver = section.transceiver;
        let of = signalled.and_then(|signalled| signalled.repairs);
        let named = || names.repaired.and_then(|rid| media(incoming, transceiver, Some(rid)));
        Some(Incoming::Repair(Repair {
            transceiver,
            rid: names.repaired.map(Into::into),
            of: of.or_else(named),
        }))
    }

    /// What a repair stream repairs, now that more is known: the stream of its RID, or the only one of its section.
    pub(super) fn repaired(&self, incoming: &BTreeMap<u32, Incoming>, ssrc: u32) -> Option<u32> {
        let Some(Incoming::Repair(repair)) = incoming.get(&ssrc) else { return None };
        media(incoming, repair.transceiver, repair.rid.as_deref())
    }
}

/// The stream of that section and RID; without a RID the section must have only one.
fn media(incoming: &BTreeMap<u32, Incoming>, id: TransceiverId, rid: Option<&str>) -> Option<u32> {
    let mut found = incoming.iter().filter_map(|(ssrc, stream)| match stream {
        Incoming::Media(media) if media.transceiver == id => {
            Some(*ssrc).filter(|_| rid.is_none() || media.rid.as_deref() == rid)
        }
        _ => None,
    });
    found.next().filter(|_| found.next().is_none())
}
