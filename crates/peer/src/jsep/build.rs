//! Writing local descriptions (RFC 9429 §5.2, §5.3).

use super::plan::{Candidates, Carrier, Content, Place, Plan, PlannedSection, SessionOrigin};
use super::rtp_lines;
use alloc::boxed::Box;
use alloc::string::String;
use core::net::{IpAddr, Ipv4Addr};
use siskin_base::{Candidate, CandidateAddress, CandidateKind};
use siskin_sdp::{Attribute, Attributes, Connection, Group, GroupSemantics, Media, Origin, Rtcp, Session};

/// No address yet, and none to tell.
const NOWHERE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The description that says what `plan` promises. `gathered` has the candidates of the section at an index.
pub(crate) fn build(plan: &Plan, origin: SessionOrigin, gathered: impl Fn(usize) -> Candidates) -> String {
    // RFC 9429 §5.2.1: the address of the `o=` line should not tell one.
    let mut session = Session::new(Origin {
        username: "-".into(),
        session_id: origin.session_id,
        session_version: origin.version,
        address: NOWHERE.into(),
    });
    let group = |semantics, mids: &[String]| Attribute::Group(Group { semantics, mids: mids.to_vec() });
    let bundles = plan.bundles.iter().map(|mids| group(GroupSemantics::Bundle, mids));
    let lip_sync = plan.lip_sync.iter().map(|mids| group(GroupSemantics::LipSynchronization, mids));
    // RFC 9429 §5.2.1: the options hold for the whole session.
    session.attributes.push(Attribute::IceOptions(["trickle", "ice2"].map(String::from).to_vec()));
    session.attributes.extend(bundles.chain(lip_sync));
    if plan.lite {
        session.attributes.push(Attribute::IceLite);
    }
    // RFC 9143 §7.1.3: not done, because Chromium refuses the third section of a bundle if the second, which has no transport of
    // its own, has no fingerprint: they are said for the session, too (RFC 8122 §5), as Firefox does.
    let carriers = || plan.sections.iter().filter_map(PlannedSection::carrier);
    if carriers().any(|carrier| carrier.place != Place::Here)
        && let Some(carrier) = carriers().next()
    {
        let fingerprints = carrier.fingerprints.iter().cloned();
        session.attributes.extend(fingerprints.map(Attribute::Fingerprint));
    }
    // RFC 9143 §7.1.3: not done, because Firefox takes a later section without credentials for one that ICE is restarted in,
    // and refuses one of an offer without a role: what the tag has is said for the session, too (RFC 8839 §5.4, RFC 4145 §4).
    let mut tagged = carriers().filter(|carrier| carrier.place != Place::Here);
    if let Some(first) = tagged.next()
        && tagged.all(|other| other.credentials == first.credentials)
    {
        session.attributes.push(Attribute::IceUfrag(first.credentials.ufrag.clone()));
        session.attributes.push(Attribute::IcePwd(first.credentials.password.clone()));
        session.attributes.push(Attribute::Setup(first.setup));
    }
    if plan.sections.iter().any(|section| section.rtp().is_some()) {
        // RFC 8285 §6: said for the session, it holds for all sections of a bundle.
        session.attributes.push(Attribute::ExtMapAllowMixed);
    }
    let mut rtp = plan.sections.iter().filter_map(PlannedSection::rtp).peekable();
    // RFC 9335 §4: for the session where all sections agree: libwebrtc refuses its own answer if a section that is rejected does
    // not have what the others have.
    let all_cryptex = rtp.peek().is_some() && rtp.all(|(_, rtp)| rtp.cryptex);
    if all_cryptex {
        session.attributes.push(Attribute::Cryptex);
    }
    let sections = plan.sections.iter().enumerate();
    session.media =
        sections.map(|(index, section)| media(section, !all_cryptex, || gathered(index))).collect();
    alloc::format!("{session}")
}

/// `own_cryptex`: whether it says for itself what the session does not.
fn media(section: &PlannedSection, own_cryptex: bool, gathered: impl Fn() -> Candidates) -> Media {
    let mut media = Media::new(section.kind.clone(), section.protocol.clone(), section.formats());
    let addressed = section.carrier().filter(|carrier| carrier.place != Place::BundleOnly);
    let gathered = addressed.map(|_| gathered()).unwrap_or_default();
    // RFC 9429 §5.2.2: the default candidate, or port 9 and no address while there is none; bundled sections have the
    // address of their tag.
    let default = default_candidate(&gathered.candidates);
    media.connections.push(Connection::from(default.map_or(NOWHERE, |(ip, _)| ip)));
    media.port = match section.carrier().map(|carrier| carrier.place) {
        None | Some(Place::BundleOnly) => 0,
        Some(_) => default.map_or(9, |(_, port)| port),
    };
    let attributes = &mut media.attributes;
    attributes.extend(section.mid.iter().cloned().map(Attribute::Mid));
    if let Some(carrier) = section.carrier() {
        carrier_lines(carrier, gathered, attributes);
    }
    match &section.content {
        // RFC 8841 §9.3: not done, because a refused section is refused by its port: it has no `a=sctp-port:0`.
        Content::Rejected { .. } => {}
        Content::Data { max_message_size, .. } => {
            attributes.push(Attribute::SctpPort(5000));
            attributes.push(Attribute::MaxMessageSize(u64::from(*max_message_size)));
        }
        Content::Rtp { carrier, rtp, .. } => {
            // RFC 9143 §7.1.3: not done, because Chromium refuses a bundled section of RTP without `a=rtcp-mux`.
            if let Some(rtcp) = carrier.rtcp.filter(|_| carrier.place != Place::Here) {
                attributes.push(Attribute::RtcpMux);
                if rtcp.reduced_size {
                    attributes.push(Attribute::RtcpRsize);
                }
            }
            rtp_lines::write(rtp, own_cryptex, attributes);
        }
    }
    media
}

/// What is of category TRANSPORT or IDENTICAL stands only where the transport is described (RFC 9429 §5.2.1, RFC 9143
/// §7.1.3).
fn carrier_lines(carrier: &Carrier, gathered: Candidates, attributes: &mut Attributes) {
    match carrier.place {
        Place::AtTheTag => {
            if let Some(said) = &carrier.said {
                attributes.push(Attribute::IceUfrag(said.ufrag.clone()));
                attributes.push(Attribute::IcePwd(said.password.clone()));
            }
            return;
        }
        Place::BundleOnly => return attributes.push(Attribute::BundleOnly),
        Place::Here => {}
    }
    attributes.extend(gathered.candidates.into_iter().map(|c| Attribute::Candidate(Box::new(c))));
    if gathered.complete {
        attributes.push(Attribute::EndOfCandidates);
    }
    attributes.push(Attribute::IceUfrag(carrier.credentials.ufrag.clone()));
    attributes.push(Attribute::IcePwd(carrier.credentials.password.clone()));
    // RFC 8842 §5.2, §5.3: not done, because no browser sends or reads it and one transport has one association only: there is
    // no `a=tls-id`, and one that comes is not read.
    attributes.extend(carrier.fingerprints.iter().cloned().map(Attribute::Fingerprint));
    attributes.push(Attribute::Setup(carrier.setup));
    if let Some(rtcp) = carrier.rtcp {
        if rtcp.first_offer {
            attributes.push(Attribute::Rtcp(Rtcp { port: 9, address: Some(NOWHERE.into()) }));
        }
        attributes.push(Attribute::RtcpMux);
        if rtcp.first_offer {
            attributes.push(Attribute::RtcpMuxOnly);
        }
        if rtcp.reduced_size {
            attributes.push(Attribute::RtcpRsize);
        }
    }
}

/// RFC 8839 §4.2.1.2: the one most likely to work for an agent without ICE.
//
// RFC 8839 §4.4.1.2.2: not done, because JSEP gives the default candidate after nomination too, as before it: neither
// does the default become the pair in use, nor are other candidates left out, nor is there `a=remote-candidates`.
fn default_candidate(candidates: &[Candidate]) -> Option<(IpAddr, u16)> {
    let rank = |candidate: &Candidate| match candidate.kind {
        CandidateKind::Relayed => 3,
        CandidateKind::ServerReflexive => 2,
        CandidateKind::Host => 1,
        _ => 0,
    };
    let addressed = candidates.iter().filter_map(|candidate| match candidate.address {
        CandidateAddress::Ip(ip) if candidate.tcp_type.is_none() => {
            Some((rank(candidate), ip.is_ipv4(), ip, candidate.port))
        }
        _ => None,
    });
    addressed.max_by_key(|(rank, v4, ..)| (*rank, *v4)).map(|(_, _, ip, port)| (ip, port))
}
